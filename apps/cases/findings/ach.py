"""Analysis of competing hypotheses: exhibits against hypotheses, what tells them apart, which is least contradicted.

Heuer, "Psychology of Intelligence Analysis" (1999), chapter 8: evidence that goes with every hypothesis says nothing,
however much there is of it; the likeliest hypothesis is the one with least against it, not the one with most for it.
What is suspected is a hypothesis among the others. Exhibits of one source count once (as in `strength`).

Pure: plain values in and out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CONSISTENT, INCONSISTENT = "C", "I"


@dataclass(frozen=True)
class Diagnosis:
    """What one exhibit tells: how many hypotheses it goes with, how many it speaks against, how many nobody rated."""

    consistent: int
    inconsistent: int
    open: int

    @property
    def share(self) -> float:
        """Of the pairs of hypotheses that it could tell apart, those that it does: 0 says nothing, 1 tells most."""
        rated = self.consistent + self.inconsistent
        best = (rated // 2) * (rated - rated // 2)
        return self.consistent * self.inconsistent / best if best else 0.0

    @property
    def tells_apart(self) -> bool:
        return self.consistent > 0 and self.inconsistent > 0

    @property
    def words(self) -> str:
        rated = self.consistent + self.inconsistent
        if not rated:
            return "not weighed"
        if self.tells_apart:
            return f"speaks against {self.inconsistent} of {rated}"
        if self.open:
            return "tells nothing apart yet"
        return "goes with everything: says nothing" if self.consistent else "goes with nothing: look again"


def diagnose(ratings: Iterable[str], hypotheses: int) -> Diagnosis:
    """Of one exhibit's ratings ("C", "I", "N/A") under so many hypotheses."""
    given = list(ratings)
    return Diagnosis(given.count(CONSISTENT), given.count(INCONSISTENT), hypotheses - len(given))


@dataclass(frozen=True)
class Standing:
    """How one hypothesis stands: exhibits against it, and the sources these come from; exhibits nobody weighed."""

    key: str  # "" for what is suspected
    name: str
    against: int
    sources_against: int
    open: int

    @property
    def order(self) -> tuple[int, int]:
        return self.sources_against, self.against


def ranked(standings: Sequence[Standing]) -> list[tuple[int, Standing]]:
    """Least contradicted first, with their places; those that stand alike share a place."""
    ordered = sorted(standings, key=lambda one: (*one.order, one.open))
    places: list[tuple[int, Standing]] = []
    for at, one in enumerate(ordered, start=1):
        same = places and places[-1][1].order == one.order
        places.append((places[-1][0] if same else at, one))
    return places
