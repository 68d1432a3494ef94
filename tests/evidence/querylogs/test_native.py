"""A Parquet log of plain types is read by whole columns to what row by row gives, and in segments to the same bytes."""

import io
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.evidence.querylogs import engine, native, shape, staging
from apps.evidence.querylogs.normal import Times
from apps.evidence.querylogs.reading import Place

LIMIT = 1 << 30
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
UTC_MS = pa.timestamp("ms", "UTC")


def log(rows: int, kind: pa.DataType = UTC_MS, step: int = 7, group: int = 100) -> bytes:
    """A log with a bad row here and there: no time, a time of another age, tokens below zero, texts that are empty."""
    times = [BEGIN + timedelta(seconds=n * step % 86_400) for n in range(rows)]
    times[5], times[6] = None, datetime(1999, 12, 31, tzinfo=UTC)
    if rows > 150:
        times[150] = datetime(2100, 1, 1, tzinfo=UTC)
    moments = pa.array(times, pa.timestamp("us", "UTC")).cast(pa.timestamp(kind.unit, "UTC")).view(kind)
    accounts = [None if n == 11 else "" if n == 12 else f"acct_{n % 9}" for n in range(rows)]
    table = pa.table(
        {
            "timestamp": moments,
            "account": pa.array(accounts).dictionary_encode(),
            "model": pa.array([f"m{n % 2}" for n in range(rows)]),
            "input_tokens": pa.array([-1 if n == 20 else None if n == 21 else n for n in range(rows)], pa.int32()),
            "prompt": pa.array(["" if n == 30 else None if n == 31 else f"Tell it {n} ü times" for n in range(rows)]),
            "topic": pa.array([f"t{n % 3}" for n in range(rows)], pa.large_string()),
            "prompt_key": pa.array([n * 7919 for n in range(rows)], pa.int64()),
            "template": pa.array([n % 4 for n in range(rows)], pa.int16()),
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=group)
    return out.getvalue()


def read(content: bytes, root, *, seconds: float = 60, zone: str = "") -> tuple[staging.Staging, int]:
    file, stage = io.BytesIO(content), staging.Staging(root)
    look = shape.look(file, LIMIT)
    times, start, number = Times(look.forms["timestamp"].form, zone), Place(), 0
    while True:
        part = stage.read_part(
            number, file, look.shape, look.proposal, times, limit=LIMIT, start=start, seconds=seconds
        )
        number, start = number + 1, part.after
        if part.is_last:
            return stage, number


def rejects(stage: staging.Staging, parts: int) -> bytes:
    return b"".join(stage.refused(parts))


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(native, "LEAST", 1)


@pytest.mark.parametrize("kind", [UTC_MS, *(pa.timestamp(unit, "UTC") for unit in ("s", "us")), pa.timestamp("us")])
@pytest.mark.parametrize("step", [7, 40_000])  # in order of time, and not
def test_it_gives_what_row_by_row_gives(tmp_path, kind, step):
    content, zone = log(450, kind, step), "" if kind.tz else "UTC"
    quick, parts = read(content, tmp_path / "quick", zone=zone)
    assert quick.segment(0).is_file()
    with patch.object(native, "opened", lambda *_: None):
        usual, others = read(content, tmp_path / "usual", zone=zone)
    assert usual.rows(0).is_file()
    assert rejects(quick, parts) == rejects(usual, others)
    assert rejects(quick, parts).count(b"\n") == 4
    found, known = (pq.read_table(one.assemble(n)) for one, n in ((quick, parts), (usual, others)))
    assert found.equals(known)
    assert found.num_rows == 446


def test_a_row_group_of_which_nothing_is_left(tmp_path):
    table = pq.read_table(io.BytesIO(log(40)))
    none = pa.array([None] * 40, UTC_MS)
    out = io.BytesIO()
    pq.write_table(pa.concat_tables([table.set_column(0, "timestamp", none), table]), out, row_group_size=40)
    stage, parts = read(out.getvalue(), tmp_path / "log", seconds=-1)
    assert rejects(stage, parts).count(b"\n") == 43
    assert pq.read_table(stage.assemble(parts)).column("row").to_pylist()[0] == 41


@pytest.mark.parametrize("step", [7, 40_000])
def test_in_many_segments_it_is_the_same_file(tmp_path, step):
    content = log(450, step=step)
    whole, one = read(content, tmp_path / "whole")
    pieces, many = read(content, tmp_path / "pieces", seconds=-1)
    assert (one, many) == (1, 6)  # the last one finds nothing more
    assert rejects(pieces, many) == rejects(whole, one)
    path = pieces.assemble(many)
    assert path.read_bytes() == whole.assemble(one).read_bytes()
    with engine.on_log(tmp_path, path) as con:
        assert con.execute("SELECT count(*), count(DISTINCT row) FROM log").fetchone() == (446, 446)


def test_a_segment_that_was_left_half_written_is_written_again(tmp_path):
    content = log(450)
    whole, one = read(content, tmp_path / "whole")
    pieces, many = read(content, tmp_path / "pieces", seconds=-1)
    pieces.segment(4).with_suffix(".tmp").write_bytes(b"half")
    file, look = io.BytesIO(content), shape.look(io.BytesIO(content), LIMIT)
    start, times = Place(4, 400), Times("native")
    pieces.read_part(4, file, look.shape, look.proposal, times, limit=LIMIT, start=start, seconds=60)
    assert pieces.assemble(many).read_bytes() == whole.assemble(one).read_bytes()


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("input_tokens", pa.array(["1", "many"])),
        ("input_tokens", pa.array([1.0, None])),
        ("cost", pa.array(["0.1", "0.2"])),
        ("input_tokens", pa.array([1, 2], pa.uint64())),
        ("model", pa.array([True, False])),
        ("timestamp", pa.array([BEGIN.replace(tzinfo=None)] * 2)),  # of a zone with changes of the clock
    ],
)
def test_what_needs_reading_is_read_row_by_row(column, values):
    out = io.BytesIO()
    pq.write_table(pa.table({"timestamp": pa.array([BEGIN, BEGIN], UTC_MS)} | {column: values}), out)
    mapping = {"timestamp": "timestamp"} | {column: column}
    assert native.opened(out, mapping, Times("native", "Europe/Berlin")) is None
