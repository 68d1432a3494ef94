"""Parquet: columns that are read row group by row group, of which those we do not know are not read at all."""

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc
from pyarrow import parquet as pq

from apps.accounts.importing.files import NotReadable, Opened
from apps.accounts.importing.types import FIELDS, Refused, Slice, known_name, many, missing, nul, one, settled

ROWS = 8192  # of a slice
RAW_KEPT = 2000

Found = tuple[Slice, int, int]  # rows, and the number of rows up to there, twice


def slices(kind: str, opened: Opened, at: int, line: int) -> Iterator[Found]:
    """The rows behind the first `at`. Raises NotReadable."""
    try:
        file = pq.ParquetFile(opened.stream)
        fields = {f.name for f in FIELDS[kind]}
        columns = [name for name in file.schema_arrow.names if known_name(kind, name) in fields]
        if lacking := missing(kind, columns):
            raise NotReadable(f"A file of {kind} needs the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}.")
        if not file.metadata.num_rows:
            raise NotReadable("The file is empty.")
        yield from _slices(kind, file, columns, at)
    except pa.ArrowException as error:
        raise NotReadable(f"The file is damaged Parquet, or of a kind that is not read here: {error}") from error


def _slices(kind: str, file: pq.ParquetFile, columns: list[str], at: int) -> Iterator[Found]:
    end = 0
    for group in range(file.num_row_groups):
        begin, end = end, end + file.metadata.row_group(group).num_rows
        if end <= at:
            continue
        for batch in file.iter_batches(ROWS, row_groups=[group], columns=columns):
            begin += batch.num_rows
            if begin <= at:
                continue
            yield _slice(kind, batch.slice(max(0, at - (begin - batch.num_rows))), begin), begin, begin


def _slice(kind: str, batch: pa.RecordBatch, end: int) -> Slice:
    """The rows of a batch that ends with the file's row `end`."""
    first = end - batch.num_rows + 1
    kept: list[int] = []
    found = Slice(lambda at: _shown(batch, kept[at]))
    names = [known_name(kind, name) for name in batch.schema.names]
    is_clear = len(set(names)) == len(names)
    by_name = dict(zip(names, batch.columns, strict=True))
    hours = _hours(by_name["by_hour"], by_name["queries"]) if is_clear and "by_hour" in by_name else None
    columns = {name: _plain(column) for name, column in by_name.items() if name != "by_hour" or hours is None}
    typed = many(kind, columns, batch.num_rows, strict=True) if is_clear else [None] * batch.num_rows
    has_nul = any(_has_nul(column) for column in batch.columns)
    for place, value in enumerate(typed):
        reason = ""
        if value is None or (has_nul and nul(kind, value)) or (hours and not hours[place]):
            row = {name: column[place] for name, column in columns.items()}
            row |= {"by_hour": by_name["by_hour"][place].as_py()} if hours else {}
            value, reason = one(kind, row, strict=True)
        elif hours:
            value.by_hour = hours[place]
        if value is None:
            found.refused.append(Refused(first + place, reason, _shown(batch, place)))
        else:
            kept.append(place)
            found.values.append(settled(kind, value))
    found.lines = [first + place for place in kept]
    return found


def _shown(batch: pa.RecordBatch, place: int) -> str:
    row = batch.slice(place, 1).to_pylist()[0]
    said = {name: value for name, value in row.items() if value is not None}
    return json.dumps(said, ensure_ascii=False, default=str)[:RAW_KEPT].replace("\x00", "�")


def _plain(column: pa.Array) -> list[Any]:
    """The values as Python has them; the library's own way takes ten times as long for the usual types."""
    type_ = column.type
    if pa.types.is_dictionary(type_):
        column, type_ = column.dictionary_decode(), type_.value_type
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return list(column.to_numpy(zero_copy_only=False).tolist())
    if pa.types.is_floating(type_):
        return [None if value != value else _whole(value) for value in column.to_numpy(zero_copy_only=False).tolist()]
    if column.null_count:
        return list(column.to_pylist())
    if pa.types.is_integer(type_) or pa.types.is_date32(type_):
        return list(column.to_numpy(zero_copy_only=False).tolist())
    if pa.types.is_timestamp(type_) and type_.tz is not None:
        coded = column.cast(pa.timestamp("us", "UTC"), safe=False).dictionary_encode()  # many rows are of one moment
        moments = [moment.replace(tzinfo=UTC) for moment in coded.dictionary.to_numpy(zero_copy_only=False).tolist()]
        return [moments[at] for at in coded.indices.to_numpy(zero_copy_only=False).tolist()]
    return list(column.to_pylist())


def _has_nul(column: pa.Array) -> bool:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return bool(is_text and pc.any(pc.match_substring(column, "\x00")).as_py())


def _whole(value: float) -> float | int:
    """Writers without a null for whole numbers write them as fractions."""
    return int(value) if value.is_integer() else value


def _hours(lists: pa.Array, queries: pa.Array) -> list[str | None] | None:
    """Of each row the requests by hour, as `settled` has them, or none where they have to be looked at; none at all
    where that is so of the whole column."""
    flat = lists.flatten() if pa.types.is_list(lists.type) else None
    are_whole = flat is not None and pa.types.is_integer(flat.type) and pa.types.is_integer(queries.type)
    if flat is None or not are_whole or lists.null_count or flat.null_count or queries.null_count:
        return None
    if len(flat) != 24 * len(lists) or not pc.all(pc.equal(pc.list_value_length(lists), 24)).as_py():
        return None
    table = flat.to_numpy().reshape(-1, 24)
    are_right = (table.sum(axis=1) == queries.to_numpy()) & (table.min(axis=1) >= 0) & (table.max(axis=1) < 1 << 31)
    each = pa.ListArray.from_arrays(np.arange(0, len(flat) + 1, 24, dtype=np.int32), flat.cast(pa.string()))
    inside = pc.binary_join(each, ",").to_pylist()
    return ["{" + text + "}" if is_right else None for text, is_right in zip(inside, are_right.tolist(), strict=True)]
