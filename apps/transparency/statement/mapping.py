"""From a decision and the letter about it to a statement: which field says what. docs/transparency.md has the table.

The texts are those of the finding, which are the same for each of its accounts; nothing that is known of one account
alone stands in them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.notices.letter.reasons import AUTOMATION, END_FIELD, RESTRICTIONS
from apps.transparency.statement.schema import LONG, LONGEST, SHORT, TERRITORY

# What a letter may tell of that is reported; a warning restricts nothing.
REPORTED = tuple(name for name, fields in RESTRICTIONS.items() if fields)

# What the finding rests on (ids of the theories): the category beside "other violation of the terms", "" for none, and
# the keyword.
BASES = {
    "multiple_accounts": ("STATEMENT_CATEGORY_SCAMS_AND_FRAUD", "KEYWORD_INAUTHENTIC_ACCOUNTS"),
    "dtsa": ("STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS", "KEYWORD_TRADE_SECRET_INFRINGEMENT"),
    "eu_trade_secret": ("STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS", "KEYWORD_TRADE_SECRET_INFRINGEMENT"),
    "dmca": ("STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS", "KEYWORD_COPYRIGHT_INFRINGEMENT"),
    "region": ("", "KEYWORD_GEOGRAPHICAL_REQUIREMENTS"),
}


@dataclass(frozen=True)
class Reasons:
    """What a finding and the decision about it say in public, of all of its accounts alike."""

    conduct: str
    conduct_from: date
    conduct_to: date
    likelihood: str  # e.g. "very likely (80–95 %)"
    shown: tuple[str, ...]  # what the exhibits show
    explanations: tuple[tuple[str, str], ...]  # innocent ones that were considered, each with what became of it
    limits: str
    bases: frozenset[str] = frozenset()  # ids of theories
    territory: tuple[str, ...] = ()  # countries; none: worldwide
    was_reported: bool = False


@dataclass(frozen=True)
class Words:
    """The free text of a statement: as made of the reasons, or as somebody wrote it for the database."""

    facts: str
    explanation: str


@dataclass(frozen=True)
class Told:
    """What a letter told its recipient of the measure, and since when there is the account."""

    restriction: str
    starts_on: date
    ends_on: date | None
    clauses: tuple[tuple[str, str, date], ...]  # document, where in it, day of the version
    is_detected_automatically: bool
    decided_automatically: str
    opened_on: date | None = None


def words(reasons: Reasons) -> Words:
    facts = [
        f"Conduct, {reasons.conduct_from} to {reasons.conduct_to}: {sentence(reasons.conduct)}",
        *_listed("What shows it:", [sentence(shown) for shown in reasons.shown]),
        *_listed("Innocent explanations that were considered:", [_considered(*each) for each in reasons.explanations]),
        f"What is not known: {sentence(reasons.limits)}",
    ]
    return Words("\n".join(facts), f"It is {reasons.likelihood} that this happened: {sentence(reasons.conduct)}")


def _considered(explanation: str, outcome: str) -> str:
    return f"{explanation.rstrip(' .')}: {sentence(outcome)}"


def _listed(title: str, sentences: list[str]) -> list[str]:
    return [title, *(f"- {one}" for one in sentences)] if sentences else []


def sentence(said: str) -> str:
    said = " ".join(said.split())
    return said if said.endswith((".", "!", "?")) else f"{said}."


def shortened(said: str, longest: int) -> str:
    """The text, or as many of its words as there is room for, and an ellipsis."""
    if len(said) <= longest:
        return said
    return f"{said[: longest - 1].rsplit(None, 1)[0]}…"


def ground(clauses: Collection[tuple[str, str, date]]) -> str:
    cited = (f"{document}, {place} (version of {version})" for document, place, version in clauses)
    return shortened("; ".join(cited), SHORT)


def statement(puid: str, told: Told, reasons: Reasons, said: Words) -> dict[str, Any]:
    bases = [BASES[basis] for basis in sorted(reasons.bases & BASES.keys())]
    end = {END_FIELD[told.restriction]: told.ends_on.isoformat()} if told.ends_on and _ends(told) else {}
    return {
        "puid": puid,
        **RESTRICTIONS[told.restriction],
        **end,
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": ground(told.clauses),
        "incompatible_content_explanation": shortened(said.explanation, LONG),
        "incompatible_content_illegal": "No",
        "content_type": ["CONTENT_TYPE_TEXT"],
        "category": "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
        "category_addition": sorted({category for category, _ in bases if category}),
        "category_specification": sorted({keyword for _, keyword in bases}),
        "territorial_scope": sorted(TERRITORY.intersection(reasons.territory or TERRITORY)),
        "content_date": (told.opened_on or reasons.conduct_from).isoformat(),
        "application_date": told.starts_on.isoformat(),
        "decision_facts": shortened(said.facts, LONGEST),
        "source_type": "SOURCE_TYPE_OTHER_NOTIFICATION" if reasons.was_reported else "SOURCE_VOLUNTARY",
        "automated_detection": "Yes" if told.is_detected_automatically else "No",
        "automated_decision": AUTOMATION[told.decided_automatically],
    }


def _ends(told: Told) -> bool:
    return told.restriction in END_FIELD
