"""What speaks about each account itself, and not only about those it stands near (R5, R6)."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.models import Account
from apps.cases.models import Case
from apps.core.arrays import plain

# What these alerts say of an account is where it stands: in a cluster, behind a network (R5).
OF_PLACE = ("linkage", "region", "synchrony")

# What speaks about each account itself: its activity in the period, alerts of the case's groups, rows of test runs that
# are exhibits. One row an account that has anything.
EVIDENCE = """
    SELECT member.id,
        done.queries, done.first_day, done.last_day,
        jsonb_strip_nulls(jsonb_build_object(
            'activity', done.told, 'alerts', alerted.told, 'runs', tested.told)) AS evidence,
        coalesce(alerted.of_itself, false) OR tested.told IS NOT NULL AS stands_alone
    FROM unnest(%(members)s::uuid[]) AS member (id)
    LEFT JOIN (
        SELECT account_id, sum(queries) AS queries, min(day) AS first_day, max(day) AS last_day,
            jsonb_build_object('queries', sum(queries), 'days', count(DISTINCT day), 'first_day', min(day),
                'last_day', max(day)) AS told
        FROM accounts_activity WHERE queries > 0 AND day BETWEEN %(start)s AND %(end)s
            AND account_id = ANY(%(members)s::uuid[])
        GROUP BY account_id) AS done ON done.account_id = member.id
    LEFT JOIN (
        SELECT account_id, jsonb_object_agg(kind, n) AS told, bool_or(kind <> ALL(%(of_place)s)) AS of_itself
        FROM (
            SELECT about.account_id, alert.kind, count(*) AS n
            FROM cases_casegroup part
            JOIN alerts_alert alert ON alert.group_id = part.group_id
            JOIN alerts_alertaccount about ON about.alert_id = alert.id
            WHERE part.case_id = %(case)s GROUP BY 1, 2) AS by_kind
        GROUP BY account_id) AS alerted ON alerted.account_id = member.id
    LEFT JOIN (
        SELECT result.account_id, jsonb_agg(jsonb_build_object('run', run.ref, 'exhibit', exhibit.number,
                'p', result.p_value, 'p_holm', result.p_holm) ORDER BY exhibit.number) AS told
        FROM cases_exhibit exhibit
        JOIN evidence_testrun run ON run.item_id = exhibit.item_id
        JOIN evidence_accountresult result ON result.run_id = run.id AND result.outcome = 'supports'
            AND result.account_id = ANY(%(members)s::uuid[])
        WHERE exhibit.case_id = %(case)s GROUP BY 1) AS tested ON tested.account_id = member.id
"""

BARE = f"SELECT id FROM ({EVIDENCE}) own WHERE evidence = '{{}}'"  # noqa: S608 - our own statement


def params(case: Case, accounts: Iterable[UUID], start: date, end: date) -> dict[str, Any]:
    members = plain(str(account) for account in accounts)
    return {"case": case.pk, "members": members, "start": start, "end": end, "of_place": list(OF_PLACE)}


def without_evidence(case: Case, accounts: Iterable[UUID], start: date, end: date) -> list[UUID]:
    """Those of the accounts that nothing speaks about but their place in the case."""
    with connection.cursor() as cursor:
        cursor.execute(BARE, params(case, accounts, start, end))
        return [row[0] for row in cursor.fetchall()]


def members_without_evidence(case: Case, start: date, end: date) -> list[str]:
    """References of the case's members of whom this is so, in order."""
    present = list(case.members.filter(excluded_at__isnull=True).values_list("account", flat=True))
    bare = without_evidence(case, present, start, end)
    return list(Account.objects.filter(pk__in=bare).order_by("ref").values_list("ref", flat=True))
