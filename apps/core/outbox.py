"""Messages to endpoints outside: signed as Standard Webhooks says, tried again, and given up in the open.

Rows are the queue. A worker claims one under a lease, which commits before anything is sent; so no transaction is open
while the other side takes its time, and a message whose worker died is due again when the lease is over.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core import outbound, webhooks
from apps.core.models import Outgoing, Try

MAX_ATTEMPTS = 10
FIRST_WAIT, LONGEST_WAIT = 10, 24 * 3600  # seconds; each wait is three times the one before: some 27 hours in all
LEASE = timedelta(minutes=2)
AT_ONCE = 40  # a ring; the rest waits for the next
GONE = 410  # the receiver says that nobody is there any more

_dice = random.SystemRandom()

M = TypeVar("M", bound=Outgoing)


def _nothing(*about: Any) -> None:
    """Of most messages nobody has to hear what became of them."""


class Outbox(Generic[M]):
    """The messages of one table. `told` hears of each that was delivered and of its answer, `given_up` of each that is
    not tried any more and why, in the transaction that says so."""

    def __init__(
        self,
        messages: type[M],
        *,
        told: Callable[[M, outbound.Outcome], object] = _nothing,
        given_up: Callable[[M, str], object] = _nothing,
        read_at_most: int = outbound.READ_AT_MOST,
    ) -> None:
        self.messages, self.told, self.given_up, self.read_at_most = messages, told, given_up, read_at_most

    def deliver_due(self, limit: int = AT_ONCE) -> int:
        """Try what is due, one after the other; returns how many were tried."""
        self._give_up_what_died()
        tried = 0
        while tried < limit and (claimed := self.claim()) is not None:
            self._try(*claimed)
            tried += 1
        return tried

    def claim(self) -> tuple[M, Try] | None:
        """Count the attempt and write it down before it is made."""
        now = timezone.now()
        with transaction.atomic():
            message = (
                self._waiting(due_at__lte=now)
                .order_by("due_at")
                .select_for_update(skip_locked=True, of=("self",))
                .select_related(self.messages.TO)
                .first()
            )
            if message is None:
                return None
            message.attempts += 1
            message.due_at = now + LEASE
            message.save(update_fields=["attempts", "due_at"])
            return message, message.tries.create(started_at=now)

    def _waiting(self, **which: Any) -> QuerySet[M]:
        return self.messages._default_manager.filter(state=Outgoing.State.WAITING, **which)

    def _try(self, message: M, attempt: Try) -> None:
        outcome = self._send(message, attempt.started_at)
        attempt.status, attempt.problem, attempt.milliseconds = outcome.status, outcome.problem, outcome.milliseconds
        with transaction.atomic():
            attempt.save(update_fields=["status", "problem", "milliseconds"])
            # Where the lease ran out and another worker has begun, the row says what that one made of it.
            mine = self._waiting(pk=message.pk, attempts=message.attempts)
            if outcome.is_success:
                if mine.update(state=Outgoing.State.DELIVERED, finished_at=timezone.now()):
                    self.told(message, outcome)
            elif message.attempts >= MAX_ATTEMPTS or outcome.status == GONE or not message.endpoint.is_active:
                if mine.update(state=Outgoing.State.DEAD, finished_at=timezone.now()):
                    self.given_up(message, outcome.problem)
            else:
                mine.update(due_at=timezone.now() + max(wait(message.attempts), _asked_for(outcome)))

    def _send(self, message: M, at: datetime) -> outbound.Outcome:
        endpoint = message.endpoint
        if not endpoint.is_active:
            return outbound.Outcome(None, "The webhook is switched off.", 0)
        body, timestamp = message.body.encode(), int(at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "casemgr",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(
                webhooks.sign(secret, message.message_id, timestamp, body) for secret in endpoint.secrets_at(at)
            ),
        }
        return outbound.post(endpoint.url, body, headers, read_at_most=self.read_at_most)

    def _give_up_what_died(self) -> None:
        """A message whose every attempt killed its worker is given up, or it would be due for ever."""
        now = timezone.now()
        with transaction.atomic():
            died = self._waiting(due_at__lte=now, attempts__gte=MAX_ATTEMPTS).select_for_update(skip_locked=True)
            for message in died:
                self.messages._default_manager.filter(pk=message.pk).update(state=Outgoing.State.DEAD, finished_at=now)
                self.given_up(message, "Its worker died each time.")


def replay(finished: QuerySet[M]) -> int:
    """Put finished messages back into the queue, with all their attempts before them; returns how many."""
    return finished.exclude(state=Outgoing.State.WAITING).update(
        state=Outgoing.State.WAITING, attempts=0, finished_at=None, due_at=timezone.now()
    )


def wait(attempts: int) -> timedelta:
    """Until the next attempt, after so many: longer each time, and by chance up to a fifth more or less, so that a
    receiver that was down is not met by everything at once."""
    seconds = min(FIRST_WAIT * 3 ** (attempts - 1), LONGEST_WAIT)
    return timedelta(seconds=seconds * _dice.uniform(0.8, 1.2))


def _asked_for(outcome: outbound.Outcome) -> timedelta:
    """The wait that the receiver asks for; no longer than ours may be, or one header would end the matter."""
    return timedelta(seconds=min(outcome.wait or 0, LONGEST_WAIT))
