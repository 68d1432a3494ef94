"""Shapes of what people ask of the terms; all of them are asked by GET and live in the URL."""

from typing import cast

import django_filters
from django import forms
from django.utils import timezone

from apps.policies.models import Document, Version


class DocumentFilter(django_filters.FilterSet):
    service = django_filters.ChoiceFilter(label="Product", empty_label="All products")
    name = django_filters.CharFilter(label="Title contains", lookup_expr="icontains")

    class Meta:
        model = Document
        fields = ["service", "name"]

    def __init__(self, *args, services: list[str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.filters["service"].extra["choices"] = [(service, service) for service in services]


class LookupForm(forms.Form):
    """Which terms were in force for a product on a day, and which of their clauses say certain words."""

    service = forms.ChoiceField(label="Product")
    on = forms.DateField(
        label="On", widget=forms.DateInput(attrs={"type": "date"}), help_text="The end of this day, UTC."
    )
    words = forms.CharField(label="Clauses that say", required=False, max_length=100, help_text="All of these words.")

    def __init__(self, *args, services: list[str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["service"]).choices = [(service, service) for service in services]
        self.fields["on"].initial = timezone.now().date()


class VersionField(forms.ModelChoiceField):
    def label_from_instance(self, version: Version) -> str:
        return f"seen {version.recorded_at:%Y-%m-%d %H:%M} UTC"


class CompareForm(forms.Form):
    old = VersionField(queryset=Version.objects.none(), label="Before", empty_label=None)
    new = VersionField(queryset=Version.objects.none(), label="After", empty_label=None)

    def __init__(self, *args, versions, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("old", "new"):
            cast(forms.ModelChoiceField, self.fields[name]).queryset = versions
