"""The case's accounts as a set: added by group or query, taken out with a reason, put back.

Always in one statement, however many there are; the event holds the query, the count, and the digest of every row.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import Account, Ring, RingMember
from apps.alerts import actions as alerts
from apps.alerts.models import AlertGroup
from apps.audit import ledger
from apps.audit.action import action
from apps.cases import drills
from apps.cases.campaign import figures
from apps.cases.models import Case, CaseAccount, CaseGroup
from apps.cases.selection import Selection

HOW_LENGTH = 300


@action
def add_group(case: Case, *, group: AlertGroup, by, reason: str = "") -> int:
    """Take an alert group into the case, with the accounts its alerts name; returns how many of these are new to it.

    Without a `reason` only where one of its detectors stands alone, see `alerts.escalate`.
    """
    home = CaseGroup.objects.filter(group=group).select_related("case").first()
    if home:
        raise ValidationError(f"The group is in {home.case} already.")
    drills.refuse_mixing(case, group.drill, f"The group “{group.title}”")
    alerts.escalate(group, reason=reason, by=by)
    ledger.create(CaseGroup, case=case, group=group, added_by=by, added_at=timezone.now())
    accounts = Account.objects.filter(alerted__alert__group=group).order_by().distinct()
    return _add(case, accounts, how=f"alert group: {group.title}", by=by, group=str(group.pk))


@action
def add_accounts(case: Case, *, query: dict[str, Any], by) -> int:
    """Add every account that a query picks; returns how many are new. See `Selection` for what may be asked.

    Accounts that were taken out before stay out: they are put back by name, with `restore_accounts`. Raises
    ValidationError when the query has no condition, cannot be read, or picks nothing.
    """
    selection = Selection.read(query)
    if selection.everyone:
        raise ValidationError("Say which accounts: every account there is was not meant.")
    accounts = selection.of(Account.objects.order_by())
    if not accounts.exists():
        raise ValidationError(f"No account is picked by: {selection.words}.")
    return _add(case, accounts, how=f"query: {selection.words}", by=by, query=selection.facts)


@action
def add_ring(case: Case, *, ring: Ring, by) -> int:
    """Add every present member of a ring; returns how many are new to the case. Whoever was taken out stays out."""
    if ring.state in (Ring.State.INNOCENT, Ring.State.DISSOLVED):
        raise ValidationError(f"{ring} is {ring.get_state_display().lower()}: it brings nobody into a case.")
    members = RingMember.objects.filter(ring=ring, until_run__isnull=True)
    accounts = Account.objects.order_by().filter(pk__in=members.values("account"))
    if not accounts.exists():
        raise ValidationError(f"{ring} has no members at present.")
    return _add(case, accounts, how=f"ring: {ring.ref}", by=by, ring=str(ring.pk))


def _add(case: Case, accounts: QuerySet[Account], *, how: str, by, **details: Any) -> int:
    how = how if len(how) <= HOW_LENGTH else f"{how[: HOW_LENGTH - 1]}…"
    picked, params = accounts.values("pk").query.sql_with_params()
    with ledger.batch(case, how=how, matched=accounts.count(), **details) as rows:
        rows.details["added"] = added = rows.run(
            CaseAccount,
            "INSERT INTO cases_caseaccount"  # noqa: S608 - Django's own SQL
            " (id, case_id, account_id, added_how, added_at, added_by_id, excluded_why)"
            f" SELECT core_uuid7(), %s, picked.id, %s, %s, %s, '' FROM ({picked}) AS picked (id)"
            f" {TAKE_UP_AGAIN}",
            [case.pk, how, timezone.now(), by.pk, *params],
        )
    figures.ask_ahead(case, by=by)
    return added


# What was taken back is as if it had never been there; everybody else who is or was in the case stays as they are.
TAKE_UP_AGAIN = """ON CONFLICT (case_id, account_id) DO UPDATE SET added_how = EXCLUDED.added_how,
    added_at = EXCLUDED.added_at, added_by_id = EXCLUDED.added_by_id, excluded_at = NULL, excluded_by_id = NULL,
    excluded_why = '', taken_back_at = NULL WHERE cases_caseaccount.taken_back_at IS NOT NULL"""


@action
def exclude_accounts(
    case: Case, *, why: str, by, account_ids: Iterable[UUID | str] | None = None, query: dict[str, Any] | None = None
) -> int:
    """Take accounts out of the case, because they do not belong; returns how many. They stay on file with the reason.

    No later finding or measure meets them. Raises ValidationError without a reason, or when it would take out nothing.
    """
    if not why.strip():
        raise ValidationError({"why": "Say why the accounts are taken out."})
    return _mark(
        case,
        "SET excluded_at = %s, excluded_by_id = %s, excluded_why = %s WHERE case_id = %s AND excluded_at IS NULL",
        [timezone.now(), by.pk, why.strip(), case.pk],
        by=by,
        account_ids=account_ids,
        query=query,
        why=why.strip(),
    )


@action
def clear_account(case: Case, *, account_id: UUID, why: str, by) -> None:
    """Take one account out of the case because an appeal was right, in whatever state the case is. Nothing changes
    where somebody has taken it out before."""
    is_there = CaseAccount.objects.filter(case=case, account=account_id, excluded_at=None).exists()
    if not is_there:
        ledger.note(case, account=str(account_id), why=why)
        return
    _mark(
        case,
        "SET excluded_at = %s, excluded_by_id = %s, excluded_why = %s WHERE case_id = %s AND excluded_at IS NULL",
        [timezone.now(), by.pk, why, case.pk],
        by=by,
        account_ids=[account_id],
        query=None,
        why=why,
    )


@action
def restore_accounts(
    case: Case,
    *,
    by,
    account_ids: Iterable[UUID | str] | None = None,
    query: dict[str, Any] | None = None,
    reason: str = "",
) -> int:
    """Put accounts back that had been taken out; returns how many."""
    return _mark(
        case,
        "SET excluded_at = NULL, excluded_by_id = NULL, excluded_why = ''"
        " WHERE case_id = %s AND excluded_at IS NOT NULL AND taken_back_at IS NULL",
        [case.pk],
        by=by,
        account_ids=account_ids,
        query=query,
    )


def _mark(case: Case, change: str, params: list, *, by, account_ids, query, **details: Any) -> int:
    """Run an UPDATE of members over a list of accounts or a query, and record how many it met."""
    if (account_ids is None) == (query is None):
        raise TypeError("give either account_ids or query")
    if query is not None:
        selection = Selection.read(query)
        picked, more = selection.of(Account.objects.order_by()).values("pk").query.sql_with_params()
        which, details["query"] = f"account_id IN ({picked})", selection.facts
    else:
        which, more = "account_id = ANY(%s::uuid[])", ([str(pk) for pk in account_ids],)
    with ledger.batch(case, **details) as rows:
        rows.details["accounts"] = count = rows.run(
            CaseAccount,
            f"UPDATE cases_caseaccount {change} AND {which}",
            [*params, *more],
        )
        if not count:
            raise ValidationError("No account of the case is picked by this: nothing was changed.")
    figures.ask_ahead(case, by=by)
    return count
