"""What else lies in the file: parties, tasks, notes."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import Forbidden, action
from apps.cases import queries
from apps.cases.findings import wording
from apps.cases.models import Case, CaseNote, Party, Task


@action
def add_party(case: Case, *, name: str, role: str, basis: str, by, address: str = "") -> Party:
    """Somebody the case is about, in a role that is alleged until it is adjudicated, and what that rests on."""
    return ledger.create(
        Party,
        case=case,
        **_described(case, name=name, role=role, basis=basis, address=address),
        added_by=by,
        added_at=timezone.now(),
    )


@action
def correct_party(party: Party, *, name: str, role: str, basis: str, by, address: str = "") -> None:
    """Put right what the case says of a party. Drafts take it when they are drafted again; issued letters stay."""
    described = _described(party.case, name=name, role=role, basis=basis, address=address)
    changed = {field: value for field, value in described.items() if value != getattr(party, field)}
    if not changed:
        raise ValidationError("Nothing was changed: this is what the case says of the party already.")
    ledger.change(party, **changed)


def _described(case: Case, *, name: str, role: str, basis: str, address: str) -> dict[str, str]:
    """The fields, held to the rules of wording: a demand prints what it rests on. Raises ValidationError."""
    if not basis.strip():
        raise ValidationError({"basis": "Say what this rests on: a record, an exhibit, a letter."})
    wording.check_sentence(basis, field="basis", ground=queries.ground(case))
    return {"name": name.strip(), "role": role, "basis": basis.strip(), "address": address.strip()}


@action
def add_task(case: Case, *, title: str, by, assignee=None, due_on: date | None = None) -> Task:
    """Something to do, by somebody, until a day."""
    if assignee is not None and not assignee.has_perm("cases.complete_task", case):
        raise ValidationError({"assignee": f"{assignee} does not work on tasks of cases."})
    return ledger.create(
        Task, case=case, title=title.strip(), assignee=assignee, due_on=due_on, added_by=by, added_at=timezone.now()
    )


@action
def complete_task(task: Task, *, by) -> None:
    """Tick it off."""
    ledger.change(task, done_at=timezone.now(), done_by=by)


@action
def add_note(case: Case, *, body: str, by, is_privileged: bool = False) -> CaseNote:
    """A note in the file, also of a closed case. A privileged one is legal advice: for legal roles only."""
    if is_privileged and not by.has_perm("cases.view_privileged"):
        raise Forbidden("cases.add_note", by)
    if not body.strip():
        raise ValidationError({"body": "The note is empty."})
    return ledger.create(
        CaseNote, case=case, body=body.strip(), is_privileged=is_privileged, written_by=by, written_at=timezone.now()
    )
