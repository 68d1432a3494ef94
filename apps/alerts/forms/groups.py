from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.alerts.models import AlertGroup, Detector, Kind, Suppression


def in_a_week() -> date:
    return timezone.localdate() + timedelta(days=7)


class DayField(forms.DateField):
    """A day to come; its first moment."""

    def __init__(self, label: str) -> None:
        widget = forms.DateInput(attrs={"type": "date"})
        super().__init__(label=label, help_text="At most 90 days.", initial=in_a_week, widget=widget)

    def clean(self, value: Any) -> datetime:
        return timezone.make_aware(datetime.combine(super().clean(value), time.min))


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=500, label="Why", widget=forms.Textarea(attrs={"rows": 2}))


class _Groups(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: AlertGroup) -> str:
        return _label(obj)


class _Group(forms.ModelChoiceField):
    def label_from_instance(self, obj: AlertGroup) -> str:
        return _label(obj)


def _label(group: AlertGroup) -> str:
    plural = "s" * (group.alert_count != 1)
    return f"{group.title} · {group.get_state_display().lower()}, {group.alert_count:,} alert{plural}"


class MergeForm(forms.Form):
    """Some of the groups on offer, and the one that takes the others in."""

    group = _Groups(queryset=AlertGroup.objects.none(), widget=forms.CheckboxSelectMultiple, label="Put together")
    into = _Group(
        queryset=AlertGroup.objects.none(), widget=forms.RadioSelect, empty_label=None, label="The one that stays"
    )
    reason = forms.CharField(max_length=500, label="Why they belong together", widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, groups: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("group", "into"):
            self.fields[name].queryset = groups  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "group" in values and "into" in values and not [one for one in values["group"] if one != values["into"]]:
            self.add_error("group", "Choose at least one group besides the one that stays.")
        return values


class SplitForm(forms.Form):
    """So many alerts as the person was shown, or the page is shown again."""

    number = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=500, label="Why they are another matter", widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, now: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = now

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("number") not in (None, self.now):
            self.data = {**self.data.dict(), "number": self.now}  # type: ignore[attr-defined]
            self.add_error(None, f"Meanwhile these are {self.now:,} alerts: look at them again.")
        return values


class SnoozeForm(forms.Form):
    until = DayField("Until")
    reason = forms.CharField(max_length=500, label="What it waits for", widget=forms.Textarea(attrs={"rows": 2}))


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
    reason = forms.CharField(
        max_length=1000, label="Why these need nobody's attention", widget=forms.Textarea(attrs={"rows": 3})
    )

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
