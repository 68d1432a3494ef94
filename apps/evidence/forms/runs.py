"""Forms of plans, runs and blind trials."""

import csv
import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from apps.evidence.fingerprints import TESTS, FingerprintTest
from apps.evidence.forms import schema as schema_fields
from apps.evidence.models import Item, ModelVersion, SuspectModel, TestPlan, WatermarkKey
from apps.evidence.runs import many, sealing

LARGEST_FILE = 64 * 1024 * 1024  # bytes of inputs that a person uploads
STATUSES = [
    ("", "Not declared"),
    ("held", "It holds"),
    ("unverified", "Nobody verified it"),
    ("violated", "It does not hold"),
]
YES = {"yes", "alarm", "1", "true"}
NO = {"no", "clean", "0", "false", "none"}


class Moment(forms.DateTimeField):
    """A time in UTC, as browsers ask for it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"], **options)


class Lines(forms.Field):
    """Something to a line."""

    def __init__(self, *, rows: int = 3, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), required=False, **options)


class ControlsField(Lines):
    """Controls, one a line: name; what the test gave; whether it raised an alarm."""

    def to_python(self, value: Any) -> list[dict[str, Any]]:
        rows = csv.reader(str(value or "").splitlines(), delimiter=";", skipinitialspace=True)
        return [self._control(number, [cell.strip() for cell in row]) for number, row in enumerate(rows, 1) if any(row)]

    def _control(self, number: int, cells: list[str]) -> dict[str, Any]:
        name, result, alarm = [*cells, "", "", ""][:3]
        if not name or len(cells) > 3:
            raise ValidationError(f"Line {number}: write name; result; yes or no.")
        found: dict[str, Any] = {"name": name}
        if result:
            try:
                found["result"] = float(result.replace(",", "."))
            except ValueError as error:
                raise ValidationError(f"Line {number}: “{result[:40]}” is not a number.") from error
        if alarm:
            if alarm.lower() not in YES | NO:
                raise ValidationError(f"Line {number}: say yes or no for an alarm, not “{alarm[:40]}”.")
            found["alarm"] = alarm.lower() in YES
        return found


class FiguresField(Lines):
    """Figures that came with the inputs, one a line: name = value."""

    def to_python(self, value: Any) -> dict[str, float] | None:
        found = {}
        for number, line in enumerate(str(value or "").splitlines(), 1):
            if not line.strip():
                continue
            name, sign, figure = line.partition("=")
            try:
                found[name.strip()] = float(figure.strip().replace(",", "."))
            except ValueError as error:
                raise ValidationError(f"Line {number}: write name = number, such as p_value = 0.01.") from error
            if not sign or not name.strip():
                raise ValidationError(f"Line {number}: write name = number, such as p_value = 0.01.")
        return found or None


class ItemField(forms.Field):
    """An item of evidence by its reference."""

    def to_python(self, value: Any) -> Item | None:
        ref = str(value or "").strip()
        found = Item.objects.filter(ref__iexact=ref).first() if ref else None
        if ref and found is None:
            raise ValidationError(f"There is no item {ref}: give the reference of one, such as EV-2026-0001.")
        return found


class RunForm(forms.Form):
    """A run of any test: what it is about, the inputs as the test's schema has them, and what is declared."""

    suspect = forms.ModelChoiceField(SuspectModel.objects.none(), label="Suspect model")
    protected = forms.ModelChoiceField(ModelVersion.objects.none(), required=False, label="Our model")
    plan = forms.ModelChoiceField(TestPlan.objects.none(), required=False, empty_label="None: exploratory")
    source = ItemField(required=False, label="Made from the item", help_text="Reference of the log or file scored.")
    collected_from = Moment(label="Collected from", help_text="UTC. When asking the suspect began.")
    collected_until = Moment(label="Collected until", help_text="UTC.")
    test_version = forms.CharField(widget=forms.HiddenInput, required=False)
    n = forms.IntegerField(min_value=0, required=False, label="Scored, n", help_text="Counted by who scored.")
    controls = ControlsField(help_text="One a line: name; what the test gave; yes or no for an alarm.")
    figures = FiguresField(label="Figures that came with it", help_text="One a line, such as p_value = 0.01.")
    not_blind_because = forms.CharField(max_length=300, label="Why it was not scored blind")
    dependency_group = forms.CharField(
        max_length=60, required=False, help_text="What it errs together with. Empty: its key, its log, or the endpoint."
    )

    def __init__(self, test: FingerprintTest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.test = test
        self.fields["test_version"].initial = test.version
        for name, rows in _choices(test).items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        self.inputs = {f"in-{name}": field for name, field in schema_fields.fields(test.inputs)}
        self.fields.update(self.inputs)
        for name, text in test.assumptions.items():
            self.fields[f"as-{name}"] = forms.ChoiceField(choices=STATUSES, required=False, label=text)
            self.fields[f"why-{name}"] = forms.CharField(max_length=500, required=False, label="How that is known")

    @property
    def measured(self) -> list[forms.BoundField]:
        return [self[name] for name in self.inputs if not self._is_aside(name)]

    @property
    def aside(self) -> list[forms.BoundField]:
        """Inputs that have a value of their own."""
        return [self[name] for name in self.inputs if self._is_aside(name)]

    def _is_aside(self, name: str) -> bool:
        field = self.inputs[name]
        return not field.required and not isinstance(field, forms.BooleanField)

    @property
    def assumed(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"as-{name}"], self[f"why-{name}"]) for name in self.test.assumptions]

    def values(self) -> dict[str, Any]:
        """The keywords of `run_test`."""
        data = self.cleaned_data
        about = ("suspect", "protected", "plan", "source", "collected_from", "collected_until")
        inputs = schema_fields.nested({name[3:]: data[name] for name in self.inputs})
        if not any(inputs.get("validation", {}).values()):
            inputs.pop("validation", None)
        return {
            **{name: data[name] for name in (*about, "not_blind_because", "dependency_group")},
            "test_id": self.test.id,
            "inputs": inputs,
            "submitted": data["figures"],
            "declared": {
                "test_version": data["test_version"],
                "n": data["n"],
                "controls": data["controls"],
                "assumptions": {
                    name: {"status": data[f"as-{name}"], "basis": data[f"why-{name}"]}
                    for name in self.test.assumptions
                    if data[f"as-{name}"]
                },
            },
        }


def _choices(test: FingerprintTest) -> dict[str, QuerySet]:
    return {
        "suspect": SuspectModel.objects.order_by("name"),
        "protected": ModelVersion.objects.select_related("model").order_by("model__name", "version"),
        "plan": TestPlan.objects.filter(test_id=test.id, state=TestPlan.State.REGISTERED).order_by("-registered_at"),
    }


class AccountsForm(RunForm):
    """A run over many accounts: what its rows share, and the rows as a file."""

    rows = forms.FileField(label="Rows, as CSV", help_text="With a header: account, and the columns of the test.")

    field_order = ("rows", "suspect")

    def __init__(self, test: FingerprintTest, *args: Any, **kwargs: Any) -> None:
        super().__init__(test, *args, **kwargs)
        self.fields["suspect"].required = self.fields["not_blind_because"].required = False
        self.order_fields(self.field_order)
        for place, name in enumerate(test.columns or ()):
            if place < many.BY_ROW:
                del self.fields[f"in-{name}"], self.inputs[f"in-{name}"]
            else:
                self.fields[f"in-{name}"].required = False
                self.fields[f"in-{name}"].help_text = "Empty: it is a column of the rows."

    @property
    def measured(self) -> list[forms.BoundField]:
        return [self["rows"], *super().measured]

    def clean_rows(self) -> list[dict[str, Any]]:
        upload = self.cleaned_data["rows"]
        if upload.size > LARGEST_FILE:
            raise ValidationError(f"The file is larger than {LARGEST_FILE // 1024**2} MB: post it to the API.")
        try:
            lines = upload.read().decode("utf-8-sig").splitlines()
            return [self._row(number, row) for number, row in enumerate(csv.DictReader(lines, strict=True), 2)]
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValidationError(f"The file cannot be read as CSV in UTF-8: {error}") from error

    def _row(self, number: int, row: dict[str | None, Any]) -> dict[str, Any]:
        if None in row or None in row.values():
            raise ValidationError(f"Line {number} has more or fewer values than the header names.")
        return {str(name): value if name == "account" else self._number(number, value) for name, value in row.items()}

    def _number(self, number: int, text: str) -> int | float:
        try:
            return int(text) if text.strip().isdecimal() else float(text)
        except ValueError as error:
            raise ValidationError(f"Line {number}: “{text[:40]}” is not a number.") from error

    def values(self) -> dict[str, Any]:
        """The keywords of `run_on_accounts`."""
        return super().values() | {"rows": self.cleaned_data["rows"]}


class UploadForm(forms.Form):
    """A run as a file, in the words of the API."""

    file = forms.FileField(label="Run as JSON", help_text="What the API takes under POST /api/v1/test-runs.")

    def clean_file(self) -> dict[str, Any]:
        upload = self.cleaned_data["file"]
        if upload.size > LARGEST_FILE:
            raise ValidationError(f"The file is larger than {LARGEST_FILE // 1024**2} MB: post it to the API.")
        try:
            found = json.loads(upload.read())
        except (ValueError, RecursionError) as error:
            raise ValidationError(f"The file cannot be read as JSON: {error}") from error
        if not isinstance(found, dict):
            raise ValidationError("The file holds one run: an object with test, suspect and inputs.")
        return found


class PlanForm(forms.Form):
    """A plan, before anybody looks at the suspect."""

    test_id = forms.ChoiceField(label="Test")
    suspect = forms.ModelChoiceField(SuspectModel.objects.order_by("name"), label="Suspect model")
    protected = forms.ModelChoiceField(ModelVersion.objects.select_related("model"), required=False, label="Our model")
    key = forms.ModelChoiceField(WatermarkKey.objects.order_by("key_id"), required=False, label="Watermark key")
    question = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), label="What it is to decide")
    collection = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        label="What is collected, and how",
        help_text="Prompts, number of answers, from which endpoint, what is left out.",
    )
    fixed_inputs = schema_fields.JsonField(
        required=False,
        label="Inputs that are settled now",
        help_text='By name, such as {"gamma": 0.25, "alpha": 1e-5}.',
    )
    planned_n = forms.IntegerField(min_value=1, label="To be scored, n")
    stopping = forms.ChoiceField(choices=TestPlan.Stopping.choices, label="When it is looked at")
    alpha = forms.FloatField(min_value=0, max_value=1, initial=0.01, label="Level, α")
    effect = forms.FloatField(label="Smallest effect that matters", help_text="The power is stated for it.")
    controls = schema_fields.LinesField(
        item=schema_fields.TEXT,
        most=5_000,
        required=False,
        help_text="Models known not to be copies, one a line. Nineteen or more make the suspect one of twenty.",
    )
    is_blind = forms.BooleanField(required=False, label="It is scored blind")
    is_primary = forms.BooleanField(
        required=False, label="It speaks for its dependency group", help_text="Settled now, so that nobody picks later."
    )
    dependency_group = forms.CharField(max_length=60, required=False, help_text="Empty: the key, or the endpoint.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["test_id"].choices = [(test.id, test.title) for test in TESTS.values()]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return data | {"fixed_inputs": data["fixed_inputs"] or {}, "controls": data["controls"] or []}

    @staticmethod
    def initial_of(plan: TestPlan) -> dict[str, Any]:
        names = [name for name in PlanForm.base_fields if name not in ("controls", "fixed_inputs")]
        return {name: getattr(plan, name) for name in names} | {
            "controls": "\n".join(plan.controls),
            "fixed_inputs": plan.fixed_inputs,
        }


class OrderForm(forms.Form):
    """A sealed order: drawn here from names, or elsewhere and only its seal given."""

    test_id = forms.ChoiceField(label="Test")
    suspect = forms.ModelChoiceField(SuspectModel.objects.order_by("name"), label="Suspect model")
    protected = forms.ModelChoiceField(ModelVersion.objects.select_related("model"), required=False, label="Our model")
    key = forms.ModelChoiceField(WatermarkKey.objects.order_by("key_id"), required=False, label="Watermark key")
    plan = forms.ModelChoiceField(TestPlan.objects.filter(state=TestPlan.State.REGISTERED), required=False)
    controls = schema_fields.LinesField(
        item=schema_fields.TEXT,
        most=1_000,
        label="Controls",
        help_text="Models known not to be copies, one a line, at least nineteen. The order is drawn at random.",
    )
    few_because = forms.CharField(required=False, max_length=300, label="If there are fewer: why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["test_id"].choices = [(test.id, test.title) for test in TESTS.values()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        suspect, controls = data.get("suspect"), data.get("controls") or []
        if suspect and suspect.name in controls:
            self.add_error("controls", f"{suspect.name} is the suspect: leave it out here.")
        if len(set(controls)) < len(controls):
            self.add_error("controls", "A control is named twice.")
        return data

    def drawn(self) -> tuple[dict[str, str], str]:
        """An order of suspect and controls, and its secret."""
        return sealing.draw([self.cleaned_data["suspect"].name, *self.cleaned_data["controls"]])

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "controls"}


class JsonFileForm(forms.Form):
    """An object as a file or as text."""

    file = forms.FileField(required=False)
    text = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 6}), label="Or as text")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        upload = data.get("file")
        if upload and upload.size > LARGEST_FILE:
            raise ValidationError(f"The file is larger than {LARGEST_FILE // 1024**2} MB.")
        try:
            found = json.loads(upload.read() if upload else data.get("text") or "null")
        except (ValueError, RecursionError) as error:
            raise ValidationError(f"This cannot be read as JSON: {error}") from error
        if not isinstance(found, dict):
            raise ValidationError("Give an object in JSON, as a file or as text.")
        return {"given": found}


class SealedOrderForm(JsonFileForm):
    """The order that was sealed, with its secret."""

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        order, secret = data["given"].get("order"), data["given"].get("secret")
        if not isinstance(secret, str) or not isinstance(order, dict) or not all(map(_is_text, order.values())):
            raise ValidationError("The sealed order is an object with `order`, label by name, and `secret`.")
        return data

    def sealed(self) -> dict[str, Any]:
        return {name: self.cleaned_data["given"][name] for name in ("order", "secret")}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
