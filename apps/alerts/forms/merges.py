from typing import Any

from django import forms

from apps.alerts.forms.fields import ReasonField
from apps.alerts.models import AlertGroup
from apps.core.ui.formats import counted


class _Groups(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: AlertGroup) -> str:
        return _label(obj)


class _Group(forms.ModelChoiceField):
    def label_from_instance(self, obj: AlertGroup) -> str:
        return _label(obj)


def _label(group: AlertGroup) -> str:
    return f"{group.title} · {group.get_state_display().lower()}, {counted(group.alert_count, 'alert')}"


class MergeForm(forms.Form):
    """Some of the groups on offer, and the one that takes the others in."""

    group = _Groups(queryset=AlertGroup.objects.none(), widget=forms.CheckboxSelectMultiple, label="Put together")
    into = _Group(
        queryset=AlertGroup.objects.none(), widget=forms.RadioSelect, empty_label=None, label="The one that stays"
    )
    reason = ReasonField("Why they belong together")

    def __init__(self, *args: Any, groups: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = groups

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "group" in values and "into" in values and not [one for one in values["group"] if one != values["into"]]:
            self.add_error("group", "Choose at least one group besides the one that stays.")
        return values


class SplitForm(forms.Form):
    """So many alerts as the person was shown, or the page is shown again."""

    number = forms.IntegerField(widget=forms.HiddenInput)
    reason = ReasonField("Why they are another matter")

    def __init__(self, *args: Any, now: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = now

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("number") not in (None, self.now):
            self.data = dict(self.data.items()) | {"number": self.now}
            self.add_error(None, f"Meanwhile these are {self.now:,} alerts: look at them again.")
        return values
