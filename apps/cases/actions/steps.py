"""Steps on all accounts of a frozen set: part by part, each in a transaction of its own, and undone the same way.

Rows are the queue: a part writes how far the step is, and asks for the next one, in the transaction of its work. A
worker that is killed leaves either all of a part or nothing of it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import Forbidden, action
from apps.audit.principals import System
from apps.cases import queries
from apps.cases.actions.members import TAKE_UP_AGAIN
from apps.cases.campaign import figures
from apps.cases.models import BulkPart, BulkStep, Case, CaseAccount, MemberPart, MemberSet
from apps.core import jobs
from apps.core.arrays import plain

CARRY_ON = "cases.carry_on_step"
TYPED_ABOVE = 100  # accounts: a step on more is confirmed by typing their number

Kind, State = BulkStep.Kind, BulkStep.State
NEEDS = {Kind.ADD: "cases.add_accounts", Kind.EXCLUDE: "cases.exclude_accounts", Kind.RESTORE: "cases.restore_accounts"}
FOR = {Kind.ADD: MemberSet.Pool.NEW, Kind.RESTORE: MemberSet.Pool.EXCLUDED}


@action
def start_step(members: MemberSet, *, kind: str, why: str, by, typed: str = "") -> BulkStep:
    """Begin a step on exactly the accounts of a frozen set. The first part is done at once, the others by the worker.

    `typed` is their number, as whoever starts it typed it, where they are more than 100. Raises ValidationError when it
    is not, when the step does not fit the set, when nobody says why, or while another one is under way in the case.
    """
    if kind not in Kind.values:
        raise ValidationError({"kind": "Choose what is to be done."})
    if (needed := NEEDS.get(Kind(kind))) and not by.has_perm(needed, members.case):
        raise Forbidden(needed, by)
    if kind not in members.fitting:
        raise ValidationError(
            {"kind": f"“{Kind(kind).label}” does not fit {members.label}, which was frozen from {members.how}."}
        )
    if not why.strip():
        raise ValidationError({"why": "Say why: it stays beside each of them."})
    if members.count > TYPED_ABOVE and typed.strip().replace(",", "") != str(members.count):
        raise ValidationError(
            {"typed": f"This meets {members.count:,} accounts: type {members.count} to confirm that."}
        )
    wrongful = queries.wrongful_of_set(members)
    step = ledger.create(
        BulkStep,
        case=members.case,
        members=members,
        kind=kind,
        why=why.strip(),
        parts=members.parts.count(),
        expected_wrongful=wrongful.value if wrongful.known else None,
        without_probability=wrongful.unknown,
        started_by=by,
        started_at=timezone.now(),
    )
    carry_on_step(step, by=System("worker", on_behalf_of=by.actor))
    return step


@action
def undo_step(step: BulkStep, *, by) -> None:
    """Put everything back as it was before the step, also while it is under way; whoever was changed since stays so."""
    ledger.change(step, state=State.UNDOING, undone_by=by, undone_at=timezone.now())
    carry_on_step(step, by=System("worker", on_behalf_of=by.actor))


@action
def carry_on_step(step: BulkStep, *, by) -> None:
    """Deal with the next part, forwards or back, write down how far it is, and ask for the one after it."""
    Case.objects.select_for_update().get(pk=step.case_id)  # whoever changes members waits for this part
    values = _forwards(step) if step.state == State.RUNNING else _backwards(step)
    is_last = values["parts_done"] == (step.parts if step.state == State.RUNNING else 0)
    if is_last:
        values |= {"state": State.DONE if step.state == State.RUNNING else State.UNDONE, "ended_at": timezone.now()}
    ledger.change(step, **values)
    if not is_last:
        jobs.after_commit(CARRY_ON, f"{step.pk}/{step.state}/{step.parts_done}", by=by)
    elif not step.is_dry_run:
        figures.ask_ahead(step.case, by=by)


# --- forwards --------------------------------------------------------------------------------------------------------


def _forwards(step: BulkStep) -> dict[str, Any]:
    part = MemberPart.objects.get(members=step.members_id, ordinal=step.parts_done)
    at = timezone.now()
    found = _to_change(step, part)
    ids = [str(row[0]) for row in found]
    before = (
        [[str(i), out.isoformat(), str(who), why] for i, out, who, why in found] if step.kind == Kind.RESTORE else []
    )
    with ledger.batch(step, part=part.ordinal, accounts=len(ids)) as rows:
        if ids and not step.is_dry_run:
            sql, params = _writing(step, at)
            rows.run(CaseAccount, sql, [*params, plain(ids)])
        rows.insert(
            BulkPart,
            [
                {
                    "step_id": str(step.pk),
                    "ordinal": part.ordinal,
                    "at": at.isoformat(),
                    "account_ids": ids,
                    "before": before,
                }
            ],
        )
    return {"parts_done": step.parts_done + 1, "met": step.met + len(ids)}


WOULD_CHANGE = {
    Kind.ADD: """SELECT p.id, m.excluded_at, m.excluded_by_id, m.excluded_why FROM unnest(%(part)s::uuid[]) p (id)
        LEFT JOIN cases_caseaccount m ON m.account_id = p.id AND m.case_id = %(case)s
        WHERE m.id IS NULL OR m.taken_back_at IS NOT NULL""",
    Kind.EXCLUDE: """SELECT account_id, excluded_at, excluded_by_id, excluded_why FROM cases_caseaccount
        WHERE case_id = %(case)s AND account_id = ANY(%(part)s::uuid[]) AND excluded_at IS NULL""",
    Kind.RESTORE: """SELECT account_id, excluded_at, excluded_by_id, excluded_why FROM cases_caseaccount
        WHERE case_id = %(case)s AND account_id = ANY(%(part)s::uuid[])
        AND excluded_at IS NOT NULL AND taken_back_at IS NULL""",
}
# Of those in the case, whom a measure would still meet: nobody is suspended twice, or warned once they are cut off.
WOULD_MEET = """SELECT m.account_id, m.excluded_at, m.excluded_by_id, m.excluded_why
    FROM cases_caseaccount m JOIN accounts_account a ON a.id = m.account_id
    WHERE m.case_id = %(case)s AND m.account_id = ANY(%(part)s::uuid[]) AND m.excluded_at IS NULL
    AND a.status NOT IN ('suspended', 'terminated')"""


def _to_change(step: BulkStep, part: MemberPart) -> list[tuple[UUID, datetime, UUID, str]]:
    """The accounts of the part that the step changes, with how they were taken out before."""
    with connection.cursor() as cursor:
        cursor.execute(
            WOULD_CHANGE.get(Kind(step.kind), WOULD_MEET),
            {"case": step.case_id, "part": plain(str(pk) for pk in part.account_ids)},
        )
        return sorted(cursor.fetchall())


def _writing(step: BulkStep, at: datetime) -> tuple[str, list[Any]]:
    """The statement that changes the accounts named by its last parameter."""
    if step.kind == Kind.ADD:
        return (
            "INSERT INTO cases_caseaccount"  # noqa: S608 - ours
            " (id, case_id, account_id, added_how, added_at, added_by_id, excluded_why)"
            " SELECT core_uuid7(), %s, p.id, %s, %s, %s, '' FROM unnest(%s::uuid[]) p (id) " + TAKE_UP_AGAIN,
            [step.case_id, f"{step.members.label}: {step.members.how}"[:300], at, step.started_by_id],
        )
    if step.kind == Kind.EXCLUDE:
        return (
            "UPDATE cases_caseaccount SET excluded_at = %s, excluded_by_id = %s, excluded_why = %s"
            " WHERE case_id = %s AND account_id = ANY(%s::uuid[])",
            [at, step.started_by_id, step.why, step.case_id],
        )
    return (
        "UPDATE cases_caseaccount SET excluded_at = NULL, excluded_by_id = NULL, excluded_why = ''"
        " WHERE case_id = %s AND account_id = ANY(%s::uuid[])",
        [step.case_id],
    )


# --- and back --------------------------------------------------------------------------------------------------------


def _backwards(step: BulkStep) -> dict[str, Any]:
    """Put the last part back that was dealt with: only what is still as the step left it."""
    done = BulkPart.objects.get(step=step, ordinal=step.parts_done - 1)
    with ledger.batch(step, part=done.ordinal, undone=True) as rows:
        put_back = rows.run(CaseAccount, *_putting_back(step, done)) if _has_changed(step, done) else 0
        rows.details["accounts"] = put_back
    return {
        "parts_done": step.parts_done - 1,
        "put_back": step.put_back + (len(done.account_ids) if step.is_dry_run else put_back),
    }


def _has_changed(step: BulkStep, done: BulkPart) -> bool:
    return bool(done.account_ids) and not step.is_dry_run


def _putting_back(step: BulkStep, done: BulkPart) -> tuple[str, list[Any]]:
    ids = plain(str(pk) for pk in done.account_ids)
    if step.kind == Kind.ADD:
        return (
            "UPDATE cases_caseaccount SET excluded_at = %s, excluded_by_id = %s, excluded_why = %s, taken_back_at = %s"
            " WHERE case_id = %s AND account_id = ANY(%s::uuid[]) AND added_at = %s AND excluded_at IS NULL",
            [
                step.undone_at,
                step.undone_by_id,
                f"The step that brought it in was undone: {step.why}"[:300],
                step.undone_at,
                step.case_id,
                ids,
                done.at,
            ],
        )
    if step.kind == Kind.EXCLUDE:
        return (
            "UPDATE cases_caseaccount SET excluded_at = NULL, excluded_by_id = NULL, excluded_why = ''"
            " WHERE case_id = %s AND account_id = ANY(%s::uuid[]) AND excluded_at = %s AND excluded_by_id = %s",
            [step.case_id, ids, done.at, step.started_by_id],
        )
    columns = [plain(row[0] for row in done.before), plain(f'"{row[1]}"' for row in done.before)]
    return (
        "UPDATE cases_caseaccount SET excluded_at = was.at, excluded_by_id = was.by, excluded_why = was.why"
        " FROM unnest(%s::uuid[], %s::timestamptz[], %s::uuid[], %s::text[]) was (account_id, at, by, why)"
        " WHERE case_id = %s AND cases_caseaccount.account_id = was.account_id AND excluded_at IS NULL",
        [*columns, plain(row[2] for row in done.before), [row[3] for row in done.before], step.case_id],
    )
