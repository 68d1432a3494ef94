"""Large files go part by part: killed at any moment they go on, and come to the same as in one go."""

import io
import json

import pytest
from django.core.management import call_command
from django.test import Client

from apps.accounts import actions, intake, upserts
from apps.accounts.actions import imports
from apps.accounts.models import Account, Identifier, Import
from apps.audit.log import sequencer
from apps.audit.models import Event
from apps.audit.principals import System
from apps.audit.verify import verify
from apps.core import jobs, vault
from apps.core.vault import naming
from tests.kills import workers

COUNTS = ("rows", "created", "updated", "unchanged", "rejected", "derived")


def rows(count):
    """E-mail addresses of accounts, every tenth of which is none, and every seventh of which came before."""
    found = []
    for number in range(count):
        value = "nobody" if number % 10 == 3 else f"kestrel.{number - number % 7:06d}@mail.example"
        found.append({"account_ref": f"acct-{number - number % 7}", "kind": "email", "value": value})
    return b"\n".join(json.dumps(row).encode() for row in found)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(imports, "PART", 40)
    monkeypatch.setattr("apps.accounts.importing.texts.BLOCK", 3000)
    monkeypatch.setattr(intake, "AT_ONCE", 1000)


def take(data, by, **more):
    chunks = (data[at : at + 700] for at in range(0, len(data), 700))
    return intake.take(kind="identifiers", filename="i.ndjson", chunks=chunks, by=by, **more).record


def work(most=None):
    """What is due, in a transaction whose clock stands still; returns how many jobs that were."""
    done = 0
    while most is None or done < most:
        jobs.Job.objects.filter(state="waiting").update(due_at="2026-01-01T00:00:00Z")
        if not jobs.work_off(1):
            break
        done += 1
    return done


def counts(done):
    return {name: getattr(done, name) for name in COUNTS}


def test_parts_come_to_the_same_as_one_go(people, small_parts):
    data = rows(400)
    record = take(data, people.analyst)
    assert (record.state, record.rows) == ("running", 0)
    assert vault.measure(record.sha256) == record.sha256
    assert naming.whose(record.sha256) == ["records that are being imported"]
    assert work() > 3
    record.refresh_from_db()
    assert (record.state, record.rows, record.rejected, record.size) == ("done", 400, 40, len(data))
    assert record.part > 3
    assert not vault.measure(record.sha256), "what holds identifiers as they are is not kept"
    parts = Event.objects.filter(action="accounts.carry_on_import", tables__isnull=False)
    assert parts.count() == record.part
    again = actions.import_records(kind="identifiers", filename="i", stream=io.BytesIO(data), by=people.analyst)
    assert (again.created, again.updated, again.rejected, again.derived) == (0, 0, 40, 0)
    assert again.unchanged == 360
    assert [row.line for row in again.rejections.all()] == [row.line for row in record.rejections.all()]
    kinds = Identifier.objects.values_list("kind", flat=True)
    assert {kind: list(kinds).count(kind) for kind in kinds}.keys() == {"email", "email_domain", "email_pattern"}


def test_what_a_row_says_is_not_derived_again(people):
    given = [
        {"account_ref": "a", "kind": "email", "value": "kestrel1@mail.example"},
        {"account_ref": "a", "kind": "email_pattern", "value": "series 1"},
    ]
    data = b"\n".join(json.dumps(row).encode() for row in given)
    done = actions.import_records(kind="identifiers", filename="f", stream=io.BytesIO(data), by=people.analyst)
    assert (done.created, done.derived) == (2, 1)
    assert sorted(Identifier.objects.values_list("kind", flat=True)) == ["email", "email_domain", "email_pattern"]


def test_a_part_that_was_written_is_not_written_again(people, small_parts):
    record = take(rows(200), people.analyst)
    job = jobs.Job.objects.get(kind="accounts.carry_on_import")
    assert work(1) == 1
    record.refresh_from_db()
    before = counts(record)
    from apps.accounts.tasks import imports

    imports.carry_on_import(job)  # the bell rang twice
    record.refresh_from_db()
    assert counts(record) == before


def test_a_file_that_breaks_off_says_so_and_keeps_what_came(people, small_parts):
    import gzip

    from apps.accounts.importing import texts

    data = gzip.compress(rows(20_000))
    record = take(data[: len(data) // 2], people.analyst)
    assert texts.BLOCK == 3000
    work()
    record.refresh_from_db()
    assert record.state == "failed"
    assert "damaged or cut off" in record.failure
    assert record.rows == record.created + record.updated + record.unchanged + record.rejected > 0
    assert not vault.measure(record.sha256)


def test_a_large_file_that_is_none_is_over_at_once(people, small_parts):
    record = take(b"name,plan\n" + b"x,y\n" * 2000, people.analyst)
    assert (record.state, record.part) == ("failed", 0)
    assert "needs the columns account_ref, kind, value" in record.failure
    work()
    assert not vault.measure(record.sha256)


def test_a_worker_that_is_killed_leaves_nothing_undone(committed_db, people, small_parts, monkeypatch):
    monkeypatch.setattr(upserts, "SET", 20)
    data = rows(300)
    record = take(data, people.analyst)
    for times in (1, 3):
        assert not workers.work(workers.after(upserts.Writer, "flush", times))
    assert workers.die_everywhere(step=17) >= 5
    record.refresh_from_db()
    assert (record.state, record.rows, record.rejected) == ("done", 300, 30)
    assert Account.objects.count() == len({number - number % 7 for number in range(300) if number % 10 != 3})
    again = actions.import_records(kind="identifiers", filename="f", stream=io.BytesIO(data), by=people.analyst)
    assert (again.created, again.updated, again.derived) == (0, 0, 0)
    sequencer.sequence()
    assert verify().holds


def test_the_page_shows_how_far_it_is(people, sign_in, small_parts, client: Client):
    record = take(rows(300), people.analyst)
    page = sign_in(people.analyst).get(record.get_absolute_url()).content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert "part by part" in page
    work()
    page = sign_in(people.analyst).get(record.get_absolute_url(), follow=True).content.decode()
    assert "every 2s" not in page


def test_an_upload_that_is_large_goes_on_in_the_background(people, sign_in, small_parts):
    file = io.BytesIO(rows(300))
    file.name = "identifiers.ndjson"
    answer = sign_in(people.analyst).post("/accounts/import/", {"kind": "identifiers", "file": file})
    record = Import.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, record.get_absolute_url())
    assert record.state == "running"


def test_the_command_carries_a_large_file_to_its_end(people, small_parts, tmp_path, capsys):
    path = tmp_path / "i.ndjson"
    path.write_bytes(rows(300))
    call_command("import_accounts", "identifiers", str(path), "--as", people.analyst.email)
    shown = capsys.readouterr()
    assert "300 rows" in shown.out
    assert "rows so far" in shown.err


def test_nobody_but_casemgr_carries_an_import_on(people, small_parts):
    from django.core.exceptions import PermissionDenied

    record = take(rows(300), people.analyst)
    with pytest.raises(PermissionDenied):
        actions.carry_on_import(record, by=people.analyst)
    assert actions.carry_on_import(record, by=System("worker")) is True
