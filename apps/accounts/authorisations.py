"""Which accounts were allowed to do what, and when: asked before any finding, for many accounts at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.models import Account, Authorisation, AuthorisedAccount
from apps.policies.tags import Conduct

State = Authorisation.State


@dataclass(frozen=True, slots=True)
class Covered:
    """That an authorisation covers an account from day `since` to day `until`, both included, and by what."""

    account_id: UUID
    authorisation: Authorisation
    since: date
    until: date
    by: str  # "named", "organisation" or "contract"


def last_day(authorisation: Authorisation) -> date | None:
    """The last day on which it holds, None where there is none yet."""
    ends = authorisation.ends_on
    if authorisation.revoked_from:
        revoked = authorisation.revoked_from - timedelta(days=1)
        return min(ends, revoked) if ends else revoked
    return ends


def holding(
    start: date, end: date, conduct: Iterable[Conduct | str] | Conduct | str | None = None
) -> list[Authorisation]:
    """The authorisations that hold on some day from `start` to `end`, of all kinds or of any of these kinds of conduct.

    One that nobody has confirmed yet holds for nothing; a revoked one held until it was.
    """
    found = Authorisation.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=start),
        Q(revoked_from__isnull=True) | Q(revoked_from__gt=start),
        state__in=[State.ACTIVE, State.REVOKED],
        starts_on__lte=end,
    )
    if conduct is not None:
        kinds = [conduct] if isinstance(conduct, str) else list(conduct)
        found = found.filter(conduct__overlap=[str(kind) for kind in kinds])
    chosen = found.select_related("recorded_by", "reviewed_by").order_by("starts_on", "pk")
    return [one for one in chosen if (ends := last_day(one)) is None or ends >= max(one.starts_on, start)]


def covering(
    accounts: QuerySet[Account] | Iterable[UUID],
    start: date,
    end: date,
    conduct: Iterable[Conduct | str] | Conduct | str | None = None,
) -> list[Covered]:
    """Which of these accounts are covered from `start` to `end`, by which authorisation and on which days of these.

    An authorisation covers the accounts that it names, those of its organisation, and those under its contract; where
    it says both organisation and contract, those of the one under the other.
    """
    chosen = accounts if isinstance(accounts, QuerySet) else Account.objects.filter(pk__in=list(accounts))
    covered: list[Covered] = []
    for authorisation in holding(start, end, conduct):
        since = max(authorisation.starts_on, start)
        ends = last_day(authorisation)
        until = min(ends, end) if ends else end
        by = dict.fromkeys(_named(authorisation, chosen), "named")
        by |= {key: _by(authorisation) for key in _described(authorisation, chosen) if key not in by}
        covered += [Covered(key, authorisation, since, until, how) for key, how in by.items()]
    return covered


def _named(authorisation: Authorisation, accounts: QuerySet[Account]) -> Iterable[UUID]:
    named = AuthorisedAccount.objects.filter(authorisation=authorisation, account__in=accounts.order_by().values("pk"))
    return named.values_list("account", flat=True)


def _described(authorisation: Authorisation, accounts: QuerySet[Account]) -> Iterable[UUID]:
    return described(authorisation, accounts.order_by()).values_list("pk", flat=True)


def described(authorisation: Authorisation, accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Those of the accounts that are of its organisation, or under its contract."""
    if not authorisation.organisation and not authorisation.contract:
        return accounts.none()
    if authorisation.organisation:
        accounts = accounts.filter(organisation__iexact=authorisation.organisation)
    if authorisation.contract:
        accounts = accounts.filter(contract__iexact=authorisation.contract)
    return accounts


def _by(authorisation: Authorisation) -> str:
    return "organisation" if authorisation.organisation else "contract"


def of_account(account: Account) -> QuerySet[Authorisation]:
    """Everything that names or describes an account, in whatever state, newest first."""
    named = Q(named__account=account)
    described = Q(pk__in=[])
    if account.organisation:
        described |= Q(organisation__iexact=account.organisation) & (
            Q(contract="") | Q(contract__iexact=account.contract)
        )
    if account.contract:
        described |= Q(contract__iexact=account.contract, organisation="")
    return Authorisation.objects.filter(named | described).distinct().order_by("-recorded_at", "-pk")
