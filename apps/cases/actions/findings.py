"""Findings: what was concluded, on what ground. Proposed by one person, reviewed by another.

Everything a finding rests on is frozen with it: its accounts, each with its own evidence and clauses, the elements and
what shows them, the levels of attribution, the quoted clauses, and what was made of each explanation. What happens to
the case later does not change what was concluded.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.cases import queries
from apps.cases.actions.cases import enter
from apps.cases.claims import grading
from apps.cases.findings import clauses as grounds
from apps.cases.findings import readiness, substance, wording
from apps.cases.findings.freezing import Basis, freeze
from apps.cases.findings.substance import Claimed, Shown
from apps.cases.models import Case, Exhibit, Explanation, Finding, Level
from apps.cases.models.finding import Confidence
from apps.cases.standards.alternatives import REGISTER
from apps.cases.standards.theories import CONDUCT, DATA, THEORIES
from apps.core.ids import next_reference
from apps.policies.models import Clause, Version

State = Finding.State
SURE = frozenset({Confidence.VERY_LIKELY, Confidence.ALMOST_CERTAIN})


@action
def propose_finding(
    case: Case,
    *,
    conduct: str,
    conduct_from: date,
    conduct_to: date,
    confidence: str,
    limits: str,
    clauses: Sequence[tuple[Version, Clause]],
    exhibits: Iterable[Exhibit],
    explanations: Iterable[Explanation],
    by,
    accounts: Literal["all"] | Iterable[UUID | str] = "all",
    theories: Sequence[str] = (CONDUCT,),
    elements: Iterable[Shown] | None = None,
    levels: Sequence[Claimed] = (),
    leave_out: str = "",
    despite_authorisation: str = "",
) -> Finding:
    """Conclude that accounts did something that clauses in force forbid, how likely that is, and what stays open.

    Without `elements`, each exhibit shows what it was entered to show. Accounts of which nothing speaks but their place
    in the case are left out with the reason `leave_out`; so are those with an authorisation, unless
    `despite_authorisation` says why it does not cover the conduct.

    Refused with reasons while anything is missing (see `readiness`), when a clause was not in force throughout the
    conduct, when an account has no clause or no evidence of its own, when words or confidence claim more than the
    evidence carries (see `substance`).
    """
    exhibits, explanations = list(exhibits), list(explanations)
    readiness.refuse_if_missing(case)
    _check_period(conduct_from, conduct_to)
    _check_basis(case, exhibits, explanations, confidence)
    shown = _elements(theories, exhibits, confidence, elements)
    _check_levels(case, confidence, levels)
    wording.check(conduct=conduct, limits=limits, ground=queries.ground(case, exhibits))
    grounds.check_in_force(clauses, conduct_from, conduct_to)
    basis = Basis.of(
        case,
        None if accounts == "all" else {UUID(str(account)) for account in accounts},
        start=conduct_from,
        end=conduct_to,
        clauses=clauses,
        leave_out=leave_out.strip(),
        despite_authorisation=despite_authorisation.strip(),
    )
    finding = ledger.create(
        Finding,
        case=case,
        ref=next_reference("F", timezone.now().year),
        conduct=conduct.strip(),
        conduct_from=conduct_from,
        conduct_to=conduct_to,
        confidence=confidence,
        limits=limits.strip(),
        account_count=basis.count,
        despite_authorisation=despite_authorisation.strip() if basis.covered else "",
        standards={"alternatives": REGISTER.version, "theories": DATA.version, "likelihood": "icd-203"},
        proposed_by=by,
        proposed_at=timezone.now(),
    )
    account_level = Claimed(Level.ACCOUNT, confidence, "The exhibits of this finding.")
    freeze(finding, basis, clauses, exhibits, explanations, shown, [account_level, *levels])
    enter(case, Case.State.FINDING)
    return finding


def _check_period(start: date, end: date) -> None:
    if start > end:
        raise ValidationError({"conduct_to": "The conduct ends before it begins."})
    if end > timezone.now().date() + timedelta(days=1):
        raise ValidationError({"conduct_to": "The conduct lies in the future."})


def _check_basis(case: Case, exhibits: list[Exhibit], explanations: list[Explanation], confidence: str) -> None:
    if not exhibits:
        raise ValidationError({"exhibits": "Choose the exhibits that carry it."})
    grading.refuse_captures_alone(exhibits)
    if not explanations:
        raise ValidationError({"explanations": "Choose the explanations that were considered."})
    if any(part.case_id != case.pk for part in (*exhibits, *explanations)):
        raise ValidationError("Exhibits and explanations are those of this case.")
    if left_out := set(case.explanations.values_list("pk", flat=True)) - {e.pk for e in explanations}:
        raise ValidationError(
            {"explanations": f"{len(left_out)} raised explanations are left out: a finding considers them all."}
        )
    if problems := substance.unsubstantiated(confidence, exhibits, explanations):
        raise ValidationError({"confidence": problems})
    open_ones = [e for e in explanations if e.status != Explanation.Status.REFUTED]
    if confidence in SURE and open_ones:
        raise ValidationError(
            {"confidence": f"More than “likely” does not go with an open explanation: {open_ones[0]}."}
        )


def _elements(
    theories: Sequence[str], exhibits: list[Exhibit], confidence: str, said: Iterable[Shown] | None
) -> list[Shown]:
    if unknown := [name for name in theories if name not in THEORIES]:
        raise ValidationError({"theories": f"There is no theory “{unknown[0]}”: {', '.join(THEORIES)}."})
    shown = substance.elements(theories, exhibits, confidence, said)
    known = {exhibit.number for exhibit in exhibits}
    if foreign := sorted({number for one in shown for number in one.exhibits} - known):
        raise ValidationError({"elements": f"E{foreign[0]} is no exhibit that carries this finding."})
    if silent := [one.name for one in shown if one.exhibits and not one.confidence]:
        raise ValidationError({"elements": f"Say how sure it is: {silent[0]}."})
    if problems := substance.weak_links(confidence, shown):
        raise ValidationError({"confidence": problems})
    return shown


def _check_levels(case: Case, confidence: str, levels: Sequence[Claimed]) -> None:
    if problems := substance.broken_chain(confidence, levels):
        raise ValidationError({"levels": problems})
    for one in levels:
        if not one.basis.strip():
            raise ValidationError({"levels": f"Say what “{Level(one.level).label}” rests on."})
        if one.party is not None and one.party.case_id != case.pk:
            raise ValidationError({"levels": "The party belongs to another case."})
        if one.level == Level.ORGANISATION and one.party is None:
            raise ValidationError({"levels": "Name the organisation as a party of the case first."})
        wording.check_sentence(one.basis, field="levels", ground=queries.ground(case))


@action
def confirm_finding(finding: Finding, *, by, note: str = "") -> None:
    """Another person than the proposer agrees; a decision may follow."""
    exhibits = [row.exhibit for row in queries.exhibits_of_finding(finding)]
    considered = finding.explanations.all()
    if problems := substance.unsubstantiated(finding.confidence, exhibits, list(considered)):
        raise ValidationError(problems)
    _review(finding, State.CONFIRMED, note, by)
    enter(finding.case, Case.State.DECISION)


@action
def reject_finding(finding: Finding, *, reason: str, by) -> None:
    """Another person does not agree, and says why; the investigation goes on."""
    if not reason.strip():
        raise ValidationError({"reason": "Say what is missing or wrong, so that the investigation can go on."})
    _review(finding, State.REJECTED, reason, by)
    enter(finding.case, Case.State.INVESTIGATION)


@action
def withdraw_finding(finding: Finding, *, reason: str, by) -> None:
    """Take a proposal back before it was reviewed."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why it is withdrawn."})
    ledger.change(finding, state=State.WITHDRAWN, review_note=reason.strip())
    enter(finding.case, Case.State.INVESTIGATION)


def _review(finding: Finding, state: str, note: str, by) -> None:
    ledger.change(finding, state=state, reviewed_by=by, reviewed_at=timezone.now(), review_note=note.strip())
