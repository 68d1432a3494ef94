"""Tags proposed for a clause, each with the words that it was read from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.policies.tags.conduct import Conduct, mentions
from apps.policies.tags.polarity import Governing, Polarity, governing

_ONLY = re.compile(r"\bonly\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cue:
    """Matching words: in which part of the clause, from where to where, and whether they show conduct or rule."""

    part: str  # "text", "lead_in" or "heading" (the headings joined by line ends)
    start: int
    end: int
    shows: str  # "conduct" or "polarity"


@dataclass(frozen=True, slots=True)
class Proposal:
    conduct: Conduct
    polarity: Polarity
    cues: tuple[Cue, ...]


def propose(text: str, *, lead_in: str = "", headings: Sequence[str] = ()) -> list[Proposal]:
    """The tags of a clause by its words, in the order of `Conduct`; one a conduct and polarity."""
    found: dict[tuple[Conduct, Polarity], list[Cue]] = {}
    for conduct, start, end in mentions(text):
        if rule := governing(text, lead_in, headings, start, end):
            cues = found.setdefault((conduct, _meant(conduct, rule, text, start)), [])
            cues += [Cue("text", start, end, "conduct"), Cue(rule.part, rule.start, rule.end, "polarity")]
    return [Proposal(conduct, polarity, tuple(dict.fromkeys(cues))) for (conduct, polarity), cues in found.items()]


def _meant(conduct: Conduct, rule: Governing, text: str, start: int) -> Polarity:
    """ "You may use the Services only in supported countries" is a limit on where, and permits nothing else."""
    permitted = conduct == Conduct.REGION and rule.part == "text" and rule.polarity == Polarity.PERMITS
    return Polarity.PROHIBITS if permitted and _ONLY.search(text, rule.start, start) else rule.polarity
