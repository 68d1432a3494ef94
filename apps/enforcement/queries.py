from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.cases.models import Case, Decision
from apps.cases.queries import visible_cases
from apps.cases.standards.measures import BY_SYSTEMS
from apps.enforcement.models import Attempt, Instruction, Order, Receiver

State, Direction = Instruction.State, Order.Direction

APPLIED = Order.objects.filter(decision=OuterRef("pk"), direction=Direction.APPLY)
UNDONE = Order.objects.filter(decision=OuterRef("pk"), direction=Direction.ROLL_BACK, account=None)


def visible_orders(user) -> QuerySet[Order]:
    """Orders of the cases that this person may see."""
    orders = Order.objects.select_related("case", "decision", "account")
    return orders.filter(case__in=visible_cases(user)) if user.has_perm("enforcement.view") else orders.none()


def to_carry_out() -> QuerySet[Decision]:
    """Decisions that hold and have begun, and that nobody ordered: those that were taken since there is a receiver.

    What was decided before is ordered by people.
    """
    receiver, today = Receiver.objects.filter(is_active=True).first(), timezone.now().date()
    if receiver is None:
        return Decision.objects.none()
    found = Decision.objects.annotate(holds_since=Coalesce("released_at", "reviewed_at")).filter(
        ~Exists(APPLIED),
        state=Decision.State.APPROVED,
        action__in=BY_SYSTEMS,
        case__drill="",
        holds_since__gte=receiver.set_up_at,
        starts_on__lte=today,
    )
    return found.filter(Q(ends_on=None) | Q(ends_on__gte=today)).order_by("holds_since")


def to_roll_back() -> Iterator[tuple[Decision, str]]:
    """Decisions that were applied and do not hold any more, each with why."""
    if not Receiver.objects.filter(is_active=True).exists():
        return
    today = timezone.now().date()
    found = Decision.objects.filter(Exists(APPLIED), ~Exists(UNDONE))
    over = Q(state=Decision.State.OVERRIDDEN) | Q(ends_on__lt=today)
    for decision in found.filter(over).prefetch_related("overridden_by").order_by("proposed_at"):
        if decision.state == Decision.State.OVERRIDDEN:
            later = decision.overridden_by.exclude(state=Decision.State.REJECTED).get()
            yield decision, f"{later.ref} took its place."
        else:
            yield decision, f"Its last day was {decision.ends_on}."


def decisions_of(case: Case) -> QuerySet[Decision]:
    """Decisions of a case that systems carry out, once they hold, the newest first."""
    found = case.decisions.filter(state__in=(Decision.State.APPROVED, Decision.State.OVERRIDDEN), action__in=BY_SYSTEMS)
    return found.prefetch_related("orders").order_by("-proposed_at")


def by_state(orders: list[Order]) -> dict[Any, dict[str, int]]:
    """How many accounts of each order are in which state, by the order's id."""
    rows = Instruction.objects.filter(order__in=[order.pk for order in orders]).order_by()
    counts: dict[Any, dict[str, int]] = {order.pk: {} for order in orders}
    for order, state, n in rows.values_list("order", "state").annotate(n=Count("id")):
        counts[order][state] = n
    return counts


def reasons(order: Order, limit: int = 10) -> list[Any]:
    """Why accounts of an order failed, the most frequent reasons first."""
    failed = order.instructions.filter(state=State.FAILED).order_by().values("reason").annotate(n=Count("id"))
    return list(failed.order_by("-n", "reason")[:limit])


def messages_of(order: Order) -> QuerySet:
    """Its messages, the newest attempt first, each with its last try."""
    last = Attempt.objects.filter(message=OuterRef("pk")).order_by("-started_at", "-id")
    return order.messages.defer("body").annotate(
        last_status=Subquery(last.values("status")[:1]), last_problem=Subquery(last.values("problem")[:1])
    )
