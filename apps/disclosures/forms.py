from django import forms

from apps.disclosures.models import Report


class CompileForm(forms.Form):
    audience = forms.ChoiceField(
        choices=Report.Audience.choices, help_text="It decides what is withheld; the rules are shown on the draft."
    )
    title = forms.CharField(max_length=200, help_text="As it is printed on the report.")
    recipient = forms.CharField(max_length=200, help_text="Authority, partner, or where it is published.")
    legal_basis = forms.CharField(
        max_length=300, label="Legal basis", help_text="Why it may be shared with them: law, agreement, consent."
    )
