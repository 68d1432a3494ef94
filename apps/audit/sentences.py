"""One plain sentence per event.

A room words its verbs in `templates/audit/verbs/<app>.<verb>.html` (or `.txt`), one line each; the generic sentence
stands in where there is none. No full stop at the end; keep to the past tense:

    {{ actor }} assigned {{ object }} to {{ new.assignee }}
    {{ actor }} added {{ rows }} accounts to {{ object }}: {{ details.how }}

The context, the same for every verb:

    actor        who did it, by name: "Ada Analyst", "casemgr (worker)", "detector volume-watch"
    on_behalf_of for whom casemgr worked, by name; empty where nobody asked
    object       the object as it is called now (`str(row)`), a link where it has a page; "F-2026-0001". Empty for a
                 batch that is about no single row
    kind         what the object is, in words: "alert group"
    new, old     what the event wrote, and what was there, by field name. Choices by their label, foreign keys as
                 the name of the other row, times as datetimes: `{{ new.state }}`, `{{ new.due_at|date:"Y-m-d" }}`.
                 Values that the trail only commits to read "(withheld)". A column that did not change is empty
    details      what the action added: `ledger.note(row, methods=...)` gives `{{ details.methods }}`
    rows         how many rows a batch wrote, all tables together; `tables` maps table to number
    reason       the reason given, or empty. The page shows it below the sentence: no need to repeat it
    case         reference of the case file it belongs to, or empty
    verb         "cases.assign"
    at           when
    event        the entry itself (`apps.audit.models.Event`)

Everything is escaped. A template that ends in .txt is written without HTML.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from html import unescape
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.template import TemplateDoesNotExist
from django.template.loader import select_template
from django.utils.html import escape, format_html, strip_tags
from django.utils.safestring import SafeString

from apps.audit import asof, private
from apps.audit.models import AuditedModel, Event, Leaf, audited_models
from apps.audit.verify.reading import body_of

WITHHELD = "(withheld)"

LONG = (models.TextField, models.JSONField, models.BinaryField)

Reference = tuple[str, str]  # table and id


class Named(str):
    """A row as people call it; on a page a link, if it has a page."""

    url: str

    def __new__(cls, text: str, url: str = "") -> "Named":
        named = super().__new__(cls, text)
        named.url = url
        return named

    def __html__(self) -> str:
        return format_html('<a href="{}">{}</a>', self.url, str(self)) if self.url else escape(str(self))

    def __str__(self) -> str:
        return str.__str__(self)


@dataclass(frozen=True)
class Change:
    """One column of an event, in words."""

    label: str
    old: Any
    new: Any

    @property
    def says_something(self) -> bool:
        """Of a row that is new, every column is written, also those that nobody filled in."""
        return any(side not in (None, "") for side in (self.old, self.new))


@dataclass
class Entry:
    """An event as the trail's pages show it."""

    event: Event
    body: dict[str, Any]
    actor: str
    on_behalf_of: str
    object: Named | str
    kind: str
    case: Named | str
    changes: list[Change] = field(default_factory=list)
    tables: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)  # the same by name: "alert groups"
    details: dict[str, Any] = field(default_factory=dict)
    is_withheld: bool = False
    sentence: SafeString | str = ""
    place: int | None = None  # in the log; None while it waits for one

    @property
    def raw(self) -> str:
        """The body as it was recorded and hashed, laid out to be read."""
        return json.dumps(self.body, indent=2, ensure_ascii=False)

    @property
    def keeps_apart(self) -> bool:
        """Whether values of it lie behind commitments."""
        return bool(private.kept_fields(self.body))

    @property
    def plain_sentence(self) -> str:
        """Without its links, for a file."""
        return unescape(strip_tags(self.sentence))

    @property
    def detail_rows(self) -> list[tuple[str, Any]]:
        return [(name.replace("_", " ").capitalize(), _shown(value)) for name, value in self.details.items()]


def tell(events: Iterable[Event], reader: Any = None) -> list[Entry]:
    """The events in words. As many queries for fifty as for one: one for each table that they name rows of.

    What `reader` may not see in its own room is withheld here as well: rows of a room without its `view`, and
    privileged rows without its `view_privileged`. None sees all.
    """
    told = [(event, body_of(event.body)) for event in events]
    names = Names(told)
    entries = [_entry(event, body, names, reader) for event, body in told]
    places = dict(Leaf.objects.filter(event_id__in=[event.pk for event, _ in told]).values_list("event_id", "idx"))
    for entry in entries:
        entry.place = places.get(entry.event.pk)
    return entries


def remember(entries: Iterable[Entry], model: type[AuditedModel], pk: UUID) -> None:
    """Say in the entries of batches what they did to this one row."""
    batched = {entry.event.event_uuid: entry for entry in entries if entry.tables and not entry.is_withheld}
    if not batched:
        return
    found = asof.changes(model, pk, batched)
    names = Names([], [ref for changed in found.values() for ref in _referred_by(model, changed)])
    for event_uuid, changed in found.items():
        batched[event_uuid].changes = [
            Change(
                label_of(_fields(model).get(column), column), *(_worded(model, names, column, side) for side in sides)
            )
            for column, sides in changed.items()
        ]


@dataclass(frozen=True)
class Fact:
    """One column of a record, in words."""

    label: str
    value: Any


def describe(record: asof.Record, reader: Any = None) -> list[Fact]:
    """A record as it was, in words. What `reader` may not see in its own room is withheld, and so are private values:
    those are opened on the page of their event, with a reason."""
    model = record.model
    names = Names([], [*_referred_by(model, record.values), (model._meta.db_table, str(record.pk))])
    may_see = _may_see(reader, [model._meta.db_table], names.row(model._meta.db_table, record.pk))
    facts = []
    for column, value in record.values.items():
        hidden = not may_see or (column in model.PRIVATE and value and not isinstance(value, asof.Gone))
        facts.append(
            Fact(
                label_of(_fields(model).get(column), column),
                WITHHELD if hidden else _worded(model, names, column, value),
            )
        )
    return facts


def _worded(model: type[AuditedModel], names: "Names", column: str, value: Any) -> Any:
    return value if isinstance(value, asof.Gone) else _shown(names.word(_fields(model).get(column), value))


def _referred_by(model: type[AuditedModel], values: dict[str, Any]) -> Iterable[Reference]:
    """The rows that columns refer to; a value may be a pair of before and after."""
    for column, value in values.items():
        column_field = _fields(model).get(column)
        if column_field and column_field.related_model:
            sides = value if isinstance(value, tuple) else (value,)
            yield from ((column_field.related_model._meta.db_table, str(side)) for side in sides if side)
        yield from _people_in(value if isinstance(value, tuple) else (value,))


def _people_in(values: Iterable[Any]) -> Iterable[Reference]:
    """People whom columns name as actors, "user:" and their id: who collected an item, who is its custodian."""
    for value in values:
        if isinstance(value, str) and value.startswith("user:"):
            yield get_user_model()._meta.db_table, value.removeprefix("user:")


# Words that the name of a column abbreviates.
IN_FULL = {
    "id": "Id",
    "ref": "Reference",
    "tlp": "TLP",
    "sha256": "SHA-256",
    "sha512": "SHA-512",
    "hmac": "HMAC",
    "pdf": "PDF",
    "url": "URL",
    "ip": "IP address",
    "lr": "likelihood ratio",
    "log10": "log10 of the",
    "p": "p",
    "at": "at",
}


def label_of(column: models.Field | None, name: str) -> str:
    """A column as people call it."""
    words = str(getattr(column, "verbose_name", name)).replace("_", " ").split()
    label = " ".join(IN_FULL.get(word, word) for word in words)
    return label[:1].upper() + label[1:]


def _plural(table: str) -> str:
    return str(_models()[table]._meta.verbose_name_plural) if table in _models() else table


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Who these are, by name. One query."""
    wanted = set(actors)
    people = {actor.removeprefix("user:") for actor in wanted}
    known = get_user_model()._base_manager.in_bulk([key for key in people if _is_uuid(key)])
    return {actor: _actor(actor, {str(pk): str(person) for pk, person in known.items()}) for actor in wanted}


def _actor(actor: str, people: Mapping[str, str]) -> str:
    kind, _, name = actor.partition(":")
    if kind == "user":
        return people.get(name) or f"somebody ({name})"
    return {"system": f"casemgr ({name})", "service": f"detector {name}"}.get(kind, actor)


def _entry(event: Event, body: dict[str, Any], names: "Names", reader: Any) -> Entry:
    model = _models().get(event.object_type)
    row = names.row(event.object_type, event.object_id)
    is_withheld = not _may_see(reader, [event.object_type, *(event.tables or [])], row)
    entry = Entry(
        event,
        body,
        actor=names.actor(event.actor),
        on_behalf_of=names.actor(event.on_behalf_of),
        object=WITHHELD if is_withheld else names.of(event.object_type, event.object_id),
        kind=str(model._meta.verbose_name) if model else "",
        case=WITHHELD if is_withheld else names.of(_case_table(), event.case_id),
        details={} if is_withheld else body.get("details") or {},
        is_withheld=is_withheld,
    )
    for part in body.get("batch") or []:
        entry.tables[part["table"]] = entry.tables.get(part["table"], 0) + part["rows"]
    entry.kinds = {_plural(table): rows for table, rows in entry.tables.items()}
    old, new = {}, {}
    for column, (before, after) in (body.get("changes") or {}).items():
        column_field = _fields(model).get(column) if model else None
        name = column_field.name if column_field else column
        old[name] = WITHHELD if is_withheld else names.word(column_field, before)
        new[name] = WITHHELD if is_withheld else names.word(column_field, after)
        change = Change(label_of(column_field, column), _shown(old[name]), _shown(new[name]))
        if column != "id" and change.says_something:
            entry.changes.append(change)
    entry.sentence = _sentence(entry, old, new)
    return entry


def _sentence(entry: Entry, old: dict[str, Any], new: dict[str, Any]) -> SafeString | str:
    verb = entry.event.action
    try:
        if entry.is_withheld:
            raise TemplateDoesNotExist(verb)
        template = select_template([f"audit/verbs/{verb}.html", f"audit/verbs/{verb}.txt"])
    except TemplateDoesNotExist:
        what = " ".join(part for part in (entry.kind, str(entry.object)) if part)
        return format_html(
            "{}: {}{}", entry.actor, verb.partition(".")[2].replace("_", " "), f", {what}" if what else ""
        )
    context = {
        "actor": entry.actor,
        "on_behalf_of": entry.on_behalf_of,
        "object": entry.object,
        "kind": entry.kind,
        "new": new,
        "old": old,
        "details": entry.details,
        "rows": sum(entry.tables.values()),
        "tables": entry.tables,
        "reason": entry.event.reason,
        "case": entry.case,
        "verb": verb,
        "at": entry.event.occurred_at,
        "event": entry.event,
    }
    return SafeString(template.render(context).strip())


def _shown(value: Any) -> Any:
    """A value as a table of columns shows it; a sentence's template gets it as it is."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list) and not any(isinstance(part, dict | list) for part in value):
        return ", ".join(map(str, value))
    if isinstance(value, dict | list):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return value


def _may_see(reader: Any, tables: list[str], row: AuditedModel | None) -> bool:
    if reader is None:
        return True
    written = [_models()[table] for table in tables if table in _models()]
    rooms = {model._meta.app_label for model in written}
    if not all(reader.has_perm(f"{room}.view") for room in rooms):
        return False
    is_privileged = getattr(row, "is_privileged", False) or any(model.IS_PRIVILEGED for model in written)
    return not is_privileged or all(reader.has_perm(f"{room}.view_privileged") for room in rooms)


class Names:
    """The names of all rows that some events speak of, and of others, fetched table by table."""

    def __init__(self, told: list[tuple[Event, dict[str, Any]]], others: Iterable[Reference] = ()) -> None:
        wanted: dict[str, set[str]] = defaultdict(set)
        for table, key in others:
            wanted[table].add(key)
        self._people = get_user_model()._meta.db_table
        for event, body in told:
            wanted[event.object_type].add(str(event.object_id))
            wanted[_case_table()].add(str(event.case_id))
            for actor in (event.actor, event.on_behalf_of):
                wanted[self._people].add(actor.removeprefix("user:"))
            for table, key in self._referred(event, body):
                wanted[table].add(key)
        self._rows: dict[Reference, AuditedModel] = {}
        for table, keys in wanted.items():
            model = _models().get(table)
            ids = [key for key in keys if _is_uuid(key)]
            if model and ids:
                self._rows |= {(table, str(pk)): row for pk, row in _with_names(model).in_bulk(ids).items()}

    @staticmethod
    def _referred(event: Event, body: dict[str, Any]) -> Iterable[Reference]:
        model = _models().get(event.object_type)
        for column, sides in (body.get("changes") or {}).items():
            column_field = _fields(model).get(column) if model else None
            if column_field and column_field.related_model:
                yield from ((column_field.related_model._meta.db_table, side) for side in sides if side)
            yield from _people_in(sides)

    def row(self, table: str, key: UUID | str | None) -> AuditedModel | None:
        return self._rows.get((table, str(key)))

    def of(self, table: str, key: UUID | str | None) -> Named | str:
        """The row's name; its id when it is gone or has no name of its own."""
        if key is None:
            return ""
        row = self.row(table, key)
        if row is None:
            return str(key)
        address = getattr(row, "get_absolute_url", None)
        return Named(str(row), address() if address else "")

    def actor(self, actor: str) -> str:
        key = actor.removeprefix("user:")
        person = self.row(self._people, key)
        return _actor(actor, {key: str(person)} if person else {})

    def word(self, column: models.Field | None, value: Any) -> Any:
        """A value of a column as a sentence says it."""
        if isinstance(value, dict) and set(value) in ({"commitment"}, {"private"}):
            return WITHHELD
        if column is None or value is None or value == "":
            return value
        if column.related_model:
            return self.of(column.related_model._meta.db_table, value)
        if any(_people_in([value])) and _is_uuid(value.removeprefix("user:")):
            return self.actor(value)
        if choices := getattr(column, "flatchoices", None):
            return dict(choices).get(value, value)
        if isinstance(column, models.DateTimeField):
            return datetime.fromisoformat(value)
        return date.fromisoformat(value) if isinstance(column, models.DateField) else value


def _models() -> dict[str, type[AuditedModel]]:
    return {model._meta.db_table: model for model in audited_models()}


def _fields(model: type[AuditedModel]) -> dict[str, models.Field]:
    return {str(column.column): column for column in model._meta.concrete_fields}


def _with_names(model: type[AuditedModel]) -> models.QuerySet:
    """Rows with those they refer to, two steps far, since names are made of names; without those rows' long columns."""
    rows, deferred = [], []
    steps: list[tuple[str, type[models.Model]]] = [("", model)]
    for _ in range(2):
        steps = [
            (f"{path}{key.name}__", key.related_model)
            for path, owner in steps
            for key in owner._meta.concrete_fields
            if key.related_model and not key.null
        ]
        rows += [path.removesuffix("__") for path, _ in steps]
        deferred += [path + f.name for path, owner in steps for f in owner._meta.concrete_fields if type(f) in LONG]
    return model._base_manager.select_related(*rows).defer(*deferred)


def _case_table() -> str:
    return apps.get_model("cases.Case")._meta.db_table  # by name: cases stand below the trail


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
