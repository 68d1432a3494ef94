"""Shapes of what people enter about cases. What it means is checked by the actions."""

from collections.abc import Collection
from typing import Any, cast

from django import forms

from apps.accounts.models import Account, Identifier
from apps.alerts.models import Severity
from apps.cases.models import Assessment, Case, Confidence, Decision, Exhibit, Explanation, Party
from apps.evidence.models import Item, Tlp
from apps.staff.models import User

TYPED_ABOVE = 100  # a bulk step on more accounts than this is confirmed by typing their number


def _text(rows: int, **values: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), **values)


def _day(**values: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **values)


# --- the case ---------------------------------------------------------------------------------------------------------


class OpenForm(forms.Form):
    title = forms.CharField(max_length=200, help_text="Who or what, and what is suspected. No names of people.")
    severity = forms.TypedChoiceField(
        choices=Severity.choices, coerce=int, initial=Severity.MEDIUM, help_text="Impact if it is true."
    )
    kind = forms.ChoiceField(choices=Case.Kind.choices)
    summary = _text(4, required=False, help_text="What is suspected, since when, on what ground: five sentences.")


class FromGroupForm(forms.Form):
    title = forms.CharField(max_length=200)
    reason = _text(
        2,
        required=False,
        max_length=500,
        label="Why this is worth a case",
        help_text="Needed where none of its detectors is calibrated and in good standing.",
    )


class DescribeForm(forms.Form):
    title = forms.CharField(max_length=200)
    summary = _text(6, required=False)
    severity = forms.TypedChoiceField(choices=Severity.choices, coerce=int)
    tlp = forms.ChoiceField(choices=Tlp.choices, label="Marking")


class AssignForm(forms.Form):
    to = forms.ModelChoiceField(User.objects.none(), label="Give it to", empty_label=None)
    reason = forms.CharField(max_length=300, required=False)

    def __init__(self, *args: Any, people, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["to"]).queryset = people


class CloseForm(forms.Form):
    closure = forms.ChoiceField(choices=Case.Closure.choices, label="How it ends")
    note = _text(3, label="Why", help_text="A sentence or two for whoever opens this file in two years.")


class NoQuestions(forms.Form):
    """A verb that asks nothing more."""


class ReasonForm(forms.Form):
    reason = _text(3)


class NoteForm(forms.Form):
    body = _text(3, label="Note")
    is_privileged = forms.BooleanField(
        required=False, label="Privileged: legal advice", help_text="For legal roles only, never exported."
    )

    def __init__(self, *args: Any, legal: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not legal:
            del self.fields["is_privileged"]


class TaskForm(forms.Form):
    title = forms.CharField(max_length=200, label="What is to be done")
    assignee = forms.ModelChoiceField(User.objects.none(), label="By whom", required=False, empty_label="nobody yet")
    due_on = _day(required=False, label="Until")

    def __init__(self, *args: Any, people, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["assignee"]).queryset = people


class PartyForm(forms.Form):
    name = forms.CharField(max_length=200)
    role = forms.ChoiceField(choices=Party.Role.choices, help_text="Alleged until it is adjudicated.")
    basis = _text(2, label="What this rests on")
    address = _text(3, required=False, label="Address", help_text="For a letter, one line each.")


# --- the set of accounts ----------------------------------------------------------------------------------------------


class SelectionForm(forms.Form):
    """Conditions that pick accounts, see `selection.Selection`."""

    refs = _text(2, required=False, label="References", help_text="Separated by spaces, commas or lines.")
    product = forms.CharField(max_length=128, required=False)
    plan = forms.CharField(max_length=64, required=False)
    country = forms.CharField(max_length=2, required=False, help_text="Two letters.")
    organisation = forms.CharField(max_length=200, required=False)
    contract = forms.CharField(max_length=64, required=False)
    has_contract = forms.BooleanField(required=False, label="Has any contract on record")
    status = forms.ChoiceField(choices=[("", "any"), *Account.Status.choices], required=False)
    opened_from = _day(required=False)
    opened_to = _day(required=False)
    active_from = _day(required=False)
    active_to = _day(required=False)
    min_queries = forms.IntegerField(min_value=1, required=False, label="Queries at least")
    max_queries = forms.IntegerField(min_value=0, required=False, label="Queries at most")

    def clean_refs(self) -> list[str]:
        return self.cleaned_data["refs"].replace(",", " ").split()

    @property
    def query(self) -> dict[str, Any]:
        """What was said, without what was left out."""
        if not (self.is_bound and self.is_valid()):
            return {}
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [], False)}


class AddAccountsForm(SelectionForm):
    identifier_kind = forms.ChoiceField(choices=[("", "none"), *Identifier.Kind.choices], required=False)
    identifier_value = forms.CharField(
        max_length=2000, required=False, help_text="Compared as a keyed hash; the value itself is not kept."
    )

    def __init__(self, *args: Any, identifiers: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not identifiers:
            del self.fields["identifier_kind"], self.fields["identifier_value"]


class BulkForm(forms.Form):
    """Confirmation of a step on many accounts; `count` is how many it will meet."""

    typed = forms.CharField(required=False)

    def __init__(self, *args: Any, count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = count

    def clean_typed(self) -> str:
        typed = self.cleaned_data["typed"].strip()
        if self.count > TYPED_ABOVE and typed != str(self.count):
            raise forms.ValidationError(f"This meets {self.count} accounts: type {self.count} to confirm.")
        return typed


class ExcludeForm(BulkForm):
    why = forms.CharField(max_length=300, label="Why they do not belong", help_text="It stays beside each of them.")
    field_order = ["why", "typed"]


# --- evidence ---------------------------------------------------------------------------------------------------------


class ExhibitForm(forms.Form):
    item = forms.ModelChoiceField(
        Item.objects.none(),
        to_field_name="ref",
        empty_label="choose an item",
        help_text="The newest items of the vault.",
    )
    shows = forms.CharField(max_length=300, label="What it shows", help_text="One sentence.")
    element = forms.ChoiceField(choices=Exhibit.Element.choices, label="Which element it carries")
    dependency_group = forms.CharField(
        max_length=60,
        required=False,
        label="Depends on",
        help_text="The log, key or set of accounts it rests on: exhibits of one source are not counted twice."
        " A test run brings its own.",
    )
    log10_lr = forms.FloatField(
        required=False,
        min_value=-12,
        max_value=12,
        label="Likelihood ratio, log10",
        help_text="Only from a method with both densities stated beforehand. A test run brings its own.",
    )
    log10_lr_cap = forms.FloatField(
        required=False,
        min_value=0,
        max_value=6,
        label="Its cap, log10",
        help_text="TPR / FPR bounds of its validation.",
    )

    def __init__(self, *args: Any, items, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["item"]).queryset = items
        cast(Any, self.fields["item"]).label_from_instance = lambda item: f"{item.ref} {item.title}"


class IndependenceForm(forms.Form):
    groups = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        label="Lines of evidence",
        help_text="At least two, by what they depend on.",
    )
    argument = _text(
        4, help_text="Why an error in one of them (a wrong log, a shared cause) would not be in the others."
    )

    def __init__(self, *args: Any, groups: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["groups"]).choices = [(group, group) for group in groups]


class RaiseForm(forms.Form):
    hypothesis = forms.ChoiceField(label="Explanation")

    def __init__(self, *args: Any, raised: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["hypothesis"]).choices = [c for c in Explanation.Hypothesis.choices if c[0] not in raised]


class AssessForm(forms.Form):
    status = forms.ChoiceField(choices=Explanation.Status.choices[1:], label="Result")
    conclusion = _text(3, help_text="What was looked at, and what it showed.")


class RatingForm(forms.Form):
    exhibit = forms.UUIDField()
    rating = forms.ChoiceField(choices=Assessment.Rating.choices)


# --- findings and decisions -------------------------------------------------------------------------------------------


class PeriodForm(forms.Form):
    """Which clauses are offered."""

    start = _day(required=False, label="Conduct from")
    end = _day(required=False, label="Conduct to")
    words = forms.CharField(required=False, max_length=100, label="Clauses that say")


class FindingForm(forms.Form):
    conduct = _text(
        3,
        label="What the accounts did",
        help_text="A whole sentence, fit for the letter: conduct, not motives.",
    )
    conduct_from = _day(label="From")
    conduct_to = _day(label="To")
    clauses = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="Under which clauses in force")
    exhibits = forms.ModelMultipleChoiceField(
        Exhibit.objects.none(), widget=forms.CheckboxSelectMultiple, label="Carried by"
    )
    explanations = forms.ModelMultipleChoiceField(
        Explanation.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        label="Explanations considered",
        help_text="All that were raised.",
    )
    confidence = forms.ChoiceField(choices=Confidence.choices, label="How likely", initial=Confidence.LIKELY)
    limits = _text(2, label="What the evidence does not show")

    def __init__(self, *args: Any, clauses: list[tuple[str, str]], exhibits, explanations, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["clauses"]).choices = clauses
        cast(Any, self.fields["exhibits"]).queryset = exhibits
        cast(Any, self.fields["explanations"]).queryset = explanations


class ReviewForm(forms.Form):
    note = _text(2, required=False, label="Note")


class DecisionForm(forms.Form):
    action = forms.ChoiceField(choices=Decision.Action.choices, label="Measure")
    scope = forms.CharField(max_length=300, help_text="What exactly is done, and where.")
    starts_on = _day(label="From")
    ends_on = _day(required=False, label="Until", help_text="Left empty: until further notice.")
    reasoning = _text(4, label="Reasons", help_text="Fit for the letter: why this measure, and why nothing milder.")
