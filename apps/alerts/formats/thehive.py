"""TheHive's alert, of both generations (v0 `artifacts`, v1 `observables`), as a native alert.

One request is one alert: JSON, or multipart with the JSON in the part `_json` and files beside it. A change of an alert
that exists is the alert as it is (`known`), a line end, and what the client sent, untouched; see `change`.
Source: TheHive 5 API (InputAlert, InputUpdateAlert, InputObservable) and the two generations of its Python client.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from hashlib import sha256
from typing import Annotated, Any, NamedTuple, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from apps.alerts.formats import observed, reading
from apps.alerts.formats.item import Item
from apps.alerts.native import SCHEMA, Kind, Sha256
from apps.alerts.wire import Refusal

NAME = "thehive"  # its place under `ext`
KINDS = frozenset(get_args(Kind))
TLP = ("CLEAR", "GREEN", "AMBER", "RED", "AMBER+STRICT")  # by TheHive's number
MAX_DESCRIPTION = 1024 * 1024
MAX_OBSERVABLES = 10_000
FOR_PEOPLE = ("status", "stage", "assignee", "caseId", "case")  # a detector may not change them
IDENTITY = ("type", "source", "sourceRef")

_boundary = re.compile(rb"--([^\r\n]{1,200})\r?\n")


class File(NamedTuple):
    """A file that came with the alert. Its bytes stay in the request; the alert has its hash."""

    name: str
    media_type: str
    content: bytes

    @property
    def facts(self) -> dict[str, Any]:
        digest = sha256(self.content).hexdigest()
        return {"name": self.name, "contentType": self.media_type, "size": len(self.content), "sha256": digest}


class _Attachment(Struct):
    name: str
    contentType: str
    size: int = 0
    sha256: Sha256 | UnsetType = UNSET


class _Observable(Struct):
    dataType: str
    data: str | None = None
    tags: list[str] = []
    tlp: Annotated[int, Meta(ge=0, le=4)] = 2
    pap: Annotated[int, Meta(ge=0, le=3)] = 2
    attachment: _Attachment | UnsetType = UNSET


class _Field(Struct):
    name: str


class _Held(Struct):
    """What `ext.thehive` has at least, where this module wrote it."""

    type: str = ""
    title: str = ""
    tlp: Annotated[int, Meta(ge=0, le=4)] = 2
    pap: Annotated[int, Meta(ge=0, le=3)] = 2
    tags: list[str] = []
    customFields: list[_Field] = []
    observables: list[_Observable] = []


def held_of(payload: dict[str, Any]) -> dict[str, Any]:
    """What TheHive's client said about a native alert; nothing of one that came in another form."""
    return reading.under(payload, NAME, _Held)


def items(chunks: Iterable[bytes], *, source: str, limit: int = 0) -> Iterator[Item]:
    """The alert of a request. `limit` is that of the native alert, which is judged later: the files are not in it."""
    return reading.one(chunks, lambda body: _native(body, source))


change = reading.change


def source_ref(type_: str, source: str, ref: str) -> str:
    """The three parts that name an alert in TheHive, as one reference."""
    return f"{type_}:{source}:{ref}"


def _native(body: bytes, source: str) -> dict[str, Any]:
    if not body.startswith(reading.ENVELOPE):
        return _created(*_read(body), source)
    known, said = reading.changed(body)
    return _changed(known, *_read(said))


# --- a new alert -----------------------------------------------------------------------------------------------------


def _created(said: dict[str, Any], files: dict[str, File], source: str) -> dict[str, Any]:
    type_, origin, ref = (reading.text(said, name, most=most, required=True) for name, most in _IDENTITY_LENGTHS)
    title = reading.text(said, "title", most=512, required=True)
    reading.text(said, "description", most=MAX_DESCRIPTION, required=True)
    date = said.get("date")
    moment = datetime.now(UTC) if date is None else reading.from_milliseconds(date, "date")
    alert: dict[str, Any] = {
        "schema": SCHEMA,
        "source": source,
        "source_ref": source_ref(type_, origin, ref),
        "detector": {"version": "not stated", "known_false_positives": []},
        "title": reading.cut(title, reading.TITLE_LENGTH),
        "kind": type_ if type_ in KINDS else "external_report",
        "severity": reading.number(said, "severity", least=1, most=4, default=2),
        "detected_at": moment.isoformat(),
    }
    if technique := _technique(said):
        alert["technique"] = technique
    observables = _fold(_observables(said, files))
    return alert | _about(alert["source_ref"], observables, _kept(said, observables))


_IDENTITY_LENGTHS = (("type", 32), ("source", 32), ("sourceRef", 128))


def _technique(said: dict[str, Any]) -> list[str]:
    patterns = [one.get("patternId") for one in reading.objects(said, "procedures")]
    names = [name for name in patterns if isinstance(name, str) and 0 < len(name) <= 64]
    return list(dict.fromkeys(names))[:20]


def _kept(said: dict[str, Any], observables: list[dict[str, Any]]) -> dict[str, Any]:
    """What the client said, for `ext`: nulls say nothing, observables are folded, custom fields in one shape."""
    held = {
        name: reading.kept(value)
        for name, value in said.items()
        if value is not None and name not in ("artifacts", "observables", "_json")
    }
    if said.get("tags") is not None:
        held["tags"] = reading.words(said, "tags")
    if fields := custom_fields(said.get("customFields")):
        held["customFields"] = fields
    else:
        held.pop("customFields", None)
    held["tlp"] = reading.number(said, "tlp", least=0, most=4, default=2)
    held["pap"] = reading.number(said, "pap", least=0, most=3, default=2)
    if observables:
        held["observables"] = observables
    return held


def _about(ref: str, observables: list[dict[str, Any]], held: dict[str, Any]) -> dict[str, Any]:
    """The parts of a native alert that follow from the observables and their marks."""
    pairs = [(one["dataType"], one["data"]) for one in observables if one.get("data")]
    accounts, indicators = observed.sort_out(pairs)
    host = next((value for type_, value in pairs if type_ in ("hostname", "fqdn")), "")
    marks = [TLP[held["tlp"]], *(TLP[one["tlp"]] for one in observables if "tlp" in one)]
    return {
        "subject": observed.subject(accounts, ref, host),
        "indicators": indicators,
        "evidence": _evidence(observables),
        "handling": {"tlp": reading.strictest(marks)},
        "ext": {NAME: held},
    }


def _evidence(observables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The files, named by their hashes."""
    files = [one["attachment"] for one in observables if "sha256" in one.get("attachment", {})]
    found = {
        file["sha256"]: {
            "uri": f"attachment:{file['name']}"[:2000],
            "sha256": file["sha256"],
            "bytes": file.get("size"),
            "media_type": file["contentType"][:200],
        }
        for file in files
    }
    return list(found.values())[: observed.MAX_EVIDENCE]


def custom_fields(value: Any) -> list[dict[str, Any]]:
    """Custom fields as a list of name and value, whichever of their three shapes they came in.

    v1: a list of such, or an object by name. v0: an object by name, of objects with the value under its type.
    """
    if value is None:
        return []
    if isinstance(value, list):
        if not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in value):
            raise Refusal("invalid", "customFields is a list of objects with a name.", field="customFields")
        fields = [{name: one.get(name) for name in ("name", "value", "type", "order")} for one in value]
    elif isinstance(value, dict):
        fields = [{"name": name} | _valued(one) for name, one in value.items()]
    else:
        raise Refusal("invalid", "customFields is a list or an object.", field="customFields")
    return [{k: reading.kept(v) for k, v in one.items() if v is not None} for one in fields]


_FIELD_TYPES = ("string", "integer", "float", "boolean", "date", "number")


def _valued(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {"value": value}
    typed = next((name for name in _FIELD_TYPES if name in value), None)
    return {"value": value[typed] if typed else value.get("value"), "type": typed, "order": value.get("order")}


# --- observables -----------------------------------------------------------------------------------------------------


def _observables(said: dict[str, Any], files: dict[str, File]) -> Iterator[dict[str, Any]]:
    """Each observable with one value of its own: a list of data is as many, as is a list of attachments."""
    found = [("artifacts", one) for one in reading.objects(said, "artifacts")]
    found += [("observables", one) for one in reading.objects(said, "observables")]
    if len(found) > MAX_OBSERVABLES:
        raise Refusal("invalid", f"{len(found):,} observables; at most {MAX_OBSERVABLES:,} are taken.")
    for field, one in found:
        yield from _values(one, field, files)


def _values(one: dict[str, Any], field: str, files: dict[str, File]) -> Iterator[dict[str, Any]]:
    type_ = reading.text(one, "dataType", most=64, required=True)
    plain = {
        name: reading.kept(value)
        for name, value in one.items()
        if value is not None and name not in ("data", "attachment", "tags", "id", "_id")
    }
    if tags := reading.words(one, "tags"):
        plain["tags"] = tags
    if "tlp" in plain:
        plain["tlp"] = reading.number(one, "tlp", least=0, most=4, default=2)
    if "pap" in plain:
        plain["pap"] = reading.number(one, "pap", least=0, most=3, default=2)
    data = one.get("data")
    for value in data if isinstance(data, list) else [data]:
        if value is not None and value != "":
            yield plain | _value(type_, value, field)
    attached = one.get("attachment")
    for name in attached if isinstance(attached, list) else [attached]:
        if name is not None:
            yield plain | _attachment(name, field, files)


def _value(type_: str, value: Any, field: str) -> dict[str, Any]:
    """A value as text; of a file, which v0 writes as `name;media type;base64`, its name and hash."""
    if isinstance(value, dict | list | bool):
        raise Refusal("invalid", f"data of an observable is a text, or a list of texts ({field}).", field=field)
    value = str(value)
    if type_ != "file" or value.count(";") < 2:
        if len(value) > 4096:
            reason = f"data of an observable has at most 4,096 characters ({field})."
            raise Refusal("invalid", reason, field=field)
        return {"data": value}
    name, media_type, content = value.split(";", 2)
    try:
        decoded = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal("invalid", f"The file “{name[:80]}” in {field} is not base64.", field=field) from error
    return {"data": name[:500], "attachment": File(name[:500], media_type[:200], decoded).facts}


def _attachment(named: Any, field: str, files: dict[str, File]) -> dict[str, Any]:
    """A file by the name of its part; or one that TheHive has, of which we are only told."""
    if isinstance(named, dict):
        name = str(named.get("name") or "file")[:500]
        return {"data": name, "attachment": {"name": name, "contentType": str(named.get("contentType") or "")[:200]}}
    if not isinstance(named, str) or named not in files:
        reason = f"An attachment names the part “{str(named)[:80]}”, which is not in the request."
        raise Refusal("attachment_missing", reason, field=field)
    return {"data": files[named].name, "attachment": files[named].facts}


def _fold(observables: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each thing observed once, in the order of first mention: tags and messages of all, the strictest marks."""
    folded: dict[tuple, dict[str, Any]] = {}
    for one in observables:
        key = (one["dataType"], one.get("data"), one.get("attachment", {}).get("sha256"))
        known = folded.setdefault(key, one)
        if known is not one:
            _merge(known, one)
    return list(folded.values())


def _merge(known: dict[str, Any], other: dict[str, Any]) -> None:
    if tags := {*known.get("tags", ()), *other.get("tags", ())}:
        known["tags"] = sorted(tags)
    messages = dict.fromkeys(str(one["message"]) for one in (known, other) if one.get("message"))
    if messages:
        known["message"] = "\n".join(messages)
    for mark in ("ioc", "sighted", "ignoreSimilarity"):
        if other.get(mark):
            known[mark] = other[mark]
    if "tlp" in other:
        known["tlp"] = max(known.get("tlp", 0), other["tlp"], key=_strictness)
    if "pap" in other:
        known["pap"] = max(known.get("pap", 0), other["pap"])
    for name, value in other.items():
        known.setdefault(name, value)


def _strictness(tlp: int) -> int:
    return reading.STRICTEST_LAST.index(TLP[tlp])


# --- a change of an alert --------------------------------------------------------------------------------------------


def _changed(known: dict[str, Any], said: dict[str, Any], files: dict[str, File]) -> dict[str, Any]:
    """The alert after what a detector may say of it: observables are added to, never taken away."""
    for name in FOR_PEOPLE:
        if said.get(name) is not None:
            reason = f"{name} says what becomes of the alert, and that is decided by people in casemgr."
            raise Refusal("for_people", reason, field=name)
    if "dataType" in said:
        said = {"observables": [_by_itself(said, files)]}
    held = held_of(known)
    _refuse_another_identity(held, said)
    more = list(_observables(said, files))
    said = _tagged(held, said)
    alert = dict(known)
    if said.get("title") is not None:
        alert["title"] = reading.cut(reading.text(said, "title", most=512, required=True), reading.TITLE_LENGTH)
    reading.text(said, "description", most=MAX_DESCRIPTION)
    if said.get("severity") is not None:
        alert["severity"] = reading.number(said, "severity", least=1, most=4, default=2)
    if said.get("date") is not None:
        alert["detected_at"] = reading.from_milliseconds(said["date"], "date").isoformat()
    marked = {"tlp": said.get("tlp", held.get("tlp", _tlp(known)))}
    fields = {one["name"]: one for one in [*held.get("customFields", []), *custom_fields(said.get("customFields"))]}
    merged = held | said | marked | {"customFields": list(fields.values())}
    observables = _fold([*(dict(one) for one in held.get("observables", [])), *more])
    if said.get("tlp") is not None:
        alert["handling"] = alert.get("handling", {}) | {"tlp": "CLEAR"}  # said anew: not the stricter of both
    return observed.add_to(alert, _about(alert["source_ref"], observables, _kept(merged, observables)))


def _by_itself(one: dict[str, Any], files: dict[str, File]) -> dict[str, Any]:
    """One observable as the whole of a request: the files beside it are its own, named or not."""
    if files and one.get("attachment") is None:
        one = one | {"attachment": list(files)}
    if one.get("attachment") is None and one.get("data") in (None, "", []):
        raise Refusal("missing_field", "The observable has neither data nor a file.", field="data")
    return one


def _tlp(known: dict[str, Any]) -> int:
    return TLP.index(known.get("handling", {}).get("tlp", "AMBER"))


def _refuse_another_identity(held: dict[str, Any], said: dict[str, Any]) -> None:
    for name in IDENTITY:
        if said.get(name) is not None and said[name] != held.get(name, said[name]):
            reason = f"{name} is part of the alert's name and cannot be changed; send another alert."
            raise Refusal("identity", reason, field=name)


def _tagged(held: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """Tags as they are after `tags`, `addTags` and `removeTags`."""
    said = {name: value for name, value in said.items() if value is not None and name not in ("id", "_id", "ids")}
    tags = {*(reading.words(said, "tags") if "tags" in said else held.get("tags", []))}
    tags = (tags | {*reading.words(said, "addTags")}) - {*reading.words(said, "removeTags")}
    plain = {name: value for name, value in said.items() if name not in ("addTags", "removeTags")}
    return plain | ({"tags": sorted(tags)} if tags or "tags" in said or held.get("tags") else {})


# --- the body --------------------------------------------------------------------------------------------------------


def _read(body: bytes) -> tuple[dict[str, Any], dict[str, File]]:
    """What was said, and the files beside it by the name of their part."""
    if not body.startswith(b"--"):
        return reading.document(body), {}
    return _parts(body)


def _parts(body: bytes) -> tuple[dict[str, Any], dict[str, File]]:
    found = _boundary.match(body)
    if not found:
        raise Refusal("not_json", "The body is neither JSON nor multipart.")
    boundary = found[1].decode("latin-1").rstrip().replace('"', "")
    head = f'Content-Type: multipart/form-data; boundary="{boundary}"\r\n\r\n'.encode("latin-1")
    said, files = None, {}
    parts = BytesParser().parsebytes(head + body).get_payload()
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, Message):
            continue
        name, filename = part.get_param("name", header="content-disposition"), part.get_filename()
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        if name == "_json":
            said = reading.document(content, "The part _json")
        elif isinstance(name, str):
            files[name] = File(str(filename or name)[:500], part.get_content_type()[:200], content)
    if said is None:
        raise Refusal("not_json", "The multipart body has no part _json.")
    return said, files
