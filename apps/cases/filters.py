from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from apps.alerts.models import Severity
from apps.cases.models import Case, Exhibit
from apps.cases.strength import Strength, Verdict
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


NUMBERED = (
    ("ratio", "with a number"),
    ("none", "without a number"),
    ("capped", "held at its cap"),
    ("against", "against"),
)
STANDING = (
    (Verdict.STANDS, "stands when all is counted"),
    (Verdict.LEAD, "good for a lead"),
    (Verdict.FALLS, "does not stand"),
    (Verdict.CANNOT, "could not have stood"),
)


class ExhibitFilter(django_filters.FilterSet):
    """What narrows the exhibits of a case, by what they show, depend on and carry."""

    group = django_filters.ChoiceFilter(label="Depends on", field_name="dependency_group", empty_label="any")
    element = django_filters.ChoiceFilter(label="Element", choices=Exhibit.Element.choices, empty_label="any")
    strength = django_filters.ChoiceFilter(label="Strength", choices=NUMBERED, method="weighing", empty_label="any")
    corrected = django_filters.ChoiceFilter(
        label="Held against all runs", choices=STANDING, method="standing", empty_label="any"
    )
    q = django_filters.CharFilter(label="Words of title or what it shows", method="having_words")

    class Meta:
        model = Exhibit
        fields: list[str] = []

    def __init__(self, *args: Any, strength: Strength, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = strength
        self.filters["group"].extra["choices"] = [(line.group, line.group) for line in strength.combined.lines]

    def weighing(self, exhibits: QuerySet, name: str, value: str) -> QuerySet:
        tests = {
            "ratio": lambda one: one.counted is not None,
            "none": lambda one: one.counted is None,
            "capped": lambda one: one.is_capped,
            "against": lambda one: (one.said or 0.0) < 0,
        }
        return exhibits.filter(number__in=[one.number for one in self.found.exhibits if tests[value](one)])

    def standing(self, exhibits: QuerySet, name: str, value: str) -> QuerySet:
        return exhibits.filter(
            number__in=[one.number for one in self.found.exhibits if self.found.verdict(one) == value]
        )

    def having_words(self, exhibits: QuerySet, name: str, words: str) -> QuerySet:
        return exhibits.filter(Q(shows__icontains=words.strip()) | Q(item__title__icontains=words.strip()))
