"""Which clause of one version is the same as which of another: proposed by place and words, as far as people have not
said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from apps.policies.comparison import UNDECIDED, Decisions, partners


class Stored(Protocol):
    """A clause as it is stored."""

    address: str
    heading: str
    content: str
    sha256: str


C = TypeVar("C", bound=Stored)


@dataclass(frozen=True, slots=True)
class Part:
    """A stored clause for a comparison."""

    address: str
    heading: str
    text: str
    sha256: str
    label: str = ""


def parts(clauses: Iterable[Stored]) -> list[Part]:
    return [Part(c.address, c.heading, c.content, c.sha256, getattr(c, "label", "")) for c in clauses]


def pairs(earlier: Sequence[C], later: Sequence[C], decisions: Decisions = UNDECIDED) -> list[tuple[C, C]]:
    """The clauses of two versions that are the same, as (earlier, later) in the order of the later version."""
    found = partners(parts(earlier), parts(later), decisions)
    return [(earlier[found[j]], later[j]) for j in sorted(found)]
