"""Vectors are recomputed figures of published runs; see the references in the catalogue."""

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evidence.fingerprints import (
    TESTS,
    InvalidInputs,
    UnknownTest,
    binomial,
    discrepancies,
    recompute,
    scales,
    strength,
    wording,
)


def green_list(scored: int, green: int, gamma: float = 0.25, **more):
    inputs = {"scored": scored, "green": green, "gamma": gamma, "distinct": True, "key_id": "K-7"} | more
    return recompute("green-list", inputs)


# --- exact tails ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "k", "p"),
    [
        (1, 1, 0.25),
        (1_001, 268, 0.1046004867142699),
        (124_201, 32_628, 4.365065585055937e-25),
        (248_201, 64_239, 2.6243116273313888e-24),
        (201, 59, 0.09107726889600978),
        (3_805, 932, 0.7697419186239844),
    ],
)
def test_p_of_published_runs(n, k, p):
    assert green_list(n, k).p_value == pytest.approx(p, rel=1e-10)


@pytest.mark.parametrize(
    ("n", "k", "gamma", "z", "p"),
    [(16, 16, 0.5, 4.0, 1.526e-5), (100, 50, 0.25, 5.7735, 6.639e-8)],
)
def test_the_exact_tail_and_not_the_normal_one(n, k, gamma, z, p):
    result = green_list(n, k, gamma)
    assert result.figures["z"] == pytest.approx(z, abs=5e-5)
    assert result.p_value == pytest.approx(p, rel=5e-4)


def test_the_count_that_a_published_p_belongs_to_is_one_more_than_the_file_says():
    num_scored = 1_000  # as the published chunked files have it beside this k and p
    assert green_list(num_scored + 1, 268).p_value == pytest.approx(0.1046004867142699, rel=1e-10)
    assert green_list(num_scored, 268).p_value != pytest.approx(0.1046004867142699, rel=1e-3)


def test_no_green_token_gives_p_one():
    assert green_list(100, 0).p_value == 1


def test_a_p_too_small_for_a_float_keeps_its_logarithm():
    result = green_list(100_000, 100_000)
    assert result.p_value == 0
    assert result.log10_p == pytest.approx(100_000 * math.log10(0.25))


def test_a_tail_below_what_one_minus_cdf_can_tell_from_zero():
    assert 0 < binomial.upper_tail(600, 1000, 0.35) < 1e-50


@given(st.integers(1, 200), st.data())
def test_tails_agree_with_the_sum_of_their_terms(n, data):
    k = data.draw(st.integers(0, n))
    rate = data.draw(st.sampled_from([0.05, 0.25, 0.5, 0.9]))
    terms = [math.comb(n, i) * rate**i * (1 - rate) ** (n - i) for i in range(k, n + 1)]
    assert binomial.upper_tail(k, n, rate) == pytest.approx(math.fsum(terms), rel=1e-8)
    assert binomial.log10_upper_tail(k, n, rate) == pytest.approx(math.log10(math.fsum(terms)), abs=1e-8)


# --- effect, power ----------------------------------------------------------------------------------------------------


def test_the_interval_is_exact():
    assert binomial.interval(0, 20) == pytest.approx((0, 1 - 0.025 ** (1 / 20)))
    assert binomial.interval(20, 20) == pytest.approx((0.025 ** (1 / 20), 1))
    assert binomial.interval(8, 40) == pytest.approx((0.0905, 0.3565), abs=5e-5)


@given(st.integers(1, 2000), st.sampled_from([1e-9, 1e-5, 0.01, 0.05, 0.5]))
def test_the_critical_count_is_the_first_that_rejects(n, alpha):
    k = binomial.critical_count(n, 0.25, alpha)
    assert binomial.upper_tail(k - 1, n, 0.25) > alpha
    assert k == n + 1 or binomial.upper_tail(k, n, 0.25) <= alpha


def test_power_is_stated_for_a_stated_excess_and_level():
    weak, strong = green_list(2_000, 500), green_list(50_000, 12_500)
    assert (weak.power_effect, weak.power_alpha) == (0.02, 1e-5)
    assert weak.power < 0.05 < 0.99 < strong.power
    assert green_list(5, 3).power == 0  # no count of five is improbable enough


# --- strength ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "gamma", "expected"),
    [
        (64_239, 248_201, 0.25, 19.65),
        (59, 201, 0.25, -0.58),
        (53, 201, 0.25, -1.10),
        (26_081, 105_401, 0.25, -3.11),
        (16, 16, 0.5, 3.89),
    ],
)
def test_bayes_factors_under_the_declared_prior(k, n, gamma, expected):
    assert strength.log10_bayes_factor(k, n, gamma) == pytest.approx(expected, abs=0.005)


def test_the_bayes_factor_holds_where_its_tail_underflows():
    # none green of n: the integral of (1 - p)^n from gamma to 1, by hand, leaves 1 / (n + 1)
    assert strength.log10_bayes_factor(0, 100_000, 0.25) == pytest.approx(-math.log10(100_001))


@pytest.mark.parametrize(
    ("controls", "fpr_upper"), [(300, 0.0099), (1_000, 0.0030), (3_000, 0.0010), (10_000, 0.00030), (24_000, 0.00012)]
)
def test_the_cap_is_what_clean_controls_carry(controls, fpr_upper):
    assert binomial.upper_bound(0, controls) == pytest.approx(1 - 0.05 ** (1 / controls))
    assert binomial.upper_bound(0, controls) == pytest.approx(fpr_upper, rel=0.05)
    assert 10 ** strength.log10_cap(controls, 0, 0, 0) == pytest.approx(1 / (1 - 0.05 ** (1 / controls)))


def test_the_cap_counts_false_alarms_and_misses_and_ends_at_a_million():
    assert 10 ** strength.log10_cap(1_000, 0, 0, 0) == pytest.approx(334, abs=1)
    assert strength.log10_cap(1_000, 3, 0, 0) < strength.log10_cap(1_000, 0, 0, 0)
    assert (
        strength.log10_cap(1_000, 0, 20, 10) < strength.log10_cap(1_000, 0, 20, 20) < strength.log10_cap(1_000, 0, 0, 0)
    )
    assert strength.log10_cap(10**9, 0, 0, 0) == 6
    assert strength.log10_cap(0, 0, 0, 0) == strength.log10_cap(10, 10, 0, 0) == 0


def test_what_is_reported_never_exceeds_the_cap():
    result = green_list(124_201, 32_628, validation={"controls": 1_000})
    assert result.log10_lr > 20
    assert 10**result.log10_lr_reported == pytest.approx(334, abs=1)
    assert (result.verbal, result.direction) == ("moderately strong", "supports")
    assert "at least 334 times more probable" in result.sentence
    assert "1\u202f000 controls, with 0 false alarms" in result.sentence


def test_a_p_of_nine_percent_is_negative_support_and_says_nothing_without_power():
    result = green_list(201, 59, validation={"controls": 1_000})
    assert result.p_value == pytest.approx(0.0911, abs=1e-4)
    assert result.log10_lr_reported < -0.5
    assert "3.7 times more probable if the suspect never trained" in result.sentence
    assert result.direction == "uninformative"
    assert "would have been found with probability below 0.01, and at least 0.80 is required" in result.sentence


def test_finding_nothing_speaks_against_where_the_test_would_have_found_it():
    assert green_list(105_401, 26_081, validation={"controls": 1_000}).direction == "against"


def test_without_controls_no_strength_is_reported():
    result = green_list(124_201, 32_628)
    assert (result.log10_lr_reported, result.direction) == (0, "neutral")
    assert "not tried on any control" in result.sentence


@pytest.mark.parametrize("broken", [{"distinct": False}, {"key_secret": False}])
def test_a_violated_assumption_leaves_no_strength(broken):
    result = green_list(124_201, 32_628, validation={"controls": 1_000}, **broken)
    assert (result.log10_lr_cap, result.log10_lr_reported, result.direction) == (0, 0, "neutral")
    assert "No strength is reported, because this does not hold" in result.sentence


@pytest.mark.parametrize(
    ("lr", "words"),
    [
        (1, "no"),
        (1.9, "no"),
        (2, "weak"),
        (10, "moderate"),
        (100, "moderately strong"),
        (1_000, "strong"),
        (10_000, "very strong"),
        (999_999, "very strong"),
        (1_000_000, "extremely strong"),
    ],
)
def test_the_verbal_scale(lr, words):
    assert scales.scale("enfsi-2015").words(math.log10(lr)) == words


# --- what is printed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "floor", "text"),
    [
        (0.0911, 0, "0.091"),
        (0.9999, 0, "1.000"),
        (1.526e-5, 1.526e-5, "1.53 × 10⁻⁵"),
        (1e-12, 0, "10⁻¹²"),
        (9.9e-13, 0, "< 10⁻¹²"),
        (4.4e-25, 0, "< 10⁻¹²"),
        (0.0, 0, "< 10⁻¹²"),
        (0.0005, 1 / 1001, "< 9.99 × 10⁻⁴"),
    ],
)
def test_a_p_below_its_floor_is_printed_as_less(p, floor, text):
    assert wording.p_text(p, floor) == text


@pytest.mark.parametrize(
    ("lr", "text"),
    [(3.79, "3.7"), (100.64, "100"), (334.3, "334"), (8_011, "8\u202f000"), (1e6, "1\u202f000\u202f000")],
)
def test_a_ratio_is_never_rounded_up(lr, text):
    assert wording.ratio(math.log10(lr)) == text


@given(st.integers(1, 10**6), st.data())
def test_every_result_is_plain_json_and_has_a_sentence(n, data):
    k = data.draw(st.integers(0, n))
    result = green_list(n, k, data.draw(st.sampled_from([0.1, 0.25, 0.5])), validation={"controls": 500})
    plain = json.loads(json.dumps(msgspec.to_builtins(result), allow_nan=False))
    assert msgspec.convert(plain, type(result)) == result
    assert 0 <= result.p_value <= 1
    assert result.log10_lr_reported <= result.log10_lr_cap
    assert "probab" in result.sentence
    assert not any(word in result.sentence for word in ("nan", "inf ", "proved", "stole"))


# --- inputs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"green": 202}, "`green` is 202, more than `scored`, 201"),
        ({"scored": 0, "green": 0}, r">= 1 - at `\$\.scored`"),
        ({"scored": "201"}, r"Expected `int`, got `str` - at `\$\.scored`"),
        ({"green": -1}, r"at `\$\.green`"),
        ({"gamma": 1.0}, r"at `\$\.gamma`"),
        ({"gamma": 0.99}, "below 1"),
        ({"gamma": float("nan")}, "gamma"),
        ({"key": "secret"}, "unknown field `key`"),
        ({"validation": {"controls": 1, "false_positives": 2}}, "validation.false_positives"),
    ],
)
def test_wrong_inputs_are_refused_by_name(wrong, message):
    with pytest.raises(InvalidInputs, match=message):
        green_list(**({"scored": 201, "green": 59} | wrong))


def test_an_unknown_test_is_refused_with_those_there_are():
    with pytest.raises(UnknownTest, match="green-list"):
        recompute("astrology", {})


def test_the_inputs_digest_depends_on_values_and_not_on_their_order():
    one = recompute("green-list", {"scored": 9, "green": 3, "gamma": 0.25, "distinct": True, "key_id": "K"})
    other = recompute("green-list", {"key_id": "K", "distinct": True, "gamma": 0.25, "green": 3, "scored": 9})
    assert one == other
    assert one.inputs_sha256 != green_list(9, 4, key_id="K").inputs_sha256


def test_submitted_figures_that_differ_are_named():
    result = green_list(100, 50)
    assert discrepancies({"p_value": 6.64e-8, "z": 5.7735, "note": "ok"}, result) == []
    assert discrepancies({"p_value": 3.882e-9}, result) == ["Submitted p_value 3.882e-09, recomputed 6.639e-08."]


@pytest.mark.parametrize("test", TESTS.values(), ids=TESTS.keys())
def test_every_test_says_what_a_court_asks(test):
    fields = ("publication", "validation_study", "error_rate", "standard", "acceptance", "limits", "null_hypothesis")
    assert all(getattr(test, name).strip() for name in fields)
    assert set(test.units) == set(test.inputs.__struct_fields__)
