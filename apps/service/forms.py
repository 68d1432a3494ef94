from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from apps.core.uploads import FilesField
from apps.service.actions.attempts import PROOF_BYTES, PROOFS
from apps.service.models import Attempt, Deadline
from apps.service.queries import Standing

LIST_BYTES = 8 * 1024 * 1024  # the whole list is in memory, to be shown before anything is sent
BY_HAND = [choice for choice in Attempt.Method.choices if choice[0] != Attempt.Method.EMAIL]


class MomentField(forms.DateTimeField):
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ProofsField(FilesField):
    def __init__(self) -> None:
        help_text = f"Receipts, returned covers: at most {PROOFS} files of {PROOF_BYTES // 1024**2} MB each."
        super().__init__(required=False, label="Proof", help_text=help_text)


class EmailForm(forms.Form):
    address = forms.CharField(
        max_length=254,
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="It is kept sealed, with this attempt only.",
    )


class AddressListForm(forms.Form):
    """Where the letters of a mailing go."""

    file = forms.FileField(
        label="CSV file",
        help_text="A header row, account,address; then one account a row, by its reference.",
        allow_empty_file=False,
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LIST_BYTES:
            raise forms.ValidationError(f"The file has more than {LIST_BYTES:,} bytes: part it.")
        return file


class StandingForm(forms.Form):
    """What narrows the letters of a mailing."""

    standing = forms.ChoiceField(choices=[("", "Any"), *Standing.choices], required=False, label="Service")


class AttemptForm(forms.Form):
    """What somebody did to serve a letter, outside of casemgr."""

    method = forms.ChoiceField(choices=BY_HAND, label="How", initial=Attempt.Method.POST)
    address = forms.CharField(label="Where to, or to whom", widget=forms.Textarea(attrs={"rows": 3}))
    sent_at = MomentField(label="Handed over on (UTC)", initial=lambda: timezone.now().replace(second=0, microsecond=0))
    carrier_ref = forms.CharField(max_length=100, required=False, label="Carrier’s reference")
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    proofs = ProofsField()


class ResultForm(forms.Form):
    """What became of it. The button says which."""

    on = MomentField(label="When (UTC)", required=False, help_text="Now, if you leave it empty.")
    note = forms.CharField(required=False, label="What is known", widget=forms.Textarea(attrs={"rows": 2}))
    proofs = ProofsField()


class AnswerForm(forms.Form):
    received_at = MomentField(label="Received on (UTC)", required=False, help_text="Now, if you leave it empty.")
    words = forms.CharField(
        label="What they answered",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="In short, or where it stands. An answer in writing belongs into the evidence.",
    )


class CalendarForm(forms.Form):
    zone = forms.CharField(max_length=64, label="Time zone", help_text="Of the IANA database, such as Europe/Dublin.")
    calendar = forms.CharField(
        max_length=12, required=False, label="Public holidays of", help_text="A country such as DE, or a part: US-CA."
    )


class FilterForm(forms.Form):
    """What narrows the calendar; all of it lives in the address."""

    kind = forms.ChoiceField(choices=[("", "Any deadline"), *Deadline.Kind.choices], required=False, label="Deadline")
    state = forms.ChoiceField(
        choices=[
            ("", "Open or missed"),
            ("open", "Open"),
            *[choice for choice in Deadline.Outcome.choices if choice[0]],
            ("any", "Any"),
        ],
        required=False,
        label="State",
    )
    q = forms.CharField(required=False, label="Letter, case or account")
