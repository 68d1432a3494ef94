"""What has to be shown, one by one, for a kind of clause or a legal theory: `theories.json`.

A gap stays visible: an element that no exhibit meets is not shown, however sure the rest is. Harvesting that is shown
does not show training.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import msgspec

from apps.cases.standards.likelihood import rank


class Standard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How sure an element has to be; `at_least` is the likelihood that the house takes for it."""

    id: str
    name: str
    at_least: str
    says: str

    def is_met(self, confidence: str) -> bool:
        return rank(confidence) >= rank(self.at_least)


class Element(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    question: str
    shown_by: tuple[str, ...]  # what an exhibit was entered to show
    necessary: bool = True
    standard: str = "balance"


class Theory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`strength` and `objections` are said of a legal theory in general; of a case counsel says it (apps/counsel)."""

    id: str
    name: str
    kind: Literal["clause", "law"]
    jurisdiction: str
    source: str
    elements: tuple[Element, ...]
    strength: str = ""
    objections: tuple[str, ...] = ()

    def element(self, name: str) -> Element | None:
        return next((element for element in self.elements if element.id == name), None)


class Theories(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    source: str
    standards: tuple[Standard, ...]
    theories: tuple[Theory, ...]


DATA = msgspec.json.decode(Path(__file__).with_name("theories.json").read_bytes(), type=Theories)
STANDARDS = {one.id: one for one in DATA.standards}
THEORIES = {one.id: one for one in DATA.theories}
LAW = [one for one in DATA.theories if one.kind == "law"]
CONDUCT = "conduct"
CHOICES = [
    ("Kinds of clauses", [(one.id, one.name) for one in DATA.theories if one.kind == "clause"]),
    ("Legal theories", [(one.id, f"{one.name} ({one.jurisdiction})") for one in LAW]),
]


def of_clauses(tags: Collection[str]) -> list[str]:
    """The theories of the kinds of conduct that clauses are tagged with, in the order of the data."""
    return [one.id for one in DATA.theories if one.id in tags and one.kind == "clause"] or [CONDUCT]
