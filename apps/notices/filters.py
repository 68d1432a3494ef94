import django_filters
from django import forms
from django.db.models import Q, QuerySet

from apps.notices.models import Notice, NoticeTemplate


class NoticeFilter(django_filters.FilterSet):
    """What narrows the list of letters; all of it lives in the address."""

    state = django_filters.ChoiceFilter(label="State", choices=Notice.State.choices, empty_label="Any state")
    kind = django_filters.ChoiceFilter(
        label="Letter", field_name="template__kind", choices=NoticeTemplate.Kind.choices, empty_label="Any letter"
    )
    q = django_filters.CharFilter(label="Number, case or account", method="named")

    mailing = django_filters.UUIDFilter(widget=forms.HiddenInput)

    class Meta:
        model = Notice
        fields: list[str] = []

    def named(self, notices: QuerySet, name: str, ref: str) -> QuerySet:
        return notices.filter(Q(ref__iexact=ref) | Q(case__ref__iexact=ref) | Q(account__ref__iexact=ref))
