"""What letters about a decision rest on, read from the records once: for one letter, or for a part of a mailing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Self
from uuid import UUID

from django.db.models import Max

from apps.accounts.models import Acceptance, Account
from apps.alerts.models import Kind as AlertKind
from apps.cases.findings.wording import Ground
from apps.cases.models import Decision, Exhibit, Finding, FindingAccount, FindingClause, FindingExplanation
from apps.cases.queries import clauses_of_finding, exhibits_of_finding, ground_of_finding
from apps.notices.models import Notice, NoticeTemplate


@dataclass(frozen=True)
class Basis:
    """A decision and what its finding says: the same for every letter about it."""

    decision: Decision
    exhibits: tuple[Exhibit, ...]
    clauses: tuple[FindingClause, ...]
    explanations: tuple[FindingExplanation, ...]
    has_alerts: bool
    is_reported: bool
    ground: Ground

    @classmethod
    def of(cls, decision: Decision) -> Self:
        finding = decision.finding
        groups = finding.case.groups
        explanations = finding.explanations.select_related("explanation").order_by("explanation__raised_at", "id")
        return cls(
            decision=decision,
            exhibits=tuple(row.exhibit for row in exhibits_of_finding(finding)),
            clauses=tuple(clauses_of_finding(finding)),
            explanations=tuple(explanations),
            has_alerts=groups.exists(),
            is_reported=groups.filter(group__alerts__kind=AlertKind.EXTERNAL_REPORT).exists(),
            ground=ground_of_finding(finding),
        )

    @property
    def finding(self) -> Finding:
        return self.decision.finding

    def cited_for(self, account: Account) -> list[FindingClause]:
        """The clauses of the account's own terms, or all where it has none."""
        own = [row for row in self.clauses if row.version.document.service == account.product]
        return own or list(self.clauses)


@dataclass(frozen=True)
class OnRecord:
    """What letters say of one account alone."""

    figures: FindingAccount
    warned_on: date | None = None  # the last warning that went to it
    accepted: dict[UUID, date] = field(default_factory=dict)  # by document, the last time up to the end of the conduct

    @property
    def account(self) -> Account:
        return self.figures.account

    def accepted_all(self, cited: list[FindingClause]) -> date | None:
        """The day by which it had accepted every document that is cited; None when one acceptance is missing."""
        days = [self.accepted.get(row.version.document_id) for row in cited]
        known = [day for day in days if day]
        return max(known) if known and len(known) == len(days) else None


def on_record(finding: Finding, accounts: Iterable[Account]) -> list[OnRecord]:
    """What is on record of accounts of a finding, in the order of their ids, in as many queries for many as for one."""
    of_finding = finding.accounts.filter(account__in=accounts).select_related("account")
    rows = list(of_finding.order_by("account_id"))
    warned, accepted = _warnings(rows), _acceptances(rows, finding.conduct_to)
    return [OnRecord(row, warned.get(row.account_id), accepted.get(row.account_id, {})) for row in rows]


def _warnings(rows: list[FindingAccount]) -> dict[UUID, date]:
    issued = Notice.objects.filter(kind=NoticeTemplate.Kind.WARNING, state=Notice.State.ISSUED)
    found = issued.filter(account__in=[row.account_id for row in rows]).order_by().values_list("account")
    return {account: at.date() for account, at in found.annotate(at=Max("issued_at"))}


def _acceptances(rows: list[FindingAccount], until: date) -> dict[UUID, dict[UUID, date]]:
    accepted = Acceptance.objects.filter(account__in=[row.account_id for row in rows], accepted_at__date__lte=until)
    found: dict[UUID, dict[UUID, date]] = {}
    for account, document, at in accepted.order_by().values_list("account", "document").annotate(at=Max("accepted_at")):
        found.setdefault(account, {})[document] = at.date()
    return found
