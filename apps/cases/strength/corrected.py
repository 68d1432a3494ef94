"""Which results stand when everything that was tested on a suspect is counted, the discarded analyses included.

Whoever tests often finds something. So the p-values of an exhibit are held against all runs on its suspect, whoever
asked for them and whether or not they became exhibits: by Holm at 1 % for what harms somebody by itself (naming,
termination), by Benjamini and Hochberg at 5 % for what is only a lead.

Pure: plain numbers in and out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

HARMFUL = 0.01  # family-wise, Holm 1979
LEAD = 0.05  # false discovery rate, Benjamini and Hochberg 1995; Benjamini and Yekutieli 2001 where runs may depend


class Verdict(StrEnum):
    """What is left of a result when everything tested is counted."""

    STANDS = "stands"  # Holm
    LEAD = "lead"  # Benjamini-Hochberg alone
    FALLS = "falls"
    CANNOT = "cannot"  # no result of this run could ever have stood: its smallest possible p is too large


@dataclass(frozen=True)
class Attempt:
    """One run on a suspect. `exhibit` is its label where it is in the file; without a p-value it is listed only."""

    run: str
    suspect: str
    p: float | None
    p_floor: float = 0.0
    exhibit: str = ""
    planned: bool = False


@dataclass(frozen=True)
class Corrected:
    """All runs on one suspect, and what becomes of those that are exhibits."""

    suspect: str
    runs: tuple[Attempt, ...]
    key: object
    verdicts: dict[str, Verdict]  # by run, of every run that has a p-value
    whatever_dependence: frozenset[str]  # runs that stand as leads also if all of them depend on one another

    @property
    def compared(self) -> int:
        """Runs with a p-value: what it is corrected for."""
        return len(self.verdicts)

    @property
    def in_file(self) -> tuple[Attempt, ...]:
        return tuple(run for run in self.runs if run.exhibit)

    def labels(self, verdict: Verdict) -> list[str]:
        """Exhibits of which this became."""
        return [run.exhibit for run in self.in_file if self.verdicts.get(run.run) is verdict]


def correct(suspect: str, runs: Sequence[Attempt], key: object = None) -> Corrected:
    """Hold every run on the suspect that has a p-value against all of them."""
    compared = [run for run in runs if run.p is not None]
    if not compared:
        return Corrected(suspect, tuple(runs), key, {}, frozenset())
    holm, bh, by = _adjusted([run.p for run in compared if run.p is not None])
    verdicts = {
        run.run: _verdict(run, len(compared), family, rate)
        for run, family, rate in zip(compared, holm, bh, strict=True)
    }
    safe = frozenset(run.run for run, rate in zip(compared, by, strict=True) if rate <= LEAD)
    return Corrected(suspect, tuple(runs), key, verdicts, safe)


def _verdict(run: Attempt, compared: int, family: float, rate: float) -> Verdict:
    if run.p_floor * compared > HARMFUL and family > HARMFUL:
        return Verdict.LEAD if rate <= LEAD else Verdict.CANNOT
    if family <= HARMFUL:
        return Verdict.STANDS
    return Verdict.LEAD if rate <= LEAD else Verdict.FALLS


def _adjusted(p: list[float]) -> tuple[list[float], list[float], list[float]]:
    """Holm, Benjamini-Hochberg, Benjamini-Yekutieli. As `fingerprints.multiple` has them from statsmodels, which takes
    seconds to import and collects the garbage of the whole process on each call: too slow for a page."""
    values = np.asarray(p)
    order, count = np.argsort(values, kind="stable"), len(values)
    rising, place = values[order], np.arange(1, count + 1)
    holm = np.maximum.accumulate(rising * (count + 1 - place))
    bh = np.minimum.accumulate((rising * count / place)[::-1])[::-1]
    by = bh * (1 / place).sum()
    back = np.argsort(order, kind="stable")
    return tuple(np.minimum(one, 1.0)[back].tolist() for one in (holm, bh, by))  # type: ignore[return-value]
