from django import forms


class WebhookForm(forms.Form):
    url = forms.CharField(
        max_length=500,
        label="Address",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text="Verdicts are posted there. It has to be on the list of hosts that may be called.",
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Tell it")

    def clean_url(self) -> str:
        return self.cleaned_data["url"].strip()
