from typing import Any

from django import forms

from apps.alerts.forms.fields import DayField, ReasonField
from apps.alerts.models import Detector, Kind, Suppression


class SuppressForm(forms.Form):
    """A rule: its scope says which of the other fields it needs."""

    scope = forms.ChoiceField(label="What it hides", choices=Suppression.Scope.choices, widget=forms.RadioSelect)
    key = forms.CharField(max_length=250, required=False, help_text="As a group's page shows it under “Grouped by”.")
    detector = forms.ModelChoiceField(queryset=Detector.objects.all(), required=False)
    kind = forms.ChoiceField(choices=[("", "—"), *Kind.choices], required=False)
    account_ref = forms.CharField(max_length=128, required=False, label="Account")
    identifier_type = forms.CharField(
        max_length=64, required=False, label="Type of indicator", help_text="Such as: ip."
    )
    expires_at = DayField("Until")
    reason = ReasonField("Why these need nobody's attention", max_length=1000, rows=3)

    NEEDS = {
        "key": ["key"],
        "detector": ["detector", "kind"],
        "account": ["account_ref"],
        "identifier": ["identifier_type"],
    }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        scope = values.get("scope")
        for owner, names in self.NEEDS.items():
            for name in names:
                if owner != scope:
                    values[name] = None if name == "detector" else ""
                elif not values.get(name):
                    self.add_error(name, "The rule needs this.")
        return values
