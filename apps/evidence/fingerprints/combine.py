"""Several results on one question, combined only as far as their dependence allows.

Under any dependence: the mean of e-values (Vovk and Wang 2021), Bonferroni, twice the mean of p-values (Ruschendorf
1982; Vovk and Wang 2020), the harmonic mean with the multiplier e ln K (Vovk and Wang 2020). The bare harmonic mean is
anti-conservative, and no constant repairs it for every K (Chen, Liu, Tan and Wang 2024), so it is no p-value here.
Products of e-values, Fisher and Stouffer need independence; they take the argument for it, because somebody has to make
it. Never the best of several.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.core.later import special


class NoArgument(ValueError):
    """A combination that needs independence was asked for without saying why the results are independent."""


def e_mean(log10_e: Sequence[float]) -> float:
    """log10 of the mean of e-values given as log10: an e-value whatever their dependence."""
    values = np.asarray(log10_e, dtype=float)
    if not len(values):
        raise ValueError("There is nothing to combine.")
    top = float(values.max())
    return top + math.log10(float(np.mean(10.0 ** (values - top))))


def e_product(log10_e: Sequence[float], *, independence: str) -> float:
    """log10 of the product of e-values or likelihood ratios: only of independent ones."""
    _argued(independence)
    return float(math.fsum(log10_e))


def bonferroni(p: ArrayLike) -> float:
    """K times the smallest p."""
    values = _checked(p)
    return min(1.0, len(values) * float(values.min()))


def twice_mean(p: ArrayLike) -> float:
    return min(1.0, 2 * float(_checked(p).mean()))


def harmonic_mean(p: ArrayLike) -> float:
    """The bare harmonic mean: an intermediate figure, not a p-value."""
    values = _checked(p)
    with np.errstate(divide="ignore"):
        return float(len(values) / np.sum(1 / values))


def harmonic(p: ArrayLike) -> float:
    """e ln K times the harmonic mean, a p-value under any dependence for K > 1; one p is itself."""
    values = _checked(p)
    multiplier = math.e * math.log(len(values)) if len(values) > 1 else 1.0
    return min(1.0, multiplier * harmonic_mean(values))


def fisher(p: ArrayLike, *, independence: str) -> float:
    """Fisher's method: -2 sum ln p is chi-squared with 2K degrees of freedom if the tests are independent."""
    _argued(independence)
    values = _checked(p)
    with np.errstate(divide="ignore"):
        return float(special.gammaincc(len(values), -np.sum(np.log(values))))


def stouffer(p: ArrayLike, *, independence: str) -> float:
    """Stouffer's method: the sum of normal scores over the root of K, if the tests are independent."""
    _argued(independence)
    values = _checked(p)
    return float(special.ndtr(np.sum(special.ndtri(values)) / math.sqrt(len(values))))


def _argued(independence: str) -> None:
    if not independence.strip():
        raise NoArgument(
            "Multiplying, Fisher's and Stouffer's method need independent results. Say why these are, or use the mean "
            "of e-values, Bonferroni or twice the mean, which need nothing."
        )


def _checked(p: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(p, dtype=float).ravel()
    if not len(values):
        raise ValueError("There is nothing to combine.")
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if wrong.size:
        raise ValueError(f"p[{wrong[0]}] is {values[wrong[0]]}; a p-value lies between 0 and 1.")
    return values
