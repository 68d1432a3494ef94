import django_filters
from django.db.models import Q, QuerySet

from apps.disclosures.models import Report


class ReportFilter(django_filters.FilterSet):
    """What narrows the list of reports; all of it lives in the address."""

    state = django_filters.ChoiceFilter(label="State", choices=Report.State.choices, empty_label="Any state")
    audience = django_filters.ChoiceFilter(
        label="Audience", choices=Report.Audience.choices, empty_label="Any audience"
    )
    q = django_filters.CharFilter(label="Number or case", method="named")

    class Meta:
        model = Report
        fields: list[str] = []

    def named(self, reports: QuerySet, name: str, ref: str) -> QuerySet:
        return reports.filter(Q(ref__iexact=ref) | Q(case__ref__iexact=ref))
