"""One table in every format gives the same rows, and says the same of those that are none."""

import csv
import gzip
import io
import json
from datetime import UTC, date, datetime
from hashlib import sha256

import pyarrow as pa
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as pq

from apps.accounts import importing
from apps.accounts.importing import texts

REFS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters='",'), min_size=1, max_size=8)
MOMENTS = st.datetimes(datetime(1960, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # some are too early
HOURS = st.lists(st.integers(0, 9), min_size=24, max_size=24)
ACCOUNTS = st.fixed_dictionaries(
    {"ref": REFS | st.just("")},
    optional={
        "opened_at": st.none() | MOMENTS,
        "plan": st.none() | st.sampled_from(["", "free", "a, b", 'so-called "pro"', "x" * 65]),
        "country": st.sampled_from(["fr", "FRA", ""]),
        "payer_verified": st.none() | st.booleans(),
        "status": st.sampled_from(["active", "", "gone"]),
        "passed_over": st.just("x"),
    },
)
IDENTIFIERS = st.fixed_dictionaries(
    {"account_ref": REFS, "kind": st.sampled_from(["email", "device", ""]), "value": REFS},
    optional={"first_seen": st.none() | MOMENTS, "last_seen": st.none() | MOMENTS},
)


@st.composite
def activity(draw):
    hours = draw(st.none() | HOURS)
    row = {"account_ref": draw(REFS), "day": draw(st.dates(date(1969, 12, 30), date(2026, 1, 1))), "model": "m"}
    row["queries"] = draw(st.integers(-1, 50)) if hours is None or draw(st.booleans()) else sum(hours)
    row |= {"by_hour": hours} if hours else {}
    return row | ({"topic_entropy_bits": draw(st.none() | st.floats(0, 70))} if draw(st.booleans()) else {})


TABLES = st.one_of(
    st.tuples(st.just("accounts"), st.lists(ACCOUNTS, min_size=1, max_size=5)),
    st.tuples(st.just("identifiers"), st.lists(IDENTIFIERS, min_size=1, max_size=5)),
    st.tuples(st.just("activity"), st.lists(activity(), min_size=1, max_size=5)),
)
TYPES = {
    "opened_at": pa.timestamp("us", "UTC"),
    "first_seen": pa.timestamp("us", "UTC"),
    "last_seen": pa.timestamp("us", "UTC"),
    "day": pa.date32(),
    "queries": pa.int64(),
    "by_hour": pa.list_(pa.int32()),
    "topic_entropy_bits": pa.float64(),
    "payer_verified": pa.bool_(),
}


def as_ndjson(rows):
    return b"\n".join(json.dumps(row, default=lambda value: value.isoformat()).encode() for row in rows)


def as_csv(rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    return out.getvalue().encode()


def _cell(value):
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else "" if value is None else value


def as_parquet(rows, **options):
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: pa.array([row.get(name) for row in rows], TYPES.get(name, pa.string())) for name in names}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def read(kind, data, start=importing.Position()):  # noqa: B008 - a tuple
    """(line, its values or the reason) of each row, in order; and where each slice ended."""
    reader = importing.Reader(kind, io.BytesIO(data), start=start)
    found, ends = [], []
    for rows in reader:
        found += [(line, value_of(value)) for line, value in zip(rows.lines, rows.values, strict=True)]
        found += [(row.line, row.reason) for row in rows.refused]
        ends.append(reader.position)
    return sorted(found, key=lambda row: row[0]), ends


def value_of(value):
    return {name: getattr(value, name) for name in value.__struct_fields__}


@given(TABLES)
def test_every_format_gives_the_same_rows(table):
    kind, rows = table
    lines, _ = read(kind, as_ndjson(rows))
    cells, _ = read(kind, as_csv(rows))
    columns, _ = read(kind, as_parquet(rows))
    assert [(line - 1, what) for line, what in cells] == _as_text(lines, cells)
    assert _typed(columns) == _typed(lines)
    assert len(lines) == len(rows)


def _typed(rows):
    return [(line, what if isinstance(what, dict) else None) for line, what in rows]


def _as_text(lines, cells):
    """What CSV says of a row that is none may be in other words: all its values are texts."""
    return [
        (line, what if isinstance(what, dict) else other if isinstance(other, str) else what)
        for (line, what), (_, other) in zip(lines, cells, strict=True)
    ]


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
@pytest.mark.parametrize("write", [as_ndjson, as_csv, as_parquet])
def test_compressed_files_are_read_alike(write, pack):
    data = write([{"ref": f"a{n}", "plan": "free"} for n in range(50)])
    assert read("accounts", pack(data)) == read("accounts", data)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_file_that_is_cut_off_gives_what_came_before(pack, monkeypatch):
    monkeypatch.setattr(texts, "BLOCK", 1000)
    data = pack(as_ndjson([{"ref": sha256(b"%d" % n).hexdigest()} for n in range(10_000)]))
    reader = importing.Reader("accounts", io.BytesIO(data[: len(data) // 2]))
    found = []
    with pytest.raises(importing.NotReadable, match="damaged or cut off"):
        found.extend(value for rows in reader for value in rows.values)
    assert found


@pytest.mark.parametrize(
    "data", [b"", gzip.compress(b"", mtime=0), b"PAR1 and nothing behind", gzip.compress(b"\n\n", mtime=0)]
)
def test_what_is_no_file_of_records_is_said_so(data):
    with pytest.raises(importing.NotReadable):
        list(importing.Reader("accounts", io.BytesIO(data)))


def test_no_more_is_unpacked_than_is_taken():
    bomb = gzip.compress(b"ref\n" + b"a\n" * 100_000)
    with pytest.raises(importing.NotReadable, match="more than 50,000 bytes"):
        list(importing.Reader("accounts", io.BytesIO(bomb), limit=50_000))


def test_a_file_that_is_said_to_be_another_is_refused():
    with pytest.raises(importing.NotReadable, match="said to be csv, but what is in it looks like ndjson"):
        importing.Reader("accounts", io.BytesIO(b'{"ref": "a"}'), format="csv")


@pytest.mark.parametrize("write", [as_ndjson, as_csv, lambda rows: gzip.compress(as_csv(rows)), as_parquet])
def test_reading_goes_on_where_it_ended(write, monkeypatch):
    monkeypatch.setattr(texts, "BLOCK", 300)
    monkeypatch.setattr("apps.accounts.importing.parquet.ROWS", 7)
    data = write([{"ref": f"a{n}", "country": "FR" if n % 10 else "FRA"} for n in range(1000)])
    whole, ends = read("accounts", data)
    assert len(ends) > 3
    for end in ends:
        assert read("accounts", data, end)[0] == [row for row in whole if row[0] > end.line]


def test_hours_that_do_not_add_up_are_refused_in_a_sentence():
    row = {"account_ref": "a", "day": date(2026, 1, 1), "model": "m", "queries": 10, "by_hour": [1] * 24}
    for data in (as_ndjson([row]), as_csv([row]), as_parquet([row])):
        [(_, reason)] = read("activity", data)[0]
        assert reason == "by_hour adds up to 24 requests, queries says 10"
    assert "24" in read("activity", as_ndjson([row | {"by_hour": [10]}]))[0][0][1]


def test_a_day_that_is_wrong_leaves_the_others_as_they_are():
    day = {"account_ref": "a", "day": date(2026, 1, 1), "model": "m"}
    wrong = [[-1, 1] + [0] * 22, [1, 2] + [0] * 22, [2**31, -(2**31)] + [0] * 22]
    right = [[0] * 24, [2**31 - 1] * 24, list(range(24))]
    rows = [day | {"queries": sum(hours) + (hours == wrong[1]), "by_hour": hours} for hours in [*wrong, *right]]
    found, _ = read("activity", as_ndjson(rows))
    columns = pa.table({name: [row[name] for row in rows] for name in rows[0]})  # by_hour of 64 bits
    out = io.BytesIO()
    pq.write_table(columns, out)
    assert read("activity", out.getvalue())[0] == found
    assert [line for line, what in found if isinstance(what, dict)] == [4, 5, 6]
    assert found[-1][1]["by_hour"] == "{" + ",".join(map(str, range(24))) + "}"


def test_what_other_writers_make_of_missing_numbers_is_understood():
    columns = {"account_ref": ["a"], "day": [date(2026, 1, 1)], "model": ["m"], "queries": [3.0]}
    out = io.BytesIO()
    pq.write_table(pa.table(columns | {"active_hours": [float("nan")]}), out)
    [(_, row)] = read("activity", out.getvalue())[0]
    assert (row["queries"], row["active_hours"]) == (3, None)


def test_times_without_a_zone_are_refused_in_parquet_too():
    out = io.BytesIO()
    pq.write_table(pa.table({"ref": ["a"], "opened_at": [datetime(2026, 1, 1)]}), out)
    assert "zone" in read("accounts", out.getvalue())[0][0][1]


def test_a_refused_row_of_parquet_is_shown_as_it_came():
    data = as_parquet([{"ref": "a"}, {"ref": "b", "country": "FRA"}])
    [rows] = importing.Reader("accounts", io.BytesIO(data))
    assert [(row.line, json.loads(row.raw)) for row in rows.refused] == [(2, {"ref": "b", "country": "FRA"})]
    assert rows.raw(0) == '{"ref": "a"}'


@pytest.mark.parametrize(
    "type_", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str
)
def test_a_text_of_parquet_with_a_character_that_no_text_can_hold_is_refused(type_):
    out = io.BytesIO()
    plans = pa.array(["pro", "a\x00b", None]).cast(type_)
    pq.write_table(pa.table({"ref": ["a", "b", "c"], "plan": plans}), out)
    (_, taken), (line, reason), (_, last) = read("accounts", out.getvalue())[0]
    assert (line, reason) == (2, "a text holds the character U+0000")
    assert (taken["plan"], last["plan"]) == ("pro", "")
