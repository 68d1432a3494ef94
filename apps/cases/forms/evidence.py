from collections.abc import Collection
from typing import Any, cast

from django import forms

from apps.cases.forms.fields import text
from apps.cases.models import Assessment, Exhibit, Explanation
from apps.cases.standards import alternatives
from apps.cases.standards.families import FAMILIES
from apps.evidence.forms.items import CollectForm as ItemForm
from apps.evidence.models import Item


class ExhibitForm(forms.Form):
    item = forms.ModelChoiceField(
        Item.objects.none(),
        to_field_name="ref",
        empty_label="choose an item",
        help_text="The newest items of the vault.",
    )
    shows = forms.CharField(max_length=300, label="What it shows", help_text="One sentence.")
    element = forms.ChoiceField(choices=Exhibit.Element.choices, label="Which element it carries")
    family = forms.ChoiceField(
        choices=[("", "as its item says"), *FAMILIES.items()],
        required=False,
        label="Kind of evidence",
        help_text="Two independent kinds carry a finding. A test run brings its own.",
    )
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


class CollectForm(ItemForm):
    """A file that comes into the vault and into the case at once."""

    shows = forms.CharField(max_length=300, label="What it shows", help_text="One sentence.")
    element = forms.ChoiceField(choices=Exhibit.Element.choices, label="Which element it carries")
    family = forms.ChoiceField(
        choices=[("", "as its item says"), *FAMILIES.items()], required=False, label="Kind of evidence"
    )
    dependency_group = forms.CharField(
        max_length=60,
        label="Depends on",
        help_text="The log, key or set of accounts it rests on: exhibits of one source are not counted twice.",
    )


class IndependenceForm(forms.Form):
    groups = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        label="Lines of evidence",
        help_text="At least two, by what they depend on.",
    )
    argument = text(
        4, help_text="Why an error in one of them (a wrong log, a shared cause) would not be in the others."
    )

    def __init__(self, *args: Any, groups: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["groups"]).choices = [(group, group) for group in groups]


class RaiseForm(forms.Form):
    hypothesis = forms.ChoiceField(label="Explanation")

    def __init__(self, *args: Any, raised: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["hypothesis"]).choices = [c for c in alternatives.CHOICES if c[0] not in raised]


class AssessForm(forms.Form):
    status = forms.ChoiceField(choices=Explanation.Status.choices[1:], label="Result")
    conclusion = text(
        3, help_text="What was looked at, and what it showed; or why nobody can test it, and that it stays open."
    )


class RatingForm(forms.Form):
    explanation = forms.UUIDField(required=False)  # left out: what is suspected
    rating = forms.ChoiceField(choices=Assessment.Rating.choices)


class AllowWordingForm(forms.Form):
    words = forms.CharField(max_length=100, help_text="As the check shows them, no more.")
    reason = text(3, label="What carries them", help_text="A judgment, an admission, an exhibit. It stays on file.")
