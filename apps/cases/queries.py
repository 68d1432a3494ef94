"""What a person may see of cases, and the figures of a case. Nothing here writes."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from apps.accounts.models import Account, Activity
from apps.alerts.models import Detector
from apps.cases.models import (
    Case,
    CaseAccount,
    CaseGroup,
    CaseNote,
    Decision,
    Exhibit,
    Explanation,
    Finding,
    FindingAccount,
    FindingExhibit,
    Task,
)
from apps.cases.strength import Combined, Weighed, combine
from apps.cases.wrongful import Calibration, Expected, expected
from apps.policies import queries as policies
from apps.policies.models import Clause, Document, Version
from apps.staff.models import User


def visible_cases(user) -> QuerySet[Case]:
    return Case.objects.all() if user.has_perm("cases.view") else Case.objects.none()


def visible_findings(user) -> QuerySet[Finding]:
    return Finding.objects.filter(case__in=visible_cases(user)).select_related("case", "proposed_by", "reviewed_by")


def visible_decisions(user) -> QuerySet[Decision]:
    return Decision.objects.filter(case__in=visible_cases(user)).select_related(
        "case", "finding", "proposed_by", "reviewed_by"
    )


def visible_explanations(user) -> QuerySet[Explanation]:
    return Explanation.objects.filter(case__in=visible_cases(user)).select_related("case")


def visible_tasks(user) -> QuerySet[Task]:
    return Task.objects.filter(case__in=visible_cases(user)).select_related("case", "assignee")


def visible_notes(user, case: Case) -> QuerySet[CaseNote]:
    """Newest first. Legal advice is for legal roles; nobody else learns how much of it there is."""
    notes = case.notes.select_related("written_by").order_by("-written_at")
    return notes if user.has_perm("cases.view_privileged") else notes.filter(is_privileged=False)


def who_may_work_on(verb: str = "cases.view") -> list[User]:
    """Active people with the verb, by name: whom a case or a task can be given to."""
    return [person for person in User.objects.filter(is_active=True).order_by("name") if person.has_perm(verb)]


# --- the set of accounts ----------------------------------------------------------------------------------------------


def members(case: Case, *, excluded: bool = False) -> QuerySet[CaseAccount]:
    """The case's accounts, in the order in which they came; or those taken out."""
    return case.members.filter(excluded_at__isnull=not excluded).select_related("account", "added_by", "excluded_by")


def accounts_of(case: Case) -> QuerySet[Account]:
    return Account.objects.filter(in_cases__case=case, in_cases__excluded_at__isnull=True)


def accounts_of_finding(finding: Finding) -> QuerySet[FindingAccount]:
    """Those the finding is about and that nobody has taken out of the case since: whom a measure may meet."""
    return FindingAccount.objects.filter(
        finding=finding, account__in_cases__case=finding.case_id, account__in_cases__excluded_at__isnull=True
    ).select_related("account")


@dataclass(frozen=True)
class Figures:
    """What the case amounts to, over its present members. Days are UTC; `queries` is None where none are known."""

    accounts: int
    excluded: int
    queries: int | None
    output_tokens: int | None
    first_day: date | None
    last_day: date | None
    exhibits: int
    elements: int
    countries: int


def figures(case: Case) -> Figures:
    counts = case.members.aggregate(
        present=Count("id", filter=Q(excluded_at__isnull=True)), out=Count("id", filter=Q(excluded_at__isnull=False))
    )
    done = _activity(case).aggregate(
        queries=Sum("queries"), tokens=Sum("output_tokens"), first=Min("day"), last=Max("day")
    )
    carried = case.exhibits.aggregate(exhibits=Count("id"), elements=Count("element", distinct=True))
    places = accounts_of(case).exclude(country="").aggregate(n=Count("country", distinct=True))
    return Figures(
        accounts=counts["present"],
        excluded=counts["out"],
        queries=done["queries"],
        output_tokens=done["tokens"],
        first_day=done["first"],
        last_day=done["last"],
        exhibits=carried["exhibits"],
        elements=carried["elements"],
        countries=places["n"],
    )


def _activity(case: Case) -> QuerySet[Activity]:
    present = CaseAccount.objects.filter(case=case, excluded_at__isnull=True).values("account")
    return Activity.objects.filter(account__in=present)


def activity_per_day(case: Case) -> list[dict[str, Any]]:
    """`day`, `queries`, `accounts` (active that day), oldest first, over the members together."""
    rows = _activity(case).values("day").annotate(total=Sum("queries"), accounts=Count("account", distinct=True))
    return [{"day": r["day"], "queries": r["total"], "accounts": r["accounts"]} for r in rows.order_by("day")]


def per_country(case: Case) -> list[dict[str, Any]]:
    """`country`, `accounts`, `queries`, largest first; unknown countries are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.country, count(*), coalesce(sum(done.queries), 0) FROM cases_caseaccount m"
            " JOIN accounts_account a ON a.id = m.account_id"
            " LEFT JOIN (SELECT account_id, sum(queries) AS queries FROM accounts_activity GROUP BY 1) done"
            " ON done.account_id = a.id"
            " WHERE m.case_id = %s AND m.excluded_at IS NULL AND a.country <> '' GROUP BY 1 ORDER BY 2 DESC, 1",
            [case.pk],
        )
        return [{"country": c, "accounts": n, "queries": int(q)} for c, n, q in cursor.fetchall()]


def by_provenance(case: Case) -> list[dict[str, Any]]:
    """How many members each group or query brought in, and how many of these are out again."""
    return list(
        case.members.order_by()
        .values("added_how")
        .annotate(
            accounts=Count("id"),
            excluded=Count("id", filter=Q(excluded_at__isnull=False)),
            since=Min("added_at"),
        )
        .order_by("since")
    )


def with_contract(case: Case) -> int:
    """Members with a contract on record, which may allow what looks like extraction."""
    return accounts_of(case).exclude(contract="").count()


def products(case: Case) -> list[str]:
    """The products that the members use, as far as they are known."""
    return list(accounts_of(case).exclude(product="").order_by("product").values_list("product", flat=True).distinct())


# --- evidence ---------------------------------------------------------------------------------------------------------


def groups(case: Case) -> QuerySet[CaseGroup]:
    return case.groups.select_related("group", "added_by").order_by("added_at")


def exhibits(case: Case) -> QuerySet[Exhibit]:
    return case.exhibits.select_related("item", "item__test_run", "added_by").order_by("number")


def explanations(case: Case) -> QuerySet[Explanation]:
    return case.explanations.select_related("assessed_by").prefetch_related("assessments").order_by("raised_at")


def exhibits_of_finding(finding: Finding) -> QuerySet[FindingExhibit]:
    return finding.exhibits.select_related("exhibit__item__test_run").order_by("exhibit__number")


def weighed(found: list[Exhibit]) -> list[Weighed]:
    return [Weighed(e.label, e.dependency_group, e.log10_lr, e.log10_lr_cap, planned=_is_planned(e)) for e in found]


def _is_planned(exhibit: Exhibit) -> bool:
    run = getattr(exhibit.item, "test_run", None)
    return run is not None and not run.is_exploratory


def strength(case: Case) -> Combined:
    return combine(weighed(list(exhibits(case))))


def calibrations(case: Case) -> list[Calibration]:
    """The detectors whose alerts the case is made of, as far as they have been calibrated."""
    found = Detector.objects.filter(alerts__group__in_case__case=case, calibration_n__isnull=False).distinct()
    return [Calibration(d.name, d.calibration_n, d.calibration_false_positives) for d in found if d.calibration_n]


def expected_wrongful(case: Case, accounts: int, found: list[Exhibit] | None = None) -> Expected:
    """What a measure against so many accounts would hit wrongly; by these exhibits, or by all of the case."""
    combined = combine(weighed(found)) if found is not None else strength(case)
    return expected(accounts, combined.log10_lr, calibrations(case))


# --- terms ------------------------------------------------------------------------------------------------------------


def terms_in_force(case: Case, start: date) -> list[Version]:
    """The version in force on a day of every document for the members' products (of every product if none is known)."""
    documents = Document.objects.all()
    if used := products(case):
        documents = documents.filter(service__in=used)
    found = [policies.in_force(document, start) for document in documents]
    return [version for version in found if version]


def versions_during(document: Document, start: date, end: date) -> list[Version]:
    """The versions in force, as seen, from day `start` to `end`, oldest first. Empty when none was on `start`."""
    first, last = policies.moment_of(start), policies.moment_of(end)
    found = [
        interval.version
        for interval in policies.intervals(document)
        if interval.since <= last and (interval.until is None or interval.until > first)
    ]
    return found if found and found[0].recorded_at <= first else []


def same_clause(version: Version, clause: Clause) -> Clause | None:
    """The clause of the same address in another version."""
    return Clause.objects.filter(text=version.text_id, address=clause.address).first()


# --- lists ------------------------------------------------------------------------------------------------------------


def with_counts(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.select_related("assignee").annotate(
        account_count=Count("members", filter=Q(members__excluded_at__isnull=True), distinct=False)
    )
