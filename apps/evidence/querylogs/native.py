"""Parquet whose types say what it holds: its rows in one shape without a statement, as `normal` makes them.

Whole columns are checked at once. Texts that the file has as a dictionary stay one to the end, so that an account or a
model is not written out once a row.
"""

import contextlib
import json
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from apps.evidence.querylogs import normal, reading
from apps.evidence.querylogs.columns import BY_NAME, EARLIEST, LATEST, ROLES, TIME, UNITS
from apps.evidence.querylogs.normal import Step, Times
from apps.evidence.querylogs.reading import KEPT, Place, Reject
from apps.evidence.querylogs.shape import open_parquet
from apps.evidence.querylogs.sources import Unreadable

if TYPE_CHECKING:
    import duckdb

REPEATING = ("account", "model", "topic", "template", "ip")  # say the same few things again and again
LEAST = 10_000  # rows of a row group, on average: smaller ones are gathered by the usual way
MOST = 500_000  # rows of one batch, and of a row group that is written; without long texts
MOST_BYTES = 64 * 1024 * 1024  # of a batch as the file has it, unpacked


def opened(file: IO[bytes], mapping: dict[str, str], times: Times) -> "Source | None":
    """The file, where each column that is wanted is of a type that needs no reading; else None."""
    source = open_parquet(file)
    wanted = {role.name: mapping[role.name] for role in ROLES if mapping.get(role.name)}
    schema, told = source.schema_arrow, source.metadata
    kinds = {role: schema.field(name).type for role, name in wanted.items() if name in schema.names}
    if len(kinds) < len(wanted) or not all(_is_native(role, kind, times) for role, kind in kinds.items()):
        return None
    if told.num_rows < LEAST * (told.num_row_groups - 1):
        return None
    plain = [wanted[role] for role in REPEATING if role in kinds and pa.types.is_string(kinds[role])]
    return Source(pq.ParquetFile(file, read_dictionary=plain) if plain else source, wanted)


def _is_native(role: str, kind: pa.DataType, times: Times) -> bool:
    is_whole = pa.types.is_integer(kind) and not pa.types.is_uint64(kind)
    match BY_NAME[role].kind:
        case "time":
            return pa.types.is_timestamp(kind) and (kind.tz is not None or times.zone == "UTC")
        case "whole":
            return is_whole
        case "money":
            return False
        case _:
            values = kind.value_type if pa.types.is_dictionary(kind) else kind
            return pa.types.is_string(values) or pa.types.is_large_string(values) or (is_whole and values is kind)


class Source:
    """A log that is read so. `schema` is that of the rows in one shape, whatever they are."""

    def __init__(self, file: pq.ParquetFile, wanted: dict[str, str]) -> None:
        self.file, self.wanted = file, wanted
        kinds = {role: file.schema_arrow.field(name).type for role, name in wanted.items() if role != TIME}
        fields = [("asked_at", pa.timestamp("us")), ("row", pa.int64())]
        fields += [(role, _kind(role, kind)) for role, kind in kinds.items()]
        self.schema = pa.schema(fields + [("text_key", pa.int64())] * ("prompt" in wanted))

    def batches(self, start: Place) -> Iterator[Step]:
        """The rows from a row group on. Raises Unreadable where the file is damaged."""
        with contextlib.closing(normal.connect()) if "prompt" in self.wanted else contextlib.nullcontext() as con:
            number = start.row
            for group in range(start.at, self.file.metadata.num_row_groups):
                for step in self._group(group, number, con):
                    number = step.after.row
                    yield step

    def _group(self, group: int, number: int, con: "duckdb.DuckDBPyConnection | None") -> Iterator[Step]:
        told, last = self.file.metadata.row_group(group), number + self.file.metadata.row_group(group).num_rows
        most = reading.BLOCK if {"prompt", "response"} & set(self.wanted) else MOST
        size = min(most, max(1, MOST_BYTES * told.num_rows // max(1, told.total_byte_size)))
        try:
            for batch in self.file.iter_batches(size, row_groups=[group], columns=list(self.wanted.values())):
                columns = {role: batch.column(name) for role, name in self.wanted.items()}
                rows, rejects = self._shaped(columns, number + 1, con)
                number += batch.num_rows
                yield Step(rows, rejects, Place(group + 1 if number == last else -1, number))
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable(f"The Parquet file is damaged after row {number:,}: {str(error)[:200]}.") from error

    def _shaped(
        self, columns: dict[str, pa.Array], first: int, con: "duckdb.DuckDBPyConnection | None"
    ) -> tuple[pa.RecordBatch, list[Reject]]:
        numbers = pa.array(np.arange(first, first + len(columns[TIME])))
        problems, reasons = _judged(columns)
        rejects = []
        if problems is not None:
            for at in np.flatnonzero(problems):
                raw = {role: normal.as_text(column[at].as_py()) for role, column in columns.items()}
                reason = reasons[problems[at] - 1]
                rejects.append(Reject(first + int(at), reason, json.dumps(raw, ensure_ascii=False)[:KEPT]))
            good = pa.array(problems == 0)
            numbers, columns = numbers.filter(good), {role: one.filter(good) for role, one in columns.items()}
        made = [_moments(columns[TIME]), numbers]
        made += [_value(one, self.schema.field(role).type) for role, one in columns.items() if role != TIME]
        if con:
            made.append(_keys(made[self.schema.get_field_index("prompt")], con))
        return pa.RecordBatch.from_arrays(made, schema=self.schema), rejects


def _kind(role: str, kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return pa.dictionary(pa.int32(), pa.string())
    return pa.int64() if pa.types.is_integer(kind) and BY_NAME[role].kind in ("whole", "key") else pa.string()


def _judged(columns: dict[str, pa.Array]) -> tuple[np.ndarray | None, list[str]]:
    """For each row 0, or the place of its reason, counted from 1; None where every row is in order."""
    time = columns[TIME]
    ticks, factor = time.view(pa.int64()), UNITS[time.type.unit]
    outside = pc.or_(pc.less(ticks, EARLIEST * factor), pc.greater_equal(ticks, LATEST * factor))
    checks = [(time.is_null(), normal.NO_TIME), (outside, normal.OUTSIDE)]
    for role, column in columns.items():
        if BY_NAME[role].kind == "whole":
            checks.append((pc.less(column, 0), normal.BELOW_ZERO.format(BY_NAME[role].title)))
    if not any(pc.any(mask).as_py() for mask, _ in checks):
        return None, []
    found = np.zeros(len(time), np.uint8)
    for place, (mask, _) in enumerate(checks, 1):
        found[(found == 0) & mask.fill_null(False).to_numpy(zero_copy_only=False)] = place
    return found, [reason for _, reason in checks]


def _moments(column: pa.Array) -> pa.Array:
    """In UTC with microseconds; what is finer is cut off."""
    return column.cast(pa.timestamp("us", column.type.tz), safe=False).view(pa.timestamp("us"))


def _value(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_integer(kind):
        return column.cast(kind)
    if not pa.types.is_dictionary(kind):
        texts = column.cast(kind)
        return pc.if_else(pc.equal(texts, ""), pa.scalar(None, kind), texts) if _has_empty(texts) else texts
    if column.dictionary.null_count or _has_empty(column.dictionary):
        return _value(column.cast(pa.string()), pa.string()).dictionary_encode()
    return column.cast(kind)


def _has_empty(texts: pa.Array) -> bool:
    return bool(pc.any(pc.equal(pc.binary_length(texts), 0)).as_py())


def _keys(prompts: pa.Array, con: "duckdb.DuckDBPyConnection") -> pa.Array:
    """The key of each text; of a dictionary, of each of its entries once."""
    if pa.types.is_dictionary(prompts.type):
        return _keys(prompts.dictionary, con).take(prompts.indices)
    if not len(prompts):
        return pa.array([], pa.int64())
    con.register("raw", pa.table({"row": np.arange(len(prompts)), "prompt_letters": normal.letters(prompts)}))
    try:
        found = con.sql(f"SELECT {normal.KEY} AS key FROM raw ORDER BY row").to_arrow_table()  # noqa: S608 - ours
    finally:
        con.unregister("raw")
    return found.column("key").combine_chunks()
