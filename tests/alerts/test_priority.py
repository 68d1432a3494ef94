"""Priority is a sum of sentences: each point has its reason, and what speaks against counts too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.priority import Facts, rank
from apps.alerts.reliability.calibration import false_positive_rate


def texts(facts: Facts) -> list[str]:
    return [reason["text"] for reason in rank(facts).reasons]


def test_points_are_the_sum_of_the_reasons():
    priority = rank(
        Facts(severity=3, accounts=100, detectors=2, kinds=("linkage", "volume"), calibrations=((0, 5000),))
    )
    assert priority.points == sum(reason["points"] for reason in priority.reasons) == 24 + 14 + 10 + 9


@pytest.mark.parametrize(
    ("more", "less"),
    [
        (Facts(severity=4), Facts(severity=3)),
        (Facts(severity=2, accounts=2000), Facts(severity=2, accounts=20)),
        (Facts(severity=2, kinds=("a", "b"), detectors=2), Facts(severity=2, kinds=("a",), detectors=1)),
        (Facts(severity=2, new_model_share=0.5), Facts(severity=2, new_model_share=0.1)),
        (Facts(severity=2, log10_lr=3.0), Facts(severity=2)),
        (Facts(severity=2, calibrations=((0, 2000),)), Facts(severity=2, calibrations=((200, 2000),))),
        (Facts(severity=2), Facts(severity=2, uncalibrated=1)),
        (Facts(severity=4, accounts=10), Facts(severity=4, accounts=10, verified_payers=8)),
        (Facts(severity=4, accounts=10), Facts(severity=4, accounts=10, contracts=(("reseller", 9),))),
        (Facts(severity=4), Facts(severity=4, supported=("reseller",))),
        (Facts(severity=4), Facts(severity=4, untested=("reseller",))),
    ],
)
def test_what_raises_and_what_lowers(more, less):
    assert rank(more).points > rank(less).points


def test_reasons_are_sentences_strongest_first_what_speaks_against_last():
    facts = Facts(severity=1, accounts=500, uncalibrated=1, known_false_positives=("ci-batch",))
    assert texts(facts) == [
        "500 accounts appear together",
        "Severity low, as the detector rates the impact",
        "Honest use that its detectors mistake: ci batch",
        "No detector here was ever tried on innocent cases",
    ]


def test_all_taken_back_is_nothing_to_do():
    assert rank(Facts(severity=4, accounts=5000, open_alerts=0)).points == 0


@given(
    st.builds(
        Facts,
        severity=st.integers(0, 4),
        accounts=st.integers(0, 10**6),
        detectors=st.integers(0, 50),
        kinds=st.lists(st.sampled_from("abcdefgh"), unique=True).map(tuple),
        log10_lr=st.none() | st.floats(-50, 300),
        p_value=st.none() | st.floats(0, 1),
        new_model_share=st.none() | st.floats(0, 1),
        verified_payers=st.integers(0, 10**6),
    )
)
def test_priority_stays_between_0_and_100(facts):
    assert 0 <= rank(facts).points <= 100


@pytest.mark.parametrize(
    ("wrong", "n", "lower", "upper"),
    # Exact values by the definition: the tail of the binomial distribution at the bound is 0.025.
    [(0, 10, 0.0, 0.308497), (1, 10, 0.002529, 0.445016), (5, 10, 0.187086, 0.812914), (10, 10, 0.691503, 1.0)],
)
def test_the_interval_is_the_exact_one(wrong, n, lower, upper):
    estimate, low, high = false_positive_rate(wrong, n)
    assert (estimate, round(low, 6), round(high, 6)) == (wrong / n, lower, upper)


@pytest.mark.parametrize(("wrong", "n"), [(3, 2), (-1, 2), (0, 0)])
def test_impossible_counts_are_refused(wrong, n):
    with pytest.raises(ValueError, match="false positives among"):
        false_positive_rate(wrong, n)
