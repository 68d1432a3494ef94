"""Timing: are accounts busy and silent together beyond the habits of the week?

Everybody is busy on Monday morning. So each account's own hour-of-week profile is removed first, and what remains is
compared with what remains when every account's days are shuffled among days of the same weekday. Counting hours in
which both were active (hypergeometric) ignores the profile: it is a screen, and its p is never a strength.
"""

from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from apps.evidence.fingerprints import proportions, ranks, wording
from apps.evidence.fingerprints.schema import Computed, FingerprintTest, Inputs, InvalidInputs, Name, Tail

_DAY, _WEEKDAYS, _LEAST_DAYS, _MOST_CELLS = 24, 7, 21, 500_000


class Hourly(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One account's requests, hour by hour."""

    account: Name
    counts: Annotated[list[Annotated[int, Meta(ge=0, le=10**9)]], Meta(min_length=504, max_length=20_000)]


class Synchrony(Inputs, frozen=True, kw_only=True):
    """Hourly counts of accounts over the same hours."""

    accounts: Annotated[list[Hourly], Meta(min_length=2, max_length=500, description="hourly counts of each account")]
    first_hour: Annotated[int, Meta(ge=0, le=167, description="hour of the week of the first count; 0 is Monday 00:00")]
    resamples: Annotated[int, Meta(ge=19, le=5_000, description="shuffles of days drawn for the null")] = 499
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="seed of the shuffles")] = 1


def synchrony(inputs: Synchrony) -> Computed:
    """Mean correlation of residuals over all pairs, among the same with each account's days shuffled."""
    residuals, weekday = _residuals(inputs)
    observed = mean_correlation(residuals)
    null = _shuffled(residuals, weekday, inputs.resamples, inputs.seed)
    accounts, days = residuals.shape[0], residuals.shape[1]
    return Computed(
        n=accounts,
        statistic=observed,
        statistic_name="mean residual correlation",
        found=f"Beyond the habits of the week, the hourly counts of {wording.count(accounts)} accounts over "
        f"{wording.count(days)} days correlate with {observed:.3f} on average; with days shuffled it stays below "
        f"{float(np.quantile(null, 0.95)):.3f} in 95 % of cases.",
        p=ranks.tail(observed, null, "shuffle of days of one weekday"),
        effect=observed,
        effect_name="mean residual correlation",
        figures={"null_95": float(np.quantile(null, 0.95)), "days": float(days), "shuffles": float(len(null))},
    )


def _residuals(inputs: Synchrony) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Counts less the account's mean of that hour of the week, scaled to length 1; and the weekday of each day."""
    hours = len(inputs.accounts[0].counts)
    for position, account in enumerate(inputs.accounts):
        if len(account.counts) != hours:
            raise InvalidInputs(f"`accounts[{position}].counts` has {len(account.counts)} hours, the first {hours}.")
    if len(inputs.accounts) * hours > _MOST_CELLS:
        raise InvalidInputs(f"`accounts` has more than {_MOST_CELLS:,} counts; test a sample drawn beforehand.")
    skipped = -inputs.first_hour % _DAY
    days = (hours - skipped) // _DAY
    if days < _LEAST_DAYS:
        raise InvalidInputs(f"`accounts` covers {days} whole days; at least {_LEAST_DAYS} are needed for a profile.")
    counts = np.array([account.counts for account in inputs.accounts], dtype=float)[:, skipped : skipped + days * _DAY]
    counts = counts.reshape(len(inputs.accounts), days, _DAY)
    weekday = ((inputs.first_hour + skipped) // _DAY + np.arange(days)) % _WEEKDAYS
    for day in range(_WEEKDAYS):
        counts[:, weekday == day] -= counts[:, weekday == day].mean(axis=1, keepdims=True)
    length = np.sqrt((counts**2).sum(axis=(1, 2)))
    flat = np.flatnonzero(length == 0)
    if flat.size:
        raise InvalidInputs(f"`accounts[{flat[0]}].counts` repeats one week exactly: nothing is left to correlate.")
    return counts / length[:, None, None], weekday


def mean_correlation(residuals: NDArray[np.float64]) -> float:
    """The mean over all pairs of unit vectors: from the length of their sum."""
    n = len(residuals)
    return (float((residuals.sum(axis=0) ** 2).sum()) - n) / (n * (n - 1))


def _shuffled(residuals: Any, weekday: Any, resamples: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    n, days = residuals.shape[:2]
    rows = np.arange(n)[:, None]
    null = np.empty(resamples)
    for draw in range(resamples):
        order = np.tile(np.arange(days), (n, 1))
        for day in range(_WEEKDAYS):
            order[:, weekday == day] = rng.permuted(order[:, weekday == day], axis=1)
        null[draw] = mean_correlation(residuals[rows, order])
    return null


# --- co-activity ------------------------------------------------------------------------------------------------------


class CoActivity(Inputs, frozen=True, kw_only=True):
    """Hours in which two accounts, or two groups, were active."""

    hours: Annotated[int, Meta(ge=1, le=10**6, description="hours in the window (W)")]
    active_a: Annotated[int, Meta(ge=0, le=10**6, description="hours in which the first was active")]
    active_b: Annotated[int, Meta(ge=0, le=10**6, description="hours in which the second was active")]
    both: Annotated[int, Meta(ge=0, le=10**6, description="hours in which both were active (X)")]


def co_activity(inputs: CoActivity) -> Computed:
    """P[X >= both] if hours were chosen at random, which the rhythm of the day already refutes: a screen."""
    w, a, b, x = inputs.hours, inputs.active_a, inputs.active_b, inputs.both
    for name, value, most in (("active_a", a, w), ("active_b", b, w), ("both", x, min(a, b))):
        if value > most:
            raise InvalidInputs(f"`{name}` is {value}, but it can be at most {most}.")
    if x < a + b - w:
        raise InvalidInputs(f"`both` is {x}, but {a} and {b} of {w} hours overlap in at least {a + b - w}.")
    screen = proportions.fisher(x, a, b - x, w - a) if 0 < a < w else Tail(0.0)
    return Computed(
        n=w,
        statistic=x,
        statistic_name="hours with both active",
        found=f"Both were active in {wording.count(x)} of {wording.count(w)} hours, where {a * b / w:.1f} are "
        "expected if "
        "hours were chosen at random. People do not choose hours at random: this is a reason to look closer, and no "
        "evidence of coordination.",
        effect=x - a * b / w,
        effect_name="hours above random choice",
        figures={"expected": a * b / w, "screen_p": screen.value, "log10_screen_p": screen.log10},
    )


# --- the tests --------------------------------------------------------------------------------------------------------

_WORDS: dict[str, Any] = {
    "family": "timing",
    "proposition": "the accounts are run together",
    "alternative": "they are run independently of each other",
    "validation_study": "Named with each run: unrelated customers of the same region and product, tested the same way.",
    "acceptance": "Published for social networks; correlated activity has many innocent causes.",
    "limits": "Time zones, outages, releases, holidays and products with many users make strangers active together.",
}

SYNCHRONY = FingerprintTest(
    id="timing-synchrony",
    version="1.0",
    title="Timing synchrony, residual correlation",
    question="Are the accounts busy and silent together beyond the habits of the week?",
    null_hypothesis="Given each account's hour-of-week profile, the accounts' activity is independent.",
    chance="Independent accounts with these habits correlate so much or more",
    statistic="Mean pairwise correlation of hourly counts less hour-of-week means; p from shuffling days of one "
    "weekday",
    inputs=Synchrony,
    compute=synchrony,
    assumptions={
        "no_common_cause": "No outage, release or holiday moved all accounts at once in the window.",
        "no_trend": "No account grew or shrank so much that its days of one weekday cannot be exchanged.",
        "chosen_before": "The accounts were grouped by something other than their timing.",
    },
    example={
        "first_hour": 0,
        "resamples": 199,
        "accounts": [
            {"account": "A-1", "counts": [(h * 7919) % 23 + (40 if h % 53 == 0 else 0) for h in range(504)]},
            {"account": "A-2", "counts": [(h * 104729) % 19 + (35 if h % 53 == 0 else 0) for h in range(504)]},
        ],
    },
    routes=("e_value", "at_most"),
    publication="Cao et al., Uncovering Large Groups of Active Malicious Accounts in Online Social Networks "
    "(SynchroTrap), "
    "CCS 2014",
    error_rate="One-sided 95 % bounds from unrelated accounts of the run; they cap the reported strength.",
    standard="Hour-of-week means removed; whole days shuffled within weekdays; seed and number of shuffles kept.",
    **_WORDS,
)

CO_ACTIVITY = FingerprintTest(
    id="co-activity",
    version="1.0",
    title="Co-activity, screen only",
    question="Is it worth looking closer at the timing of these two?",
    null_hypothesis="Active hours are chosen at random from all hours, which is false of everybody.",
    chance="",
    statistic="Hypergeometric tail of hours with both active; a screen, given as a figure and not as p",
    inputs=CoActivity,
    compute=co_activity,
    assumptions={"no_rhythm": "Neither has a daily or weekly rhythm."},
    example={"hours": 1080, "active_a": 120, "active_b": 110, "both": 60},
    publication="Standard hypergeometric test; see timing-synchrony for the test proper.",
    error_rate="Not stated: the null hypothesis is false of people, so its errors say nothing.",
    standard="Used to choose what to test with timing-synchrony on other data; never reported as a strength.",
    **_WORDS,
)

TESTS = (SYNCHRONY, CO_ACTIVITY)
