"""Findings: what was concluded, on what ground. Proposed by one person, reviewed by another.

Everything a finding rests on is frozen with it: its accounts with their own figures, the quoted clauses, the exhibits,
and what was made of each explanation. What happens to the case later does not change what was concluded.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.cases import clauses as grounds
from apps.cases import grading, readiness, wording
from apps.cases.actions.cases import enter
from apps.cases.models import (
    Case,
    CaseAccount,
    Exhibit,
    Explanation,
    Finding,
    FindingAccount,
    FindingClause,
    FindingExhibit,
    FindingExplanation,
)
from apps.cases.models.finding import Confidence
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
) -> Finding:
    """Conclude that accounts did something that clauses in force forbid, how likely that is, and what stays open.

    Refused with reasons while anything is missing (see `readiness`), when a clause was not in force throughout the
    conduct, when an account's product has no clause, when words claim more than the evidence carries.
    """
    exhibits, explanations = list(exhibits), list(explanations)
    named = None if accounts == "all" else {UUID(str(account)) for account in accounts}
    readiness.refuse_if_missing(case)
    _check_period(conduct_from, conduct_to)
    _check_basis(case, exhibits, explanations, confidence)
    wording.check(conduct=conduct, limits=limits, elements={exhibit.element for exhibit in exhibits})
    grounds.check_in_force(clauses, conduct_from, conduct_to)
    finding = ledger.create(
        Finding,
        case=case,
        ref=next_reference("F", timezone.now().year),
        conduct=conduct.strip(),
        conduct_from=conduct_from,
        conduct_to=conduct_to,
        confidence=confidence,
        limits=limits.strip(),
        account_count=_count(case, named),
        proposed_by=by,
        proposed_at=timezone.now(),
    )
    _freeze(finding, named, clauses, exhibits, explanations)
    grounds.check_products(finding, clauses)
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
    if confidence not in SURE:
        return
    if len({exhibit.dependency_group for exhibit in exhibits}) < readiness.LINES_FOR_SURE:
        raise ValidationError({"confidence": "More than “likely” needs two independent lines of evidence."})
    if open_ones := [e for e in explanations if e.status != Explanation.Status.REFUTED]:
        raise ValidationError(
            {"confidence": f"More than “likely” does not go with an open explanation: {open_ones[0]}."}
        )


def _present(case: Case, named: set[UUID] | None) -> QuerySet[CaseAccount]:
    """The members that the finding is about: those that are named, or all."""
    found = case.members.filter(excluded_at__isnull=True)
    return found if named is None else found.filter(account__in=named)


def _count(case: Case, named: set[UUID] | None) -> int:
    count = _present(case, named).count()
    if named is not None and count != len(named):
        raise ValidationError({"accounts": "Some of these accounts are not in the case, or were taken out."})
    if not count:
        raise ValidationError({"accounts": "The finding is about no account."})
    return count


def _freeze(
    finding: Finding,
    named: set[UUID] | None,
    clauses: Sequence[tuple[Version, Clause]],
    exhibits: list[Exhibit],
    explanations: list[Explanation],
) -> None:
    members, params = _present(finding.case, named).order_by().values("account").query.sql_with_params()
    with ledger.batch(finding, accounts=finding.account_count) as rows:
        rows.run(
            FindingAccount,
            "INSERT INTO cases_findingaccount (id, finding_id, account_id, queries, first_day, last_day)"  # noqa: S608
            " SELECT core_uuid7(), %s, member.id, sum(a.queries), min(a.day), max(a.day)"
            f" FROM ({members}) AS member (id) LEFT JOIN accounts_activity a"
            " ON a.account_id = member.id AND a.queries > 0 AND a.day BETWEEN %s AND %s GROUP BY member.id",
            [finding.pk, *params, finding.conduct_from, finding.conduct_to],
        )
        rows.insert(FindingClause, [_quote(finding, version, clause) for version, clause in clauses])
        rows.insert(FindingExhibit, [{"finding_id": finding.pk, "exhibit_id": e.pk} for e in exhibits])
        rows.insert(FindingExplanation, [_considered(finding, e) for e in explanations])


def _quote(finding: Finding, version: Version, clause: Clause) -> dict:
    return {
        "finding_id": finding.pk,
        "version_id": version.pk,
        "clause_id": clause.pk,
        "quote": clause.content,
        "quote_sha256": sha256(clause.content.encode()).hexdigest(),
    }


def _considered(finding: Finding, explanation: Explanation) -> dict:
    return {
        "finding_id": finding.pk,
        "explanation_id": explanation.pk,
        "status": explanation.status,
        "conclusion": explanation.conclusion,
    }


@action
def confirm_finding(finding: Finding, *, by, note: str = "") -> None:
    """Another person than the proposer agrees; a decision may follow."""
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
