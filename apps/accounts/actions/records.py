"""What happens to account records: they are heard of, imported, and their identifiers looked at."""

from collections.abc import Iterable
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts import importing, queries, seen, upserts
from apps.accounts.models import Account, Identifier, Import, ImportRejection
from apps.audit import ledger
from apps.audit.action import action
from apps.audit.principals import System
from apps.audit.reads.look import reading

CHUNK = 5000


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


@action
def import_records(*, kind: str, filename: str, stream: BinaryIO, by) -> Import:
    """Bring a file of records in, NDJSON or CSV, in one event; `importing` says which columns.

    Each row is created, updated, unchanged, or rejected with its reason; the good ones of a file with bad ones are
    taken. Raises ValidationError when the file as a whole cannot be read.
    """
    if kind not in Import.Kind.values:
        raise ValidationError(f"There are no records of the kind “{kind}”: choose {', '.join(Import.Kind.values)}.")
    reader = importing.Reader(kind, filename, stream)
    record = Import(kind=kind, filename=filename[-255:])
    writer = upserts.WRITERS[kind](lambda refs: _make_known(refs, by))
    with ledger.batch(record) as rows:
        try:
            for row in reader:
                writer.take(row)
                if len(writer.waiting) >= CHUNK:
                    writer.flush(rows)
            writer.flush(rows)
        except importing.NotReadable as error:
            raise ValidationError(str(error)) from error
        counts = {name: getattr(writer, name) for name in ("created", "updated", "unchanged")}
        counts |= {"rows": reader.rows, "rejected": len(writer.rejections)}
        about = {"kind": kind, "filename": record.filename, "sha256": reader.sha256}
        rows.insert(Import, [_import_row(record, about, counts, by)])
        rows.insert(ImportRejection, ({"source_id": str(record.pk)} | rejected for rejected in writer.rejections))
        rows.details |= about | counts
    record.refresh_from_db()
    return record


def _import_row(record: Import, about: dict, counts: dict, by) -> dict:
    moment = timezone.now().isoformat()
    return {"id": str(record.pk), "imported_at": moment, "imported_by": by.actor} | about | counts


def _make_known(refs: set[str], by) -> None:
    """Records may speak of an account before the account's own record comes."""
    known = set(Account.objects.filter(ref__in=refs).values_list("ref", flat=True))
    if unknown := refs - known:
        record_seen(refs=unknown, by=System("import", on_behalf_of=by.actor))
