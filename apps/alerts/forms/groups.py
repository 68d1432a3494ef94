from django import forms

from apps.alerts.forms.fields import DayField
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
    reason = forms.CharField(
        max_length=500, label="Why it is looked at again", widget=forms.Textarea(attrs={"rows": 2})
    )


class SnoozeForm(forms.Form):
    until = DayField("Until")
    reason = forms.CharField(max_length=500, label="What it waits for", widget=forms.Textarea(attrs={"rows": 2}))
