"""What narrows the lists of runs and of their accounts; all of it lives in the address."""

import django_filters
from django.db.models import QuerySet

from apps.evidence.fingerprints import TESTS
from apps.evidence.models import AccountResult, TestRun

PASSES = {
    "holm": ("p_holm", 0.01, "Holm at 0.01: each may be acted upon"),
    "by": ("p_by", 0.05, "Benjamini-Yekutieli at 0.05"),
    "bh": ("p_bh", 0.05, "Benjamini-Hochberg at 0.05: a list for screening"),
    "raw": ("p_value", 0.05, "Unadjusted at 0.05: mostly chance"),
}


class Runs(django_filters.FilterSet):
    test = django_filters.ChoiceFilter(
        field_name="test_id", choices=lambda: [(t.id, t.title) for t in TESTS.values()], empty_label="Any test"
    )
    outcome = django_filters.ChoiceFilter(choices=TestRun.Outcome.choices, empty_label="Any outcome")
    kind = django_filters.ChoiceFilter(
        method="of_kind",
        label="Kind",
        choices=[("planned", "Planned"), ("exploratory", "Exploratory"), ("accounts", "Many accounts")],
        empty_label="Any kind",
    )
    suspect = django_filters.CharFilter(field_name="suspect__name", lookup_expr="icontains", label="Suspect")

    class Meta:
        model = TestRun
        fields: list[str] = []

    def of_kind(self, runs: QuerySet, name: str, kind: str) -> QuerySet:
        if kind == "accounts":
            return runs.filter(account_count__isnull=False)
        return runs.filter(is_exploratory=kind == "exploratory")


class Results(django_filters.FilterSet):
    passes = django_filters.ChoiceFilter(
        method="passing", label="Passes", choices=[(k, words) for k, (_, _, words) in PASSES.items()], empty_label="All"
    )
    outcome = django_filters.ChoiceFilter(choices=TestRun.Outcome.choices, empty_label="Any outcome")
    account = django_filters.CharFilter(field_name="account__ref", lookup_expr="istartswith", label="Account")

    class Meta:
        model = AccountResult
        fields: list[str] = []

    def passing(self, results: QuerySet, name: str, correction: str) -> QuerySet:
        column, level, _ = PASSES[correction]
        return results.filter(**{f"{column}__lte": level})
