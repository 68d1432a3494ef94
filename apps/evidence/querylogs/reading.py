"""A log's rows in blocks, from any place on: what cannot be read as a row stands apart, with its reason."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import msgspec
import pyarrow as pa

from apps.evidence.querylogs import shape as shapes
from apps.evidence.querylogs import sources
from apps.evidence.querylogs.shape import Shape
from apps.evidence.querylogs.sources import Unreadable

BLOCK = 100_000  # rows
BLOCK_BYTES = 64 * 1024 * 1024  # of text in one block
KEPT = 10_000  # characters of a rejected row; the original has it whole


@dataclass(frozen=True)
class Reject:
    """A row that is not in the normalised log: its number in the file, why, and its text as far as it is kept."""

    row: int
    reason: str
    raw: str


@dataclass(frozen=True)
class Place:
    """Where reading goes on: a byte of the unpacked text, or a row group of Parquet; and how many rows came before."""

    at: int = 0
    row: int = 0


@dataclass
class Block:
    """Rows that follow each other: `columns` by role, as text or as the types that the file has; `numbers` of rows."""

    columns: dict[str, Any]
    numbers: list[int]
    rejects: list[Reject] = field(default_factory=list)
    after: Place = Place()
    size: int = 0


def blocks(file: IO[bytes], shape: Shape, mapping: dict[str, str], limit: int, start: Place) -> Iterator[Block]:
    """The rows from `start` on. `mapping` is {role: column}. Raises Unreadable where the file itself is damaged."""
    wanted = {role: column for role, column in mapping.items() if column}
    if shape.format == "parquet":
        yield from _parquet(file, wanted, start)
        return
    lines = sources.Lines(sources.unpacked(file, limit), start.at)
    rows = _csv_rows(lines, shape) if shape.format == "csv" else _json_rows(lines)
    yield from _gathered(rows, lines, shape, wanted, start)


# --- text ------------------------------------------------------------------------------------------------------------

Values = list[str] | dict[str, str]


def _gathered(
    rows: Iterator, lines: sources.Lines, shape: Shape, wanted: dict[str, str], start: Place
) -> Iterator[Block]:
    places = {role: shape.names.index(column) for role, column in wanted.items() if column in shape.names}
    number, block = start.row, Block({role: [] for role in wanted}, [])
    skipped_header = start.at > 0 or shape.format != "csv"
    for values, reason, raw in rows:
        if not skipped_header:
            skipped_header = True
            continue
        number += 1
        if reason:
            block.rejects.append(Reject(number, reason, raw[:KEPT]))
            block.size += len(raw[:KEPT])
        elif isinstance(values, dict):
            block.numbers.append(number)
            for role, column in wanted.items():
                block.columns[role].append(values.get(column, ""))
            block.size += len(raw)
        else:
            block.numbers.append(number)
            for role, at in places.items():
                block.columns[role].append(values[at])
            block.size += len(raw)
        if len(block.numbers) + len(block.rejects) >= BLOCK or lines.at - start.at >= BLOCK_BYTES:
            start = Place(lines.at, number)
            block.after = start
            yield block
            block = Block({role: [] for role in wanted}, [])
    block.after = Place(lines.at, number)
    if block.numbers or block.rejects:
        yield block


def _csv_rows(lines: sources.Lines, shape: Shape) -> Iterator[tuple[Values, str, str]]:
    """Rows as (values, reason, text); an empty line is no row."""
    csv.field_size_limit(sources.LONGEST)
    taken: list[str] = []
    width = len(shape.names)

    def decoded() -> Iterator[str]:
        is_first = lines.at == 0
        for line in lines:
            if is_first:
                line, is_first = line.removeprefix(sources.BOM), False
            text = line.decode("utf-8", "surrogateescape")
            taken.append(text)
            yield text

    source = decoded()
    while True:
        taken.clear()
        try:
            values = next(csv.reader(source, delimiter=shape.separator, strict=True), None)
        except csv.Error as error:
            yield [], f"its quotes or values cannot be read as CSV ({error})", _shown("".join(taken))
            continue
        if values is None:
            return
        if lines.overlong is not None:
            raw, lines.overlong = lines.overlong, None
            yield [], f"the line is longer than {sources.LONGEST:,} bytes", raw.decode("utf-8", "replace")
        elif not values:
            continue
        elif len(values) != width:
            reason = (
                "it has more values than the first line has names"
                if len(values) > width
                else ("it has fewer values than the first line has names")
            )
            yield [], reason, _shown("".join(taken))
        elif any(not text.isascii() and not _is_text(text) for text in taken):
            yield [], "it is not UTF-8", _shown("".join(taken))
        else:
            yield values, "", ""


def _json_rows(lines: sources.Lines) -> Iterator[tuple[Values, str, str]]:
    decode = msgspec.json.decode
    is_first = lines.at == 0
    for line in lines:
        if is_first:
            line, is_first = line.removeprefix(sources.BOM), False
        if lines.overlong is not None:
            raw, lines.overlong = lines.overlong, None
            yield {}, f"the line is longer than {sources.LONGEST:,} bytes", raw.decode("utf-8", "replace")
            continue
        if not line.strip():
            continue
        try:
            value = decode(line)
        except UnicodeDecodeError:
            yield {}, "it is not UTF-8", line.decode("utf-8", "replace")
            continue
        except (msgspec.DecodeError, RecursionError):
            reason = "it is not JSON" if _is_utf8(line) else "it is not UTF-8"
            yield {}, reason, line.decode("utf-8", "replace")
            continue
        if isinstance(value, dict):
            flat = shapes.flattened(value)
            if all(map(_is_text, flat.values())):
                yield flat, "", ""
            else:
                yield {}, "it holds half a character", line.decode("utf-8", "replace")
        else:
            yield {}, "it is JSON, but no object", line.decode("utf-8", "replace")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: no byte that was none, no half of a surrogate pair."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _parquet(file: IO[bytes], wanted: dict[str, str], start: Place) -> Iterator[Block]:
    """A block a batch; `after` moves on at the end of a row group, since reading can go on only there."""
    source = shapes.open_parquet(file)
    number = start.row
    for group in range(start.at, source.metadata.num_row_groups):
        rows = source.metadata.row_group(group).num_rows
        seen = 0
        try:
            for batch in source.iter_batches(BLOCK, row_groups=[group], columns=sorted(set(wanted.values()))):
                seen += batch.num_rows
                columns = {role: batch.column(column) for role, column in wanted.items()}
                numbers = list(range(number + 1, number + 1 + batch.num_rows))
                number += batch.num_rows
                after = Place(group + 1, number) if seen == rows else Place(-1, number)
                yield Block(columns, numbers, after=after, size=batch.nbytes)
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable(f"The Parquet file is damaged after row {number:,}: {str(error)[:200]}.") from error
