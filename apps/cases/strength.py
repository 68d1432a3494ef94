"""How strong the exhibits are together, said conservatively.

Each exhibit has a likelihood ratio (LR) no larger than its validation carries (the cap). Exhibits of one dependency
group (same key, same log, same accounts) look at the same thing: they are never multiplied, and the group has the LR of
the test that was planned beforehand, or else the mean of its LRs. Groups are multiplied only where an argument for
their independence is on file that another person accepted, and then up to the largest ratio that may be reported at
all; the others are averaged. The mean of LRs keeps its meaning whatever the dependence (Vovk and Wang, "E-values:
calibration, combination and applications", 2021); never the best of several.

Pure: plain numbers in and out. All values are log10 of likelihood ratios.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from apps.evidence.fingerprints import scales
from apps.evidence.fingerprints.strength import LARGEST_LR


@dataclass(frozen=True)
class Weighed:
    """One exhibit: `planned` when its test was declared before the data were seen; `log10_lr` None has no number."""

    label: str
    group: str
    log10_lr: float | None
    cap: float | None = None
    planned: bool = False

    @property
    def reported(self) -> float | None:
        if self.log10_lr is None:
            return None
        return self.log10_lr if self.cap is None else min(self.log10_lr, self.cap)


@dataclass(frozen=True)
class Line:
    """One dependency group: an independent line of evidence as far as anyone knows."""

    group: str
    labels: tuple[str, ...]
    log10_lr: float | None
    how: str


@dataclass(frozen=True)
class Combined:
    """All lines together. `log10_lr` is None where no exhibit has a number."""

    lines: tuple[Line, ...]
    log10_lr: float | None
    how: str

    @property
    def words(self) -> str:
        return words(self.log10_lr)


LARGEST = math.log10(LARGEST_LR)


def combine(exhibits: Iterable[Weighed], independent: Collection[str] = ()) -> Combined:
    """Group by dependency, weigh each group, multiply the groups that are `independent`, and average with the rest."""
    groups: dict[str, list[Weighed]] = {}
    for exhibit in exhibits:
        groups.setdefault(exhibit.group, []).append(exhibit)
    lines = tuple(_line(name, members) for name, members in groups.items())
    numbers = [line.log10_lr for line in lines if line.log10_lr is not None]
    if not numbers:
        return Combined(lines, None, "No exhibit has a likelihood ratio; they are read one by one.")
    if len(numbers) == 1:
        return Combined(lines, numbers[0], "One line of evidence has a likelihood ratio; it stands for all.")
    product = [line.log10_lr for line in lines if line.log10_lr is not None and line.group in independent]
    if len(product) < 2:
        how = f"Mean of the likelihood ratios of {len(numbers)} groups. Not multiplied: independence is not argued."
        return Combined(lines, mean(numbers), how)
    rest = [line.log10_lr for line in lines if line.log10_lr is not None and line.group not in independent]
    how = f"Product of {len(product)} groups whose independence was argued and accepted, at most 10^{LARGEST:.0f}"
    how += f"; mean of it and {len(rest)} more." if rest else "."
    return Combined(lines, mean([min(sum(product), LARGEST), *rest]), how)


def _line(group: str, members: Sequence[Weighed]) -> Line:
    labels = tuple(member.label for member in members)
    numbered = [member for member in members if member.reported is not None]
    if not numbered:
        return Line(group, labels, None, "no likelihood ratio")
    planned = [member for member in numbered if member.planned]
    if len(numbered) == 1:
        return Line(group, labels, numbered[0].reported, f"as {numbered[0].label}")
    if len(planned) == 1:
        return Line(group, labels, planned[0].reported, f"as {planned[0].label}, planned before the data were seen")
    return Line(group, labels, mean([m.reported for m in numbered if m.reported is not None]), "mean of the group")


def mean(log10_values: Sequence[float]) -> float:
    """log10 of the arithmetic mean of ratios given as log10, without overflow."""
    top = max(log10_values)
    return top + math.log10(sum(10 ** (value - top) for value in log10_values) / len(log10_values))


def words(log10_lr: float | None) -> str:
    """The words of the scale in force; below 1 the ratio is turned round, as the scale demands."""
    if log10_lr is None:
        return "no number"
    scale = scales.scale(scales.LR_SCALE)
    said = scale.words(abs(log10_lr))
    return f"{said} support" if log10_lr >= 0 or said == "no" else f"{said} support for the alternative"
