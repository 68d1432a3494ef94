"""Forms that several rooms ask with."""

import re
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
