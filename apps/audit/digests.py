"""The digest of a row: SHA-256 over `to_jsonb(row)::text`, as PostgreSQL writes it.

For rows that are copied by the thousand it is taken here, where their values are at hand: PostgreSQL would have to look
each of them up again. That both write the same text is tested for every type; and `verify` holds digests against the
rows as they are, so that a difference could not stay hidden.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, NamedTuple
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.audit.models import AuditedModel

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False).encode


class Untold(Exception):
    """What PostgreSQL would write of a row is not known here."""


class Told(NamedTuple):
    """Rows: what COPY takes of them, in the order given; and by their ids the entry of each in a manifest, 16 bytes of
    id and 32 of digest, and the text that the digest is of."""

    lines: memoryview
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
    """The same rows, given as column -> the values of all rows. Arrow puts the texts together, all rows at once, which
    costs half of what a loop over them does."""
    fields = {str(field.column): field for field in model._meta.concrete_fields}
    if set(columns) != set(fields):
        raise Untold(f"a whole row of {model.__name__} has the columns {', '.join(fields)}")
    try:
        cells = {name: _kind(fields[name])(values) for name, values in columns.items()}
        lines = _joined(*[piece for name in columns for piece in ("\t", cells[name].copied)][1:], "\n")
        pieces: list[Any] = []
        for name in sorted(columns, key=_place):
            quote, said, _ = cells[name]
            pieces += [f"{', ' if pieces else '{'}{_encode(name)}: {quote}", said, quote]
        texts = _joined(*pieces, "}").cast(pa.large_binary()).to_pylist()
        ids = [bytes.fromhex(text.replace("-", "")) for text in cells["id"].copied.to_pylist()]
    except (TypeError, ValueError, OverflowError, pa.ArrowException) as error:
        raise Untold(str(error)) from error
    order = sorted(range(len(ids)), key=ids.__getitem__)
    entries = [ids[at] + sha256(texts[at]).digest() for at in order]
    return Told(memoryview(lines.buffers()[2]), entries, [texts[at] for at in order])


def _place(name: str) -> tuple[int, bytes]:
    """Where jsonb has a key: by length, then by bytes."""
    text = name.encode()
    return len(text), text


class Cells(NamedTuple):
    """The values of a column as texts: what JSON, as jsonb writes it, has around each, what it has of each, and what
    COPY takes."""

    quote: str
    said: pa.Array
    copied: pa.Array


Kind = Callable[[Sequence[Any]], Cells]  # a type; a value that is none is null in JSON, and \N for COPY
TEXT = pa.large_string()
SPECIAL = re.compile(rb'["\\\x00-\x1f]')


def _joined(*pieces: pa.Array | str) -> pa.Array:
    """Row by row, none where one piece is none."""
    whole = (pa.scalar(piece, TEXT) if isinstance(piece, str) else piece for piece in pieces)
    return pc.binary_join_element_wise(*whole, pa.scalar("", TEXT))


def _one_by_one(
    said: Callable[[Any], str], copied: Callable[[Any], str], plainly: Callable[[Any], Any] | None = None
) -> Kind:
    """What has to be looked at in Python: how a value becomes plain, if it is not plain yet, and the plain one a text
    of JSON and one for COPY."""

    def cells(values: Sequence[Any]) -> Cells:
        plain = _each(plainly, values, None)
        return Cells("", pa.array(_each(said, plain, "null"), TEXT), pa.array(_each(copied, plain, r"\N"), TEXT))

    return cells


def _each(convert: Callable[[Any], Any] | None, values: Sequence[Any], null: str | None) -> Sequence[Any]:
    if None not in values:
        return list(map(convert, values)) if convert else values
    convert = convert or (lambda value: value)
    return [null if value is None else convert(value) for value in values]


def _text(plainly: Callable[[Any], str] | None = None) -> Kind:
    """What JSON puts between quotation marks."""

    def cells(values: Sequence[Any]) -> Cells:
        plain = _each(plainly, values, None)
        texts = pa.array(plain, TEXT)
        if not texts.null_count and not SPECIAL.search(texts.buffers()[2]):
            return Cells('"', texts, texts)  # the usual case: nothing to escape in the whole column
        return _one_by_one(encode_basestring, _escaped)(plain)

    return cells


def _moments(values: Sequence[Any]) -> Cells:
    try:
        seconds = pa.array(values, pa.timestamp("us", "UTC")).cast(pa.timestamp("s", "UTC"))
    except (TypeError, ValueError, pa.ArrowException):
        seconds = None
    if seconds is None or seconds.null_count:  # fractions, or given as texts
        return _text(_moment)(values)
    said = seconds.cast(pa.timestamp("s")).cast(TEXT)
    texts = _joined(pc.binary_replace_slice(said, 10, 11, "T"), "+00:00")
    return Cells('"', texts, texts)


def _number(values: Sequence[Any]) -> Cells:
    texts = pa.array(values).cast(pa.int64()).cast(TEXT)
    return _or_null(texts, texts)


def _numbers(values: Sequence[Any]) -> Cells:
    """Lists of whole numbers, or the texts that PostgreSQL has of them."""
    given = pa.array(values)
    if pa.types.is_string(given.type):
        inside = pc.ascii_trim(given.cast(TEXT), "{}")
    else:
        lists = given.cast(pa.large_list(pa.int64()))
        if lists.values.null_count:
            raise TypeError("a list of numbers holds none")
        each = pa.LargeListArray.from_arrays(lists.offsets, lists.values.cast(TEXT), mask=lists.is_null())
        inside = pc.binary_join(each, pa.scalar(",", TEXT))
    return _or_null(_joined("[", pc.replace_substring(inside, ",", ", "), "]"), _joined("{", inside, "}"))


def _or_null(said: pa.Array, copied: pa.Array) -> Cells:
    return Cells("", said.fill_null("null"), copied.fill_null(r"\N"))


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


def _fraction(value: float) -> str:
    """A double becomes a numeric: without an exponent, and without a point where there is nothing behind it."""
    if abs(value) >= 2**53:
        raise Untold(f"{value} is written differently by PostgreSQL")
    if value == int(value):
        return str(int(value))
    return repr(value) if abs(value) >= 1e-4 else f"{Decimal(repr(value)):f}"


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


def _quoted(value: str) -> str:
    """Of a text in which nothing has to be escaped."""
    return f'"{value}"'


def _uuid(value: UUID | str) -> str:
    return value if value.__class__ is str else str(UUID(str(value)))


ARRAYS: tuple[tuple[type[models.Field], Kind], ...] = (
    (
        models.UUIDField,
        _one_by_one(
            lambda v: f"[{', '.join(map(_quoted, v))}]",
            lambda v: "{" + ",".join(v) + "}",
            lambda v: list(map(_uuid, v)),
        ),
    ),
    (models.IntegerField, _numbers),
)
KINDS: tuple[tuple[type[models.Field], Kind], ...] = (
    (models.UUIDField, _text(_uuid)),
    (models.CharField, _text()),
    (models.TextField, _text()),
    (models.BooleanField, _one_by_one(lambda v: "true" if v else "false", lambda v: "t" if v else "f")),
    (models.IntegerField, _number),
    (models.FloatField, _one_by_one(str, str, _fraction)),
    (models.DateTimeField, _moments),
    (models.DateField, _text(_day)),
    (models.BinaryField, _one_by_one(encode_basestring, _escaped, _bytes)),
    (models.JSONField, _one_by_one(str, _escaped, lambda v: _encode(_ordered(v)))),
)
