"""Groups as the database has them: which take alerts now, and what is to be said about them after a batch.

Used by the intake inside its action and its lock; writes through the batch that it is given.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Q

from apps.alerts import grouping, priority
from apps.alerts.models import Alert, AlertAccount, AlertGroup, Detector
from apps.audit import ledger

TAKING = [AlertGroup.State.OPEN, AlertGroup.State.CLAIMED, AlertGroup.State.ESCALATED]


def homes(said: Iterable) -> grouping.Homes:
    """The groups that may take these alerts: by key, by the key of an alert already in them, and by account."""
    alerts = [one.latest.alert for one in said]
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
    facts = _facts(list(touched))
    drafts = [_describe(group, facts[group], now) for group in touched]
    fresh = [draft | _opening(touched[draft["id"]], now) for draft in drafts if touched[draft["id"]]]
    rows.insert(AlertGroup, fresh)
    _update(rows, [draft for draft in drafts if not touched[draft["id"]]])


def _opening(key: str, now) -> dict[str, Any]:
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
        "title": grouping.title(facts["key"], facts["alerts"], facts["accounts"], facts["widest_title"]),
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


def _facts(groups: list[str]) -> dict[str, dict[str, Any]]:
    """Figures of each group from its alerts and their accounts; a handful of queries however many groups."""
    found = _alert_figures(groups)
    members, contracts, widest, alternatives = (
        _members(groups), _contracts(groups), _widest(groups), _alternatives(groups),
    )  # fmt: skip
    detectors = {
        d.pk: d for d in Detector.objects.filter(pk__in={d for f in found.values() for d in f["detector_ids"]})
    }
    for group, facts in found.items():
        mine = [detectors[pk] for pk in facts["detector_ids"]]
        named, verified = members.get(group, (0, 0))
        facts |= {
            "accounts": max(named, facts["stated_accounts"]),
            "detectors": sorted(d.slug for d in mine),
            "widest_title": widest[group][0],
            "key": widest[group][1],
        }
        facts["priority"] = _for_priority(facts, mine, verified, contracts[group], alternatives[group])
    return found


def _for_priority(
    facts: dict[str, Any], detectors: list[Detector], verified: int, contracts: dict, alternatives: dict
) -> priority.Facts:
    calibrated = [d for d in detectors if d.calibration_n]
    return priority.Facts(
        severity=facts["severity"],
        accounts=facts["accounts"],
        detectors=len(detectors),
        kinds=tuple(facts["kinds"]),
        calibrations=tuple((d.calibration_false_positives, d.calibration_n) for d in calibrated),
        uncalibrated=len(detectors) - len(calibrated),
        log10_lr=facts["log10_lr"],
        p_value=facts["p_value"],
        new_model_share=facts["new_model_share"],
        open_alerts=facts["open_alerts"],
        verified_payers=verified,
        contracts=tuple(sorted(contracts.items())),
        known_false_positives=tuple(sorted({name for d in detectors for name in d.known_false_positives})),
        untested=tuple(sorted(alternatives.get("not_tested", ()))),
        supported=tuple(sorted(alternatives.get("supported", ()))),
    )


def _alert_figures(groups: list[str]) -> dict[str, dict[str, Any]]:
    still = Q(is_open=True)
    rows = (
        Alert.objects.filter(group__in=groups)
        .order_by()
        .values("group_id")
        .annotate(
            alerts=Count("id"),
            open_alerts=Count("id", filter=still),
            highest=Max("severity", filter=still),
            highest_ever=Max("severity"),
            first=Min("received_at"),
            start=Min("window_start"),
            end=Max("window_end"),
            stated=Max("account_count"),
            lr=Max("log10_lr", filter=still),
            p=Min("p_value", filter=still),
            share=Max("new_model_share", filter=still),
            exercise=Max("drill"),
        )
    )
    found = {
        str(row["group_id"]): {
            "alerts": row["alerts"],
            "open_alerts": row["open_alerts"],
            "severity": row["highest_ever"] if row["highest"] is None else row["highest"],
            "first_received_at": row["first"],
            "window_start": row["start"],
            "window_end": row["end"],
            "stated_accounts": row["stated"],
            "log10_lr": row["lr"],
            "p_value": row["p"],
            "new_model_share": row["share"],
            "drill": row["exercise"],
            "kinds": [],
            "detector_ids": [],
        }
        for row in rows
    }
    said_by = (
        Alert.objects.filter(group__in=groups).order_by().values_list("group_id", "kind", "detector_id").distinct()
    )
    for group, kind, detector in said_by:
        facts = found[str(group)]
        facts["kinds"] = sorted({*facts["kinds"], kind})
        facts["detector_ids"] = sorted({*facts["detector_ids"], detector})
    return found


def _members(groups: list[str]) -> dict[str, tuple[int, int]]:
    """(accounts named, of them with a verified payer)."""
    rows = (
        AlertAccount.objects.filter(alert__group__in=groups)
        .order_by()
        .values("alert__group_id")
        .annotate(
            named=Count("account_id", distinct=True),
            verified=Count("account_id", distinct=True, filter=Q(account__payer_verified=True)),
        )
    )
    return {str(row["alert__group_id"]): (row["named"], row["verified"]) for row in rows}


def _contracts(groups: list[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = (
        AlertAccount.objects.filter(alert__group__in=groups)
        .exclude(account__contract="")
        .order_by()
        .values_list("alert__group_id", "account__contract")
        .annotate(accounts=Count("account_id", distinct=True))
    )
    for group, contract, count in rows:
        found[str(group)][contract] = count
    return found


def _widest(groups: list[str]) -> dict[str, tuple[str, str]]:
    """(title of its widest, then most severe alert; key of the group or, before it is there, of that alert)."""
    keys = {str(pk): key for pk, key in AlertGroup.objects.filter(pk__in=groups).values_list("pk", "key")}
    rows = (
        Alert.objects.filter(group__in=groups)
        .order_by("group_id", "-account_count", "-severity", "-updated_at", "-id")
        .distinct("group_id")
        .values_list("group_id", "title", "key")
    )
    return {str(group): (title, keys.get(str(group), key)) for group, title, key in rows}


def _alternatives(groups: list[str]) -> dict[str, dict[str, set[str]]]:
    """By status, the innocent explanations that open alerts name."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT a.group_id, named.value ->> 'status', named.value ->> 'h' FROM alerts_alert a,"
            " jsonb_array_elements(a.alternatives) AS named WHERE a.group_id = ANY(%s::uuid[]) AND a.is_open",
            [groups],
        )
        for group, status, name in cursor.fetchall():
            found[str(group)][status].add(name)
    return found
