"""Watermarks. Vectors are recomputed figures of published runs; see the references in the catalogue."""

import itertools
import math

import pytest

from apps.evidence.fingerprints import InvalidInputs, recompute
from apps.evidence.fingerprints.methods.keyed_scores import expected_mean

KEYED = {"distinct": True, "key_id": "K-7"}


def green_list(scored: int, green: int, gamma: float = 0.25, **more):
    return recompute("green-list", {"scored": scored, "green": green, "gamma": gamma} | KEYED | more)


# --- green list -------------------------------------------------------------------------------------------------------


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
    assert green_list(n, k).p_value == pytest.approx(p, rel=1e-10, abs=0)


@pytest.mark.parametrize(
    ("n", "k", "gamma", "z", "p"), [(16, 16, 0.5, 4.0, 2**-16), (100, 50, 0.25, 5.773502692, 6.638502e-8)]
)
def test_the_exact_tail_and_not_the_normal_one(n, k, gamma, z, p):
    result = green_list(n, k, gamma)
    assert result.figures["z"] == pytest.approx(z, rel=1e-9)
    assert result.p_value == pytest.approx(p, rel=1e-6, abs=0)
    assert result.p_value > 0.5 * math.erfc(z / math.sqrt(2)) or n == 16


def test_no_green_token_gives_p_one():
    assert green_list(100, 0).p_value == 1


def test_a_p_too_small_for_a_float_keeps_its_logarithm():
    result = green_list(100_000, 100_000)
    assert result.p_value == 0
    assert result.log10_p == pytest.approx(100_000 * math.log10(0.25))


def test_power_is_stated_for_a_stated_excess_and_level():
    weak, strong = green_list(2_000, 500), green_list(50_000, 12_500)
    assert (weak.power_effect, weak.power_alpha) == (0.02, 1e-5)
    assert weak.power < 0.05 < 0.99 < strong.power
    assert green_list(5, 3).power == 0  # no count of five is improbable enough


def test_two_densities_declared_beforehand_give_their_ratio():
    result = green_list(1_000, 290, trained_rate=0.29, route="densities")
    by_hand = 290 * math.log10(0.29 / 0.25) + 710 * math.log10(0.71 / 0.75)
    assert result.log10_lr == pytest.approx(by_hand)
    assert "green at 0.29 if trained" in result.lr_method


def test_a_word_counts_once_in_the_unigram_test():
    inputs = {"scored": 400, "green": 130, "gamma": 0.25} | KEYED
    assert recompute("unigram", inputs).p_value == green_list(400, 130).p_value
    assert recompute("unigram", inputs | {"distinct": False}).assumptions[0].status == "violated"


# --- radioactivity ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counted_as", "scored", "green", "p"),
    [
        ("num_scored", 0, 1, 0.25),
        ("num_scored", 1_000, 268, 0.1046004867142699),
        ("num_scored", 124_200, 32_628, 4.365065585055937e-25),
        ("nb_distinct", 3_805, 932, 0.7697419186239844),
        ("tokens", 201, 59, 0.09107726889600978),
    ],
)
def test_a_chunked_files_p_belongs_to_one_token_more_than_it_says(counted_as, scored, green, p):
    inputs = {"scored": scored, "green": green, "gamma": 0.25, "access": "closed", "counted_as": counted_as} | KEYED
    result = recompute("radioactivity", inputs)
    assert result.p_value == pytest.approx(p, rel=1e-10, abs=0)
    assert result.n == scored + (counted_as == "num_scored")
    if counted_as == "num_scored" and scored:
        assert recompute("radioactivity", inputs | {"counted_as": "tokens"}).p_value != pytest.approx(
            p, rel=1e-3, abs=0
        )


def test_contexts_that_were_never_served_leave_no_strength():
    inputs = {"scored": 9_000, "green": 3_000, "gamma": 0.25, "access": "open", "validation": {"controls": 300}} | KEYED
    held, violated = (recompute("radioactivity", inputs | {"contexts_filtered": told}) for told in (True, False))
    assert held.direction == "supports"
    assert violated.log10_lr_cap == 0


def test_nothing_scored_is_refused():
    with pytest.raises(InvalidInputs, match="`scored` is 0"):
        recompute(
            "radioactivity", {"scored": 0, "green": 0, "gamma": 0.25, "access": "open", "counted_as": "tokens"} | KEYED
        )


# --- Gumbel -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "scored", "p"),
    [(150.0, 100, 5.924540e-6), (60.0, 40, 0.00254819), (100.0, 100, 0.486701), (1.0, 1, math.exp(-1))],
)
def test_the_gamma_tail_and_not_a_normal_one(score, scored, p):
    result = recompute("gumbel", {"scored": scored, "score": score} | KEYED)
    assert result.p_value == pytest.approx(p, rel=1e-6, abs=0)


def test_a_gumbel_score_has_an_exact_interval_and_power():
    result = recompute("gumbel", {"scored": 4_000, "score": 4_000.0} | KEYED)
    low, high = result.effect_interval
    assert low < 0 < high
    assert result.power == pytest.approx(0.96420, abs=1e-5)  # a mean of 1.1 at level 1e-5


# --- SynthID ----------------------------------------------------------------------------------------------------------


def synthid(**more):
    return recompute("synthid", {"tokens": 200, "layers": 30} | KEYED | more)


def test_the_mean_score_has_the_detectors_deviation():
    result = synthid(mean=0.52)
    assert result.figures["sd"] == pytest.approx(0.006454972, rel=1e-6)
    assert result.figures["z"] == pytest.approx(3.098387, rel=1e-6)
    assert result.p_value == pytest.approx(9.728868e-4, rel=1e-6)


def test_the_count_behind_the_mean_gives_the_exact_tail():
    ways = itertools.accumulate(
        range(3_120, 6_000), lambda c, k: c * (6_000 - k) // (k + 1), initial=math.comb(6_000, 3_120)
    )
    exact = sum(ways) / 2**6_000
    result = synthid(ones=3_120)
    assert result.p_value == pytest.approx(exact, rel=1e-9)
    assert result.figures["normal_p"] == pytest.approx(9.728868e-4, rel=1e-6)


def test_a_weighted_mean_has_the_deviation_of_its_weights():
    weights = [10 - 9 * layer / 29 for layer in range(30)]
    deviation = math.sqrt(sum(w * w for w in weights) / 200) / (2 * sum(weights))
    assert synthid(mean=0.52, weights="10 to 1").figures["sd"] == pytest.approx(deviation)
    assert synthid(mean=0.52, weights=weights).p_value == pytest.approx(synthid(mean=0.52, weights="10 to 1").p_value)


def test_the_mean_to_expect_of_keyed_text():
    assert expected_mean(2) == 0.625
    assert synthid(mean=0.52, vocabulary=50_000).figures["expected_mean_if_keyed"] == pytest.approx(0.749995)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "either `ones`"),
        ({"ones": 1, "mean": 0.5}, "either `ones`"),
        ({"ones": 6_001}, "`ones` is 6001, more than"),
        ({"ones": 3_000, "weights": "10 to 1"}, "a weighted score is given as `mean`"),
        ({"mean": 0.5, "weights": [1.0, 2.0]}, "2 numbers for 30 `layers`"),
    ],
)
def test_a_contradictory_score_is_refused(wrong, message):
    with pytest.raises(InvalidInputs, match=message):
        synthid(**wrong)
