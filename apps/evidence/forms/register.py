"""Shapes of what people enter into the register. What it means is checked by the actions."""

import json
from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.evidence.models import Attestation, Item, KeyIncident, ModelVersion, ProtectedModel, SignatureCheck
from apps.evidence.registry import authenticity


def _text(rows: int, **values: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), **values)


def _day(**values: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **values)


def _moment(**values: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(widget=widget, **{"help_text": "UTC."} | values)


class ItemField(forms.CharField):
    """An item of the vault by its reference, among those that a view offers."""

    items: QuerySet[Item] = Item.objects.none()

    def clean(self, value: Any) -> Item | None:
        ref = super().clean(value)
        if not ref:
            return None
        found = self.items.filter(ref__iexact=ref).first()
        if found is None:
            raise forms.ValidationError(f"No item {ref} fits here: give its reference, for example EV-2026-0001.")
        return found


class DescribeModelForm(forms.Form):
    owner = forms.CharField(max_length=200, label="Owner in the house", help_text="Who answers for it: a team, a role.")
    family = forms.CharField(max_length=100, required=False, help_text="The line of models that it belongs to.")
    notes = _text(3, required=False)


class ModelForm(DescribeModelForm):
    name = forms.CharField(max_length=100, help_text="Without its version: versions are entered below it. It stays.")

    field_order = ("name",)


class DescribeVersionForm(forms.Form):
    released_on = _day(required=False, label="Released on", help_text="A day to come, too: it enters the calendar.")
    retired_on = _day(required=False, label="Retired on")
    weights = _text(
        5,
        required=False,
        label="Files of the weights",
        help_text="As sha256sum prints them: digest, two spaces, file, one a line. A signature is held against these.",
    )
    tokenizer = forms.CharField(max_length=140, required=False, help_text="Its digest, for example sha256:9f86d0….")
    architecture = forms.CharField(max_length=140, required=False, help_text="Digest of its description.")
    training_uri = forms.CharField(
        max_length=500,
        required=False,
        label="Training-data manifest lies at",
        help_text="Where it is kept. The data are never held here.",
    )
    training_digest = forms.CharField(max_length=140, required=False, label="Digest of the manifest")
    notes = _text(3, required=False)

    @staticmethod
    def said(version: ModelVersion) -> dict[str, Any]:
        """What is recorded now. A digest that is there stays, so that its field is not shown again."""
        fields = ("released_on", "retired_on", "training_uri", "notes", "tokenizer", "architecture", "training_digest")
        return {field: getattr(version, field) for field in fields} | {
            "weights": "\n".join(f"{one['digest']}  {one['file']}" for one in version.weights)
        }


class VersionForm(DescribeVersionForm):
    version = forms.CharField(max_length=60, help_text="As it is called outside. It stays.")

    field_order = ("version",)


class AttestationForm(forms.Form):
    kind = forms.ChoiceField(choices=Attestation.Kind.choices)
    issuer = forms.CharField(max_length=200, label="Who stands for it")
    statement = _text(3, label="What is stated", help_text="In a sentence or two, as the document puts it.")
    version: Any = forms.ModelChoiceField(
        ModelVersion.objects.none(), required=False, empty_label="The model as a whole", label="About"
    )
    issued_on = _day(label="Issued on")
    expires_on = _day(required=False, label="Expires on", help_text="Empty: without end.")
    item = ItemField(
        max_length=20, required=False, label="The document", help_text="Its reference where it is in the vault: EV-…"
    )

    def __init__(self, *args: Any, model: ProtectedModel, items: QuerySet[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version: Any = self.fields["version"]
        version.queryset = model.versions.select_related("model").order_by("-registered_at")
        item: Any = self.fields["item"]
        item.items = items


class _UploadForm(forms.Form):
    def _read(self, field: str) -> bytes:
        file = self.cleaned_data[field]
        if file.size > authenticity.LARGEST:
            raise forms.ValidationError(f"The file is larger than {authenticity.LARGEST // 1_000_000} MB.")
        return file.read()


class SignatureForm(_UploadForm):
    signature = forms.FileField(help_text="The bundle that the signer published, mostly model.sig.")
    method = forms.ChoiceField(choices=SignatureCheck.Method.choices[:2], label="Held against")
    key = _text(
        6, label="Public key or trusted certificates", help_text="In PEM, from where you know that it is the signer's."
    )

    def clean_signature(self) -> bytes:
        return self._read("signature")


class StatementForm(_UploadForm):
    envelope = forms.FileField(help_text="The in-toto statement in its DSSE envelope, as JSON.")
    key = _text(6, label="Public key", help_text="In PEM, from where you know that it is the signer's.")

    def clean_envelope(self) -> bytes:
        return self._read("envelope")


class DescribeSuspectForm(forms.Form):
    endpoint = forms.CharField(
        max_length=500, required=False, help_text="Where it was reached, as text. It is never called from here."
    )
    first_seen_at = _moment(required=False, label="First seen", help_text="When we first saw it. UTC.")
    aliases = _text(2, required=False, label="Also called", help_text="One name a line.")
    notes = _text(3, required=False)


class SuspectForm(DescribeSuspectForm):
    name = forms.CharField(max_length=200, help_text="With its version, as its publisher calls it. It stays.")
    publisher = forms.CharField(max_length=200, required=False, help_text="Empty where nobody knows.")

    field_order = ("name", "publisher")


class SchemeForm(forms.Form):
    name = forms.CharField(max_length=60)
    version = forms.CharField(max_length=40, help_text="A change of anything below is another version.")
    method = forms.CharField(max_length=200, help_text="By the name that its paper gives it: green list, Gumbel.")
    parameters = _text(5, help_text='As a JSON object, without the key: {"gamma": 0.25, "context": 1}.')
    detector = forms.CharField(max_length=200, help_text="The program that finds it.")
    detector_version = forms.CharField(max_length=40)
    reference = forms.CharField(max_length=300, required=False, help_text="The publication.")

    def clean_parameters(self) -> dict[str, Any]:
        try:
            found = json.loads(self.cleaned_data["parameters"])
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from error
        if not isinstance(found, dict):
            raise forms.ValidationError('Give names and values in braces: {"gamma": 0.25}.')
        return found


class HandOverKeyForm(forms.Form):
    holder = forms.CharField(max_length=200, label="Who holds it", help_text="A person or service that can use it.")
    storage = forms.CharField(max_length=200, label="Where it lies", help_text="A security module, a secret store.")
    at = _moment(label="Since")


class KeyForm(forms.Form):
    key_id = forms.CharField(max_length=64, label="Name of the key", help_text="Its name alone. Never the key.")
    holder = forms.CharField(max_length=200, label="Who holds it", help_text="A person or service that can use it.")
    storage = forms.CharField(max_length=200, label="Where it lies", help_text="A security module, a secret store.")
    held_from = _moment(label="Held since")
    notes = _text(2, required=False)


class IncidentForm(forms.Form):
    happened_at = _moment(label="When")
    effect = forms.ChoiceField(choices=KeyIncident.Effect.choices, label="What it means")
    account = _text(4, label="What happened", help_text="And what was done. It stands beside results with this key.")


class DeployForm(forms.Form):
    version: Any = forms.ModelChoiceField(ModelVersion.objects.none(), label="On")
    deployed_from = _moment(label="From")
    deployed_until = _moment(required=False, label="Until", help_text="Empty: still. UTC.")

    def __init__(self, *args: Any, versions: QuerySet[ModelVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version: Any = self.fields["version"]
        version.queryset = versions


class EndForm(forms.Form):
    at = _moment(label="When")
    reason = forms.CharField(max_length=300, label="Why")


class CanaryForm(forms.Form):
    placed = forms.CharField(
        max_length=300, label="Where it was served", help_text="In which answers, and how often. To this account alone."
    )
    planted_at = _moment(label="Planted")
    text = _text(
        3, required=False, label="The words", help_text="Only where somebody has to look for them. Few people see them."
    )
    text_sha256 = forms.CharField(
        max_length=71, required=False, label="SHA-256 of the words", help_text="Enough where they are kept elsewhere."
    )
    candidates = forms.IntegerField(
        min_value=2,
        max_value=2**62,
        required=False,
        label="Drawn from so many",
        help_text="How many texts it was drawn from at random; the exposure is computed from it.",
    )
