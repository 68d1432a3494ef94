"""What the worker does: it orders what is due by its dates, sends what waits, and takes in the answers."""

import logging

from celery import shared_task
from django.core.exceptions import ValidationError

from apps.audit.principals import System
from apps.core import jobs, outbound, outbox
from apps.enforcement import actions, queries, wire
from apps.enforcement.models import Message

log = logging.getLogger(__name__)

WORKER = System("worker")


def _told(message: Message, outcome: outbound.Outcome) -> None:
    results = [result.said for result in wire.answered(outcome.body) if result.order == message.order.ref]
    actions.record_answer(message.order, message=message, results=results, by=WORKER)


def _given_up(message: Message, problem: str) -> None:
    actions.give_up(message.order, message=message, problem=problem, by=WORKER)


OUTBOX = outbox.Outbox(Message, told=_told, given_up=_given_up, read_at_most=wire.ANSWER_BYTES)


@shared_task(name=actions.DELIVER)
def deliver() -> None:
    """Send what is due. Rung after an order, and by the sweep."""
    if OUTBOX.deliver_due() == outbox.AT_ONCE:
        jobs.ring(actions.DELIVER)


@shared_task(name="enforcement.keep_dates")
def keep_dates() -> None:
    """Order what holds and has begun, and undo what is over or was overridden. Found by the sweep."""
    for decision in queries.to_carry_out():
        _order(lambda: actions.carry_out(decision, by=WORKER))  # noqa: B023 - called at once
    for decision, why in queries.to_roll_back():
        _order(lambda: actions.roll_back(decision, reason=why, by=WORKER))  # noqa: B023 - called at once


def _order(order) -> None:
    """One that cannot be given now, such as one that another worker gave a moment ago, keeps no other from its day."""
    try:
        order()
    except ValidationError as refused:
        log.info("not ordered: %s", " ".join(refused.messages))
