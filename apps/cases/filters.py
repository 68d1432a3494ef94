import django_filters
from django.db.models import Q, QuerySet

from apps.alerts.models import Severity
from apps.cases.models import Case
from apps.staff.models import User

OPEN = "open"


class CaseFilter(django_filters.FilterSet):
    """What narrows the list of cases; all of it lives in the address."""

    q = django_filters.CharFilter(label="Reference or title", method="having_words")
    state = django_filters.ChoiceFilter(
        label="State", choices=[(OPEN, "any but closed"), *Case.State.choices], method="in_state", empty_label="any"
    )
    severity = django_filters.ChoiceFilter(
        label="Severity at least",
        field_name="severity",
        lookup_expr="gte",
        choices=Severity.choices[1:],
        empty_label="any",
    )
    assignee = django_filters.ModelChoiceFilter(
        label="Held by", queryset=User.objects.order_by("name"), empty_label="anybody"
    )
    kind = django_filters.ChoiceFilter(label="Kind", choices=Case.Kind.choices, empty_label="any")

    class Meta:
        model = Case
        fields: list[str] = []

    def having_words(self, cases: QuerySet, name: str, words: str) -> QuerySet:
        return cases.filter(Q(ref__iexact=words.strip()) | Q(title__icontains=words.strip()))

    def in_state(self, cases: QuerySet, name: str, state: str) -> QuerySet:
        return cases.exclude(state=Case.State.CLOSED) if state == OPEN else cases.filter(state=state)
