"""Work after commit: rows are the queue, Celery is the bell.

`after_commit` writes a row in the transaction of the change that asks for the work. A worker claims rows with
`FOR UPDATE SKIP LOCKED` and does each inside one transaction that also marks it done, so that a killed worker leaves
either all of it or nothing, and the next one finishes it once. A ring of the bell may be lost, late or doubled.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from apps.core.models import Job

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 8

_handlers: dict[str, Callable[[Job], object]] = {}


class Later(Exception):
    """Raised by a job that has to wait for something outside: it is put back, and none of its attempts is used up.

    `waits_for` names what `wake` is called with once it is there; the job looks again after `seconds` anyway. The
    message says to people what it waits for.
    """

    def __init__(self, message: str, *, waits_for: str, seconds: float) -> None:
        super().__init__(message)
        self.waits_for, self.seconds = waits_for, seconds


def handles(kind: str) -> Callable:
    """Register the function that does jobs of this kind: it gets the job and calls one action."""

    def register(function: Callable[[Job], object]) -> Callable[[Job], object]:
        _handlers[kind] = function
        return function

    return register


def after_commit(kind: str, key: object, *, by) -> None:
    """Ask for work of a kind about a key, once, when the present transaction commits.

    `by` is the principal on whose behalf it is done. Raises RuntimeError outside a transaction: work that no commit
    asks for has no owner.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("work is asked for inside the transaction that needs it")
    Job.objects.bulk_create(
        [Job(kind=kind, key=str(key), actor=by.actor, due_at=timezone.now())], ignore_conflicts=True
    )
    transaction.on_commit(ring)


def ring(task: str = "core.work") -> None:
    """Wake a worker. A broker that is down costs time, not work: the sweep comes round."""
    if not settings.CELERY_BROKER_URL:
        return
    try:
        current_app.send_task(task, retry=False)
    except Exception as error:  # the change is committed: nothing that a broker's client raises may look like failure
        log.warning("no worker was woken for %s, the sweep will find the work: %s", task, error)


def work_off(limit: int | None = None) -> int:
    """Do what is due, one job after the other; returns how many were tried."""
    _give_up()
    tried = 0
    while (limit is None or tried < limit) and (job_id := _claim()) is not None:
        _do(job_id)
        tried += 1
    return tried


def _give_up() -> None:
    """A job whose every attempt killed its worker left no error: say that it failed, or nobody would ever know."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_job SET state = 'failed', finished_at = now(),"
            " last_error = coalesce(nullif(last_error, ''), 'its worker died each time')"
            " WHERE id IN (SELECT id FROM core_job WHERE state = 'waiting' AND due_at <= now() AND attempts >= %s"
            " FOR UPDATE SKIP LOCKED)",
            [MAX_ATTEMPTS],
        )


def _claim() -> int | None:
    """Count the attempt before it is made: a job that kills its worker must not be tried for ever."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_job SET attempts = attempts + 1, due_at = now() + make_interval(secs => 5 * 2 ^ attempts)"
            " WHERE id = (SELECT id FROM core_job WHERE state = 'waiting' AND due_at <= now() AND attempts < %s"
            " ORDER BY due_at FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id",
            [MAX_ATTEMPTS],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _do(job_id: int) -> None:
    try:
        with transaction.atomic():
            # Nobody else has what was claimed here, but whoever looks for work may hold it while finding that out.
            job = Job.objects.select_for_update(no_key=True).filter(pk=job_id, state=Job.State.WAITING).first()
            if job is None:  # claimed so long ago that another worker did it
                return
            _handlers[job.kind](job)
            Job.objects.filter(pk=job_id).update(
                state=Job.State.DONE, finished_at=timezone.now(), last_error="", waits_for=""
            )
    except Later as later:
        _put_back(job_id, later)
    except Exception as error:  # a job may fail with anything, and the next one is still to be done
        log.exception("job %s failed", job_id)
        _note_failure(job_id, error)


def _put_back(job_id: int, later: Later) -> None:
    Job.objects.filter(pk=job_id, state=Job.State.WAITING).update(
        attempts=F("attempts") - 1,
        due_at=timezone.now() + timedelta(seconds=later.seconds),
        last_error=str(later)[:2000],
        waits_for=later.waits_for,
    )


def wake(waits_for: str) -> None:
    """What these jobs were put back for may be there: they look again now."""
    if Job.objects.filter(waits_for=waits_for, state=Job.State.WAITING).update(due_at=timezone.now()):
        ring()


def _note_failure(job_id: int, error: Exception) -> None:
    failed = Job.objects.filter(pk=job_id, state=Job.State.WAITING)
    failed.update(last_error=f"{type(error).__name__}: {error}"[:2000], waits_for="")
    failed.filter(attempts__gte=MAX_ATTEMPTS).update(state=Job.State.FAILED, finished_at=timezone.now())


def retry(job: Job) -> None:
    """Put a failed job back into the queue."""
    Job.objects.filter(pk=job.pk, state=Job.State.FAILED).update(
        state=Job.State.WAITING, attempts=0, finished_at=None, due_at=timezone.now() - timedelta(seconds=1)
    )
    ring()
