"""Receiving alerts: a part of a request becomes one batch, one event, and an answer for each item.

Nothing here waits for another request, except for the rows that both write: same alerts, same accounts, same groups are
written in the same order. Who was overtaken is told so by a constraint, and begins again (see intake).
"""

import json
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings

from apps.accounts import identifiers, seen
from apps.accounts.seen import Seen
from apps.alerts import feed, folding, grouping, judging, suppressing, wire
from apps.alerts.folding import Said
from apps.alerts.formats.item import Item
from apps.alerts.judging import Known
from apps.alerts.models import Alert, AlertGroup, Batch, Detector, Rejection
from apps.audit import ledger
from apps.audit.action import action
from apps.core import prepared
from apps.core.arrays import plain
from apps.core.ids import uuid7
from apps.core.prepared import Answer

# Few accounts have these in common by chance; a network, a mail domain or a browser is shared by strangers.
TYING = frozenset({"payment", "device", "api_key", "email", "phone"})


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
    sent_by: str = ""  # the person who sends it in the detector's name
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
    with prepared.pipeline() if len(part.items) < ledger.COPIED else nullcontext():
        asked = Asked(part, detector)
        now, known = asked.now(), asked.known()
        verdicts = judging.judge(part.read, known, part.first)
        said = [one for variants in known.values() for one in variants if one.latest]
        said.sort(key=lambda one: (one.news.alert.source_ref, one.variant))
        with ledger.batch(detector) as rows:
            batch = _batch(detector, part, verdicts, now)
            rows.insert(Batch, [batch])
            rows.insert(Rejection, _rejections(batch["id"], part, verdicts, now))
            if said:
                _write(rows, detector, batch["id"], said, asked)
            rows.details |= {"batch": batch["id"], "raw_sha256": part.raw_sha256}
            if part.sent_by:
                rows.details["sent_by"] = part.sent_by
            rows.details |= {name: batch[name] for name in ("items", "created", "updated", "duplicates", "rejected")}
    return Batch(**batch | {"received_at": now, "raw": part.raw})


class Asked:
    """What the database knows already of a request, asked all at once."""

    def __init__(self, part: Part, detector: Detector) -> None:
        taken = [one for one in part.read if isinstance(one, wire.Taken)]
        self.keys = {one.digest: grouping.key(one.alert) for one in taken}  # equal contents, equal keys
        self.now = feed.stamp()
        self.known = _known(detector, part.refs)
        self.ids = seen.ids_of({ref for one in taken for ref in one.alert.subject.accounts})
        self.groups = folding.groups_of(set(self.keys.values()))
        self.rules = suppressing.in_force()


KNOWN = """
    SELECT a.source_ref, a.id::text, a.title, a.kind, a.variant, a.earlier, a.content_sha256, a.window_start,
        a.window_end, a.occurrences, a.account_ids::text[], a.group_id::text, g.state <> %s::text, a.joined,
        a.suppressed_by_id::text, a.key
    FROM alerts_alert a JOIN alerts_alertgroup g ON g.id = a.group_id
    WHERE a.detector_id = %s AND a.source_ref = ANY(%s::text[]) ORDER BY a.source_ref, a.variant"""


def _known(detector: Detector, refs: set[str]) -> Answer[dict[str, list[Known]]]:
    """Alerts of these references by reference, the eldest first."""
    return prepared.ask(_as_known, KNOWN, [AlertGroup.State.DISMISSED, detector.pk, list(refs)])


def _as_known(rows: list[tuple]) -> dict[str, list[Known]]:
    found: dict[str, list[Known]] = {}
    for ref, id_, title, kind, variant, earlier, content, start, end, times, ids, *group in rows:
        one = Known(id_, title, kind, variant, [*json.loads(earlier), content], start, end, times, ids)
        one.group, one.group_takes, one.joined, one.suppressed_by, one.key = group
        one.was_in, one.was_said = one.group, content
        one.is_new = False
        found.setdefault(ref, []).append(one)
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
        "sent_by": part.sent_by,
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
            "field": verdict["field"][:200],
            "reason": verdict["reason"],
            "raw": f"\\x{item.raw[: settings.ALERT_MAX_BYTES].hex()}",
            "received_at": now.isoformat(),
            "sent_again_by": "",
            "became": "",
            "id": verdict["id"],
        }
        for item, verdict in zip(part.items, verdicts, strict=True)
        if verdict["verdict"] == "rejected"
    ]


# --- alerts ----------------------------------------------------------------------------------------------------------


def _write(rows: ledger.Batch, detector: Detector, batch_id: str, known: list[Known], asked: Asked) -> None:
    now, rules = asked.now(), asked.rules()
    ids, fresh = _accounts(rows, {ref for one in known for ref in one.news.alert.subject.accounts}, asked.ids())
    used = {one.id: _used(one, ids) for one in known}
    seen.record_identifiers(rows, (one for several in used.values() for one in several), fresh)
    said = [_said(one, one.key or asked.keys[one.news.digest], ids, used[one.id], rules) for one in known]
    touched = folding.settle(said, asked.groups())
    records = [_record(one, detector, batch_id, now) for one in said]
    rows.insert(Alert, [record for one, record in zip(known, records, strict=True) if one.is_new])
    _update(rows, [(one, record) for one, record in zip(known, records, strict=True) if not one.is_new])
    folding.fold(rows, detector, touched, now)


def _accounts(rows: ledger.Batch, refs: set[str], ids: dict[str, str]) -> tuple[dict[str, str], set[str]]:
    """Ids of all these accounts by reference, and the ids of those of which nobody had heard before."""
    unknown = refs - ids.keys()
    fresh = seen.record_accounts(rows, unknown)
    found = ids | (fresh if len(fresh) == len(unknown) else seen.ids_of(unknown)())
    return found, set(fresh.values())


def _used(known: Known, ids: dict[str, str]) -> list[Seen]:
    """What an alert about one account says that the account used."""
    alert = known.news.alert
    if len(alert.subject.accounts) != 1 or not alert.indicators:
        return []
    account = ids[alert.subject.accounts[0]]
    moment = alert.window.end if alert.window else alert.detected_at
    found = (identifiers.recognise(i.type, i.value, i.key_id) for i in alert.indicators)
    return [Seen(account, *one, moment) for one in dict.fromkeys(found) if one]


def _said(known: Known, key: str, ids: dict[str, str], used: list[Seen], rules: suppressing.Rules) -> Said:
    alert = known.news.alert
    named = [ids[ref] for ref in alert.subject.accounts]
    known.account_ids = sorted({*known.account_ids, *named})  # what it named once it stays about
    score = alert.score
    adjusted = min(1.0, score.p * (score.n_tested or 1)) if score and score.p is not None else None
    shared = [grouping.Shared(one.kind, one.value_hmac, one.masked) for one in used if one.kind in TYING]
    hidden = rules.hides(alert, key)
    if known.group_takes and known.suppressed_by is None:
        hidden = None  # people see it already: it does not vanish under their eyes
    known.suppressed_by = hidden.id if hidden else None
    return Said(known, key, named, shared, adjusted, hidden.until if hidden else None)


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
        "suppressed_by_id": one.suppressed_by,
        "log10_lr": score.log10_lr if score else None,
        "p_value": said.p_value,
        "new_model_share": measure.new_model_share_24h if measure else None,
        "drill": alert.drill or "",
        "payload": one.news.payload.decode(),
    }


KEPT_ON_UPDATE = {"id", "detector_id", "source_ref", "variant", "received_at", "key"}


def _update(rows: ledger.Batch, said: list[tuple[Known, dict[str, Any]]]) -> None:
    """Raises Overtaken where one of the alerts was moved into another group, or something else was said, meanwhile."""
    if not said:
        return
    records = [record for _, record in said]
    assignments = ", ".join(f'"{c}" = new."{c}"' for c in records[0] if c not in KEPT_ON_UPDATE)
    written = rows.run(
        Alert,
        f"UPDATE alerts_alert SET {assignments}"  # noqa: S608 - the model's own columns
        " FROM jsonb_populate_recordset(NULL::alerts_alert, %s) AS new"
        " JOIN unnest(%s::uuid[], %s::uuid[], %s::text[]) AS was (id, group_id, said) ON was.id = new.id"
        " WHERE alerts_alert.id = new.id AND alerts_alert.group_id = was.group_id"
        " AND alerts_alert.content_sha256 = was.said",
        [
            msgspec.json.encode(records).decode(),
            plain(one.id for one, _ in said),
            plain(str(one.was_in) for one, _ in said),
            [one.was_said for one, _ in said],
        ],
    )
    if written < len(said):
        raise folding.Overtaken("an alert was moved into another group, or changed")
