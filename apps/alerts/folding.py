"""Groups as the database has them: which take alerts now, and what is to be said about them after a batch.

Used by the intake inside its action and its lock; writes through the batch that it is given.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Count

from apps.alerts import grouping, priority
from apps.alerts.models import Alert, AlertAccount, AlertGroup, Detector
from apps.audit import ledger

TAKING = [AlertGroup.State.OPEN, AlertGroup.State.CLAIMED, AlertGroup.State.ESCALATED]


def homes(said: Iterable) -> grouping.Homes:
    """The groups that may take these alerts: by key, by the key of an alert already in them, and by account."""
    alerts = [one.news.alert for one in said]
    keys = {grouping.key(alert) for alert in alerts}
    refs = {ref for alert in alerts for ref in alert.subject.accounts}
    by_key = {
        key: str(group)
        for key, group in Alert.objects.filter(key__in=keys, group__state__in=TAKING)
        .order_by("key", "id")
        .distinct("key")
        .values_list("key", "group_id")
    }
    # A group that waits for a decision goes before one in a case: it is unique for its key.
    by_key |= {
        key: str(group)
        for key, group in AlertGroup.objects.filter(key__in=keys, state__in=TAKING)
        .order_by("state", "id")  # claimed, escalated, open; the last one wins
        .values_list("key", "id")
    }
    return grouping.Homes(by_key, _ties(refs))


def _ties(refs: set[str]) -> dict[str, Counter]:
    """For each account the groups that name it together with others."""
    ties: dict[str, Counter] = defaultdict(Counter)
    if not refs:
        return ties
    rows = (
        AlertAccount.objects.filter(
            account__ref__in=refs, alert__group__state__in=TAKING, alert__group__account_count__gt=1
        )
        .exclude(alert__group__key__startswith="model:")
        .values_list("account__ref", "alert__group_id")
        .annotate(times=Count("id"))
    )
    for ref, group, times in rows:
        ties[ref][str(group)] = times
    return ties


def refresh(rows: ledger.Batch, touched: dict[str, str | None], now) -> None:
    """Say of each touched group what its alerts say now; open those that have a key in `touched`."""
    facts = _facts(touched)
    drafts = [_describe(group, facts[group], now) for group in touched]
    fresh = [draft | _opening(touched[draft["id"]]) for draft in drafts if touched[draft["id"]]]
    rows.insert(AlertGroup, fresh)
    _update(rows, [draft for draft in drafts if not touched[draft["id"]]])


def _opening(key: str | None) -> dict[str, Any]:
    return {
        "key": key,
        "state": AlertGroup.State.OPEN,
        "claimed_by_id": None,
        "claimed_at": None,
        "dismissal": "",
        "dismissal_note": "",
    }


def _update(rows: ledger.Batch, drafts: list[dict[str, Any]]) -> None:
    if not drafts:
        return
    columns = [column for column in drafts[0] if column not in ("id", "first_received_at")]
    rows.run(
        AlertGroup,
        f"UPDATE alerts_alertgroup SET {', '.join(f'{c} = new.{c}' for c in columns)}"  # noqa: S608 - our columns
        " FROM jsonb_populate_recordset(NULL::alerts_alertgroup, %s) AS new WHERE alerts_alertgroup.id = new.id",
        [ledger.canonical({"rows": drafts})[len('{"rows":') : -1].decode()],
    )


def _describe(group: str, facts: dict[str, Any], now) -> dict[str, Any]:
    rank = priority.rank(facts["priority"])
    first = facts["first_received_at"]
    return {
        "id": group,
        "title": grouping.title(facts["key"], facts["alerts"], facts["accounts"], facts["widest"]),
        "severity": facts["severity"],
        "priority": rank.points,
        "reasons": rank.reasons,
        "kinds": facts["kinds"],
        "detectors": facts["detectors"],
        "alert_count": facts["alerts"],
        "account_count": facts["accounts"],
        "window_start": facts["window_start"],
        "window_end": facts["window_end"],
        "first_received_at": first.isoformat(),
        "last_received_at": now.isoformat(),
        "due_at": (first + priority.TARGET[facts["severity"]]).isoformat(),
        "drill": facts["drill"],
    }


# --- what the alerts of groups say -----------------------------------------------------------------------------------

# One pass over the alerts and one over the accounts they name: for a small request the round trips are the cost.
OF_ALERTS = """
    SELECT a.group_id::text AS "group",
           max(g.key) AS key,
           count(*) AS alerts,
           count(*) FILTER (WHERE a.is_open) AS open_alerts,
           coalesce(max(a.severity) FILTER (WHERE a.is_open), max(a.severity)) AS severity,
           min(a.received_at) AS first_received_at,
           min(a.window_start) AS window_start,
           max(a.window_end) AS window_end,
           max(a.account_count) AS stated_accounts,
           max(a.log10_lr) FILTER (WHERE a.is_open) AS log10_lr,
           min(a.p_value) FILTER (WHERE a.is_open) AS p_value,
           max(a.new_model_share) FILTER (WHERE a.is_open) AS new_model_share,
           max(a.drill) AS drill,
           array_agg(DISTINCT a.kind::text) AS kinds,
           array_agg(DISTINCT a.detector_id) AS detector_ids,
           array_agg(DISTINCT a.alternatives::text) FILTER (WHERE a.is_open) AS alternatives,
           (array_agg(a.title ORDER BY a.account_count DESC, a.severity DESC, a.updated_at DESC))[1] AS widest
    FROM alerts_alert a LEFT JOIN alerts_alertgroup g ON g.id = a.group_id
    WHERE a.group_id = ANY(%s::uuid[]) GROUP BY a.group_id"""
OF_ACCOUNTS = """
    SELECT named.group_id::text, c.contract, count(*), count(*) FILTER (WHERE c.payer_verified)
    FROM (SELECT DISTINCT a.group_id, n.account_id FROM alerts_alert a JOIN alerts_alertaccount n ON n.alert_id = a.id
          WHERE a.group_id = ANY(%s::uuid[])) AS named
    JOIN accounts_account c ON c.id = named.account_id GROUP BY 1, 2"""


def _facts(groups: dict[str, str | None]) -> dict[str, dict[str, Any]]:
    """Figures of each group from its alerts and their accounts; three queries however many groups."""
    with connection.cursor() as cursor:
        cursor.execute(OF_ALERTS, [list(groups)])
        names = [column.name for column in cursor.description]
        found = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
        cursor.execute(OF_ACCOUNTS, [list(groups)])
        members: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
        for group, *figures in cursor.fetchall():
            members[group].append(tuple(figures))
    detectors = Detector.objects.in_bulk({pk for facts in found.values() for pk in facts["detector_ids"]})
    for group, facts in found.items():
        mine = [detectors[pk] for pk in facts["detector_ids"]]
        facts["key"] = facts["key"] or groups[group]
        facts["kinds"].sort()
        facts["detectors"] = sorted(detector.slug for detector in mine)
        facts["accounts"] = max(sum(count for _, count, _ in members[group]), facts["stated_accounts"])
        facts["priority"] = _for_priority(facts, mine, members[group])
    return found


def _for_priority(
    facts: dict[str, Any], detectors: list[Detector], members: list[tuple[str, int, int]]
) -> priority.Facts:
    calibrated = [d for d in detectors if d.calibration_n]
    alternatives = _alternatives(facts["alternatives"] or [])
    return priority.Facts(
        severity=facts["severity"],
        accounts=facts["accounts"],
        detectors=len(detectors),
        kinds=tuple(facts["kinds"]),
        calibrations=tuple((d.calibration_false_positives or 0, d.calibration_n or 0) for d in calibrated),
        uncalibrated=len(detectors) - len(calibrated),
        log10_lr=facts["log10_lr"],
        p_value=facts["p_value"],
        new_model_share=facts["new_model_share"],
        open_alerts=facts["open_alerts"],
        verified_payers=sum(verified for _, _, verified in members),
        contracts=tuple(sorted((contract, count) for contract, count, _ in members if contract)),
        known_false_positives=tuple(sorted({name for d in detectors for name in d.known_false_positives})),
        untested=tuple(sorted(alternatives["not_tested"])),
        supported=tuple(sorted(alternatives["supported"])),
    )


def _alternatives(texts: list[str]) -> dict[str, set[str]]:
    """By status, the innocent explanations that open alerts name."""
    found: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        for one in json.loads(text):
            found[one["status"]].add(one["h"])
    return found
