from typing import Any

from django import forms

from apps.evidence.models import Item, Tlp


class Filter(forms.Form):
    kind = forms.ChoiceField(choices=[("", "Any kind"), *Item.Kind.choices], required=False)
    tlp = forms.ChoiceField(choices=[("", "Any marking"), *Tlp.choices], required=False, label="Marking")
    q = forms.CharField(required=False, label="Reference, title or SHA-256")


class CollectForm(forms.Form):
    file = forms.FileField(help_text="Kept as it is, byte for byte. Its hash is computed while it arrives.")
    kind = forms.ChoiceField(choices=[c for c in Item.Kind.choices if c[0] != Item.Kind.TEST_RUN])
    title = forms.CharField(max_length=200, help_text="What it is, so that a colleague finds it again.")
    origin = forms.CharField(
        max_length=300,
        label="Where it comes from",
        help_text="System or person, how it was obtained, and when. Custody begins here.",
    )
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    tlp = forms.ChoiceField(choices=Tlp.choices, initial=Tlp.AMBER, label="Marking")


class ExportForm(forms.Form):
    purpose = forms.CharField(
        max_length=300, help_text="Who gets the copy, and what for. It stands in the custody chain."
    )


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
