"""The case itself: opened, described, given to somebody, closed, and opened again."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.models import Ring
from apps.alerts import actions as alerts
from apps.alerts.models import AlertGroup
from apps.audit import ledger
from apps.audit.action import action
from apps.cases.actions.members import add_group, add_ring
from apps.cases.findings import readiness
from apps.cases.models import Case, Decision, Finding
from apps.cases.standards.measures import AGAINST_NOBODY
from apps.cases.workflow import TARGETS
from apps.core.ids import next_reference

State = Case.State


@action
def open_case(
    *, title: str, severity: int, by, kind: str = Case.Kind.EXTRACTION, summary: str = "", drill: str = ""
) -> Case:
    """A new case, held by whoever opens it."""
    return _open(title=title, severity=severity, kind=kind, summary=summary, drill=drill, by=by)


@action
def open_case_from_group(group: AlertGroup, *, title: str, by, reason: str = "") -> Case:
    """A new case about an alert group: the group is escalated and its accounts are the case's first members."""
    case = _open(title=title, severity=group.severity, kind=Case.Kind.EXTRACTION, summary="", drill=group.drill, by=by)
    add_group(case, group=group, reason=reason, by=by)
    return case


@action
def open_case_from_ring(ring: Ring, *, title: str, severity: int, by) -> Case:
    """A new case about a ring: its present members are the case's first."""
    case = _open(title=title, severity=severity, kind=Case.Kind.EXTRACTION, summary="", drill="", by=by)
    add_ring(case, ring=ring, by=by)
    return case


def _open(*, title: str, severity: int, kind: str, summary: str, drill: str, by) -> Case:
    if not title.strip():
        raise ValidationError({"title": "Give the case a title: who or what, and what is suspected."})
    now = timezone.now()
    return ledger.create(
        Case,
        ref=next_reference("CASE", now.year),
        title=title.strip(),
        summary=summary.strip(),
        kind=kind,
        severity=severity,
        drill=drill,
        assignee=by,
        opened_by=by,
        opened_at=now,
        due_at=now + TARGETS[State.TRIAGE],
    )


@action
def start_investigation(case: Case, *, by) -> None:
    """From triage to investigation. Raises ValidationError naming what is missing."""
    readiness.refuse_if_missing(case)
    enter(case, State.INVESTIGATION)


@action
def describe(
    case: Case,
    *,
    by,
    title: str | None = None,
    summary: str | None = None,
    severity: int | None = None,
    tlp: str | None = None,
) -> None:
    """Change what the case says of itself; what is None stays."""
    values = {"title": title, "summary": summary, "severity": severity, "tlp": tlp}
    if title is not None and not title.strip():
        raise ValidationError({"title": "A case has a title."})
    ledger.change(case, **{name: value for name, value in values.items() if value is not None})


@action
def assign(case: Case, *, to, by, reason: str = "") -> None:
    """Give the case to somebody who may work on it."""
    if not to.has_perm("cases.view", case):
        raise ValidationError({"to": f"{to} does not work on cases."})
    ledger.change(case, assignee=to)


@action
def close_case(case: Case, *, closure: str, note: str, by) -> None:
    """End the case with its reason. "Acted on" needs an approved decision; nothing may be waiting for review."""
    if not note.strip():
        raise ValidationError({"note": "Say in a sentence or two why the case ends here."})
    if case.findings.filter(state=Finding.State.PROPOSED).exists():
        raise ValidationError("A finding waits for its review: confirm, reject or withdraw it first.")
    if case.decisions.filter(state__in=Decision.OPEN).exists():
        raise ValidationError("A decision waits for its review: approve or reject it first.")
    acted = case.decisions.filter(state=Decision.State.APPROVED).exclude(action__in=AGAINST_NOBODY).exists()
    if acted != (closure == Case.Closure.ACTED) and closure != Case.Closure.MERGED:
        raise ValidationError(
            {"closure": "A decision was approved: the case was acted on." if acted else "No decision was approved."}
        )
    ledger.change(
        case,
        state=State.CLOSED,
        closed_at=timezone.now(),
        closure=closure,
        closure_note=note.strip(),
    )
    if closure == Case.Closure.BENIGN:
        _tell_detectors(case, dismissal=AlertGroup.Dismissal.BENIGN, by=by)


def _tell_detectors(case: Case, *, dismissal: str, by) -> None:
    """What the case was opened on turned out otherwise, and weighs on the record of whose alerts it was (R17)."""
    for row in case.groups.select_related("group").order_by("added_at"):
        alerts.correct_verdict(row.group, dismissal=dismissal, by=by)


@action
def reopen_case(case: Case, *, reason: str, by) -> None:
    """Back to the investigation, because something new came up."""
    if not reason.strip():
        raise ValidationError({"reason": "Say what is new."})
    if case.closure == Case.Closure.BENIGN:
        _tell_detectors(case, dismissal="", by=by)
    ledger.change(
        case,
        state=State.INVESTIGATION,
        due_at=timezone.now() + TARGETS[State.INVESTIGATION],
        closed_at=None,
        closure="",
        closure_note="",
    )


def enter(case: Case, state: str) -> None:
    """Take a case to a state and start that state's clock."""
    ledger.change(case, state=state, due_at=timezone.now() + TARGETS[State(state)])
