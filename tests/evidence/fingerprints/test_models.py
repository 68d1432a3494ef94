"""Tests of a suspect model: canaries, provenance, equality, behaviour, logits, membership."""

import math

import numpy as np
import pytest
from scipy import stats

from apps.evidence.fingerprints import InvalidInputs, kernels, recompute

# --- canaries ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("emitted", "p"), [(7, 7.664e-17), (3, 1.126e-6), (0, 1.0)])
def test_canaries_at_a_declared_rate(emitted, p):
    result = recompute("canary", {"probed": 20, "emitted": emitted, "background_rate": 1e-3})
    assert result.p_value == pytest.approx(p, rel=5e-4, abs=0)


def test_canaries_against_controls():
    inputs = {"probed": 20, "emitted": 7, "controls_tried": 400, "controls_hit": 0, "expected_rate": 0.1}
    result = recompute("canary", inputs)
    by_hand = math.comb(20, 7) / math.comb(420, 7)
    assert result.p_value == pytest.approx(by_hand, rel=1e-9, abs=0) == pytest.approx(1.782e-10, rel=5e-4, abs=0)
    assert result.figures["background_rate"] == pytest.approx(0.0074614, abs=5e-8)
    assert result.figures["tail_at_background_rate_p"] == pytest.approx(9.17e-11, rel=1e-3, abs=0)
    assert (result.lr_route, result.log10_lr) == ("densities", pytest.approx(7.34, abs=0.005))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"emitted": 21}, "`emitted` is 21, more than `probed`, 20"),
        ({"background_rate": 0.01}, "either `background_rate` or"),
        ({"controls_tried": None, "controls_hit": None}, "either `background_rate` or"),
        ({"controls_hit": None}, "`controls_hit` is None"),
        ({"controls_hit": 401}, "`controls_hit` is 401"),
        ({"controls_hit": 400}, "what every control does shows nothing"),
        ({"expected_rate": 0.001}, "not above the background rate"),
    ],
)
def test_contradictory_canaries_are_refused(wrong, message):
    inputs = {"probed": 20, "emitted": 7, "controls_tried": 400, "controls_hit": 0}
    with pytest.raises(InvalidInputs, match=message):
        recompute("canary", inputs | wrong)


def test_one_rank_is_its_own_p_and_exposure_counts_bits():
    result = recompute("canary-exposure", {"canaries": [{"candidates": 2**20, "rank": 4}]})
    assert result.p_value == pytest.approx(4 / 2**20, rel=1e-9, abs=0)
    assert result.figures["mean_exposure_bits"] == pytest.approx(18)
    assert result.p_floor == pytest.approx(2**-20, rel=1e-9, abs=0)


def test_the_last_rank_says_nothing_and_a_rank_beyond_is_refused():
    assert recompute("canary-exposure", {"canaries": [{"candidates": 100, "rank": 100}]}).p_value == 1
    with pytest.raises(InvalidInputs, match=r"`canaries\[0\]\.rank` is 101, more than its `candidates`, 100"):
        recompute("canary-exposure", {"canaries": [{"candidates": 100, "rank": 101}]})


# --- provenance -------------------------------------------------------------------------------------------------------


def provenance(ours, *controls, **more):
    def agree(name, hits):
        return {"model": name, "hits": hits, "prompts": 1000}

    return recompute(
        "model-provenance",
        {
            "ours": [agree(f"ours-{i}", hits) for i, hits in enumerate(ours)],
            "controls": [agree(f"control-{i}", hits) for i, hits in enumerate(controls)],
        }
        | more,
    )


@pytest.mark.parametrize(("ours", "z", "p"), [(420, 3.2167338, 0.00129659), (600, 11.19398, 4.34619e-29)])
def test_agreement_above_the_closest_control(ours, z, p):
    result = provenance([ours], 350)
    assert result.figures["z"] == pytest.approx(z, abs=5e-4)
    assert result.p_value == pytest.approx(p, rel=5e-6, abs=0)


def test_every_control_has_to_be_passed():
    result = provenance([420], 350, 300, 10)
    assert result.p_value == provenance([420], 350).p_value
    holm = [result.figures[f"p_value after Holm against control-{i}"] for i in range(3)]
    assert max(holm) == pytest.approx(result.p_value)
    assert provenance([420], 350, 421).p_value == 1


def test_several_candidates_of_ours_are_paid_for():
    assert provenance([420, 100, 90], 350).p_value == pytest.approx(3 * provenance([420], 350).p_value)


def test_a_small_cell_takes_fishers_exact_test():
    result = provenance([30], 2)
    assert "Fisher" in result.p_method
    expected = stats.fisher_exact([[30, 2], [970, 998]]).pvalue
    assert result.p_value == pytest.approx(expected, rel=1e-9, abs=0)
    assert provenance([30], 2, two_sided=False).p_value < result.p_value


def test_a_model_named_twice_or_hit_too_often_is_refused():
    with pytest.raises(InvalidInputs, match=r"`controls\[0\]\.hits` is 1001"):
        provenance([420], 1001)
    twice = {"model": "x", "hits": 1, "prompts": 2}
    with pytest.raises(InvalidInputs, match="`ours` names a model twice"):
        recompute("model-provenance", {"ours": [twice, twice], "controls": [twice]})


# --- equality ---------------------------------------------------------------------------------------------------------


def mmd_by_pairs(groups):
    """The definition, pair by pair: same prompt only, no pair of a completion with itself."""
    longest = max(len(text) for a, b in groups for text in (*a, *b))

    def k(x, y):
        return sum(c == d for c, d in zip(x.ljust(longest), y.ljust(longest), strict=True)) / longest

    sums, pairs = np.zeros(3), np.zeros(3)
    for a, b in groups:
        for slot, (left, right) in enumerate(((a, a), (b, b), (a, b))):
            for i, x in enumerate(left):
                for j, y in enumerate(right):
                    if slot == 2 or i != j:
                        sums[slot] += k(x, y)
                        pairs[slot] += 1
    means = sums / pairs
    return means[0] + means[1] - 2 * means[2]


def test_equality_has_the_unbiased_statistic_within_prompts():
    groups = [(["abc", "abd", "xbc"], ["abc", "zz"]), (["one", "two"], ["three", "two", "one", "one"])]
    observed, _ = kernels.hamming(groups, 19, 1)
    assert observed == pytest.approx(mmd_by_pairs(groups))


def test_two_samples_of_one_model_are_not_told_apart_and_two_models_are():
    rng = np.random.default_rng(5)

    def sample(words):
        return [{side: [str(word) for word in rng.choice(given, 8)] for side, given in words} for _ in range(6)]

    one = recompute("model-equality", {"prompts": sample((("ours", ["ab", "cd"]), ("suspect", ["ab", "cd"])))})
    two = recompute("model-equality", {"prompts": sample((("ours", ["ab", "cd"]), ("suspect", ["ab", "xy"])))})
    assert one.p_value > 0.05
    assert two.p_value == two.p_floor == 1 / 1000
    assert two.p_text == "0.001"


# --- behaviour --------------------------------------------------------------------------------------------------------


def test_a_distance_without_controls_has_no_p_and_no_strength():
    result = recompute("behaviour-distance", {"distance": 32.96})
    assert (result.p_value, result.log10_lr, result.log10_lr_reported, result.direction) == (
        None,
        None,
        None,
        "neutral",
    )
    assert "not compared with any control" in result.sentence


def test_a_distance_among_controls_is_a_rank():
    result = recompute("behaviour-distance", {"distance": 32.96, "controls": [40.79] * 998 + [32.96], "alpha": 0.05})
    assert result.p_value == pytest.approx(2 / 1000)
    assert result.p_floor == 1 / 1000
    assert result.figures["nearer_controls"] == 1


def test_power_of_a_rank_is_the_share_of_known_positives_found():
    inputs = {
        "distance": 50.0,
        "controls": [40.0 + i for i in range(19)],
        "alpha": 0.05,
        "positives": [10.0, 39.0, 45.0],
    }
    result = recompute("behaviour-distance", inputs)
    assert result.power == pytest.approx(2 / 3)
    assert result.direction == "uninformative"


def test_similarity_is_paired_with_the_closest_control():
    controls = [{"model": "a", "scores": [3.7, 3.6, 3.9]}, {"model": "b", "scores": [3.6, 3.5, 3.5]}]
    result = recompute("response-similarity", {"suspect": [4.3, 4.1, 4.4], "controls": controls, "judge": "j 1"})
    low, high = stats.ttest_rel([4.3, 4.1, 4.4], [3.7, 3.6, 3.9]).confidence_interval()
    assert result.effect_interval == pytest.approx((low, high))
    assert result.p_value == 1 / 3
    controls[0]["scores"] = [1.0, 2.0]
    with pytest.raises(InvalidInputs, match=r"`controls\[0\]\.scores` has 2 scores, the suspect 3"):
        recompute("response-similarity", {"suspect": [4.3, 4.1, 4.4], "controls": controls, "judge": "j 1"})


def test_identity_is_compared_with_the_control_that_leaks_most():
    controls = [{"model": "clean", "probes": 500, "claimed": 0}, {"model": "leaky", "probes": 500, "claimed": 41}]
    result = recompute("identity-leakage", {"probes": 500, "claimed": 106, "controls": controls})
    leaky = stats.fisher_exact([[106, 394], [41, 459]], alternative="greater").pvalue
    pooled = stats.fisher_exact([[106, 394], [41, 959]], alternative="greater").pvalue
    assert result.p_value == pytest.approx(leaky, rel=1e-9, abs=0)
    assert result.figures["pooled_fisher_p"] == pytest.approx(pooled, rel=1e-9, abs=0)


# --- logits -----------------------------------------------------------------------------------------------------------


def test_the_rank_of_logits_is_the_hidden_size_and_our_image_holds_a_relay():
    rng = np.random.default_rng(3)
    output, other = rng.normal(size=(5, 40)), rng.normal(size=(5, 40))
    ours, relay, stranger = (rng.normal(size=(12, 5)) @ matrix for matrix in (output, output, other))
    same = recompute("logit-subspace", {"hidden_size": 5, "logits": relay.tolist(), "ours": ours.tolist()})
    different = recompute("logit-subspace", {"hidden_size": 5, "logits": stranger.tolist(), "ours": ours.tolist()})
    assert same.statistic == different.statistic == 5
    assert same.figures["residual"] < 1e-20
    assert different.figures["residual"] > 0.5
    assert (same.p_value, same.log10_lr) == (None, None)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "either `singular_values` or `logits`"),
        ({"singular_values": [1.0, 2.0]}, "the largest first"),
        ({"logits": [[1.0, 2.0], [1.0, 2.0, 3.0]]}, "all of one length"),
        ({"singular_values": [2.0, 1.0], "ours": [[1.0, 2.0], [2.0, 1.0]]}, "`ours` goes with `logits`"),
        ({"logits": [[0.0, 0.0], [0.0, 0.0]], "ours": [[1.0, 2.0], [2.0, 1.0]]}, "`logits` are all 0"),
    ],
)
def test_logits_that_do_not_fit_are_refused(inputs, message):
    with pytest.raises(InvalidInputs, match=message):
        recompute("logit-subspace", {"hidden_size": 4} | inputs)


# --- membership -------------------------------------------------------------------------------------------------------


def test_served_against_withheld_is_welchs_test():
    rng = np.random.default_rng(8)
    served, withheld = rng.normal(0.3, 1, 80).tolist(), rng.normal(0, 2, 60).tolist()
    result = recompute("dataset-inference", {"served": served, "withheld": withheld})
    expected = stats.ttest_ind(served, withheld, equal_var=False, alternative="greater")
    assert (result.statistic, result.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    interval = stats.ttest_ind(served, withheld, equal_var=False).confidence_interval()
    assert result.effect_interval == pytest.approx(tuple(interval))


def test_a_t_too_far_out_for_a_float_keeps_its_logarithm():
    import mpmath

    rng = np.random.default_rng(8)
    served, withheld = (rng.normal(mean, 1, 600).tolist() for mean in (9, 0))
    result = recompute("dataset-inference", {"served": served, "withheld": withheld})
    t, freedom = result.statistic, result.figures["degrees_of_freedom"]
    with mpmath.workdps(40):
        x = mpmath.mpf(freedom) / (freedom + mpmath.mpf(t) ** 2)
        tail = mpmath.betainc(mpmath.mpf(freedom) / 2, 0.5, 0, x, regularized=True) / 2
        assert result.log10_p == pytest.approx(float(mpmath.log10(tail)), rel=1e-9)
    assert result.p_value == 0


def test_a_permutation_has_a_floor_and_a_seed():
    inputs = {"served": [2.0, 2.1, 2.2, 2.3] * 5, "withheld": [1.0, 1.1, 1.2, 1.3] * 5, "method": "permutation"}
    result = recompute("dataset-inference", inputs | {"resamples": 999})
    assert result.p_value == result.p_floor == 1 / 1000
    small = recompute("dataset-inference", {"served": [2.0, 2.1], "withheld": [1.0, 1.1], "method": "permutation"})
    assert small.p_value == small.p_floor == pytest.approx(1 / 6)  # all six ways to divide four


def test_scores_without_any_spread_are_refused():
    with pytest.raises(InvalidInputs, match="do not vary"):
        recompute("dataset-inference", {"served": [1.0, 1.0], "withheld": [1.0, 1.0]})
