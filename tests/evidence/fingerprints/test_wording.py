"""What is printed and said (R15: p below its floor or below 1e-12 is printed as "<")."""

import math

import pytest

from apps.evidence.fingerprints import recompute, wording


def green_list(scored: int, green: int, **more):
    return recompute(
        "green-list", {"scored": scored, "green": green, "gamma": 0.25, "distinct": True, "key_id": "K-7"} | more
    )


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
    [(3.79, "3.7"), (100.64, "100"), (334.3, "334"), (8_011, "8\u00a0000"), (1e6, "1\u00a0000\u00a0000")],
)
def test_a_ratio_is_never_rounded_up(lr, text):
    assert wording.ratio(math.log10(lr)) == text


@pytest.mark.parametrize(("log10_lr", "text"), [(9.0, "10⁹"), (85.71, "10⁸⁵"), (4_000.5, "10⁴⁰⁰⁰")])
def test_a_ratio_beyond_counting_is_a_power(log10_lr, text):
    assert wording.ratio(log10_lr) == text


def test_support_is_said_with_its_limit():
    result = green_list(124_201, 32_628, validation={"controls": 1_000})
    assert result.log10_lr > 20
    assert 10**result.log10_lr_reported == pytest.approx(334.3, abs=0.1)
    assert (result.verbal, result.direction) == ("moderately strong", "supports")
    assert "with probability below 10⁻¹²" in result.sentence
    assert "at least 334 times more probable if the suspect trained on keyed text" in result.sentence
    assert "1\u00a0000 controls, with 0 false alarms; how often it misses was not measured" in result.sentence


def test_a_p_of_nine_percent_is_negative_support_and_says_nothing_without_power():
    result = green_list(201, 59, validation={"controls": 1_000})
    assert result.p_value == pytest.approx(0.0911, abs=1e-4)
    assert "3.7 times more probable if the suspect never trained" in result.sentence
    assert result.direction == "uninformative"
    assert "would have been found with probability below 0.01, and at least 0.80 is required" in result.sentence


def test_finding_nothing_speaks_against_where_the_test_would_have_found_it():
    result = green_list(105_401, 26_081, validation={"controls": 1_000})
    assert result.direction == "against"
    assert "1\u00a0200 times more probable if the suspect never trained on keyed text" in result.sentence
    assert "says little" not in result.sentence


def test_neither_is_said_as_neither():
    result = green_list(20_000, 5_193, validation={"controls": 1_000})
    assert result.direction == "neutral"
    assert "They support neither that the suspect trained on keyed text nor that" in result.sentence


def test_without_controls_no_strength_is_said():
    result = green_list(124_201, 32_628)
    assert (result.log10_lr_reported, result.direction) == (0, "neutral")
    assert "no validation shows how often this test is wrong" in result.sentence


@pytest.mark.parametrize("broken", [{"distinct": False}, {"key_secret": False}])
def test_a_violated_assumption_is_said_instead_of_a_strength(broken):
    result = green_list(124_201, 32_628, validation={"controls": 1_000}, **broken)
    assert (result.log10_lr_cap, result.log10_lr_reported, result.direction) == (0, 0, "neutral")
    assert "No strength is reported, because this does not hold" in result.sentence


@pytest.mark.parametrize(("route", "said"), [("at_most", "at most 72 times"), ("e_value", "about 18 times")])
def test_a_bound_and_an_e_value_are_called_what_they_are(route, said):
    result = green_list(1_000, 295, route=route, validation={"controls": 1_000})
    assert said in result.sentence
    assert ("a bound" if route == "at_most" else "an e-value") in result.sentence
