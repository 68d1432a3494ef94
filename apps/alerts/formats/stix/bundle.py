"""STIX 2.1 into native alerts: what a bundle says was seen, and what it says about that.

A sighting and a report are alerts. An indicator or observed data is one unless a sighting or a report of the same body
speaks of it: then it is among that alert's indicators. Everything else in the body is there to be spoken of.

| STIX                                                         | native                                            |
|--------------------------------------------------------------|---------------------------------------------------|
| id                                                           | source_ref                                        |
| revoked                                                      | action close, else create                         |
| name, or what was sighted and how often                      | title                                             |
| labels, report_types, indicator_types where one is a kind    | kind, else external_report                        |
| a label such as severity:high                                | severity, else 2; 0 for an indicator of benign    |
| published of a report, else created                          | detected_at                                       |
| first_seen and last_seen, first_observed and last_observed   | window                                            |
| confidence 0 to 100                                          | score of type raw; in words under ext             |
| user accounts                                                | subject.accounts; several are a cluster           |
| campaign, else intrusion set, else threat actor              | subject.campaign_ref                              |
| without any: an address or name, an identity, the id         | subject endpoint, organisation, cluster           |
| patterns, observed objects                                   | indicators                                        |
| external ids of attack patterns                              | technique                                         |
| markings, of parts too: the most restrictive                 | handling.tlp                                      |
| the object, and the names of what it is related to           | ext.stix                                          |
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

from apps.alerts.formats import document, lines
from apps.alerts.formats.item import Item
from apps.alerts.formats.loose import decoded, encoded, mapping, printable, text, texts
from apps.alerts.formats.stix import faults
from apps.alerts.formats.stix.alert import native
from apps.alerts.wire import Refusal

ALONE = ("sighting", "report")
UNLESS_SPOKEN_OF = ("indicator", "observed-data")
MAX_RELATED = 2000


class Envelope(Struct):
    objects: list[Raw]


ENVELOPE = msgspec.json.Decoder(Envelope)


class Stated(NamedTuple):
    """An object of the body, and its bytes."""

    raw: bytes
    value: dict[str, Any]


class Body:
    """All objects of a request, by id, and which of them are related."""

    def __init__(self, objects: list[Stated]) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.neighbours: dict[str, list[str]] = defaultdict(list)
        self.spoken_of: set[str] = set()
        for _, value in objects:
            self._learn(value)

    def _learn(self, value: dict[str, Any]) -> None:
        id_, kind = text(value.get("id")), value.get("type")
        if text(value.get("modified")) >= text(self.known.get(id_, {}).get("modified")):
            self.known[id_] = value
        if kind == "relationship":
            first, second = text(value.get("source_ref")), text(value.get("target_ref"))
            self.neighbours[first].append(second)
            self.neighbours[second].append(first)
        elif kind in ALONE:
            self.spoken_of.update(direct_refs(value))

    def is_alert(self, value: dict[str, Any]) -> bool:
        kind = value.get("type")
        return kind in ALONE or (kind in UNLESS_SPOKEN_OF and text(value.get("id")) not in self.spoken_of)

    def related(self, value: dict[str, Any]) -> list[dict[str, Any]]:
        """What an alert is about, nearest first: what it names, one relationship further, and what these were seen as.

        A report names all that it is about; the relationships of a sighting or an indicator are followed once, so that
        two indicators of one tool do not become one.
        """
        named = direct_refs(value)
        waiting = list(named)
        if value.get("type") != "report":
            starts = [text(value.get("id")), text(value.get("sighting_of_ref"))]
            waiting += [ref for start in filter(None, starts) for ref in self.neighbours.get(start, [])]
        found: dict[str, dict[str, Any]] = {}
        for ref in waiting:  # grows while it is walked through
            if ref in found or ref not in self.known or len(found) >= MAX_RELATED:
                continue
            found[ref] = self.known[ref]
            waiting += observed_refs(found[ref])
        return list(found.values())


def direct_refs(value: dict[str, Any]) -> list[str]:
    kind = value.get("type")
    if kind == "sighting":
        return [*texts(value.get("sighting_of_ref")), *texts(value.get("observed_data_refs"))]
    return texts(value.get("object_refs")) if kind in ("report", "observed-data") else []


def observed_refs(value: dict[str, Any]) -> list[str]:
    """What observed data saw, and what a seen object leans on."""
    names = ("object_refs",) if value.get("type") == "observed-data" else ("src_ref", "resolves_to_refs")
    return [ref for name in names for ref in texts(value.get(name))] if value.get("type") != "report" else []


def items(chunks: Iterable[bytes], *, source: str, limit: int = lines.LIMIT) -> Iterator[Item]:
    """The alerts that a bundle, a TAXII envelope, a list of either, or one object alone is about."""
    body, broken = document.joined(chunks)
    for found in document.elements(body):
        if isinstance(found, Item):
            yield found
        else:
            yield from _of_document(found, source, limit)
    if broken:
        yield Item(b"", refusal=broken)


def _of_document(raw: bytes, source: str, limit: int) -> Iterator[Item]:
    try:
        objects = _objects(raw)
    except Refusal as refusal:
        yield Item(raw[:limit], refusal=refusal)
        return
    stated = [found for found in objects if isinstance(found, Stated)]
    body, taken = Body(stated), 0
    for found in objects:
        if isinstance(found, Item):
            yield found
        elif body.is_alert(found.value):
            yield _item(found, body, source, limit)
        else:
            continue
        taken += 1
    if not taken:
        yield Item(raw[:limit], refusal=_nothing_taken(stated))


def _objects(raw: bytes) -> list[Stated | Item]:
    """The objects of a bundle, or the object itself. Raises Refusal."""
    whole = decoded(raw)
    if not isinstance(whole, dict):
        raise Refusal("not_stix", "The item is neither a STIX bundle nor a STIX object.")
    if not isinstance(whole.get("objects"), list) or whole.get("type", "bundle") != "bundle":
        if whole.get("type") == "bundle":
            raise Refusal("missing_field", "The bundle has no list of objects.", field="objects")
        if not isinstance(whole.get("type"), str):
            raise Refusal("not_stix", "The item is no STIX: it has neither objects nor a type.", field="type")
        return [Stated(raw, whole)]
    if whole.get("spec_version") not in (None, "2.1"):
        reason = f"The bundle is STIX {printable(whole['spec_version'])}; casemgr takes STIX 2.1."
        raise Refusal("version_not_taken", reason, field="spec_version")
    try:
        parts = [bytes(part) for part in ENVELOPE.decode(raw).objects]
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Refusal("not_json", f"The bundle is not JSON that can be kept: {error}.") from error
    return [_stated(part, value) for part, value in zip(parts, whole["objects"], strict=True)]


def _stated(raw: bytes, value: Any) -> Stated | Item:
    if isinstance(value, dict):
        return Stated(raw, value)
    return Item(raw, refusal=Refusal("not_stix", f"objects holds {printable(value)}, which is no STIX object."))


def _item(stated: Stated, body: Body, source: str, limit: int) -> Item:
    item = document.whole(stated.raw, limit)
    if item.refusal:
        return item
    try:
        faults.check(stated.value)
        return Item(stated.raw, encoded(native(stated.value, body.related(stated.value), body.known, source)))
    except Refusal as refusal:
        return Item(stated.raw, refusal=refusal)


def _nothing_taken(stated: list[Stated]) -> Refusal:
    """Why a body without any alert is refused: its first fault, or what it is about instead."""
    for _, value in stated:
        try:
            if mapping(value).get("type") not in ("marking-definition", "extension-definition"):
                faults.check(value)
        except Refusal as refusal:
            return refusal
    if not stated:
        return Refusal("nothing_seen", "The bundle is empty.", field="objects")
    kinds = Counter(printable(text(value.get("type")) or "object without a type", 40) for _, value in stated)
    held = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(10))
    reason = f"Nothing was seen: there is no sighting, observed-data, indicator or report, only {held}."
    return Refusal("nothing_seen", reason)
