"""The case's accounts as a set, and what they did together."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from apps.accounts.models import Account, Activity
from apps.cases.models import (
    Case,
    CaseAccount,
    Finding,
    FindingAccount,
)
from apps.cases.queries.files import visible_cases
from apps.cases.selection import Selection


def members(case: Case, *, excluded: bool = False) -> QuerySet[CaseAccount]:
    """The case's accounts, in the order in which they came; or those taken out."""
    found = case.members.filter(excluded_at__isnull=not excluded, taken_back_at__isnull=True)
    return found.select_related("account", "added_by", "excluded_by")


def members_picked(case: Case, query: dict[str, Any], *, excluded: bool) -> QuerySet[CaseAccount]:
    """Members that a query picks; all of them when it says nothing."""
    found = members(case, excluded=excluded)
    return found.filter(account__in=Selection.read(query).of(Account.objects.order_by())) if query else found


def memberships(user, account: Account) -> QuerySet[CaseAccount]:
    """The cases an account is in, or was taken out of, newest first."""
    mine = CaseAccount.objects.filter(account=account, case__in=visible_cases(user), taken_back_at__isnull=True)
    return mine.select_related("case").order_by("-added_at")


def accounts_of(case: Case) -> QuerySet[Account]:
    return Account.objects.filter(in_cases__case=case, in_cases__excluded_at__isnull=True)


def accounts_of_finding(finding: Finding) -> QuerySet[FindingAccount]:
    """Those the finding is about and that nobody has taken out of the case since: whom a measure may meet."""
    return FindingAccount.objects.filter(
        finding=finding, account__in_cases__case=finding.case_id, account__in_cases__excluded_at__isnull=True
    ).select_related("account")


def counts(case: Case) -> dict[str, int]:
    """How many accounts are in the case, `accounts`, and how many were taken out, `excluded`."""
    return case.members.aggregate(
        accounts=Count("id", filter=Q(excluded_at__isnull=True)),
        excluded=Count("id", filter=Q(excluded_at__isnull=False, taken_back_at__isnull=True)),
    )


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


def figures(case: Case, until: date | None = None) -> Figures:
    """Of activity up to a day, or of all that is recorded."""
    inside = counts(case)
    done = _activity(case, until).aggregate(
        queries=Sum("queries"), tokens=Sum("output_tokens"), first=Min("day"), last=Max("day")
    )
    carried = case.exhibits.aggregate(exhibits=Count("id"), elements=Count("element", distinct=True))
    places = accounts_of(case).exclude(country="").aggregate(n=Count("country", distinct=True))
    return Figures(
        accounts=inside["accounts"],
        excluded=inside["excluded"],
        queries=done["queries"],
        output_tokens=done["tokens"],
        first_day=done["first"],
        last_day=done["last"],
        exhibits=carried["exhibits"],
        elements=carried["elements"],
        countries=places["n"],
    )


def _activity(case: Case, until: date | None) -> QuerySet[Activity]:
    present = CaseAccount.objects.filter(case=case, excluded_at__isnull=True).values("account")
    found = Activity.objects.filter(account__in=present)
    return found if until is None else found.filter(day__lte=until)


def activity_per_day(case: Case, until: date | None = None) -> list[dict[str, Any]]:
    """`day`, `queries`, `accounts` (active that day), oldest first, over the members together."""
    rows = _activity(case, until).values("day").annotate(total=Sum("queries"), accounts=Count("account", distinct=True))
    return [{"day": r["day"], "queries": r["total"], "accounts": r["accounts"]} for r in rows.order_by("day")]


def per_country(case: Case, until: date | None = None) -> list[dict[str, Any]]:
    """`country`, `accounts`, `queries`, largest first; unknown countries are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.country, count(*), coalesce(sum(done.queries), 0) FROM cases_caseaccount m"
            " JOIN accounts_account a ON a.id = m.account_id"
            " LEFT JOIN (SELECT account_id, sum(queries) AS queries FROM accounts_activity"
            " WHERE day <= coalesce(%s::date, 'infinity') GROUP BY 1) done"
            " ON done.account_id = a.id"
            " WHERE m.case_id = %s AND m.excluded_at IS NULL AND a.country <> '' GROUP BY 1 ORDER BY 2 DESC, 1",
            [until, case.pk],
        )
        return [{"country": c, "accounts": n, "queries": int(q)} for c, n, q in cursor.fetchall()]


def by_provenance(case: Case) -> list[dict[str, Any]]:
    """How many members each group or query brought in, and how many of these are out again."""
    found = (
        case.members.order_by()
        .filter(taken_back_at__isnull=True)
        .values("added_how")
        .annotate(
            accounts=Count("id"),
            excluded=Count("id", filter=Q(excluded_at__isnull=False)),
            since=Min("added_at"),
        )
        .order_by("since")
    )
    return [dict(row) for row in found]


def with_contract(case: Case) -> int:
    """Members with a contract on record, which may allow what looks like extraction."""
    return accounts_of(case).exclude(contract="").count()


def products(case: Case) -> list[str]:
    """The products that the members use, as far as they are known."""
    return list(accounts_of(case).exclude(product="").order_by("product").values_list("product", flat=True).distinct())
