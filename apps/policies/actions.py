"""What is done to terms: they are imported, and then never change."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from apps.audit import ledger
from apps.audit.action import action
from apps.core.ids import uuid7
from apps.policies.clauses import split_clauses
from apps.policies.history import HistoryError, Record, Rejection, read_history
from apps.policies.models import Clause, Document, Text, Version
from apps.policies.wording import stated_effective_date


@dataclass
class Summary:
    """What an import did. Numbers are of rows written; `skipped` of versions that were there already."""

    documents: int = 0
    texts: int = 0
    versions: int = 0
    clauses: int = 0
    skipped: int = 0
    rejected: list[Rejection] = field(default_factory=list)


@action
def import_terms(*, path: Path | str, by, progress: Callable[[int], None] | None = None) -> Summary:
    """Import a history of terms (see `history.read_history`); importing it again changes nothing.

    Lines that cannot be taken are in `Summary.rejected` with their reason, and the others are imported. `progress` is
    called with the number of lines read. Raises ValidationError when the folder is no history.
    """
    folder = Path(path)
    plan = _Plan()
    with ledger.batch(None, folder=folder.resolve().name) as rows:
        for number, line in enumerate(_lines(folder), start=1):
            plan.take(line)
            if progress:
                progress(number)
        rows.details["index_sha256"] = hashlib.sha256((folder / "index.csv").read_bytes()).hexdigest()
        rows.details |= _write(rows, plan)
    return plan.summary


def _lines(folder: Path) -> Iterator[Record | Rejection]:
    try:
        yield from read_history(folder)
    except HistoryError as error:
        raise ValidationError(str(error)) from error


def _write(rows: ledger.Batch, plan: "_Plan") -> dict[str, Any]:
    summary = plan.summary
    summary.documents = rows.insert(Document, plan.documents)
    summary.texts = rows.insert(Text, plan.texts)
    summary.versions = rows.insert(Version, plan.versions)
    summary.clauses = rows.insert(Clause, plan.clauses())
    return asdict(summary)


class _Plan:
    """What has to be added to what is there already."""

    def __init__(self) -> None:
        self.summary = Summary()
        self.documents: list[dict[str, Any]] = []
        self.texts: list[dict[str, Any]] = []
        self.versions: list[dict[str, Any]] = []
        documents = list(Document.objects.all())
        self._document_ids = {(d.collection, d.service, d.name): str(d.pk) for d in documents}
        self._slugs = {d.slug for d in documents}
        self._text_ids = {sha256: str(pk) for sha256, pk in Text.objects.values_list("sha256", "pk")}
        seen = Version.objects.values_list("document", "recorded_at", "text__sha256")
        self._seen = {(str(document), recorded_at): sha256 for document, recorded_at, sha256 in seen}

    def take(self, line: Record | Rejection) -> None:
        if isinstance(line, Rejection):
            self.summary.rejected.append(line)
            return
        document = self._document_ids.get((line.collection, line.service, line.document), "")
        match self._seen.get((document, line.recorded_at)):
            case None:
                self._version(line)
            case line.sha256:
                self.summary.skipped += 1
            case _:
                reason = "another text of this document is recorded at this moment already"
                self.summary.rejected.append(Rejection(line.line, line.file, reason))

    def clauses(self) -> Iterator[dict[str, Any]]:
        for text in self.texts:
            for clause in split_clauses(text["content"]):
                yield {
                    "text_id": text["id"],
                    "address": clause.address,
                    "number": clause.number,
                    "heading": clause.heading,
                    "path": list(clause.path),
                    "content": clause.text,
                    "ordinal": clause.ordinal,
                    "sha256": clause.sha256,
                }

    def _version(self, record: Record) -> None:
        document, effective = self._document(record), stated_effective_date(record.text)
        self._seen[document, record.recorded_at] = record.sha256
        self.versions.append(
            {
                "document_id": document,
                "text_id": self._text(record),
                "recorded_at": record.recorded_at.isoformat(),
                "effective_from": effective and effective.isoformat(),
                "kind": record.kind,
                "commit": record.commit,
                "source_file": record.file,
                "is_stub": record.stub,
            }
        )

    def _document(self, record: Record) -> str:
        key = (record.collection, record.service, record.document)
        if key not in self._document_ids:
            self._document_ids[key] = str(uuid7())
            self.documents.append(
                {
                    "id": self._document_ids[key],
                    "collection": record.collection,
                    "service": record.service,
                    "name": record.document,
                    "slug": self._slug(record),
                }
            )
        return self._document_ids[key]

    def _slug(self, record: Record) -> str:
        base = slugify(f"{record.service} {record.document} {record.collection}")[:190] or "terms"
        slug, count = base, 1
        while slug in self._slugs:
            count += 1
            slug = f"{base}-{count}"
        self._slugs.add(slug)
        return slug

    def _text(self, record: Record) -> str:
        if record.sha256 not in self._text_ids:
            self._text_ids[record.sha256] = str(uuid7())
            self.texts.append(
                {
                    "id": self._text_ids[record.sha256],
                    "sha256": record.sha256,
                    "normalised_sha256": record.wording_sha256,
                    "content": record.text,
                    "byte_size": len(record.text.encode()),
                }
            )
        return self._text_ids[record.sha256]
