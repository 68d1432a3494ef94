"""Decisions: what the provider does about a confirmed finding. Proposed by one person, approved by another."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action as verb
from apps.cases import queries
from apps.cases.actions.cases import enter
from apps.cases.models import Case, Decision, Finding
from apps.core.ids import next_reference

State = Decision.State


@verb
def propose_decision(
    finding: Finding,
    *,
    action: str,
    scope: str,
    starts_on: date,
    by,
    reasoning: str,
    ends_on: date | None = None,
) -> Decision:
    """Propose a measure against the finding's accounts, with the number of them it is expected to hit wrongly.

    Accounts that were taken out of the case since the finding are not met. Both numbers are frozen with the proposal.
    """
    if not reasoning.strip():
        raise ValidationError({"reasoning": "Give the reasons as the letter will: why this measure, and why not less."})
    if not scope.strip():
        raise ValidationError({"scope": "Say what exactly is done, and where."})
    if ends_on and ends_on <= starts_on:
        raise ValidationError({"ends_on": "The measure ends before it starts."})
    accounts = queries.accounts_of_finding(finding).count()
    if not accounts:
        raise ValidationError("Every account of the finding was taken out of the case: there is nothing to act on.")
    exhibits = [row.exhibit for row in queries.exhibits_of_finding(finding)]
    wrongful = queries.expected_wrongful(finding.case, accounts, exhibits)
    return ledger.create(
        Decision,
        case=finding.case,
        finding=finding,
        ref=next_reference("D", timezone.now().year),
        action=action,
        scope=scope.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        reasoning=reasoning.strip(),
        account_count=accounts,
        expected_wrongful=wrongful.value,
        expected_wrongful_basis=wrongful.basis,
        proposed_by=by,
        proposed_at=timezone.now(),
    )


@verb
def approve_decision(decision: Decision, *, by, note: str = "") -> None:
    """Another person than the proposer agrees; notices may be written."""
    _review(decision, State.APPROVED, note, by)
    if decision.case.state == Case.State.DECISION:
        enter(decision.case, Case.State.NOTICE)


@verb
def reject_decision(decision: Decision, *, reason: str, by) -> None:
    """Another person does not agree, and says why; another decision may be proposed."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why, so that a better decision can be proposed."})
    _review(decision, State.REJECTED, reason, by)


def _review(decision: Decision, state: str, note: str, by) -> None:
    ledger.change(decision, state=state, reviewed_by=by, reviewed_at=timezone.now(), review_note=note.strip())
