"""The digest of a row: SHA-256 over `to_jsonb(row)::text`, as PostgreSQL writes it.

For rows that are copied by the thousand it is taken here, where their values are at hand: PostgreSQL would have to look
each of them up again. That both write the same text is tested for every type; and `verify` holds digests against the
rows as they are, so that a difference could not stay hidden.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.audit.models import AuditedModel

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False).encode


class Untold(Exception):
    """What PostgreSQL would write of a row is not known here."""


class Told(NamedTuple):
    """Rows in order: of each its line in the text that COPY takes, its entry in a manifest, 16 bytes of id and 32 of
    digest, and the text that the digest is of."""

    lines: list[str]
    entries: list[bytes]
    texts: list[bytes]


def digest_sql(model: type[AuditedModel], row: str) -> str:
    """SQL for the digest of a row: SHA-256 over its text as JSON, without the columns that a digest cannot hide."""
    private_columns = "".join(f" - '{column}'" for column in sorted(model.PRIVATE))
    return f"sha256(convert_to((to_jsonb({row}){private_columns})::text, 'UTF8'))"


def told(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> Told:
    """Rows, given as column -> value, as COPY takes them. Raises Untold when they have not all columns of the table, or
    a value or its type is one of which only PostgreSQL can tell the text."""
    try:
        return told_columns(model, {name: [row[name] for row in rows] for name in rows[0]})
    except KeyError as error:
        raise Untold(f"a row of {model.__name__} has no {error}") from error


def told_columns(model: type[models.Model], columns: Mapping[str, Sequence[Any]]) -> Told:
    """The same rows, given as column -> the values of all rows: each step is one loop over a column, which costs half
    of what rows one by one do."""
    fields = {str(field.column): field for field in model._meta.concrete_fields}
    if set(columns) != set(fields):
        raise Untold(f"a whole row of {model.__name__} has the columns {', '.join(fields)}")
    try:
        cells = {name: _cells(_kind(fields[name]), values) for name, values in columns.items()}
        names = sorted(columns, key=_place)
        row_of = (
            "{" + ", ".join(f"{_encode(name).replace('%', '%%')}: {cells[name].form}" for name in names) + "}"
        ).__mod__
        texts = [row_of(row).encode() for row in zip(*(cells[name].said for name in names), strict=True)]
        lines = list(map("\t".join, zip(*(cells[name].copied for name in columns), strict=True)))
        ids = [bytes.fromhex(text.replace("-", "")) for text in cells["id"].copied]
    except (TypeError, ValueError, OverflowError) as error:
        raise Untold(str(error)) from error
    return Told(lines, [key + sha256(text).digest() for key, text in zip(ids, texts, strict=True)], texts)


def _place(name: str) -> tuple[int, bytes]:
    """Where jsonb has a key: by length, then by bytes."""
    text = name.encode()
    return len(text), text


class Kind(NamedTuple):
    """A type: how a value becomes plain, if it is not plain yet, and the plain one a text of JSON as jsonb writes it,
    and a text for COPY."""

    plainly: Callable[[Any], Any] | None
    said: Callable[[Any], str] | None
    copied: Callable[[Any], str] | None
    is_text: bool = False  # what is plain is a text, which JSON puts between quotation marks


class Cells(NamedTuple):
    """The values of a column as JSON, once they are put into `form`, and as COPY have them."""

    form: str
    said: Sequence[str]
    copied: Sequence[str]


SPECIAL = re.compile(r'["\\\x00-\x1f]')


def _cells(kind: Kind, values: Sequence[Any]) -> Cells:
    plain = _each(kind.plainly, values, None)
    if kind.is_text and None not in plain and not SPECIAL.search("".join(plain)):
        return Cells('"%s"', plain, plain)  # the usual case: nothing to escape in the whole column
    return Cells("%s", _each(kind.said, plain, "null"), _each(kind.copied, plain, r"\N"))


def _each(convert: Callable[[Any], Any] | None, values: Sequence[Any], null: str | None) -> Sequence[Any]:
    if None not in values:
        return list(map(convert, values)) if convert else values
    convert = convert or (lambda value: value)
    return [null if value is None else convert(value) for value in values]


def _kind(field: models.Field) -> Kind:
    if isinstance(field, models.ForeignKey):
        return _kind(field.target_field)
    if isinstance(field, ArrayField):
        for type_, kind in ARRAYS:
            if isinstance(field.base_field, type_):
                return kind
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


@lru_cache(maxsize=4096)
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


def _listed(one: Callable[[Any], str]) -> Callable[[Iterable[Any]], str]:
    return lambda values: f"[{', '.join(map(one, values))}]"


def _quoted(value: str) -> str:
    """Of a text in which nothing has to be escaped."""
    return f'"{value}"'


def _uuid(value: UUID | str) -> str:
    return value if value.__class__ is str else str(UUID(str(value)))


_whole = int.__repr__  # refuses what is no number

ARRAYS: tuple[tuple[type[models.Field], Kind], ...] = (
    (models.UUIDField, Kind(lambda v: list(map(_uuid, v)), _listed(_quoted), lambda v: "{" + ",".join(v) + "}")),
    (models.IntegerField, Kind(_listed(_whole), None, lambda text: "{" + text[1:-1] + "}")),
)
KINDS: tuple[tuple[type[models.Field], Kind], ...] = (
    (models.UUIDField, Kind(_uuid, _quoted, None, is_text=True)),
    (models.CharField, Kind(None, encode_basestring, _escaped, is_text=True)),
    (models.TextField, Kind(None, encode_basestring, _escaped, is_text=True)),
    (models.BooleanField, Kind(bool, lambda v: "true" if v else "false", lambda v: "t" if v else "f")),
    (models.IntegerField, Kind(_whole, None, None)),
    (models.FloatField, Kind(_fraction, repr, repr)),
    (models.DateTimeField, Kind(_moment, _quoted, None, is_text=True)),
    (models.DateField, Kind(_day, _quoted, None, is_text=True)),
    (models.BinaryField, Kind(_bytes, encode_basestring, _escaped)),
    (models.JSONField, Kind(lambda value: _encode(_ordered(value)), None, _escaped)),
)
