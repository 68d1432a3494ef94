from django import forms

from apps.alerts.forms.fields import DayField, ReasonField
from apps.alerts.models import AlertGroup


class DismissForm(forms.Form):
    dismissal = forms.ChoiceField(label="Why", choices=AlertGroup.Dismissal.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        required=False,
        label="In your words",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you looked at. Whoever meets the same accounts again will read it.",
    )


class ReopenForm(forms.Form):
    reason = ReasonField("Why it is looked at again")


class SnoozeForm(forms.Form):
    until = DayField("Until")
    reason = ReasonField("What it waits for")
