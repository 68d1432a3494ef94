"""Letters by e-mail, each sent at most once for its attempt, whatever dies on the way.

Rows are the queue. That an attempt is being sent is committed before the mail server hears of it, and what the server
said is committed after. An attempt whose worker died in between may have been sent: it waits for a report or a person.
"""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from apps.audit.action import Forbidden
from apps.audit.principals import System
from apps.core import vault
from apps.service import actions
from apps.service.addresses import return_path
from apps.service.mail import Courier, Outcome, Result, compose
from apps.service.models import Attempt, Dispatch

log = logging.getLogger(__name__)

AT_ONCE = 200  # a ring; the rest waits for the next
MOST_TRIES = 12  # some two days, see mail.wait
WORKER = System("worker")


def is_possible() -> bool:
    """Whether the settings name a mail server."""
    return bool(settings.EMAIL_HOST)


def send_due(limit: int = AT_ONCE) -> int:
    """Send what is due, one letter after the other; returns how many were tried."""
    _lose_track_of_the_dead()
    _give_up_the_cancelled()
    tried = 0
    with Courier() as courier:
        while is_possible() and tried < limit and (claimed := _claim()) is not None:
            _send(courier, *claimed)
            tried += 1
    return tried


def _lose_track_of_the_dead() -> None:
    while True:
        with transaction.atomic():
            attempt = _next(Attempt.State.SENDING)
            if attempt is None:
                return
            actions.lose_track(attempt, says="The process that sent it died, or never heard the answer.", by=WORKER)


def _give_up_the_cancelled() -> None:
    """What a cancelled dispatch left waiting is not sent."""
    while True:
        with transaction.atomic():
            attempt = _next(Attempt.State.PREPARED, dispatch__state=Dispatch.State.CANCELLED)
            if attempt is None:
                return
            actions.give_up(attempt, reason="Cancelled before it was sent.", by=WORKER)


def _claim() -> tuple[Attempt, str] | None:
    """The next letter and the secret of its link, once it is on record that it is being sent."""
    with transaction.atomic():
        attempt = _next(
            Attempt.State.PREPARED, ~Q(dispatch__state=Dispatch.State.CANCELLED), ~Q(dispatch__is_paused=True)
        )
        return (attempt, actions.begin_sending(attempt, by=WORKER)) if attempt else None


def _next(state: str, *which: Q, **of: Any) -> Attempt | None:
    due = Attempt.objects.filter(*which, state=state, due_at__lte=timezone.now(), **of).order_by("due_at")
    return due.select_for_update(skip_locked=True, of=("self",)).select_related("notice").first()


def _send(courier: Courier, attempt: Attempt, secret: str) -> None:
    notice = attempt.notice
    link = settings.PROVIDER["appeals_url"].rstrip("/") + reverse("appeals:by_link", args=[secret])
    try:
        message = compose(attempt, notice, vault.read(notice.pdf_sha256), link=link, at=timezone.now())
    except Exception as error:  # whatever it is, nothing left the house
        log.exception("attempt %s was not sent", attempt.pk)
        outcome = Outcome(Result.LATER, says=f"The e-mail could not be made: {type(error).__name__}.")
    else:
        sender = return_path(attempt.pk) or settings.SERVICE_FROM
        outcome = courier.carry(message, to=attempt.address, attempt_id=attempt.pk.hex, sender=sender)
    _record(attempt, outcome)


def _record(attempt: Attempt, outcome: Outcome) -> None:
    """A report, or the recipient, may have been quicker than the server's answer: then they said more."""
    says = outcome.says.replace(attempt.address, "the address")
    try:
        if outcome.result is Result.TAKEN:
            actions.note_sent(attempt, says=says, by=WORKER)
        elif outcome.result is Result.NEVER:
            actions.note_bounced(attempt, status=outcome.status, note=says, by=WORKER)
        elif outcome.result is Result.UNKNOWN:
            actions.lose_track(attempt, says=says, by=WORKER)
        else:
            actions.put_off(attempt, says=says, by=WORKER)
            if attempt.tries >= MOST_TRIES:
                actions.give_up(attempt, reason=f"The mail server did not take it in {MOST_TRIES} tries.", by=WORKER)
    except Forbidden:
        attempt.refresh_from_db()
        if attempt.state in (Attempt.State.PREPARED, Attempt.State.SENDING, Attempt.State.UNKNOWN):
            raise
