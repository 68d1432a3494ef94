"""What becomes of a file that is handed in, as the worker hears it; each word is about one attempt, and one that comes
after another worker began anew changes nothing."""

import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core.outbox import wait
from apps.transparency import queries
from apps.transparency.carrying import carry_on_soon
from apps.transparency.models import Batch, Statement

LEASE = timedelta(minutes=5)
State = Batch.State


@action
def begin_sending(batch: Batch, *, by) -> bool:
    """Put on record that a file is being handed in, before it is. False where a measure in it does not stand any more:
    then the others go on in a new file."""
    if gone := queries.lapsed(batch):
        set_apart(batch, attempt=batch.attempts, lapsed=gone, says="A measure is no longer in force.", by=by)
        return False
    _begin(batch, State.SENDING)
    return True


@action
def begin_asking(batch: Batch, *, by) -> None:
    """Put on record that the database is asked whether it has a file."""
    _begin(batch, State.UNCERTAIN)


def _begin(batch: Batch, state: str) -> None:
    ledger.change(batch, state=state, attempts=batch.attempts + 1, due_at=timezone.now() + LEASE)


@action
def note_taken(batch: Batch, *, attempt: int, says: str, by) -> None:
    """The database has all of its statements."""
    if _is_over(batch, attempt):
        return
    with ledger.batch(batch) as rows:
        rows.details["statements"] = rows.run(
            Statement, "UPDATE transparency_statement SET state = 'sent' WHERE batch_id = %s", [batch.pk]
        )
    ledger.change(batch, state=State.ACCEPTED, due_at=None, ended_at=timezone.now(), problem=says[:500])


SET_APART = """
    UPDATE transparency_statement SET state = news.state, refused_why = news.why,
        batch_id = CASE WHEN news.state IN ('sent', 'refused') THEN batch_id END,
        position = CASE WHEN news.state IN ('sent', 'refused') THEN position END
    FROM jsonb_to_recordset(%s) AS news (id uuid, state text, why text)
    WHERE transparency_statement.id = news.id"""


@action
def set_apart(
    batch: Batch,
    *,
    attempt: int,
    says: str,
    by,
    refused: Mapping[int, str] | None = None,
    taken: Collection[str] = (),
    lapsed: Collection[UUID] = (),
) -> None:
    """None of the file was taken now: the statements that the database refuses (place in the file: why), those it had
    before (puids) and those whose measure does not stand any more are set apart, and the others go into a new file."""
    if _is_over(batch, attempt):
        return
    news = []
    for statement in batch.statements.order_by("position"):
        why = (refused or {}).get(statement.position or 0, "")
        if statement.pk in lapsed:
            state, why = Statement.State.LAPSED, ""
        elif statement.puid in taken:
            state, why = Statement.State.SENT, ""
        else:
            state = Statement.State.REFUSED if why else Statement.State.READY
        news.append({"id": str(statement.pk), "state": state, "why": why[:500]})
    with ledger.batch(batch) as rows:
        rows.details["statements"] = rows.run(Statement, SET_APART, [json.dumps(news)])
    ledger.change(batch, state=State.REPLACED, due_at=None, ended_at=timezone.now(), problem=says[:500])
    carry_on_soon(batch.export, by)


@action
def put_off(
    batch: Batch, *, attempt: int, says: str, by, seconds: float | None = None, is_for_all: bool = False
) -> None:
    """It was surely not taken, and is handed in again after some seconds; `is_for_all` where the database asks for a
    rest."""
    if _is_over(batch, attempt):
        return
    rest = wait(batch.attempts) if seconds is None else timedelta(seconds=seconds)
    until = timezone.now() + rest
    ledger.change(batch, state=State.READY, due_at=until, problem=says[:500])
    if is_for_all:
        ledger.change(batch.export, rests_until=until)


@action
def stop_sending(batch: Batch, *, attempt: int, says: str, by) -> None:
    """The database would answer all files so: the export is paused until a person has looked."""
    if _is_over(batch, attempt):
        return
    ledger.change(batch, state=State.READY, due_at=timezone.now(), problem=says[:500])
    ledger.change(batch.export, is_paused=True, problem=says[:500])


@action
def lose_track(batch: Batch, *, attempt: int, says: str, by) -> None:
    """Nobody knows whether it was taken: the database is asked after a while, before anything is sent again."""
    if _is_over(batch, attempt):
        return
    due_at = timezone.now() + wait(max(batch.attempts, 1))
    ledger.change(batch, state=State.UNCERTAIN, due_at=due_at, problem=says[:500])


@action
def give_up(batch: Batch, *, attempt: int, says: str, by) -> None:
    """The database never said whether it has the file: a person looks, and has it tried again."""
    if _is_over(batch, attempt):
        return
    ledger.change(batch, state=State.FAILED, due_at=None, ended_at=timezone.now(), problem=says[:500])


def _is_over(batch: Batch, attempt: int) -> bool:
    """Another attempt has begun since; says so in the trail."""
    if batch.attempts == attempt:
        return False
    ledger.note(batch, late=attempt)
    return True
