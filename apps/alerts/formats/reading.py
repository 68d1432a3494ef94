"""Reading what other systems send, where a wrong type is a sentence for its owner and a null says nothing."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from apps.alerts import wire
from apps.alerts.formats.item import Item
from apps.alerts.wire import Refusal

ANYTHING = msgspec.json.Decoder()
TITLE_LENGTH, REF_LENGTH = 250, 200  # of a native alert
KEPT_TEXT = 64 * 1024  # characters of one text that the alert carries along; the whole is in the request's bytes
MAX_KNOWN = 1024 * 1024  # bytes of an alert that is there already
KEPT_BYTES = 64 * 1024
STRICTEST_LAST = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, OverflowError)


def document(body: bytes, what: str = "The body") -> dict[str, Any]:
    """A JSON object. Raises Refusal."""
    try:
        found = ANYTHING.decode(body)
    except RecursionError as error:
        raise Refusal("too_deep", f"{what} is nested too deeply.") from error
    except UNREADABLE as error:
        raise Refusal("not_json", f"{what} is not JSON that can be kept: {error}.") from error
    if not isinstance(found, dict):
        raise Refusal("not_an_alert", f"{what} is JSON, but not an object.")
    return found


def text(holder: dict[str, Any], field: str, *, most: int, required: bool = False) -> str:
    """A text of at most so many characters; "" when it is absent or null and not required."""
    value = holder.get(field)
    if value is None or value == "":
        if required:
            raise Refusal("missing_field", f"{field} is required.", field=field)
        return ""
    if not isinstance(value, str):
        raise Refusal("invalid", f"{field} is a text, not {_named(value)}.", field=field)
    if len(value) > most:
        raise Refusal("invalid", f"{field} has {len(value):,} characters; at most {most:,} are taken.", field=field)
    return value


def number(holder: dict[str, Any], field: str, *, least: int, most: int, default: int) -> int:
    """A whole number in a range; the default when it is absent or null."""
    value = holder.get(field)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refusal("invalid", f"{field} is a whole number from {least} to {most}.", field=field)
    return value


def objects(holder: dict[str, Any], field: str) -> list[dict[str, Any]]:
    """A list of objects; nothing when it is absent or null."""
    value = holder.get(field)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Refusal("invalid", f"{field} is a list of objects.", field=field)
    return value


def words(holder: dict[str, Any], field: str) -> list[str]:
    """A set of short texts, sorted: some clients send them in another order each time."""
    value = holder.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refusal("invalid", f"{field} is a list of texts.", field=field)
    return sorted({str(one) for one in value if isinstance(one, str | int | float) and str(one)})


def from_milliseconds(value: Any, field: str) -> datetime:
    """A moment from milliseconds since 1970, UTC."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refusal("invalid", f"{field} is in milliseconds since 1970.", field=field)
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise Refusal(
            "time_out_of_range", f"{field} is in milliseconds since 1970; {value:g} is no date.", field=field
        ) from error


ENVELOPE = b'{"_known":'  # how the body of a change begins: the alert as it is known stands before what was said


def one(chunks: Iterable[bytes], native: Callable[[bytes], dict[str, Any]]) -> Iterator[Item]:
    """The one alert of a client's request, made native by a function of its whole body."""
    body = b""
    try:
        body = b"".join(chunks)
        yield Item(body, msgspec.json.encode(native(body)))
    except Refusal as refusal:
        yield Item(body, refusal=refusal)
    except UNREADABLE as error:
        yield Item(body, refusal=Refusal("not_json", f"The alert holds what cannot be kept: {error}."))


def change(known: dict[str, Any], said: bytes) -> bytes:
    """The body of a change: the alert as it is known (native), and what the client sent about it."""
    return ENVELOPE + msgspec.json.encode(known) + b"}\n" + said


def changed(body: bytes) -> tuple[dict[str, Any], bytes]:
    """The alert that a change is about, whole and valid, and what is said about it. Raises Refusal."""
    known, _, said = body.partition(b"\n")
    return ANYTHING.decode(wire.read(known[len(ENVELOPE) : -1], limit=MAX_KNOWN).payload), said


def under(payload: dict[str, Any], name: str, shape: type[msgspec.Struct]) -> dict[str, Any]:
    """What an alert holds under `ext` of a format's own; nothing where somebody else wrote something else there."""
    ext = payload.get("ext")
    held = ext.get(name) if isinstance(ext, dict) else None
    try:
        msgspec.convert(held, shape)
    except msgspec.ValidationError:
        return {}
    return held if isinstance(held, dict) else {}


def cut(value: str, most: int) -> str:
    return value if len(value) <= most else f"{value[: most - 1]}…"


def kept(value: Any) -> Any:
    """A value as the alert carries it along: a large one only by its beginning, its size and its hash."""
    if isinstance(value, str) and len(value) > KEPT_TEXT:
        return {"cut": value[:1000], "characters": len(value), "sha256": sha256(value.encode()).hexdigest()}
    if isinstance(value, dict | list) and len(encoded := msgspec.json.encode(value, order="sorted")) > KEPT_BYTES:
        beginning = encoded[:1000].decode("utf-8", "ignore")
        return {"cut": beginning, "bytes": len(encoded), "sha256": sha256(encoded).hexdigest()}
    return value


def strictest(marks: list[str]) -> str:
    """The TLP mark that all of what is marked must be handled under."""
    return max(marks, key=STRICTEST_LAST.index)


def shortened_ref(ref: str) -> str:
    """A reference that is too long, as its beginning and its hash: the same each time it comes."""
    return ref if len(ref) <= REF_LENGTH else f"{ref[:120]}~{sha256(ref.encode()).hexdigest()}"


def _named(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "that")
