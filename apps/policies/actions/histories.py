"""Recorded histories of terms are imported: what is new is added, and what was recorded never changes."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from apps.audit import ledger
from apps.audit.action import action
from apps.policies import planning
from apps.policies.history import HistoryError, Record, Rejection, read_history
from apps.policies.models import Clause, Document, RejectedRecord, Sighting, Tagging, Text, Version


@dataclass
class Summary:
    """What an import did. Numbers are of rows written; `skipped` of records that were there already.

    `rejected` are lines that cannot be what the index says they are, `not_terms` those that hold redirects, empty pages
    and errors: both are kept with their reason, and only the first are a fault of the history.
    """

    documents: int = 0
    texts: int = 0
    versions: int = 0
    sightings: int = 0
    clauses: int = 0
    tags: int = 0
    skipped: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    not_terms: list[Rejection] = field(default_factory=list)

    def as_details(self) -> dict[str, Any]:
        """For the trail: without the texts of what was rejected, which the records of rejections hold."""
        told = asdict(self)
        for name in ("rejected", "not_terms"):
            told[name] = [{"line": one.line, "file": one.file, "reason": one.reason} for one in getattr(self, name)]
        return told


@action
def import_terms(*, path: Path | str, by, progress: Callable[[int], None] | None = None) -> Summary:
    """Import a history of terms (see `history.read_history`); importing it again changes nothing.

    A record that says the same as the one before it is another sighting of its version, not a new version. Records that
    come late, between known ones, take their place in time. Lines that cannot be taken are in `Summary.rejected` and
    `Summary.not_terms` with their reason, and the others are imported. `progress` is called with the number of lines
    read. Raises ValidationError when the folder is no history.
    """
    folder = Path(path)
    summary, records = Summary(), []
    with ledger.batch(None, folder=folder.resolve().name) as rows:
        for number, line in enumerate(_lines(folder), start=1):
            if isinstance(line, Record):
                records.append(line)
            else:
                (summary.not_terms if line.text else summary.rejected).append(line)
            if progress:
                progress(number)
        plan = planning.plan(records)
        summary.skipped = plan.skipped
        summary.rejected += plan.rejected
        _write(rows, plan, summary)
        _keep(rows, summary)
        rows.details["index_sha256"] = hashlib.sha256((folder / "index.csv").read_bytes()).hexdigest()
        rows.details |= summary.as_details()
    return summary


def _lines(folder: Path) -> Iterator[Record | Rejection]:
    try:
        yield from read_history(folder)
    except HistoryError as error:
        raise ValidationError(str(error)) from error


def _write(rows: ledger.Batch, plan: planning.Plan, summary: Summary) -> None:
    summary.documents = rows.insert(Document, plan.documents)
    summary.texts = rows.insert(Text, plan.texts)
    summary.versions = rows.insert(Version, plan.versions)
    if plan.moved:
        rows.run(
            Version,
            "UPDATE policies_version SET seen_at = n.seen_at, text_id = n.text_id, kind = n.kind,"
            " commit = n.commit, source_file = n.source_file"
            " FROM jsonb_populate_recordset(NULL::policies_version, %s) AS n WHERE policies_version.id = n.id",
            [planning.as_json(plan.moved)],
        )
    summary.sightings = rows.insert(Sighting, plan.sightings)
    if plan.reassigned:
        rows.run(
            Sighting,
            "UPDATE policies_sighting SET version_id = n.version_id"
            " FROM jsonb_populate_recordset(NULL::policies_sighting, %s) AS n WHERE policies_sighting.id = n.id",
            [planning.as_json(plan.reassigned)],
        )
    summary.clauses = rows.insert(Clause, plan.clauses)
    summary.tags = rows.insert(Tagging, plan.taggings())


def _keep(rows: ledger.Batch, summary: Summary) -> None:
    """Rejections are kept once, however often the same history is imported."""
    kept = [
        planning.rejected_row(rejection, kind)
        for kind, rejections in (
            (RejectedRecord.Kind.DAMAGED, summary.rejected),
            (RejectedRecord.Kind.NO_TERMS, summary.not_terms),
        )
        for rejection in rejections
    ]
    known = set(
        RejectedRecord.objects.filter(digest__in=[row["digest"] for row in kept]).values_list("digest", flat=True)
    )
    fresh = {row["digest"]: row for row in kept if row["digest"] not in known}
    rows.insert(RejectedRecord, fresh.values())
