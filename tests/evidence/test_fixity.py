"""The files of the vault, measured in their turn."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.audit.principals import System
from apps.core import vault
from apps.core.models import Job
from apps.core.vault import naming
from apps.evidence import actions, queries, tasks
from apps.evidence.models import FixityRun, StoredFile

WORKER = System("worker")


def work(run: FixityRun) -> FixityRun:
    """What the worker does: one step after the other."""
    while True:
        run.refresh_from_db()
        job = Job.objects.filter(kind="evidence.measure_files", key=f"{run.pk}/{run.step}").first()
        if run.state != "running" or job is None:
            return run
        tasks.measure_files(job)


@pytest.fixture(autouse=True)
def own_vault(settings, tmp_path):
    settings.VAULT_DIR = tmp_path


@pytest.fixture
def items(collect):
    return [collect(chunks=f"log {number}".encode()) for number in range(6)]


def grow_old(days: int, *but) -> None:
    then = timezone.now() - timedelta(days=days)
    StoredFile.objects.exclude(pk__in=[item.sha256 for item in but]).update(measured_at=then, outcome="intact")


def test_every_file_is_measured(items, people):
    grow_old(50)
    assert queries.coverage().days == 51
    run = work(actions.start_fixity(kind="full", by=people.lead))

    assert (run.state, run.total, run.measured) == ("done", 6, 6)
    assert run.byte_count == sum(item.byte_size for item in items)
    assert run.finished_at
    assert queries.coverage().days == 1
    assert not items[0].custody.filter(kind="verify").exists()  # only a damage belongs into the chain


def test_a_run_goes_on_in_steps(items, people, monkeypatch):
    from apps.evidence.actions import fixity

    monkeypatch.setattr(fixity, "SECONDS", -1)  # each file takes longer than a step may
    grow_old(1)
    run = work(actions.start_fixity(kind="full", by=people.lead))
    assert (run.state, run.measured, run.step) == ("done", 6, 6)


def test_a_run_is_stopped_and_goes_on_where_it_was(items, people, monkeypatch):
    from apps.evidence.actions import fixity

    monkeypatch.setattr(fixity, "AT_ONCE", 2)
    grow_old(1)
    run = actions.start_fixity(kind="full", by=people.lead)
    tasks.measure_files(Job.objects.get(key=f"{run.pk}/0"))
    run.refresh_from_db()
    actions.stop_fixity(run, by=people.auditor)
    tasks.measure_files(Job.objects.get(key=f"{run.pk}/1"))  # its bell had been rung already
    run.refresh_from_db()
    assert (run.state, run.measured) == ("stopped", 2)

    actions.resume_fixity(run, by=people.lead)
    assert work(run).measured == 6


def test_a_step_that_is_done_twice_counts_once(items, people, monkeypatch):
    from apps.evidence.actions import fixity

    monkeypatch.setattr(fixity, "AT_ONCE", 2)
    grow_old(1)
    run = actions.start_fixity(kind="full", by=people.lead)
    job = Job.objects.get(key=f"{run.pk}/0")
    tasks.measure_files(job)
    tasks.measure_files(job)
    run.refresh_from_db()
    assert run.measured == 2


def test_a_sample_takes_those_first_that_wait_longest(items, people, settings):
    settings.FIXITY_DAYS = 3
    grow_old(1)
    old = items[3], items[5]
    grow_old(20, *(item for item in items if item not in old))
    run = work(actions.start_fixity(kind="sample", by=WORKER))
    assert (run.total, run.measured) == (2, 2)
    lately = StoredFile.objects.filter(measured_at__gte=run.started_at).values_list("pk", flat=True)
    assert set(lately) == {item.sha256 for item in old}


def test_so_many_nights_reach_every_file(items, settings):
    settings.FIXITY_DAYS = 4
    grow_old(100)
    for _ in range(4):
        tasks.nightly_fixity()
        work(FixityRun.objects.get(state="running"))
    assert queries.coverage().days == 1


def test_a_file_that_came_with_a_letter_is_measured_too(items, people, collect):
    """Whatever room names a file: a file of none is not looked for."""
    vault.put(b"named by nobody")
    assert work(actions.start_fixity(kind="full", by=people.lead)).total == 6
    assert {"an item of evidence", "a letter", "a released report", "a request of a detector"} <= set(naming.NAMED)
    with connection.cursor() as cursor:
        cursor.execute(naming.all_named())
        assert len(cursor.fetchall()) == 6


def test_damage_is_named_in_the_run_the_chain_and_to_those_who_may_act(items, damage, people):
    damaged, gone = items[1], items[4]
    damage(damaged)
    vault.path_of(gone.sha256).unlink()
    run = work(actions.start_fixity(kind="full", by=people.lead))

    assert (run.damaged, run.missing) == ([damaged.sha256], [gone.sha256])
    assert queries.is_damaged(damaged)
    assert damaged.custody.get(kind="verify").actor == "system:worker"
    assert (queries.coverage().damaged, queries.coverage().missing) == (1, 1)
    assert {file.pk for file in queries.not_intact(people.admin)} == {damaged.sha256, gone.sha256}


def test_a_file_that_was_put_back_is_whole_again(items, people):
    path = vault.path_of(items[0].sha256)
    content = path.read_bytes()
    path.unlink()
    actions.verify_item(items[0], by=people.analyst)
    assert queries.not_intact(people.lead).count() == 1
    path.write_bytes(content)
    actions.verify_item(items[0], by=people.analyst)
    assert queries.not_intact(people.lead).count() == 0


def test_one_run_at_a_time(items, people):
    actions.start_fixity(kind="full", by=people.lead)
    with pytest.raises(ValidationError, match="being measured already"), transaction.atomic():
        actions.start_fixity(kind="full", by=people.auditor)
    with transaction.atomic():
        tasks.nightly_fixity()  # says so in the log, and leaves it
    with pytest.raises(PermissionDenied):
        actions.start_fixity(kind="full", by=people.analyst)


NONSENSE = {
    "one_fixity_run_at_a_time": "INSERT INTO evidence_fixityrun SELECT (jsonb_populate_record(r,"
    " jsonb_build_object('id', core_uuid7()))).* FROM evidence_fixityrun r",
    "a_done_run_has_its_time": "UPDATE evidence_fixityrun SET state = 'done'",
    "no_more_is_measured_than_there_is": "UPDATE evidence_fixityrun SET measured = total + 1",
    "a_measurement_has_its_outcome": "UPDATE evidence_storedfile SET outcome = ''",
}


@pytest.mark.parametrize("name", NONSENSE)
def test_the_database_refuses_nonsense_by_name(items, people, name):
    actions.start_fixity(kind="full", by=people.lead)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NONSENSE[name])
    assert refused.value.__cause__.diag.constraint_name == name
