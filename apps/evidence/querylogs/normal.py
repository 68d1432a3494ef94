"""A block of rows in one shape: times in UTC with microseconds, whole numbers, exact money, text as it was.

DuckDB does it, one statement a block. A row is rejected when it has no time, or a value that is not what its column
holds; a value that is not there is no fault, except the time.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from apps.evidence.querylogs import reading
from apps.evidence.querylogs.columns import BY_NAME, EARLIEST, LATEST, ROLES, TIME, UNITS
from apps.evidence.querylogs.reading import KEPT, Block, Place, Reject
from apps.evidence.querylogs.shape import Shape

if TYPE_CHECKING:
    import duckdb  # loaded where it is used: most processes never do, and it takes 26 MB and a fifth of a second

VERSION = "normalise/2"
MICRO = 1_000_000
SCALE = "DECIMAL(28, 9)"  # money: nine digits after the point
ISO = r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?\s*([Zz]|[+-]\d{2}:?\d{2})?$"

NO_TIME = "it has no time stamp"
OUTSIDE = "its time stamp lies outside the years 2000 to 2099"
BELOW_ZERO = "its {} are below zero"

# Texts that differ in numbers, capitals or blanks alone are one template: 63 bits of the MD5 of what is left.
KEY = "(md5_number_lower(prompt_letters) >> 1)::BIGINT"
KEY_WORDS = "without digits and blanks, with A to Z in small letters (compared by 63 bits of the MD5)"
DROPPED = b"0123456789 \t\r\n\v\f"
FOLDED = bytes(ord(chr(byte).lower()) if byte < 128 else byte for byte in range(256))
MARKED = bytes(byte in DROPPED for byte in range(256))


@dataclass(frozen=True)
class Times:
    """How the log says times: `form` is iso, native or a unit; `zone` of those without one, "" where none is given."""

    form: str
    zone: str = ""


@dataclass(frozen=True)
class Step:
    """Rows in one shape and rejected ones, of a block; reading can go on at `after` where its place is not below 0."""

    rows: pa.Table | pa.RecordBatch
    rejects: list[Reject]
    after: Place


def connect() -> "duckdb.DuckDBPyConnection":
    """A database in memory that sees nothing of the machine."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "threads": 2,
            "memory_limit": "768MB",
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


def steps(
    file: IO[bytes], shape: Shape, mapping: dict[str, str], times: Times, limit: int, start: Place
) -> Iterator[Step]:
    """The rows of any log from a place on. Raises Unreadable where the file is damaged."""
    with contextlib.closing(connect()) as con:
        for block in reading.blocks(file, shape, mapping, limit, start):
            yield Step(*normalised(con, block, times), block.after)


def normalised(con: "duckdb.DuckDBPyConnection", block: Block, times: Times) -> tuple[pa.Table, list[Reject]]:
    """The rows that are in order, and those that are not. Together they are as many as the block has."""
    if not block.numbers:
        return pa.schema([]).empty_table(), list(block.rejects)
    raw = pa.table({"row": pa.array(block.numbers, pa.int64())} | {r: _array(v) for r, v in block.columns.items()})
    present = [role.name for role in ROLES if role.name in block.columns]
    if "prompt" in present:
        raw = raw.append_column("prompt_letters", letters(raw.column("prompt").combine_chunks().cast(pa.string())))
    con.register("raw", raw)
    try:
        judged = con.sql(_sql(raw.schema, present, times)).to_arrow_table()
    finally:
        con.unregister("raw")
    problems = judged.column("problem")
    good = judged.filter(pa.compute.is_null(problems)).drop_columns(["problem"])
    rejects = list(block.rejects)
    if problems.null_count < judged.num_rows:
        bad = judged.select(["row", "problem"]).filter(pa.compute.is_valid(problems)).to_pylist()
        first = block.numbers[0]
        at = {number: place for place, number in enumerate(block.numbers)} if block.rejects else None
        for one in bad:
            place = at[one["row"]] if at else one["row"] - first
            values = {role: as_text(raw.column(role)[place].as_py()) for role in present}
            rejects.append(Reject(one["row"], one["problem"], json.dumps(values, ensure_ascii=False)[:KEPT]))
    rejects.sort(key=lambda reject: reject.row)
    return good, rejects


def _array(values: Any) -> Any:
    if isinstance(values, list):
        return pa.array(values, pa.string())
    kind = values.type
    is_plain = pa.types.is_timestamp(kind) or pa.types.is_integer(kind) or pa.types.is_string(kind)
    if is_plain and not pa.types.is_uint64(kind):
        return values
    if pa.types.is_dictionary(kind) or pa.types.is_large_string(kind):
        return values.cast(pa.string())
    return pa.array([as_text(value) for value in values.to_pylist()], pa.string())


def letters(texts: pa.StringArray) -> pa.StringArray:
    """Each text without digits and blanks, in small letters: done to all their bytes at once, a block in an instant.

    Bytes of other than ASCII are never touched, so what was UTF-8 stays it.
    """
    validity, places, data = texts.buffers()
    ends = np.frombuffer(places, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    content = data[int(ends[0]) : int(ends[-1])].to_pybytes() if data is not None else b""
    dropped = np.flatnonzero(np.frombuffer(content.translate(MARKED), np.bool_))
    ends = ends - ends[0]
    kept = (ends - np.searchsorted(dropped, ends)).astype(np.int32)
    left = content.translate(FOLDED, DROPPED)
    found = pa.StringArray.from_buffers(len(texts), pa.py_buffer(kept), pa.py_buffer(left))
    return pa.compute.if_else(texts.is_valid(), found, None) if validity is not None else found


def as_text(value: Any) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) else value.isoformat() if hasattr(value, "isoformat") else str(value)


def _sql(schema: pa.Schema, present: list[str], times: Times) -> str:
    """The statement for these columns: `raw` in, the same rows with `problem` out."""
    values, checks = ["row"], []
    for name in present:
        kind = schema.field(name).type
        role = BY_NAME[name]
        if role.kind == "time":
            continue
        expression, check = _value(name, role.kind, kind)
        values.append(f"{expression} AS {name}")
        if check:
            checks.append(check)
    if "prompt" in present:
        values.append(f"CASE WHEN nullif(prompt, '') IS NOT NULL THEN {KEY} END AS text_key")
    moment, problems = _time(schema.field(TIME).type, times)
    return f"""
        WITH read AS ({moment}),
        timed AS (SELECT *, asked_at IS NOT NULL
            AND epoch_us(asked_at) BETWEEN {EARLIEST * MICRO} AND {LATEST * MICRO - 1} AS in_time FROM read)
        SELECT asked_at, {", ".join(values)}, CASE {" ".join(problems + checks)} END AS problem FROM timed ORDER BY row
    """  # noqa: S608 - made of our names


def _value(name: str, kind: str, type_: pa.DataType) -> tuple[str, str]:
    """How a column is read, and the case in which a row is rejected for it."""
    title = BY_NAME[name].title
    if kind == "whole":
        if pa.types.is_integer(type_):
            return f"{name}::BIGINT", f"WHEN {name} < 0 THEN '{BELOW_ZERO.format(title)}'"
        given = f"nullif(trim({name}), '')"
        read = (
            f"CASE WHEN regexp_full_match({given}, '\\d{{1,18}}(\\.0+)?') THEN split_part({given}, '.', 1)::BIGINT END"
        )
        return read, f"WHEN {given} IS NOT NULL AND ({read}) IS NULL THEN 'its {title} are no whole number'"
    if kind == "key" and pa.types.is_integer(type_):
        return f"{name}::BIGINT", ""
    if kind == "money":
        given = f"nullif(trim({name}::VARCHAR), '')"
        read = f"CASE WHEN regexp_full_match({given}, '\\d{{1,18}}(\\.\\d{{1,9}})?') THEN {given}::{SCALE} END"
        return (
            read,
            f"WHEN {given} IS NOT NULL AND ({read}) IS NULL THEN 'its {title} is no amount with up to 9 decimals'",
        )
    return f"nullif({name}::VARCHAR, '')", ""


def _time(type_: pa.DataType, times: Times) -> tuple[str, list[str]]:
    """The statement that reads the time, and the cases in which a row is rejected for it."""
    unread = "WHEN asked_at IS NULL THEN 'its time stamp cannot be read'"
    outside = f"WHEN NOT in_time THEN '{OUTSIDE}'"
    none = f"WHEN {TIME} IS NULL OR trim({TIME}::VARCHAR) = '' THEN '{NO_TIME}'"
    if pa.types.is_timestamp(type_) and type_.tz is not None:
        return f"SELECT *, ({TIME} AT TIME ZONE 'UTC')::TIMESTAMP AS asked_at FROM raw", [none, unread, outside]  # noqa: S608
    if pa.types.is_timestamp(type_):
        sql = f"WITH local AS (SELECT *, {TIME}::TIMESTAMP AS local FROM raw) {_placed(times, 'true')}"  # noqa: S608
        return sql, [none, *_unplaced(times, "true"), unread, outside]
    if times.form in UNITS:
        return _epoch(times.form), [none, unread, outside]
    zoned = "written.zone = ''"
    sql = f"""
        WITH found AS (SELECT *, regexp_extract(trim({TIME}::VARCHAR), '{ISO}', ['day', 'clock', 'fraction', 'zone'])
            AS written FROM raw),
        local AS (SELECT *, try_cast(nullif(written.day, '') || ' ' || written.clock AS TIMESTAMP)
            + to_microseconds(left(rpad(written.fraction, 6, '0'), 6)::BIGINT) AS local FROM found)
        {_placed(times, zoned, "local - to_minutes(" + OFFSET + ")")}
    """  # noqa: S608 - made of our names
    return sql, [none, "WHEN local IS NULL THEN 'its time stamp cannot be read'", *_unplaced(times, zoned), outside]


OFFSET = """CASE WHEN upper(written.zone) = 'Z' THEN 0 ELSE (CASE WHEN written.zone[1] = '-' THEN -1 ELSE 1 END)
    * (written.zone[2:3]::INTEGER * 60 + right(written.zone, 2)::INTEGER) END"""


def _placed(times: Times, unzoned: str, zoned: str = "NULL::TIMESTAMP") -> str:
    """Local times in UTC: by their own offset, by the zone that was given, or not at all."""
    if not times.zone:
        return f"SELECT *, CASE WHEN {unzoned} THEN NULL ELSE {zoned} END AS asked_at FROM local"  # noqa: S608
    return (
        f"""SELECT *, CASE WHEN {unzoned} THEN {_in_utc("local", times.zone)} ELSE {zoned} END AS asked_at FROM local"""  # noqa: S608
    )


def _in_utc(local: str, zone: str) -> str:
    name = zone.replace("'", "")
    return f"(({local}) AT TIME ZONE '{name}' AT TIME ZONE 'UTC')::TIMESTAMP"


def _unplaced(times: Times, unzoned: str) -> list[str]:
    if not times.zone:
        return [f"WHEN {unzoned} THEN 'its time stamp has no zone, and none was given'"]
    if times.zone == "UTC":
        return []
    name = times.zone.replace("'", "")
    back = f"((asked_at AT TIME ZONE 'UTC') AT TIME ZONE '{name}')"
    other = [f"((asked_at + to_hours({hour})) AT TIME ZONE 'UTC' AT TIME ZONE '{name}') = local" for hour in (-1, 1)]
    return [
        f"WHEN {unzoned} AND {back} <> local THEN 'the clock of its zone skipped this hour'",
        f"WHEN {unzoned} AND ({' OR '.join(other)}) THEN 'the clock of its zone showed this hour twice'",
    ]


def _epoch(unit: str) -> str:
    """Seconds, or parts of them, since 1970. What is finer than a microsecond is cut off."""
    given = f"trim({TIME}::VARCHAR)"
    micros = f"floor({given}::DECIMAL(38, 9) * {MICRO} / {UNITS[unit]})"
    if unit in ("s", "ms", "us"):
        micros = f"floor({given}::DECIMAL(29, 9) * {MICRO // UNITS[unit]})"
    return f"""SELECT *, CASE WHEN regexp_full_match({given}, '\\d{{1,19}}(\\.\\d{{1,9}})?')
        THEN make_timestamp(({micros})::BIGINT) END AS asked_at FROM raw"""  # noqa: S608 - made of our names
