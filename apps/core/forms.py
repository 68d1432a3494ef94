"""Forms that several rooms ask with."""

from django import forms


class ReasonForm(forms.Form):
    """Why something is given back or thrown away."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}))
