"""Workers that die of SIGKILL: each is a process of its own, with a session of its own in the database, that does what
is due until it is killed, by itself at a moment that the test chooses or from outside at any other.

A worker is a fork of the test's process: it works on the same files and with the same parts, and is there at once.
"""

import gc
import os
import random
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import psycopg
from django.db import connection

from apps.core import jobs
from apps.core.models import Job

Task = Callable[[], Any]
Death = Callable[[], None]  # called in the worker, arranges how it ends
LONG_AGO = "2026-01-01T00:00:00Z"


def work(death: Death | None = None, task: Task = jobs.work_off) -> bool:
    """One worker does what is due, or another task; returns whether it lived. A job that failed fails the test."""
    return _lived(_start(task, death))


def work_for(seconds: float) -> bool:
    """One worker that is killed from outside after a time, wherever it is then; returns whether it was done before."""
    worker = _start(jobs.work_off)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if os.waitid(os.P_PID, worker, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(0.005)
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)
    return _lived(worker)


def die_everywhere(step: int = 1) -> int:
    """One worker after the other, each of which dies `step` statements later than the one before, until nothing is left
    to do; returns how many died. After each job that was done it begins anew, at another moment of those that a step
    leaves out."""
    died, moment, done = 0, 1, _done()
    while not work(before_statement(moment)):
        died, moment = died + 1, moment + step
        if (now := _done()) != done:
            moment, done = 1 + died % step, now
    print(f"{died} workers died")
    return died


def die_at_random(rng: random.Random, grows: float) -> int:
    """One worker after the other, each killed from outside at any moment, until nothing is left; returns how many died.
    Each is given at most `grows` seconds more than the one before, counted anew from each job that was done."""
    died, most, done = 0, grows, _done()
    while not work_for(rng.uniform(0, most)):
        died, most = died + 1, most + grows
        if (now := _done()) != done:
            most, done = grows, now
    print(f"{died} workers died")
    return died


# --- how a worker ends -----------------------------------------------------------------------------------------------


def before_statement(number: int) -> Death:
    """Before it sends the statement of this number. A commit counts twice: before, and when it is done."""

    def arrange() -> None:
        pass_moment = _at(number)
        for owner, name in ((psycopg.Cursor, "execute"), (psycopg.Cursor, "copy"), (psycopg.Connection, "commit")):
            _replace(owner, name, before=pass_moment, after=pass_moment if name == "commit" else None)

    return arrange


def before(owner: Any, name: str, times: int = 1) -> Death:
    """When it is about to call something so many times."""
    return lambda: _replace(owner, name, before=_at(times))


def after(owner: Any, name: str, times: int = 1) -> Death:
    """When it has called something so many times."""
    return lambda: _replace(owner, name, after=_at(times))


def _at(number: int) -> Death:
    moments = count(1)

    def die() -> None:
        if next(moments) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return die


def _replace(owner: Any, name: str, *, before: Death | None = None, after: Death | None = None) -> None:
    usual = getattr(owner, name)

    def replacement(*args: Any, **kwargs: Any) -> Any:
        if before:
            before()
        result = usual(*args, **kwargs)
        if after:
            after()
        return result

    setattr(owner, name, replacement)


# --- processes -------------------------------------------------------------------------------------------------------


def _start(task: Task, death: Death | None = None) -> int:
    """The pid of a new worker. A job whose last worker died would wait for a while: that is cut short, once the dead
    one's session has let go of it."""
    Job.objects.filter(state=Job.State.WAITING).update(due_at=LONG_AGO, attempts=0)
    if worker := os.fork():
        return worker
    status = 1
    try:
        gc.freeze()  # what the parent holds is not ours to tidy away,
        _parents = connection.connection  # nor is its session to be closed
        connection.connection = None
        if death:
            death()
        task()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _lived(worker: int) -> bool:
    status = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    assert status in (0, -signal.SIGKILL), f"a worker ended with {status}"
    failed = list(Job.objects.exclude(last_error="").values_list("kind", "last_error"))
    assert not failed, failed
    return status == 0


def _done() -> int:
    return Job.objects.filter(state=Job.State.DONE).count()
