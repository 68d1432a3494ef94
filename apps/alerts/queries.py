"""What a person or a detector may see of alerts, and the figures that lists show beside their rows."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from apps.accounts.models import Account
from apps.alerts.models import Alert, AlertAccount, AlertGroup, Batch, Detector, Rejection
from apps.staff.models import ApiKey

State = AlertGroup.State
SPARK_DAYS = 14
NEWEST_BATCHES = 10


def visible_alerts(principal) -> QuerySet[Alert]:
    """All for people who may view alerts; a detector sees its own."""
    if principal.has_perm("alerts.view"):
        return Alert.objects.select_related("detector", "group")
    if principal.has_perm("alerts.receive"):
        return Alert.objects.filter(detector__service_account_id=principal.pk).select_related("detector", "group")
    return Alert.objects.none()


def visible_groups(principal) -> QuerySet[AlertGroup]:
    if principal.has_perm("alerts.view"):
        return AlertGroup.objects.select_related("claimed_by")
    return AlertGroup.objects.none()


def visible_detectors(principal) -> QuerySet[Detector]:
    """Those who look after detectors see them, and those whose alerts come from them."""
    if principal.has_perm("alerts.view") or principal.has_perm("alerts.view_detectors"):
        return Detector.objects.select_related("service_account")
    return Detector.objects.none()


def visible_batches(principal) -> QuerySet[Batch]:
    return _of_detectors(principal, Batch.objects.select_related("detector").defer("verdicts"))


def visible_rejections(principal) -> QuerySet[Rejection]:
    return _of_detectors(principal, Rejection.objects.select_related("batch__detector").defer("batch__verdicts"))


def _of_detectors(principal, rows: QuerySet) -> QuerySet:
    return rows if principal.has_perm("alerts.view") or principal.has_perm("alerts.view_detectors") else rows.none()


def detector_of(principal) -> Detector | None:
    """The detector that signs in as this service account."""
    return Detector.objects.filter(service_account_id=principal.pk).first()


# --- the queue -------------------------------------------------------------------------------------------------------


def views_of_queue(user) -> dict[str, Q]:
    """The ways to look at the queue, by their name in the address."""
    return {
        "free": Q(state=State.OPEN),
        "mine": Q(state=State.CLAIMED, claimed_by=user),
        "held": Q(state=State.CLAIMED),
        "late": Q(state__in=[State.OPEN, State.CLAIMED], due_at__lt=timezone.now()),
        "dismissed": Q(state=State.DISMISSED),
        "in_case": Q(state=State.ESCALATED),
    }


def queue_figures(user) -> dict[str, int]:
    """How many groups each view holds, and how many alerts wait in all; one query."""
    undecided = Q(state__in=[State.OPEN, State.CLAIMED])
    counts = {name: Count("id", filter=condition) for name, condition in views_of_queue(user).items()}
    figures = visible_groups(user).aggregate(alerts=Sum("alert_count", filter=undecided), **counts)
    return {name: value or 0 for name, value in figures.items()}


def daily_alerts(groups: Iterable[AlertGroup]) -> dict:
    """For each group the number of alerts detected a day, over the 14 days that end with its newest; one query."""
    keys = [group.pk for group in groups]
    days: dict = {key: [0] * SPARK_DAYS for key in keys}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT group_id, last - day AS back, n FROM ("
            " SELECT group_id, day, n, max(day) OVER (PARTITION BY group_id) AS last FROM ("
            "  SELECT group_id, (detected_at AT TIME ZONE 'UTC')::date AS day, count(*) AS n FROM alerts_alert"
            "  WHERE group_id = ANY(%s) GROUP BY 1, 2) AS daily) AS dated WHERE last - day < %s",
            [keys, SPARK_DAYS],
        )
        for group, back, count in cursor.fetchall():
            days[group][SPARK_DAYS - 1 - back] = count
    return days


def accounts_of(group: AlertGroup) -> QuerySet[Account]:
    """The accounts that a group's alerts name."""
    return Account.objects.filter(pk__in=AlertAccount.objects.filter(alert__group=group).values("account"))


def groups_about(user, account: Account) -> QuerySet[AlertGroup]:
    """The groups whose alerts name an account."""
    named = AlertAccount.objects.filter(account=account).values("alert__group")
    return visible_groups(user).filter(pk__in=named)


def similar(group: AlertGroup, user) -> list[AlertGroup]:
    """Other groups with accounts in common, most in common first, each with `shared`."""
    mine = AlertAccount.objects.filter(alert__group=group).values("account")
    rows = list(
        AlertAccount.objects.filter(account__in=mine)
        .exclude(alert__group=group)
        .order_by()
        .values("alert__group")
        .annotate(shared=Count("account", distinct=True))
        .order_by("-shared", "alert__group")[:4]
    )
    others = visible_groups(user).in_bulk([row["alert__group"] for row in rows])
    found = []
    for row in rows:
        if other := others.get(row["alert__group"]):
            other.shared = row["shared"]
            found.append(other)
    return found


# --- detectors -------------------------------------------------------------------------------------------------------


def with_traffic(detectors: QuerySet[Detector]) -> list[Detector]:
    """Detectors with what came from each: `alert_total`, `open_total`, `day` (last 24 hours' counts), `last_at`."""
    rows = list(detectors.order_by("slug"))
    alerts = {
        row["detector"]: row
        for row in Alert.objects.order_by()
        .values("detector")
        .annotate(total=Count("id"), still=Count("id", filter=Q(is_open=True)))
    }
    since = timezone.now() - timedelta(days=1)
    day = {
        row["detector"]: row
        for row in Batch.objects.filter(received_at__gte=since)
        .order_by()
        .values("detector")
        .annotate(items=Sum("items"), rejected=Sum("rejected"))
    }
    newest = dict(
        Batch.objects.order_by("detector_id", "-received_at")
        .distinct("detector_id")
        .values_list("detector", "received_at")
    )
    for row in rows:
        row.alert_total = alerts.get(row.pk, {}).get("total", 0)
        row.open_total = alerts.get(row.pk, {}).get("still", 0)
        row.day = day.get(row.pk, {"items": 0, "rejected": 0})
        row.last_at = newest.get(row.pk)
    return rows


def keys_of(detector: Detector) -> QuerySet[ApiKey]:
    """The keys of a detector's service account, live ones first."""
    return (
        ApiKey.objects.filter(service_account=detector.service_account_id)
        .select_related("created_by", "revoked_by", "service_account")
        .order_by("-revoked_at", "-created_at")
    )
