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
