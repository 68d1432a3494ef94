"""Whether a conclusion is carried: by independent evidence, by its weakest link, and no further than the level below.

R4   "substantiated" takes at least two independent evidence families, at least one alternative that was tested, and a
     reviewer who is not the author.
R10  attribution levels are stored separately, account, cluster, operator, organisation, state; confidence does not rise
     along the chain.
R11  confidence is at most that of the weakest necessary link.

Each function returns what is wrong in sentences, none where nothing is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from apps.cases.models import Confidence, Exhibit, Explanation, FindingExplanation, Level, Party
from apps.cases.standards.families import FAMILIES, SAID
from apps.cases.standards.likelihood import SUBSTANTIATED, rank
from apps.cases.standards.theories import CONDUCT, THEORIES


@dataclass(frozen=True)
class Shown:
    """An element of a theory, how sure it is ("": a gap), and the numbers of the exhibits that show it."""

    theory: str
    element: str
    name: str
    standard: str
    is_necessary: bool
    confidence: str = ""
    exhibits: tuple[int, ...] = ()


@dataclass(frozen=True)
class Claimed:
    """A level of attribution, and on what it rests."""

    level: str
    confidence: str
    basis: str
    party: Party | None = None


# --- R4 ---------------------------------------------------------------------------------------------------------------


def independent_families(exhibits: Iterable[Exhibit]) -> set[str]:
    """Families that do not rest on the same source as another one. What was only said is none, and what speaks for
    nothing or against it."""
    speaking = (e for e in exhibits if e.family not in SAID and (e.log10_lr is None or e.log10_lr > 0))
    lines = {(e.family, e.dependency_group) for e in speaking}
    return {
        family
        for one, other in combinations(lines, 2)
        if one[0] != other[0] and one[1] != other[1]
        for family in (one[0], other[0])
    }


def unsubstantiated(
    confidence: str, exhibits: Sequence[Exhibit], explanations: Sequence[Explanation | FindingExplanation]
) -> list[str]:
    """Why a finding of this confidence could not be called substantiated."""
    if confidence not in SUBSTANTIATED:
        return []
    problems = []
    if not independent_families(exhibits):
        seen = ", ".join(sorted({str(FAMILIES[e.family]) for e in exhibits})) or "none"
        problems.append(
            "Too few families of evidence: from “likely” on, two of them carry a finding, each from a source of its own"
            f" (here: {seen}). Add an exhibit of another kind, or say “roughly even chance”. (R4)"
        )
    if not any(explanation.is_tested for explanation in explanations):
        problems.append(
            "No other explanation was tested: from “likely” on, at least one is. Test one and say what it showed, or"
            " say “roughly even chance”. (R4)"
        )
    return problems


# --- R11 --------------------------------------------------------------------------------------------------------------


def elements(
    theories: Sequence[str], exhibits: Sequence[Exhibit], confidence: str, said: Iterable[Shown] | None
) -> list[Shown]:
    """Every element of the theories: as it was said, else by what the exhibits were entered to show."""
    told = {(one.theory, one.element): one for one in said or ()}
    return [
        _shown(theory, element, told.get((theory, element.id)), exhibits, confidence if said is None else "")
        for theory in theories
        for element in THEORIES[theory].elements
    ]


def _shown(theory: str, element, told: Shown | None, exhibits: Sequence[Exhibit], confidence: str) -> Shown:
    numbers = told.exhibits if told else ()
    if confidence:
        numbers = tuple(e.number for e in exhibits if e.element in element.shown_by)
    sure = (told.confidence if told else confidence) if numbers else ""
    return Shown(theory, element.id, element.name, element.standard, element.necessary, sure, numbers)


def weak_links(confidence: str, found: Iterable[Shown]) -> list[str]:
    """The necessary elements that are less sure than the finding. A gap carries a roughly even chance at most."""
    return [
        f"“{_word(confidence)}” is more than its weakest necessary link carries: “{one.name}”, which"
        f" {_theory(one)} needs, is {_word(one.confidence) if one.confidence else 'shown by no exhibit'}. Name the"
        " exhibits that show it, take another ground, or lower the confidence. (R11)"
        for one in found
        if one.is_necessary and max(rank(one.confidence), 1) < rank(confidence)
    ]


def _theory(shown: Shown) -> str:
    name = THEORIES[shown.theory].name
    return f"“{name[:1].lower()}{name[1:]}”" if shown.theory != CONDUCT else "the conduct"


# --- R10 --------------------------------------------------------------------------------------------------------------


def broken_chain(confidence: str, levels: Sequence[Claimed]) -> list[str]:
    """Where a level is surer than the one it needs, or stands on none."""
    chain = [Claimed(Level.ACCOUNT, confidence, "-"), *sorted(levels, key=lambda one: Level.values.index(one.level))]
    problems = [
        f"“{Level(upper.level).label}” is {_word(upper.confidence)} and rests on “{Level(lower.level).label}”, which is"
        f" only {_word(lower.confidence)}: confidence does not rise along the chain. Lower it, or raise what it rests"
        " on. (R10)"
        for lower, upper in pairwise(chain)
        if rank(upper.confidence) > rank(lower.confidence)
    ]
    claimed = {one.level for one in chain}
    for one in chain[1:]:
        below = Level.values[: Level.values.index(one.level)]
        if gaps := [Level(level).label for level in below if level not in claimed]:
            problems.append(
                f"“{Level(one.level).label}” stands on nothing: each level rests on the one below. Say first how sure"
                f" this is: {', '.join(gaps).lower()}. (R10)"
            )
    return problems


def _word(confidence: str) -> str:
    return str(Confidence(confidence).label).partition(" (")[0] if confidence else "not shown"
