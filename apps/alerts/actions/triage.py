"""What people do with a group: take it, give it back, dismiss it with a reason, or take it into a case."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.alerts import queries, regrouping, verdicts
from apps.alerts.models import AlertGroup, Verdict
from apps.alerts.reliability.standing import why_not_alone
from apps.audit import ledger
from apps.audit.action import action

State = AlertGroup.State
FREE = {
    "claimed_by": None,
    "claimed_at": None,
    "snoozed_until": None,
    "snoozed_severity": None,
    "snoozed_by": None,
}


@action
def claim(group: AlertGroup, *, by) -> None:
    """Take a free group: nobody else decides on it until it is released. A snooze is over with that."""
    ledger.change(group, **FREE | {"state": State.CLAIMED, "claimed_by": by, "claimed_at": timezone.now()})


@action
def take_next(*, by) -> AlertGroup:
    """Claim the most urgent free group. Two who ask at the same time get two different ones.

    Raises ValidationError when nothing waits.
    """
    group = (
        AlertGroup.objects.filter(queries.waiting())
        .order_by("-priority", "-id")
        .select_for_update(skip_locked=True, no_key=True)
        .first()
    )
    if group is None:
        raise ValidationError("Nothing waits in the queue: every group is claimed or decided.")
    claim(group, by=by)
    return group


@action
def release(group: AlertGroup, *, by) -> None:
    """Give a claimed group back to the queue."""
    ledger.change(group, state=State.OPEN, claimed_by=None, claimed_at=None)


@action
def dismiss(group: AlertGroup, *, dismissal: str, note: str = "", by) -> None:
    """Decide that a group needs no case, and why. New alerts of its key open a new group."""
    if dismissal not in AlertGroup.Dismissal.values:
        raise ValidationError("Choose why it is dismissed.")
    ledger.change(group, state=State.DISMISSED, dismissal=dismissal, dismissal_note=note)
    regrouping.lead_home(group)
    verdicts.record(group, Verdict.Outcome.DISMISSED, dismissal=dismissal, by=by)


@action
def reopen(group: AlertGroup, *, by, reason: str = "") -> None:
    """Take a dismissal back. Refused while a newer group of the same key waits."""
    ledger.change(group, state=State.OPEN, dismissal="", dismissal_note="", **FREE)
    regrouping.lead_back(group)
    verdicts.record(group, Verdict.Outcome.REOPENED, by=by)


@action
def escalate(group: AlertGroup, *, by, reason: str = "") -> None:
    """Mark a group as taken into a case; later alerts of its key keep coming to it.

    Raises ValidationError without a `reason` where no detector in it is calibrated and in good standing: then nothing
    but the person's own judgement carries the step, and it has to be said.
    """
    if not reason.strip() and (doubt := why_not_alone(group)):
        raise ValidationError({"reason": f"{doubt} Say what else convinces you."})
    ledger.change(group, state=State.ESCALATED)
    verdicts.record(group, Verdict.Outcome.IN_CASE, by=by)
