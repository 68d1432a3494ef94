"""Receiving alerts: one request becomes one batch, one event, and an answer for each item.

A detector's requests are received one after the other (the action locks the detector), and the writing part of all
detectors' requests too, because the groups that one finds or opens are those that the next must see.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.accounts import actions as accounts
from apps.accounts.models import Account
from apps.alerts import folding, grouping, wire
from apps.alerts.models import Alert, AlertAccount, AlertGroup, Batch, Detector, Rejection
from apps.audit import ledger
from apps.audit.action import action
from apps.audit.principals import System
from apps.core import vault
from apps.core.ids import uuid7

GROUPING_LOCK = 7_201_001  # any number that nothing else in this database takes as an advisory lock
KEPT_CONTENTS = 20


class KeyReused(Exception):
    """An idempotency key came again with another body."""


@dataclass
class Known:
    """What is known about one source reference while its batch is walked through."""

    id: str
    contents: list[str] = field(default_factory=list)
    window_start: Any = None
    window_end: Any = None
    occurrences: int = 0
    group: str | None = None
    group_takes: bool = False
    latest: wire.Taken | None = None  # set when this batch says something new
    is_new: bool = True

    @property
    def news(self) -> wire.Taken:
        """What this batch says; asked only of what it says something new about."""
        if self.latest is None:
            raise ValueError(f"nothing new is said about {self.id}")
        return self.latest


@action
def receive(
    detector: Detector, *, body: bytes, idempotency_key: str | None = None, lines: bool = False, by
) -> tuple[Batch, bool]:
    """Take one request of a detector: a JSON alert, a list of them, or lines (NDJSON).

    Every item is created, updated, a duplicate, or rejected with its reason; the batch holds the verdicts in order.
    The raw bytes are in the vault before anything is committed. Returns the batch, and whether it is the answer to an
    earlier request with the same idempotency key. A body that is no list of alerts at all is one rejected item.
    Raises KeyReused when the earlier request had another body.
    """
    if idempotency_key is not None and (earlier := _answered(detector, idempotency_key, body)):
        ledger.note(earlier, replayed=True)
        return earlier, True
    stored = vault.put(body)
    found, items = _items(body, lines, detector)
    now = timezone.now()
    with ledger.batch(detector) as rows:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GROUPING_LOCK])
        known = _known(detector, items)
        verdicts = [_judge(item, position, known) for position, item in enumerate(items)]
        batch = _batch(detector, verdicts, stored, idempotency_key, now)
        rows.insert(Batch, [batch])
        rows.insert(Rejection, _rejections(batch["id"], found, verdicts, now))
        _write(rows, detector, batch["id"], [one for one in known.values() if one.latest], now)
        rows.details |= {"batch": batch["id"], "raw_sha256": stored.sha256}
        rows.details |= {name: batch[name] for name in ("items", "created", "updated", "duplicates", "rejected")}
    return Batch(**batch | {"received_at": now}), False


def _answered(detector: Detector, idempotency_key: str, body: bytes) -> Batch | None:
    earlier = Batch.objects.filter(detector=detector, idempotency_key=idempotency_key).first()
    if earlier and earlier.raw_sha256 != sha256(body).hexdigest():
        raise KeyReused(f"The idempotency key “{idempotency_key}” was used for another body: take a new one.")
    return earlier


def _items(body: bytes, lines: bool, detector: Detector) -> tuple[list[bytes], list[wire.Taken | wire.Refusal]]:
    try:
        found = wire.items(body, lines=lines)
    except wire.Unreadable as refusal:
        return [body], [refusal]
    return found, [_read(raw, detector) for raw in found]


def _read(raw: bytes, detector: Detector) -> wire.Taken | wire.Refusal:
    try:
        taken = wire.read(raw, limit=settings.ALERT_MAX_BYTES)
    except wire.Refusal as refusal:
        return refusal
    if taken.alert.source != detector.slug:
        return wire.Refusal(
            "wrong_source",
            f"source is “{taken.alert.source}”, but this key belongs to the detector “{detector.slug}”.",
            field="source",
            source_ref=taken.alert.source_ref,
        )
    return taken


def _known(detector: Detector, items: list[wire.Taken | wire.Refusal]) -> dict[str, Known]:
    refs = {item.alert.source_ref for item in items if isinstance(item, wire.Taken)}
    rows = Alert.objects.filter(detector=detector, source_ref__in=refs).values_list(
        "source_ref", "id", "contents", "window_start", "window_end", "occurrences", "group_id", "group__state"
    )
    return {
        ref: Known(
            str(id_), contents, start, end, occurrences, str(group), state != AlertGroup.State.DISMISSED, is_new=False
        )
        for ref, id_, contents, start, end, occurrences, group, state in rows
    }


# --- verdicts --------------------------------------------------------------------------------------------------------


def _judge(item: wire.Taken | wire.Refusal, position: int, known: dict[str, Known]) -> dict[str, Any]:
    """The answer for one item; what it says that is new is kept in `known` for writing."""
    if isinstance(item, wire.Refusal):
        return _refused(position, item)
    alert = item.alert
    earlier = known.get(alert.source_ref)
    if earlier and item.digest in earlier.contents:
        return _verdict(position, alert.source_ref, "duplicate", earlier.id)
    if earlier and earlier.window_start and alert.window and alert.window.start < earlier.window_start:
        return _refused(
            position,
            wire.Refusal(
                "window_start_lowered",
                f"window.start is before {wire.utc(earlier.window_start)}, where this alert's window starts already.",
                field="window.start",
                source_ref=alert.source_ref,
            ),
        )
    present = known.setdefault(alert.source_ref, Known(str(uuid7())))
    _say(present, item)
    return _verdict(position, alert.source_ref, "updated" if earlier else "created", present.id)


def _say(known: Known, item: wire.Taken) -> None:
    """The newest content counts; the window never shrinks."""
    known.latest = item
    known.occurrences += 1
    known.contents = [*known.contents, item.digest][-KEPT_CONTENTS:]
    if window := item.alert.window:
        known.window_start = known.window_start or window.start
        known.window_end = max(known.window_end or window.end, window.end)


def _verdict(position: int, source_ref: str, verdict: str, id_: str) -> dict[str, Any]:
    return {"position": position, "source_ref": source_ref, "verdict": verdict, "id": id_}


def _refused(position: int, refusal: wire.Refusal) -> dict[str, Any]:
    return {
        "position": position,
        "source_ref": refusal.source_ref,
        "verdict": "rejected",
        "id": str(uuid7()),
        "code": refusal.code,
        "field": refusal.field,
        "reason": refusal.reason,
    }


# --- rows ------------------------------------------------------------------------------------------------------------


def _batch(detector: Detector, verdicts: list[dict], stored: vault.Stored, key: str | None, now) -> dict[str, Any]:
    counts = Counter(verdict["verdict"] for verdict in verdicts)
    return {
        "id": str(uuid7()),
        "detector_id": str(detector.pk),
        "received_at": now.isoformat(),
        "raw_sha256": stored.sha256,
        "raw_bytes": stored.size,
        "idempotency_key": key,
        "items": len(verdicts),
        "created": counts["created"],
        "updated": counts["updated"],
        "duplicates": counts["duplicate"],
        "rejected": counts["rejected"],
        "verdicts": verdicts,
    }


def _rejections(batch_id: str, found: list[bytes], verdicts: list[dict], now) -> list[dict[str, Any]]:
    return [
        {
            "id": verdict["id"],
            "batch_id": batch_id,
            "position": verdict["position"],
            "source_ref": verdict["source_ref"],
            "code": verdict["code"],
            "reason": verdict["reason"],
            "raw": f"\\x{found[verdict['position']][: settings.ALERT_MAX_BYTES].hex()}",
            "received_at": now.isoformat(),
        }
        for verdict in verdicts
        if verdict["verdict"] == "rejected"
    ]


def _write(rows: ledger.Batch, detector: Detector, batch_id: str, said: list[Known], now) -> None:
    if not said:
        return
    refs = {ref for one in said for ref in one.news.alert.subject.accounts}
    ids = _account_ids(refs)
    groups = _groups(said, now)
    records = [_record(one, detector, batch_id, now) for one in said]
    _insert(rows, [record for one, record in zip(said, records, strict=True) if one.is_new])
    _update(rows, [record for one, record in zip(said, records, strict=True) if not one.is_new])
    _name_accounts(rows, said, ids)
    folding.refresh(rows, groups, now)


def _account_ids(refs: set[str]) -> dict[str, UUID]:
    known = dict(Account.objects.filter(ref__in=refs).values_list("ref", "id"))
    if unknown := refs - known.keys():
        accounts.record_seen(refs=unknown, by=System("intake"))
        known |= dict(Account.objects.filter(ref__in=unknown).values_list("ref", "id"))
    return known


def _groups(said: list[Known], now) -> dict[str, str | None]:
    """Give each alert its group; returns the groups touched, with the key of those that are to be opened."""
    homes = folding.homes(said)
    touched: dict[str, str | None] = {}
    for one in said:
        alert = one.news.alert
        key, refs = grouping.key(alert), alert.subject.accounts
        if one.group is None or not one.group_takes:
            one.group = homes.find(key, refs)
        if one.group is None:
            one.group = str(uuid7())
            touched[one.group] = key
        touched.setdefault(one.group, None)
        homes.settle(key, refs, one.group)
    return touched


def _record(one: Known, detector: Detector, batch_id: str, now) -> dict[str, Any]:
    alert = one.news.alert
    score, measure = alert.score, alert.measure
    return {
        "id": one.id,
        "detector_id": str(detector.pk),
        "source_ref": alert.source_ref,
        "batch_id": batch_id,
        "group_id": one.group,
        "key": grouping.key(alert),
        "content_sha256": one.news.digest,
        "contents": one.contents,
        "is_open": alert.action != "close",
        "occurrences": one.occurrences,
        "title": alert.title,
        "kind": alert.kind,
        "severity": alert.severity,
        "stage": alert.stage,
        "window_start": one.window_start,
        "window_end": one.window_end,
        "detected_at": alert.detected_at,
        "received_at": now,
        "updated_at": now,
        "account_count": alert.n_accounts,
        "log10_lr": score.log10_lr if score else None,
        "p_value": min(1.0, score.p * (score.n_tested or 1)) if score and score.p is not None else None,
        "new_model_share": measure.new_model_share_24h if measure else None,
        "alternatives": alert.alternatives,
        "drill": alert.drill or "",
        "payload": msgspec.Raw(one.news.payload),
    }


COLUMNS = [f.column for f in Alert._meta.concrete_fields]
KEPT_ON_UPDATE = {"id", "detector_id", "source_ref", "received_at", "key"}
_json = msgspec.json.Encoder()


def _insert(rows: ledger.Batch, records: list[dict[str, Any]]) -> None:
    if records:
        columns = ", ".join(f'"{column}"' for column in COLUMNS)
        rows.run(
            Alert,
            f"INSERT INTO alerts_alert ({columns})"  # noqa: S608 - the model's own columns
            f" SELECT {columns} FROM jsonb_populate_recordset(NULL::alerts_alert, %s)",
            [_json.encode(records).decode()],
        )


def _update(rows: ledger.Batch, records: list[dict[str, Any]]) -> None:
    if records:
        assignments = ", ".join(f'"{c}" = new."{c}"' for c in COLUMNS if c not in KEPT_ON_UPDATE)
        rows.run(
            Alert,
            f"UPDATE alerts_alert SET {assignments}"  # noqa: S608 - the model's own columns
            " FROM jsonb_populate_recordset(NULL::alerts_alert, %s) AS new WHERE alerts_alert.id = new.id",
            [_json.encode(records).decode()],
        )


def _name_accounts(rows: ledger.Batch, said: list[Known], ids: dict[str, UUID]) -> None:
    """What an alert named once it stays about: an update may name fewer accounts, and has not cleared the others."""
    pairs: dict[str, set[str]] = defaultdict(set)
    for one in said:
        pairs[one.id] |= {str(ids[ref]) for ref in one.news.alert.subject.accounts}
    flat = [(alert, account) for alert, accounts_ in pairs.items() for account in accounts_]
    if flat:
        rows.run(
            AlertAccount,
            "INSERT INTO alerts_alertaccount (id, alert_id, account_id)"
            " SELECT core_uuid7(), alert, account FROM unnest(%s::uuid[], %s::uuid[]) AS named (alert, account)"
            " ON CONFLICT (alert_id, account_id) DO NOTHING",
            [[alert for alert, _ in flat], [account for _, account in flat]],
        )
