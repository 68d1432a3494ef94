"""The digest of a row: SHA-256 over `to_jsonb(row)::text`, as PostgreSQL writes it.

For rows that are copied by the thousand it is taken here, where their values are at hand: PostgreSQL would have to look
each of them up again. That both write the same text is tested for every type; and `verify` holds digests against the
rows as they are, so that a difference could not stay hidden.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Untold(Exception):
    """What PostgreSQL would write of a row is not known here."""


class Told(NamedTuple):
    """A row: its line in the text that COPY takes, and its entry in a manifest, 16 bytes of id and 32 of digest."""

    line: str
    entry: bytes


def told(model: type[models.Model], rows: list[dict[str, Any]]) -> list[Told]:
    """Rows, given as column -> value, as COPY takes them. Raises Untold when they have not all columns of the table, or
    a value or its type is one of which only PostgreSQL can tell the text."""
    fields, columns = {str(field.column): field for field in model._meta.concrete_fields}, list(rows[0])
    if set(columns) != set(fields):
        raise Untold(f"a whole row of {model.__name__} has the columns {', '.join(fields)}")
    kinds = [(column, _kind(fields[column])) for column in columns]
    places = {column: at for at, column in enumerate(columns)}
    names = [(f'"{column}": ', places[column]) for column in sorted(columns, key=_place)]

    def tell(row: dict[str, Any]) -> Told:
        pairs = [NOTHING if (value := row[column]) is None else kind(value) for column, kind in kinds]
        said = "{" + ", ".join([name + pairs[at][1] for name, at in names]) + "}"
        line = "\t".join([plain for plain, _ in pairs]) + "\n"
        return Told(line, bytes.fromhex(str(row["id"]).replace("-", "")) + sha256(said.encode()).digest())

    return [tell(row) for row in rows]


def _place(name: str) -> tuple[int, bytes]:
    """Where jsonb has a key: by length, then by bytes."""
    text = name.encode()
    return len(text), text


NOTHING = ("\\N", "null")
Teller = Callable[[Any], tuple[str, str]]  # a value -> its text for COPY, and inside of jsonb
ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _escaped(value: str) -> str:
    """A text as COPY takes it. Looking first is cheaper, as hardly any text has one of these."""
    if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
        return value.translate(ESCAPES)
    return value


def _kind(field: models.Field) -> Teller:
    if isinstance(field, models.ForeignKey):
        return _kind(field.target_field)
    if isinstance(field, ArrayField) and isinstance(field.base_field, models.UUIDField):
        return _uuids
    for type_, tell in _KINDS:
        if isinstance(field, type_):
            return tell
    raise Untold(f"the text of {field} is not known here")


def _text(value: str) -> tuple[str, str]:
    return _escaped(str(value)), encode_basestring(value)


def _uuid(value: str | UUID) -> tuple[str, str]:
    plain = str(value)
    return plain, f'"{plain}"'


def _uuids(values: list[str] | list[UUID]) -> tuple[str, str]:
    plain = [str(value) for value in values]
    return "{" + ",".join(plain) + "}", "[" + ", ".join([f'"{one}"' for one in plain]) + "]"


def _whole(value: int) -> tuple[str, str]:
    text = str(int(value))
    return text, text


def _truth(value: bool) -> tuple[str, str]:
    text = "true" if value else "false"
    return text, text


def _fraction(value: float) -> tuple[str, str]:
    """A double becomes a numeric without trailing zeros. Past 2^53 PostgreSQL chooses other digits."""
    if not abs(value) < 2**53:
        raise Untold(f"{value} is written differently by PostgreSQL")
    text = f"{Decimal(repr(float(value or 0))):f}"
    return repr(float(value)), text.rstrip("0").rstrip(".") if "." in text else text


def _moment(value: datetime | str) -> tuple[str, str]:
    """In UTC, as every connection of ours has it, to the microsecond without trailing zeros."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    plain = (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat()
    if value.microsecond:
        plain = plain[:-6].rstrip("0") + plain[-6:]
    return plain, f'"{plain}"'


def _day(value: date | str) -> tuple[str, str]:
    plain = value if isinstance(value, str) else value.isoformat()
    return plain, f'"{date.fromisoformat(plain).isoformat()}"'


def _bytes(value: str | bytes) -> tuple[str, str]:
    """Given as they are, or as PostgreSQL writes them."""
    plain = value if isinstance(value, str) else f"\\x{value.hex()}"
    return _escaped(plain), encode_basestring(plain)


def _json(value: Any) -> tuple[str, str]:
    return _escaped(json.dumps(value)), _jsonb(value)


def _jsonb(value: Any) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, float):
        _fraction(value)
        return f"{Decimal(repr(value or 0.0)):f}"  # as it was written: 4.0 stays 4.0
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, dict):
        pairs = [(name, value[name]) for name in sorted(value, key=_place)]
        return "{" + ", ".join(f"{encode_basestring(name)}: {_jsonb(one)}" for name, one in pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_jsonb, value)) + "]"
    raise Untold(f"JSON has no {type(value).__name__}")


_KINDS: tuple[tuple[type[models.Field], Teller], ...] = (
    (models.UUIDField, _uuid),
    (models.CharField, _text),
    (models.TextField, _text),
    (models.BooleanField, _truth),
    (models.IntegerField, _whole),
    (models.FloatField, _fraction),
    (models.DateTimeField, _moment),
    (models.DateField, _day),
    (models.BinaryField, _bytes),
    (models.JSONField, _json),
)
