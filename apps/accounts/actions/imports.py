"""Files of account records: a small one is taken at once, a large one lies in the vault until its last part is written.

Each part is one transaction and one event. Whoever is killed over it leaves nothing of the part, and the next worker
begins it again at the same place.
"""

import gc
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts import importing, upserts
from apps.accounts.actions.records import record_seen
from apps.accounts.models import Account, Import, ImportRejection
from apps.audit import ledger
from apps.audit.action import action
from apps.audit.principals import System
from apps.core import jobs, vault

STEP = 1024 * 1024  # bytes
PART = 200_000  # rows of one transaction
COUNTS = ("rows", "created", "updated", "unchanged", "rejected", "derived")


@action
def import_records(
    *, kind: str, filename: str, stream: BinaryIO, by, format: str = "", idempotency_key: str | None = None
) -> Import:
    """Bring a file of records in at once, in one event; `importing` says which formats and columns.

    Each row is created, updated, unchanged, or rejected with its reason; the good ones of a file with bad ones are
    taken. Raises ValidationError when the file as a whole cannot be read, or is not of the `format` that it should be.
    """
    _check(kind)
    sha256, size = _digest(stream)
    record = Import(kind=kind, filename=filename[-255:], sha256=sha256, size=size, imported_by=by.actor)
    record.idempotency_key = idempotency_key
    with ledger.batch(record) as batch:
        try:
            with _reading(kind, stream, format=format) as reader:
                writer = _written(reader, batch, by, most=None)
        except importing.NotReadable as error:
            raise ValidationError(str(error)) from error
        for name, count in _counts(writer).items():
            setattr(record, name, count)
        record.part, (record.position, record.line) = 1, reader.position
        record.imported_at = record.finished_at = timezone.now()
        batch.insert(Import, [{f.attname: getattr(record, f.attname) for f in Import._meta.concrete_fields}])
        _keep_refused(batch, record, writer)
        batch.details |= {"kind": kind, "filename": record.filename, "sha256": sha256} | _counts(writer)
    record.refresh_from_db()
    return record


@action
def start_import(
    *, kind: str, filename: str, chunks: Iterable[bytes], by, format: str = "", idempotency_key: str | None = None
) -> Import:
    """Put a file into the vault and ask for its rows to be written, part by part.

    What is no such file is over at once, and its `failure` says why. Raises vault.TooLarge.
    """
    _check(kind)
    stored = vault.put(chunks, limit=settings.UPLOAD_MAX_BYTES)
    why = ""
    try:
        with vault.open_file(stored.sha256) as stream, _reading(kind, stream, format=format) as reader:
            next(iter(reader), None)
    except importing.NotReadable as error:
        why = str(error)
    record = ledger.create(
        Import,
        kind=kind,
        filename=filename[-255:],
        sha256=stored.sha256,
        size=stored.size,
        imported_by=by.actor,
        idempotency_key=idempotency_key,
        **({"finished_at": timezone.now(), "failure": why} if why else {}),
    )
    _remove_upload(record, by) if why else _go_on(record, by)
    return record


@action
def carry_on_import(record: Import, *, by) -> bool:
    """Write the next part of a file; returns whether there is more of it. Behind the last one the file is removed."""
    start, why = importing.Position(record.position, record.line), ""
    with ledger.batch(record) as batch:
        with vault.open_file(record.sha256) as stream, _reading(record.kind, stream, start=start) as reader:
            try:
                writer = _written(reader, batch, by, most=PART)
            except _Broken as broken:
                writer, why = broken.writer, str(broken)
        _keep_refused(batch, record, writer)
        batch.details |= {"kind": record.kind, "filename": record.filename} | _counts(writer)
    counts = {name: getattr(record, name) + count for name, count in _counts(writer).items()}
    is_over = bool(why) or reader.is_over
    ledger.change(
        record,
        **counts,
        part=record.part + 1,
        position=reader.position.at,
        line=reader.position.line,
        **({"finished_at": timezone.now(), "failure": why} if is_over else {}),
    )
    if is_over:
        _remove_upload(record, by)
    else:
        _go_on(record, by)
    return not is_over


class _Broken(importing.NotReadable):
    """A file breaks off; what lay before is written."""

    def __init__(self, reason: str, writer: upserts.Writer) -> None:
        super().__init__(reason)
        self.writer = writer


def _check(kind: str) -> None:
    if kind not in Import.Kind.values:
        raise ValidationError(f"There are no records of the kind “{kind}”: choose {', '.join(Import.Kind.values)}.")


@contextmanager
def _reading(kind: str, stream: BinaryIO, **how: Any) -> Iterator[importing.Reader]:
    with tempfile.TemporaryFile() as spare:
        yield importing.Reader(kind, stream, limit=settings.UPLOAD_MAX_UNPACKED_BYTES, spare=spare, **how)


def _written(reader: importing.Reader, batch: ledger.Batch, by, *, most: int | None) -> upserts.Writer:
    """Write slices until there are `most` rows or none are left. Raises _Broken."""
    writer = upserts.WRITERS[reader.kind](lambda refs: _make_known(refs, by))
    taken, why = 0, ""
    with _uncollected():
        try:
            for rows in reader:
                writer.take(rows, batch)
                taken += len(rows)
                if most and taken >= most:
                    break
        except importing.NotReadable as error:
            why = str(error)
        writer.flush(batch)
    if why:
        raise _Broken(why, writer)
    return writer


def _digest(stream: BinaryIO) -> tuple[str, int]:
    """SHA-256 and size of a file, which is at its beginning again afterwards."""
    digest = hashlib.sha256()
    while part := stream.read(STEP):
        digest.update(part)
    size = stream.tell()
    stream.seek(0)
    return digest.hexdigest(), size


@contextmanager
def _uncollected() -> Iterator[None]:
    """Rows hold no cycles: looking for some among hundreds of thousands costs a third of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(1_000_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _counts(writer: upserts.Writer) -> dict[str, int]:
    return {name: getattr(writer, name) for name in COUNTS}


def _keep_refused(batch: ledger.Batch, record: Import, writer: upserts.Writer) -> None:
    batch.insert(
        ImportRejection,
        (
            {"source_id": str(record.pk), "line": one.line, "reason": one.reason, "raw": one.raw}
            for one in writer.refused
        ),
    )


def _make_known(refs: set[str], by) -> None:
    """Records may speak of an account before the account's own record comes."""
    known = set(Account.objects.filter(ref__in=refs).values_list("ref", flat=True))
    if unknown := refs - known:
        record_seen(refs=unknown, by=System("import", on_behalf_of=by.actor))


def _go_on(record: Import, by) -> None:
    """Each part is a job of its own: a killed worker repeats one part."""
    jobs.after_commit("accounts.carry_on_import", f"{record.pk}/{record.part}", by=by)


def _remove_upload(record: Import, by) -> None:
    jobs.after_commit("accounts.remove_upload", f"{record.sha256}/{record.pk}", by=by)
