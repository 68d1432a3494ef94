from django import forms

from apps.alerts.forms.fields import ReasonField
from apps.alerts.models import Kind


class DetectorForm(forms.Form):
    """What is known of a detector. Calibration is whole or absent."""

    name = forms.CharField(max_length=100)
    kind = forms.ChoiceField(choices=Kind.choices)
    owner = forms.CharField(max_length=100, help_text="The team that answers for it.")
    version = forms.CharField(max_length=64, required=False)
    threshold = forms.FloatField(required=False, help_text="The score from which on it alerts.")
    calibration_set = forms.CharField(
        max_length=100, required=False, help_text="Name of the innocent cases it was tried on."
    )
    calibration_n = forms.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, label="Innocent cases it was tried on"
    )
    calibration_false_positives = forms.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, label="Of these false alarms"
    )
    calibrated_on = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    declared_rate = forms.FloatField(
        min_value=0,
        max_value=1,
        required=False,
        label="Declared rate of false alarms",
        help_text="0 to 1: of the groups that it reports, at most so many are false. A worse record demotes it.",
    )
    known_false_positives = forms.CharField(
        required=False,
        label="Honest use that it mistakes",
        help_text="Comma between them, such as: reseller, ci-batch.",
    )

    def clean_known_false_positives(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["known_false_positives"].split(",") if name.strip()]

    def clean(self) -> dict:
        values = super().clean() or {}
        n, wrong = values.get("calibration_n"), values.get("calibration_false_positives")
        present = [value is not None for value in (n, wrong, values.get("calibrated_on"))]
        if any(present) and not all(present):
            self.add_error(
                "calibration_n", "A calibration has the number of cases, the false alarms among them, and its date."
            )
        elif n is not None and wrong is not None and wrong > n:
            self.add_error("calibration_false_positives", f"There cannot be more than {n} false alarms in {n} cases.")
        return values


class RegisterForm(DetectorForm):
    slug = forms.SlugField(
        max_length=64, label="Name in its alerts", help_text="What it writes as `source`. It cannot be changed later."
    )
    field_order = ["slug"]


class ChangeForm(DetectorForm):
    is_active = forms.BooleanField(required=False, label="It may post alerts")
    refuses_repeats = forms.BooleanField(
        required=False,
        label="A repeated reference is an error",
        help_text="For clients made for TheHive or DFIR-IRIS that count on being told. Otherwise it is an update.",
    )
    requests_per_second = forms.IntegerField(
        min_value=1, max_value=1_000_000, required=False, help_text="Of each of its keys. Empty: as for all detectors."
    )
    items_per_day = forms.IntegerField(
        min_value=1, max_value=10**12, required=False, help_text="Of each of its keys, from midnight UTC on."
    )
    max_body_bytes = forms.IntegerField(
        min_value=1024, max_value=2**40, required=False, label="Bytes of one request", help_text="At most so many."
    )


class RevokeForm(forms.Form):
    reason = forms.CharField(max_length=200, required=False, label="Why")


class RestoreForm(forms.Form):
    reason = ReasonField(
        "What has changed", rows=3, help_text="What was mended, or why its record was no fair measure."
    )
