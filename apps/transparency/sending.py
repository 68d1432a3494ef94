"""Files on their way to the Transparency Database, none of them taken twice, whatever dies on the way.

Rows are the queue. That a file is being handed in is committed before the database hears of it. Where nobody heard the
answer, the database is asked for a puid of the file before anything is sent again: it takes a file whole or not at all.
"""

import logging

from django.conf import settings
from django.db import transaction

from apps.audit.action import Forbidden
from apps.audit.principals import System
from apps.core import outbound, vault
from apps.transparency import actions, queries
from apps.transparency.answers import MOST, Verdict, to_a_file
from apps.transparency.models import Batch

log = logging.getLogger(__name__)

AT_ONCE = 20  # files a ring; the rest waits for the next
MOST_TRIES = 12  # some days, see outbox.wait
SECONDS = 60
WORKER = System("worker")
State = Batch.State
DIED = "The process that sent it died, or never heard the answer."


def send_due(limit: int = AT_ONCE) -> int:
    """Hand in what is due, one file after the other; returns how many were tried."""
    _lose_track_of_the_dead()
    tried = 0
    while queries.is_possible() and tried < limit and (batch := _claim()) is not None:
        _hand_in(batch) if batch.state == State.SENDING else _ask_after(batch)
        tried += 1
    for export in queries.to_end():
        actions.end_export(export, by=WORKER)
    return tried


def _lose_track_of_the_dead() -> None:
    while True:
        with transaction.atomic():
            if (batch := _next(State.SENDING)) is None:
                return
            actions.lose_track(batch, attempt=batch.attempts, says=DIED, by=WORKER)


def _claim() -> Batch | None:
    """The next file, once it is on record what is done with it."""
    while True:
        with transaction.atomic():
            batch = _next(State.UNCERTAIN, State.READY)
            if batch is None:
                return None
            if batch.state == State.UNCERTAIN:
                actions.begin_asking(batch, by=WORKER)
            elif not actions.begin_sending(batch, by=WORKER):
                continue
        return batch


def _next(*states: str) -> Batch | None:
    return queries.due(*states).select_for_update(skip_locked=True, of=("self",)).first()


def _hand_in(batch: Batch) -> None:
    outcome = outbound.post(
        f"{_base()}/statements",
        vault.read(batch.sha256),
        _headers() | {"Content-Type": "application/json"},
        seconds=SECONDS,
        reach=outbound.transparency(),
        read_at_most=MOST,
    )
    answer = to_a_file(outcome.status, outcome.problem, outcome.body)
    if answer.verdict is Verdict.TAKEN or answer.existing.issuperset(_puids(batch)):
        _record(actions.note_taken, batch, says=answer.says)
    elif answer.verdict is Verdict.REFUSED:
        _record(actions.set_apart, batch, says=answer.says, refused=answer.refused, taken=answer.existing)
    elif answer.verdict is Verdict.LATER:
        _record(actions.put_off, batch, says=answer.says, seconds=outcome.wait, is_for_all=True)
    elif answer.verdict is Verdict.STOP:
        _record(actions.stop_sending, batch, says=answer.says)
    else:
        _record(actions.lose_track, batch, says=answer.says)


def _ask_after(batch: Batch) -> None:
    outcome = outbound.get(
        f"{_base()}/statement/existing-puid/{_puids(batch)[0]}",
        _headers(),
        seconds=SECONDS,
        reach=outbound.transparency(),
    )
    if outcome.status in (200, 302):
        _record(actions.note_taken, batch, says="Nobody heard the answer; the database has it.")
    elif outcome.status == 404:
        _record(actions.put_off, batch, says="The database does not know it.", seconds=0)
    elif batch.attempts >= MOST_TRIES:
        _record(actions.give_up, batch, says=outcome.problem)
    else:
        _record(actions.lose_track, batch, says=outcome.problem)


def _puids(batch: Batch) -> list[str]:
    return list(batch.statements.order_by("position").values_list("puid", flat=True))


def _base() -> str:
    return f"{settings.TRANSPARENCY_URL.rstrip('/')}/api/v1"


def _headers() -> dict[str, str]:
    return {
        "Accept": "application/json",
        "Authorization": f"Bearer {settings.TRANSPARENCY_TOKEN}",
        "User-Agent": "casemgr",
    }


def _record(action, batch: Batch, **values) -> None:
    """Another worker may have gone on with it, once the lease was over: then that one's word counts."""
    try:
        action(batch, attempt=batch.attempts, by=WORKER, **values)
    except Forbidden:
        log.warning("attempt %s of %s came too late", batch.attempts, batch)
