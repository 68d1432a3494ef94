"""What a row of each kind is, and what becomes of many of them: typed, or refused with a sentence."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
import msgspec.inspect
from msgspec import Meta, Struct

from apps.core import shapes

Ref = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
Moment = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Hours = Annotated[list[Annotated[int, Meta(ge=0, le=2**31 - 1)]], Meta(min_length=24, max_length=24)]


class AccountRow(Struct):
    ref: Ref
    opened_at: Moment | None = None
    product: Annotated[str, Meta(max_length=128)] = ""
    plan: Annotated[str, Meta(max_length=64)] = ""
    country: Annotated[str, Meta(pattern="^([A-Za-z]{2})?$")] = ""
    organisation: Annotated[str, Meta(max_length=200)] = ""
    contract: Annotated[str, Meta(max_length=64)] = ""
    payer_verified: bool | None = None
    status: Literal["active", "limited", "suspended", "terminated", "unknown"] = "unknown"


class IdentifierRow(Struct):
    account_ref: Ref
    kind: Annotated[str, Meta(min_length=1, max_length=40)]
    value: Annotated[str, Meta(min_length=1, max_length=2000)]
    first_seen: Moment | None = None
    last_seen: Moment | None = None


class ActivityRow(Struct):
    account_ref: Ref
    day: date
    model: Annotated[str, Meta(min_length=1, max_length=100)]
    queries: Count
    input_tokens: Count = 0
    output_tokens: Count = 0
    active_hours: Annotated[int, Meta(ge=0, le=24)] | None = None
    by_hour: Hours | None = None  # once it is checked the text that PostgreSQL has of it: see `settled`
    distinct_templates: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    topic_entropy_bits: Annotated[float, Meta(ge=0, le=64)] | None = None


class AcceptanceRow(Struct):
    account_ref: Ref
    service: Annotated[str, Meta(min_length=1, max_length=128)]
    document: Annotated[str, Meta(min_length=1, max_length=128)]
    accepted_at: Moment
    collection: Annotated[str, Meta(max_length=64)] = ""
    version_sha256: Annotated[str, Meta(pattern="^([0-9a-fA-F]{64})?$")] = ""  # of the exact text
    version_recorded_at: Moment | None = None  # when that text was recorded
    method: Annotated[str, Meta(max_length=40)] = ""


TYPES: dict[str, type[Struct]] = {
    "accounts": AccountRow,
    "identifiers": IdentifierRow,
    "activity": ActivityRow,
    "acceptances": AcceptanceRow,
}
FIELDS = {kind: msgspec.structs.fields(row) for kind, row in TYPES.items()}
ALIASES = {"accounts": {"created_at": "opened_at"}, "identifiers": {"type": "kind"}}
TIMES = {"opened_at", "first_seen", "last_seen", "day", "accepted_at", "version_recorded_at"}
MOMENTS = {kind: [f.name for f in fields if f.name in TIMES] for kind, fields in FIELDS.items()}
TEXTS = {
    kind: [f.name for f in fields if isinstance(msgspec.inspect.type_info(f.type), msgspec.inspect.StrType)]
    for kind, fields in FIELDS.items()
}
# The same types of rows that come as lists in the order of the fields: thousands are converted in one call.
LISTED = {
    kind: list[  # type: ignore[misc] # made here
        msgspec.defstruct(
            row.__name__,
            [(f.name, f.type) if f.required else (f.name, f.type, f.default) for f in FIELDS[kind]],
            array_like=True,
        )
    ]
    for kind, row in TYPES.items()
}


@dataclass(frozen=True)
class Refused:
    """A row that is none: where it stands, why, and as it came."""

    line: int
    reason: str
    raw: str


@dataclass
class Slice:
    """Some rows of a file in their order. `raw` shows the value at an index as it came."""

    raw: Callable[[int], str]
    values: list[Any] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.values) + len(self.refused)


def known_name(kind: str, name: str) -> str:
    return ALIASES.get(kind, {}).get(name, name)


def missing(kind: str, names: Iterable[str]) -> list[str]:
    """The columns that a file of this kind needs and has not."""
    known = {known_name(kind, name) for name in names}
    return [f.name for f in FIELDS[kind] if f.required and f.name not in known]


def one(kind: str, values: Mapping[str, Any], *, strict: bool) -> tuple[Any, str]:
    """A row, given as name -> value: typed, or None and why not."""
    names = {f.name for f in FIELDS[kind]}
    said = {
        known: value
        for name, value in values.items()
        if value not in (None, "") and (known := known_name(kind, name)) in names
    }
    if isinstance(hours := said.get("by_hour"), str):
        said["by_hour"] = hours.split()
    try:
        value = msgspec.convert(said, TYPES[kind], strict=strict)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        return None, _words(error)
    reason = wrong(kind, value) or nul(kind, value)
    return (None, reason) if reason else (value, "")


def many(kind: str, columns: Mapping[str, Sequence[Any]], count: int, *, strict: bool) -> list[Any]:
    """Rows, given as name -> the values of all: typed, or None for those that `one` has to look at."""
    whole = list(zip(*(_column(f, columns.get(f.name), count) for f in FIELDS[kind]), strict=True))
    try:
        typed: list[Any] = msgspec.convert(whole, LISTED[kind], strict=strict)
    except (msgspec.ValidationError, ValueError, OverflowError):
        typed = [_alone(kind, row, strict) for row in whole]
    return [None if value is None or wrong(kind, value) else value for value in typed]


def _column(field_: Any, values: Sequence[Any] | None, count: int) -> Sequence[Any]:
    """With the default where nothing is said."""
    if field_.required:
        return values or [None] * count
    if values is None:
        return [field_.default] * count
    if "" in values or None in values:
        return [field_.default if value in (None, "") else value for value in values]
    return values


def _alone(kind: str, row: tuple, strict: bool) -> Any:
    try:
        return msgspec.convert([row], LISTED[kind], strict=strict)[0]
    except (msgspec.ValidationError, ValueError, OverflowError):
        return None


def wrong(kind: str, value: Any) -> str:
    """What types do not say: years that no record can keep, and figures that contradict each other."""
    for name in MOMENTS[kind]:
        moment = getattr(value, name)
        if moment is not None and not 1970 <= moment.year <= 2100:
            return f"{name} lies in the year {moment.year}"
    if kind == "identifiers" and value.first_seen and value.last_seen and value.last_seen < value.first_seen:
        return "last_seen is before first_seen"
    if kind == "activity" and value.by_hour is not None and sum(value.by_hour) != value.queries:
        return f"by_hour adds up to {sum(value.by_hour):,} requests, queries says {value.queries:,}"
    return ""


def settled(kind: str, value: Any) -> Any:
    """A row that was checked, as it is written: its hours as one text, not as a list that each step looks into."""
    if kind == "activity" and isinstance(value.by_hour, list):
        value.by_hour = "{" + ",".join(map(str, value.by_hour)) + "}"
    return value


def nul(kind: str, value: Any) -> str:
    """No text of the database can hold this character."""
    return "a text holds the character U+0000" if any("\x00" in getattr(value, name) for name in TEXTS[kind]) else ""


def _words(error: Exception) -> str:
    text, _, where = str(error).partition(" - at `$.")
    words = shapes.in_words(text)
    return f"{where.rstrip('`')}: {words}" if where else words
