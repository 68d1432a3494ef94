"""Form fields from the schema of a test's inputs: any test of the catalogue has its form without one being written.

What is a number, a choice or a word is asked for as such; lists of these one a line; anything deeper as JSON.
"""

import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape
from msgspec import inspect

DECLARED_APART = {"assumptions"}  # asked for one by one, with how it is known
TEXT = inspect.StrType()
ROWS = {"rows": 4}


class LinesField(forms.Field):
    """A list, one entry a line; numbers may also stand on one line, apart by spaces or commas."""

    def __init__(self, *, item: inspect.Type, most: int | None, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs=ROWS), **options)
        self.item, self.most = item, most

    def to_python(self, value: Any) -> list | None:
        text = str(value or "").strip()
        if not text:
            return None
        if isinstance(self.item, inspect.StrType):
            found: list = [line.strip() for line in text.splitlines() if line.strip()]
        else:
            found = [self._number(word) for word in text.replace(",", " ").split()]
        if self.most is not None and len(found) > self.most:
            raise ValidationError(f"These are {len(found):,} entries: at most {self.most:,} are taken.")
        return found

    def _number(self, word: str) -> int | float:
        try:
            return int(word) if isinstance(self.item, inspect.IntType) else float(word)
        except ValueError as error:
            raise ValidationError(f"“{word[:40]}” is not a number. Write one a line.") from error


class JsonField(forms.JSONField):
    """What has a shape of its own, as JSON."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs=ROWS), **options)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise ValidationError("This is nested too deeply.") from error


def fields(struct: type, prefix: str = "") -> Iterator[tuple[str, forms.Field]]:
    """Pairs of dotted name and field, in the schema's order: what is required first."""
    described = [one for one in inspect.type_info(struct).fields if one.name not in DECLARED_APART]  # type: ignore[attr-defined]
    for one in sorted(described, key=lambda field: not field.required):
        kind, description = _bare(one.type)
        name = f"{prefix}{one.name}"
        if isinstance(kind, inspect.StructType):
            yield from fields(kind.cls, f"{name}.")
            continue
        kind, is_optional = _present(kind)
        options = {
            "label": name.replace("_", " ").replace(".", ": ").capitalize(),
            "help_text": escape(description[:1].upper() + description[1:]),
            "required": one.required and not is_optional,
        }
        if not one.required and one.default not in (inspect.NODEFAULT, None, ""):
            options["initial"] = one.default
        yield name, _field(kind, is_optional, options)


def _bare(type_: inspect.Type) -> tuple[inspect.Type, str]:
    """A type without what is said about it, and that."""
    if isinstance(type_, inspect.Metadata):
        return type_.type, (type_.extra_json_schema or {}).get("description", "")
    return type_, ""


def _present(type_: inspect.Type) -> tuple[inspect.Type, bool]:
    """What a value is where there is one, and whether there may be none."""
    if not isinstance(type_, inspect.UnionType):
        return type_, False
    some = [one for one in type_.types if not isinstance(one, inspect.NoneType)]
    return (_bare(some[0])[0], True) if len(some) == 1 else (type_, len(some) < len(type_.types))


def _field(kind: inspect.Type, is_optional: bool, options: dict[str, Any]) -> forms.Field:
    match kind:
        case inspect.BoolType():
            return forms.NullBooleanField(**options) if is_optional else forms.BooleanField(**options | _UNCHECKED)
        case inspect.IntType():
            return forms.IntegerField(**options, **_bounds(kind, 1))
        case inspect.FloatType():
            return forms.FloatField(**options, **_bounds(kind, None), widget=forms.NumberInput(attrs={"step": "any"}))
        case inspect.LiteralType():
            blank = [] if options["required"] else [("", "As the test has it")]
            return forms.ChoiceField(choices=blank + [(v, str(v).replace("_", " ")) for v in kind.values], **options)
        case inspect.StrType():
            return forms.CharField(max_length=kind.max_length, **options)
        case inspect.ListType() if isinstance(_bare(kind.item_type)[0], _PLAIN):
            return LinesField(item=_bare(kind.item_type)[0], most=kind.max_length, **options)
    return JsonField(**options)


_UNCHECKED = {"required": False}  # a box that is not ticked is an answer
_PLAIN = (inspect.IntType, inspect.FloatType, inspect.StrType)


def _bounds(kind: Any, step: int | None) -> dict[str, Any]:
    """The bounds that belong to the range; of the open ends of a range the test itself speaks."""
    lower = kind.ge if kind.ge is not None else kind.gt + step if step and kind.gt is not None else kind.gt
    upper = kind.le if kind.le is not None else kind.lt - step if step and kind.lt is not None else kind.lt
    return {"min_value": lower, "max_value": upper}


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Values by dotted names as the objects that they are fields of; what was left blank is left out."""
    found: dict[str, Any] = {}
    for name, value in flat.items():
        if value is None or value == "":
            continue
        *path, last = name.split(".")
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return found


def as_text(value: Any) -> str:
    """A value of a schema as a page shows it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
