"""Strength and expected wrongful actions, against the figures that the method's sources give."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.cases.strength import Weighed, combine, mean
from apps.cases.strength.sentences import words
from apps.cases.wrongful import Calibration, error, expected


@pytest.mark.parametrize(
    ("prior", "lr", "posterior"),
    [
        (0.0048, 1e2, 0.325),
        (0.0048, 1e4, 0.980),
        (0.0048, 1e6, 0.9998),
        (0.001, 1e2, 0.091),
        (0.001, 1e4, 0.909),
        (0.001, 1e6, 0.999),
    ],
)
def test_the_posterior_is_that_of_the_published_table(prior, lr, posterior):
    places = len(str(posterior).partition(".")[2])
    assert round(1 - error(math.log10(lr), prior), places) == posterior


def test_the_expectation_names_its_basis_and_its_range():
    result = expected(1957, 4.0)
    assert result.value == pytest.approx(1957 * (1 - 0.0048 * 1e4 / (0.0048 * 1e4 + 0.9952)))
    assert result.low < result.value < result.high
    assert "likelihood ratio of 10" in result.basis
    assert "0.48" in result.basis


def test_without_ratios_the_detectors_speak_by_their_upper_bound():
    # 0 of 1,000 controls: at most 0.0030 (1 - .05 ** (1 / 1000)), so LR at most 334
    clean, loud = Calibration("Tide gauge", 1000, 0), Calibration("Knotwork", 300, 7)
    alone = expected(100, None, [clean])
    assert alone.value == pytest.approx(100 * error(math.log10(1 / (1 - 0.05 ** (1 / 1000))), 0.0048))
    assert expected(100, None, [clean, loud]).value > alone.value
    assert "Knotwork" in expected(100, None, [clean, loud]).basis


def test_without_anything_nothing_lowers_the_prior():
    assert expected(1000, None).value == pytest.approx(995.2)


def test_a_group_is_never_multiplied_and_a_planned_test_speaks_for_it():
    log = [Weighed("E1", "log", 2.0), Weighed("E2", "log", 4.0, planned=True)]
    assert combine(log).log10_lr == 4.0
    assert combine([Weighed("E1", "log", 4.0), Weighed("E2", "log", 2.0, planned=True)]).log10_lr == 2.0
    both = combine([Weighed("E1", "log", 2.0), Weighed("E2", "log", 4.0)])
    assert both.log10_lr == pytest.approx(math.log10((1e2 + 1e4) / 2))


def test_groups_are_averaged_and_that_is_said():
    together = combine([Weighed("E1", "log", 3.0), Weighed("E2", "keys", 3.0), Weighed("E3", "talk", None)])
    assert together.log10_lr == pytest.approx(3.0)
    assert "Not multiplied" in together.how
    assert words(together.log10_lr) == "strong support"
    assert len(together.lines) == 3


def test_the_cap_holds_and_a_negative_run_counts():
    assert combine([Weighed("E1", "log", 9.0, cap=2.5)]).log10_lr == 2.5
    mixed = combine([Weighed("E1", "log", 2.0), Weighed("E2", "key", -1.0)])
    assert mixed.log10_lr < 2.0
    assert words(-1.5) == "moderate support for the alternative"
    assert words(None) == "no number"
    assert combine([]).log10_lr is None


@given(st.lists(st.floats(-12, 6), min_size=1, max_size=9))
def test_the_mean_lies_between_the_weakest_and_the_strongest(values):
    assert min(values) - 1e-9 <= mean(values) <= max(values) + 1e-9


@given(st.integers(0, 10**6), st.floats(-12, 6))
def test_stronger_evidence_never_expects_more_wrong(accounts, log10_lr):
    weak, strong = expected(accounts, log10_lr), expected(accounts, log10_lr + 0.5)
    assert 0 <= strong.value <= weak.value <= accounts
    assert weak.low <= weak.value <= weak.high


@pytest.mark.parametrize(
    ("log10", "said"),
    [(0, "no support"), (0.5, "weak support"), (2.4, "moderately strong support"), (7, "extremely strong support"),
     (-1.2, "moderate support for the alternative"), (-0.1, "no support")],
)  # fmt: skip
def test_words_are_those_of_the_scale(log10, said):
    assert words(log10) == said
