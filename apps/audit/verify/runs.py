"""Verifications on record: one goes on where it was interrupted, the next begins where the last one that held ended.

The record is written in a session of its own, so that people see how far it is while it runs and a killed worker loses
a portion at most. Its seal is the word of casemgr, not of the database: a record without it counts for nothing.
"""

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, connections
from django.db.models import Max
from django.utils import timezone

from apps.audit import ledger
from apps.audit.models import Verification
from apps.audit.verify.portions import SHARES, Base, State, verify
from apps.audit.verify.report import Report

OFTEN = timedelta(seconds=1)  # how often a running one says how far it is
FULL_AFTER = timedelta(days=7)
GIVEN_UP = timedelta(days=1)  # what was read longer ago is read again
LOCK = 0x766572696679  # "verify"


class UnderWay(Exception):
    """Another process is verifying the trail."""


def run(
    *, by: Any, is_full: bool = False, processes: int = 1, tell: Callable[[Verification], None] | None = None
) -> tuple[Verification, Report]:
    """Verify the trail and keep a record: on from an interrupted run of the same kind, else from the last one that
    held, else all of it. `tell` hears of every portion. Raises UnderWay. Inside a transaction, which holds the lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise UnderWay("The trail is being verified already; the verdict comes with that.")
    record = interrupted(is_full=is_full) or begun(by, is_full=is_full)

    def keep(state: State) -> None:
        record.state = state.as_dict()
        if timezone.now() - record.told_at >= OFTEN:
            _save(record)
        if tell:
            tell(record)

    report = verify(keep, state=State.from_dict(record.state), processes=processes)
    record.seconds += report.seconds
    record.state = record.state | {"report": report.as_dict()}
    record.is_full = record.state["base"] is None
    record.finished_at, record.holds = timezone.now(), report.holds
    _save(record)
    return record, report


def begun(by: Any, *, is_full: bool) -> Verification:
    now = timezone.now()
    base = None if is_full else last_base()
    record = Verification(
        number=(Verification.objects.aggregate(last=Max("number"))["last"] or 0) + 1,
        started_at=now,
        told_at=now,
        actor=by.actor,
        on_behalf_of=getattr(by, "on_behalf_of", ""),
        is_full=base is None,
        state=State(base=base).as_dict(),
    )
    _save(record, is_new=True)
    return record


def interrupted(*, is_full: bool) -> Verification | None:
    """The last one, if it was begun and not ended; a full one does for whoever asked for less."""
    last = Verification.objects.order_by("-number").first()
    if last is None or last.finished_at or not is_sealed(last) or (is_full and not last.is_full):
        return None
    return last if timezone.now() - last.told_at < GIVEN_UP else None


def last_base() -> Base | None:
    """Where an incremental verification begins; None when a full one is due."""
    full_since = timezone.now() - FULL_AFTER
    last: Verification | None = None
    is_recent = False
    for record in Verification.objects.filter(finished_at__isnull=False).order_by("-number")[: 10 * SHARES]:
        if not (is_sealed(record) and record.holds):
            return None  # what was found has to be looked at again, until it is gone
        last = last or record
        if record.is_full:
            is_recent = record.started_at >= full_since
            break
    if last is None or not is_recent:
        return None
    state = State.from_dict({key: value for key, value in last.state.items() if key != "report"})
    return Base(last.number, state.mark, state.xmin, state.cluster, last.number % SHARES)


def is_sealed(record: Verification) -> bool:
    return hmac.compare_digest(bytes(record.seal), ledger.seal(record.sealed_text))


def acknowledge(record: Verification, *, by: Any, words: str) -> None:
    record.acknowledged_at, record.acknowledged_by, record.acknowledgement = timezone.now(), by.actor, words
    record.seal = ledger.seal(record.sealed_text)
    record.save()


def unacknowledged() -> Verification | None:
    """The last verification that found something, until somebody said what came of it. What was acknowledged past
    casemgr was not; a later one that held all of it takes its place."""
    last = Verification.objects.filter(finished_at__isnull=False).order_by("-number").first()
    if last is None or (is_sealed(last) and (last.holds or last.acknowledged_at)):
        return None
    return last


def _save(record: Verification, *, is_new: bool = False) -> None:
    record.told_at = timezone.now()
    record.seal = ledger.seal(record.sealed_text)
    with _session_of_its_own() as alias:
        record.save(using=alias, force_insert=is_new)


@contextmanager
def _session_of_its_own() -> Iterator[str]:
    """Where a save is committed at once, also from within the transaction of a job."""
    connections["record"] = connection.copy(alias="record")
    try:
        yield "record"
    finally:
        connections["record"].close()
        del connections["record"]
