"""Shapes of what people enter about claims. What it means is checked by the actions."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.cases.claims import grading
from apps.cases.models import Claim, ClaimLink, Quantity
from apps.evidence.forms.register import ItemField
from apps.evidence.models import Item, TestRun


def _text(rows: int, **values: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), **values)


class ClaimForm(forms.Form):
    topic = forms.CharField(max_length=120, label="What it is about")
    speaker = forms.CharField(max_length=200, label="Who says it", help_text="An organisation, a paper, an office.")
    role = forms.ChoiceField(choices=Claim.Role.choices, label="As what")
    said_on = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        label="When",
        help_text="Empty where the source gives no date.",
    )
    text = _text(4, label="Word for word", help_text="As it stands there, in its own language. It is hashed and stays.")
    source = forms.CharField(max_length=500, label="Where", help_text="Title, page and address, as text.")
    origin = forms.CharField(
        max_length=200,
        label="Where the story comes from",
        help_text="In the end. A wire report has one origin, however often it is printed; write it the same way.",
    )
    capture = ItemField(
        max_length=20, required=False, label="Capture of the page", help_text="Its reference in the vault: EV-…"
    )
    why_no_capture = forms.CharField(
        max_length=300, required=False, label="Or why there is none", help_text="One of the two."
    )

    def __init__(self, *args: Any, topics: list[str], origins: list[str], items: QuerySet[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        capture: Any = self.fields["capture"]
        capture.items = items
        self.fields["topic"].help_text = _as_before(topics, "The same words for claims on one matter.")
        if origins:
            self.fields["origin"].help_text = _as_before(origins, str(self.fields["origin"].help_text))


def _as_before(known: list[str], words: str) -> str:
    return f"{words} So far: {'; '.join(known)}." if known else words


class GradeForm(forms.Form):
    source_grade = forms.ChoiceField(label="The source", help_text="Whoever says it, apart from what is said.")
    information = forms.TypedChoiceField(
        coerce=int,
        label="The information",
        help_text="What is said, apart from who says it. Better than 3 takes another claim of an independent origin.",
    )
    grading_basis = _text(3, label="What the grades rest on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field, scale in (("source_grade", grading.SOURCE), ("information", grading.INFORMATION)):
            choice: Any = self.fields[field]
            choice.choices = grading.choices(scale)


class _ClaimChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.label} {obj.speaker}: {obj.text[:80]}"


class LinkForm(forms.Form):
    kind = forms.ChoiceField(choices=ClaimLink.Kind.choices, label="It")
    other: Any = _ClaimChoice(Claim.objects.none(), label="The other claim")
    on = forms.CharField(max_length=300, label="In what", help_text="In what they agree, or where they part.")

    def __init__(self, *args: Any, others: QuerySet[Claim], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        other: Any = self.fields["other"]
        other.queryset = others


class WithdrawForm(forms.Form):
    reason = forms.CharField(max_length=300, label="What was recorded wrongly")


class QuantityForm(forms.Form):
    what = forms.CharField(max_length=120, label="What is counted")
    qualifier = forms.ChoiceField(choices=Quantity.Qualifier.choices, label="The word in front of it")
    value = forms.FloatField(required=False, label="The number", help_text="16 million is 16000000.")
    lower = forms.FloatField(required=False, label="At least", help_text="Where a range is given.")
    upper = forms.FloatField(required=False, label="At most", help_text="Where a range is given.")
    unit = forms.CharField(max_length=40, help_text="In the plural: exchanges, accounts, days.")
    claim: Any = _ClaimChoice(Claim.objects.none(), required=False, empty_label="A test run", label="From the claim")
    run = forms.CharField(max_length=20, required=False, label="Or from the run", help_text="Its reference: T-…")

    def __init__(self, *args: Any, claims: QuerySet[Claim], runs: QuerySet[TestRun], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        claim: Any = self.fields["claim"]
        claim.queryset = claims
        self.runs = runs

    def clean_run(self) -> TestRun | None:
        ref = self.cleaned_data["run"].strip()
        if not ref:
            return None
        found = self.runs.filter(ref__iexact=ref).first()
        if found is None:
            raise forms.ValidationError(f"There is no run {ref}: give its reference, for example T-2026-0001.")
        return found
