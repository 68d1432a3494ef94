"""Fixity: files of the vault are measured again, so that damage is found before the file is needed."""

import time

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core import jobs, vault
from apps.evidence import custody, queries
from apps.evidence.models import CustodyEvent, FixityRun, Item, StoredFile

SECONDS = 20  # of measuring in one transaction: what is done is kept, and a stop is noticed
AT_ONCE = 500

State = FixityRun.State
Outcome = StoredFile.Outcome


@action
def start_fixity(*, kind: str, by) -> FixityRun:
    """Begin to measure: a part of the files that brings each of them round in time, or every one."""
    queries.list_files()
    now = timezone.now()
    run = ledger.create(
        FixityRun,
        kind=kind,
        store=vault.name(),
        started_at=now,
        started_by=by.actor,
        total=queries.sample_size() if kind == FixityRun.Kind.SAMPLE else StoredFile.objects.count(),
    )
    _go_on(run, by)
    return run


@action
def stop_fixity(run: FixityRun, *, by) -> None:
    """Stop after the files that are being measured now."""
    ledger.change(run, state=State.STOPPED)


@action
def resume_fixity(run: FixityRun, *, by) -> None:
    """Go on where it was stopped."""
    ledger.change(run, state=State.RUNNING, step=run.step + 1)
    _go_on(run, by)


@action
def measure_files(run: FixityRun, *, by) -> None:
    """Measure for a while, write down how far it came, and go on after the commit. Done when no file is left."""
    damaged, missing, measured, size = list(run.damaged), list(run.missing), 0, 0
    until = time.monotonic() + SECONDS
    left = _left(run)[: min(AT_ONCE, run.total - run.measured)]
    for file in left:
        found = vault.measure_whole(file.sha256)
        outcome = _outcome(file.sha256, found.sha256)
        custody.remember(file.sha256, outcome)
        measured, size = measured + 1, size + found.size
        if outcome != Outcome.INTACT:
            (damaged if outcome == Outcome.DAMAGED else missing).append(file.sha256)
            _tell_items(file.sha256, by)
        if time.monotonic() > until:
            break
    is_done = not measured or run.measured + measured == run.total
    ledger.change(
        run,
        measured=run.measured + measured,
        byte_count=run.byte_count + size,
        damaged=damaged,
        missing=missing,
        step=run.step + 1,
        **({"state": State.DONE, "finished_at": timezone.now()} if is_done else {}),
    )
    if not is_done:
        _go_on(run, by)


def _left(run: FixityRun) -> QuerySet[StoredFile]:
    """Not measured since the run began, longest ago first."""
    waiting = StoredFile.objects.filter(Q(measured_at=None) | Q(measured_at__lt=run.started_at))
    return waiting.order_by(F("measured_at").asc(nulls_first=True), "sha256")


def _outcome(expected: str, measured: str) -> str:
    if not measured:
        return Outcome.MISSING
    return Outcome.INTACT if measured == expected else Outcome.DAMAGED


def _tell_items(sha256: str, by) -> None:
    """A damage belongs into the chain of the items whose file it is."""
    for item in Item.objects.filter(sha256=sha256).exclude(state=Item.State.DISPOSED):
        custody.record(item, CustodyEvent.Kind.VERIFY, by, purpose="Measured by casemgr in its turn")


def _go_on(run: FixityRun, by) -> None:
    """Each step is a job of its own: a killed worker repeats one step, and a stop ends the row of them."""
    jobs.after_commit("evidence.measure_files", f"{run.pk}/{run.step}", by=by)
