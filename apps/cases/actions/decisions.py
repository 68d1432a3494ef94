"""Decisions: what the provider does about a confirmed finding. Proposed by one person, approved by another."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action as verb
from apps.cases import queries
from apps.cases.actions.cases import enter
from apps.cases.findings.wrongful import Expected, few
from apps.cases.models import Case, Decision, Finding
from apps.core.ids import next_reference

State = Decision.State
NAMED = 5  # accounts that a refusal names


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
    acknowledged: str | float | None = None,
) -> Decision:
    """Propose a measure against the finding's accounts, with the number of them it is expected to hit wrongly.

    Accounts that were taken out of the case since the finding are not met. Both numbers are frozen with the proposal.
    Whoever acts on several accounts writes down that number, `acknowledged` (R16); nobody is terminated for standing
    near others (R5).
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
    if action == Decision.Action.TERMINATE:
        _refuse_membership_alone(finding)
    wrongful = queries.wrongful_of(finding, accounts)
    if accounts > 1:
        _refuse_unacknowledged(wrongful, accounts, acknowledged)
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
        acknowledged_wrongful=wrongful.value if accounts > 1 else None,
        proposed_by=by,
        proposed_at=timezone.now(),
    )


def _refuse_membership_alone(finding: Finding) -> None:
    """R5: no termination on cluster membership or network/IP evidence alone."""
    near = queries.accounts_of_finding(finding).filter(stands_alone=False)
    if not (count := near.count()):
        return
    refs = ", ".join(near.order_by("account__ref").values_list("account__ref", flat=True)[:NAMED])
    raise ValidationError(
        {
            "action": f"{count:,} accounts ({refs}{', …' if count > NAMED else ''}) would be terminated for standing in"
            " a cluster or behind a network alone. Add what each of them did (an alert about itself, its row in a"
            " test), take them out of the case, or choose a measure that can be undone. (R5)"
        }
    )


def _refuse_unacknowledged(wrongful: Expected, accounts: int, acknowledged: str | float | None) -> None:
    """R16: expected wrongful actions are shown and acknowledged."""
    if acknowledged is None or str(acknowledged).strip() == "":
        said = "Nobody wrote down"
    elif few(wrongful.value) != _few(acknowledged):
        said = f"“{acknowledged}” is not"
    else:
        return
    raise ValidationError(
        {
            "acknowledged": f"{said} how many of the {accounts:,} accounts are expected to be hit wrongly. Read how"
            f" it is computed, and write down {few(wrongful.value)}. (R16)"
        }
    )


def _few(number: str | float) -> str:
    try:
        return few(float(str(number).replace(",", "").strip()))
    except ValueError:
        return ""


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
