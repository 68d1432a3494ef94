"""What the worker does about service: send, read what came back, and look at the calendar."""

import logging

from celery import shared_task
from django.conf import settings

from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.service import actions, mailboxes, queries, sending
from apps.service.actions import dispatches
from apps.service.models import Dispatch, DispatchPart

log = logging.getLogger(__name__)

AT_ONCE = 1000
WORKER = System("worker")


@jobs.handles(dispatches.CARRY_ON)
def carry_on_dispatch(job: Job) -> None:
    """The key says which part it was asked for; what was done since, or is paused, is not for this job."""
    dispatch, ordinal, *_ = job.key.split("/")
    found = Dispatch.objects.get(pk=dispatch)
    if found.is_under_way and found.parts_done == int(ordinal):
        dispatches.wait_for_turn(found)
        actions.carry_on_dispatch(found, by=System("worker", on_behalf_of=job.actor))


@jobs.handles(dispatches.WITHDRAW)
def withdraw_part(job: Job) -> None:
    part = DispatchPart.objects.get(pk=job.key)
    if part.state == DispatchPart.State.WAITING:
        actions.withdraw_part(part, by=System("worker", on_behalf_of=job.actor))


@shared_task(name="service.send")
def send() -> None:
    """Send what is due. Rung when a letter is to leave, and by the sweep."""
    if sending.send_due() == sending.AT_ONCE:
        jobs.ring("service.send")


@shared_task(name="service.read_returns")
def read_returns() -> None:
    if settings.RETURNS_URL:
        take_returns()


def take_returns() -> int:
    """Put every unread message of the mailbox on record; returns how many there were."""
    taken = 0
    with mailboxes.opened() as unread:
        for message in unread:
            actions.take_return(raw=message.raw, by=WORKER)
            message.done()
            taken += 1
    return taken


@shared_task(name="service.look_at_calendar")
def look_at_calendar() -> None:
    """New letters into the calendar, and what has become of its deadlines on record."""
    while notices := list(queries.without_deadlines()[:AT_ONCE]):
        actions.set_deadlines(notices=notices, by=WORKER)
    while settled := queries.unsettled(AT_ONCE):
        actions.settle_deadlines(settled=settled, by=WORKER)
