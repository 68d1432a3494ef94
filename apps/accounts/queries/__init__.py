"""What a person may see of account records."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.core.cache import cache
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from apps.accounts.models import Acceptance, Account, Activity, Authorisation, Identifier, Import
from apps.core import prepared
from apps.core.arrays import plain
from apps.policies.models import Version
from apps.policies.queries import in_force

CHART_DAYS = 60
ADDED_UP_FOR = 3600  # seconds
MODELS_SHOWN = 10
ACCEPTANCES = 20


def visible_accounts(user) -> QuerySet[Account]:
    return Account.objects.all() if user.has_perm("accounts.view") else Account.objects.none()


def is_in_case_of(account: Account, user) -> bool:
    """Whether the account is in an open case that the person holds. By name: cases stand below accounts."""
    members = apps.get_model("cases.CaseAccount")._base_manager.filter(account=account, excluded_at__isnull=True)
    return members.filter(case__assignee_id=user.pk, case__closed_at__isnull=True).exists()


def visible_identifiers(user) -> QuerySet[Identifier]:
    """Which identifiers there are, for who may see them: not which one it is, which is shown on its account's page."""
    return Identifier.objects.all() if user.has_perm("accounts.view_identifiers") else Identifier.objects.none()


def visible_imports(user) -> QuerySet[Import]:
    return Import.objects.all() if user.has_perm("accounts.view") else Import.objects.none()


def imports_of(principal) -> QuerySet[Import]:
    """Those that a program sent itself; for people, those that they may see."""
    if principal.actor_kind == "person":
        return visible_imports(principal)
    return Import.objects.filter(imported_by=principal.actor)


def visible_authorisations(user) -> QuerySet[Authorisation]:
    found = Authorisation.objects.select_related("recorded_by", "reviewed_by", "revoked_by")
    return found if user.has_perm("accounts.view") else found.none()


def identifiers(account: Account) -> QuerySet[Identifier]:
    """An account's identifiers, each with `others`: how many other accounts have the same."""
    same = (
        Identifier.objects.filter(kind=OuterRef("kind"), value_hmac=OuterRef("value_hmac"))
        .exclude(account=OuterRef("account"))
        .order_by()
        .values("value_hmac")
        .annotate(n=Count("account", distinct=True))
        .values("n")
    )
    return (
        Identifier.objects.filter(account=account).annotate(others=Subquery(same)).order_by("kind", "-last_seen", "id")
    )


def sharing(identifier_id: UUID) -> QuerySet[Account]:
    """The accounts that have the same identifier as this one, its own account among them."""
    one = Identifier.objects.filter(pk=identifier_id)
    same = Identifier.objects.filter(kind=Subquery(one.values("kind")), value_hmac=Subquery(one.values("value_hmac")))
    return Account.objects.filter(pk__in=same.values("account"))


class Day(NamedTuple):
    """What accounts did on one day: their requests, and how many records say so (one an account and model)."""

    requests: int
    records: int


def daily_requests(accounts: Iterable[Account], *, days: int = CHART_DAYS) -> dict[date, int]:
    """Their requests a day together, days without any included, of the last `days` days that are on record."""
    return {day: done.requests for day, done in daily_activity(accounts, days=days).items()}


def daily_activity(accounts: Iterable[Account], *, days: int = CHART_DAYS) -> dict[date, Day]:
    """The same with the number of records."""
    rows = _by_day(Activity.objects.filter(account__in=accounts))
    if not rows:
        return {}
    last = max(rows)
    first = max(min(rows), last - timedelta(days=days - 1))
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {day: rows.get(day, Day(0, 0)) for day in span}


def _by_day(activity: QuerySet[Activity]) -> dict[date, Day]:
    found = activity.order_by().values("day").annotate(requests=Sum("queries"), records=Count("pk"))
    return {day: Day(int(requests), records) for day, requests, records in found.values_list("day", *Day._fields)}


def activity_of_all() -> dict[date, Day]:
    """What all accounts on record did, by day. Added up once after an import, and at least once an hour."""
    newest = Import.objects.order_by("-imported_at", "-id").values_list("pk", flat=True).first()
    key = f"activity-of-all:{newest}"
    known = cache.get(key)
    if known is None:
        known = {day.isoformat(): done for day, done in _by_day(Activity.objects.all()).items()}
        cache.set(key, known, ADDED_UP_FOR)
    return {date.fromisoformat(day): Day(*done) for day, done in known.items()}


def mean_of_a_day(done: Iterable[Day]) -> float | None:
    """Requests of one account on one day in use, on average."""
    requests = records = 0
    for day in done:
        requests, records = requests + day.requests, records + day.records
    return requests / records if records else None


def totals_by_model(account: Account) -> QuerySet[Activity, Any]:
    """For each model the requests, tokens and days on record, most used first."""
    return (
        Activity.objects.filter(account=account)
        .order_by()
        .values("model")
        .annotate(
            requests=Sum("queries"), tokens_in=Sum("input_tokens"), tokens_out=Sum("output_tokens"), days=Count("day")
        )
        .order_by("-requests", "model")[:MODELS_SHOWN]
    )


def acceptances(user, account: Account) -> list[tuple[Acceptance, Version | None]]:
    """An account's acceptances, newest first, each with the version accepted: as the record says, else as seen then."""
    found = list(
        Acceptance.objects.filter(account=account)
        .select_related("document", "version__document")
        .order_by("-accepted_at", "id")[:ACCEPTANCES]
    )
    if not user.has_perm("policies.view"):
        return [(one, None) for one in found]
    return [(one, one.version or in_force(one.document, one.accepted_at)) for one in found]


HOLDERS = """
    SELECT w.kind, w.value_hmac, held.account_id::text FROM unnest(%s::text[], %s::text[]) AS w (kind, value_hmac)
    CROSS JOIN LATERAL (
        SELECT account_id FROM accounts_identifier i
        WHERE i.kind = w.kind AND i.value_hmac = w.value_hmac LIMIT %s
    ) AS held"""


def holders(wanted: set[tuple[str, str]], limit: int) -> dict[tuple[str, str], set[str]]:
    """For each identifier, as (kind, keyed hash), ids of accounts that hold it: at most `limit`, in one query.

    The limit makes an identifier of a hundred thousand accounts as cheap as one of ten.
    """
    found: dict[tuple[str, str], set[str]] = {}
    if wanted:
        kinds, hashes = zip(*sorted(wanted), strict=True)
        for kind, value_hmac, account in prepared.send(HOLDERS, [plain(kinds), plain(hashes), limit]).fetchall():
            found.setdefault((kind, value_hmac), set()).add(account)
    return found
