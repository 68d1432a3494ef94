"""What happened, as the records and the trail tell it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db.models import Max, Min, QuerySet

from apps.alerts.models import Alert
from apps.audit.anchors.state import State, state_of_case
from apps.audit.models import Event
from apps.cases.models import (
    Case,
)
from apps.cases.queries.members import Figures, figures


@dataclass(frozen=True)
class Moment:
    """Something that happened, on one of four lanes. `at` is a day or a time (UTC); an anchor divides the story."""

    at: datetime
    lane: str
    text: str
    anchor: bool = False
    is_day: bool = False


# What a verb means on the timeline; those that are not here are in the trail alone.
ON_THE_TIMELINE = {
    "cases.open_case": ("response", "Case opened"),
    "cases.open_case_from_group": ("response", "Case opened"),
    "cases.start_investigation": ("response", "Investigation begun"),
    "cases.add_exhibit": ("response", "Exhibit added"),
    "cases.propose_finding": ("legal", "Finding proposed"),
    "cases.confirm_finding": ("legal", "Finding confirmed"),
    "cases.reject_finding": ("legal", "Finding not confirmed"),
    "cases.withdraw_finding": ("legal", "Finding withdrawn"),
    "cases.propose_decision": ("legal", "Decision proposed"),
    "cases.approve_decision": ("legal", "Decision approved"),
    "cases.reject_decision": ("legal", "Decision not approved"),
    "cases.hold_decision": ("legal", "Decision approved, and held for a third person"),
    "cases.release_decision": ("legal", "Decision released"),
    "cases.refuse_release": ("legal", "Decision not released"),
    "cases.close_case": ("response", "Case closed"),
    "cases.reopen_case": ("response", "Case opened again"),
    "notices.approve_notice": ("legal", "Notice approved"),
    "notices.issue_notice": ("legal", "Notice issued"),
    "disclosures.release_report": ("legal", "Report released"),
}
LANES = ("adversary", "detection", "response", "legal")


def timeline(case: Case, known: Figures | None = None) -> list[Moment]:
    """What happened, oldest first: activity, detection, and what the trail says was done. One line an act.

    `known` are the case's figures where they were counted already: over many accounts that takes its time.
    """
    counted = known or figures(case)
    told = []
    if counted.first_day and counted.last_day:
        told += [
            Moment(_midnight(counted.first_day), "adversary", "First activity", anchor=True, is_day=True),
            Moment(_midnight(counted.last_day), "adversary", "Last activity recorded", is_day=True),
        ]
    alerts = Alert.objects.filter(group__in_case__case=case).aggregate(
        first=Min("detected_at"), last=Max("detected_at")
    )
    if alerts["first"]:
        told.append(Moment(alerts["first"], "detection", "First detection", anchor=True))
    if alerts["last"] and alerts["last"] != alerts["first"]:
        told.append(Moment(alerts["last"], "detection", "Latest detection"))
    acts = Event.objects.filter(case_id=case.pk, action__in=ON_THE_TIMELINE).order_by("act_uuid", "case_seq")
    for at, verb in acts.distinct("act_uuid").values_list("occurred_at", "action"):
        lane, text = ON_THE_TIMELINE[verb]
        told.append(Moment(at, lane, text, anchor=verb in ANCHORS))
    return sorted(told, key=lambda moment: moment.at)


ANCHORS = {
    "cases.open_case",
    "cases.open_case_from_group",
    "cases.approve_decision",
    "cases.release_decision",
    "cases.close_case",
}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def events(case: Case) -> QuerySet[Event]:
    """The case's entries in the trail, newest first when ordered by `-case_seq`."""
    return Event.objects.filter(case_id=case.pk)


def anchored(case: Case) -> State:
    """How far the entries of the case have come on their way outside."""
    return state_of_case(case.pk)
