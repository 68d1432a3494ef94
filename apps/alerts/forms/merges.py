from typing import Any

from django import forms

from apps.alerts.models import AlertGroup


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
