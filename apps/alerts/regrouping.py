"""What follows when people move alerts between groups: which accounts the groups name, where the next alert of a key
goes, and what is said about each group.

Used inside actions; groups are locked before anything is read, in order of their ids.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from apps.alerts import facts, folding, grouping
from apps.alerts.models import Alert, AlertGroup, GroupKey, Merge
from apps.audit import ledger
from apps.core.arrays import plain

TAKING = folding.TAKING
UNDECIDED = [AlertGroup.State.OPEN, AlertGroup.State.CLAIMED]


def lock(*groups: AlertGroup) -> None:
    """Hold the groups, and read them as they are now."""
    ids = [group.pk for group in groups]
    list(AlertGroup.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    for group in groups:
        group.refresh_from_db()


def home(group: AlertGroup) -> AlertGroup:
    """Where a merged group's alerts are now: what it was merged into may have been merged itself."""
    while group.merged_into is not None:
        group = group.merged_into
    return group


def move(rows: ledger.Batch, alerts: Iterable[str], to: AlertGroup) -> None:
    sql = "UPDATE alerts_alert SET group_id = %s WHERE id = ANY(%s::uuid[])"
    rows.run(Alert, sql, [to.pk, plain(alerts)])


def lead(keys: Sequence[str], to: AlertGroup) -> None:
    """The next alerts of these keys go to this group."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO alerts_groupkey (key, group_id) SELECT unnest(%s::text[]), %s"
            " ON CONFLICT (key) DO UPDATE SET group_id = excluded.group_id",
            [sorted(keys), to.pk],
        )


def lead_home(group: AlertGroup) -> None:
    """Keys that led to a group which takes no alerts any more lead to the undecided groups that bear them: without this
    the next alert of such a key would try to open a second one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alerts_groupkey k SET group_id = g.id FROM alerts_alertgroup g"
            " WHERE k.group_id = %s AND g.key = k.key AND g.id <> k.group_id AND g.state = ANY(%s)",
            [group.pk, UNDECIDED],
        )


def lead_back(group: AlertGroup) -> None:
    """A group is in the queue again: its own key leads to it, unless to another group that takes alerts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alerts_groupkey k SET group_id = %s FROM alerts_alertgroup g"
            " WHERE k.key = %s AND g.id = k.group_id AND g.state <> ALL(%s)",
            [group.pk, group.key, TAKING],
        )


LINK = """
    INSERT INTO alerts_groupaccount (account_id, group_id)
    SELECT DISTINCT m.account_id, a.group_id FROM alerts_alert a JOIN alerts_alertaccount m ON m.alert_id = a.id
    WHERE a.group_id = ANY(%s::uuid[])"""


def relink(groups: Iterable[AlertGroup]) -> None:
    """Write anew which accounts the groups name."""
    ids = [str(group.pk) for group in groups]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM alerts_groupaccount WHERE group_id = ANY(%s::uuid[])", [ids])
        cursor.execute(LINK, [ids])


def retell(rows: ledger.Batch, groups: dict[AlertGroup, dict[str, Any]]) -> None:
    """Say of each group what its alerts say now; `groups` has the columns that change besides. One that holds none any
    more keeps its name and its rank, so that it is known again."""
    ids = [str(group.pk) for group in groups]
    counted = folding.recount(ids)
    detectors = folding.detectors_of(counted.values())
    for group, columns in groups.items():
        row: dict[str, Any] = {"id": str(group.pk)}
        if known := counted.get(str(group.pk)):
            stored = folding.Stored(group.key, {}, columns.get("first_received_at", group.first_received_at))
            row |= folding.describe(stored, known, detectors)
        else:
            row |= {"facts": facts.empty(), "alert_count": 0, "account_count": 0}
        folding.update(rows, [row | columns])


FREE = {
    "state": AlertGroup.State.OPEN,
    "claimed_by_id": None,
    "claimed_at": None,
    "merged_into_id": None,
    "snoozed_until": None,
    "snoozed_severity": None,
    "snoozed_by_id": None,
}


def part_key(group: AlertGroup, keys: set[str]) -> str:
    """The key of what is split off: the one that its alerts have in common, if no undecided group bears it; else the
    group's own, numbered."""
    common = keys.copy().pop() if len(keys) == 1 else group.key
    base = grouping.whole(common)
    borne = set(
        AlertGroup.objects.filter(key__startswith=base[: grouping.KEY_LENGTH - 20]).values_list("key", flat=True)
    )
    if common != group.key and common not in borne:
        return common
    return next(part for number in range(2, len(borne) + 3) if (part := grouping.part(base, number)) not in borne)


def why(alerts: Sequence[Alert]) -> dict[Any, str]:
    """Why each of these alerts is in its group, as a sentence, by id; one query. They are of one group."""
    if not alerts:
        return {}
    group = alerts[0].group
    came = Merge.objects.filter(undone_at=None, alert_ids__overlap=[alert.pk for alert in alerts])
    said = {alert.pk: _why(alert, group) for alert in alerts}
    for merge in came.select_related("group", "merged_by").order_by("-merged_at"):
        for pk in said.keys() & set(merge.alert_ids):
            said[pk] = f"It came with “{merge.group}”, which {merge.merged_by} merged into this group."
    return said


def _why(alert: Alert, group: AlertGroup | None) -> str:
    if group is not None and group.split_from is not None:
        return f"It was split off from “{group.split_from}”, or its key leads here since."
    return alert.joined or grouping.in_words(alert.key)


def keys_of(group: AlertGroup) -> list[str]:
    """The keys whose next alert goes to this group."""
    return sorted(GroupKey.objects.filter(group=group).values_list("key", flat=True))


def merged_here(group: AlertGroup) -> list[Merge]:
    """The merges into this group that can be taken back, the newest first."""
    merges = Merge.objects.filter(into=group, undone_at=None).defer("alert_ids", "keys")
    return list(merges.select_related("group", "merged_by").order_by("-merged_at"))
