"""Groups that people put together or take apart. Alerts stay what they are: only the group that they are in changes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.db.models import Min
from django.utils import timezone

from apps.alerts import regrouping
from apps.alerts.models import Alert, AlertGroup, Merge
from apps.audit import ledger
from apps.audit.action import Forbidden, action
from apps.core.ids import uuid7

State = AlertGroup.State


@action(shared=True)
def merge(group: AlertGroup, *, into: AlertGroup, by, reason: str = "") -> Merge:
    """Put a group's alerts into another group, which takes the next alerts of its keys too; `unmerge` takes them back.

    Raises ValidationError where the two cannot be one: the same, drill and real, decided, or somebody else's.
    """
    with _both_held(group, into, verb="alerts.merge", by=by):
        _refuse(group, into, by)
        ids = [str(pk) for pk in group.alerts.order_by("pk").values_list("pk", flat=True)]
        record: dict[str, Any] = {
            "id": str(uuid7()),
            "group_id": str(group.pk),
            "into_id": str(into.pk),
            "alert_ids": ids,
            "keys": regrouping.keys_of(group),
            "merged_at": timezone.now().isoformat(),
            "merged_by_id": str(by.pk),
        }
        with ledger.batch(group, into=into.title, into_id=str(into.pk), alerts=len(ids)) as rows:
            rows.insert(Merge, [record])
            regrouping.move(rows, ids, into)
            regrouping.lead(record["keys"], into)
            gone = regrouping.FREE | {"state": State.MERGED, "merged_into_id": str(into.pk)}
            grown = {
                "first_received_at": min(group.first_received_at, into.first_received_at),
                "last_received_at": max(group.last_received_at, into.last_received_at),
            }
            regrouping.relink((group, into))
            regrouping.retell(rows, {group: gone, into: grown})
        ledger.note(into, took=group.title, group=str(group.pk), alerts=len(ids))
    for one in (group, into):
        one.refresh_from_db()
    return Merge.objects.get(pk=record["id"])


def _refuse(group: AlertGroup, into: AlertGroup, by) -> None:
    if group == into:
        raise ValidationError("A group cannot be merged into itself: choose another one.")
    if into.state not in regrouping.TAKING:
        raise ValidationError(f"“{into}” is {into.get_state_display().lower()} and takes no alerts any more.")
    if group.drill != into.drill:
        raise ValidationError("A drill and real alerts are never mixed.")
    if into.state == State.CLAIMED and into.claimed_by_id != by.pk:
        raise ValidationError(f"{into.claimed_by} holds “{into}”: ask for it first.")


@action(shared=True)
def unmerge(group: AlertGroup, *, by, reason: str = "") -> int:
    """Take a merge back: exactly the alerts that came with the group return to it, and it waits in the queue again.

    Those that somebody split off since stay where they are. Returns how many came back.
    """
    into = regrouping.home(group)
    with _both_held(group, into, verb="alerts.unmerge", by=by):
        if into != regrouping.home(group):
            raise ValidationError("The groups were merged further at this moment: try again.")
        if into.state not in regrouping.TAKING:
            raise ValidationError(f"“{into}” is {into.get_state_display().lower()}: look at it again first.")
        if into.state == State.CLAIMED and into.claimed_by_id != by.pk:
            raise ValidationError(f"{into.claimed_by} holds “{into}”: ask for it first.")
        merged = group.merges.get(undone_at=None)
        back = Alert.objects.filter(pk__in=merged.alert_ids, group=into)
        ids = [str(pk) for pk in back.order_by("pk").values_list("pk", flat=True)]
        if not ids:
            raise ValidationError(f"None of the alerts that came with it is in “{into}” any more.")
        if not into.alerts.exclude(pk__in=ids).exists():
            raise ValidationError(f"“{into}” holds no other alerts: there is nothing to take apart.")
        keys = sorted(set(regrouping.keys_of(into)).intersection(merged.keys))
        with ledger.batch(group, out_of=into.title, into_id=str(into.pk), alerts=len(ids)) as rows:
            rows.run(
                Merge,
                "UPDATE alerts_merge SET undone_at = %s, undone_by_id = %s WHERE id = %s",
                [timezone.now(), by.pk, merged.pk],
            )
            regrouping.move(rows, ids, group)
            regrouping.lead(keys, group)
            left = {"first_received_at": _first_of_rest(into)}
            regrouping.relink((group, into))
            regrouping.retell(rows, {group: regrouping.FREE, into: left})
            regrouping.lead_back(group)
        ledger.note(into, gave_back=group.title, group=str(group.pk), alerts=len(ids))
    for one in (group, into):
        one.refresh_from_db()
    return len(ids)


@action(shared=True)
def split(group: AlertGroup, *, alerts: Iterable[UUID], by, reason: str = "") -> AlertGroup:
    """Take these of its alerts into a group of their own, which the next alerts of their keys follow; `merge` puts it
    back. Returns the new group. Raises ValidationError for no alert, all of them, or one that is not in the group."""
    chosen = {str(pk) for pk in alerts}
    with _both_held(group, verb="alerts.split", by=by):
        found = list(Alert.objects.filter(group=group, pk__in=chosen).values_list("pk", "key"))
        if not found:
            raise ValidationError("Choose the alerts that are to go into a group of their own.")
        if len(found) != len(chosen):
            raise ValidationError("Some of these alerts are not in the group any more: load the page again.")
        if len(found) == group.alerts.count():
            raise ValidationError("These are all its alerts: at least one stays behind, or there is nothing to split.")
        keys = {key for _, key in found}
        opened = _opened(group, regrouping.part_key(group, keys))
        with ledger.batch(group, alerts=len(found), into_id=opened["id"]) as rows:
            rows.insert(AlertGroup, [opened])
            part = AlertGroup.objects.get(pk=opened["id"])
            regrouping.move(rows, [str(pk) for pk, _ in found], part)
            regrouping.lead(sorted(keys), part)
        with ledger.batch(part, out_of=group.title, group=str(group.pk), alerts=len(found)) as rows:
            first = {one: {"first_received_at": _first_of_rest(one)} for one in (group, part)}
            regrouping.relink((group, part))
            regrouping.retell(rows, first)
    for one in (group, part):
        one.refresh_from_db()
    return part


def _opened(group: AlertGroup, key: str) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "key": key,
        "title": group.title,
        "state": State.OPEN,
        "severity": group.severity,
        "priority": 0,
        "reasons": [],
        "kinds": [],
        "detectors": [],
        "alert_count": 0,
        "account_count": 0,
        "first_received_at": group.first_received_at,
        "last_received_at": group.last_received_at,
        "due_at": group.due_at,
        "drill": group.drill,
        "facts": {},
        "dismissal": "",
        "dismissal_note": "",
        "split_from_id": str(group.pk),
        "snooze_count": 0,
    }


def _first_of_rest(group: AlertGroup) -> datetime:
    """When the first of the alerts that it holds now came; never before the group itself was opened."""
    first = group.alerts.aggregate(first=Min("received_at"))["first"]
    return max(first, group.first_received_at)


@contextmanager
def _both_held(*groups: AlertGroup, verb: str, by) -> Iterator[None]:
    """Lock all groups at once, in one order, and ask again for permission to do this to the first."""
    try:
        regrouping.lock(*groups)
        if not by.has_perm(verb, groups[0]):
            raise Forbidden(verb, by)
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != "40P01":  # a deadlock, of which PostgreSQL ended this side
            raise
        raise ValidationError("Alerts of these groups came in at this very moment: try again.") from error
