"""Groups as the database has them: which take alerts now, and what is to be said about them after a batch.

Used by the intake inside its action; writes through the batch that it is given.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

from apps.accounts import queries as accounts
from apps.alerts import facts, grouping, priority
from apps.alerts.grouping import Group, Shared
from apps.alerts.judging import Known
from apps.alerts.models import AlertGroup, Detector
from apps.audit import ledger
from apps.core import prepared
from apps.core.arrays import plain
from apps.core.ids import uuid7
from apps.core.prepared import Answer

TAKING = [AlertGroup.State.OPEN, AlertGroup.State.CLAIMED, AlertGroup.State.ESCALATED]


class Overtaken(Exception):
    """Another request was faster with the same group, alert or account: begin again, and see what it wrote."""


@dataclass
class Said:
    """An alert that is to be written, with what the database knows of the accounts it names."""

    known: Known
    key: str
    accounts: list[str]  # ids
    shared: list[Shared]  # identifiers that may tie its account to others
    p_value: float | None
    hidden_until: datetime | None = None  # by a rule
    is_lost: bool = False  # its key leads nowhere yet


@dataclass
class Touched:
    """A group that gets alerts of this batch."""

    id: str
    key: str
    is_new: bool
    said: list[Said] = field(default_factory=list)

    @property
    def accounts(self) -> set[str]:
        return {account for said in self.said for account in said.accounts}

    @property
    def is_changed(self) -> bool:
        """Whether an alert that it counts already says something else now."""
        return not all(said.known.is_new for said in self.said)


def settle(said: list[Said], by_key: dict[str, Group]) -> dict[str, Touched]:
    """Give each alert its group; returns the groups touched. `by_key` says where keys lead."""
    homes = _homes(said, by_key)
    touched: dict[str, Touched] = {}
    for one in said:
        known, alert = one.known, one.known.news.alert
        if known.group is None or not known.group_takes:
            known.group, known.joined = homes.find(alert, one.key, one.accounts, one.shared)
        if is_new := known.group is None:
            known.group, known.joined = str(uuid7()), ""
        home = touched.setdefault(known.group, Touched(known.group, one.key, is_new))
        home.said.append(one)
        group = Group(known.group, home.key, len(set(one.accounts)), None)
        homes.settle(one.key, one.accounts, one.shared, group)
    return touched


def _homes(said: list[Said], by_key: dict[str, Group]) -> grouping.Homes:
    """The groups that may take these alerts: by key, by account, and by identifiers that few accounts hold."""
    if missing := {one.key for one in said} - by_key.keys():
        by_key |= groups_of(missing)()
    for one in said:
        one.is_lost = one.key not in by_key
    lost = [one for one in said if one.is_lost]  # the others need not be looked at any closer
    holders = accounts.holders({(s.kind, s.value_hmac) for one in lost for s in one.shared}, grouping.RARE + 1)
    named = {account for one in lost for account in one.accounts}
    named |= {account for held in holders.values() for account in held}
    return grouping.Homes(by_key, _by_account(named), defaultdict(set, holders))


GROUP = "g.id::text, g.key, g.account_count, g.window_end"
BY_KEY = f"""
    SELECT k.key, {GROUP} FROM alerts_groupkey k JOIN alerts_alertgroup g ON g.id = k.group_id
    WHERE k.key = ANY(%s::text[]) AND g.state = ANY(%s::text[])"""  # noqa: S608 - our columns
BY_ACCOUNT = f"""
    SELECT m.account_id::text, {GROUP} FROM alerts_groupaccount m JOIN alerts_alertgroup g ON g.id = m.group_id
    WHERE m.account_id = ANY(%s::uuid[]) AND g.state = ANY(%s::text[])"""  # noqa: S608 - our columns


def groups_of(keys: Iterable[str]) -> Answer[dict[str, Group]]:
    """Where these keys lead, by key: to groups that take alerts now."""
    return prepared.ask(lambda rows: {key: Group(*row) for key, *row in rows}, BY_KEY, [sorted(keys), TAKING])


def _by_account(named: set[str]) -> dict[str, set[Group]]:
    found: dict[str, set[Group]] = {}
    if named:
        for account, *row in prepared.send(BY_ACCOUNT, [plain(named), TAKING]).fetchall():
            found.setdefault(account, set()).add(Group(*row))
    return found


# --- what is said about groups ---------------------------------------------------------------------------------------


def fold(rows: ledger.Batch, detector: Detector, touched: dict[str, Touched], now: datetime) -> None:
    """Say of each touched group what its alerts say now; open the new ones. Last in its transaction: it holds locks on
    groups that other requests wait for."""
    locked = _locked([group.id for group in touched.values() if not group.is_new])
    linked = _link(touched)
    stored, joined = locked(), linked()
    said = [one.known for group in touched.values() for one in group.said]
    _unlink({known.was_in for known in said if known.was_in} - touched.keys())
    counted = recount([group.id for group in touched.values() if group.is_changed])
    for group in touched.values():
        if group.id not in counted:
            known = stored[group.id].facts if group.id in stored else facts.empty()
            counted[group.id] = _counted(known, group, joined[group.id])
    detectors = detectors_of(counted.values(), known=detector)
    opened, grown = [], []
    for group in touched.values():
        known_as = stored.get(group.id, Stored(group.key, {}, now))
        row = {"id": group.id, "last_received_at": now} | describe(known_as, counted[group.id], detectors)
        if group.is_new:
            opened.append(row | OPENING | {"key": group.key})
        else:
            grown.append(row)
    rows.insert(AlertGroup, opened)
    update(rows, grown)


class Stored(NamedTuple):
    """A group as it is before this batch."""

    key: str
    facts: dict[str, Any]
    first_received_at: datetime


LOCKED = """
    SELECT id::text, state, key, facts, first_received_at FROM alerts_alertgroup WHERE id = ANY(%s::uuid[])
    ORDER BY id FOR NO KEY UPDATE"""


def _locked(groups: list[str]) -> Answer[dict[str, Stored]]:
    """The groups as they are now, locked in order of their ids so that two requests never wait for each other."""
    return prepared.ask(_as_stored, LOCKED, [plain(groups)])


def _as_stored(rows: list[tuple]) -> dict[str, Stored]:
    if any(state not in TAKING for _, state, *_ in rows):
        raise Overtaken("a group was decided upon")
    return {id_: Stored(key, json.loads(counted), first) for id_, _, key, counted, first in rows}


# What follows from the rows above: which accounts an alert and its group name, and where the next alert of a key goes.
LINK = """
    WITH named AS (
        INSERT INTO alerts_alertaccount (account_id, alert_id)
        SELECT * FROM unnest(%s::uuid[], %s::uuid[]) ON CONFLICT DO NOTHING
    ), led AS (
        INSERT INTO alerts_groupkey AS k (key, group_id) SELECT * FROM unnest(%s::text[], %s::uuid[])
        ON CONFLICT (key) DO UPDATE SET group_id = excluded.group_id WHERE k.group_id <> excluded.group_id
    ), joined AS (
        INSERT INTO alerts_groupaccount (account_id, group_id)
        SELECT * FROM unnest(%s::uuid[], %s::uuid[]) ON CONFLICT DO NOTHING RETURNING account_id, group_id
    )
    SELECT j.group_id::text, a.contract, a.payer_verified
    FROM joined j JOIN accounts_account a ON a.id = j.account_id"""


Joined = dict[str, list[tuple[str, bool | None]]]


def _link(touched: dict[str, Touched]) -> Answer[Joined]:
    """Write the links; gives contract and verified payer of the accounts that are new in each group.

    Sorted, so that two requests which write the same links wait for each other instead of for ever.
    """
    said = [(one, group.id) for group in touched.values() for one in group.said]
    named = sorted({(account, one.known.id) for one, _ in said for account in one.accounts})
    members = sorted({(account, group) for one, group in said for account in one.known.account_ids})
    keys = sorted({one.key: group for one, group in said if one.is_lost}.items())
    links = [*_plain(named), [key for key, _ in keys], plain(group for _, group in keys), *_plain(members)]
    return prepared.ask(_as_joined, LINK, links)


def _as_joined(rows: list[tuple]) -> Joined:
    joined: Joined = defaultdict(list)
    for group, contract, payer_verified in rows:
        joined[group].append((contract, payer_verified))
    return joined


UNLINK = """
    DELETE FROM alerts_groupaccount m WHERE m.group_id = ANY(%s::uuid[]) AND NOT EXISTS (
        SELECT FROM alerts_alert a WHERE a.group_id = m.group_id AND m.account_id = ANY(a.account_ids))"""


def _unlink(left: set[str]) -> None:
    """Alerts left these groups, which somebody had decided upon: their accounts went with them."""
    if left:
        with connection.cursor() as cursor:
            cursor.execute(UNLINK, [plain(sorted(left))])


def _plain(pairs: list[tuple[str, str]]) -> tuple[str, str]:
    return plain(one for one, _ in pairs), plain(other for _, other in pairs)


def _counted(known: dict[str, Any], group: Touched, members: list[tuple[str, bool | None]]) -> dict[str, Any]:
    for one in group.said:
        window = one.known.window_start, one.known.window_end
        facts.add(
            known,
            one.known.news.alert,
            p_value=one.p_value,
            window=tuple(moment and moment.timestamp() for moment in window),
            title=one.known.title,
            hidden_until=one.hidden_until.timestamp() if one.hidden_until else None,
        )
    for contract, payer_verified in members:
        facts.add_member(known, contract, payer_verified)
    return known


OPENING = {
    "state": AlertGroup.State.OPEN,
    "claimed_by_id": None,
    "claimed_at": None,
    "dismissal": "",
    "dismissal_note": "",
    "snooze_count": 0,
}


def update(rows: ledger.Batch, drafts: list[dict[str, Any]]) -> None:
    if not drafts:
        return
    columns = [column for column in drafts[0] if column != "id"]
    rows.send(
        AlertGroup,
        f"UPDATE alerts_alertgroup SET {', '.join(f'{c} = new.{c}' for c in columns)}"  # noqa: S608 - our columns
        " FROM jsonb_populate_recordset(NULL::alerts_alertgroup, %s) AS new WHERE alerts_alertgroup.id = new.id",
        [json.dumps(drafts, default=str)],
    )


def describe(group: Stored, counted: dict[str, Any], detectors: dict[str, Detector]) -> dict[str, Any]:
    """The columns of a group that follow from its facts."""
    rank = priority.rank(_for_priority(counted, [detectors[slug] for slug in counted["detectors"]]))
    severity = counted["worst"] if counted["severity"] is None else counted["severity"]
    members = max(counted["members"], counted["stated"])
    start, end = (moment and datetime.fromtimestamp(moment, UTC) for moment in counted["window"])
    return {
        "title": grouping.title(group.key, counted["alerts"], members, counted["widest"][2]),
        "severity": severity,
        "priority": rank.points,
        "reasons": rank.reasons,
        "kinds": counted["kinds"],
        "detectors": counted["detectors"],
        "alert_count": counted["alerts"],
        "account_count": members,
        "window_start": start,
        "window_end": end,
        "first_received_at": group.first_received_at,
        "hidden_until": _hidden_until(counted),
        "due_at": group.first_received_at + priority.TARGET[severity],
        "drill": counted["drill"],
        "facts": counted,
    }


def _hidden_until(counted: dict[str, Any]) -> datetime | None:
    """When the first of its alerts is shown again; None where one is shown anyway."""
    if counted["hidden"] < counted["alerts"]:
        return None
    return datetime.fromtimestamp(counted["hidden_until"], UTC)


def detectors_of(counted: Iterable[dict[str, Any]], known: Detector | None = None) -> dict[str, Detector]:
    """The detectors that these facts name, by slug. One that is known need not be looked up."""
    found = {known.slug: known} if known else {}
    if slugs := {slug for one in counted for slug in one["detectors"]} - found.keys():
        found |= {detector.slug: detector for detector in Detector.objects.filter(slug__in=slugs)}
    return found


def _for_priority(counted: dict[str, Any], detectors: list[Detector]) -> priority.Facts:
    calibrated = [d for d in detectors if d.calibration_n]
    return priority.Facts(
        severity=counted["worst"] if counted["severity"] is None else counted["severity"],
        accounts=max(counted["members"], counted["stated"]),
        detectors=len(detectors),
        kinds=tuple(counted["kinds"]),
        calibrations=tuple((d.calibration_false_positives or 0, d.calibration_n or 0) for d in calibrated),
        uncalibrated=len(detectors) - len(calibrated),
        demoted=tuple(sorted(d.name for d in detectors if d.demoted_at)),
        log10_lr=counted["log10_lr"],
        p_value=counted["p_value"],
        new_model_share=counted["new_model_share"],
        open_alerts=counted["open"],
        verified_payers=counted["payers"],
        contracts=tuple(sorted(counted["contracts"].items())),
        known_false_positives=tuple(sorted({name for d in detectors for name in d.known_false_positives})),
        untested=tuple(counted["not_tested"]),
        supported=tuple(counted["supported"]),
    )


# --- counted anew ----------------------------------------------------------------------------------------------------

OF_ALERTS = """
    SELECT a.group_id::text, jsonb_build_object(
        'alerts', count(*),
        'open', count(*) FILTER (WHERE a.is_open),
        'severity', max(a.severity) FILTER (WHERE a.is_open),
        'worst', max(a.severity),
        'stated', max(a.account_count),
        'log10_lr', max(a.log10_lr) FILTER (WHERE a.is_open),
        'p_value', min(a.p_value) FILTER (WHERE a.is_open),
        'new_model_share', max(a.new_model_share) FILTER (WHERE a.is_open),
        'drill', max(a.drill),
        'hidden', count(a.suppressed_by_id),
        'hidden_until', extract(epoch FROM min(coalesce(r.ended_at, r.expires_at))),
        'kinds', jsonb_agg(DISTINCT a.kind),
        'detectors', jsonb_agg(DISTINCT d.slug),
        'window', jsonb_build_array(extract(epoch FROM min(a.window_start)), extract(epoch FROM max(a.window_end))),
        'widest', (array_agg(jsonb_build_array(a.account_count, a.severity, a.title)
            ORDER BY a.account_count DESC, a.severity DESC, a.title COLLATE "C" DESC))[1])
    FROM alerts_alert a JOIN alerts_detector d ON d.id = a.detector_id
        LEFT JOIN alerts_suppression r ON r.id = a.suppressed_by_id
    WHERE a.group_id = ANY(%s::uuid[]) GROUP BY a.group_id"""
OF_EXPLANATIONS = """
    SELECT DISTINCT a.group_id::text, one->>'status', one->>'h'
    FROM alerts_alert a CROSS JOIN LATERAL jsonb_array_elements(a.payload::jsonb->'alternatives') AS one
    WHERE a.group_id = ANY(%s::uuid[]) AND a.is_open AND one->>'status' = ANY(%s)"""
OF_ACCOUNTS = """
    SELECT m.group_id::text, c.contract, count(*), count(*) FILTER (WHERE c.payer_verified)
    FROM alerts_groupaccount m JOIN accounts_account c ON c.id = m.account_id
    WHERE m.group_id = ANY(%s::uuid[]) GROUP BY 1, 2"""


def recount(groups: list[str]) -> dict[str, dict[str, Any]]:
    """Facts of each group from its alerts and their accounts; three queries however many groups."""
    if not groups:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(OF_ALERTS, [groups])
        found = {group: facts.empty() | json.loads(counted) for group, counted in cursor.fetchall()}
        for counted in found.values():
            counted["kinds"].sort()  # the database may sort by another alphabet
            counted["detectors"].sort()
        cursor.execute(OF_EXPLANATIONS, [groups, list(facts.STATUSES)])
        for group, status, name in cursor.fetchall():
            found[group][status] = sorted([*found[group][status], name])
        cursor.execute(OF_ACCOUNTS, [groups])
        for group, contract, count, payers in cursor.fetchall():
            if group not in found:
                continue  # decided upon, and its alerts said something new since
            found[group]["members"] += count
            found[group]["payers"] += payers
            if contract:
                found[group]["contracts"][contract] = count
    return found
