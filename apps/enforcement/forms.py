from datetime import timedelta

from django import forms

from apps.enforcement.models import Instruction


class ReceiverForm(forms.Form):
    url = forms.CharField(
        max_length=500,
        label="Address",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text="Orders are posted there. It has to be on the list of hosts that may be called.",
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Post orders to it")

    def clean_url(self) -> str:
        return self.cleaned_data["url"].strip()


class RenewSecretForm(forms.Form):
    overlap = forms.TypedChoiceField(
        label="The old secret",
        choices=[
            (24, "still signs for a day, beside the new one"),
            (7 * 24, "still signs for a week, beside the new one"),
            (0, "ends at once: somebody else may know it"),
        ],
        coerce=lambda hours: timedelta(hours=int(hours)),
        initial=24,
        widget=forms.RadioSelect,
        help_text="While both sign, a receiver that knows either of them finds its signature.",
    )


class FilterForm(forms.Form):
    state = forms.ChoiceField(choices=[("", "any"), *Instruction.State.choices], required=False, label="State")
    q = forms.CharField(required=False, label="Account")
