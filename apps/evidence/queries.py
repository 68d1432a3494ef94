from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from apps.evidence.models import CustodyEvent, Item, TestRun

# One view of an item by one person in this time is one entry: a page is reloaded, a tab comes back.
ONE_LOOK = timedelta(minutes=5)


def visible_items(user) -> QuerySet[Item]:
    return Item.objects.all() if user.has_perm("evidence.view") else Item.objects.none()


def visible_runs(user) -> QuerySet[TestRun]:
    runs = TestRun.objects.select_related("item")
    return runs if user.has_perm("evidence.view") else runs.none()


def custody(item: Item) -> QuerySet[CustodyEvent]:
    """The chain, oldest first."""
    return item.custody.order_by("at", "id")


def looked_lately(item: Item, user) -> bool:
    return item.custody.filter(
        kind=CustodyEvent.Kind.VIEW, actor=user.actor, at__gte=timezone.now() - ONE_LOOK
    ).exists()


def is_damaged(item: Item) -> bool:
    """Whether the last measurement of its file found something else than what was collected."""
    last = item.custody.order_by("-at", "-id").first()
    return last is not None and not last.intact
