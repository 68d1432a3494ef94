"""Reading JSON whose shape nobody vouches for: a value of the wrong type counts as absent, and nothing raises."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, get_args

import msgspec

from apps.alerts.native import Kind
from apps.alerts.wire import Refusal

KINDS = frozenset(get_args(Kind))
SEVERITIES = {"info": 0, "informational": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
UNRATED = 2  # medium: a sender that does not rate must neither shout nor be overlooked
UNSTATED = "unstated"  # the version of a detector whose format has no place for one
REFERENCE = 200  # characters of a source_ref, and of what a subject is called
ACCOUNT = 128
TITLE = 250
MAX_INDICATORS = 1000

ANYTHING = msgspec.json.Decoder()
_faults = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError, OverflowError)
_control = re.compile("[\x00-\x1f\x7f]")


def decoded(raw: bytes) -> Any:
    """Any JSON. Raises Refusal."""
    try:
        return ANYTHING.decode(raw)
    except RecursionError as error:
        raise Refusal("too_deep", "The item is nested too deeply to be read.") from error
    except _faults as error:
        raise Refusal("not_json", f"The item is not JSON that can be kept: {error}.") from error


def encoded(native: dict[str, Any]) -> bytes:
    """The native alert as bytes. Raises Refusal for text or numbers that JSON cannot carry."""
    try:
        return msgspec.json.encode(native)
    except _faults as error:
        raise Refusal("text_not_kept", f"The item holds text or numbers that cannot be kept: {error}.") from error


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; one object alone counts as a list of one."""
    found = value if isinstance(value, list) else [value]
    return [present for present in found if isinstance(present, dict)]


def at(value: Any, path: str) -> Any:
    """What lies at a dotted path of objects, or None."""
    for name in path.split("."):
        value = mapping(value).get(name)
    return value


def text(value: Any) -> str:
    """A text, or a whole number as text; without blanks around it. Anything else is the empty text."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def texts(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [present for present in map(text, found) if present]


def number(value: Any) -> float | int | None:
    """A finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= 2**53 and math.isfinite(value) else None


def title(*candidates: Any) -> str:
    """The first that is there, on one line, cut where it is too long for one."""
    for candidate in candidates:
        if line := " ".join(text(candidate).replace("\x00", " ").split()):
            return line if len(line) <= TITLE else line[: TITLE - 1] + "…"
    return ""


def reference(value: str, limit: int = REFERENCE) -> str:
    """An identifier that fits: where it is too long, its beginning and a hash of the whole, so equal stays equal."""
    if len(value) <= limit:
        return value
    return f"{value[: limit - 33]}~{sha256(value.encode('utf-8', 'replace')).hexdigest()[:32]}"


def kind(words: Iterable[Any]) -> Kind:
    """The first word that is a kind of alert, bare or as `kind:<kind>`; else somebody's report."""
    for word in words:
        name = text(word).lower().removeprefix("kind:").replace(" ", "_").replace("-", "_")
        if name in KINDS:
            return name  # type: ignore[return-value]
    return "external_report"


def printable(value: Any, limit: int = 60) -> str:
    """What somebody sent, fit for a sentence."""
    return _control.sub("", value if isinstance(value, str) else repr(value))[:limit]


def moment(value: Any, field: str, source_ref: str = "") -> str:
    """A time as RFC 3339, from one that says its zone. Raises Refusal."""
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        reason = f"{field}: “{printable(value)}” is no time with its zone, such as 2026-06-05T10:00:00Z."
        raise Refusal("invalid", reason, field=field, source_ref=source_ref)
    return stamp(found, field, source_ref)


def stamp(found: datetime, field: str, source_ref: str = "") -> str:
    try:
        found = found.astimezone(UTC)
    except (OverflowError, ValueError):
        found = datetime(1, 1, 1, tzinfo=UTC)
    if not 2000 <= found.year <= 2100:
        reason = f"{field} lies in the year {found.year}; casemgr takes 2000 to 2100."
        raise Refusal("time_out_of_range", reason, field=field, source_ref=source_ref)
    return found.isoformat().replace("+00:00", "Z")


class Indicators:
    """The indicators of one alert: each once, in the order they were found, no more than an alert holds."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], dict[str, str]] = {}

    def add(self, kind: str, value: Any) -> None:
        """What is no text or too long for an indicator stays in `ext` alone: cut, it would be another."""
        words = text(value)
        if words and len(words) <= 500 and 0 < len(kind) <= 64 and len(self._found) < MAX_INDICATORS:
            self._found.setdefault((kind, words), {"type": kind, "value": words})

    def values(self, *kinds: str) -> list[str]:
        return [value for kind, value in self._found if kind in kinds]

    def as_list(self) -> list[dict[str, str]]:
        return list(self._found.values())
