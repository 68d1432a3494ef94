"""What became of alerts, written down where it is decided, and numbered for those who follow along.

Used by actions, inside them; `publish` by the worker after their commit.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.alerts.models import Alert, AlertGroup, Detector, Verdict, VerdictAlert
from apps.alerts.reliability.precision import RIGHT, WRONG, Precision
from apps.audit import ledger
from apps.core import jobs

LOCK = 0x76657264696374  # "verdict"
PUBLISH = "alerts.publish_verdicts"  # kind of the job that does so

Outcome = Verdict.Outcome


def record(group: AlertGroup, outcome: str, *, by, dismissal: str = "", only: Iterable[Any] | None = None) -> None:
    """Write a verdict for each detector of the group, about the alerts it holds now, and have it told.

    `only` are ids of alerts, where it is about some of them.
    """
    alerts = Alert.objects.filter(group=group)
    if only is not None:
        alerts = alerts.filter(pk__in=list(only))
    earlier = {
        verdict.detector_id: verdict
        for verdict in Verdict.objects.filter(group=group, superseded_by=None).order_by("decided_at", "id")
    }
    last = None
    for detector_id, count in alerts.order_by("detector_id").values_list("detector_id").annotate(n=Count("id")):
        last = ledger.create(
            Verdict,
            group=group,
            detector_id=detector_id,
            outcome=outcome,
            dismissal=dismissal,
            decided_at=timezone.now(),
            decided_by=by.actor,
            alert_count=count,
            supersedes=earlier.get(detector_id) if only is None else None,
            drill=group.drill,
        )
        _attach(last, alerts.filter(detector_id=detector_id))
    if last is not None:
        jobs.after_commit(PUBLISH, last.pk, by=by)


def _attach(verdict: Verdict, alerts: QuerySet[Alert]) -> None:
    picked, params = alerts.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO alerts_verdictalert (verdict_id, detector_id, alert_id)"  # noqa: S608 - Django's own SQL
            f" SELECT %s, %s, alert.id FROM ({picked}) AS alert (id)",
            [verdict.pk, verdict.detector_id, *params],
        )


# --- the feed --------------------------------------------------------------------------------------------------------


def publish() -> list[Verdict]:
    """Give every line that has committed its place in the feed; returns the verdicts that are told of now.

    One at a time, to the end of its transaction: places become visible in their order. Whoever decides never waits for
    this lock. The statement after it sees what has committed until then; what has not gets a later place.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(
            "WITH waiting AS ("
            "  SELECT line.id, row_number() OVER (ORDER BY v.decided_at, v.id, line.alert_id) AS place"
            "  FROM alerts_verdictalert line JOIN alerts_verdict v ON v.id = line.verdict_id"
            "  WHERE line.position IS NULL"
            "), numbered AS ("
            "  UPDATE alerts_verdictalert line SET position = waiting.place"
            "    + (SELECT coalesce(max(position), 0) FROM alerts_verdictalert)"
            "  FROM waiting WHERE line.id = waiting.id RETURNING line.verdict_id"
            ") SELECT DISTINCT verdict_id FROM numbered"
        )
        told = [row[0] for row in cursor.fetchall()]
    return list(Verdict.objects.filter(pk__in=told).select_related("detector", "group").order_by("decided_at", "id"))


def follow(lines: QuerySet[VerdictAlert], *, after: int, limit: int, since: datetime | None) -> list[VerdictAlert]:
    """Up to `limit` lines of the feed behind a position."""
    if since is not None:
        lines = lines.filter(verdict__decided_at__gte=since)
    lines = lines.filter(position__gt=after).select_related("verdict__detector", "alert").defer("alert__payload")
    return list(lines.order_by("position")[:limit])


def said(line: VerdictAlert) -> dict[str, Any]:
    """One line as the detector reads it."""
    verdict = line.verdict
    return {
        "verdict": str(verdict.pk),
        "source": verdict.detector.slug,
        "source_ref": line.alert.source_ref,
        "alert": str(line.alert_id),
        "group": str(verdict.group_id),
    } | summary(verdict)


def summary(verdict: Verdict) -> dict[str, Any]:
    """What was decided, without saying about which alerts."""
    return {
        "outcome": verdict.outcome,
        "reason": verdict.dismissal or None,
        "counts_as": counts_as(verdict),
        "decided_at": verdict.decided_at,
        "supersedes": str(verdict.supersedes_id) if verdict.supersedes_id else None,
        "drill": verdict.drill or None,
    }


def counts_as(verdict: Verdict) -> str | None:
    """How it goes into the detector's measured precision."""
    if verdict.outcome in RIGHT:
        return "true"
    return "false" if verdict.dismissal in WRONG else None


# --- how often a detector is right -----------------------------------------------------------------------------------


def standing_verdicts(detector: Detector) -> QuerySet[Verdict]:
    """The last word on each group. Drills and what was decided before a person restored the detector stay out."""
    return Verdict.objects.filter(detector=detector, superseded_by=None, drill="")


RIGHTLY, WRONGLY = Q(outcome__in=RIGHT), Q(dismissal__in=WRONG)
# Of groups, each once.
COUNTS = {
    "right": Count("group", filter=RIGHTLY, distinct=True),
    "wrong": Count("group", filter=WRONGLY, distinct=True),
    "undetermined": Count("group", filter=~RIGHTLY & ~WRONGLY, distinct=True),
}


def measured(verdicts: QuerySet[Verdict]) -> Precision:
    """One query."""
    return Precision(**verdicts.exclude(outcome=Outcome.REOPENED).order_by().aggregate(**COUNTS))


def of_all() -> dict[Any, Precision]:
    """The whole record of every detector of which something was decided, by its id; one query."""
    found = Verdict.objects.filter(superseded_by=None, drill="").exclude(outcome=Outcome.REOPENED).order_by()
    rows = found.values_list("detector_id").annotate(**COUNTS)
    return {detector: Precision(**dict(zip(COUNTS, counts, strict=True))) for detector, *counts in rows}


def of_detector(detector: Detector) -> Precision:
    """Its whole record."""
    return measured(standing_verdicts(detector))


def that_weigh(detector: Detector) -> Precision:
    """What speaks for or against a demotion: decisions since a person looked at its record last."""
    found = standing_verdicts(detector)
    return measured(found.filter(decided_at__gte=detector.weighed_from) if detector.weighed_from else found)


# An alert is stamped a while before it is committed; those of the last minutes are looked at once more.
UNTOLD = """
    SELECT a.group_id, a.id FROM alerts_alertgroup g
    JOIN LATERAL (
        SELECT max(v.decided_at) - interval '10 minutes' AS since FROM alerts_verdict v WHERE v.group_id = g.id
    ) told ON g.last_received_at > told.since
    JOIN alerts_alert a ON a.group_id = g.id AND a.updated_at > told.since
    WHERE g.state = %s AND NOT EXISTS (
        SELECT FROM alerts_verdictalert line JOIN alerts_verdict v ON v.id = line.verdict_id
        WHERE line.alert_id = a.id AND v.group_id = g.id
    ) LIMIT %s"""


def untold(limit: int = 5000) -> dict[AlertGroup, list[Any]]:
    """Groups in a case, and the ids of alerts that came to them after that was decided."""
    with connection.cursor() as cursor:
        cursor.execute(UNTOLD, [AlertGroup.State.ESCALATED, limit])
        rows = cursor.fetchall()
    groups = AlertGroup.objects.in_bulk({group for group, _ in rows})
    return {groups[key]: [alert for group, alert in rows if group == key] for key in groups}
