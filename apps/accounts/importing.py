"""Reads files of account records: NDJSON or CSV in, typed rows and refusals out, one line at a time. Pure.

    accounts     ref*, opened_at (or created_at), product, plan, country, organisation, contract, payer_verified, status
    identifiers  account_ref*, kind* (or type), value*, first_seen, last_seen
    activity     account_ref*, day*, model*, queries*, input_tokens, output_tokens, active_hours, distinct_templates,
                 topic_entropy_bits
    acceptances  account_ref*, service*, document*, accepted_at*, collection, version_sha256, version_recorded_at,
                 method

Those with a star must be there, others are passed over. Times are RFC 3339 with a time zone, days ISO 8601, counts
integers, entropy in bits. An empty or missing value says nothing, and leaves what is known.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any, BinaryIO, Literal

import msgspec
from msgspec import Meta, Struct

from apps.core import shapes

MAX_LINE = 64 * 1024
RAW_KEPT = 2000

Ref = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
Moment = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, le=2**53)]


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
TIMES = {"opened_at", "first_seen", "last_seen", "day", "accepted_at", "version_recorded_at"}
REQUIRED = {kind: [f.name for f in msgspec.structs.fields(row) if f.required] for kind, row in TYPES.items()}
MOMENTS = {row: [f.name for f in msgspec.structs.fields(row) if f.name in TIMES] for row in TYPES.values()}
ALIASES = {"accounts": {"created_at": "opened_at"}, "identifiers": {"type": "kind"}}


@dataclass(frozen=True)
class Row:
    """One line of a file: the typed row, or the reason why it is none."""

    line: int
    raw: str
    value: Any = None
    reason: str = ""


class NotReadable(ValueError):
    """The file as a whole is neither NDJSON nor CSV with a header."""


class Reader:
    """Iterates over the rows of a file; `sha256` and `rows` are right once it is exhausted. Flat memory."""

    def __init__(self, kind: str, filename: str, stream: BinaryIO) -> None:
        self.kind, self.filename = kind, filename
        self._stream, self._digest, self.rows = stream, sha256(), 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[Row]:
        lines = self._lines()
        first = next(lines, None)
        if first is None:
            raise NotReadable("The file is empty.")
        everything = _again(first, lines)
        found = self._json(everything) if first[1].lstrip()[:1] == b"{" else self._csv(everything)
        for row in found:
            self.rows += 1
            yield row

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """(number from 1, line), the byte order mark and empty lines left out."""
        number = 0
        while line := self._stream.readline(MAX_LINE + 1):
            number += 1
            self._digest.update(line)
            if len(line) > MAX_LINE:
                while rest := self._stream.readline(MAX_LINE):
                    self._digest.update(rest)
                    if rest.endswith(b"\n"):
                        break
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, line

    def _json(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[Row]:
        for number, line in lines:
            raw = _shown(line)
            if len(line) > MAX_LINE:
                yield Row(number, raw, reason=f"the line has more than {MAX_LINE:,} bytes")
                continue
            try:
                line.decode()
                values = msgspec.json.decode(line)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                yield Row(number, raw, reason=f"the line is not JSON: {error}")
                continue
            if isinstance(values, dict):
                yield self._typed(number, raw, values, strict=True)
            else:
                yield Row(number, raw, reason="the line is JSON, but no object")

    def _csv(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[Row]:
        header = next(lines)
        try:
            names = [name.strip() for name in next(csv.reader([header[1].decode()]))]
        except (UnicodeDecodeError, csv.Error, StopIteration) as error:
            raise NotReadable("The first line is neither a JSON object nor a CSV header in UTF-8.") from error
        self._require_columns(names)
        for number, line in lines:
            raw = _shown(line)
            try:
                cells = next(csv.reader([line.decode()], strict=True))
            except (UnicodeDecodeError, csv.Error) as error:
                yield Row(number, raw, reason=f"the line is not CSV in UTF-8: {error}")
                continue
            if len(cells) != len(names):
                yield Row(number, raw, reason=f"the line has {len(cells)} cells, the header {len(names)}")
                continue
            yield self._typed(number, raw, dict(zip(names, cells, strict=True)), strict=False)

    def _require_columns(self, names: list[str]) -> None:
        known = {ALIASES.get(self.kind, {}).get(name, name) for name in names}
        missing = [name for name in REQUIRED[self.kind] if name not in known]
        if missing:
            raise NotReadable(f"A file of {self.kind} needs the column{'s' * (len(missing) > 1)} {', '.join(missing)}.")

    def _typed(self, number: int, raw: str, values: dict[str, Any], *, strict: bool) -> Row:
        aliases = ALIASES.get(self.kind, {})
        said = {aliases.get(name, name): value for name, value in values.items() if value not in (None, "")}
        try:
            value = msgspec.convert(said, TYPES[self.kind], strict=strict)
        except (msgspec.ValidationError, ValueError, OverflowError) as error:
            return Row(number, raw, reason=_words(error))
        if reason := _wrong(said, value):
            return Row(number, raw, reason=reason)
        return Row(number, raw, value)


def _again(first: tuple[int, bytes], rest: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    yield first
    yield from rest


def _wrong(said: dict[str, Any], value: Any) -> str:
    """What types do not say: characters and years that no record can keep."""
    if any(isinstance(text, str) and "\x00" in text for text in said.values()):
        return "a text holds the character U+0000"
    for name in MOMENTS[type(value)]:
        moment = getattr(value, name)
        if moment and not 1970 <= moment.year <= 2100:
            return f"{name} lies in the year {moment.year}"
    if isinstance(value, IdentifierRow) and value.first_seen and value.last_seen and value.last_seen < value.first_seen:
        return "last_seen is before first_seen"
    return ""


def _words(error: Exception) -> str:
    text, _, where = str(error).partition(" - at `$.")
    words = shapes.in_words(text)
    return f"{where.rstrip('`')}: {words}" if where else words


def _shown(line: bytes) -> str:
    return line.rstrip(b"\r\n")[:RAW_KEPT].decode(errors="replace").replace("\x00", "�")
