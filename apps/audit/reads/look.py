"""`@reading`: a verb by which somebody only looks, recorded once for each person, object and five minutes."""

import functools
import inspect
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from apps.audit import middleware
from apps.audit.action import Forbidden, action
from apps.audit.models import AuditedModel, Event
from apps.audit.reads.table import READS, REASON_HOLDS, WINDOW
from apps.audit.verify.reading import body_of

R = TypeVar("R")

LOCK = 0x7265  # the first half of the locks taken here; nobody else takes advisory locks of two halves


class ReasonNeeded(ValidationError):
    """The rule asks why, and nobody has said it yet."""

    def __init__(self, verb: str) -> None:
        super().__init__(
            {"reason": f"Say why you look at {READS[verb].what}: it stands in the trail beside your name."}
        )
        self.verb = verb


class Earlier(NamedTuple):
    """The last time that this person looked at this in this way."""

    at: datetime
    reason: str


def reading(
    function: Callable[..., R] | None = None,
    /,
    *,
    asks: Callable[[Any, Any], bool] | None = None,
    earlier: Callable[[Any, Any], Earlier | None] | None = None,
) -> Any:
    """Make a function of `actions.py` a verb that reads: permitted each time, recorded once in five minutes.

    The function takes what is looked at, keyword-only details that tell one look from another (such as the name of a
    file), `by`, and `reason` where there is something to give one for; it writes the event, with the same details.
    It is not run, and None returned, when the same look was recorded within WINDOW, and for a request that shows
    nothing (HEAD). `asks(row, by)` says whether a reason is needed: ReasonNeeded is raised until one was given, and it
    then holds for REASON_HOLDS. `earlier(row, by)` finds the last look where its event is about another row.

    Costs one statement when the look is on record already. When it is not, those who do the same at the same moment
    wait for each other, and for nobody else.
    """
    if function is None:
        return functools.partial(reading, asks=asks, earlier=earlier)
    act = action(shared=True)(function)
    verb: str = act.verb  # type: ignore[attr-defined]
    if verb not in READS:
        raise TypeError(f"{verb} reads, and is not in the table of reads")
    takes_reason = "reason" in inspect.signature(function).parameters

    @functools.wraps(act)
    def run(row: AuditedModel, *, by: Any, reason: str = "", **details: Any) -> R | None:
        if not by.has_perm(verb, row):
            raise Forbidden(verb, by)
        if middleware.current.get().shows_nothing:
            return None

        def last() -> Earlier | None:
            return earlier(row, by) if earlier else _earlier(verb, row, by, details)

        before = last()
        if _is_fresh(before):
            return None
        reason = reason.strip() or (before.reason if before else "")
        if not reason and asks and asks(row, by):
            raise ReasonNeeded(verb)
        with transaction.atomic():
            _wait_for_the_same(verb, row, by, details)
            if _is_fresh(last()):
                return None
            return act(row, by=by, **({"reason": reason} if takes_reason else {}), **details)

    return run


def _is_fresh(before: Earlier | None) -> bool:
    return before is not None and before.at > timezone.now() - WINDOW


def _earlier(verb: str, row: AuditedModel, by: Any, details: dict[str, Any]) -> Earlier | None:
    events = Event.objects.filter(
        object_id=row.pk,
        object_type=row._meta.db_table,
        actor=by.actor,
        action=verb,
        occurred_at__gt=timezone.now() - REASON_HOLDS,
    ).order_by("-id")
    if not details:
        found = events.values_list("occurred_at", "reason").first()
        return Earlier(*found) if found else None
    for at, reason, body in events.values_list("occurred_at", "reason", "body"):
        if body_of(body).get("details") == details:
            return Earlier(at, reason)
    return None


def _wait_for_the_same(verb: str, row: AuditedModel, by: Any, details: dict[str, Any]) -> None:
    """Until the transaction ends nobody else is at this very look. What two keys that hash alike cost is a wait."""
    key = json.dumps([verb, str(row.pk), by.actor, details], sort_keys=True, default=str)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, key])
