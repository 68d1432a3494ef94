"""Shapes of what people ask of the terms; all of them are asked by GET and live in the URL."""

from typing import cast

import django_filters
from django import forms
from django.utils import timezone

from apps.policies.models import Document, Tagging, Version
from apps.policies.tags import KINDS, Conduct, Polarity

KIND_CHOICES = [(kind.value, f"{KINDS[kind].title}: {KINDS[kind].means}") for kind in Conduct]
POLARITY_CHOICES = [
    (Polarity.PROHIBITS.value, "prohibits it"),
    (Polarity.PERMITS.value, "permits it"),
    (Polarity.DEFINES.value, "defines a word that another clause uses"),
]


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
        return f"seen {version.seen_at:%Y-%m-%d %H:%M} UTC"


class CompareForm(forms.Form):
    old = VersionField(queryset=Version.objects.none(), label="Before", empty_label=None)
    new = VersionField(queryset=Version.objects.none(), label="After", empty_label=None)

    def __init__(self, *args, versions, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("old", "new"):
            cast(forms.ModelChoiceField, self.fields[name]).queryset = versions


class TagFilter(django_filters.FilterSet):
    """Which taggings are listed; without a choice those that wait for a decision."""

    service = django_filters.ChoiceFilter(field_name="document__service", label="Product", empty_label="All products")
    document = django_filters.ModelChoiceFilter(queryset=Document.objects.all(), label="Document", empty_label="All")
    conduct = django_filters.ChoiceFilter(
        choices=[(kind.value, KINDS[kind].title) for kind in Conduct], label="Conduct", empty_label="All kinds"
    )
    polarity = django_filters.ChoiceFilter(
        choices=[(one.value, one.value) for one in Polarity], label="What it does", empty_label="All"
    )
    state = django_filters.ChoiceFilter(choices=Tagging.State.choices, label="State", empty_label="All states")

    class Meta:
        model = Tagging
        fields = ["service", "document", "conduct", "polarity", "state"]

    def __init__(self, *args, services: list[str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.filters["service"].extra["choices"] = [(service, service) for service in services]


class TagForm(forms.Form):
    conduct = forms.ChoiceField(label="What it speaks of", choices=KIND_CHOICES)
    polarity = forms.ChoiceField(label="What it does", choices=POLARITY_CHOICES)
    note = forms.CharField(
        label="Why", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000, help_text="Which words mean that."
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Why", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class EffectiveForm(forms.Form):
    effective_from = forms.DateField(
        label="Takes effect on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty if the terms took effect when they were published.",
    )
    reason = forms.CharField(
        label="Why another day than the text says",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="Such as an announcement by the provider, with where it can be read.",
    )
