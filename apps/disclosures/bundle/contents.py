"""What goes into a bundle: the case's events and those of its exhibits, and what is read off them.

Everything that the lists say of an exhibit, its custody or a document is taken from the bodies of events, as the
verifier will take it. What an audience may not see is not read into the bundle at all.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.audit import private
from apps.audit.log import proofs
from apps.audit.models import Event, Leaf, PrivateValue
from apps.cases.models import CaseNote
from apps.core import vault
from apps.disclosures.bundle import policy
from apps.disclosures.bundle.bag import Held
from apps.disclosures.models import Bundle
from apps.evidence.models import CustodyEvent, TestRun

OF_EXHIBITS = ("evidence_item", "evidence_custodyevent", "evidence_testrun")
Row = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """An event at its place in the log; without a body it is sealed."""

    index: int
    case_seq: int | None
    leaf: bytes
    body: bytes | None

    @property
    def name(self) -> str:
        return f"{self.index:012d}"


@dataclass
class Contents:
    """Reads the events of a bundle once, in flat memory, and remembers the rows that its lists are made of."""

    bundle: Bundle
    prover: proofs.Prover
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    places: list[dict[str, Any]] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)
    actors: set[str] = field(default_factory=set)

    @cached_property
    def privileged(self) -> frozenset[UUID]:
        """Legal advice in the case."""
        return frozenset(
            CaseNote.objects.filter(case=self.bundle.case_id, is_privileged=True).values_list("pk", flat=True)
        )

    def entries(self) -> Iterator[Entry]:
        """Every event of the case up to the order for this bundle, and those of its exhibits, in the log's order."""
        order, numbering = ordering_event(self.bundle), numbering_event(self.bundle)
        items = [UUID(one["item"]) for one in self.bundle.exhibits]
        about = [
            *items,
            *CustodyEvent.objects.filter(item__in=items).values_list("pk", flat=True),
            *TestRun.objects.filter(item__in=items).values_list("pk", flat=True),
        ]
        events = Event.objects.filter(
            Q(case_id=self.bundle.case_id, case_seq__lte=order.case_seq)
            | Q(case_id=None, object_type__in=OF_EXHIBITS, object_id__in=about)
            | Q(pk=numbering and numbering.pk)
        )
        for event in events.order_by("xid", "id").iterator(chunk_size=500):
            index, leaf = Leaf.objects.filter(event_id=event.pk).values_list("idx", "hash").first() or (None, b"")
            if index is not None and index < self.prover.size:
                yield self._entry(event, index, bytes(leaf))
            elif event.case_id:
                raise proofs.NotSequenced(f"event {event.case_seq} of the case has no place under the checkpoint")

    def _entry(self, event: Event, index: int, leaf: bytes) -> Entry:
        if not self._is_disclosed(event):
            self.places.append(
                {"index": index, "case_seq": event.case_seq, "sealed": policy.SEALED, "leaf": leaf.hex()}
            )
            return Entry(index, event.case_seq, leaf, None)
        body = bytes(event.body)
        self._remember(event, json.loads(body), index)
        self.places.append({"index": index, "case_seq": event.case_seq, "file": f"events/{index:012d}.json"})
        return Entry(index, event.case_seq, leaf, body)

    def _is_disclosed(self, event: Event) -> bool:
        """By the object's table; of what we told others only what this bundle itself rests on."""
        if event.object_id is None:
            return False
        if str(event.object_id) == str(self.bundle.pk):
            return True
        if event.object_id in self.privileged:
            return False  # not even that it was written (R20)
        if event.object_type == "disclosures_report":
            return str(event.object_id) in {one["id"] for one in self.bundle.documents}
        return policy.discloses(self.bundle.audience, event.object_type)

    def _remember(self, event: Event, body: dict[str, Any], index: int) -> None:
        table, key = body["object"]
        row = self.rows.setdefault((table, key), {})
        row.update({column: new for column, (_, new) in (body.get("changes") or {}).items()})
        self.actors |= {body["actor"], body["on_behalf_of"]} - {""}
        if table == "evidence_custodyevent":
            self.actors.add(row["actor"])
        for column, (_, new) in (body.get("changes") or {}).items():
            if isinstance(new, dict) and "commitment" in new and self._is_revealed(table, column, row):
                self._reveal(event.event_uuid, column, index)

    def _is_revealed(self, table: str, column: str, row: Row) -> bool:
        """Legal advice never leaves, whoever asks."""
        return not row.get("is_privileged") and policy.reveals(self.bundle.audience, table, column)

    def _reveal(self, event_uuid: UUID, column: str, index: int) -> None:
        kept = PrivateValue.objects.filter(event_uuid=event_uuid, field=f"{column}.new").first()
        value = private.reveal(event_uuid, column, "new")
        if kept and value is not None:  # else it was erased, and the commitment stays alone
            self.values.append({"index": index, "column": column, "value": value, "nonce": bytes(kept.nonce).hex()})

    # --- lists, once all entries were read

    def listed_exhibits(self) -> list[dict[str, Any]]:
        with_files = policy.gets(self.bundle.audience, "files")
        links = {row["item_id"]: (key, row) for (table, key), row in self.rows.items() if table == "cases_exhibit"}
        return [
            {
                "label": f"E{one['number']}",
                **({"path": exhibit_path(one)} if with_files else {}),
                **self._bates(exhibit_path(one)),
                "exhibit": self._record("cases_exhibit", links.get(one["item"], (one["exhibit"], None))[0], one),
                "item": self._record("evidence_item", one["item"], one),
            }
            for one in self.bundle.exhibits
        ]

    def listed_custody(self) -> list[dict[str, Any]]:
        chains = []
        for one in self.bundle.exhibits:
            steps = CustodyEvent.objects.filter(item=one["item"]).order_by("at", "id")
            known = [step for step in steps if self._is_covered(step)]
            events = [self._record("evidence_custodyevent", str(step.pk), _columns(step)) for step in known]
            chains.append({"label": f"E{one['number']}", "item": one["item"], "events": events})
        return chains

    def _is_covered(self, step: CustodyEvent) -> bool:
        """A step that was taken while the bundle was made may lie behind its checkpoint."""
        if ("evidence_custodyevent", str(step.pk)) in self.rows:
            return True
        event = Event.objects.filter(object_type="evidence_custodyevent", object_id=step.pk).first()
        leaf = event and Leaf.objects.filter(event_id=event.pk, idx__lt=self.prover.size).first()
        return leaf is not None

    def listed_documents(self) -> list[dict[str, Any]]:
        return [
            {key: one[key] for key in ("table", "id", "ref", "name", "sha256")}
            | {"path": document_path(one), **self._bates(document_path(one))}
            for one in self.bundle.documents
        ]

    def _bates(self, path: str) -> dict[str, str]:
        """The numbers of the copy of a file, if it has any."""
        row = self._numbered.get(path)
        return {"bates": self.bundle.bates(row["first"], row["last"])} if row else {}

    @cached_property
    def _numbered(self) -> dict[str, Row]:
        return {row["path"]: row for row in self.bundle.numbered}

    def _record(self, table: str, key: str, described: dict[str, Any]) -> dict[str, Any]:
        """A row as the log has it; where its events are sealed, what may be said of it."""
        row = self.rows.get((table, key))
        if row is None:
            row = {column: described[column] for column in policy.DESCRIBED[table] if column in described}
        return {"table": table, "id": key, "row": row}


def ordering_event(bundle: Bundle) -> Event:
    """The event that created the bundle: up to here the case's events are in it."""
    found = Event.objects.filter(object_type=Bundle._meta.db_table, object_id=bundle.pk).order_by("id").first()
    assert found
    return found


def numbering_event(bundle: Bundle) -> Event | None:
    """The event that numbered its copies: it comes after the order, and is the only one after it in the bundle."""
    return Event.objects.filter(
        object_type=Bundle._meta.db_table, object_id=bundle.pk, action="disclosures.number_bundle"
    ).first()


def closing_event(bundle: Bundle) -> Event:
    """The last event that the bundle rests on."""
    return numbering_event(bundle) or ordering_event(bundle)


def _columns(step: CustodyEvent) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "at": step.at.isoformat(),
        "measured_sha256": step.measured_sha256,
        "intact": step.intact,
    }


def exhibit_path(one: dict[str, Any]) -> str:
    """Relative to data/, as all paths in lists."""
    return f"exhibits/E{one['number']}/{plain_name(one['filename'])}"


def document_path(one: dict[str, Any]) -> str:
    return f"documents/{one['ref']}/{plain_name(one['name'])}"


def plain_name(name: str) -> str:
    """A name that every file system takes, and that leads nowhere else."""
    stem, dot, ending = name.rpartition(".")
    clean = re.sub(r"[^\w.-]+", "_", stem if dot else ending, flags=re.ASCII).strip("._")[:80] or "file"
    return f"{clean}.{re.sub(r'[^A-Za-z0-9]', '', ending)[:10]}" if dot else clean


def held_files(bundle: Bundle) -> list[Held]:
    """The exhibits' files, as they are put into the archive."""
    if not policy.gets(bundle.audience, "files"):
        return []
    return [
        Held(f"data/{exhibit_path(one)}", one["sha256"], one["sha512"], one["byte_size"]) for one in bundle.exhibits
    ]


def documents_of(bundle: Bundle) -> Iterator[tuple[str, bytes]]:
    for one in bundle.documents:
        yield f"data/{document_path(one)}", vault.read(one["sha256"])
