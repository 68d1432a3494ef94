"""Digests that are taken here, beside those that PostgreSQL takes of the same rows."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.audit import digests

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
MOMENTS = st.datetimes(
    datetime(1000, 1, 1),
    datetime(9998, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=9))]),
)
NUMBERS = st.floats(1e-4, 2**53, exclude_max=True) | st.floats(-(2**53), -1e-4, exclude_min=True) | st.just(0.0)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)


class Sample(models.Model):
    """A table of every type that is copied; made by the test alone."""

    id = models.UUIDField(primary_key=True)
    a_text = models.TextField(null=True)
    longer_text = models.CharField(max_length=500)
    ä = models.BooleanField(null=True)
    whole = models.BigIntegerField()
    share = models.FloatField(null=True)
    moment = models.DateTimeField(null=True)
    day = models.DateField()
    others = ArrayField(models.UUIDField())
    counts = ArrayField(models.PositiveIntegerField(), null=True)
    said = models.JSONField()
    raw = models.BinaryField(null=True)

    class Meta:
        app_label = "tests"
        managed = False
        db_table = "sample"

    def __str__(self) -> str:
        return str(self.pk)


ROWS = st.fixed_dictionaries(
    {
        "id": st.uuids().map(str),
        "a_text": st.none() | TEXT,
        "longer_text": TEXT,
        "ä": st.none() | st.booleans(),
        "whole": st.integers(-(2**63), 2**63 - 1),
        "share": st.none() | NUMBERS | st.floats(-1e-4, 1e-4) | st.integers(1 - 2**53, 2**53 - 1),
        "moment": st.none() | MOMENTS | MOMENTS.map(lambda moment: moment.replace(microsecond=0)),
        "day": st.dates(datetime(1000, 1, 1, tzinfo=UTC).date()),
        "others": st.lists(st.uuids().map(str), max_size=3),
        "counts": st.none() | st.lists(st.integers(-(2**31), 2**31 - 1), max_size=24),
        "said": JSON.filter(lambda said: said is not None),
        "raw": st.none() | st.binary(),
    }
)


@pytest.fixture(scope="module")
def sample(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(
                'CREATE TEMP TABLE sample (id uuid, a_text text, longer_text varchar, "ä" boolean, whole bigint, '
                "share float8, moment timestamptz, day date, others uuid[], counts integer[], said jsonb, raw bytea)"
            )
        yield
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE sample")


def stored(row: dict[str, Any]) -> dict[str, Any]:
    """A row as it is read again."""
    return row | {
        "id": UUID(row["id"]),
        "others": [UUID(one) for one in row["others"]],
        "share": None if row["share"] is None else float(row["share"]),
    }


@settings(max_examples=300)
@given(rows=st.lists(ROWS, min_size=1, max_size=4, unique_by=lambda row: row["id"]))
def test_a_row_is_copied_as_it_is_with_the_digest_that_postgresql_takes(
    sample: None, django_db_blocker: Any, rows: Any
) -> None:
    columns = list(rows[0])
    told = digests.told(Sample, rows)
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE sample")
        names = ", ".join(f'"{column}"' for column in columns)
        with cursor.copy(f"COPY sample ({names}) FROM STDIN") as copy:
            copy.write(told.lines)
        cursor.execute("SELECT id, sha256(convert_to(to_jsonb(t)::text, 'UTF8')), to_jsonb(t)::text FROM sample t")
        found = {key.bytes + bytes(digest): text for key, digest, text in cursor.fetchall()}
        cursor.execute("SELECT {} FROM sample".format(names.replace('"said"', '"said"::text')))
        kept = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    assert dict(zip(told.entries, (text.decode() for text in told.texts), strict=True)) == found
    kept_by_id = {row["id"]: row | {"said": json.loads(row["said"])} for row in kept}
    for row in map(stored, rows):
        assert kept_by_id[row["id"]] == row


def test_a_row_that_is_not_whole_is_left_to_postgresql() -> None:
    with pytest.raises(digests.Untold, match="whole row"):
        digests.told(Sample, [{"id": "0192f0c1-0000-7000-8000-000000000000"}])


@pytest.mark.parametrize("share", [float("nan"), float("inf"), 2.0**53, -(2.0**53)])
def test_a_number_that_postgresql_writes_otherwise_is_left_to_it(share: float) -> None:
    row = dict.fromkeys([field.column for field in Sample._meta.concrete_fields])
    with pytest.raises(digests.Untold, match=r"differently|cannot convert"):
        digests.told(Sample, [row | {"id": "0192f0c1-0000-7000-8000-000000000000", "share": share}])


@settings(max_examples=100)
@given(st.lists(MOMENTS.map(lambda moment: moment.replace(microsecond=0)), min_size=1))
def test_whole_seconds_are_written_as_others_are(moments: list[datetime]) -> None:
    assert digests._moments(moments).said.to_pylist() == list(map(digests._moment, moments))


def test_lists_of_numbers_may_be_given_as_postgresql_has_them() -> None:
    row: dict[str, Any] = {str(field.column): None for field in Sample._meta.concrete_fields}
    row |= {"id": UUID(int=1), "longer_text": "", "whole": 1, "day": date(2026, 1, 1), "others": [], "said": {}}
    lists: list[list[int] | None] = [[0, -12, 2**31 - 1], [], None, [7]]
    texts = ["{0,-12,2147483647}", "{}", None, "{7}"]
    as_lists, as_texts = (digests.told(Sample, [row | {"counts": one} for one in given]) for given in (lists, texts))
    assert as_lists.texts == as_texts.texts
    assert bytes(as_lists.lines) == bytes(as_texts.lines)


@pytest.mark.parametrize("counts", [[[1, None]], [[1.5]], [["x"]], [5]])
def test_what_is_no_list_of_whole_numbers_is_left_to_postgresql(counts: Any) -> None:
    row: dict[str, Any] = {str(field.column): None for field in Sample._meta.concrete_fields}
    with pytest.raises(digests.Untold):
        digests.told(Sample, [row | {"id": "0192f0c1-0000-7000-8000-000000000000", "counts": one} for one in counts])
