"""Whatever bytes come, a log is read or refused in words, and rows in are rows out and rejected."""

import csv
import gzip
import io
from contextlib import suppress
from unittest.mock import patch

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.evidence.querylogs import normal, reading, shape, sources
from apps.evidence.querylogs.normal import Times
from apps.evidence.querylogs.reading import Place
from apps.evidence.querylogs.sources import Unreadable

LIMIT = 64 * 1024 * 1024
GOOD = b"time,user\n2026-01-01T00:00:00Z,a\n2026-01-01T00:01:00Z,b\n"


def through(content: bytes, limit: int = LIMIT) -> tuple[int, int, list[str]]:
    """Rows that are in order, rejected ones, and why."""
    file = io.BytesIO(content)
    look = shape.look(file, limit)
    column = look.proposal.get("timestamp") or look.shape.names[0]
    form = look.forms[column].form if column in look.forms else "iso"
    mapping = {"timestamp": column} | {r: c for r, c in look.proposal.items() if c != column}
    good, bad, last = 0, [], 0
    con = normal.connect()
    for block in reading.blocks(file, look.shape, mapping, limit, Place()):
        table, rejects = normal.normalised(con, block, Times(form, "UTC"))
        good, bad = good + table.num_rows, bad + rejects
        last = block.after.row
    con.close()
    assert good + len(bad) == last
    return good, len(bad), [one.reason for one in bad]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"time,user\n", "no rows below"),
        (b"time,time\n2026-01-01T00:00:00Z,a\n", "Two columns are called"),
        (b"time,\n2026-01-01T00:00:00Z,a\n", "has no name"),
        (b"2026-01-01T00:00:00Z,a\n2026-01-01T00:00:00Z,b\n", "holds values, not names"),
        (GOOD.decode().encode("utf-16"), "UTF-16"),
        (GOOD.decode().encode("utf-16-le"), "UTF-16"),
        (b'[{"time": 1}]', "one JSON array"),
        (b"{nonsense\n", "No line at the beginning is a JSON object"),
        (b"PK\x03\x04rest", "ZIP archive"),
        (b"PAR1 and nothing else", "damaged"),
        (bytes(range(256)) * 8, "it is no text"),
        (gzip.compress(GOOD * 500, mtime=0)[:-20], "ends in the middle"),
        (zstd.compress(GOOD * 500)[:-20], "ends in the middle"),
        (b"\x1f\x8bnot gzip at all", "damaged"),
        (gzip.compress(b"time,user\n" + b"2026-01-01T00:00:00Z,a\n" * 90_000, mtime=0), "unpacks to more than"),
    ],
)
def test_what_cannot_be_read_is_said_in_words(content, words):
    with pytest.raises(Unreadable, match=words):
        through(content, limit=1024 * 1024)


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.rstrip(b"\n"),
        b'time,user\n2026-01-01T00:00:00Z,"a\nb"\n2026-01-01T00:00:00Z,"say ""hi"""\n',
        b'{"time":"2026-01-01T00:00:00Z","user":"a"}\r\n\r\n{"time":"2026-01-01T00:00:00Z","user":null}',
    ],
)
def test_plain_forms_of_the_same_thing(content):
    assert through(content) == (2, 0, [])


def test_a_line_without_end_is_one_rejected_row():
    """As one of a gigabyte would be: the limit is lowered, not the line made longer."""
    with patch.object(sources, "LONGEST", 2000):
        good, bad, why = through(GOOD + b"2026-01-01T00:00:00Z," + b"x" * 50_000 + b"\n2026-01-01T00:00:00Z,c\n")
    assert (good, bad) == (3, 1)
    assert why == ["the line is longer than 2,000 bytes"]


def test_a_quote_that_never_closes_takes_no_more_than_its_limit():
    with patch.object(sources, "LONGEST", 4000):
        good, bad, _ = through(GOOD + b'2026-01-01T00:00:00Z,"open\n' + b"2026-01-01T00:00:00Z,a\n" * 1000)
    csv.field_size_limit(sources.LONGEST)
    assert bad >= 1
    assert good > 0


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2026-01-01T00:00:00Z", "", "soon", "2026-02-30T00:00:00Z"]),
            st.text(max_size=12).filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text)),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_every_row_of_any_table_is_kept_or_rejected(rows):
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["time", "user"])
    writer.writerows(rows)
    try:
        good, bad, _ = through(out.getvalue().encode())
    except Unreadable:
        assert not any(any(row) for row in rows)
        return
    assert good == sum(time == "2026-01-01T00:00:00Z" for time, _ in rows)
    assert good + bad == len(rows)


@settings(max_examples=150)
@given(st.binary(max_size=400), st.sampled_from([b"", b"time,user\n", b'{"time":1}\n', b"PAR1", b"\x1f\x8b"]))
def test_any_bytes_are_read_or_refused_in_words(tail, head):
    with suppress(Unreadable):
        through(head + tail)


@settings(max_examples=60)
@given(st.integers(0, len(gzip.compress(GOOD * 40, mtime=0)) - 1), st.integers(0, 255))
def test_one_wrong_byte_in_packed_data(at, value):
    packed = bytearray(gzip.compress(GOOD * 40, mtime=0))
    packed[at] = value
    with suppress(Unreadable):
        through(bytes(packed))
