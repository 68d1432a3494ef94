"""Receiving alerts: a part of a request becomes one batch, one event, and an answer for each item.

Nothing here waits for another request, except for the rows that both write: same alerts, same accounts, same groups are
written in the same order. Who was overtaken is told so by a constraint, and begins again (see intake).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.accounts import actions as accounts
from apps.accounts import identifiers
from apps.accounts.actions import Seen
from apps.accounts.models import Account, Identifier
from apps.alerts import folding, grouping, judging, wire
from apps.alerts.folding import Said
from apps.alerts.formats.item import Item
from apps.alerts.judging import Known
from apps.alerts.models import Alert, AlertAccount, AlertGroup, Batch, Detector, Rejection
from apps.audit import ledger
from apps.audit.action import action
from apps.audit.principals import System
from apps.core.ids import uuid7

# Few accounts have these in common by chance; a network, a mail domain or a browser is shared by strangers.
TYING = frozenset({"payment", "device", "api_key", "email", "phone"})
FRESH = timedelta(days=1)  # an identifier that is seen again within so long is no news


@dataclass
class Part:
    """Items of one request that are written together, and what is to be kept of the request itself."""

    items: list[Item]
    read: list[wire.Taken | wire.Refusal]
    raw_sha256: str
    raw_bytes: int
    format: str
    raw: bytes | None = None
    encoding: str = "identity"
    idempotency_key: str | None = None
    number: int = 0
    first: int = 0  # position of its first item in the request
    is_last: bool = True
    refs: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.refs = {one.alert.source_ref for one in self.read if isinstance(one, wire.Taken)}


@action(shared=True)
def receive(detector: Detector, *, part: Part, by) -> Batch:
    """Take a part of a request: every item is created, updated, a duplicate, or rejected with its reason; the batch
    holds the verdicts in order. Raises Overtaken when another request was faster with the same things."""
    now = timezone.now()
    known = _known(detector, part.refs)
    verdicts = judging.judge(part.read, known, part.first)
    said = [one for variants in known.values() for one in variants if one.latest]
    said.sort(key=lambda one: (one.news.alert.source_ref, one.variant))
    with ledger.batch(detector) as rows:
        batch = _batch(detector, part, verdicts, now)
        rows.insert(Batch, [batch])
        rows.insert(Rejection, _rejections(batch["id"], part, verdicts, now))
        if said:
            _write(rows, detector, batch["id"], said, now)
        rows.details |= {"batch": batch["id"], "raw_sha256": part.raw_sha256}
        rows.details |= {name: batch[name] for name in ("items", "created", "updated", "duplicates", "rejected")}
    return Batch(**batch | {"received_at": now, "raw": part.raw})


KNOWN = (
    "source_ref", "id", "variant", "title", "kind", "earlier", "content_sha256", "window_start", "window_end",
    "occurrences", "account_ids", "joined", "group_id", "group__state",
)  # fmt: skip


def _known(detector: Detector, refs: set[str]) -> dict[str, list[Known]]:
    """Alerts of these references by reference, the eldest first."""
    found: dict[str, list[Known]] = {}
    rows = Alert.objects.filter(detector=detector, source_ref__in=refs).order_by("source_ref", "variant")
    for ref, id_, variant, title, kind, earlier, content, start, end, times, ids, joined, group, state in (
        rows.values_list(*KNOWN) if refs else ()
    ):
        found.setdefault(ref, []).append(
            Known(
                str(id_), title, kind, variant, [*earlier, content], start, end, times, [str(one) for one in ids],
                str(group), state != AlertGroup.State.DISMISSED, joined, is_new=False,
            )
        )  # fmt: skip
    return found


# --- the request -----------------------------------------------------------------------------------------------------


def _batch(detector: Detector, part: Part, verdicts: list[judging.Verdict], now: datetime) -> dict[str, Any]:
    counts = Counter(verdict["verdict"] for verdict in verdicts)
    return {
        "id": str(uuid7()),
        "detector_id": str(detector.pk),
        "received_at": now.isoformat(),
        "part": part.number,
        "is_last": part.is_last,
        "format": part.format,
        "encoding": part.encoding,
        "raw_sha256": part.raw_sha256,
        "raw_bytes": part.raw_bytes,
        "raw": None if part.raw is None else f"\\x{part.raw.hex()}",
        "idempotency_key": part.idempotency_key,
        "items": len(verdicts),
        "created": counts["created"],
        "updated": counts["updated"],
        "duplicates": counts["duplicate"],
        "rejected": counts["rejected"],
        "verdicts": msgspec.json.encode(verdicts).decode(),
    }


def _rejections(batch_id: str, part: Part, verdicts: list[judging.Verdict], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "batch_id": batch_id,
            "position": verdict["position"],
            "source_ref": verdict["source_ref"],
            "code": verdict["code"],
            "reason": verdict["reason"],
            "raw": f"\\x{item.raw[: settings.ALERT_MAX_BYTES].hex()}",
            "received_at": now.isoformat(),
            "id": verdict["id"],
        }
        for item, verdict in zip(part.items, verdicts, strict=True)
        if verdict["verdict"] == "rejected"
    ]


# --- alerts ----------------------------------------------------------------------------------------------------------


def _write(rows: ledger.Batch, detector: Detector, batch_id: str, known: list[Known], now: datetime) -> None:
    ids, seen = _accounts(known)
    said = [_said(one, ids, seen) for one in known]
    touched = folding.settle(said)
    fresh = [_record(one, detector, batch_id, now) for one in said if one.known.is_new]
    rows.insert(Alert, fresh)
    _update(rows, [_record(one, detector, batch_id, now) for one in said if not one.known.is_new])
    _name_accounts(said)
    folding.fold(rows, touched, now)


def _accounts(known: list[Known]) -> tuple[dict[str, str], dict[str, list[Seen]]]:
    """Ids of the accounts that are named, by reference, and what is seen of those that an alert is about alone."""
    refs = {ref for one in known for ref in one.news.alert.subject.accounts}
    ids = _ids(refs)
    seen = {one.id: _seen(one) for one in known}
    unknown = refs - ids.keys()
    news = _news({one for several in seen.values() for one in several}, ids)
    if unknown or news:
        accounts.record_seen(refs=unknown, seen=news, by=System("intake"))
        ids |= _ids(unknown)
    return ids, seen


def _ids(refs: set[str]) -> dict[str, str]:
    if not refs:
        return {}
    return {ref: str(key) for ref, key in Account.objects.filter(ref__in=refs).values_list("ref", "id")}


def _seen(known: Known) -> list[Seen]:
    alert = known.news.alert
    if len(alert.subject.accounts) != 1:
        return []
    moment = alert.window.end if alert.window else alert.detected_at
    found = (identifiers.recognise(i.type, i.value, i.key_id) for i in alert.indicators)
    return [Seen(alert.subject.accounts[0], *one, moment) for one in dict.fromkeys(found) if one]


def _news(seen: set[Seen], ids: dict[str, str]) -> list[Seen]:
    """What was not seen of these accounts, or not for a day."""
    known = {ids[one.ref]: one.ref for one in seen if one.ref in ids}
    rows = Identifier.objects.filter(account__in=known) if known else Identifier.objects.none()
    when = {
        (known[str(account)], kind, value): (first, last)
        for account, kind, value, first, last in rows.values_list(
            "account_id", "kind", "value_hmac", "first_seen", "last_seen"
        )
    }
    newest: dict[tuple, Seen] = {}
    for one in seen:
        first, last = when.get(one[:3], (None, None))
        if first is None or last is None or not first - FRESH <= one.moment <= last + FRESH:
            newest[one[:3]] = max(one, newest.get(one[:3], one))
    return list(newest.values())


def _said(known: Known, ids: dict[str, str], seen: dict[str, list[Seen]]) -> Said:
    alert = known.news.alert
    named = [ids[ref] for ref in alert.subject.accounts]
    known.account_ids = sorted({*known.account_ids, *named})  # what it named once it stays about
    score = alert.score
    adjusted = min(1.0, score.p * (score.n_tested or 1)) if score and score.p is not None else None
    shared = [grouping.Shared(one.kind, one.value_hmac, one.masked) for one in seen[known.id] if one.kind in TYING]
    return Said(known, grouping.key(alert), named, shared, adjusted)


def _record(said: Said, detector: Detector, batch_id: str, now: datetime) -> dict[str, Any]:
    one, alert = said.known, said.known.news.alert
    score, measure = alert.score, alert.measure
    return {
        "id": one.id,
        "detector_id": detector.pk,
        "source_ref": alert.source_ref,
        "variant": one.variant,
        "batch_id": batch_id,
        "group_id": one.group,
        "key": said.key,
        "content_sha256": one.news.digest,
        "earlier": one.contents[:-1],
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
        "account_ids": one.account_ids,
        "account_count": alert.n_accounts,
        "joined": one.joined,
        "log10_lr": score.log10_lr if score else None,
        "p_value": said.p_value,
        "new_model_share": measure.new_model_share_24h if measure else None,
        "drill": alert.drill or "",
        "payload": one.news.payload.decode(),
    }


KEPT_ON_UPDATE = {"id", "detector_id", "source_ref", "variant", "received_at", "key"}


def _update(rows: ledger.Batch, records: list[dict[str, Any]]) -> None:
    if records:
        assignments = ", ".join(f'"{c}" = new."{c}"' for c in records[0] if c not in KEPT_ON_UPDATE)
        rows.run(
            Alert,
            f"UPDATE alerts_alert SET {assignments}"  # noqa: S608 - the model's own columns
            " FROM jsonb_populate_recordset(NULL::alerts_alert, %s) AS new WHERE alerts_alert.id = new.id",
            [msgspec.json.encode(records).decode()],
        )


def _name_accounts(said: list[Said]) -> None:
    pairs = sorted({(account, one.known.id) for one in said for account in one.accounts})
    if not pairs:
        return
    columns = [[account for account, _ in pairs], [alert for _, alert in pairs]]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {AlertAccount._meta.db_table} (account_id, alert_id)"  # noqa: S608 - our own name
            " SELECT * FROM unnest(%s::uuid[], %s::uuid[]) ON CONFLICT DO NOTHING",
            columns,
        )
