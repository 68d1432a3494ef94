from django import forms


class SendAgainForm(forms.Form):
    """An item as it came, to be put right."""

    body = forms.CharField(
        label="The item",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 22, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
    )
