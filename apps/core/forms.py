"""Forms that several rooms ask with."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.core.validators import RegexValidator


class ReasonForm(forms.Form):
    """Why something is given back or thrown away."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}))


class TypedForm(forms.Form):
    """For what cannot be undone: who does it types the reference of the thing, and so reads which one it is."""

    def __init__(self, *args: Any, phrase: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        exact = re.escape(phrase)
        attributes = {"autocomplete": "off", "spellcheck": "false", "data-typed": "", "pattern": exact}
        self.fields["typed"] = forms.CharField(
            label=f"Type {phrase} to confirm",
            widget=forms.TextInput(attrs=attributes),
            validators=[RegexValidator(f"^{exact}$", f"This is not {phrase}. Type it exactly: this cannot be undone.")],
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        values.pop("typed", None)
        return values


class AddressForm(forms.Form):
    """Where something is `posted` to, for as long as it is active."""

    posted: str

    url = forms.CharField(max_length=500, label="Address", widget=forms.URLInput(attrs={"placeholder": "https://"}))
    is_active = forms.BooleanField(required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = "It has to be on the list of hosts that may be called."
        self.fields["url"].help_text = f"{self.posted.capitalize()} are posted there. {allowed}"
        self.fields["is_active"].label = f"Post {self.posted} to it"

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
