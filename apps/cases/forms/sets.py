from typing import Any

from django import forms

from apps.accounts.models import Ring
from apps.alerts.models import Severity
from apps.cases import listed
from apps.cases.actions.steps import TYPED_ABOVE
from apps.cases.forms.members import SelectionForm
from apps.cases.models import BulkStep, Case, Exhibit, MemberSet


class FreezeForm(SelectionForm):
    """What picks the accounts that are kept: conditions, a file, a ring, an exhibit."""

    pool = forms.ChoiceField(choices=MemberSet.Pool, initial=MemberSet.Pool.NEW, label="Among")
    file = forms.FileField(
        required=False,
        label="File of references",
        help_text=f"Text with one on each line, CSV with a column {listed.COLUMNS[0]}, or NDJSON.",
    )
    ring = forms.ModelChoiceField(Ring.objects.none(), required=False, empty_label="any", label="In the ring")
    exhibit = forms.ModelChoiceField(
        Exhibit.objects.none(), required=False, empty_label="any", label="With a result in the exhibit"
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = ["pool", "file", "refs", "ring", "exhibit"]

    def __init__(self, *args: Any, case: Case, rings: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ring"].queryset = rings  # type: ignore[attr-defined]
        self.fields["exhibit"].queryset = case.exhibits.select_related("item")  # type: ignore[attr-defined]

    def clean_file(self) -> list[str]:
        if not (given := self.cleaned_data["file"]):
            return []
        if given.size > listed.MOST_BYTES:
            raise forms.ValidationError("The file is larger than 64 MB: bring it in parts.")
        try:
            return listed.references(given.name, given.read())
        except listed.Unreadable as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def query(self) -> dict[str, Any]:
        found = super().query
        if not found:
            return {}
        refs, ring, exhibit = found.pop("file", None), found.pop("ring", None), found.pop("exhibit", None)
        for name in ("pool", "shown"):
            found.pop(name, None)
        if refs:
            found |= {"refs": refs, "file": str(getattr(self.files["file"], "name", ""))[:100]}
        if ring:
            found["ring"] = ring.ref
        if exhibit:
            found["item"] = exhibit.item.ref
        return found


class StepForm(forms.Form):
    """A step on all accounts of a frozen set, confirmed by typing how many they are."""

    kind = forms.ChoiceField(widget=forms.RadioSelect, label="What is done")
    why = forms.CharField(max_length=300, label="Why", help_text="It stays beside each of them.")
    typed = forms.CharField(required=False)

    def __init__(self, *args: Any, fitting: list[str], count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(BulkStep.Kind.choices)
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (kind, f"{labels[kind]}{' (dry run)' if kind in BulkStep.MEASURES else ''}") for kind in fitting
        ]
        self.initial["kind"] = fitting[0]
        self.is_typed = count > TYPED_ABOVE


class SampleForm(forms.Form):
    at_most = forms.FloatField(
        min_value=0.01,
        max_value=99,
        initial=1,
        label="Rule out more than, in percent",
        help_text="So many accounts are drawn that finding none wrong shows it with 95 % confidence.",
    )

    def clean_at_most(self) -> float:
        return self.cleaned_data["at_most"] / 100


class FromRingForm(forms.Form):
    title = forms.CharField(max_length=200)
    severity = forms.TypedChoiceField(choices=Severity.choices, coerce=int, initial=Severity.HIGH)
