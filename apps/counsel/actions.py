"""Who acts in a case, and which theories our own counsel pursues in it.

What is said of a theory never becomes the reason of an event, which stands in the trail for everybody.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.audit.reads.look import reading
from apps.cases.models import Case, Exhibit, Party
from apps.cases.standards.theories import DATA, THEORIES
from apps.counsel.models import Counsel, Element, Note, Theory

# --- who acts --------------------------------------------------------------------------------------------------------


@action
def record_counsel(
    case: Case,
    *,
    role: str,
    acts_from: date,
    by,
    party: Party | None = None,
    acts_until: date | None = None,
    **who: str,
) -> Counsel:
    """Enter a lawyer or a firm that acts in a case: for a party, or without one for us.

    `who` has name, firm, admitted, reference, email and address, as far as they are known. Raises ValidationError when
    it names nobody, or the party is not of the case.
    """
    return ledger.create(
        Counsel,
        case=case,
        party=_of_case(party, case),
        role=role,
        acts_from=acts_from,
        acts_until=acts_until,
        **_trimmed(who),
        recorded_by=by,
        recorded_at=timezone.now(),
    )


@action
def correct_counsel(
    counsel: Counsel,
    *,
    role: str,
    acts_from: date,
    by,
    party: Party | None = None,
    acts_until: date | None = None,
    **who: str,
) -> None:
    """Correct what is said of them. What it said before stays in the trail."""
    party = _of_case(party, counsel.case)
    ledger.change(counsel, role=role, party=party, acts_from=acts_from, acts_until=acts_until, **_trimmed(who))


@action
def end_engagement(counsel: Counsel, *, acts_until: date, by) -> None:
    """They do not act any more from this day on: the party is written to directly again."""
    ledger.change(counsel, acts_until=acts_until)


def _of_case(party: Party | None, case: Case) -> Party | None:
    if party and party.case_id != case.pk:
        raise ValidationError({"party": "This is a party of another case."})
    return party


def _trimmed(who: dict[str, str]) -> dict[str, str]:
    return {name: value.replace("\r\n", "\n").strip() for name, value in who.items()}


# --- what our counsel thinks -----------------------------------------------------------------------------------------


@reading
def open_theory(theory: Theory, *, by) -> None:
    """Record that somebody read what counsel thinks of a theory."""
    ledger.note(theory)


@action
def adopt_theory(case: Case, *, theory: str, jurisdiction: str, by, note: str = "") -> Theory:
    """Pursue a ground of the data in this case, under some law. Each of its elements is missing at first.

    Raises ValidationError for a ground that the data do not have, and when it is adopted for that law already.
    """
    standard = THEORIES.get(theory)
    if standard is None or standard.kind != "law":
        raise ValidationError({"theory": f"There is no legal theory “{theory}”."})
    adopted = ledger.create(
        Theory,
        case=case,
        theory=theory,
        jurisdiction=jurisdiction.strip(),
        version=DATA.version,
        adopted_by=by,
        adopted_at=timezone.now(),
    )
    for ordinal, element in enumerate(standard.elements):
        ledger.create(
            Element,
            theory=adopted,
            element=element.id,
            title=element.name,
            is_necessary=element.necessary,
            ordinal=ordinal,
        )
    if note.strip():
        _write_down(adopted, note, by)
    return adopted


@action
def weigh_element(
    element: Element,
    *,
    strength: str,
    by,
    note: str = "",
    against: str = "",
    supporting: Sequence[Exhibit] = (),
    opposing: Sequence[Exhibit] = (),
) -> None:
    """Say how strong an element is and why, which exhibits carry it, and what speaks against it."""
    if any(exhibit.case_id != element.theory.case_id for exhibit in (*supporting, *opposing)):
        raise ValidationError("An element rests on exhibits of its own case.")
    ledger.change(
        element,
        strength=strength,
        note=note.strip(),
        against=against.strip(),
        supporting=_numbers(supporting),
        opposing=_numbers(opposing),
        weighed_by=by,
        weighed_at=timezone.now(),
    )


@action
def withdraw_theory(theory: Theory, *, why: str, by) -> None:
    """Pursue it no more. It stays on record as it was, with the reason, and can be adopted anew."""
    ledger.change(theory, withdrawn_by=by, withdrawn_at=timezone.now(), withdrawn_why=why.strip())


@action
def add_note(theory: Theory, *, body: str, by) -> Note:
    """A privileged note on a theory, also on one that was withdrawn."""
    return _write_down(theory, body, by)


def _write_down(theory: Theory, body: str, by: Any) -> Note:
    return ledger.create(Note, theory=theory, body=body.strip(), written_by=by, written_at=timezone.now())


def _numbers(exhibits: Sequence[Exhibit]) -> list[int]:
    return sorted(exhibit.number for exhibit in exhibits)
