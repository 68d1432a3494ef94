"""Work after commit is done exactly once, whatever dies."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.audit.principals import System
from apps.core import jobs
from apps.core.ids import next_reference
from apps.core.models import Counter, Job
from tests.locks import until_it_waits

BY = System("test")


@pytest.fixture
def handle(monkeypatch):
    """Register a handler for the time of the test."""
    monkeypatch.setattr(jobs, "_handlers", dict(jobs._handlers))
    return lambda kind, function: jobs.handles(kind)(function)


def ask(kind: str, key: object = 1) -> Job:
    with transaction.atomic():
        jobs.after_commit(kind, key, by=BY)
    return Job.objects.get(kind=kind, key=str(key))


def make_due() -> None:
    Job.objects.update(due_at=timezone.now() - timedelta(seconds=1))


# --- asking ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_work_is_asked_for_inside_the_transaction_that_needs_it():
    with pytest.raises(RuntimeError, match="inside the transaction"):
        jobs.after_commit("test.count", 1, by=BY)


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_asks_for_nothing():
    with transaction.atomic():
        jobs.after_commit("test.count", 1, by=BY)
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_the_same_work_is_asked_for_once(db):
    ask("test.count")
    ask("test.count")
    assert Job.objects.count() == 1


def test_a_broker_that_is_down_costs_no_work(db, settings, monkeypatch, django_capture_on_commit_callbacks):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    def down(*args, **options):
        raise ConnectionError("nobody there")

    monkeypatch.setattr(jobs.current_app, "send_task", down)
    with django_capture_on_commit_callbacks(execute=True) as rung:
        ask("test.count")
    assert len(rung) == 1
    assert Job.objects.get().state == Job.State.WAITING


# --- doing -----------------------------------------------------------------------------------------------------------


def test_a_job_is_done_once(db, handle):
    done = []
    handle("test.count", lambda job: done.append((job.key, job.actor)))
    job = ask("test.count", 7)
    make_due()  # the database's clock stands still in a test
    assert (jobs.work_off(), jobs.work_off()) == (1, 0)
    job.refresh_from_db()
    assert done == [("7", "system:test")]
    assert (job.state, job.attempts) == (Job.State.DONE, 1)
    assert job.finished_at


def test_what_failed_leaves_nothing_and_is_tried_again_later(db, handle):
    tries = []

    def fail_twice(job):
        next_reference("DONE", 2026)
        tries.append(job.attempts)
        if len(tries) < 3:
            raise OSError("the disk is full")

    handle("test.count", fail_twice)
    job = ask("test.count")
    waits = []
    for _ in range(3):
        make_due()
        before = timezone.now()
        jobs.work_off()
        job.refresh_from_db()
        waits.append(round((job.due_at - before).total_seconds()))
        if job.state == Job.State.WAITING:
            assert job.last_error == "OSError: the disk is full"
            assert jobs.work_off() == 0  # not yet
    assert waits == [5, 10, 20]
    assert (job.state, job.last_error) == (Job.State.DONE, "")
    assert Counter.objects.get(kind="DONE").value == 1  # the failed tries took no number


def test_it_is_given_up_at_last_and_can_be_retried_by_hand(db, handle):
    def broken(job):
        raise ValueError("never")

    handle("test.count", broken)
    job = ask("test.count")
    for _ in range(jobs.MAX_ATTEMPTS):
        make_due()
        jobs.work_off()
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.FAILED, jobs.MAX_ATTEMPTS)

    handle("test.count", lambda job: None)
    jobs.retry(job)
    assert jobs.work_off() == 1
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_a_job_that_killed_its_worker_each_time_is_said_to_have_failed(db):
    job = ask("test.count")
    Job.objects.update(attempts=jobs.MAX_ATTEMPTS)
    make_due()
    assert jobs.work_off() == 0
    job.refresh_from_db()
    assert (job.state, job.last_error) == (Job.State.FAILED, "its worker died each time")


def test_one_broken_job_does_not_hold_up_the_others(db, handle):
    def broken(job):
        raise ValueError("never")

    done = []
    handle("test.broken", broken)
    handle("test.count", lambda job: done.append(job.key))
    ask("test.broken")
    ask("test.count", 2)
    make_due()
    jobs.work_off()
    assert done == ["2"]


@pytest.mark.usefixtures("committed_db")
def test_several_workers_share_the_work_and_do_nothing_twice(handle):
    def count(job):
        next_reference("DONE", 2026)
        time.sleep(0.01)

    handle("test.count", count)
    for key in range(12):
        ask("test.count", key)

    def worker(_):
        try:
            return jobs.work_off()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        tried = list(pool.map(worker, range(4)))
    assert sum(tried) == 12
    assert Counter.objects.get(kind="DONE").value == 12
    assert set(Job.objects.values_list("state", "attempts")) == {(Job.State.DONE, 1)}


@pytest.mark.usefixtures("committed_db")
def test_a_claimed_job_is_done_even_while_somebody_looks_at_it(handle):
    """Another worker that looked for work at the same time has it locked for a moment, and passes over it."""
    done = []
    handle("test.count", lambda job: done.append(job.key))
    ask("test.count", 1)
    claimed = jobs._claim()

    def worker():
        with closing(connection):
            jobs._do(claimed)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=claimed)
            at_work = pool.submit(worker)
            until_it_waits(at_work)
        at_work.result()
    assert done == ["1"]


# --- dying -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def worker(environment, tmp_path):
    """Start a worker in a process of its own, on this test's database; what is still alive is killed at the end."""
    started = []

    def start(how: str) -> tuple[subprocess.Popen, Path]:
        file = tmp_path / f"{how}-{len(started)}"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.worker", how, str(file)],
            cwd=settings.BASE_DIR,
            env=environment,
        )
        started.append(process)
        return process, file

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_worker_killed_in_the_middle_leaves_all_or_nothing(worker):
    job = ask("test.count")
    victim, sign = worker("hang")
    for _ in range(300):
        if sign.exists():
            break
        time.sleep(0.05)
    assert sign.exists(), "the worker never began"
    victim.send_signal(signal.SIGKILL)
    victim.wait()

    for _ in range(100):  # until the server has noticed that its client is gone
        if not _others_in_transaction():
            break
        time.sleep(0.05)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.WAITING, 1)
    assert not Counter.objects.filter(kind="DONE").exists()

    make_due()
    for process, _ in (worker("work"), worker("work")):
        assert process.wait(30) == 0
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.DONE, 2)
    assert Counter.objects.get(kind="DONE").value == 1


def _others_in_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        )
        return cursor.fetchone()[0]
