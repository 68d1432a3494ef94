from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.transparency.models import Statement


class PeriodForm(forms.Form):
    first_day = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(
        label="To", widget=forms.DateInput(attrs={"type": "date"}), help_text="Days on which letters were issued (UTC)."
    )

    def __init__(self, *args: Any, first: date | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.now().date()
        self.initial = {"first_day": first or today - timedelta(days=30), "last_day": today}


class GeneralTextForm(forms.Form):
    facts = forms.CharField(
        label="Facts (decision_facts)",
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text="5,000 characters at most; nobody's name, address, number or account.",
    )
    explanation = forms.CharField(
        label="Why this breaks the terms (incompatible_content_explanation)",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="2,000 characters at most.",
    )


class FilterForm(forms.Form):
    state = forms.ChoiceField(choices=[("", "any"), *Statement.State.choices], required=False, label="State")
