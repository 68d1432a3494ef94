"""How strong exhibits are together, said conservatively.

Each exhibit has a likelihood ratio (LR) no larger than its validation carries (the cap). One that has only a p-value
counts with the e-value calibrated from it, which is never larger than the ratio could be. So does one whose test was
run several times on the same suspect, then with the mean over all these runs: that stays valid however often one
looked and whichever run was picked for the file.

Exhibits of one dependency group (same key, same log, same accounts) look at the same thing: they are never multiplied,
and the group has the LR of the test that was declared primary beforehand, or else the mean of its members. Groups are
multiplied only where an argument for their independence is on file that another person accepted, and then up to the
largest ratio that may be reported at all; the others are averaged. The mean keeps its meaning whatever the dependence
(Vovk and Wang, "E-values: calibration, combination and applications", 2021); never the best of several.

Pure: plain numbers in and out. All values are log10 of likelihood ratios.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import cached_property  # that of Python 3.11 locks, and there are thousands

from apps.evidence.fingerprints import strength as fingerprints

LARGEST = math.log10(fingerprints.LARGEST_LR)


class Basis(StrEnum):
    """What the number of an exhibit is."""

    NONE = "none"  # it has none
    RATIO = "ratio"  # a likelihood ratio by an allowed route
    P_ONLY = "p_only"  # an e-value, calibrated from a p-value
    RERUN = "rerun"  # the mean e-value of all runs of a test that was run again and again


@dataclass(frozen=True)
class Reruns:
    """All runs of one test on one suspect, where there are several."""

    count: int
    log10_e: float  # of the mean of their e-values

    @classmethod
    def of(cls, log10_p: Sequence[float]) -> "Reruns | None":
        if len(log10_p) < 2:
            return None
        return cls(len(log10_p), mean([fingerprints.log10_e_value(p) for p in log10_p]))


@dataclass(frozen=True)
class Weighed:
    """One exhibit. `log10_lr` None has no ratio; `planned` when its test was declared before the data were seen, and
    `primary` when it was declared to be the one that counts. `run` is the test run that the figures come from."""

    label: str
    group: str
    log10_lr: float | None
    cap: float | None = None
    planned: bool = False
    primary: bool = False
    log10_p: float | None = None
    is_bound: bool = False  # `log10_lr` is only the most that the p-value allows
    rerun: Reruns | None = None
    element: str = ""
    run: str = ""
    suspect: str = ""
    test: str = ""
    computed: float | None = None  # before the cap
    number: int = 0  # in its case

    @property
    def reported(self) -> float | None:
        """Its own ratio, no larger than the cap."""
        if self.log10_lr is None:
            return None
        return self.log10_lr if self.cap is None else min(self.log10_lr, self.cap)

    @property
    def at_most(self) -> float | None:
        """The most that its p-value could be worth under any alternative, where that is all there is."""
        return self.reported if self.is_bound else None

    @property
    def basis(self) -> Basis:
        if self.log10_lr is None:
            return Basis.NONE
        if self.rerun:
            return Basis.RERUN
        return Basis.P_ONLY if self.is_bound else Basis.RATIO

    @cached_property
    def counted(self) -> float | None:
        """What it counts with beside others."""
        if self.basis is Basis.NONE:
            return None
        if self.basis is Basis.RATIO:
            return self.reported
        if self.rerun:
            value = self.rerun.log10_e
        else:
            value = fingerprints.log10_e_value(self.log10_p) if self.log10_p is not None else 0.0
        ceilings = [ceiling for ceiling in (self.reported, self.cap) if ceiling is not None]
        return min([value, *ceilings])

    @property
    def said(self) -> float | None:
        """What words are chosen by. A ratio under 1 speaks for the alternative; an e-value under 1 says nothing."""
        if self.counted is None or self.counted >= 0 or (self.reported is not None and self.reported < 0):
            return self.counted
        return 0.0

    @property
    def is_capped(self) -> bool:
        return self.cap is not None and self.counted is not None and self.counted >= self.cap


@dataclass(frozen=True)
class Line:
    """One dependency group: an independent line of evidence as far as anyone knows."""

    group: str
    members: tuple[Weighed, ...]
    log10_lr: float | None
    how: str
    spoken_for_by: str = ""  # the exhibit that stands for the group

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(member.label for member in self.members)

    @property
    def cap(self) -> float | None:
        """The most that the group can carry: the cap of the exhibit that stands for it, or the largest of its caps."""
        known = [m.cap for m in self.members if m.cap is not None and self.spoken_for_by in ("", m.label)]
        return max(known) if known else None


@dataclass(frozen=True)
class Combined:
    """All lines together. `log10_lr` is None where no exhibit has a number."""

    lines: tuple[Line, ...]
    log10_lr: float | None
    how: str
    independent: frozenset[str] = frozenset()

    def without(self, group: str) -> float | None:
        """What the whole would be if this group were not in the file."""
        return _together([line for line in self.lines if line.group != group], self.independent)

    def adds(self, group: str) -> float | None:
        """What the group adds to the whole, as a difference of logarithms; all of it where it stands alone."""
        if self.log10_lr is None or self.line(group).log10_lr is None:
            return None
        return self.log10_lr - (self.without(group) or 0.0)

    def line(self, group: str) -> Line:
        return self._by_group[group]

    @cached_property
    def _by_group(self) -> dict[str, Line]:
        return {line.group: line for line in self.lines}

    def with_exhibit_gone(self, gone: Weighed) -> float | None:
        """What the whole would be if this exhibit were not in the file."""
        line = self.line(gone.group)
        rest = tuple(member for member in line.members if member.label != gone.label)
        lines = [_line(line.group, rest) if other is line else other for other in self.lines]
        return _together([line for line in lines if line.members], self.independent)


def combine(exhibits: Iterable[Weighed], independent: Collection[str] = ()) -> Combined:
    """Group by dependency, weigh each group, multiply the groups that are `independent`, and average with the rest."""
    groups: dict[str, list[Weighed]] = {}
    for exhibit in exhibits:
        groups.setdefault(exhibit.group, []).append(exhibit)
    lines = tuple(_line(name, members) for name, members in groups.items())
    accepted = frozenset(independent)
    return Combined(lines, _together(lines, accepted), _how(lines, accepted), accepted)


def _split(lines: Iterable[Line], independent: Collection[str]) -> tuple[list[float], list[float]]:
    """The numbers that are multiplied, and those that are averaged with the product."""
    numbered = [(line.group, line.log10_lr) for line in lines if line.log10_lr is not None]
    product = [value for group, value in numbered if group in independent]
    if len(product) < 2:
        return [], [value for _, value in numbered]
    return product, [value for group, value in numbered if group not in independent]


def _together(lines: Iterable[Line], independent: Collection[str]) -> float | None:
    product, rest = _split(lines, independent)
    if product:
        return mean([min(sum(product), LARGEST), *rest])
    return mean(rest) if rest else None


def _how(lines: Iterable[Line], independent: Collection[str]) -> str:
    product, rest = _split(lines, independent)
    if product:
        how = f"Product of {len(product)} groups whose independence was argued and accepted, at most 10^{LARGEST:.0f}"
        return f"{how}; mean of it and {len(rest)} more." if rest else f"{how}."
    if not rest:
        return "No exhibit has a likelihood ratio; they are read one by one."
    if len(rest) == 1:
        return "One line of evidence has a likelihood ratio; it stands for all."
    return f"Mean of the likelihood ratios of {len(rest)} groups. Not multiplied: independence is not argued."


def _line(group: str, members: Sequence[Weighed]) -> Line:
    members = tuple(members)
    numbered = [member for member in members if member.counted is not None]
    if not numbered:
        return Line(group, members, None, "no likelihood ratio")
    if len(numbered) == 1:
        one = numbered[0]
        return Line(group, members, one.counted, f"as {one.label}", one.label)
    for chosen, why in (
        ([member for member in numbered if member.planned and member.primary], "declared primary"),
        ([member for member in numbered if member.planned], "planned"),
    ):
        if len(chosen) == 1:
            one = chosen[0]
            return Line(group, members, one.counted, f"as {one.label}, {why} before the data were seen", one.label)
    return Line(group, members, mean([m.counted for m in numbered if m.counted is not None]), "mean of the group")


def mean(log10_values: Sequence[float]) -> float:
    """log10 of the arithmetic mean of ratios given as log10, without overflow."""
    top = max(log10_values)
    return top + math.log10(sum(10 ** (value - top) for value in log10_values) / len(log10_values))
