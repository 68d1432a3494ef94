"""What a person or a detector may see of alerts, and the figures that lists show beside their rows."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from apps.accounts.models import Account
from apps.alerts.models import (
    Alert,
    AlertGroup,
    Attempt,
    Batch,
    Delivery,
    Detector,
    GroupAccount,
    Rejection,
    Replay,
    SignatureRefusals,
    SigningKey,
    Suppression,
    VerdictAlert,
)
from apps.alerts.models.batch import SIGNED
from apps.core import counting, prepared
from apps.core.counting import Count as Counted
from apps.core.models import Job
from apps.staff.models import ApiKey

State = AlertGroup.State
SPARK_DAYS = 14
NEWEST_BATCHES = 10
ALERTS_COUNTED = 10_000  # of each detector


def visible_alerts(principal) -> QuerySet[Alert]:
    """All for people who may view alerts; a detector sees its own."""
    if principal.has_perm("alerts.view"):
        return Alert.objects.select_related("detector", "group")
    if principal.has_perm("alerts.receive"):
        own = Detector.objects.filter(service_account_id=principal.pk).order_by().values("pk")
        # As one value, so that PostgreSQL walks through this detector's alerts in the order of an index.
        return Alert.objects.filter(detector=Subquery(own[:1])).select_related("detector", "group")
    return Alert.objects.none()


def is_work_of(alert: Alert, principal) -> bool:
    """Whether its group is this person's to look at, or in an open case of theirs. By name: cases stand below."""
    if alert.group is not None and alert.group.claimed_by_id == principal.pk:
        return True
    theirs = {"group": alert.group_id, "case__assignee_id": principal.pk, "case__closed_at__isnull": True}
    return apps.get_model("cases.CaseGroup")._base_manager.filter(**theirs).exists()


def visible_groups(principal) -> QuerySet[AlertGroup]:
    if principal.has_perm("alerts.view"):
        related = AlertGroup.objects.select_related("claimed_by", "merged_into", "split_from")
        return related.defer("facts", "merged_into__facts", "split_from__facts")  # larger than all the rest
    return AlertGroup.objects.none()


def visible_detectors(principal) -> QuerySet[Detector]:
    """Those who look after detectors see them, and those whose alerts come from them."""
    if principal.has_perm("alerts.view") or principal.has_perm("alerts.view_detectors"):
        return Detector.objects.select_related("service_account")
    return Detector.objects.none()


def visible_batches(principal) -> QuerySet[Batch]:
    return _of_detectors(principal, Batch.objects.select_related("detector").defer("verdicts"))


def touched_last(batch: Batch, principal) -> QuerySet[Alert]:
    """The alerts that no later batch said anything about, found by the answers to its items."""
    said = json.loads(batch.verdicts)
    ids = [verdict["id"] for verdict in said if verdict["verdict"] in ("created", "updated")]
    return visible_alerts(principal).filter(pk__in=ids, batch=batch)


def visible_rejections(principal) -> QuerySet[Rejection]:
    return _of_detectors(principal, Rejection.objects.select_related("batch__detector").defer("batch__verdicts"))


def visible_replays(principal) -> QuerySet[Replay]:
    return _of_detectors(principal, Replay.objects.all())


def _of_detectors(principal, rows: QuerySet) -> QuerySet:
    return rows if principal.has_perm("alerts.view") or principal.has_perm("alerts.view_detectors") else rows.none()


def visible_verdicts(principal) -> QuerySet[VerdictAlert]:
    """Lines of the feed: all for people who may view alerts; a detector reads what is about its own."""
    if principal.has_perm("alerts.view"):
        return VerdictAlert.objects.all()
    if principal.has_perm("alerts.receive"):
        return VerdictAlert.objects.filter(detector__service_account_id=principal.pk)
    return VerdictAlert.objects.none()


def visible_deliveries(principal, detector: Detector) -> QuerySet[Delivery]:
    """Messages to a detector, for whoever may see the detector."""
    found = Delivery.objects.filter(webhook__detector=detector).select_related("webhook", "verdict__group")
    return _of_detectors(principal, found)


def given_up(principal, detector: Detector) -> Counted:
    """How many messages to a detector were given up, as far as that is counted."""
    dead = visible_deliveries(principal, detector).filter(state=Delivery.State.DEAD)
    return counting.count({"dead": dead})["dead"]


def with_last_try(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """With `last_status` and `last_problem` of the newest attempt."""
    newest = Attempt.objects.filter(delivery=OuterRef("pk")).order_by("-id")
    return deliveries.annotate(
        last_status=Subquery(newest.values("status")[:1]), last_problem=Subquery(newest.values("problem")[:1])
    )


def detector_of(principal) -> Detector | None:
    """The detector that signs in as this service account."""
    return prepared.first(Detector, "t.service_account_id = %s", [principal.pk])


def waiting_rejections(principal, detector: Detector) -> Counted:
    """How many items of a detector were rejected and not sent in again, as far as that is counted."""
    found = visible_rejections(principal).filter(batch__detector=detector, became="", replay=None)
    return counting.count({"waiting": found})["waiting"]


def what_is_wrong(rejections: QuerySet[Rejection]) -> list[dict]:
    """The most frequent codes and fields among the newest that were not sent in again, as `code`, `field` and `n`."""
    newest = rejections.filter(became="", replay=None).order_by("-received_at", "-id").values("pk")[: counting.MOST]
    found = Rejection.objects.filter(pk__in=newest).order_by().values("code", "field")
    return [dict(row) for row in found.annotate(n=Count("pk")).order_by("-n", "code", "field")[:8]]


@dataclass
class Progress:
    """How far a replay is: rejections by what became of them, and why it does not go on, where it does not."""

    total: int
    became: dict[str, int]
    fault: str

    @property
    def done(self) -> int:
        return sum(self.became.values())

    @property
    def is_over(self) -> bool:
        return self.done == self.total or bool(self.fault)


def progress(replay: Replay) -> Progress:
    sent = replay.rejections.exclude(became="").order_by().values_list("became").annotate(n=Count("id"))
    failed = Job.objects.filter(kind="alerts.replay", key__startswith=f"{replay.pk}:", state=Job.State.FAILED).first()
    return Progress(replay.total, dict(sent), failed.last_error.partition(": ")[2] if failed else "")


# --- the queue -------------------------------------------------------------------------------------------------------


def views_of_queue(user) -> dict[str, Q]:
    """The ways to look at the queue, by their name in the address."""
    return {
        "free": waiting(),
        "mine": Q(state=State.CLAIMED, claimed_by=user),
        "held": Q(state=State.CLAIMED),
        "late": (waiting() | Q(state=State.CLAIMED)) & Q(due_at__lt=timezone.now()),
        "snoozed": asleep(),
        "hidden": hidden(),
        "dismissed": Q(state=State.DISMISSED),
        "in_case": Q(state=State.ESCALATED),
        "merged": Q(state=State.MERGED),
    }


def asleep() -> Q:
    """Snoozed: neither is the time up, nor did the severity rise."""
    return Q(state=State.OPEN, snoozed_until__gt=timezone.now(), severity__lte=F("snoozed_severity"))


def hidden() -> Q:
    """Kept out of the queue by rules in force."""
    return Q(state=State.OPEN, hidden_until__gt=timezone.now())


def waiting() -> Q:
    """Free, and to be looked at now."""
    now = timezone.now()
    awake = Q(snoozed_until=None) | Q(snoozed_until__lte=now) | Q(severity__gt=F("snoozed_severity"))
    return Q(state=State.OPEN) & awake & (Q(hidden_until=None) | Q(hidden_until__lte=now))


def to_merge(chosen: list, user) -> QuerySet[AlertGroup]:
    """The chosen groups that take alerts; where it is one alone, those too that name its accounts."""
    offered = set(chosen)
    if len(offered) == 1:
        for group in visible_groups(user).filter(pk__in=offered):
            offered |= {other.pk for other, _ in similar(group, user)}
    taking = [State.OPEN, State.CLAIMED, State.ESCALATED]
    return visible_groups(user).filter(pk__in=offered, state__in=taking).order_by("-priority", "-id")


def visible_suppressions(principal) -> QuerySet[Suppression]:
    """Rules that hide alerts: who may see the queue sees what is kept out of it."""
    if principal.has_perm("alerts.view"):
        return Suppression.objects.select_related("detector", "made_by", "ended_by")
    return Suppression.objects.none()


def hidden_by(rules: Iterable[Suppression]) -> dict:
    """How many alerts each rule hid, by id; one query."""
    counted = {rule.pk: 0 for rule in rules}
    found = Alert.objects.filter(suppressed_by__in=counted).order_by().values_list("suppressed_by")
    return counted | dict(found.annotate(n=Count("pk")))


def queue_figures(user) -> Mapping[str, int]:
    """How many groups each view holds, as far as that is counted; one query."""
    groups = visible_groups(user)
    return counting.count({name: groups.filter(condition) for name, condition in views_of_queue(user).items()})


# The index leads to the newest alert of each group, and to those of each of its last days.
DAILY = """
    SELECT g.id, back, daily.n FROM unnest(%s::uuid[]) AS g (id)
    CROSS JOIN LATERAL (
        SELECT date_trunc('day', detected_at, 'UTC') AS day FROM alerts_alert
        WHERE group_id = g.id ORDER BY detected_at DESC LIMIT 1
    ) newest CROSS JOIN generate_series(0, %s - 1) AS back
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM alerts_alert WHERE group_id = g.id
        AND detected_at >= newest.day - back * interval '24 hours'
        AND detected_at < newest.day - (back - 1) * interval '24 hours'
    ) daily WHERE daily.n > 0"""


def daily_alerts(groups: Iterable[AlertGroup]) -> dict:
    """For each group the number of alerts detected a day, over the 14 days that end with its newest; one query."""
    keys = [group.pk for group in groups]
    days: dict = {key: [0] * SPARK_DAYS for key in keys}
    with connection.cursor() as cursor:
        cursor.execute(DAILY, [keys, SPARK_DAYS])
        for group, back, count in cursor.fetchall():
            days[group][SPARK_DAYS - 1 - back] = count
    return days


def accounts_of(group: AlertGroup, *, most: int | None = None) -> QuerySet[Account]:
    """The accounts that its alerts name; no more than are looked at while somebody waits for a page, where so asked."""
    return Account.objects.filter(pk__in=_accounts_in(group)[:most])


def _accounts_in(group: AlertGroup) -> QuerySet[GroupAccount, Any]:
    return GroupAccount.objects.filter(group=group).values("account")


def groups_about(user, account: Account) -> QuerySet[AlertGroup]:
    """The groups whose alerts name an account."""
    return visible_groups(user).filter(pk__in=GroupAccount.objects.filter(account=account).values("group"))


def similar(group: AlertGroup, user, *, most: int = 1000) -> list[tuple[AlertGroup, int]]:
    """Other groups with accounts in common, and how many those are; most in common first. At most `most` of its
    accounts are looked at."""
    mine = _accounts_in(group)[:most]
    shared = dict(
        GroupAccount.objects.filter(account__in=mine)
        .exclude(group=group)
        .order_by()
        .values("group")
        .annotate(shared=Count("account"))
        .order_by("-shared", "group")
        .values_list("group", "shared")[:4]
    )
    others = visible_groups(user).select_related(None).in_bulk(list(shared))
    return [(others[pk], count) for pk, count in shared.items() if pk in others]


# --- detectors -------------------------------------------------------------------------------------------------------


@dataclass
class Traffic:
    """A detector, and what came from it."""

    detector: Detector
    alerts: Counted
    items_24h: int = 0
    rejected_24h: int = 0
    last_at: datetime | None = None


def traffic(detectors: QuerySet[Detector]) -> list[Traffic]:
    """Each detector with what came from it, by name; three queries however many there are."""
    newest = Batch.objects.filter(detector=OuterRef("pk")).order_by("-received_at", "-id").values("received_at")
    found = list(detectors.annotate(last_at=Subquery(newest[:1])).order_by("slug"))
    counts = counting.count({str(one.pk): Alert.objects.filter(detector=one) for one in found}, most=ALERTS_COUNTED)
    rows = {one.pk: Traffic(one, counts[str(one.pk)], last_at=one.last_at) for one in found}
    lately = Batch.objects.filter(detector__in=rows, received_at__gte=timezone.now() - timedelta(days=1))
    for pk, items, rejected in lately.order_by().values_list("detector").annotate(n=Sum("items"), no=Sum("rejected")):
        rows[pk].items_24h, rows[pk].rejected_24h = items, rejected
    return list(rows.values())


def keys_of(detector: Detector) -> QuerySet[ApiKey]:
    """The keys of a detector's service account, live ones first."""
    return (
        ApiKey.objects.filter(service_account=detector.service_account_id)
        .select_related("created_by", "revoked_by", "service_account")
        .order_by("-revoked_at", "-created_at")
    )


# --- what detectors sign with ----------------------------------------------------------------------------------------


def signing_keys_in_force(detector: Detector) -> QuerySet[SigningKey]:
    """The keys under which its messages are taken now, the newest first."""
    still = Q(ends_at=None) | Q(ends_at__gt=timezone.now())
    return SigningKey.objects.filter(still, detector=detector).order_by("-since")


def signing(detector: Detector) -> dict[str, Any]:
    """What a detector signs with, when it last did, and what was refused; three queries, each of an index."""
    signed = Batch.objects.filter(detector=detector, idempotency_key__startswith=SIGNED)
    return {
        "signing_keys": SigningKey.objects.filter(detector=detector).order_by("-since"),
        "last_signed": signed.order_by("-received_at").values_list("received_at", flat=True).first(),
        "signature_refusals": SignatureRefusals.objects.filter(detector=detector).first(),
    }
