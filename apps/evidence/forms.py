from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.evidence.models import Item, Tlp


class Filter(forms.Form):
    kind = forms.ChoiceField(choices=[("", "Any kind"), *Item.Kind.choices], required=False)
    tlp = forms.ChoiceField(choices=[("", "Any marking"), *Tlp.choices], required=False, label="Marking")
    state = forms.ChoiceField(choices=[("", "Any state"), *Item.State.choices], required=False, label="Custody")
    q = forms.CharField(required=False, label="Reference, title or SHA-256")


class CollectForm(forms.Form):
    file = forms.FileField(help_text="Kept as it is, byte for byte. Its hash is computed while it arrives.")
    kind = forms.ChoiceField(choices=[c for c in Item.Kind.choices if c[0] not in Item.MADE_HERE])
    title = forms.CharField(max_length=200, help_text="What it is, so that a colleague finds it again.")
    origin = forms.CharField(
        max_length=300,
        label="Where it comes from",
        help_text="System or person, how it was obtained, and when. Custody begins here.",
    )
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    tlp = forms.ChoiceField(choices=Tlp.choices, initial=Tlp.AMBER, label="Marking")


class DeriveForm(forms.Form):
    file = forms.FileField(help_text="What you made from the item. The item itself stays as it is.")
    derived = forms.ChoiceField(choices=Item.Derivation.choices, label="What was done")
    title = forms.CharField(max_length=200, help_text="What it is, so that a colleague finds it again.")
    tool = forms.CharField(max_length=100, help_text="The program, or the person where it was done by hand.")
    version = forms.CharField(max_length=60, help_text="Its version, or the instruction that was followed by hand.")
    parameters = forms.CharField(
        required=False,
        max_length=1000,
        label="Settings",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Everything that somebody else needs to make the same file again.",
    )
    tlp = forms.ChoiceField(choices=Tlp.choices, label="Marking")


AUTHORITY = "An order, a policy or a person; empty where your own role is enough."


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=300, label="Why")


class StepForm(ReasonForm):
    authority = forms.CharField(required=False, max_length=200, label="On whose authority", help_text=AUTHORITY)


class ReleaseForm(StepForm):
    recipient = forms.CharField(max_length=200, label="Released to", help_text="Name and organisation.")

    field_order = ("recipient", "reason", "authority")


class HandOverForm(StepForm):
    to: Any = forms.ModelChoiceField(queryset=None, label="To", help_text="People whose role can have items.")

    field_order = ("to", "reason", "authority")

    def offer(self, people: QuerySet) -> None:
        field: Any = self.fields["to"]
        field.queryset = people


class ExportForm(forms.Form):
    purpose = forms.CharField(max_length=300, label="What for", help_text="It stands in the chain of custody.")
    recipient = forms.CharField(required=False, max_length=200, label="For whom", help_text="Empty for yourself.")
    authority = forms.CharField(required=False, max_length=200, label="On whose authority", help_text=AUTHORITY)


class GreenListForm(forms.Form):
    """Counts of the green-list test, as a detector or a laboratory reports them."""

    suspect = forms.CharField(
        max_length=200, label="Suspect model", help_text="Name, version and endpoint that was tested."
    )
    key_id = forms.CharField(
        max_length=64, label="Watermark key", help_text="Its name in the key register; never the key."
    )
    scored = forms.IntegerField(
        max_value=10**12, min_value=1, label="Tokens scored (n)", help_text="Distinct (context, token) tuples."
    )
    green = forms.IntegerField(max_value=10**12, min_value=0, label="Of these green (k)")
    gamma = forms.FloatField(min_value=0.0001, max_value=0.9999, initial=0.25, label="Green share by chance (γ)")
    distinct = forms.BooleanField(
        required=False, initial=True, label="Only distinct tuples were scored", help_text="Repeats make p too small."
    )
    key_secret = forms.NullBooleanField(
        required=False, label="A custody record shows that the key never left", help_text="Not known is an answer."
    )
    excess = forms.FloatField(
        min_value=0.0001, max_value=0.9, initial=0.02, label="Power for an excess of", help_text="Above γ, as a share."
    )
    controls = forms.IntegerField(
        max_value=10**6,
        min_value=0,
        initial=0,
        label="Clean control models",
        help_text="Tested with the same key; they limit the strength.",
    )
    false_positives = forms.IntegerField(max_value=10**6, min_value=0, initial=0, label="Of these alarms")
    positives = forms.IntegerField(max_value=10**6, min_value=0, initial=0, label="Known positive models")
    detected = forms.IntegerField(max_value=10**6, min_value=0, initial=0, label="Of these detected")
    study = forms.CharField(required=False, label="Validation study", help_text="Where the controls are written down.")
    planned = forms.BooleanField(
        required=False, label="The test was planned before the data were seen", help_text="Otherwise it is exploratory."
    )
    submitted_p = forms.FloatField(
        required=False, min_value=0, max_value=1, label="p as reported to us", help_text="Compared with ours, if given."
    )

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "scored": data["scored"],
            "green": data["green"],
            "gamma": data["gamma"],
            "distinct": data["distinct"],
            "key_id": data["key_id"],
            "key_secret": data["key_secret"],
            "excess": data["excess"],
            "validation": {
                name: data[name] for name in ("controls", "false_positives", "positives", "detected", "study")
            },
        }

    def submitted(self) -> dict[str, float] | None:
        p = self.cleaned_data["submitted_p"]
        return None if p is None else {"p_value": p}
