"""The letters of a mailing by e-mail, part by part: each becomes attempts that are due at the pace of the settings.

Rows are the queue, as in the mailing itself: a part writes in one transaction the attempts of its letters, forgets the
addresses, and asks for the next. A worker that is killed leaves all of a part or nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core import jobs
from apps.notices.models import Mailing, Notice
from apps.service.actions.attempts import prepare
from apps.service.addresses import opened_list, sealed_list
from apps.service.models import Dispatch, DispatchPart
from apps.service.queries import CARRY_ON, WITHDRAW, Standing, addressable, given_up, last_dispatch, mailed_letters

PART = 20  # letters of which attempts are made in one transaction
State, Piece = Dispatch.State, DispatchPart.State


@action
def start_dispatch(mailing: Mailing, *, addresses: Mapping[UUID, str], by) -> Dispatch:
    """Send issued letters of a mailing by e-mail: `addresses` says which (by their ids), and where to.

    Letters that are on their way or there already, and those that were left out, are not among them. Raises
    ValidationError where no mail server is set, or nothing is left to send.
    """
    return _start(mailing, addresses, by)


@action
def retry_dispatch(mailing: Mailing, *, by) -> Dispatch:
    """Try again what the mail server never took, at the same addresses, as attempts of their own. What came back needs
    another address, and of what may have been sent somebody finds out first.

    Where handing over was given up, the dispatch goes on with its next part instead."""
    dispatch, stuck = last_dispatch(mailing), given_up(mailing)
    if dispatch and stuck:
        ledger.note(mailing, jobs=len(stuck))
        for job in stuck:
            jobs.retry(job)
        return dispatch
    failed = mailed_letters(mailing).filter(standing=Standing.FAILED).prefetch_related("attempts")
    last = {notice.pk: max(notice.attempts.all(), key=lambda attempt: attempt.prepared_at) for notice in failed}
    return _start(mailing, {pk: attempt.address for pk, attempt in last.items() if attempt.address}, by)


@action
def pause_dispatch(dispatch: Dispatch, *, by) -> None:
    """Hand nothing more to the mail server; what it has goes on."""
    ledger.change(dispatch, is_paused=True)


@action
def resume_dispatch(dispatch: Dispatch, *, by) -> None:
    """Go on where it was paused."""
    ledger.change(dispatch, is_paused=False)
    _carry_on_soon(dispatch, by, why=f"/resumed {timezone.now().isoformat()}")


@action
def cancel_dispatch(dispatch: Dispatch, *, reason: str, by) -> None:
    """Send no more of them. What the mail server has goes on; the others can be served in another way."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why they are not sent."})
    now = timezone.now()
    ledger.change(dispatch, state=State.CANCELLED, cancelled_why=reason.strip(), is_paused=False, ended_at=now)
    for part in dispatch.pieces.filter(state=Piece.WAITING):
        jobs.after_commit(WITHDRAW, part.pk, by=by)


# --- by the worker ---------------------------------------------------------------------------------------------------


def wait_for_turn(dispatch: Dispatch) -> None:
    """Raises jobs.Later until the part before has had its time."""
    if (seconds := (dispatch.next_at - timezone.now()).total_seconds()) > 0:
        raise jobs.Later("The next letters have their turn.", waits_for="", seconds=seconds)


@action
def carry_on_dispatch(dispatch: Dispatch, *, by) -> None:
    """Make attempts of the letters of the next part, each due when the pace allows it."""
    part = dispatch.pieces.get(ordinal=dispatch.parts_done)
    due_at, apart = timezone.now(), timedelta(minutes=1) / dispatch.per_minute
    addresses = opened_list(part.sealed_addresses)
    for notice in addressable(dispatch.mailing).filter(pk__in=addresses).order_by("account_id"):
        prepare(notice, addresses[notice.pk], due_at=due_at, dispatch=dispatch, prepared_by=dispatch.started_by)
        due_at += apart
    ledger.change(part, state=Piece.DONE, sealed_addresses="")
    done = dispatch.parts_done + 1
    if done == dispatch.parts:
        ledger.change(dispatch, parts_done=done, next_at=due_at, state=State.DONE, ended_at=timezone.now())
    else:
        ledger.change(dispatch, parts_done=done, next_at=due_at)
        _carry_on_soon(dispatch, dispatch.started_by)


@action
def withdraw_part(part: DispatchPart, *, by) -> None:
    """Forget the addresses of letters that are not sent."""
    ledger.change(part, state=Piece.WITHDRAWN, sealed_addresses="")


# --- parts -----------------------------------------------------------------------------------------------------------


def _start(mailing: Mailing, addresses: Mapping[UUID, str], by) -> Dispatch:
    if not settings.EMAIL_HOST:
        raise ValidationError("No mail server is set. Whoever runs casemgr can name one: EMAIL_HOST.")
    letters: Sequence[Notice] = list(addressable(mailing).filter(pk__in=addresses).order_by("account_id").only("pk"))
    if not letters:
        raise ValidationError("None of these letters is left to send.")
    parts = [letters[start : start + PART] for start in range(0, len(letters), PART)]
    now = timezone.now()
    dispatch = ledger.create(
        Dispatch,
        mailing=mailing,
        count=len(letters),
        parts=len(parts),
        per_minute=settings.EMAIL_PER_MINUTE,
        next_at=now,
        started_by=by,
        started_at=now,
    )
    for ordinal, part in enumerate(parts):
        ledger.create(
            DispatchPart,
            dispatch=dispatch,
            ordinal=ordinal,
            notice_ids=[notice.pk for notice in part],
            sealed_addresses=sealed_list({notice.pk: addresses[notice.pk] for notice in part}),
        )
    _carry_on_soon(dispatch, by)
    return dispatch


def _carry_on_soon(dispatch: Dispatch, by, *, why: str = "") -> None:
    """Asked for with the number of the part, so that each is asked for once, and anew when it goes on after a pause."""
    jobs.after_commit(CARRY_ON, f"{dispatch.pk}/{dispatch.parts_done}{why}", by=by)
