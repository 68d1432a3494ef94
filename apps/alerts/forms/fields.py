"""What several forms ask for."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone


def in_a_week() -> date:
    return timezone.localdate() + timedelta(days=7)


class DayField(forms.DateField):
    """A day to come; its first moment."""

    def __init__(self, label: str) -> None:
        widget = forms.DateInput(attrs={"type": "date"})
        super().__init__(label=label, help_text="At most 90 days.", initial=in_a_week, widget=widget)

    def clean(self, value: Any) -> datetime:
        return timezone.make_aware(datetime.combine(super().clean(value), time.min))


class ReasonField(forms.CharField):
    """Why, in a sentence or two; it stands in the trail."""

    def __init__(self, label: str = "Why", *, max_length: int = 500, rows: int = 2, help_text: str = "") -> None:
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(label=label, max_length=max_length, help_text=help_text, widget=widget)


class ReasonForm(forms.Form):
    reason = ReasonField()
