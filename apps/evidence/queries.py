from django.db.models import QuerySet
from django.utils import timezone

from apps.audit.reads.look import Earlier
from apps.audit.reads.table import REASON_HOLDS
from apps.evidence.models import CustodyEvent, Item, TestRun


def visible_items(user) -> QuerySet[Item]:
    return Item.objects.all() if user.has_perm("evidence.view") else Item.objects.none()


def visible_runs(user) -> QuerySet[TestRun]:
    runs = TestRun.objects.select_related("item")
    return runs if user.has_perm("evidence.view") else runs.none()


def custody(item: Item) -> QuerySet[CustodyEvent]:
    """The chain, oldest first."""
    return item.custody.order_by("at", "id")


def last_look(item: Item, user) -> Earlier | None:
    """This person's last look at it, and why. Its event in the trail is about the line in the chain."""
    looks = item.custody.filter(kind=CustodyEvent.Kind.VIEW, actor=user.actor, at__gt=timezone.now() - REASON_HOLDS)
    found = looks.order_by("-at").values_list("at", "purpose").first()
    return Earlier(*found) if found else None


def is_damaged(item: Item) -> bool:
    """Whether the last measurement of its file found something else than what was collected."""
    last = item.custody.order_by("-at", "-id").first()
    return last is not None and not last.intact
