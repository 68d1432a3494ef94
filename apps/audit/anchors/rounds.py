"""Asking the parties outside: one pass over one party at a time, never in a request, never in the sequencer's way.

What is wanted follows from rows (the newest checkpoint, the last anchor, who waits), so nothing is lost at a restart.
A party that is down is asked again after a while that grows; the others do not wait for it.
"""

import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.db import Error, connection, transaction
from django.utils import timezone

from apps.audit.anchors import waiting
from apps.audit.anchors.parties import Party, Unobtained
from apps.audit.models import Anchor, AnchorParty, Checkpoint
from apps.core import jobs

log = logging.getLogger(__name__)

LOCK = 0x616E6368  # "anch"; a lock for each party, beside it the hash of its name
SLOT = 2  # seconds; all witnesses asked in one of them are asked about the same checkpoint
FIRST_WAIT, LONGEST_WAIT = 2, 300  # seconds until a party that failed is asked again: doubled each time
LONGEST_WAIT_OF_AWAITED = 20


def attend(party: Party) -> bool:
    """One pass: ask a party for the anchor that is due, if one is; returns whether one was obtained."""
    with _alone(party) as is_mine:
        checkpoint = due(party, timezone.now()) if is_mine else None
        return checkpoint is not None and _ask(party, checkpoint)


def due(party: Party, now: datetime) -> Checkpoint | None:
    """The checkpoint that a party is to be asked about now, or None."""
    known = AnchorParty.objects.filter(name=party.names[0]).first()
    awaited = waiting.is_awaited(party.kind)
    if known and known.failures and now < _again_at(known, awaited=awaited):
        return None
    last = Anchor.objects.filter(kind=party.kind, party__in=party.names).order_by("-size").first()
    if last and not awaited and now < last.obtained_at + party.every:
        return None
    wanted = _newest(party, last.size if last else 0, now)
    return wanted if wanted and (last is None or wanted.size > last.size) else None


def _newest(party: Party, after: int, now: datetime) -> Checkpoint | None:
    """For a witness the newest checkpoint as of the present slot: so one checkpoint gets the cosignatures of all.

    Stamps and copies are best of a checkpoint that was witnessed, where there is a new one.
    """
    checkpoints = Checkpoint.objects.order_by("-number")
    if party.kind == Anchor.Kind.WITNESS:
        slot = datetime.fromtimestamp(now.timestamp() // SLOT * SLOT, now.tzinfo)
        return checkpoints.filter(signed_at__lt=slot).first()
    witnessed = Anchor.objects.filter(kind=Anchor.Kind.WITNESS, size__gt=after).order_by("-size").values("size")[:1]
    return checkpoints.filter(size=witnessed).first() or checkpoints.first()


def _again_at(known: AnchorParty, *, awaited: bool) -> datetime:
    """When somebody waits for it, a party is asked more often than its own patience says."""
    return min(known.due_at, known.tried_at + timedelta(seconds=LONGEST_WAIT_OF_AWAITED)) if awaited else known.due_at


def _ask(party: Party, checkpoint: Checkpoint) -> bool:
    """No transaction is open while the other side takes its time."""
    asked_at = timezone.now()
    try:
        obtained = party.obtain(checkpoint)
    except Unobtained as error:
        _failed(party, asked_at, str(error))
        return False
    except Exception as error:  # a fault of ours with one party must not end the rounds to the others
        log.exception("%s could not be asked", party.names[0])
        _failed(party, asked_at, f"casemgr could not ask: {type(error).__name__}, see its log.")
        return False
    now = timezone.now()
    with transaction.atomic():
        Anchor.objects.bulk_create(
            [
                Anchor(
                    size=checkpoint.size,
                    kind=party.kind,
                    party=one.by,
                    token=one.token,
                    stated_at=one.stated_at,
                    obtained_at=now,
                    verified_at=now,
                )
                for one in obtained
            ],
            ignore_conflicts=True,
        )
        well = {"tried_at": asked_at, "answered_at": now, "due_at": now}
        AnchorParty.objects.update_or_create(
            name=party.names[0], defaults=well | {"failing_since": None, "failures": 0, "problem": ""}
        )
    jobs.wake(waiting.TOPIC)
    return True


def _failed(party: Party, asked_at: datetime, problem: str) -> None:
    with transaction.atomic():
        known = AnchorParty.objects.filter(name=party.names[0]).first()
        known = known or AnchorParty(name=party.names[0], tried_at=asked_at, due_at=asked_at)
        known.tried_at, known.problem = asked_at, problem[:2000]
        known.failing_since = known.failing_since or asked_at
        known.due_at = timezone.now() + timedelta(seconds=min(FIRST_WAIT * 2 ** min(known.failures, 10), LONGEST_WAIT))
        known.failures += 1
        known.save()
    log.warning("%s gave no anchor: %s", party.names[0], problem)


@contextmanager
def _alone(party: Party) -> Iterator[bool]:
    """Two processes do not ask the same party at once. The lock goes with the database session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", lock_of(party))
        is_mine = cursor.fetchone()[0]
    try:
        yield is_mine
    finally:
        if is_mine:
            with suppress(Error), connection.cursor() as cursor:  # a broken session has given it up already
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", lock_of(party))


def lock_of(party: Party) -> list[int]:
    """The numbers of a party's advisory lock."""
    return [LOCK, zlib.crc32(party.names[0].encode()) - 2**31]
