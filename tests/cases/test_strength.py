"""Strength and expected wrongful actions, against the figures that the method's sources give."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.cases import strength
from apps.cases.findings.wrongful import Calibration, error, expected
from apps.cases.strength import Attempt, Reruns, Verdict, Weighed, combine, correct, corrected, mean, sentences
from apps.cases.strength.sentences import words
from apps.evidence.fingerprints import multiple


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


# --- what an exhibit counts with -------------------------------------------------------------------------------------


def test_a_bound_is_shown_and_never_combined():
    """p = .01 allows at most 7.99 and counts as 5; p = .001 as 15.8 (section 2.2 of the evidence design)."""
    one = Weighed("E1", "log", math.log10(7.99), cap=3.0, log10_p=-2, is_bound=True)
    assert one.at_most == pytest.approx(math.log10(7.99))
    assert one.counted == pytest.approx(math.log10(5))
    assert "at most 7.9" in sentences.of_exhibit(one)
    other = Weighed("E2", "log", 3.0, cap=3.0, log10_p=-3, is_bound=True)
    assert 10 ** (other.counted or 0) == pytest.approx(15.811, rel=1e-4)
    assert 10 ** (combine([one, other]).log10_lr or 0) == pytest.approx((5 + 15.811) / 2, rel=1e-4)


def test_who_runs_a_test_again_and_again_gets_the_mean_of_all_runs():
    one = Weighed("E1", "key", 2.5, cap=4.0, log10_p=-4, rerun=Reruns.of([-4.0, -1.0, 0.0]), suspect="Lantern 7B")
    assert 10 ** (one.counted or 0) == pytest.approx((50 + 0.5 * 10**0.5 + 0.5) / 3)
    assert "run 3 times on Lantern 7B" in sentences.of_exhibit(one)
    weak = Weighed("E1", "key", 0.4, cap=4.0, log10_p=-4, rerun=Reruns.of([-4.0, -4.0]))
    assert weak.counted == 0.4  # never more than its own
    nothing = Weighed("E1", "key", 0.2, cap=4.0, log10_p=0, rerun=Reruns.of([0.0, 0.0]))
    assert "about as probable" in sentences.of_exhibit(nothing)  # an e-value under 1 is no support for the alternative


def test_the_test_declared_primary_speaks_for_its_group():
    group = [
        Weighed("E1", "key", 3.0, planned=True),
        Weighed("E2", "key", 1.0, planned=True, primary=True),
        Weighed("E3", "key", 4.0),
    ]
    (line,) = combine(group).lines
    assert (line.log10_lr, line.spoken_for_by) == (1.0, "E2")
    assert "E2, declared primary before the data were seen (of 3 exhibits)" in sentences.of_line(line).replace(
        "\xa0", " "
    )


@given(st.lists(st.floats(-3, 5), min_size=2, max_size=8), st.booleans())
def test_what_a_group_adds_is_the_whole_less_the_rest(values, multiplied):
    exhibits = [Weighed(f"E{n}", f"group {n}", value) for n, value in enumerate(values)]
    accepted = {f"group {n}" for n in range(len(values))} if multiplied else set()
    together, rest = combine(exhibits, accepted), combine(exhibits[1:], accepted)
    assert together.without("group 0") == pytest.approx(rest.log10_lr)
    assert together.with_exhibit_gone(exhibits[0]) == pytest.approx(rest.log10_lr)


# --- everything tested -----------------------------------------------------------------------------------------------

# The 15 p-values of Benjamini and Hochberg (1995).
BH = (.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .324, .4262, .5719, .6528, .759, 1.0)  # fmt: skip


def of(*values: float | None, in_file: tuple[int, ...] = (0,), floor: float = 0.0) -> strength.Corrected:
    runs = [
        Attempt(f"T{n}", "Lantern 7B", p, floor, exhibit=f"E{n + 1}" if n in in_file else "")
        for n, p in enumerate(values)
    ]
    return correct("Lantern 7B", runs)


def test_what_was_left_out_counts():
    alone, among = of(0.004), of(0.004, *([0.5] * 99))
    assert alone.verdicts["T0"] is Verdict.STANDS
    assert among.verdicts["T0"] is Verdict.FALLS
    said = " ".join(sentences.of_corrected(among)).replace("\xa0", " ")
    assert "100 runs on Lantern 7B are on record" in said
    assert "E1 does not stand: among 100 runs a result like it is to be expected by chance." in said


def test_the_published_list_gives_the_published_verdicts():
    found = of(*BH, in_file=tuple(range(15)))
    assert found.labels(Verdict.STANDS) == ["E1", "E2"]  # Holm .0015, .0056; .0247 is over 1 %
    assert found.labels(Verdict.LEAD) == ["E3", "E4"]  # BH .0095, .0356
    said = " ".join(sentences.of_corrected(found))
    assert (
        "E3 and E4 are good for a lead only (Benjamini-Hochberg, 5 %) if the runs do not depend on one another" in said
    )


def test_a_run_without_a_p_value_is_listed_and_not_compared():
    found = of(0.001, None)
    assert (len(found.runs), found.compared) == (2, 1)


def test_what_could_never_have_stood_is_said_of_the_method():
    found = of(1 / 1001, *([0.5] * 99), floor=1 / 1001)
    assert found.verdicts["T0"] is Verdict.CANNOT
    assert "could not have stood whatever came out" in " ".join(sentences.of_corrected(found))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_corrections_are_those_of_the_library(values):
    ours = corrected._adjusted(values)
    for mine, method in zip(ours, ("holm", "bh", "by"), strict=True):
        assert mine == pytest.approx(multiple.adjusted(values, method).tolist(), abs=1e-12)


# --- words -----------------------------------------------------------------------------------------------------------


@given(st.floats(-8, 8), st.sampled_from(["", "green-list", "canary"]))
def test_no_sentence_says_how_probable_a_proposition_is(log10_lr, test):
    one = Weighed("E1", "log", log10_lr, cap=6.0, test=test)
    said = sentences.of_exhibit(one) + sentences.of_whole(combine([one])) + sentences.of_line(combine([one]).lines[0])
    assert not re.search(r"probab\w+ (?:of|that) (?:the|it|what)|(?:likely|probable) that|odds", said)
    if log10_lr <= -1:
        assert "for the alternative" in said
        assert re.search(r"E1 is about [\d.\xa0]+ times more probable if .+ than if", said)


def test_labels_in_a_row_are_one_part():
    assert sentences.runs_of(["E1", "E2", "E3", "E5", "E9", "E10"]) == ["E1 to E3", "E5", "E9", "E10"]
