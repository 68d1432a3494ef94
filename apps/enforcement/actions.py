"""Carrying measures out: ordering them and their undoing, sending again what failed, and taking in what became of it.

Of an order with 24,000 accounts every step is a few statements; the trail holds one event for it, with the digest of
each row.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.cases.drills import refuse_drill
from apps.cases.models import Case, Decision
from apps.cases.queries import accounts_of_finding
from apps.core import jobs, outbound, webhooks
from apps.core.sealed import seal
from apps.enforcement import wire
from apps.enforcement.models import Instruction, Message, Order, Receiver
from apps.enforcement.results import Outcome, Said, Standing, delivered, take, undelivered

Direction, State = Order.Direction, Instruction.State

LONGEST_OVERLAP = timedelta(days=30)
DELIVER = "enforcement.deliver"  # name of the task that sends what is due


# --- the receiver -----------------------------------------------------------------------------------------------------


@action
def set_receiver(*, url: str, is_active: bool = True, by) -> str:
    """Where orders go; returns the secret that messages are signed with where it is new, else "".

    Raises ValidationError for an address that the settings do not allow.
    """
    try:
        outbound.check(url)
    except outbound.Refused as error:
        raise ValidationError({"url": str(error)}) from error
    now = timezone.now()
    known = Receiver.objects.select_for_update().first()
    if known is not None:
        since = known.set_up_at if known.is_active else now
        ledger.change(known, url=url, is_active=is_active, changed_at=now, set_up_at=since)
        return ""
    secret = webhooks.new_secret()
    sealed = seal(secret, Receiver.SEALED_FOR)
    ledger.create(Receiver, url=url, sealed_secret=sealed, is_active=is_active, changed_at=now, set_up_at=now)
    return secret


@action
def renew_receiver_secret(receiver: Receiver, *, by, overlap: timedelta = timedelta(0)) -> str:
    """A new secret, returned once and shown nowhere again. For as long as `overlap` the old one signs as well."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ValidationError({"overlap": f"The old secret lasts {LONGEST_OVERLAP.days} days at most."})
    secret, now = webhooks.new_secret(), timezone.now()
    ledger.change(
        receiver,
        sealed_secret=seal(secret, Receiver.SEALED_FOR),
        sealed_previous=receiver.sealed_secret if overlap else "",
        previous_until=now + overlap if overlap else None,
        changed_at=now,
    )
    return secret


# --- orders -----------------------------------------------------------------------------------------------------------


@action
def carry_out(decision: Decision, *, by) -> Order:
    """Have the measure applied to every account that it meets now. Raises ValidationError in a drill (R18), and where
    there is nothing to do, or not yet."""
    refuse_drill(decision.case)
    today = timezone.now().date()
    if not decision.measure.by_systems:
        raise ValidationError(f"To {decision.get_action_display().lower()} is nothing that systems carry out.")
    if decision.starts_on > today:
        raise ValidationError(f"It begins on {decision.starts_on}.")
    if decision.ends_on and decision.ends_on < today:
        raise ValidationError(f"It ended on {decision.ends_on}.")
    if decision.orders.exists():
        raise ValidationError("It is ordered already.")
    _refuse_without_receiver()
    return _order(decision, Direction.APPLY, decision.reasoning, accounts_of_finding(decision.finding), by)


@action
def roll_back(decision: Decision, *, reason: str, by) -> Order:
    """Have the measure undone for every account that it was applied to. What is on its way is not sent any more."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why it is undone."})
    applied = decision.orders.filter(direction=Direction.APPLY).first()
    if applied is None:
        raise ValidationError("It was not applied: there is nothing to undo.")
    if decision.orders.filter(direction=Direction.ROLL_BACK, account=None).exists():
        raise ValidationError("It is rolled back already.")
    let_off = decision.orders.filter(account__isnull=False).values("account")
    met = Instruction.objects.filter(order=applied).exclude(account__in=let_off)
    if not met.exists():
        raise ValidationError("It is rolled back for each of its accounts already.")
    _stop(applied)
    return _order(decision, Direction.ROLL_BACK, reason, met, by)


@action
def let_off(case: Case, *, account_id: UUID, why: str, by) -> None:
    """Have every measure of a case undone for one account, as when its appeal was right. Nothing happens where none
    was applied to it."""
    met = Instruction.objects.filter(account=account_id, order__case=case, order__direction=Direction.APPLY)
    ledger.note(case, account=str(account_id), why=why)
    for applied in Order.objects.filter(pk__in=met.values("order")).select_related("decision").order_by("ordered_at"):
        decision = Decision.objects.select_for_update().get(pk=applied.decision_id)
        undone = Instruction.objects.filter(
            account=account_id, order__decision=decision, order__direction=Direction.ROLL_BACK
        )
        if not undone.exists():
            only = met.filter(order=applied)
            _order(decision, Direction.ROLL_BACK, why, only, by, account_id=account_id)


@action
def send_again(order: Order, *, by) -> int:
    """Send out anew what failed, in a new attempt; returns how many accounts that are. Those that a later order is
    about stay as they are."""
    later = Instruction.objects.filter(order__decision=order.decision_id, order__number__gt=order.number)
    failed = order.instructions.filter(state=State.FAILED).exclude(account__in=later.values("account"))
    picked, params = failed.order_by().values("pk").query.sql_with_params()
    last = order.messages.order_by("-attempt").values_list("attempt", flat=True).first() or 1
    _refuse_without_receiver()
    with ledger.batch(order, attempt=last + 1) as rows:
        rows.details["accounts"] = count = rows.run(
            Instruction,
            "UPDATE enforcement_instruction SET state = 'waiting', reason = '', sequence = 0, effective_at = NULL,"  # noqa: S608 - Django's own SQL
            " attempt = %s, part = placed.part FROM (SELECT i.id, (row_number() OVER (ORDER BY a.ref) - 1) / %s + 1 AS"
            " part FROM enforcement_instruction i JOIN accounts_account a ON a.id = i.account_id"
            f" WHERE i.id IN ({picked})) AS placed WHERE placed.id = enforcement_instruction.id",
            [last + 1, wire.ACCOUNTS, *params],
        )
        if not count:
            raise ValidationError("Nothing of it failed that may be sent again.")
    _write_messages(order, last + 1)
    return count


def _order(decision: Decision, direction: str, why: str, met: Any, by, account_id: UUID | None = None) -> Order:
    """An order about the accounts that `met` has (rows with an account), with a row for each and messages for all."""
    picked, params = met.order_by().values("account_id").query.sql_with_params()
    number = decision.orders.count() + 1
    count = met.count()
    if not count:
        raise ValidationError("Every account was taken out of the case: there is nothing to act on.")
    order = ledger.create(
        Order,
        case=decision.case,
        decision=decision,
        number=number,
        ref=f"{decision.ref}-{number}",
        direction=direction,
        account_id=account_id,
        why=" ".join(why.split())[:300],
        account_count=count,
        ordered_at=timezone.now(),
        ordered_by=by.actor,
    )
    with ledger.batch(order, accounts=count) as rows:
        rows.run(
            Instruction,
            "INSERT INTO enforcement_instruction"  # noqa: S608 - Django's own SQL
            " (id, order_id, account_id, part, attempt, sequence, state, reason)"
            " SELECT core_uuid7(), %s, met.id, (row_number() OVER (ORDER BY a.ref) - 1) / %s + 1, 1, 0, 'waiting', ''"
            f" FROM ({picked}) AS met (id) JOIN accounts_account a ON a.id = met.id",
            [order.pk, wire.ACCOUNTS, *params],
        )
    _write_messages(order, 1)
    return order


def _refuse_without_receiver() -> None:
    """What was applied is undone all the same: while the receiver is switched off that fails, and is sent again."""
    if not Receiver.objects.filter(is_active=True).exists():
        raise ValidationError("No receiver is set up, or it is switched off: an administrator sets its address.")


PARTS = """
    SELECT i.part, array_agg(a.ref ORDER BY a.ref) FROM enforcement_instruction i
    JOIN accounts_account a ON a.id = i.account_id WHERE i.order_id = %s AND i.attempt = %s GROUP BY 1 ORDER BY 1"""


def _write_messages(order: Order, attempt: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PARTS, [order.pk, attempt])
        parts = cursor.fetchall()
    now, said, receiver = timezone.now(), wire.instruction(order), Receiver.objects.get()
    Message.objects.bulk_create(
        Message(
            receiver=receiver,
            order=order,
            attempt=attempt,
            part=part,
            account_count=len(refs),
            body=wire.body(order, said, attempt=attempt, part=part, parts=len(parts), accounts=refs),
            due_at=now,
            created_at=now,
        )
        for part, refs in parts
    )
    transaction.on_commit(partial(jobs.ring, DELIVER))


def _stop(order: Order) -> None:
    """What was not sent yet is not sent any more. Messages are locked before their order, as by who sends them."""
    waiting = order.messages.filter(state=Message.State.WAITING)
    waiting.update(state=Message.State.DEAD, finished_at=timezone.now(), body="")
    Order.objects.select_for_update().get(pk=order.pk)
    with ledger.batch(order) as rows:
        rows.details["stopped"] = rows.run(
            Instruction,
            "UPDATE enforcement_instruction SET state = 'overtaken', told_at = %s"
            " WHERE order_id = %s AND state = 'waiting'",
            [timezone.now(), order.pk],
        )


# --- what became of it ------------------------------------------------------------------------------------------------


@action
def record_results(order: Order, *, results: Iterable[Said], by) -> list[Outcome]:
    """Take in what the receiver says of accounts of an order; returns what each word did, in their order."""
    return _learn(order, list(results))


@action
def record_answer(order: Order, *, message: Message, results: Iterable[Said], by) -> None:
    """A message was delivered, and its answer says this."""
    _learn(order, list(results), message=message, also=lambda known: delivered(known, message.attempt))


@action
def give_up(order: Order, *, message: Message, problem: str, by) -> None:
    """A message could not be delivered: its accounts failed, unless more is known of them."""
    why = f"Not delivered: {problem}"[:300]
    _learn(order, [], message=message, also=lambda known: undelivered(known, message.attempt, why))


def _learn(
    order: Order,
    said: list[Said],
    *,
    message: Message | None = None,
    also: Callable[[Standing], Standing] = lambda known: known,
) -> list[Outcome]:
    """Write what changes, in one statement. The order is locked: one word after the other is taken.

    `also` is what follows for every account of the message that this is about.
    """
    part = message.part if message else None
    rows = {row.account.ref: row for row in _concerned(order, {word.account for word in said}, part)}
    known = {ref: _standing(row) for ref, row in rows.items()}
    outcomes = []
    for word in said:
        if word.account not in known:
            outcomes.append(Outcome.UNKNOWN_ACCOUNT)
            continue
        outcome, known[word.account] = take(known[word.account], word, is_rollback=order.is_rollback)
        outcomes.append(outcome)
    known = {ref: also(standing) if rows[ref].part == part else standing for ref, standing in known.items()}
    changed = [(rows[ref], standing) for ref, standing in known.items() if standing != _standing(rows[ref])]
    counts = {outcome.value: outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)}
    with ledger.batch(order, outcomes=counts, **_forgotten(message)) as batch:
        batch.details["accounts"] = batch.run(Instruction, LEARN, [_json(changed), timezone.now()]) if changed else 0
    return outcomes


def _forgotten(message: Message | None) -> dict[str, str]:
    """A message that is over names no accounts any more: the trail keeps what it was, as a digest."""
    if message is None:
        return {}
    digest = hashlib.sha256(message.body.encode()).hexdigest()
    Message.objects.filter(pk=message.pk).update(body="")
    return {"message": message.message_id, "body_sha256": digest}


def _concerned(order: Order, refs: set[str], part: int | None) -> list[Instruction]:
    found = order.instructions.select_related("account").order_by("id")
    by_part = list(found.filter(part=part)) if part is not None else []
    missing = refs - {row.account.ref for row in by_part}
    return by_part + (list(found.filter(account__ref__in=missing)) if missing else [])


def _standing(row: Instruction) -> Standing:
    return Standing(row.state, row.attempt, row.sequence, row.reason, row.effective_at)


LEARN = """
    UPDATE enforcement_instruction SET state = news.state, sequence = news.sequence, reason = news.reason,
        effective_at = news.effective_at, told_at = now.at
    FROM jsonb_to_recordset(%s) AS news (id uuid, state text, sequence bigint, reason text, effective_at timestamptz),
        (SELECT %s::timestamptz) AS now (at)
    WHERE enforcement_instruction.id = news.id"""


def _json(changed: list[tuple[Instruction, Standing]]) -> str:
    return json.dumps(
        [
            {
                "id": str(row.pk),
                "state": standing.state,
                "sequence": standing.sequence,
                "reason": standing.reason,
                "effective_at": standing.effective_at and standing.effective_at.isoformat(),
            }
            for row, standing in changed
        ]
    )
