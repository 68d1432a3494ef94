"""Competing hypotheses on plain values."""

import pytest

from apps.cases.findings.ach import Standing, diagnose, ranked
from apps.cases.forms import labels, numbers


@pytest.mark.parametrize(
    ("ratings", "tells", "says"),
    [
        (["C", "C", "C"], False, "goes with everything: says nothing"),
        (["I", "I", "I"], False, "goes with nothing: look again"),
        (["C", "I", "I"], True, "speaks against 2 of 3"),
        (["C", "N/A", "I"], True, "speaks against 1 of 2"),
        (["C"], False, "tells nothing apart yet"),
        ([], False, "not weighed"),
    ],
)
def test_what_an_exhibit_tells(ratings, tells, says):
    diagnosis = diagnose(ratings, 3)
    assert (diagnosis.tells_apart, diagnosis.words) == (tells, says)
    assert (diagnosis.share > 0) is tells


def test_an_even_split_tells_most():
    shares = [diagnose(["I"] * against + ["C"] * (6 - against), 6).share for against in range(7)]
    assert shares == [0, 5 / 9, 8 / 9, 1, 8 / 9, 5 / 9, 0]


def test_the_least_contradicted_comes_first_by_sources_not_by_exhibits():
    often = Standing("a", "Five exhibits of one log against it", 5, 1, 0)
    twice = Standing("b", "Two exhibits of two sources against it", 2, 2, 0)
    never = Standing("c", "Nothing against it", 0, 0, 4)
    other = Standing("d", "Nothing either, and all weighed", 0, 0, 0)
    assert [(place, one.key) for place, one in ranked([often, twice, never, other])] == [
        (1, "d"),
        (1, "c"),
        (3, "a"),
        (4, "b"),
    ]


@pytest.mark.parametrize(
    ("said", "meant"),
    [("E1, E3-E5", [1, 3, 4, 5]), ("e2 7;E9–11", [2, 7, 9, 10, 11]), ("", []), ("E1, E1", [1]), ("E3 - E4", [3, 4])],
)
def test_exhibits_are_cited_as_lawyers_do(said, meant):
    assert numbers(said) == meant
    assert numbers(labels(meant)) == sorted(meant)


@pytest.mark.parametrize("said", ["EV-2026-0001", "E", "first", "E1+E2"])
def test_what_is_no_exhibit_is_refused(said):
    with pytest.raises(ValueError, match=r"\S"):
        numbers(said)
