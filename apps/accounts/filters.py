import django_filters
from django.db.models import QuerySet

from apps.accounts import queries, ring_words
from apps.accounts.models import Account, Authorisation, Ring
from apps.accounts.models.authorisations import CONDUCT


class AccountFilter(django_filters.FilterSet):
    """What narrows the list of accounts; all of it lives in the address."""

    q = django_filters.CharFilter(label="Reference begins with, or organisation", method="having_words")
    status = django_filters.ChoiceFilter(label="State", choices=Account.Status.choices)
    plan = django_filters.CharFilter(label="Plan")
    country = django_filters.CharFilter(label="Country", lookup_expr="iexact")
    contract = django_filters.CharFilter(label="Contract")
    payer_verified = django_filters.BooleanFilter(label="Payer verified")
    opened = django_filters.DateFromToRangeFilter(
        label="Opened",
        field_name="opened_at",
        widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"}),
    )
    shares = django_filters.UUIDFilter(label="Shares an identifier", method="sharing")

    class Meta:
        model = Account
        fields: list[str] = []

    def having_words(self, accounts: QuerySet, name: str, words: str) -> QuerySet:
        return accounts.filter(ref__startswith=words) | accounts.filter(organisation__icontains=words)

    def sharing(self, accounts: QuerySet, name: str, identifier) -> QuerySet:
        """Who may not see identifiers does not learn who shares one either."""
        if not self.request.user.has_perm("accounts.view_identifiers"):
            return accounts.none()
        return accounts.filter(pk__in=queries.sharing(identifier).values("pk"))


class AuthorisationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label="Party or organisation", method="having_words")
    state = django_filters.ChoiceFilter(label="State", choices=Authorisation.State.choices, empty_label="All states")
    allows = django_filters.ChoiceFilter(label="Allows", choices=CONDUCT, method="allowing", empty_label="Anything")

    class Meta:
        model = Authorisation
        fields: list[str] = []

    def having_words(self, found: QuerySet, name: str, words: str) -> QuerySet:
        return found.filter(party__icontains=words) | found.filter(organisation__icontains=words)

    def allowing(self, found: QuerySet, name: str, kind: str) -> QuerySet:
        return found.filter(conduct__contains=[kind])


class RingFilter(django_filters.FilterSet):
    """Without a state chosen, what is no more a ring is left out."""

    q = django_filters.CharFilter(label="Reference begins with", field_name="ref", lookup_expr="istartswith")
    state = django_filters.ChoiceFilter(label="State", choices=Ring.State.choices, empty_label="All that are there")
    size = django_filters.RangeFilter(label="Accounts")
    family = django_filters.ChoiceFilter(
        label="Tied by", choices=list(ring_words.FAMILIES.items()), method="tied_by", empty_label="Anything"
    )

    class Meta:
        model = Ring
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("state") else found.exclude(state=Ring.State.DISSOLVED)

    def tied_by(self, found: QuerySet, name: str, family: str) -> QuerySet:
        return found.filter(measures__families__has_key=family)
