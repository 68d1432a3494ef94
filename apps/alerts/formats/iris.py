"""DFIR-IRIS's alert (`POST /alerts/add`) as a native alert.

One request is one alert. A change of an alert that exists is the alert as it is (`known`), a line end, and what the
client sent, untouched; see `change`. The numbers of severities and types are those of a fresh installation.
Source: DFIR-IRIS 2.4, alert endpoints and the order in which an installation creates its lists.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from apps.alerts.formats import observed, reading
from apps.alerts.formats.item import Item
from apps.alerts.native import SCHEMA
from apps.alerts.wire import Refusal

NAME = "iris"  # its place under `ext`
REQUIRED = ("alert_title", "alert_severity_id", "alert_status_id", "alert_customer_id")
SEVERITIES = {1: 2, 2: 2, 3: 0, 4: 1, 5: 3, 6: 4}  # Medium, Unspecified (taken as medium), Informational, Low, High, …
TLP = {1: "RED", 2: "AMBER", 3: "GREEN", 4: "CLEAR", 5: "AMBER+STRICT"}
ACCOUNT_ASSETS = frozenset({1, 5, *range(16, 22)})  # Account, Linux Account, the Windows accounts
IOC_TYPES = {
    1: "asn", 3: "account", 14: "cookie", 20: "domain", 22: "email", 25: "email-dst", 31: "email-src", 37: "filename",
    65: "github-username", 69: "hostname", 76: "ip-any", 77: "ip-dst", 79: "ip-src", 81: "ja3", 83: "jarm", 85: "link",
    86: "mac-address", 90: "md5", 96: "other", 105: "phone-number", 111: "sha1", 113: "sha256", 119: "sha512",
    128: "target-email", 131: "target-machine", 133: "target-user", 140: "uri", 141: "url", 142: "user-agent",
}  # fmt: skip
# Who decides: people. `alert_status_id` is judged by the caller, who knows what it is now.
FOR_PEOPLE = ("alert_owner_id", "alert_resolution_status_id", "alert_classification_id")
MAX_OBSERVABLES = 10_000


class _Ioc(Struct):
    ioc_value: str
    ioc_type_id: int | str
    ioc_tags: str = ""


class _Asset(Struct):
    asset_name: str
    asset_type_id: int | str
    asset_tags: str = ""


class _Held(Struct):
    """What `ext.iris` has at least, where this module wrote it."""

    alert_severity_id: int | str = 0
    alert_tags: list[str] = []
    alert_iocs: list[_Ioc] = []
    alert_assets: list[_Asset] = []


def held_of(payload: dict[str, Any]) -> dict[str, Any]:
    """What IRIS's client said about a native alert; nothing of one that came in another form."""
    return reading.under(payload, NAME, _Held)


def items(chunks: Iterable[bytes], *, source: str, limit: int = 0) -> Iterator[Item]:
    """The alert of a request. `limit` is that of the native alert, which is judged later."""
    return reading.one(chunks, lambda body: _native(body, source))


change = reading.change


def missing(said: dict[str, Any]) -> list[str]:
    """The required fields that are absent or null."""
    return [name for name in REQUIRED if said.get(name) is None or said[name] == ""]


def names_itself(said: dict[str, Any]) -> bool:
    """Whether the same bytes again are the same alert: without a reference and a time nothing says so."""
    return bool(said.get("alert_source_ref") or said.get("alert_source_event_time"))


def source_ref(origin: str, ref: str) -> str:
    return reading.shortened_ref(f"{origin}:{ref}")


def _native(body: bytes, source: str) -> dict[str, Any]:
    if not body.startswith(reading.ENVELOPE):
        return _created(reading.document(body), source)
    known, said = reading.changed(body)
    return _changed(known, reading.document(said))


# --- a new alert -----------------------------------------------------------------------------------------------------


def _created(said: dict[str, Any], source: str) -> dict[str, Any]:
    if absent := missing(said):
        raise Refusal("missing_field", f"{', '.join(absent)}: required.", field=absent[0])
    title = reading.text(said, "alert_title", most=reading.KEPT_TEXT, required=True)
    moment = _moment(said) or datetime.now(UTC)
    ref = _ref(said, moment)
    held = _kept(said, _fold(said, "alert_iocs", IOC_KEY), _fold(said, "alert_assets", ASSET_KEY))
    alert: dict[str, Any] = {
        "schema": SCHEMA,
        "source": source,
        "source_ref": ref,
        "detector": {"version": "not stated", "known_false_positives": []},
        "title": reading.cut(title, reading.TITLE_LENGTH),
        "kind": "external_report",
        "severity": _severity(said),
        "detected_at": moment.isoformat(),
    }
    return alert | _about(ref, held)


def _ref(said: dict[str, Any], moment: datetime) -> str:
    """The sender's own reference; without one its content, so that the same again is the same."""
    origin = reading.text(said, "alert_source", most=reading.KEPT_TEXT) or "iris"
    ref = said.get("alert_source_ref")
    if isinstance(ref, str | int | float) and not isinstance(ref, bool) and str(ref):
        return source_ref(origin, str(ref))
    content = msgspec.json.encode({**said, "alert_source_event_time": moment.isoformat()}, order="sorted")
    return source_ref(origin, f"sha256:{sha256(content).hexdigest()}")


def _moment(said: dict[str, Any]) -> datetime | None:
    """When it happened: ISO 8601, UTC where no zone is given, also with an offset without colon."""
    value = said.get("alert_source_event_time")
    if value is None or value == "":
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (AttributeError, ValueError, OverflowError) as error:
        reason = "alert_source_event_time is an ISO 8601 date and time."
        raise Refusal("invalid", reason, field="alert_source_event_time") from error


def _severity(said: dict[str, Any]) -> int:
    given = _id(said, "alert_severity_id")
    if given not in SEVERITIES:
        raise Refusal("invalid", "alert_severity_id is a number from 1 to 6.", field="alert_severity_id")
    return SEVERITIES[given]


def _id(holder: dict[str, Any], field: str) -> int | None:
    """A number of one of the lists; some clients write it as text."""
    value = holder.get(field)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _kept(said: dict[str, Any], iocs: list[dict[str, Any]], assets: list[dict[str, Any]]) -> dict[str, Any]:
    """What the client said, for `ext`: nulls say nothing, tags are a set, iocs and assets are there once."""
    held = {
        name: reading.kept(value)
        for name, value in said.items()
        if value is not None and name not in ("alert_iocs", "alert_assets", "alert_tags", "cid")
    }
    if tags := tags_of(said):
        held["alert_tags"] = tags
    return held | ({"alert_iocs": iocs} if iocs else {}) | ({"alert_assets": assets} if assets else {})


def tags_of(said: dict[str, Any]) -> list[str]:
    """Tags come as one text with commas; a list is understood as well."""
    value = said.get("alert_tags")
    if value is None:
        return []
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        raise Refusal("invalid", "alert_tags is a text with commas.", field="alert_tags")
    return sorted({str(tag).strip() for tag in value if str(tag).strip()})


def _about(ref: str, held: dict[str, Any]) -> dict[str, Any]:
    iocs, assets = held.get("alert_iocs", []), held.get("alert_assets", [])
    accounts, indicators = observed.sort_out([*_of_assets(assets), *_of_iocs(iocs)])
    hosts = [one["asset_name"] for one in assets if _id(one, "asset_type_id") not in ACCOUNT_ASSETS]
    marks = [TLP[mark] for one in iocs if (mark := _id(one, "ioc_tlp_id")) in TLP]
    return {
        "subject": observed.subject(accounts, ref, hosts[0] if hosts else ""),
        "indicators": indicators,
        "handling": {"tlp": reading.strictest(["AMBER", *marks])},
        "ext": {NAME: held},
    }


def _of_assets(assets: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in assets:
        yield ("account" if _id(one, "asset_type_id") in ACCOUNT_ASSETS else "hostname"), one["asset_name"]
        for type_, field in (("ip", "asset_ip"), ("domain", "asset_domain")):
            if isinstance(value := one.get(field), str) and value:
                yield type_, value


def _of_iocs(iocs: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in iocs:
        number = _id(one, "ioc_type_id")
        yield IOC_TYPES.get(number or 0, f"ioc-type-{number}"), one["ioc_value"]


IOC_KEY = ("ioc_value", "ioc_type_id")
ASSET_KEY = ("asset_name", "asset_type_id")


def _fold(said: dict[str, Any], field: str, key: tuple[str, str]) -> list[dict[str, Any]]:
    """Iocs or assets, each once; a later one adds what an earlier one did not say. What has no value is passed over."""
    found = reading.objects(said, field)
    if len(found) > MAX_OBSERVABLES:
        raise Refusal("invalid", f"{field} has {len(found):,} entries; at most {MAX_OBSERVABLES:,}.", field=field)
    folded: dict[tuple[str, int], dict[str, Any]] = {}
    for one in found:
        value, number = one.get(key[0]), _id(one, key[1])
        if value is None or number is None:
            name = key[1] if value is not None else key[0]
            raise Refusal("missing_field", f"Every entry of {field} has {name}.", field=field)
        plain = {name: reading.kept(held) for name, held in one.items() if held is not None}
        plain |= {key[0]: str(value)[:4096], key[1]: number}
        for tags in ("ioc_tags", "asset_tags"):
            if tags in plain:
                plain[tags] = ",".join(tags_of({"alert_tags": plain[tags]}))
        known = folded.setdefault((plain[key[0]], number), plain)
        if known is not plain:
            _merge(known, plain)
    return [one for one in folded.values() if one[key[0]]]


def _merge(known: dict[str, Any], other: dict[str, Any]) -> None:
    for name, value in other.items():
        if name in ("ioc_tags", "asset_tags"):
            tags = {tag.strip() for tag in f"{known.get(name, '')},{value}".split(",") if tag.strip()}
            known[name] = ",".join(sorted(tags))
        else:
            known.setdefault(name, value)


# --- a change of an alert --------------------------------------------------------------------------------------------


def _changed(known: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The alert after what a detector may say of it: iocs and assets are added to, never taken away."""
    for name in FOR_PEOPLE:
        if said.get(name) is not None:
            reason = f"{name} says what becomes of the alert, and that is decided by people in casemgr."
            raise Refusal("for_people", reason, field=name)
    said = {name: value for name, value in said.items() if value is not None and name not in ("alert_id", "alert_uuid")}
    held = held_of(known)
    for name in ("alert_source", "alert_source_ref"):
        if name in said and said[name] != held.get(name, said[name]):
            reason = f"{name} is part of the alert's name and cannot be changed; send another alert."
            raise Refusal("identity", reason, field=name)
    merged = held | said
    for field in ("alert_iocs", "alert_assets"):
        merged[field] = [*held.get(field, []), *reading.objects(said, field)]
    alert = dict(known)
    if "alert_title" in said:
        title = reading.text(said, "alert_title", most=reading.KEPT_TEXT, required=True)
        alert["title"] = reading.cut(title, reading.TITLE_LENGTH)
    if "alert_severity_id" in said:
        alert["severity"] = _severity(said)
    if moment := _moment(said):
        alert["detected_at"] = moment.isoformat()
    iocs, assets = _fold(merged, "alert_iocs", IOC_KEY), _fold(merged, "alert_assets", ASSET_KEY)
    held = _kept(merged, iocs, assets)
    return observed.add_to(alert, _about(alert["source_ref"], held))
