"""What happens to account records: they are heard of, and their identifiers looked at."""

from collections.abc import Iterable

from apps.accounts import queries, seen
from apps.accounts.models import Account, Identifier, Import
from apps.audit import ledger
from apps.audit.action import action
from apps.audit.reads.look import reading


@action
def record_seen(*, refs: Iterable[str], by) -> int:
    """Make a record for each account that somebody named and casemgr did not know; returns how many were new."""
    with ledger.batch() as rows:
        return len(seen.record_accounts(rows, set(refs)))


@reading(asks=lambda account, by: not queries.is_in_case_of(account, by))
def open_identifiers(account: Account, *, by, reason: str = "") -> None:
    """Record that somebody looked at an account's identifiers."""
    ledger.note(account)


@reading
def find_sharing(identifier: Identifier, *, by) -> None:
    """Record that somebody asked which accounts have the same identifier. The trail names it by its keyed hash."""
    ledger.note(identifier, kind=identifier.kind, value_hmac=identifier.value_hmac)


@reading(asks=lambda record, by: record.kind == Import.Kind.IDENTIFIERS and record.imported_by != by.actor)
def open_rejections(record: Import, *, by, reason: str = "") -> None:
    """Record that somebody looked at the rows of an import that were not taken: they are shown as they came."""
    ledger.note(record)
