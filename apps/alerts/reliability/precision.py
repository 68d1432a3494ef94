"""How often a detector turned out to be right, and whether that bears out what its owner declares. No Django here.

What counts is a group that people decided about, once, however many alerts it holds: they are decided together, and an
interval over alerts would claim a certainty that one campaign of 24,000 alerts does not give.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from apps.alerts.reliability.calibration import false_positive_rate

# What a decision says of the alerts it is about; what is missing here says neither that they were right nor wrong.
RIGHT = frozenset({"in_case"})
WRONG = frozenset({"benign", "authorised", "detector_fault"})

ENOUGH_AT_MOST = 5000  # decided groups that nobody will wait for, however small the declared rate


class Standing(StrEnum):
    """Whether the record bears the declared rate out."""

    UNDECLARED = "undeclared"
    UNDECIDED = "undecided"  # the interval holds the declared rate, and there are too few decisions to say more
    BORNE_OUT = "borne_out"
    WORSE = "worse"  # even the lower end lies above the declared rate
    NOT_BORNE_OUT = "not_borne_out"  # the upper end lies above it after decisions enough


@dataclass(frozen=True)
class Precision:
    """Of `right + wrong` decided groups; `share` of false ones with its exact 95 % interval, 0 to 1."""

    right: int
    wrong: int
    undetermined: int = 0

    @property
    def decided(self) -> int:
        return self.right + self.wrong

    @property
    def false_share(self) -> tuple[float, float, float] | None:
        """(estimate, lower, upper), or None before anything was decided."""
        return false_positive_rate(self.wrong, self.decided) if self.decided else None

    @property
    def precision(self) -> tuple[float, float, float] | None:
        """(estimate, lower, upper) of the share of true ones: the same interval, seen from the other side."""
        if not self.false_share:
            return None
        estimate, lower, upper = self.false_share
        return 1 - estimate, 1 - upper, 1 - lower


def standing(measured: Precision, declared: float | None) -> Standing:
    """Two figures decide, both ends of the same interval of the share of false groups.

    The upper end: once it has passed the declared rate although there were `enough` decisions, the rate is not borne
    out. With few decisions it always lies above, also for a detector without fault, so it is not asked before. The
    lower end: when even that has passed the declared rate, no more decisions are needed.
    """
    if declared is None:
        return Standing.UNDECLARED
    if measured.false_share is None:
        return Standing.UNDECIDED
    _, lower, upper = measured.false_share
    if lower > declared:
        return Standing.WORSE
    if upper <= declared:
        return Standing.BORNE_OUT
    return Standing.NOT_BORNE_OUT if measured.decided >= enough(declared) else Standing.UNDECIDED


@lru_cache(maxsize=256)
def enough(declared: float) -> int:
    """Decided groups from which on the upper end is asked: so many that a detector which errs half as often as it
    declares can show it. 65 for one in five, 295 for one in twenty."""
    low, high = 1, ENOUGH_AT_MOST
    while low < high:
        middle = (low + high) // 2
        if false_positive_rate(middle * declared / 2, middle)[2] <= declared:
            high = middle
        else:
            low = middle + 1
    return low
