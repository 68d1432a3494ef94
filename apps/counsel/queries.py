from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet

from apps.cases.models import Case, Exhibit, Party
from apps.cases.queries import visible_cases
from apps.counsel.models import Counsel, Element, Theory
from apps.counsel.strength import Overall, Weighed, overall

# Whom one writes to first.
RANK = (Counsel.Role.LEAD, Counsel.Role.CO, Counsel.Role.LOCAL, Counsel.Role.IN_HOUSE)


def visible_counsel(user) -> QuerySet[Counsel]:
    found = Counsel.objects.select_related("case", "party", "recorded_by")
    return found.filter(case__in=visible_cases(user)) if user.has_perm("counsel.view") else found.none()


def visible_theories(user) -> QuerySet[Theory]:
    """Work product is for counsel; to everybody else there is none."""
    found = Theory.objects.select_related("case", "adopted_by", "withdrawn_by")
    return found.filter(case__in=visible_cases(user)) if user.has_perm("counsel.view_privileged") else found.none()


def visible_elements(user) -> QuerySet[Element]:
    return Element.objects.filter(theory__in=visible_theories(user)).select_related("theory__case", "weighed_by")


@dataclass(frozen=True)
class Side:
    """Who acts or acted for a party of a case, or for us."""

    party: Party | None
    counsel: list[Counsel]  # those whose engagement has no end first
    acting: list[Counsel]  # of them, on the day that was asked for


def sides(user, case: Case, on: date) -> list[Side]:
    """Ours first, then those of the parties that have or had somebody, by name."""
    found = sorted(visible_counsel(user).filter(case=case), key=_order)
    parties = sorted({one.party for one in found if one.party}, key=str)
    by_party = [(party, [one for one in found if one.party == party]) for party in (None, *parties)]
    return [Side(party, counsel, [one for one in counsel if one.acts_on(on)]) for party, counsel in by_party]


def _order(counsel: Counsel) -> tuple[bool, int, date]:
    return counsel.acts_until is not None, RANK.index(Counsel.Role(counsel.role)), counsel.acts_from


def acting_for(party: Party, on: date) -> list[Counsel]:
    """Who acts for a party on a day, whoever is written to first at the head."""
    return sorted(_acting(on).filter(party=party), key=_order)


def represented(case: Case, on: date) -> dict[Party, Counsel]:
    """The parties of a case that somebody acts for on a day, each with whom one writes to."""
    found: dict[Party, Counsel] = {}
    for one in sorted(_acting(on).filter(case=case, party__isnull=False).select_related("party"), key=_order):
        assert one.party
        found.setdefault(one.party, one)
    return found


def _acting(on: date) -> QuerySet[Counsel]:
    return Counsel.objects.filter(Q(acts_until=None) | Q(acts_until__gt=on), acts_from__lte=on)


def address_of(party: Party, on: date) -> tuple[str, ...]:
    """The lines under which a party is written to: through its counsel, when it has one on that day."""
    if acting := acting_for(party, on):
        first, *more = acting[0].address_lines
        return (party.name, f"c/o {first}", *more)
    return (party.name, *filter(None, map(str.strip, party.address.splitlines())))


@dataclass(frozen=True)
class Standing:
    """A theory of a case with what becomes of it."""

    theory: Theory
    elements: list[Element]

    @property
    def overall(self) -> Overall:
        return overall(Weighed(one.title, one.strength, one.is_necessary) for one in self.elements)

    @property
    def label(self) -> str:
        return Element.Strength(self.overall.strength).label

    @property
    def open(self) -> list[Element]:
        return [element for element in self.elements if element.is_open]


def standings(user, case: Case) -> list[Standing]:
    """Theories that are pursued, the earliest first, then those that were withdrawn. Two queries."""
    theories = visible_theories(user).filter(case=case).prefetch_related("elements")
    ordered = theories.order_by(F("withdrawn_at").asc(nulls_first=True), "adopted_at", "id")
    return [Standing(theory, list(theory.elements.all())) for theory in ordered]


@dataclass(frozen=True)
class Row:
    """An element against the exhibits that bear on its theory: "+" where one carries it, "−" where one speaks against
    it, "" where it says nothing."""

    element: Element
    cells: list[str]


@dataclass(frozen=True)
class Matrix:
    exhibits: list[Exhibit]
    rows: list[Row]
    unused: int  # exhibits of the case that bear on no element


CARRIES, AGAINST = "+", "−"


def matrix(standing: Standing) -> Matrix:
    """Elements by exhibits. What no exhibit carries stays an empty row."""
    exhibits = list(standing.theory.case.exhibits.select_related("item").order_by("number"))
    said = {number for element in standing.elements for number in (*element.supporting, *element.opposing)}
    shown = [exhibit for exhibit in exhibits if exhibit.number in said]
    rows = [Row(element, [_cell(element, exhibit.number) for exhibit in shown]) for element in standing.elements]
    return Matrix(shown, rows, len(exhibits) - len(shown))


def _cell(element: Element, number: int) -> str:
    return CARRIES if number in element.supporting else AGAINST if number in element.opposing else ""
