"""Decisions: what the provider does about a confirmed finding. Proposed by one person, approved by another, and, where
much depends on it, released by a third one."""

import re
from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action as verb
from apps.cases import queries
from apps.cases.actions.cases import enter
from apps.cases.findings.wrongful import Expected, few
from apps.cases.models import Case, Decision, Finding
from apps.cases.standards.measures import MEASURES, Measure
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
    territory: Sequence[str] = (),
    requests_per_day: int | None = None,
    rollback: str = "",
    private_notes: str = "",
    overrides: Decision | None = None,
    acknowledged: str | float | None = None,
) -> Decision:
    """Propose a measure against the finding's accounts, with the number of them it is expected to hit wrongly.

    Accounts that were taken out of the case since the finding are not met. Both numbers are frozen with the proposal.
    Whoever acts on several accounts writes down that number, `acknowledged` (R16); nobody is terminated for standing
    near others (R5). Without a `rollback` it is undone as such measures are. `overrides` is a decision of the same case
    that holds until this one does.
    """
    measure = _measure(action)
    _refuse_half(reasoning, scope, starts_on, ends_on)
    countries = _countries(action, territory)
    if (action == Decision.Action.LIMIT) == (requests_per_day is None):
        raise ValidationError({"requests_per_day": "A limit, and nothing else, says how many requests a day are left."})
    if overrides:
        _refuse_override(finding, overrides)
    accounts = queries.accounts_of_finding(finding).count()
    if not accounts:
        raise ValidationError("Every account of the finding was taken out of the case: there is nothing to act on.")
    if action == Decision.Action.TERMINATE:
        _refuse_membership_alone(finding)
    wrongful = queries.wrongful_of(finding, accounts) if measure.against else MEETS_NOBODY
    is_bulk = accounts > 1 and measure.against
    if is_bulk:
        _refuse_unacknowledged(wrongful, accounts, acknowledged)
    return ledger.create(
        Decision,
        case=finding.case,
        finding=finding,
        ref=next_reference("D", timezone.now().year),
        action=action,
        scope=scope.strip(),
        territory=countries,
        requests_per_day=requests_per_day,
        starts_on=starts_on,
        ends_on=ends_on,
        rollback=rollback.strip() or measure.rollback,
        reasoning=reasoning.strip(),
        private_notes=private_notes.strip(),
        overrides=overrides,
        account_count=accounts,
        expected_wrongful=wrongful.value,
        expected_wrongful_basis=wrongful.basis,
        acknowledged_wrongful=wrongful.value if is_bulk else None,
        proposed_by=by,
        proposed_at=timezone.now(),
    )


MEETS_NOBODY = Expected(0, 0, 0, "It is a measure against nobody.")


def _measure(action: str) -> Measure:
    if action not in MEASURES:
        raise ValidationError({"action": f"There is no measure “{action}”."})
    return MEASURES[action]


def _refuse_half(reasoning: str, scope: str, starts_on: date, ends_on: date | None) -> None:
    if not reasoning.strip():
        raise ValidationError({"reasoning": "Give the reasons as the letter will: why this measure, and why not less."})
    if not scope.strip():
        raise ValidationError({"scope": "Say what exactly is done, and where."})
    if ends_on and ends_on <= starts_on:
        raise ValidationError({"ends_on": "The measure ends before it starts."})


def _countries(action: str, territory: Sequence[str]) -> list[str]:
    """In order, each once."""
    countries = sorted({country.strip().upper() for country in territory})
    if wrong := [country for country in countries if not re.fullmatch("[A-Z]{2}", country)]:
        raise ValidationError({"territory": f"“{wrong[0]}” is no country: write two letters, such as DE or FR."})
    if action == Decision.Action.REGION_BLOCK and not countries:
        raise ValidationError({"territory": "Name the countries that are blocked."})
    return countries


def _refuse_override(finding: Finding, overridden: Decision) -> None:
    if overridden.case_id != finding.case_id:
        raise ValidationError({"overrides": f"{overridden.ref} is a decision of another case."})
    if overridden.state != State.APPROVED:
        state = overridden.get_state_display().lower()
        raise ValidationError({"overrides": f"Only what holds is overridden; {overridden.ref} is {state}."})
    if other := overridden.overridden_by.exclude(state=State.REJECTED).first():
        raise ValidationError({"overrides": f"{other.ref} is proposed to override it already."})


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
    """Another person than the proposer agrees: it holds, unless so much depends on it that a third one releases it."""
    if why := _held_for(decision):
        hold_decision(decision, why=why, note=note, by=by)
        return
    _review(decision, State.APPROVED, note, by)
    _take_hold(decision, by)


@verb
def hold_decision(decision: Decision, *, why: str, by, note: str = "") -> None:
    """It is approved and does not hold yet: no letter, no order, until a third person released it."""
    ledger.change(
        decision,
        state=State.HELD,
        held_for=why,
        reviewed_by=by,
        reviewed_at=timezone.now(),
        review_note=note.strip(),
    )


def _held_for(decision: Decision) -> str:
    if decision.measure.weighs:
        return f"A decision to {decision.get_action_display().lower()} has a high impact."
    if decision.measure.against and decision.account_count > settings.DECISION_HELD_ABOVE:
        return f"It meets {decision.account_count:,} accounts, more than {settings.DECISION_HELD_ABOVE:,}."
    return ""


@verb
def release_decision(decision: Decision, *, by, note: str = "") -> None:
    """A third person agrees to what was held: it holds."""
    _release(decision, State.APPROVED, note, by)
    _take_hold(decision, by)


@verb
def refuse_release(decision: Decision, *, reason: str, by) -> None:
    """A third person does not agree to what was held, and says why."""
    if not reason.strip():
        raise ValidationError({"reason": SAY_WHY})
    _release(decision, State.REJECTED, reason, by)


@verb
def reject_decision(decision: Decision, *, reason: str, by) -> None:
    """Another person does not agree, and says why; another decision may be proposed."""
    if not reason.strip():
        raise ValidationError({"reason": SAY_WHY})
    _review(decision, State.REJECTED, reason, by)


SAY_WHY = "Say why, so that a better decision can be proposed."


@verb
def override_decision(decision: Decision, *, by) -> None:
    """A later decision takes its place: nothing starts from this one any more, and no letter about it goes out."""
    ledger.change(decision, state=State.OVERRIDDEN)


def _review(decision: Decision, state: str, note: str, by) -> None:
    ledger.change(decision, state=state, reviewed_by=by, reviewed_at=timezone.now(), review_note=note.strip())


def _release(decision: Decision, state: str, note: str, by) -> None:
    ledger.change(decision, state=state, released_by=by, released_at=timezone.now(), release_note=note.strip())


def _take_hold(decision: Decision, by) -> None:
    """Whoever is met may be told now, and what was decided before gives way."""
    if decision.overrides:
        override_decision(decision.overrides, by=by)
    if decision.case.state == Case.State.DECISION:
        enter(decision.case, Case.State.NOTICE)
