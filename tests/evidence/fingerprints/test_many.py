"""Many tests at once: corrections over everything tested, combinations by dependence, and thousands of accounts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.evidence.fingerprints import TESTS, combine, multiple, recompute
from apps.evidence.fingerprints.catalogue import parse

# Benjamini and Hochberg 1995, section 3.2
P = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1]
ADJUSTED = {
    "holm": [0.0015, 0.0056, 0.0247, 0.114, 0.2211, *[0.278] * 3, 0.3213, *[1] * 6],
    "bh": [
        *(0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.063857143, 0.063857143, 0.0645, 0.0765, 0.486),
        *(0.581181818, 0.714875, 0.753230769, 0.813214286, 1),
    ],
    "bonferroni": [0.0015, 0.006, 0.0285, 0.1425, 0.3015, 0.417, 0.447, 0.516, 0.6885, *[1] * 6],
}

# --- corrections ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ADJUSTED)
def test_adjusted_p_values_of_the_published_list(method):
    assert multiple.adjusted(P, method) == pytest.approx(ADJUSTED[method], rel=1e-7)


def test_under_any_dependence_the_rate_is_multiplied_by_the_harmonic_sum():
    harmonic = sum(1 / i for i in range(1, 16))
    assert multiple.by(P) == pytest.approx(np.minimum(1, np.array(ADJUSTED["bh"]) * harmonic), rel=1e-7)
    assert multiple.by(P)[:9].round(4) == pytest.approx(
        [0.005, 0.01, 0.0315, 0.1182, 0.2001, 0.2119, 0.2119, 0.214, 0.2538]
    )


def test_what_each_correction_rejects_at_five_percent():
    rejected = {name: int((multiple.adjusted(P, name) <= 0.05).sum()) for name in multiple.NAMES}
    assert rejected == {"bonferroni": 3, "holm": 3, "bh": 4, "by": 3}


@settings(max_examples=25)  # its Holm takes a fifth of a second
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(0, 40), st.sampled_from(sorted(multiple.NAMES)))
def test_corrections_agree_with_statsmodels_and_count_discarded_analyses(p, discarded, method):
    from statsmodels.stats.multitest import multipletests

    names = {"bh": "fdr_bh", "by": "fdr_by"}
    with_all = multipletests([*p, *[1.0] * discarded], method=names.get(method, method))[1][: len(p)]
    assert multiple.adjusted(p, method, len(p) + discarded) == pytest.approx(with_all)


def test_fewer_tests_than_results_are_refused():
    with pytest.raises(ValueError, match="fewer than the 15 p-values"):
        multiple.holm(P, 14)
    with pytest.raises(ValueError, match=r"p\[1\] is 1\.5"):
        multiple.bh([0.1, 1.5])


def test_a_floor_above_the_corrected_level_refuses_the_comparison():
    with pytest.raises(
        multiple.OutOfReach, match=r"smallest p .* 0\.000999, but one of 24,000 tests has to reach 4\.17e-07"
    ):
        multiple.check_within_reach(1 / 1001, 0.01, 24_000)
    multiple.check_within_reach(1 / 1001, 0.05, 10)


# --- combinations -----------------------------------------------------------------------------------------------------


def test_four_copies_of_one_result():
    copies, argument = [0.02] * 4, "for comparison only"
    assert combine.fisher(copies, independence=argument) == pytest.approx(1.2443e-4, rel=1e-4)
    assert combine.harmonic_mean(copies) == pytest.approx(0.02)
    assert combine.twice_mean(copies) == pytest.approx(0.04)
    assert combine.harmonic(copies) == pytest.approx(0.0753668, rel=1e-6)
    assert combine.bonferroni(copies) == pytest.approx(0.08)


def test_one_result_is_itself_and_none_is_refused():
    assert combine.harmonic([0.03]) == combine.bonferroni([0.03]) == pytest.approx(0.03)
    assert combine.fisher([0.03], independence="one test") == pytest.approx(0.03)
    with pytest.raises(ValueError, match="nothing to combine"):
        combine.twice_mean([])


@pytest.mark.parametrize("way", [combine.fisher, combine.stouffer, combine.e_product])
def test_what_needs_independence_needs_an_argument(way):
    with pytest.raises(combine.NoArgument, match="Say why"):
        way([0.1, 0.2], independence=" ")


def test_stouffer_adds_normal_scores():
    z = [1.0, 2.0]
    p = [0.5 * math.erfc(value / math.sqrt(2)) for value in z]
    assert combine.stouffer(p, independence="two laboratories") == pytest.approx(0.5 * math.erfc(3 / 2))


@given(st.lists(st.floats(-300, 300), min_size=1, max_size=20))
def test_a_mean_of_e_values_lies_between_them(log10_e):
    mean = combine.e_mean(log10_e)
    assert min(log10_e) - 1e-9 <= mean <= max(log10_e) + 1e-9
    assert combine.e_product(log10_e, independence="drawn apart") == pytest.approx(math.fsum(log10_e))


# --- accounts ---------------------------------------------------------------------------------------------------------

ALIKE = {
    "green-list": ({"scored": [1_001, 201, 60, 5], "green": [268, 59, 60, 0]}, {"gamma": 0.25}),
    "unigram": ({"scored": [400, 201, 60, 5], "green": [130, 59, 60, 0], "gamma": [0.25, 0.5, 0.2, 0.1]}, {}),
    "canary": ({"probed": [20, 20, 5, 1], "emitted": [7, 3, 0, 1]}, {"background_rate": 0.001, "expected_rate": 0.1}),
    "prompt-template": ({"compared": [500, 30], "shared": [431, 0]}, {"background_rate": 0.001}),
    "seat": ({"queries": [1200, 30], "near_duplicates": [310, 1]}, {"background_rate": 0.05}),
    "release-pivot": (
        {"requests": [4200, 30, 8], "on_new": [2010, 3, 8]},
        {"cohort_requests": 90_000, "cohort_on_new": 7_100},
    ),
}


def test_every_test_of_many_accounts_is_compared():
    assert set(ALIKE) == {test.id for test in TESTS.values() if test.per_account}


def own_ratio(test_id, inputs, route):
    """The ratio of a single run, also by a route that the test itself does not take."""
    test = TESTS[test_id]
    return test.compute(parse(test, inputs)).log10_lr[route]


@pytest.mark.parametrize("test_id", ALIKE)
def test_a_row_gives_what_a_single_run_gives(test_id):
    test, (columns, given_once) = TESTS[test_id], ALIKE[test_id]
    shared = given_once | ({"distinct": True, "key_id": "K"} if test.watermark else {})
    rows = [shared | dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    arrays = {name: np.asarray(columns.get(name, given_once.get(name))) for name in test.columns}
    log10_p, floor, ratios = test.accounts(parse(test, rows[0]), arrays)
    for at, inputs in enumerate(rows):
        alone = recompute(test_id, inputs)
        assert log10_p[at] == pytest.approx(alone.log10_p, rel=1e-9)
        assert np.broadcast_to(floor, len(rows))[at] == pytest.approx(alone.p_floor, rel=1e-9, abs=0)
        for route, values in ratios.items():
            assert values[at] == pytest.approx(own_ratio(test_id, inputs, route), rel=1e-9)


def test_a_whole_campaign_that_owes_nothing_to_the_key_passes_nothing():
    rng = np.random.default_rng(4)
    scored = rng.integers(200, 100_000, 24_000)
    columns = {"scored": scored, "green": rng.binomial(scored, 0.25), "gamma": 0.25}
    log10_p, _, _ = TESTS["green-list"].accounts(parse(TESTS["green-list"], TESTS["green-list"].example), columns)
    adjusted = [multiple.adjusted(10**log10_p, method) for method in multiple.NAMES]
    assert not any((values <= 0.01).any() for values in adjusted)
