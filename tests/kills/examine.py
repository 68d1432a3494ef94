"""What must hold of the database after however many kills; every function returns what is wrong, in sentences."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import Any

from django.conf import settings
from django.db import connection

from apps.alerts import folding
from apps.alerts.models import Alert, AlertGroup, Batch, Detector, Rejection
from apps.audit.log import merkle, notes, sequencer
from apps.audit.models import Checkpoint, Event, Leaf, Tile
from apps.audit.verify import verify
from apps.cases.models import Case, CaseNote
from apps.core import vault
from apps.core.models import Job
from apps.evidence.models import Item
from apps.records.models import LegalHold
from casemgr.run.paths import VAR
from casemgr.witness.state import Memory
from tests.kills.clients import Client
from tests.kills.people import Person

# Each finds rows that contradict the alerts; none may be found. A dismissed group keeps the facts that it was dismissed
# with: an alert of it that says something new goes to another group.
ORPHANS = {
    "an account of an alert without its link": """
        SELECT a.id, named FROM alerts_alert a CROSS JOIN LATERAL unnest(a.account_ids) AS named
        EXCEPT SELECT alert_id, account_id FROM alerts_alertaccount""",
    "a link to an account that its alert does not name": """
        SELECT alert_id, account_id FROM alerts_alertaccount
        EXCEPT SELECT a.id, named FROM alerts_alert a CROSS JOIN LATERAL unnest(a.account_ids) AS named""",
    "an account of a group's alerts that the group does not know": """
        SELECT a.group_id, named FROM alerts_alert a CROSS JOIN LATERAL unnest(a.account_ids) AS named
        EXCEPT SELECT group_id, account_id FROM alerts_groupaccount""",
    "an account of a group that none of its alerts names": """
        SELECT group_id, account_id FROM alerts_groupaccount JOIN alerts_alertgroup g ON g.id = group_id
        WHERE g.state <> 'dismissed'
        EXCEPT SELECT a.group_id, named FROM alerts_alert a CROSS JOIN LATERAL unnest(a.account_ids) AS named""",
    "a key that leads to no group": "SELECT key FROM alerts_alert EXCEPT SELECT key FROM alerts_groupkey",
    "a group without alerts": """
        SELECT id FROM alerts_alertgroup WHERE state <> 'dismissed' EXCEPT SELECT group_id FROM alerts_alert""",
    "an alert and its batch of different detectors": """
        SELECT a.id FROM alerts_alert a JOIN alerts_batch b ON b.id = a.batch_id
        WHERE a.detector_id <> b.detector_id""",
    "an identifier of no account that an alert names": """
        SELECT account_id FROM accounts_identifier EXCEPT SELECT account_id FROM alerts_alertaccount""",
}


def everything(clients: list[Client], people: list[Person]) -> list[str]:
    checks = (promises(clients), batches(clients), acts(people), orphans(), facts(), jobs(), log(), trail())
    heard = [fault for one in (*clients, *people) for fault in one.faults]
    return heard + [fault for check in checks for fault in check]


def promises(clients: list[Client]) -> Iterator[str]:
    """Every acknowledged alert is there once, under the id that was acknowledged, with what was said last."""
    rows: dict[tuple[str, str], list[tuple]] = defaultdict(list)
    known = Alert.objects.values_list(
        "detector__slug", "source_ref", "id", "title", "occurrences", "payload", "content_sha256"
    )
    for source, ref, *row in known.iterator():
        rows[source, ref].append(tuple(row))
    for client in clients:
        for ref, entry in client.book.items():
            found = rows.pop((client.source, ref), [])
            if len(found) > 1 or (entry.promised and not found):
                yield f"{ref} was {'promised' if entry.promised else 'sent'} and is there {len(found)} times"
            for id_, title, occurrences, payload, digest in found:
                content = int(title.rpartition(" ")[2])
                if entry.id not in ("", str(id_)):
                    yield f"{ref} was acknowledged as {entry.id} and is {id_}"
                if not 1 <= content <= entry.sent or not len(entry.promised) <= occurrences <= entry.sent:
                    yield f"{ref} says “{title}”, {occurrences} times; promised {entry.promised}, sent {entry.sent}"
                if json.loads(payload)["title"] != title or hashlib.sha256(payload.encode()).hexdigest() != digest:
                    yield f"{ref} is not what its hash names"
    yield from (f"{ref} of {source} was never sent" for source, ref in rows)


def batches(clients: list[Client]) -> Iterator[str]:
    """Every batch has its body, an answer for each item, and what the answers name; parts of a request are in a row."""
    there = {str(id_) for model in (Alert, Rejection) for id_ in model.objects.values_list("id", flat=True)}
    kept: set[str] = set()
    parts: dict[tuple[Any, str], list[int]] = defaultdict(list)
    for batch in Batch.objects.iterator(chunk_size=200):
        kept.add(str(batch.pk))
        if _hash(batch.body()) != batch.raw_sha256:
            yield f"the body of batch {batch.pk} is not what its hash names"
        answers = json.loads(batch.verdicts)
        if len(answers) != batch.items or (lost := {one["id"] for one in answers} - there):
            yield f"batch {batch.pk} of {batch.items} items has {len(answers)} answers; of no alert: {sorted(lost)}"
        if batch.idempotency_key:
            parts[batch.detector_id, batch.idempotency_key].append(batch.part)
    for (_, key), numbers in parts.items():
        if sorted(numbers) != list(range(len(numbers))):
            yield f"the parts of {key} are {sorted(numbers)}"
    for client in clients:
        yield from (f"batch {one} was acknowledged and is gone" for one in client.batches - kept)
    events = Event.objects.filter(action="alerts.receive").count()
    if len(kept) != events:
        yield f"{len(kept)} batches have {events} events"


# What a verification says, rightly, in the moment when the signer is dead.
SIGNER_IS_AWAY = "The signer does not answer on"

# What bears the mark of an act.
MARKED: dict[str, tuple[type[Any], str]] = {
    "alerts.dismiss": (AlertGroup, "dismissal_note"),
    "cases.open_case": (Case, "title"),
    "cases.add_note": (CaseNote, "body"),
    "evidence.collect": (Item, "title"),
    "records.issue_hold": (LegalHold, "matter"),
}


def acts(people: list[Person]) -> Iterator[str]:
    """What a person was told is done is done, once, with one event; what they were not told, at most once."""
    for verb, (model, column) in MARKED.items():
        rows: dict[str, list[Any]] = defaultdict(list)
        for row, mark in model.objects.filter(**{f"{column}__startswith": "mark "}).values_list("pk", column):
            rows[mark].append(row)
        table = model._meta.db_table
        found = Event.objects.filter(action=verb, object_type=table).values_list("object_id", flat=True)
        events = Counter(map(str, found))
        for act in (act for person in people for act in person.acts if act.verb == verb):
            there = rows.pop(act.mark, [])
            if len(there) > 1 or (act.promised and not there):
                yield f"{verb} of “{act.mark}”, {'' if act.promised else 'not '}promised, was done {len(there)} times"
            yield from (
                f"{table} {row} has {events[str(row)]} events {verb}" for row in there if events.pop(str(row), 0) != 1
            )
        yield from (f"{verb} of “{mark}” was never sent" for mark in rows)
        if verb != "alerts.dismiss" and events:
            yield f"events {verb} without what they are about: {sorted(events)}"
    for ref, digest in Item.objects.values_list("ref", "sha256"):
        if not (path := vault.path_of(digest)).exists() or _hash([path.read_bytes()]) != digest:
            yield f"the vault's file of {ref} is not what its hash names"


def _hash(chunks: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for chunk in chunks:
        found.update(chunk)
    return found.hexdigest()


def orphans() -> Iterator[str]:
    """No alert without its links, no link without its alert."""
    with connection.cursor() as cursor:
        for what, query in ORPHANS.items():
            cursor.execute(query)
            if found := cursor.fetchall():
                yield f"{what}: {len(found)} times, for example {found[0]}"


def facts() -> Iterator[str]:
    """What is counted up in each undecided group is what counting anew gives, and its columns say so."""
    detectors = {detector.slug: detector for detector in Detector.objects.all()}
    undecided = AlertGroup.objects.exclude(state=AlertGroup.State.DISMISSED)
    for portion in batched(undecided.order_by("pk").iterator(), 500):
        counted = folding.recount([str(group.pk) for group in portion])
        for group in portion:
            anew = counted[str(group.pk)]
            if different := {name for name in anew if anew[name] != group.facts[name]}:
                yield f"group {group.pk}: " + "; ".join(
                    f"{name} is {group.facts[name]}, counted {anew[name]}" for name in sorted(different)
                )
            stored = folding.Stored(group.key, group.facts, group.first_received_at)
            for name, value in folding.describe(stored, group.facts, detectors).items():
                if getattr(group, name) != value:
                    yield f"group {group.pk}: {name} is {getattr(group, name)!r}, not {value!r}"


def batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    present = iter(rows)
    while portion := list(islice(present, size)):
        yield portion


def jobs() -> Iterator[str]:
    """What the worker was asked for is done, once."""
    states = Counter(Job.objects.values_list("kind", "state"))
    done = Event.objects.filter(action="audit.verify_trail").count()
    if {state for _, state in states} - {Job.State.DONE} or states["audit.verify_trail", Job.State.DONE] != done:
        yield f"the worker's jobs are {dict(states)}, and {done} verifications left an event"
    for event in Event.objects.filter(action="audit.verify_trail"):
        verdicts = json.loads(bytes(event.body))["details"]["verdicts"]
        for sentence in (sentence for verdict in verdicts for sentence in verdict["findings"]):
            if SIGNER_IS_AWAY not in sentence:
                yield f"a verification found the trail wrong: {sentence}"


def log() -> Iterator[str]:
    """Each event has one place, each checkpoint continues the one before; signer and witness saw the same log."""
    counts = {Event.objects.count(), Leaf.objects.count(), Leaf.objects.values("event_id").distinct().count()}
    if len(counts) != 1:
        yield f"events, places and events that have one are not the same number: {sorted(counts)}"
    tiles = {(tile.level, tile.n): bytes(tile.hashes) for tile in Tile.objects.all()}
    stored = merkle.from_tiles(lambda level, number: tiles[level, number])
    signed = Checkpoint.objects.order_by("number").values_list("note", flat=True)
    heads = [sequencer.head_of(note, "A checkpoint") for note in signed]
    for old, new in pairwise(heads):
        proof = merkle.consistency_proof(old.size, new.size, stored)
        if not merkle.continues(old.size, new.size, proof, old.root, new.root):
            yield f"the checkpoint of {new.size} entries does not continue that of {old.size}"
    if sequencer.head_of(sequencer.connect().last(), "The signer's memory") != heads[-1]:
        yield "the signer remembers another checkpoint than the last"
    seen = Memory(VAR / "witness" / "witness.sqlite").last(settings.TRAIL_ORIGIN)
    if notes.Head.parse(notes.split(seen)[0]) != heads[-1]:
        yield "the witness remembers another checkpoint than the last"


def trail() -> Iterator[str]:
    yield from (finding.sentence for verdict in verify().verdicts for finding in verdict.findings)
