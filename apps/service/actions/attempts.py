"""Attempts to serve a letter: made by people and by the worker, and what became known of them."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core import jobs
from apps.core.ids import uuid7
from apps.core.sealed import seal
from apps.core.uploads import Upload
from apps.evidence import actions as evidence
from apps.notices.models import Notice
from apps.service.addresses import checked
from apps.service.links import fingerprint
from apps.service.mail import wait
from apps.service.models import ADDRESS, Attempt, Proof

State = Attempt.State

PROOFS, PROOF_BYTES = 5, 20 * 1024 * 1024  # at a time
LEASE = timedelta(minutes=10)  # beyond every time-out of one conversation with a mail server
LINK = timedelta(days=30)


# --- made by people --------------------------------------------------------------------------------------------------


@action
def email_letter(notice: Notice, *, address: str, by) -> Attempt:
    """Have an issued letter sent by e-mail, once. What becomes of it is read back from the mail server's reports."""
    if not settings.EMAIL_HOST:
        raise ValidationError("No mail server is set. Whoever runs casemgr can name one: EMAIL_HOST.")
    attempt = prepare(notice, checked(address), due_at=timezone.now(), prepared_by=by)
    transaction.on_commit(partial(jobs.ring, "service.send"))
    return attempt


@action
def record_attempt(
    notice: Notice,
    *,
    method: str,
    address: str,
    sent_at: datetime,
    carrier_ref: str = "",
    note: str = "",
    proofs: Sequence[Upload] = (),
    by,
) -> Attempt:
    """Record that a letter was handed to the post, a courier, counsel, a process server or an authority, or put where
    the account holder finds it; with what shows it."""
    if method == Attempt.Method.EMAIL:
        raise ValidationError({"method": "An e-mail is sent from here; it is not recorded afterwards."})
    if not address.strip():
        raise ValidationError({"address": "Say where to, or to whom."})
    assert notice.issued_at, "only an issued letter is served"
    now = timezone.now()
    if not notice.issued_at - timedelta(days=1) <= sent_at <= now:
        raise ValidationError({"sent_at": "It was sent after the letter was issued, and not in the future."})
    attempt = _create(
        notice,
        method=method,
        sealed_address=seal(address.replace("\r\n", "\n").strip(), ADDRESS),
        carrier_ref=carrier_ref.strip(),
        note=note.strip(),
        sent_at=sent_at,
        state=State.SENT,
        prepared_by=by,
        prepared_at=now,
    )
    _keep(attempt, proofs, by)
    return attempt


def prepare(notice: Notice, address: str, *, due_at: datetime, **values: Any) -> Attempt:
    """An e-mail that waits to be sent; by actions alone. Its message has its name now, the same in each try."""
    pk = uuid7()
    return _create(
        notice,
        id=pk,
        method=Attempt.Method.EMAIL,
        sealed_address=seal(address, ADDRESS),
        message_id=f"<{pk.hex}@{settings.SERVICE_FROM.partition('@')[2]}>",
        due_at=due_at,
        prepared_at=timezone.now(),
        **values,
    )


def _create(notice: Notice, **values: Any) -> Attempt:
    if notice.state != Notice.State.ISSUED:
        raise ValidationError("Only an issued letter is served.")
    last = notice.attempts.filter(method=values["method"]).order_by("-number").first()
    return ledger.create(Attempt, notice=notice, number=last.number + 1 if last else 1, **values)


def _keep(attempt: Attempt, proofs: Sequence[Upload], by) -> None:
    """Files from outside are kept apart until a person looked at them, as all of them are."""
    if len(proofs) > PROOFS:
        raise ValidationError({"proofs": f"Attach at most {PROOFS} files at a time."})
    for file in proofs:
        item = evidence.receive(
            title=f"{attempt.notice.ref}: {file.name}"[:200],
            origin=f"Proof of service of {attempt.notice.ref}: {attempt}",
            filename=file.name,
            chunks=file.chunks,
            limit=PROOF_BYTES,
            by=by,
        )
        ledger.create(Proof, attempt=attempt, item=item)


# --- what became known of them ---------------------------------------------------------------------------------------


@action
def note_delivered(
    attempt: Attempt, *, on: datetime | None = None, note: str = "", proofs: Sequence[Upload] = (), by
) -> None:
    """It reached the address: says a report of the mail server, the carrier's, or who served it."""
    _end(attempt, State.DELIVERED, on, note, proofs, by)


@action
def acknowledge(
    attempt: Attempt, *, on: datetime | None = None, note: str = "", proofs: Sequence[Upload] = (), by
) -> None:
    """The recipient said, or showed, that they have it."""
    _end(attempt, State.ACKNOWLEDGED, on, note, proofs, by)


@action
def note_bounced(
    attempt: Attempt,
    *,
    on: datetime | None = None,
    status: str = "",
    note: str = "",
    proofs: Sequence[Upload] = (),
    by,
) -> None:
    """It came back: nobody is there under this address. Somebody has to try another."""
    _end(attempt, State.BOUNCED, on, note, proofs, by, status=status)


@action
def note_refused(
    attempt: Attempt, *, on: datetime | None = None, note: str = "", proofs: Sequence[Upload] = (), by
) -> None:
    """The recipient was there and would not take it."""
    _end(attempt, State.REFUSED, on, note, proofs, by)


def _end(
    attempt: Attempt, state: str, on: datetime | None, note: str, proofs: Sequence[Upload], by, **values: Any
) -> None:
    now = timezone.now()
    if on and not (attempt.sent_at or attempt.prepared_at) - timedelta(days=1) <= on <= now:
        raise ValidationError({"on": "It was after the letter was sent, and not in the future."})
    if note.strip():
        values["note"] = note.strip()
    ledger.change(attempt, state=state, ended_at=on or now, due_at=None, **values)
    _keep(attempt, proofs, by)


@action
def give_up(attempt: Attempt, *, reason: str, by) -> None:
    """It was not sent, or is lost: it counts no more, and another attempt can be made."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why it counts no more."})
    ledger.change(attempt, state=State.FAILED, ended_at=timezone.now(), due_at=None, note=reason.strip())


# --- by the worker ---------------------------------------------------------------------------------------------------


@action
def begin_sending(attempt: Attempt, *, by) -> str:
    """Put on record that an e-mail is being sent, before it is. Returns the secret of its one-time link, of which the
    row keeps the hash; that of an earlier try no longer opens anything."""
    secret, now = secrets.token_urlsafe(32), timezone.now()
    ledger.change(
        attempt,
        state=State.SENDING,
        tries=attempt.tries + 1,
        due_at=now + LEASE,
        secret_sha256=fingerprint(secret),
        link_until=now + LINK,
    )
    return secret


@action
def note_sent(attempt: Attempt, *, says: str, by) -> None:
    """The mail server took it, and answers for it from now on."""
    ledger.change(attempt, state=State.SENT, sent_at=timezone.now(), due_at=None, note=says)


@action
def put_off(attempt: Attempt, *, says: str, by) -> None:
    """It was surely not sent this time; it is tried again after a while."""
    due_at = timezone.now() + wait(attempt.tries)
    ledger.change(attempt, state=State.PREPARED, due_at=due_at, note=says)


@action
def lose_track(attempt: Attempt, *, says: str, by) -> None:
    """Nobody knows whether it was sent. It is not sent again by itself: a report or a person says what became of it."""
    ledger.change(attempt, state=State.UNKNOWN, due_at=None, note=says)


# --- by the recipient ------------------------------------------------------------------------------------------------


@action
def open_by_link(attempt: Attempt, *, by) -> None:
    """The recipient opened the letter by the one-time link of its e-mail: it reached them."""
    now = timezone.now()
    first = attempt.ended_at if attempt.state == State.ACKNOWLEDGED else None
    ledger.change(attempt, state=State.ACKNOWLEDGED, ended_at=first or now, due_at=None, link_used_at=now)


@action
def open_by_code(attempt: Attempt, *, by) -> None:
    """The recipient opened the letter with its number and code, which stand in it: it reached them."""
    ledger.change(attempt, state=State.ACKNOWLEDGED, ended_at=timezone.now())
