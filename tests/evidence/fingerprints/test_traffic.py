"""Tests of accounts' traffic: templates, timing, queries, coverage, the pivot to a new model."""

import json
import math
from itertools import combinations

import numpy as np
import pytest
from django.conf import settings
from scipy import stats

from apps.evidence.fingerprints import InvalidInputs, kernels, recompute
from apps.evidence.fingerprints.methods import prompts

SEEDS = settings.BASE_DIR.parent / "shared" / "data" / "query_logs" / "self_instruct_seed_tasks.jsonl"

# --- templates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("permutations", "error"), [(64, 0.0625), (128, 0.044194), (256, 0.03125)])
def test_the_error_of_an_estimated_similarity(permutations, error):
    assert prompts.standard_error(0.5, permutations) == pytest.approx(error, rel=1e-5)


def test_a_similarity_is_estimated_within_its_error():
    words = [f"w{i}" for i in range(60)]
    one, other = " ".join(words[:40]), " ".join(words[20:])  # 20 of 60 words in common
    estimate = prompts.similarities(one, [other, one], 1024, 1, 7)
    assert estimate[1] == 1
    assert abs(estimate[0] - 1 / 3) < 4 * prompts.standard_error(1 / 3, 1024)


def test_similar_texts_have_near_simhashes():
    text = "write a python function that returns the sum of two numbers and explain each step of it"
    near, far = text.replace("two", "three"), "die katze sitzt auf dem dach und sieht dem regen zu wie jeden abend"
    distances = [(prompts.simhash(text, 1) ^ prompts.simhash(other, 1)).bit_count() for other in (text, near, far)]
    assert distances[0] == 0 < distances[1] < 16 < distances[2]


def test_prompts_of_a_template_are_counted_against_benign_ones():
    template = "you are a careful tutor solve the task step by step and check the result task"
    ours = [f"{template} number {i} please" for i in range(12)]
    benign = [f"how do i bake bread number {i} at home without an oven" for i in range(40)]
    inputs = {"template": template, "prompts": ours, "background_prompts": benign}
    result = recompute("prompt-template", inputs)
    assert (result.statistic, result.n) == (12, 12)
    assert result.p_value == pytest.approx(1 / math.comb(52, 12), rel=1e-9, abs=0)
    assert result.figures["median_similarity"] > 0.7
    with pytest.raises(InvalidInputs, match="`background_prompts` replace"):
        recompute("prompt-template", inputs | {"background_rate": 0.1})
    with pytest.raises(InvalidInputs, match="`template` goes with `prompts`"):
        recompute("prompt-template", {"template": template, "background_rate": 0.1})


def test_seed_tasks_of_a_real_distillation_run_share_no_template_with_each_other():
    if not SEEDS.exists():
        pytest.skip("The 175 seed tasks behind Alpaca are not part of the project; the sample data are not here.")
    tasks = [json.loads(line)["instruction"] for line in SEEDS.read_text().splitlines()]
    inputs = {"template": tasks[0], "prompts": tasks[1:], "background_rate": 0.01}
    result = recompute("prompt-template", inputs)
    assert result.n == 174
    assert result.statistic == 0
    assert result.p_value == 1


# --- timing -----------------------------------------------------------------------------------------------------------


def hourly(seed: int, common: float, accounts: int = 3, weeks: int = 5) -> list[dict]:
    """Accounts with one daily rhythm; `common` moves them together beyond it."""
    rng = np.random.default_rng(seed)
    hours = np.arange(weeks * 168)
    rhythm = 20 + 15 * np.sin(2 * np.pi * (hours % 24) / 24)
    shared = rng.normal(0, 1, len(hours))
    counts = [rng.poisson(np.maximum(rhythm * np.exp(common * shared), 0.1)) for _ in range(accounts)]
    return [{"account": f"A-{i}", "counts": [int(c) for c in row]} for i, row in enumerate(counts)]


def test_a_common_rhythm_is_no_synchrony_and_a_common_hand_is():
    alone = recompute("timing-synchrony", {"accounts": hourly(1, 0.0), "first_hour": 5, "resamples": 199})
    together = recompute("timing-synchrony", {"accounts": hourly(1, 0.3), "first_hour": 5, "resamples": 199})
    assert alone.p_value > 0.05
    assert together.p_value == together.p_floor == 1 / 200
    assert together.statistic > 0.3 > alone.statistic


def test_the_statistic_is_the_mean_correlation_of_residuals():
    accounts = hourly(2, 0.2)
    result = recompute("timing-synchrony", {"accounts": accounts, "first_hour": 0, "resamples": 19})
    counts = np.array([account["counts"] for account in accounts], dtype=float).reshape(3, 5, 168)
    left = (counts - counts.mean(axis=1, keepdims=True)).reshape(3, -1)
    by_hand = np.mean(
        [left[a] @ left[b] / np.sqrt(left[a] @ left[a] * (left[b] @ left[b])) for a, b in combinations(range(3), 2)]
    )
    assert result.statistic == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[1] * 504, [1] * 505], r"`accounts\[1\]\.counts` has 505 hours, the first 504"),
        ([list(range(168)) * 3, [1] * 504], r"`accounts\[0\]\.counts` repeats one week exactly"),
    ],
)
def test_series_that_cannot_be_compared_are_refused(counts, message):
    accounts = [{"account": f"A-{i}", "counts": row} for i, row in enumerate(counts)]
    with pytest.raises(InvalidInputs, match=message):
        recompute("timing-synchrony", {"accounts": accounts, "first_hour": 0})


def test_less_than_three_weeks_of_whole_days_is_refused():
    accounts = [{"account": f"A-{i}", "counts": list(range(504))} for i in range(2)]
    with pytest.raises(InvalidInputs, match="covers 20 whole days; at least 21"):
        recompute("timing-synchrony", {"accounts": accounts, "first_hour": 5})


def test_co_activity_is_a_screen_and_never_a_strength():
    result = recompute("co-activity", {"hours": 1080, "active_a": 120, "active_b": 110, "both": 60})
    assert result.figures["expected"] == pytest.approx(12.2222, abs=5e-5)
    assert result.figures["screen_p"] == pytest.approx(stats.hypergeom.sf(59, 1080, 120, 110), rel=1e-9, abs=0)
    assert result.figures["screen_p"] == pytest.approx(1.25e-34, rel=2e-3, abs=0)
    assert (result.p_value, result.log10_lr, result.direction) == (None, None, "neutral")
    assert "no evidence of coordination" in result.sentence


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"both": 111}, "at most 110"),
        ({"active_a": 1081}, "at most 1080"),
        ({"active_a": 1080, "both": 9}, "at least 110"),
    ],
)
def test_hours_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(InvalidInputs, match=message):
        recompute("co-activity", {"hours": 1080, "active_a": 120, "active_b": 110, "both": 60} | wrong)


# --- queries ----------------------------------------------------------------------------------------------------------


def test_the_distance_of_distributions_is_the_unbiased_one():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))

    def k(a, b):
        return math.exp(-float(((a - b) ** 2).sum()))

    inside = [np.mean([k(a, b) for a, b in combinations(side, 2)]) for side in (x, y)]
    across = np.mean([k(a, b) for a in x for b in y])
    matrices = [np.array([[k(a, b) for b in right] for a in left]) for left, right in ((x, x), (y, y), (x, y))]
    assert kernels.unbiased(*matrices) == pytest.approx(sum(inside) - 2 * across)


def test_a_window_of_benign_traffic_passes_and_a_shifted_one_does_not():
    rng = np.random.default_rng(11)
    benign = rng.normal(size=(240, 6))
    windows = rng.normal(size=(60, 6)), rng.normal(0.6, 1, size=(60, 6))
    same, shifted = (
        recompute("query-distribution", {"window": window.tolist(), "benign": benign.tolist()}) for window in windows
    )
    assert same.p_value > 0.02
    assert shifted.p_value == shifted.p_floor == 1 / 200
    assert same.assumptions[-1].status == "violated"  # sixty queries are too few, and the result says so
    assert shifted.log10_lr_cap == 0


def test_distances_computed_elsewhere_are_ranked():
    null = [i / 1000 for i in range(99)]
    result = recompute("query-distribution", {"mmd2": 0.0905, "null": null, "queries": 1500})
    assert result.p_value == pytest.approx(9 / 100)
    assert result.power is None
    weak = recompute("query-distribution", {"mmd2": 0.05, "null": null, "queries": 1500, "positives": [0.05, 0.2]})
    assert (weak.power, weak.direction) == (0.5, "uninformative")
    with pytest.raises(InvalidInputs, match="at least 19 `null`"):
        recompute("query-distribution", {"mmd2": 0.09, "null": null[:5], "queries": 1500})


def test_embeddings_that_do_not_fit_are_refused():
    square = [[0.0, 1.0], [1.0, 0.0]]
    with pytest.raises(InvalidInputs, match="at least twice as many queries as `window`, 4"):
        recompute("query-distribution", {"window": square, "benign": square})
    with pytest.raises(InvalidInputs, match="`benign` has more than 400,000 numbers; reduce its dimensions"):
        recompute("query-distribution", {"window": square, "benign": [[0.0] * 4_000] * 101})
    with pytest.raises(InvalidInputs, match="`window` has 2 dimensions, `benign` 1"):
        recompute("query-distribution", {"window": square, "benign": [[0.0]] * 9})


def test_the_p_of_normality_is_no_evidence():
    distances = [0.1 + 0.01 * i for i in range(30)]
    alone = recompute("prada", {"distances": distances})
    w, p = stats.shapiro(distances)
    assert (alone.statistic, alone.figures["shapiro_p"]) == pytest.approx((w, p))
    assert alone.p_value is None
    ranked = recompute("prada", {"distances": distances, "benign_w": [0.99] * 99})
    assert ranked.p_value == 1 / 100
    with pytest.raises(InvalidInputs, match="`distances` are all equal"):
        recompute("prada", {"distances": [1.0, 1.0, 1.0]})


def test_a_rank_among_a_thousand_cannot_pass_a_correction_for_thousands():
    from apps.evidence.fingerprints import multiple

    result = recompute("vardetect", {"score": 9.0, "benign": [i / 1000 for i in range(1000)]})
    assert result.p_value == result.p_floor == 1 / 1001
    with pytest.raises(multiple.OutOfReach, match="cannot pass whatever the data are"):
        multiple.check_within_reach(result.p_floor, multiple.HARM_LEVEL, 24_000)


# --- usage ------------------------------------------------------------------------------------------------------------


def test_coverage_is_a_percentile_and_nothing_else():
    result = recompute("topic-coverage", {"topics": [5, 3, 2, 0], "peers": [1.0, 1.4, 1.5, 2.0], "benchmark": 4})
    assert result.statistic == pytest.approx(1.485475, abs=5e-7)
    assert result.figures["percentile"] == 50
    assert result.figures["topic_coverage"] == 0.75
    assert result.figures["benchmark_overlap"] == 0.4
    assert (result.p_value, result.log10_lr, result.direction) == (None, None, "neutral")
    with pytest.raises(InvalidInputs, match="`topics` has no query"):
        recompute("topic-coverage", {"topics": [0, 0]})
    with pytest.raises(InvalidInputs, match="`benchmark` is 11"):
        recompute("topic-coverage", {"topics": [5, 3, 2], "benchmark": 11})


def test_a_pivot_is_compared_with_the_cohort():
    inputs = {"requests": 1000, "on_new": 420, "cohort_requests": 1000, "cohort_on_new": 350, "two_sided": True}
    assert recompute("release-pivot", inputs).p_value == pytest.approx(0.00129659, rel=5e-6)
    small = recompute("release-pivot", inputs | {"requests": 8, "on_new": 7, "two_sided": False})
    expected = stats.fisher_exact([[7, 350], [1, 650]], alternative="greater").pvalue
    assert small.p_value == pytest.approx(expected, rel=1e-9)
    with pytest.raises(InvalidInputs, match="`cohort_on_new` is 1001"):
        recompute("release-pivot", inputs | {"cohort_on_new": 1001})
