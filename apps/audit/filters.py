from typing import Any

import django_filters
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.forms import DateInput

from apps.audit.action import verbs
from apps.audit.models import Event, audited_models
from apps.audit.reads.table import READS

READS_SHOWN = [("only", "only these"), ("without", "left out")]


def _verbs() -> list[tuple[str, str]]:
    """Every verb, as "Cases: assign"."""
    return [(verb, verb.capitalize().replace(".", ": ").replace("_", " ")) for verb in sorted(verbs())]


def _kinds() -> list[tuple[str, str]]:
    kinds = [(model._meta.db_table, str(model._meta.verbose_name).capitalize()) for model in audited_models()]
    return sorted(kinds, key=lambda kind: kind[1])


class TrailFilter(django_filters.FilterSet):
    """What narrows the trail; all of it lives in the address."""

    actor = django_filters.CharFilter(label="Who", help_text="a name, or casemgr", method="by_actor")
    verb = django_filters.ChoiceFilter(label="What was done", field_name="action", empty_label="anything")
    kind = django_filters.ChoiceFilter(label="To what", field_name="object_type", empty_label="anything")
    object = django_filters.UUIDFilter(label="Id of the object", field_name="object_id")
    reads = django_filters.ChoiceFilter(
        label="Reads", empty_label="with everything else", choices=READS_SHOWN, method="with_reads"
    )
    case = django_filters.CharFilter(label="Case", help_text="its reference", method="of_case")
    since = django_filters.DateFilter(
        label="From", field_name="occurred_at", lookup_expr="date__gte", widget=DateInput(attrs={"type": "date"})
    )
    until = django_filters.DateFilter(
        label="Up to", field_name="occurred_at", lookup_expr="date__lte", widget=DateInput(attrs={"type": "date"})
    )

    class Meta:
        model = Event
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["verb"].extra["choices"] = _verbs()  # now, when all rooms have told theirs
        self.filters["kind"].extra["choices"] = _kinds()

    def by_actor(self, events: QuerySet[Event], name: str, words: str) -> QuerySet[Event]:
        words = words.strip()
        if ":" in words:
            return events.filter(actor=words)
        people = get_user_model()._base_manager.filter(name__icontains=words).values_list("pk", flat=True)
        found = Q(actor__in=[f"user:{pk}" for pk in people]) | Q(actor__startswith=f"service:{words}")
        return events.filter(found | Q(actor_kind="system") if words.lower() == "casemgr" else found)

    def with_reads(self, events: QuerySet[Event], name: str, shown: str) -> QuerySet[Event]:
        return events.filter(action__in=sorted(READS)) if shown == "only" else events.exclude(action__in=sorted(READS))

    def of_case(self, events: QuerySet[Event], name: str, reference: str) -> QuerySet[Event]:
        case = apps.get_model("cases.Case")._base_manager.filter(ref__iexact=reference.strip()).first()
        return events.filter(case_id=case.pk) if case else events.none()
