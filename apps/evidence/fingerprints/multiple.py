"""Many tests at once: adjusted p-values over everything that was tested, and levels that a test could never pass.

A list for screening is cut at a false discovery rate (Benjamini-Hochberg; Benjamini-Yekutieli where the tests may
depend on each other in any way). An action that harms each person on it needs the family-wise error held (Holm,
Bonferroni).
"Tested" counts everything, also analyses that were discarded: what is not in the list is taken as p = 1.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Method = Literal["bonferroni", "holm", "bh", "by"]
NAMES: dict[Method, str] = {
    "bonferroni": "Bonferroni",
    "holm": "Holm",
    "bh": "Benjamini-Hochberg",
    "by": "Benjamini-Yekutieli",
}
_STATSMODELS: dict[Method, str] = {"bonferroni": "bonferroni", "holm": "holm", "bh": "fdr_bh", "by": "fdr_by"}

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
    from statsmodels.stats.multitest import multipletests  # slow to import: only where it is used

    values = _checked(p)
    missing = 0 if tested is None else tested - len(values)
    if missing < 0:
        raise ValueError(f"`tested` is {tested}, fewer than the {len(values)} p-values given.")
    if not len(values):
        return values
    padded = np.concatenate([values, np.ones(missing)])
    corrected: Any = multipletests(padded, method=_STATSMODELS[method])[1]
    return corrected[: len(values)]


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
