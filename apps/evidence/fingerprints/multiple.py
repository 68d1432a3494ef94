"""Many tests at once: adjusted p-values over everything that was tested, and levels that a test could never pass.

A list for screening is cut at a false discovery rate (Benjamini-Hochberg; Benjamini-Yekutieli where the tests may
depend on each other in any way). An action that harms each person on it needs the family-wise error held (Holm,
Bonferroni).
"Tested" counts everything, also analyses that were discarded: what is not in the list is taken as p = 1.

Written out rather than taken from statsmodels: its import costs a web process seconds and its Holm collects garbage on
every call, a fifth of a second. The tests hold both against it.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Method = Literal["bonferroni", "holm", "bh", "by"]
NAMES: dict[Method, str] = {
    "bonferroni": "Bonferroni",
    "holm": "Holm",
    "bh": "Benjamini-Hochberg",
    "by": "Benjamini-Yekutieli",
}

# What each use demands (section 2.5 of the evidence design): list for screening, measures that harm somebody.
SCREENING_LEVEL = 0.05
HARM_LEVEL = 0.01


class OutOfReach(ValueError):
    """A test whose smallest possible p is above the level that it would have to pass; the message says both."""


def holm(p: ArrayLike, tested: int | None = None) -> NDArray[np.float64]:
    """Adjusted p-values that hold the family-wise error under any dependence (Holm 1979)."""
    return adjusted(p, "holm", tested)


def bh(p: ArrayLike, tested: int | None = None) -> NDArray[np.float64]:
    """Adjusted p-values that hold the false discovery rate of independent tests (Benjamini and Hochberg 1995)."""
    return adjusted(p, "bh", tested)


def by(p: ArrayLike, tested: int | None = None) -> NDArray[np.float64]:
    """Adjusted p-values that hold the false discovery rate under any dependence (Benjamini and Yekutieli 2001)."""
    return adjusted(p, "by", tested)


def bonferroni(p: ArrayLike, tested: int | None = None) -> NDArray[np.float64]:
    """Each p-value times the number of tests."""
    return adjusted(p, "bonferroni", tested)


def adjusted(p: ArrayLike, method: Method, tested: int | None = None) -> NDArray[np.float64]:
    """Adjusted p-values in the order given; `tested` counts the tests made, when some are not in the list."""
    values = _checked(p)
    n = len(values)
    total = n if tested is None else tested
    if total < n:
        raise ValueError(f"`tested` is {total}, fewer than the {n} p-values given.")
    order = np.argsort(values, kind="stable")
    corrected = np.empty(n)
    corrected[order] = np.minimum(_stepwise(values[order], method, total), 1.0)
    return corrected


def _stepwise(rising: NDArray[np.float64], method: Method, total: int) -> NDArray[np.float64]:
    """The corrections of rising p-values, those not in the list being 1 and behind them."""
    rank = np.arange(1, len(rising) + 1)
    if method == "bonferroni":
        return rising * total
    if method == "holm":
        return np.maximum.accumulate(rising * (total + 1 - rank))
    factor = float(np.sum(1 / np.arange(1, total + 1))) if method == "by" else 1.0
    behind = np.append(rising * total * factor / rank, factor if total > len(rising) else np.inf)
    return np.minimum.accumulate(behind[::-1])[::-1][:-1]


def per_test_level(level: float, tested: int) -> float:
    """The level that one test among so many has to pass on its own, after Bonferroni."""
    return level / tested


def check_within_reach(p_floor: float, level: float, tested: int) -> None:
    """Raises OutOfReach when a test could not pass even with the smallest p that it can give.

    A permutation p from 1,000 permutations is at least 1/1001: over 24,000 accounts it can never be significant, and
    "not significant" would then be said of the method, not of the account.
    """
    needed = per_test_level(level, tested)
    if p_floor > needed:
        raise OutOfReach(
            f"The smallest p that this test can give is {p_floor:.3g}, but one of {tested:,} tests has to reach "
            f"{needed:.3g} to hold {level:g} over all of them. It cannot pass whatever the data are: use more "
            "permutations or controls, or test fewer hypotheses."
        )


def _checked(p: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(p, dtype=float)
    if values.ndim != 1:
        raise ValueError("Give p-values as one list.")
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if wrong.size:
        raise ValueError(f"p[{wrong[0]}] is {values[wrong[0]]}; a p-value lies between 0 and 1.")
    return values
