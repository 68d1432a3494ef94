from typing import Any

from django import forms
from django.utils import timezone

from apps.core.forms import TypedForm
from apps.records.models import Erasure
from apps.records.reach import HOLDABLE
from apps.records.subjects import SUBJECTS
from apps.staff.models import User


class ReasonField(forms.CharField):
    def __init__(self, label: str = "Why", help_text: str = "It stands in the trail.") -> None:
        widget = forms.Textarea(attrs={"rows": 3})
        super().__init__(label=label, max_length=2000, help_text=help_text, widget=widget)


class ReasonForm(forms.Form):
    reason = ReasonField()


class EraseForm(TypedForm, ReasonForm):
    """Why, and the reference of what is destroyed."""


class YesForm(forms.Form):
    """Nothing to fill in: sending it is the answer."""


class ThingsField(forms.CharField):
    """References, one a line, of things that a hold can be on; the rows themselves."""

    kinds = HOLDABLE  # for the page, which says how each is called and what is held with it

    def __init__(self, label: str = "What it is on") -> None:
        widget = forms.Textarea(attrs={"rows": 4, "placeholder": "CASE-2026-0001"})
        super().__init__(label=label, widget=widget, help_text="One reference a line.", max_length=20_000)

    def clean(self, value: Any) -> list[Any]:
        names = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        found, unknown = [], []
        for name in names:
            row = next((row for kind in HOLDABLE.values() if (row := kind.find(name)) is not None), None)
            found.append(row) if row is not None else unknown.append(name)
        if unknown:
            raise forms.ValidationError(f"Nothing on record is called {', '.join(unknown)}.")
        return found


def _colleagues() -> forms.ModelMultipleChoiceField:
    return forms.ModelMultipleChoiceField(
        queryset=User.objects.filter(is_active=True).order_by("name"),
        widget=forms.CheckboxSelectMultiple,
        label="Custodians",
        help_text="Who has records in their care. They are asked to acknowledge the hold.",
    )


class HoldForm(forms.Form):
    matter = forms.CharField(max_length=200, help_text="The dispute or inquiry, as your file calls it.")
    reason = ReasonField("Why it has to be kept", "Who expects what, since when. Custodians read it.")
    scope = ThingsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["custodians"] = _colleagues()
        self.fields["custodians"].required = False


class WidenForm(forms.Form):
    scope = ThingsField("What it is on as well")
    reason = ReasonField()


class CustodiansForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"] = _colleagues()


class ErasureForm(forms.Form):
    kind = forms.ChoiceField(label="Whose data")
    name = forms.CharField(max_length=200, label="Reference")
    basis = forms.ChoiceField(choices=Erasure.Basis.choices, label="Ground")
    received_on = forms.DateField(
        label="Received on",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="When they asked. The answer is due within a month (Art. 12(3)).",
        initial=timezone.localdate,
    )
    reason = ReasonField("What was asked", "Without names or addresses: this stays when the data has gone.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = SUBJECTS.values()
        self.fields["kind"].choices = [(kind.kind, kind.title) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["name"].help_text = "Such as " + "; ".join(
            f"{kind.example} ({kind.title.lower()})" for kind in kinds
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        kind, name = SUBJECTS.get(values.pop("kind", "")), values.pop("name", "")
        if kind and name:
            try:
                values["subject"] = kind.find(name)
            except (ValueError, forms.ValidationError):
                values["subject"] = None
            if values["subject"] is None:
                self.add_error("name", f"{kind.title} of this name is not on record.")
        return values
