"""The worksheet of a finding, and what is said about findings and decisions."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from apps.cases.findings.substance import Claimed, Shown
from apps.cases.forms.fields import CountriesField, ExhibitsField, day, labels, text
from apps.cases.models import Confidence, Decision, Exhibit, Level, Party
from apps.cases.standards import theories


class GroundForm(forms.Form):
    """What the worksheet is laid out by: which clauses are offered, and what then has to be shown."""

    conduct_from = day(required=False)
    conduct_to = day(required=False)
    words = forms.CharField(required=False, max_length=100, label="Offer clauses that say")
    theories = forms.MultipleChoiceField(
        choices=theories.CHOICES,
        required=False,
        label="What has to be shown",
        help_text="The kinds of the clauses, and legal theories where one is prepared. Each brings its elements.",
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )


LEVELS = [level for level in Level if level != Level.ACCOUNT]
SURE = [("", "not shown"), *Confidence.choices]
CLAIMED = [("", "not concluded"), *Confidence.choices]


class FindingForm(forms.Form):
    conduct = text(
        3,
        label="What the accounts did",
        help_text="A whole sentence, fit for the letter: conduct, not motives.",
    )
    conduct_from = day(label="From")
    conduct_to = day(label="To")
    clauses = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="Under which clauses in force")
    exhibits = ExhibitsField(label="Carried by", help_text="By their numbers: E1, E3-E5.")
    confidence = forms.ChoiceField(choices=Confidence.choices, label="How likely", initial=Confidence.LIKELY)
    limits = text(2, label="What the evidence does not show")
    leave_out = forms.CharField(
        required=False,
        max_length=300,
        label="Leave out accounts of which nothing speaks, or that may do it, because",
        help_text="Empty: the finding is refused while there are any. The reason stays beside each of them.",
    )
    despite_authorisation = text(
        2,
        required=False,
        label="Why an authorisation does not cover this",
        help_text="Only where accounts with an authorisation stay in.",
    )

    def __init__(
        self,
        *args: Any,
        clauses: list[tuple[str, str]],
        exhibits: Iterable[Exhibit],
        theories: Sequence[str],
        parties: Iterable[Party] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.theories = list(theories)
        self.by_number = {exhibit.number: exhibit for exhibit in exhibits}
        cast(Any, self.fields["clauses"]).choices = clauses
        self._offer("exhibits", self.by_number)
        for name, element in self._asked():
            shown = [e.number for e in self.by_number.values() if e.element in element.shown_by]
            self.fields[f"{name}-exhibits"] = ExhibitsField(required=False, label="Shown by", initial=labels(shown))
            self.fields[f"{name}-confidence"] = forms.ChoiceField(
                choices=SURE, required=False, label="How sure", initial=Confidence.LIKELY if shown else ""
            )
            self._offer(f"{name}-exhibits", self.by_number)
        people = [("", "nobody named"), *((str(party.pk), str(party)) for party in parties)]
        for level in LEVELS:
            self.fields[f"level-{level}-confidence"] = forms.ChoiceField(
                choices=CLAIMED, required=False, label="How sure"
            )
            self.fields[f"level-{level}-basis"] = forms.CharField(required=False, label="What this rests on")
            if level in (Level.OPERATOR, Level.ORGANISATION):
                self.fields[f"level-{level}-party"] = forms.ChoiceField(choices=people, required=False, label="Who")

    def _offer(self, name: str, exhibits: dict[int, Exhibit]) -> None:
        cast(ExhibitsField, self.fields[name]).offered = exhibits

    def _asked(self) -> list[tuple[str, Any]]:
        return [
            (f"{theory}-{element.id}", element)
            for theory in self.theories
            for element in theories.THEORIES[theory].elements
        ]

    # --- as the page lays it out

    def worksheet(self) -> list[dict[str, Any]]:
        """Each theory with its elements, and the two fields of each."""
        return [
            {
                "theory": theories.THEORIES[name],
                "elements": [
                    {
                        "element": element,
                        "standard": theories.STANDARDS[element.standard],
                        "exhibits": self[f"{name}-{element.id}-exhibits"],
                        "confidence": self[f"{name}-{element.id}-confidence"],
                    }
                    for element in theories.THEORIES[name].elements
                ],
            }
            for name in self.theories
        ]

    def chain(self) -> list[dict[str, Any]]:
        """The levels of attribution above the account, each with its fields."""
        return [
            {"level": level, **{field: self[f"level-{level}-{field}"] for field in ("confidence", "basis")}}
            | ({"party": self[f"level-{level}-party"]} if f"level-{level}-party" in self.fields else {})
            for level in LEVELS
        ]

    # --- as the action takes it

    @property
    def elements(self) -> list[Shown]:
        data = self.cleaned_data
        return [
            Shown(
                theory,
                element.id,
                element.name,
                element.standard,
                element.necessary,
                data[f"{theory}-{element.id}-confidence"],
                tuple(e.number for e in data[f"{theory}-{element.id}-exhibits"]),
            )
            for theory in self.theories
            for element in theories.THEORIES[theory].elements
        ]

    def levels(self, parties: Iterable[Party]) -> list[Claimed]:
        known, data = {str(party.pk): party for party in parties}, self.cleaned_data
        return [
            Claimed(
                level,
                data[f"level-{level}-confidence"],
                data[f"level-{level}-basis"],
                known.get(data.get(f"level-{level}-party", "")),
            )
            for level in LEVELS
            if data[f"level-{level}-confidence"]
        ]

    @property
    def plain(self) -> dict[str, Any]:
        """What is said in fields of their own."""
        return {name: value for name, value in self.cleaned_data.items() if "-" not in name}


class ReviewForm(forms.Form):
    note = text(2, required=False, label="Note")


class DecisionForm(forms.Form):
    action = forms.ChoiceField(choices=Decision.Action.choices, label="Measure")
    scope = forms.CharField(max_length=300, help_text="What exactly is done.")
    territory = CountriesField(
        required=False, label="Countries", help_text="Two letters each, such as DE, FR. Left empty: worldwide."
    )
    requests_per_day = forms.IntegerField(
        required=False, min_value=1, label="Requests a day", help_text="Of each account; for a limit alone."
    )
    starts_on = day(label="From")
    ends_on = day(required=False, label="Until", help_text="Its last day. Left empty: until further notice.")
    rollback = forms.CharField(
        required=False, max_length=300, label="How it is undone", help_text="Left empty: as such measures are."
    )
    reasoning = text(4, label="Reasons", help_text="Fit for the letter: why this measure, and why nothing milder.")
    private_notes = text(
        2, required=False, label="Notes for colleagues", help_text="In no letter, no report and no bundle."
    )
    overrides = forms.ModelChoiceField(
        Decision.objects.none(),
        required=False,
        empty_label="no other decision",
        label="It takes the place of",
        help_text="Once this one holds, the other one ends, and no letter about it goes out any more.",
    )
    acknowledged = forms.CharField(
        required=False,
        max_length=20,
        label="So many accounts are expected to be hit wrongly",
        help_text="Write down the number that stands below.",
    )

    def __init__(self, *args: Any, is_bulk: bool, holding: QuerySet[Decision], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["overrides"]).queryset = holding
        if not is_bulk:
            del self.fields["acknowledged"]
