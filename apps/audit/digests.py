"""The digest of a row: SHA-256 over `to_jsonb(row)::text`, as PostgreSQL writes it.

For rows that are copied by the thousand it is taken here, where their values are at hand: PostgreSQL would have to look
each of them up again. That both write the same text is tested for every type; and `verify` holds digests against the
rows as they are, so that a difference could not stay hidden.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.audit.models import AuditedModel

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False).encode


class Untold(Exception):
    """What PostgreSQL would write of a row is not known here."""


class Told(NamedTuple):
    """A row: its line in the text that COPY takes, its entry in a manifest, 16 bytes of id and 32 of digest, and the
    text that the digest is of."""

    line: str
    entry: bytes
    text: bytes


def digest_sql(model: type[AuditedModel], row: str) -> str:
    """SQL for the digest of a row: SHA-256 over its text as JSON, without the columns that a digest cannot hide."""
    private_columns = "".join(f" - '{column}'" for column in sorted(model.PRIVATE))
    return f"sha256(convert_to((to_jsonb({row}){private_columns})::text, 'UTF8'))"


def told(model: type[models.Model], rows: list[dict[str, Any]]) -> list[Told]:
    """Rows, given as column -> value, as COPY takes them. Raises Untold when they have not all columns of the table, or
    a value or its type is one of which only PostgreSQL can tell the text."""
    columns = list(rows[0])
    fields = {str(field.column): field for field in model._meta.concrete_fields}
    if set(columns) != set(fields):
        raise Untold(f"a whole row of {model.__name__} has the columns {', '.join(fields)}")
    kinds = {at: _kind(fields[column]) for at, column in enumerate(columns)}
    plainly = [(at, kind.plainly) for at, kind in kinds.items() if kind.plainly]
    copied = [(at, kind.copied) for at, kind in kinds.items()]
    names = sorted(columns, key=_place)
    values, in_order = itemgetter(*columns), itemgetter(*map(columns.index, names))

    def tell(row: dict[str, Any]) -> Told:
        plain = list(values(row))
        for at, convert in plainly:
            if plain[at] is not None:
                plain[at] = convert(plain[at])
        text = _encode(dict(zip(names, in_order(plain), strict=True))).encode()
        line = "\t".join([r"\N" if (value := plain[at]) is None else copy(value) for at, copy in copied])
        return Told(line + "\n", bytes.fromhex(str(row["id"]).replace("-", "")) + sha256(text).digest(), text)

    try:
        return [tell(row) for row in rows]
    except (TypeError, ValueError, OverflowError) as error:
        raise Untold(str(error)) from error


def _place(name: str) -> tuple[int, bytes]:
    """Where jsonb has a key: by length, then by bytes."""
    text = name.encode()
    return len(text), text


class Kind(NamedTuple):
    """A type: how a value becomes one that JSON writes as jsonb does, if it is not one yet, and that one a text for
    COPY."""

    plainly: Callable[[Any], Any] | None
    copied: Callable[[Any], str]


def _kind(field: models.Field) -> Kind:
    if isinstance(field, models.ForeignKey):
        return _kind(field.target_field)
    if isinstance(field, ArrayField) and isinstance(field.base_field, models.UUIDField):
        return UUIDS
    for type_, kind in KINDS:
        if isinstance(field, type_):
            return kind
    raise Untold(f"the text of {field} is not known here")


ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _escaped(value: str) -> str:
    """A text as COPY takes it. Looking first is cheaper, as hardly any text has one of these."""
    if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
        return value.translate(ESCAPES)
    return str(value)


def _fraction(value: float) -> float | int:
    """A double becomes a numeric: without an exponent, and without a point where there is nothing behind it."""
    if value == int(value) and abs(value) < 2**53:
        return int(value)
    if 1e-4 <= abs(value) < 2**53:
        return value
    raise Untold(f"{value} is written differently by PostgreSQL")


@lru_cache(maxsize=4096)  # many alerts are of one moment
def _moment(value: datetime | str) -> str:
    """In UTC, as every connection of ours has it, to the microsecond without trailing zeros."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    text = (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat()
    return text[:-6].rstrip("0") + text[-6:] if value.microsecond else text


def _day(value: date | str) -> str:
    return (date.fromisoformat(value) if isinstance(value, str) else value).isoformat()


def _bytes(value: str | bytes) -> str:
    """Given as they are, or as PostgreSQL writes them."""
    return value if isinstance(value, str) else f"\\x{value.hex()}"


def _ordered(value: Any) -> Any:
    """JSON as jsonb has it: keys in its order."""
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value, key=_place)}
    if isinstance(value, list | tuple):
        return [_ordered(one) for one in value]
    if isinstance(value, float) and str(value) != "0.0" and not 1e-4 <= abs(value) < 1e16:
        raise Untold(f"{value} is written differently by PostgreSQL")
    return value


UUIDS = Kind(lambda values: list(map(str, values)), lambda values: "{" + ",".join(values) + "}")
KINDS: tuple[tuple[type[models.Field], Kind], ...] = (
    (models.UUIDField, Kind(lambda value: value if value.__class__ is str else str(UUID(str(value))), str)),
    (models.CharField, Kind(None, _escaped)),
    (models.TextField, Kind(None, _escaped)),
    (models.BooleanField, Kind(bool, lambda value: "t" if value else "f")),
    (models.IntegerField, Kind(None, str)),
    (models.FloatField, Kind(_fraction, repr)),
    (models.DateTimeField, Kind(_moment, str)),
    (models.DateField, Kind(_day, str)),
    (models.BinaryField, Kind(_bytes, _escaped)),
    (models.JSONField, Kind(_ordered, lambda value: _escaped(_encode(value)))),
)
