"""OCSF Detection Finding (class 2004, schema 1.1 to 1.9): one event, a list of events, or one a line.

| OCSF                                                         | native                                            |
|--------------------------------------------------------------|---------------------------------------------------|
| finding_info.uid                                             | source_ref                                        |
| activity_id 1, 2, 3; unknown and other                       | action create, update, close; create              |
| severity_id 1 to 5; 6 fatal; unknown and other               | severity 0 to 4; 4; 2                             |
| finding_info.title, else message, else analytic.name         | title                                             |
| finding_info.types, analytic.category where one is a kind    | kind, else external_report                        |
| time (ms)                                                    | detected_at                                       |
| finding_info.first/last_seen_time, else start/end_time       | window                                            |
| confidence_score                                             | score of type raw                                 |
| metadata.product.version                                     | detector.version                                  |
| finding_info.attacks                                         | technique                                         |
| users and accounts of actor, evidences and observables       | subject.accounts; several are a cluster           |
| without any: source, device, agent, resource, cloud account  | subject endpoint or organisation                  |
| ai_model, ai_agent.ai_model                                  | target                                            |
| endpoints, clients and observables                           | indicators                                        |
| the whole event                                              | ext.ocsf                                          |

`unmapped.casemgr` holding a native alert is taken as it is; only the action follows activity_id, which a forwarder may
have changed since.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from apps.alerts.formats import document, lines
from apps.alerts.formats.item import Item
from apps.alerts.formats.loose import (
    ACCOUNT,
    REFERENCE,
    UNRATED,
    UNSTATED,
    Indicators,
    at,
    decoded,
    encoded,
    kind,
    mapping,
    mappings,
    moment,
    number,
    printable,
    reference,
    stamp,
    text,
    texts,
    title,
)
from apps.alerts.native import MAX_ACCOUNTS, SCHEMA
from apps.alerts.wire import Refusal

DETECTION_FINDING = 2004
ACTIONS = {0: "create", 1: "create", 2: "update", 3: "close", 99: "create"}
SEVERITIES = {0: UNRATED, 1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 99: UNRATED}
FINDINGS = {
    2001: "Security Finding",
    2002: "Vulnerability Finding",
    2003: "Compliance Finding",
    2005: "Incident Finding",
    2006: "Data Security Finding",
    2007: "Application Security Posture Finding",
}
USER_NAME, USER_UID, ACCOUNT_UID = 4, 31, 35  # observables that name an account
OBSERVABLES = {
    1: "hostname",
    2: "ip",
    3: "mac",
    5: "email",
    6: "url",
    7: "file_name",
    8: "file_hash",
    12: "ip_prefix",
    14: "country",
    16: "user_agent",
    19: "api_key",
    23: "url",
    47: "device",
}
CLIENT = {  # where in an event or in an evidence the client shows itself, and what that indicates
    "src_endpoint": {"ip": "ip", "hostname": "hostname", "mac": "mac", "location.country": "country"},
    "proxy_endpoint": {"ip": "ip"},
    "device": {"uid": "device", "ip": "ip", "hostname": "hostname"},
    "http_request": {"user_agent": "user_agent"},
    "tls": {"ja3_hash.value": "ja3"},
    "email": {"from": "email"},
    "url": {"url_string": "url"},
    "actor": {"session.credential_uid": "api_key"},
}
ENDPOINTS = ("src_endpoint", "device", "ai_agent")
NAMES = ("uid", "ip", "hostname", "name")
# OCSF counts milliseconds. Some producers write seconds: in milliseconds these would lie in January or February 1970.
FIRST, LAST = 946_684_800, 4_102_444_800  # 2000 and 2100 in seconds
_slug = re.compile(r"[^a-z0-9]+")


def items(
    chunks: Iterable[bytes], *, source: str, limit: int = lines.LIMIT, by_line: bool | None = None
) -> Iterator[Item]:
    """The events of a body. `by_line` says whether it is NDJSON; without it the first lines show it."""
    head, rest = _opening(chunks, limit)
    if by_line is None:
        by_line = _is_by_line(head, limit)
    found = lines if by_line else document
    for item in found.items(rest, limit=limit):
        yield item if item.native is None else _item(item.raw, source)


def _opening(chunks: Iterable[bytes], limit: int) -> tuple[bytes, Iterator[bytes]]:
    """The first two lines, and all chunks again."""
    waiting = iter(chunks)
    seen: list[bytes] = []
    broken: list[Refusal] = []
    size = breaks = 0
    try:
        for chunk in waiting:
            seen.append(bytes(chunk))
            size, breaks = size + len(chunk), breaks + seen[-1].count(b"\n")
            if breaks > 1 or size > 2 * limit:
                break
    except Refusal as refusal:
        broken.append(refusal)

    def again() -> Iterator[bytes]:
        yield from seen
        if broken:
            raise broken[0]
        yield from waiting

    return b"".join(seen).removeprefix(lines.BOM), again()


def _is_by_line(head: bytes, limit: int) -> bool:
    """Whether the second line opens an object of its own. An object over several lines has its brace alone, or indents.

    A first line longer than any event is refused alone, and so cannot take the others with it.
    """
    first, *others = [line.rstrip() for line in head.lstrip().split(b"\n", 2)[:2]]
    if first[:1] == b"[" or first == b"{":
        return False
    return others[0][:1] in (b"{", b"") if others else len(first) > 2 * limit


def _item(raw: bytes, source: str) -> Item:
    try:
        event = decoded(raw)
        if not isinstance(event, dict):
            raise Refusal("not_an_alert", "The item is no OCSF event: it is not a JSON object.")
        return Item(raw, encoded(_native(event, source)))
    except Refusal as refusal:
        return Item(raw, refusal=refusal)


def _native(event: dict[str, Any], source: str) -> dict[str, Any]:
    _require_class(event)
    unmapped = mapping(event.get("unmapped"))
    block = unmapped.get("casemgr")
    if isinstance(block, dict) and block.get("schema") == SCHEMA:
        return _of_block(block, event, source)
    uid = text(at(event, "finding_info.uid"))
    if not uid:
        raise _missing("finding_info.uid", "it tells one finding from another.", "")
    ref = reference(uid)
    native: dict[str, Any] = {
        "schema": SCHEMA,
        "source": source,
        "source_ref": ref,
        "action": _action(event, ref),
        "detector": {"version": _version(event), "known_false_positives": []},
        "title": _title(event, ref),
        "kind": kind([*texts(at(event, "finding_info.types")), at(event, "finding_info.analytic.category")]),
        "severity": _severity(event, ref),
        "detected_at": _time(event, "time", ref, required=True),
        "subject": _subject(event, ref),
        "indicators": _indicators(event).as_list(),
        "ext": {"ocsf": event},
    }
    optional = {
        "technique": _techniques(event),
        "window": _window(event, ref, native["detected_at"]),
        "score": _score(event),
        "target": _target(event),
    }
    return native | {name: value for name, value in optional.items() if value}


def _of_block(block: dict[str, Any], event: dict[str, Any], source: str) -> dict[str, Any]:
    native = {"source": source} | block
    if event.get("activity_id") in (1, 2, 3) and ACTIONS[event["activity_id"]] != native.get("action", "create"):
        native["action"] = ACTIONS[event["activity_id"]]
    return native


def _missing(field: str, why: str, ref: str) -> Refusal:
    return Refusal("missing_field", f"{field} is missing: {why}", field=field, source_ref=ref)


def _require_class(event: dict[str, Any]) -> None:
    found, type_uid = event.get("class_uid"), event.get("type_uid")
    if found is None and isinstance(type_uid, int):
        found = type_uid // 100
    if found == DETECTION_FINDING and not isinstance(found, bool):
        return
    if found is None:
        raise _missing("class_uid", f"casemgr takes OCSF Detection Finding, class {DETECTION_FINDING}.", "")
    known = FINDINGS.get(found) if isinstance(found, int) else None
    name = known or printable(text(event.get("class_name")))
    reason = (
        f"class_uid {printable(found)}{f' is {name}' if name else ''}; "
        f"casemgr takes OCSF Detection Finding, class {DETECTION_FINDING}."
    )
    raise Refusal("class_not_taken", reason, field="class_uid", source_ref=text(at(event, "finding_info.uid"))[:200])


def _code(event: dict[str, Any], field: str, meanings: dict[int, Any], ref: str) -> Any:
    found = event.get(field)
    if isinstance(found, bool) or not isinstance(found, int | float) or found not in meanings:
        known = ", ".join(map(str, meanings))
        reason = f"{field} is {printable(found)}; it is one of {known}."
        if found is None:
            raise _missing(field, f"it is one of {known}.", ref)
        raise Refusal("invalid", reason, field=field, source_ref=ref)
    return meanings[int(found)]


def _action(event: dict[str, Any], ref: str) -> str:
    type_uid = event.get("type_uid")
    if event.get("activity_id") is None and isinstance(type_uid, int):
        event = {"activity_id": type_uid % 100}
    return _code(event, "activity_id", ACTIONS, ref)


def _severity(event: dict[str, Any], ref: str) -> int:
    return _code(event, "severity_id", SEVERITIES, ref)


def _title(event: dict[str, Any], ref: str) -> str:
    info = mapping(event.get("finding_info"))
    return title(info.get("title"), event.get("message"), at(info, "analytic.name"), info.get("desc"), f"Finding {ref}")


def _version(event: dict[str, Any]) -> str:
    product = mapping(at(event, "metadata.product"))
    found = text(product.get("version")) or text(at(event, "finding_info.analytic.version")) or UNSTATED
    return reference(found, 64)


def _time(event: dict[str, Any], path: str, ref: str, *, required: bool = False) -> str | None:
    """A moment in milliseconds; its twin `…_dt` where only that is there."""
    found = at(event, path)
    if not found:
        twin = at(event, f"{path}_dt")
        if twin:
            return moment(twin, f"{path}_dt", ref)
        if required:
            raise _missing(path, "when was it found? In milliseconds since 1970.", ref)
        return None
    count = number(found)
    if count is None:
        reason = f"{path} is {printable(found)}; OCSF times are whole milliseconds since 1970."
        raise Refusal("invalid", reason, field=path, source_ref=ref)
    seconds = count if FIRST <= count < LAST else count / 1000
    if not FIRST <= seconds < LAST:
        reason = f"{path} is {printable(found)}, which lies outside 2000 to 2100 in milliseconds since 1970."
        raise Refusal("time_out_of_range", reason, field=path, source_ref=ref)
    return stamp(datetime.fromtimestamp(seconds, UTC), path, ref)


def _window(event: dict[str, Any], ref: str, detected_at: str) -> dict[str, str] | None:
    start = _time(event, "finding_info.first_seen_time", ref) or _time(event, "start_time", ref)
    end = _time(event, "finding_info.last_seen_time", ref) or _time(event, "end_time", ref)
    if not start:
        return None
    end = end or max(start, detected_at, key=datetime.fromisoformat)
    if datetime.fromisoformat(end) < datetime.fromisoformat(start):
        reason = f"What was seen ends ({end}) before it starts ({start})."
        raise Refusal("window_order", reason, field="finding_info.last_seen_time", source_ref=ref)
    return {"start": start, "end": end}


def _score(event: dict[str, Any]) -> dict[str, Any] | None:
    value = number(event.get("confidence_score"))
    return None if value is None else {"value": value, "type": "raw"}


def _techniques(event: dict[str, Any]) -> list[str]:
    attacks = mappings(at(event, "finding_info.attacks"))
    found = [text(at(attack, "sub_technique.uid")) or text(at(attack, "technique.uid")) for attack in attacks]
    return [uid for uid in dict.fromkeys(found) if 0 < len(uid) <= 64][:20]


def _target(event: dict[str, Any]) -> dict[str, str]:
    for place in _places(event):
        for model in (mapping(place.get("ai_model")), mapping(at(place, "ai_agent.ai_model"))):
            if name := text(model.get("uid")) or text(model.get("name")):
                version = text(model.get("version"))
                return {"model": reference(name)} | ({"version": reference(version)} if version else {})
    return {}


def _places(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Where the standard lets a producer name who did it: evidence by evidence, and in the event itself."""
    return [*mappings(event.get("evidences")), event]


def _subject(event: dict[str, Any], ref: str) -> dict[str, Any]:
    accounts = _accounts(event)
    if len(accounts) == 1:
        return {"type": "account", "n_accounts": 1, "accounts": accounts}
    if accounts:
        return {
            "type": "cluster",
            "cluster_ref": ref,
            "n_accounts": len(accounts),
            "accounts": accounts[:MAX_ACCOUNTS],
        }
    if name := _endpoint(event):
        return {"type": "endpoint", "endpoint_ref": reference(name, REFERENCE)}
    for path in ("cloud.org.uid", "cloud.account.uid", "metadata.tenant_uid"):
        if name := text(at(event, path)):
            return {"type": "organisation", "organisation_ref": reference(name, REFERENCE)}
    raise _missing("evidences", "the event names no user, account, endpoint, device, resource or tenant.", ref)


def _accounts(event: dict[str, Any]) -> list[str]:
    """The accounts that are named by their ids; by their names only where no id is there at all."""
    ids: list[str] = []
    names: list[str] = []
    for place in _places(event):
        for user in (mapping(at(place, "actor.user")), mapping(place.get("user"))):
            if uid := text(user.get("uid")) or text(at(user, "account.uid")):
                ids.append(uid)
            names.append(text(user.get("name")))
    for observable in mappings(event.get("observables")):
        if observable.get("type_id") in (USER_UID, ACCOUNT_UID):
            ids.append(text(observable.get("value")))
        elif observable.get("type_id") == USER_NAME:
            names.append(text(observable.get("value")))
    found = [name for name in ids if name] or [name for name in names if name]
    return list(dict.fromkeys(reference(name, ACCOUNT) for name in found))


def _endpoint(event: dict[str, Any]) -> str:
    things = [mapping(place.get(name)) for place in _places(event) for name in ENDPOINTS]
    things += mappings(event.get("resources"))
    names = (text(thing.get(name)) for thing in things for name in NAMES)
    return next(filter(None, names), "")


def _indicators(event: dict[str, Any]) -> Indicators:
    found = Indicators()
    for place in _places(event):
        for thing, paths in CLIENT.items():
            if thing in place:
                for path, name in paths.items():
                    found.add(name, at(place[thing], path))
        system = at(place, "src_endpoint.autonomous_system.number")
        found.add("asn", f"AS{system}" if isinstance(system, int) and not isinstance(system, bool) else None)
        for user in (mapping(at(place, "actor.user")), mapping(place.get("user"))):
            found.add("email", user.get("email_addr"))
            found.add("api_key", user.get("credential_uid"))
        for print_ in [*mappings(place.get("ja4_fingerprint_list")), *mappings(at(place, "tls.ja4_fingerprint_list"))]:
            found.add(_named(print_.get("type")) or "ja4", print_.get("value"))
    for observable in mappings(event.get("observables")):
        type_id = observable.get("type_id")
        if type_id not in (USER_NAME, USER_UID, ACCOUNT_UID):
            known = OBSERVABLES.get(type_id) if isinstance(type_id, int) else None
            found.add(known or _named(observable.get("type")) or "observable", observable.get("value"))
    return found


def _named(value: Any) -> str:
    return _slug.sub("_", text(value).lower()).strip("_")[:64]
