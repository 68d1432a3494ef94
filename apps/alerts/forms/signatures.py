"""Forms for what a detector signs with."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.alerts.forms.fields import ReasonField
from apps.alerts.models import SigningKey

OVERLAP = timedelta(days=7)  # offered
LONGEST_OVERLAP = timedelta(days=90)


class SigningKeyForm(forms.Form):
    """A new key; the present one, where there is one, stays beside it for a while."""

    method = forms.ChoiceField(
        label="Signed with",
        choices=[
            (SigningKey.Method.HMAC, "HMAC-SHA256: casemgr makes a secret and shows it once"),
            (SigningKey.Method.ED25519, "Ed25519: the detector keeps its private key, and you give its public key"),
        ],
        widget=forms.RadioSelect,
        initial=SigningKey.Method.HMAC,
    )
    public_key = forms.CharField(
        max_length=60,
        required=False,
        label="Public key",
        widget=forms.TextInput(attrs={"placeholder": "whpk_", "class": "mono", "spellcheck": "false"}),
        help_text="For Ed25519 only: whpk_ and the 32 bytes in base64.",
    )
    previous_until = forms.DateField(
        required=False,
        label="The present key is taken until",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The end of that day, UTC. Empty: it ends now, as it must when somebody else may have it.",
    )
    reason = ReasonField()

    def __init__(self, *args: Any, has_key: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_key:
            self.fields["previous_until"].initial = (timezone.now() + OVERLAP).date()
        else:
            del self.fields["previous_until"]

    def clean_previous_until(self) -> datetime | None:
        last: date | None = self.cleaned_data["previous_until"]
        if last is None:
            return None
        today = timezone.now().date()
        if not today <= last <= today + LONGEST_OVERLAP:
            raise forms.ValidationError(f"Choose a day from today to {today + LONGEST_OVERLAP:%-d %B %Y}.")
        return datetime.combine(last + timedelta(days=1), time.min, tzinfo=UTC)


class EndKeyForm(forms.Form):
    reason = ReasonField("Why it ends")


class RequireForm(forms.Form):
    required = forms.BooleanField(
        required=False,
        label="It has to sign",
        help_text="Unchecked: what it does not sign is taken as well. What it does sign is checked all the same.",
    )
    reason = ReasonField()
