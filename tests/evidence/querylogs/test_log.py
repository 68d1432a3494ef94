"""A query log from an item of evidence to its figures."""

import csv
import gzip
import io
import json
import re
from collections import Counter
from datetime import datetime

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from backports import zstd
from django.core.exceptions import ValidationError

from apps.core import vault
from apps.core.models import Job
from apps.evidence import actions, logs, tasks
from apps.evidence.actions import querylogs
from apps.evidence.models import Figure, QueryLog
from apps.evidence.querylogs import staging
from apps.evidence.querylogs.figures import FIGURES
from tests.evidence.querylogs.conftest import REAL, campaign, figure, numbers, work

pytestmark = pytest.mark.django_db


def parquet(content: bytes, **options) -> bytes:
    table, out = pa.csv.read_csv(io.BytesIO(content)), io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def ndjson(content: bytes) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in csv.DictReader(io.StringIO(content.decode())))


def values(log: QueryLog) -> dict[str, object]:
    return {one.name: one.value for one in log.figures.filter(again_of=None)}


def test_a_log_is_read_counted_and_kept(read):
    log = read(campaign())
    assert (log.state, log.rows_read, log.rows_kept, log.rows_rejected) == ("ready", 400, 400, 0)
    assert set(values(log)) == set(FIGURES)
    assert log.normalised.parent == log.item
    assert log.normalised.derived == "normalised"
    assert log.normalised.custodian == log.mapped_by
    assert numbers(log, "volume")["exchanges"] == 200  # two rows a request id
    assert numbers(log, "accounts")["accounts"] == 20
    assert numbers(log, "templates")["templates"] == 3
    assert numbers(log, "logged_cost")["cost"] == "180"
    assert numbers(log, "tokens")["input tokens"] == sum(100 + n % 7 for n in range(400))
    [row] = figure(log, "release_pivot").value["rows"]
    assert row[0] == "new"
    assert row[5] == 1.0  # all of its first day
    assert figure(log, "cost").why_not == "Not computed: no prices were given."


@pytest.mark.parametrize(
    "form",
    [
        gzip.compress,
        zstd.compress,
        ndjson,
        lambda c: gzip.compress(ndjson(c)),
        parquet,
        lambda c: parquet(c, row_group_size=70),
        lambda c: b"\xef\xbb\xbf" + c.replace(b"\n", b"\r\n"),
        lambda c: c.replace(b",", b"\t"),
    ],
)
def test_every_form_gives_the_same_figures(read, form):
    """By content alone: the file has no ending."""
    usual = read(campaign(60))
    found = read(form(campaign(60)))
    assert found.state == "ready", found.problem
    assert values(found) == values(usual)


def test_the_profile_is_an_item_of_its_own(read):
    log = read(campaign())
    assert log.profile.parent == log.normalised
    content = json.loads(vault.read(log.profile.sha256))
    assert {one["name"] for one in content["figures"]} == set(FIGURES)
    assert content["input"]["sha256"] == log.normalised.sha256
    assert all(one["input_sha256"] == log.normalised.sha256 for one in content["figures"])


def test_the_trail_never_holds_what_a_figure_says(read):
    from apps.audit.models import Event

    log = read(campaign())
    events = Event.objects.filter(object_type=Figure._meta.db_table)
    assert events.count() == len(FIGURES)
    assert not any("acct_" in bytes(event.body).decode() for event in events)
    assert log.state == "ready"


# --- what is not there -----------------------------------------------------------------------------------------------


def test_a_missing_column_is_named_and_nothing_is_guessed(read):
    log = read(b"when,what\n2026-01-01T00:00:00Z,x\n2026-01-01T01:00:00Z,y\n")
    assert log.columns == {"timestamp": "when"}
    assert "account" in log.missing
    assert figure(log, "accounts").why_not == "Not possible: the log has no account column."
    assert figure(log, "tokens").why_not == "Not possible: the log has no input tokens and no output tokens column."
    assert figure(log, "templates").value is None
    assert numbers(log, "volume")["rows"] == 2


def test_a_column_can_be_named_by_the_person(read):
    columns = {"timestamp": "when", "account": "what"}
    log = read(b"when,what\n2026-01-01T00:00:00Z,x\n2026-01-01T01:00:00Z,y\n", columns=columns)
    assert numbers(log, "accounts") == {"accounts": 2, "rows without account": 0}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"columns": {"account": "account"}}, "which column is the time stamp"),
        ({"columns": {"timestamp": "timestamp", "account": "nobody"}}, "no column “nobody”"),
        ({"columns": {"timestamp": "timestamp", "account": "timestamp"}}, "stands for two things"),
        ({"time_form": "guess"}, "how the time stamps are written"),
        ({"zone": "Mars/Base"}, "no time zone “Mars/Base”"),
        ({"zone": "../../etc/passwd"}, "no time zone"),
    ],
)
def test_what_cannot_be_is_refused_in_words(read, changed, words):
    with pytest.raises(ValidationError, match=words):
        read(campaign(20), **changed)


def test_times_without_a_zone_ask_for_one(open_log, people):
    log = open_log(b"time,user\n2026-01-01 00:00:00,a\n")
    assert log.shape["without_zone"] == ["time"]
    with pytest.raises(ValidationError, match="in which zone"):
        actions.map_log(log, columns=log.columns, time_form="iso", by=people.analyst)


def test_local_times_are_put_into_utc_and_the_hours_of_a_clock_change_are_not_guessed(read):
    rows = b"2026-01-01 00:30:00\n2026-07-01 00:30:00\n2026-10-25 02:30:00\n2026-03-29 02:30:00\n"
    log = read(b"time\n" + rows, zone="Europe/Berlin")
    assert (log.rows_kept, log.rows_rejected) == (2, 2)
    assert log.reasons == {
        "the clock of its zone showed this hour twice": 1,
        "the clock of its zone skipped this hour": 1,
    }
    assert numbers(log, "window")["first"] == "2025-12-31T23:30:00"
    assert numbers(log, "window")["last"] == "2026-06-30T22:30:00"


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("1767225600", "s"),
        ("1767225600.5", "s"),
        ("1767225600500", "ms"),
        ("1767225600500000", "us"),
        ("1767225600500000000", "ns"),
        ("2026-01-01T00:00:00.5000000Z", "iso"),
        ("2026-01-01T01:00:00,5+01:00", "iso"),
        ("2026-01-01 00:00", "iso"),
    ],
)
def test_times_in_every_way_they_are_written(read, written, form):
    log = read(f"ts,user\n{written},a\n".replace(",5", ".5").encode())
    assert log.time_form == form
    assert numbers(log, "window")["first"] == "2026-01-01T00:00:00"


# --- rows that cannot be read ----------------------------------------------------------------------------------------

BAD = (
    b"timestamp,account,input_tokens\n2026-01-01T00:00:00Z,a,1\n,a,1\nsoon,a,1\n2026-01-01T00:00:00Z,a,many\n"
    b"2026-01-01T00:00:00Z,a\n2026-01-01T00:00:00Z,a,1,2\n1999-12-31T00:00:00Z,a,1\n2026-01-01T00:00:00Z,\xff,1\n"
    b'2026-01-01T00:00:00Z,"a"b,1\n2026-01-01T00:00:00Z,"line\nbreak",2\n2026-01-01T00:00:00Z,,\n'
)


def test_rows_in_are_rows_out_and_rejected(read):
    log = read(BAD)
    assert (log.rows_read, log.rows_kept, log.rows_rejected) == (11, 3, 8)
    assert sum(log.reasons.values()) == 8
    assert "it is not UTF-8" in log.reasons
    assert numbers(log, "volume")["rejected rows"] == 8
    rejected = [json.loads(line) for line in vault.read(log.rejects.sha256).splitlines()]
    assert [one["row"] for one in rejected] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert log.rejects.parent == log.item
    assert numbers(log, "accounts") == {"accounts": 2, "rows without account": 1}


def test_a_log_of_which_nothing_is_left_fails_in_words(read):
    log = read(b"timestamp,account\nsoon,a\nlater,b\n", columns={"timestamp": "timestamp"}, time_form="iso")
    assert log.state == "failed"
    assert "Every row was rejected" in log.problem
    assert log.rows_rejected == 2


# --- killed and gone on ----------------------------------------------------------------------------------------------


def test_read_in_many_parts_it_is_the_same_file(read, monkeypatch):
    whole = read(campaign())
    monkeypatch.setattr(querylogs, "SECONDS", -1)
    monkeypatch.setattr("apps.evidence.querylogs.reading.BLOCK", 37)
    parts = read(campaign())
    assert parts.parts >= 11
    assert parts.normalised.sha256 == whole.normalised.sha256
    assert values(parts) == values(whole)


@pytest.mark.parametrize("dies_in", ["read_part", "assemble"])
def test_a_step_that_died_is_done_again_to_the_same_result(open_log, read, people, monkeypatch, dies_in):
    usual = read(campaign())
    log = open_log(campaign())
    actions.map_log(log, columns=log.columns, time_form="iso", by=people.analyst)
    whole = getattr(staging.Staging, dies_in)

    def dying(self, *args, **kwargs):
        whole(self, *args, **kwargs)  # all of it is on the disk, and nothing of it was committed
        raise MemoryError

    monkeypatch.setattr(staging.Staging, dies_in, dying)
    job = Job.objects.get(kind="evidence.work_on_log", key=f"{log.pk}/0")
    if dies_in == "assemble":
        tasks.work_on_log(job)
        job = Job.objects.get(kind="evidence.work_on_log", key=f"{log.pk}/1")
    with pytest.raises(MemoryError):
        tasks.work_on_log(job)
    monkeypatch.setattr(staging.Staging, dies_in, whole)
    log = work(log)
    assert log.normalised.sha256 == usual.normalised.sha256
    assert values(log) == values(usual)


@pytest.mark.parametrize(("steps", "state"), [(1, "reading"), (4, "assembling")])
def test_parts_that_are_gone_are_read_again(open_log, people, monkeypatch, steps, state):
    """Also when the last of them was read before."""
    monkeypatch.setattr(querylogs, "SECONDS", -1)
    monkeypatch.setattr("apps.evidence.querylogs.reading.BLOCK", 150)
    log = open_log(campaign())
    actions.map_log(log, columns=log.columns, time_form="iso", by=people.analyst)
    for step in range(steps):
        tasks.work_on_log(Job.objects.get(kind="evidence.work_on_log", key=f"{log.pk}/{step}"))
    log.refresh_from_db()
    assert log.state == state
    logs.staging_of(log).clear()  # another machine goes on
    log = work(log)
    assert (log.state, log.rows_read) == ("ready", 400), log.problem


def test_a_part_of_an_earlier_reading_is_not_taken_for_one_of_this(open_log, people, monkeypatch):
    """Another machine began anew and read on, and this one has a shorter first part from before."""
    monkeypatch.setattr(querylogs, "SECONDS", -1)
    monkeypatch.setattr("apps.evidence.querylogs.reading.BLOCK", 150)
    log = open_log(campaign())
    actions.map_log(log, columns=log.columns, time_form="iso", by=people.analyst)
    for step in range(4):
        tasks.work_on_log(Job.objects.get(kind="evidence.work_on_log", key=f"{log.pk}/{step}"))
    stage = logs.staging_of(log)
    stage.rows(0).write_bytes(stage.rows(2).read_bytes())
    log = work(log)
    assert (log.state, log.rows_kept) == ("ready", 400), log.problem
    assert numbers(log, "volume")["rows"] == 400


def test_a_reading_is_given_up(open_log, people):
    log = open_log(campaign())
    actions.map_log(log, columns=log.columns, time_form="iso", by=people.analyst)
    actions.give_up_log(log, reason="The wrong file", by=people.analyst)
    assert work(log).state == "given_up"
    assert actions.open_log(log.item, by=people.analyst).state == "proposed"


def test_one_reading_of_a_log_at_a_time(open_log, people):
    log = open_log(campaign())
    with pytest.raises(ValidationError, match="being read already"):
        actions.open_log(log.item, by=people.analyst)


# --- computed again --------------------------------------------------------------------------------------------------


def test_each_figure_computed_again_is_the_same(read, people):
    log = read(campaign())
    asked = [one for one in log.figures.filter(again_of=None) if one.sql]
    for one in asked:
        actions.ask_again(one, by=people.analyst)
    work(log)
    again = Figure.objects.filter(log=log, again_of__isnull=False)
    assert {one.name for one in again} == {one.name for one in asked}
    assert [one.differs for one in again if one.differs] == []
    assert all(one.value == one.again_of.value for one in again)


def test_a_figure_that_differs_says_how(read, people, monkeypatch):
    from dataclasses import replace

    log = read(campaign())
    first = figure(log, "accounts")
    other = replace(FIGURES["accounts"], sql=lambda asked: "SELECT 19, 1 FROM log LIMIT 1")
    monkeypatch.setitem(FIGURES, "accounts", other)
    actions.ask_again(first, by=people.analyst)
    work(log)
    again = first.again.get()
    assert again.differs[0] == "The SQL of this figure is another one by now."
    assert "numbers, accounts: 20 before, 19 now" in again.differs


def test_a_damaged_file_is_not_counted(read, people, damage):
    log = read(campaign())
    damage(log.normalised)
    with pytest.raises(ValueError, match="is not what it was"):
        actions.compute_again(figure(log, "volume"), by=tasks.System("worker"))


# --- a real log ------------------------------------------------------------------------------------------------------

TRACE = REAL / "AzureLLMInferenceTrace_conv.csv"


@pytest.mark.skipif(not TRACE.is_file(), reason="the real trace lies beside the project, and is not here")
def test_a_real_trace_has_the_figures_that_plain_python_counts(read):
    log = read(TRACE.read_bytes())
    assert log.columns == {
        "timestamp": "TIMESTAMP",
        "input_tokens": "ContextTokens",
        "output_tokens": "GeneratedTokens",
    }
    assert "account" in log.missing
    assert figure(log, "accounts").why_not == "Not possible: the log has no account column."

    rows = list(csv.DictReader(TRACE.read_text(encoding="utf-8-sig").splitlines()))
    times = [datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", row["TIMESTAMP"])) for row in rows]
    assert (log.rows_kept, log.rows_rejected) == (len(rows), 0) == (19366, 0)
    tokens = numbers(log, "tokens")
    assert tokens["input tokens"] == sum(int(row["ContextTokens"]) for row in rows)
    assert tokens["output tokens"] == sum(int(row["GeneratedTokens"]) for row in rows)
    window = numbers(log, "window")
    assert window["first"] == min(times).isoformat(timespec="seconds")
    assert window["last"] == max(times).isoformat(timespec="seconds")
    assert window["hours with requests"] == len({(t.date(), t.hour) for t in times})
    days = Counter(t.date().isoformat() for t in times)
    assert figure(log, "per_day").value["rows"] == [[day, n] for day, n in sorted(days.items())]
    cells = Counter((t.weekday(), t.hour) for t in times)
    heat = [row[1:] for row in figure(log, "hour_of_week").value["rows"]]
    assert heat == [[cells[day, hour] for hour in range(24)] for day in range(7)]


LISTED = REAL / "self_instruct_seed_tasks.jsonl"


@pytest.mark.skipif(not LISTED.is_file(), reason="the real list lies beside the project, and is not here")
def test_overlap_with_a_real_list_of_tasks(read, collect):
    known = [json.loads(line)["instruction"] for line in LISTED.read_text().splitlines()]
    asked = [*known[:25], *(f"Write a poem number {n} about the {n} seas of old" for n in range(75))]
    body = [json.dumps({"ts": 1_767_225_600 + n, "prompt": text}) for n, text in enumerate(asked)]
    benchmark = collect(chunks=LISTED.read_bytes(), filename="tasks.jsonl", kind="other")
    log = read("\n".join(body).encode(), benchmark=benchmark)
    found = numbers(log, "benchmark")
    assert (found["rows that match"], found["entries that occur"], found["entries"]) == (25, 25, len(known))
