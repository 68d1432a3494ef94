"""What a file is as a query log: its format by content, its columns and five rows of it."""

import csv
import io
import json
from dataclasses import asdict, dataclass, field
from typing import IO, Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from apps.evidence.querylogs import columns, sources
from apps.evidence.querylogs.sources import Unreadable

HEAD = 256 * 1024  # bytes of text by which columns are told
TOLD_BY = 200  # rows by which they are told
SHOWN = 5
SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
FORMATS = {"parquet": "Parquet", "csv": "CSV", "ndjson": "JSON Lines"}


@dataclass(frozen=True)
class Shape:
    """What is told of a log before its rows are read. Holds nothing of its rows: those are `Look.samples`."""

    format: str  # of FORMATS
    packing: str  # gzip, zstd or ""
    separator: str  # of CSV
    names: list[str]
    native: list[str] = field(default_factory=list)  # columns whose type says that they are times
    without_zone: list[str] = field(default_factory=list)  # columns of times that do not say in which zone
    rows: int | None = None  # where the file says how many there are
    row_groups: int = 0

    @property
    def words(self) -> str:
        packed = f", {self.packing}" if self.packing else ""
        apart = f", values apart by {SEPARATORS[self.separator]}" if self.separator else ""
        return f"{FORMATS[self.format]}{packed}{apart}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Look:
    """The shape, a proposal of what the columns mean, and rows to judge it by."""

    shape: Shape
    proposal: dict[str, str]
    samples: list[list[str]]
    forms: dict[str, columns.Time]  # of the columns that hold times

    @property
    def missing(self) -> list[str]:
        return columns.missing(self.proposal)


def look(file: IO[bytes], limit: int) -> Look:
    """Tell what the file is. Raises Unreadable, in words, when it is no query log."""
    file.seek(0)
    head = file.read(16)
    if not head:
        raise Unreadable("The file is empty.")
    if head.startswith(sources.PARQUET):
        return _parquet(file)
    stream = sources.unpacked(file, limit)
    text = io.BufferedReader(stream, HEAD).read(HEAD)
    if text.startswith(sources.PARQUET):
        raise Unreadable("The file is packed Parquet. Parquet packs itself: unpack it, and collect it again.")
    plain = text.removeprefix(sources.BOM)
    if not plain.strip():
        raise Unreadable("The file is empty.")
    sources.check_text(text)
    packed = stream.packed
    if plain.lstrip()[:1] == b"[":
        raise Unreadable("The file is one JSON array. Write one object a line (JSON Lines), and collect it again.")
    if plain.lstrip()[:1] == b"{":
        return _ndjson(plain, packed)
    return _csv(plain, packed)


# --- Parquet ---------------------------------------------------------------------------------------------------------


def open_parquet(file: IO[bytes]) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(f"The Parquet file is damaged: {str(error)[:200]}. Collect the whole file again.") from error


def _parquet(file: IO[bytes]) -> Look:
    source = open_parquet(file)
    schema = source.schema_arrow
    names = [one.name for one in schema if not pa.types.is_nested(one.type)]
    if not names or not source.metadata.num_rows:
        raise Unreadable("The Parquet file has no rows, or no plain columns: there is nothing to read.")
    _refuse_twice(schema.names)
    try:
        batch = next(source.iter_batches(TOLD_BY, columns=names))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(f"The Parquet file is damaged: {str(error)[:200]}. Collect the whole file again.") from error
    listed = [[as_text(value) for value in batch.column(name).to_pylist()] for name in names]
    samples = [list(row) for row in zip(*listed, strict=True)]
    native = [name for name in names if pa.types.is_timestamp(schema.field(name).type)]
    unzoned = [name for name in native if schema.field(name).type.tz is None]
    shape = Shape("parquet", "", "", names, native, unzoned, source.metadata.num_rows, source.metadata.num_row_groups)
    return _looked(shape, samples)


def as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else value.isoformat() if hasattr(value, "isoformat") else str(value)


# --- text ------------------------------------------------------------------------------------------------------------


def _ndjson(text: bytes, packed: str) -> Look:
    names: dict[str, None] = {}
    rows: list[dict[str, str]] = []
    for line in text.splitlines()[:TOLD_BY]:
        try:
            value = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(value, dict):
            flat = flattened(value)
            names |= dict.fromkeys(flat)
            rows.append(flat)
    if not rows:
        raise Unreadable("No line at the beginning is a JSON object: write one object a line, and collect it again.")
    return _looked(Shape("ndjson", packed, "", list(names)), [[row.get(name, "") for name in names] for row in rows])


def flattened(value: dict[str, Any]) -> dict[str, str]:
    """A line's fields as text; those of objects in it under both names, with a point between."""
    flat: dict[str, str] = {}
    for name, one in value.items():
        if isinstance(one, dict):
            flat |= {f"{name}.{inner}": json_text(deep) for inner, deep in one.items()}
        else:
            flat[name] = json_text(one)
    return flat


def json_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else json.dumps(value)


def _csv(text: bytes, packed: str) -> Look:
    lines = text.decode("utf-8", "replace")
    first = lines.splitlines()[0]
    separator = max(SEPARATORS, key=lambda s: first.count(s))
    rows = []
    try:
        for row in csv.reader(io.StringIO(lines, newline=""), delimiter=separator, strict=True):
            rows.append(row)
            if len(rows) > TOLD_BY:
                break
    except csv.Error:
        pass  # what is read so far is enough to tell; the row itself is rejected later
    names = [name.strip() for name in rows[0]] if rows else []
    if not any(names):
        raise Unreadable("The first line names no columns.")
    if any(columns.time_of([name]) for name in names) or all(_is_number(name) for name in names):
        raise Unreadable("The first line holds values, not names. Put a line with the columns' names before it.")
    if "" in names:
        raise Unreadable("A column has no name in the first line: nobody could say what it is.")
    _refuse_twice(names)
    samples = [row for row in rows[1:] if len(row) == len(names)]
    if not [row for row in rows[1:] if any(row)]:
        raise Unreadable("The log has no rows below its first line that can be read as CSV: there is nothing to count.")
    return _looked(Shape("csv", packed, separator, names), samples)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _refuse_twice(names: list[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"Two columns are called “{twice[:80]}”: their values could not be told apart.")


def _looked(shape: Shape, samples: list[list[str]]) -> Look:
    forms = {}
    for at, name in enumerate(shape.names):
        if name in shape.native:
            forms[name] = columns.Time("native", name not in shape.without_zone)
        elif time := columns.time_of([row[at] for row in samples]):
            forms[name] = time
    unzoned = [name for name, time in forms.items() if not time.has_zone]
    shape = Shape(**{**shape.as_dict(), "without_zone": unzoned})
    proposal = columns.recognise(shape.names, samples, shape.native)
    return Look(shape, proposal, samples[:SHOWN], forms)
