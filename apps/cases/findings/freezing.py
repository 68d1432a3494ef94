"""What a finding rests on, frozen with it: for each account its own evidence and the clauses that bound it (R6).

R6  each account in a bulk action has its own evidence row and clause.

An account that is in the case only because it stands near others has nothing of its own; it is named, and left out with
a reason or nothing is found at all. Set-based: 24,000 accounts are frozen in one statement.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count

from apps.accounts import authorisations
from apps.accounts.models import Account
from apps.audit import ledger
from apps.cases import queries
from apps.cases.findings import clauses as grounds
from apps.cases.findings.substance import Claimed, Shown
from apps.cases.models import (
    Case,
    Exhibit,
    Explanation,
    Finding,
    FindingAccount,
    FindingClause,
    FindingElement,
    FindingExhibit,
    FindingExplanation,
    FindingLevel,
    FindingOmission,
)
from apps.cases.queries import own
from apps.core.arrays import plain
from apps.policies.models import Clause, Version

NAMED = 5  # accounts that a refusal names


@dataclass(frozen=True)
class Basis:
    """Whom a finding is about, whom it leaves out, and what is asked of the records for it."""

    accounts: list[UUID]
    omitted: dict[UUID, str]  # account: why
    covered: set[UUID]  # of the accounts: with an authorisation
    params: dict[str, Any]
    told: list[dict[str, Any]]  # the clauses that bound them
    bound: list[grounds.Bound]  # which of these bound which of them, from when to when

    @property
    def count(self) -> int:
        return len(self.accounts)

    @classmethod
    def of(
        cls,
        case: Case,
        named: set[UUID] | None,
        *,
        start: date,
        end: date,
        clauses: Sequence[tuple[Version, Clause]],
        leave_out: str,
        despite_authorisation: str,
    ) -> "Basis":
        """Raises ValidationError that names accounts with nothing of their own, or with leave to do it."""
        members = _members(case, named)
        leave = authorisations.covering(members, start, end, queries.conduct_prohibited(clauses) or None)
        covered = {one.account_id for one in leave}
        omitted = dict.fromkeys(own.without_evidence(case, members, start, end), leave_out)
        if omitted and not leave_out:
            raise ValidationError({"accounts": _nothing_of_their_own(list(omitted))})
        if covered and not despite_authorisation:
            if not leave_out:
                raise ValidationError({"accounts": _authorised(leave)})
            omitted |= dict.fromkeys(covered, leave_out)
        accounts = [account for account in members if account not in omitted]
        if not accounts:
            raise ValidationError({"accounts": "The finding is about no account."})
        params = own.params(case, accounts, start, end)
        told, bound = grounds.binding(accounts, clauses, start, end)
        return cls(accounts, omitted, covered - set(omitted), params, told, bound)


def _members(case: Case, named: set[UUID] | None) -> list[UUID]:
    """The members that the finding is about: those that are named, or all."""
    found = case.members.filter(excluded_at__isnull=True).order_by("id")
    members = list((found if named is None else found.filter(account__in=named)).values_list("account", flat=True))
    if named is not None and len(members) != len(named):
        raise ValidationError({"accounts": "Some of these accounts are not in the case, or were taken out."})
    if not members:
        raise ValidationError({"accounts": "The finding is about no account."})
    return members


def _nothing_of_their_own(accounts: list[UUID]) -> str:
    return (
        f"{_named(accounts)}: nothing speaks about them but that they are in the case. A finding needs evidence of its"
        " own for each account: activity in these days, an alert that names it, or its row in a test. Add it, widen the"
        " days, or leave these accounts out and say why. (R6)"
    )


def _authorised(leave: list[authorisations.Covered]) -> str:
    by = ", ".join(sorted({str(one.authorisation) for one in leave}))
    return (
        f"{_named(sorted({one.account_id for one in leave}))}: an authorisation on record covers them in these days"
        f" ({by}). Leave them out and say why, or say why the authorisation does not cover the conduct."
    )


def _named(accounts: list[UUID]) -> str:
    refs = list(Account.objects.filter(pk__in=accounts[:NAMED]).order_by("ref").values_list("ref", flat=True))
    more = len(accounts) - len(refs)
    return f"{len(accounts):,} accounts ({', '.join(refs)}{f' and {more:,} more' if more else ''})"


# --- written ----------------------------------------------------------------------------------------------------------

WRITE_ACCOUNTS = f"""
    INSERT INTO cases_findingaccount
        (id, finding_id, account_id, queries, first_day, last_day, evidence, clauses, basis_sha256, stands_alone)
    SELECT core_uuid7(), %(finding)s, own.id, own.queries, own.first_day, own.last_day, own.evidence, bound.clauses,
        encode(sha256(convert_to(own.evidence::text || bound.clauses::text, 'UTF8')), 'hex'), own.stands_alone
    FROM ({own.EVIDENCE}) own
    JOIN (
        SELECT account, jsonb_agg(%(told)s::jsonb -> at || jsonb_build_object('from', since, 'until', until,
            'because', why) ORDER BY since, at) AS clauses
        FROM unnest(%(accounts)s::uuid[], %(at)s::int[], %(since)s::date[], %(until)s::date[], %(why)s::text[])
            AS span (account, at, since, until, why)
        GROUP BY account) AS bound ON bound.account = own.id
"""  # noqa: S608 - our own statement


def freeze(
    finding: Finding,
    basis: Basis,
    clauses: Sequence[tuple[Version, Clause]],
    exhibits: list[Exhibit],
    explanations: list[Explanation],
    shown: Sequence[Shown],
    levels: Sequence[Claimed],
) -> None:
    """Write all rows of a finding; raises ValidationError where accounts are left without a clause."""
    with ledger.batch(finding, accounts=basis.count, left_out=len(basis.omitted)) as rows:
        written = rows.run(FindingAccount, WRITE_ACCOUNTS, {"finding": finding.pk, **basis.params, **_bound(basis)})
        if written != basis.count:
            raise ValidationError({"clauses": _unbound(finding, basis)})
        rows.insert(FindingOmission, [_omitted(finding, *pair) for pair in basis.omitted.items()])
        rows.insert(FindingClause, [_quote(finding, version, clause) for version, clause in clauses])
        rows.insert(FindingExhibit, [{"finding_id": finding.pk, "exhibit_id": e.pk} for e in exhibits])
        rows.insert(FindingExplanation, [_considered(finding, e) for e in explanations])
        rows.insert(FindingElement, [_element(finding, n, one) for n, one in enumerate(shown, start=1)])
        rows.insert(FindingLevel, [_level(finding, one) for one in levels])


def _bound(basis: Basis) -> dict[str, Any]:
    """Each clause once, and for every span of time the account that it bound."""
    return {
        "told": json.dumps(basis.told),
        "accounts": plain(str(span.account) for span in basis.bound),
        "at": plain(str(span.told) for span in basis.bound),
        "since": plain(span.since.isoformat() for span in basis.bound),
        "until": plain(span.until.isoformat() for span in basis.bound),
        "why": [span.why for span in basis.bound],
    }


def _unbound(finding: Finding, basis: Basis) -> str:
    bound = {span.account for span in basis.bound}
    rest = [account for account in basis.accounts if account not in bound]
    products = Account.objects.filter(pk__in=rest).order_by("product").values_list("product").annotate(n=Count("id"))
    counts = ", ".join(f"{n:,} of {product or 'no product'}" for product, n in products)
    return (
        f"{_named(rest)}: no clause that is cited bound them while they acted ({counts}). Cite the clause of their"
        " product that was in force, narrow the days, or leave them out of the case with a reason. (R6)"
    )


def _omitted(finding: Finding, account: UUID, why: str) -> dict:
    return {"finding_id": finding.pk, "account_id": account, "why": why}


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


def _element(finding: Finding, ordinal: int, shown: Shown) -> dict:
    return {
        "finding_id": finding.pk,
        "theory": shown.theory,
        "element": shown.element,
        "name": shown.name,
        "standard": shown.standard,
        "is_necessary": shown.is_necessary,
        "confidence": shown.confidence,
        "exhibits": list(shown.exhibits),
        "ordinal": ordinal,
    }


def _level(finding: Finding, claimed: Claimed) -> dict:
    return {
        "finding_id": finding.pk,
        "level": claimed.level,
        "party_id": claimed.party.pk if claimed.party else None,
        "confidence": claimed.confidence,
        "basis": claimed.basis.strip(),
    }
