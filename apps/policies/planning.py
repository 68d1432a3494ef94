"""What an import of records has to add to what is there already: rows to be written, none of them written here."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.text import slugify

from apps.core.ids import uuid7
from apps.policies import identity
from apps.policies.clauses import split_clauses
from apps.policies.effective import stated_effective_date
from apps.policies.history import Record, Rejection
from apps.policies.models import Clause, Document, Sighting, Tagging, Text, Version
from apps.policies.tags import propose
from apps.policies.timeline import runs

Row = dict[str, Any]
_KEPT_CHARACTERS = 20_000


@dataclass(slots=True)
class _Seen:
    """One record of a document, known already or new."""

    seen_at: datetime
    wording_sha256: str
    text_id: str
    kind: str
    commit: str
    source_file: str
    id: str = ""  # of the sighting that is there already
    version_id: str = ""  # of the version that it is a sighting of so far


@dataclass
class Plan:
    documents: list[Row] = field(default_factory=list)
    texts: list[Row] = field(default_factory=list)
    versions: list[Row] = field(default_factory=list)
    moved: list[Row] = field(default_factory=list)  # versions that were seen earlier than was known
    sightings: list[Row] = field(default_factory=list)
    reassigned: list[Row] = field(default_factory=list)  # sightings that another wording came before
    clauses: list[Row] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    skipped: int = 0
    contents: dict[str, str] = field(default_factory=dict)  # text id -> content, of texts that are new
    worded: dict[str, list[str]] = field(default_factory=dict)  # document id -> text ids of all its versions by time

    def taggings(self) -> Iterator[Row]:
        """Tags of what the documents say newly; for after the clauses are written."""
        fresh = {row["text_id"] for row in (*self.versions, *self.moved)}
        for document, texts in self.worded.items():
            if fresh & set(texts):
                yield from _taggings(document, texts, fresh)


def plan(records: Iterable[Record]) -> Plan:
    """Reads what is known of the documents that the records are of."""
    plan, documents = Plan(), _Documents()
    by_document: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_document[documents.id_of(record)].append(record)
    plan.documents = documents.fresh
    text_ids = _texts(plan, [record for found in by_document.values() for record in found])
    for document, found in by_document.items():
        known = _known(document)
        fresh = _fresh(plan, known, found, text_ids)
        plan.skipped += len(found) - len(fresh)
        _versions(plan, document, [*known.values(), *fresh])
    plan.skipped -= len(plan.rejected)
    _dates(plan)
    _clauses(plan)
    return plan


class _Documents:
    def __init__(self) -> None:
        known = list(Document.objects.all())
        self.ids = {(d.collection, d.service, d.name): str(d.pk) for d in known}
        self.slugs = {d.slug for d in known}
        self.fresh: list[Row] = []

    def id_of(self, record: Record) -> str:
        key = (record.collection, record.service, record.document)
        if key not in self.ids:
            self.ids[key] = str(uuid7())
            names = {"collection": record.collection, "service": record.service, "name": record.document}
            self.fresh.append({"id": self.ids[key], **names, "slug": self._slug(record)})
        return self.ids[key]

    def _slug(self, record: Record) -> str:
        base = slugify(f"{record.service} {record.document} {record.collection}")[:190] or "terms"
        slug, count = base, 1
        while slug in self.slugs:
            count += 1
            slug = f"{base}-{count}"
        self.slugs.add(slug)
        return slug


def _texts(plan: Plan, records: list[Record]) -> dict[str, str]:
    """Ids of the records' exact texts by SHA-256."""
    wanted = {record.sha256 for record in records}
    ids = {sha256: str(pk) for sha256, pk in Text.objects.filter(sha256__in=wanted).values_list("sha256", "pk")}
    for record in records:
        if record.sha256 not in ids:
            ids[record.sha256] = str(uuid7())
            plan.contents[ids[record.sha256]] = record.text
            plan.texts.append(
                {
                    "id": ids[record.sha256],
                    "sha256": record.sha256,
                    "normalised_sha256": record.wording_sha256,
                    "content": record.text,
                    "byte_size": len(record.text.encode()),
                }
            )
    return ids


def _known(document: str) -> dict[datetime, _Seen]:
    found = Sighting.objects.filter(document_id=document).values_list(
        "seen_at", "text__normalised_sha256", "text_id", "kind", "commit", "source_file", "pk", "version_id"
    )
    return {row[0]: _Seen(*row[:2], str(row[2]), *row[3:6], str(row[6]), str(row[7])) for row in found}


def _fresh(plan: Plan, known: dict[datetime, _Seen], records: list[Record], text_ids: dict[str, str]) -> list[_Seen]:
    fresh = []
    for record in records:
        text, there = text_ids[record.sha256], known.get(record.seen_at)
        if there is None:
            fresh.append(_Seen(record.seen_at, record.wording_sha256, text, record.kind, record.commit, record.file))
        elif there.text_id != text:
            reason = "another text of this document is recorded at this moment already"
            names = (record.collection, record.service, record.document, record.seen_at.isoformat())
            plan.rejected.append(Rejection(record.line, record.file, reason, *names, text=record.text))
    return fresh


def _versions(plan: Plan, document: str, seen: list[_Seen]) -> None:
    """A run of records that say the same is a version; one that is there already stays the version of its run.

    Of two runs that a record between them has parted, the earlier one keeps it.
    """
    known = {str(pk): at for pk, at in Version.objects.filter(document_id=document).values_list("pk", "seen_at")}
    claimed: set[str] = set()
    plan.worded[document] = []
    for run in runs(seen):
        first = run[0]
        plan.worded[document].append(first.text_id)
        version = next((one.version_id for one in run if one.version_id and one.version_id not in claimed), "")
        row = {
            "id": version or str(uuid7()),
            "seen_at": first.seen_at.isoformat(),
            "text_id": first.text_id,
            "kind": first.kind,
            "commit": first.commit,
            "source_file": first.source_file,
        }
        if not version:
            plan.versions.append(row | {"document_id": document})
        elif first.seen_at < known[version]:
            plan.moved.append(row)
        claimed.add(row["id"])
        _sightings(plan, document, run, row["id"])


def _sightings(plan: Plan, document: str, run: list[_Seen], version: str) -> None:
    for one in run:
        if not one.id:
            plan.sightings.append(
                {
                    "document_id": document,
                    "version_id": version,
                    "text_id": one.text_id,
                    "seen_at": one.seen_at.isoformat(),
                    "kind": one.kind,
                    "commit": one.commit,
                    "source_file": one.source_file,
                }
            )
        elif one.version_id != version:
            plan.reassigned.append({"id": one.id, "version_id": version})


def _dates(plan: Plan) -> None:
    for row in plan.versions:
        stated = stated_effective_date(_content(plan, row["text_id"]))
        row |= {
            "effective_from": stated.on.isoformat() if stated else None,
            "effective_words": stated.words if stated else "",
            "effective_reason": "",
            "effective_decided_by_id": None,
            "effective_decided_at": None,
        }


def _content(plan: Plan, text: str) -> str:
    if text not in plan.contents:
        plan.contents[text] = Text.objects.values_list("content", flat=True).get(pk=text)
    return plan.contents[text]


def _clauses(plan: Plan) -> None:
    """Of texts that versions show and that are not taken apart yet."""
    wanted = dict.fromkeys(row["text_id"] for row in (*plan.versions, *plan.moved))
    there = {
        str(pk) for pk in Clause.objects.filter(text__in=wanted).order_by().values_list("text", flat=True).distinct()
    }
    for text in wanted:
        if text in there:
            continue
        for clause in split_clauses(_content(plan, text)):
            plan.clauses.append(
                {
                    "id": str(uuid7()),
                    "text_id": text,
                    "address": clause.address,
                    "number": clause.number,
                    "heading": clause.heading,
                    "path": list(clause.path),
                    "lead_in": clause.lead_in,
                    "content": clause.text,
                    "ordinal": clause.ordinal,
                    "sha256": clause.sha256,
                    "said_sha256": clause.said_sha256,
                }
            )


def _taggings(document: str, texts: list[str], fresh: set[str]) -> Iterator[Row]:
    """By the words of what the document says newly, and carried over from what it said before in the same clause."""
    known = Tagging.objects.filter(document_id=document)
    tagged = set(known.values_list("said_sha256", "conduct", "polarity"))
    confirmed = list(known.filter(state=Tagging.State.CONFIRMED))
    read: set[str] = set()
    for before, text in zip([None, *texts], texts, strict=False):
        if text not in fresh:
            continue
        clauses = list(Clause.objects.filter(text_id=text).order_by("ordinal"))
        carried = _carried(before, clauses, confirmed) if before and confirmed else {}
        for clause in clauses:
            if clause.said_sha256 in read:
                continue
            read.add(clause.said_sha256)
            cues: dict[tuple[str, str], list] = {
                (one.conduct, one.polarity): [list(cue) for cue in map(_cue, one.cues)]
                for one in propose(clause.content, lead_in=clause.lead_in, headings=clause.path)
            }
            from_before = carried.get(clause.said_sha256, {})
            for key in dict.fromkeys([*cues, *from_before]):
                if (clause.said_sha256, *key) not in tagged:
                    yield _tagging(document, clause, key, cues.get(key), from_before.get(key))


def _tagging(document: str, clause: Clause, key: tuple[str, str], cues: list | None, carried_from: str | None) -> Row:
    conduct, polarity = key
    return {
        "document_id": document,
        "clause_id": str(clause.pk),
        "said_sha256": clause.said_sha256,
        "conduct": str(conduct),
        "polarity": str(polarity),
        "state": Tagging.State.PROPOSED,
        "origin": Tagging.Origin.CARRIED if cues is None else Tagging.Origin.WORDS,
        "cues": cues or [],
        "carried_from_id": carried_from,
        "note": "",
        "decided_by_id": None,
        "decided_at": None,
    }


def _cue(cue) -> tuple[str, int, int, str]:
    return cue.part, cue.start, cue.end, cue.shows


def _carried(before: str, clauses: list[Clause], confirmed: list[Tagging]) -> dict[str, dict[tuple[str, str], str]]:
    """What each reworded clause says now -> the tags that people confirmed when it said something else."""
    earlier = list(Clause.objects.filter(text_id=before).order_by("ordinal"))
    by_wording: dict[str, list[Tagging]] = defaultdict(list)
    for tagging in confirmed:
        by_wording[tagging.said_sha256].append(tagging)
    carried: dict[str, dict[tuple[str, str], str]] = {}
    for old, new in identity.pairs(earlier, clauses):
        if old.said_sha256 != new.said_sha256:
            for tagging in by_wording.get(old.said_sha256, ()):
                key = (tagging.conduct, tagging.polarity)
                carried.setdefault(new.said_sha256, {})[key] = str(tagging.pk)
    return carried


def rejected_row(rejection: Rejection, kind: str) -> Row:
    said = [
        rejection.collection, rejection.service, rejection.document, rejection.recorded_at, rejection.file,
        rejection.reason, rejection.text,
    ]  # fmt: skip
    return {
        "kind": kind,
        "collection": rejection.collection,
        "service": rejection.service,
        "document_name": rejection.document,
        "recorded_at": rejection.recorded_at,
        "source_file": rejection.file,
        "line": rejection.line,
        "reason": rejection.reason,
        "content": rejection.text[:_KEPT_CHARACTERS],
        "digest": hashlib.sha256(json.dumps(said).encode()).hexdigest(),
        "rejected_at": timezone.now().isoformat(),
    }


def as_json(rows: list[Row]) -> str:
    return json.dumps(rows, default=str)
