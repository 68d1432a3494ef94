"""Writes typed rows set by set: each kind of record has its columns and its idea of "the same again".

Of a set PostgreSQL is asked once which rows it has. New ones are copied with digests taken here, those that say
something new are updated in one statement, those that do not are left alone.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.accounts import identifiers, seen
from apps.accounts.importing import Refused, Slice
from apps.accounts.models import Acceptance, Account, Activity, Identifier
from apps.audit import ledger
from apps.audit.models import AuditedModel
from apps.core.arrays import plain, quoted
from apps.core.ids import uuid7_texts
from apps.policies.models import Document, Sighting

SET = 25_000  # rows

Values = tuple[Any, ...]  # of a row, in the order of its writer's columns


class Writer(ABC):
    """Gathers rows and writes them in sets. Of two rows about the same thing the later adds to the earlier."""

    model: type[AuditedModel]
    key: dict[str, str]  # the columns that tell a row from others, with their types
    columns: tuple[str, ...]  # what else a row says
    shown: dict[str, str] = {}  # what the table's own are asked for by, where a row has them in another form
    news: str  # what an update sets, from a row `n` that came and the table's own

    def __init__(self, make_known: Callable[[set[str]], None]) -> None:
        self.make_known = make_known
        self.created = self.updated = self.unchanged = self.derived = 0
        self.refused: list[Refused] = []
        self.waiting: dict[Values, Values] = {}

    @property
    def rows(self) -> int:
        """All that were taken or refused, once nothing waits."""
        return self.created + self.updated + self.unchanged + len(self.refused)

    @property
    def rejected(self) -> int:
        return len(self.refused)

    def take(self, rows: Slice, batch: ledger.Batch) -> None:
        self.refused += rows.refused
        for at, value in enumerate(rows.values):
            try:
                key, said = self.values(value)
            except ValueError as error:
                self.refused.append(Refused(rows.lines[at], str(error), rows.raw(at)))
                continue
            if (earlier := self.waiting.get(key)) is not None:
                said = self.merged(earlier, said)
                self.unchanged += earlier == said
                self.updated += earlier != said
            self.waiting[key] = said
        if len(self.waiting) >= SET:
            self.flush(batch)

    @abstractmethod
    def values(self, value: Any) -> tuple[Values, Values]:
        """The key of a typed row and its other values. Raises ValueError with what is wrong."""

    @abstractmethod
    def merged(self, old: Values, new: Values) -> Values:
        """What is known when both are said, the later last."""

    def flush(self, batch: ledger.Batch) -> None:
        """Write what waits; what is there already and says the same is not touched."""
        created, updated, unchanged = self.write(batch, self.waiting)
        self.created, self.updated, self.unchanged = (
            self.created + created,
            self.updated + updated,
            self.unchanged + unchanged,
        )
        self.waiting = {}

    def write(self, batch: ledger.Batch, said: dict[Values, Values]) -> tuple[int, int, int]:
        """Returns how many rows were created, updated and left unchanged."""
        keys = sorted(said)
        if not keys:
            return 0, 0, 0
        stored = list(self.stored(keys))
        there = self._there(stored)
        new = [at for at in range(len(keys)) if at not in there]
        changed = [
            (row_id, keys[at], said[keys[at]])
            for at, (row_id, old) in there.items()
            if self.merged(old, said[keys[at]]) != old
        ]
        if new:
            self._create(batch, [stored[at] for at in new], [said[keys[at]] for at in new])
        if changed:
            self._change(batch, changed)
        return len(new), len(changed), len(there) - len(changed)

    def stored(self, keys: list[Values]) -> Iterable[Values]:
        """Keys as the table has them: the account's id for its reference."""
        refs = {key[0] for key in keys}
        ids = seen.ids_of(refs)()
        if unknown := refs - ids.keys():
            self.make_known(unknown)
            ids |= seen.ids_of(unknown)()
        return [(ids[key[0]], *key[1:]) for key in keys]

    def _there(self, keys: list[Values]) -> dict[int, tuple[str, Values]]:
        """Of the keys that the table has, by their place: the row's id and its other values."""
        first = self._with_first({key[0] for key in keys})
        places = [at for at, key in enumerate(keys) if key[0] in first]
        wanted = ", ".join(["n.place", "t.id::text", *(self.shown.get(name, f"t.{name}") for name in self.columns)])
        found = self._looked_up(wanted, self.key, [keys[at] for at in places])
        return {places[place - 1]: (row_id, tuple(values)) for place, row_id, *values in found}

    def _with_first(self, values: set[Any]) -> set[Any]:
        """Those of which the table has rows. Most accounts of a first import have none: nothing else need be asked."""
        if len(self.key) == 1:
            return values
        asked = [(value,) for value in values]
        first = dict(list(self.key.items())[:1])
        return {asked[place - 1][0] for (place,) in self._looked_up("n.place", first, asked)}

    def _looked_up(self, wanted: str, key: dict[str, str], rows: list[Values]) -> list[tuple]:
        """Look-ups in the index of the key, one for each: its order is asked for, since PostgreSQL would take an index
        of fewer columns, in which thousands have the same value, or walk through the table."""
        if not rows:
            return []
        arrays = [_array(type_, column) for type_, column in zip(key.values(), zip(*rows, strict=True), strict=True)]
        types = ", ".join(f"%s::{type_}[]" for type_ in key.values())
        table, names, order = self.model._meta.db_table, ", ".join(key), ", ".join(f"t.{name}" for name in key)
        t, n = (f"({', '.join(f'{row}.{name}' for name in key)})" for row in "tn")
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {wanted} FROM unnest({types}) WITH ORDINALITY AS n ({names}, place)"  # noqa: S608 - ours
                f" CROSS JOIN LATERAL (SELECT * FROM {table} t WHERE {t} >= {n} ORDER BY {order} LIMIT 1) AS t"
                f" WHERE {t} = {n}",
                arrays,
            )
            return cursor.fetchall()

    def _create(self, batch: ledger.Batch, keys: list[Values], said: list[Values]) -> None:
        columns: dict[str, Sequence[Any]] = {"id": list(islice(uuid7_texts(), len(keys)))}
        columns |= zip(self.key, zip(*keys, strict=True), strict=True)
        columns |= zip(self.columns, zip(*said, strict=True), strict=True)
        batch.copy(self.model, columns | self.given(len(keys)))

    def given(self, count: int) -> dict[str, Sequence[Any]]:
        """Columns that no file says."""
        return {}

    def _change(self, batch: ledger.Batch, rows: list[tuple[str, Values, Values]]) -> None:
        table = self.model._meta.db_table
        data = [{"id": row_id} | dict(zip(self.columns, values, strict=True)) for row_id, _, values in rows]
        batch.run(
            self.model,
            f"UPDATE {table} SET {self.news.format(t=table)}"  # noqa: S608 - ours
            f" FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) AS n WHERE {table}.id = n.id",
            [json.dumps(data, default=str)],
        )


def _array(type_: str, values: Iterable[Any]) -> str:
    if type_ in ("date", "timestamptz"):
        return plain(f'"{value.isoformat()}"' for value in values)
    return quoted(values) if type_ == "text" else plain(map(str, values))


def _said(old: Values, new: Values) -> Values:
    """What is said anew, and else what was."""
    return tuple([one if two in ("", None) else two for one, two in zip(old, new, strict=True)])


class Accounts(Writer):
    model = Account
    key = {"ref": "text"}
    columns = ("opened_at", "product", "plan", "country", "organisation", "contract", "payer_verified", "status")
    news = """
        opened_at = COALESCE(n.opened_at, {t}.opened_at), product = COALESCE(NULLIF(n.product, ''), {t}.product),
        plan = COALESCE(NULLIF(n.plan, ''), {t}.plan), country = COALESCE(NULLIF(n.country, ''), {t}.country),
        organisation = COALESCE(NULLIF(n.organisation, ''), {t}.organisation),
        contract = COALESCE(NULLIF(n.contract, ''), {t}.contract),
        payer_verified = COALESCE(n.payer_verified, {t}.payer_verified),
        status = COALESCE(NULLIF(n.status, 'unknown'), {t}.status)"""

    def values(self, value: Any) -> tuple[Values, Values]:
        return (value.ref,), (
            value.opened_at,
            value.product,
            value.plan,
            value.country.upper(),
            value.organisation,
            value.contract,
            value.payer_verified,
            value.status,
        )

    def merged(self, old: Values, new: Values) -> Values:
        whole = _said(old, new)
        return whole if new[-1] != Account.Status.UNKNOWN else (*whole[:-1], old[-1])

    def stored(self, keys: list[Values]) -> Iterable[Values]:
        return keys

    def given(self, count: int) -> dict[str, Sequence[Any]]:
        return {"recorded_at": [timezone.now()] * count}


class Identifiers(Writer):
    """Of an e-mail address its domain and pattern are written too, unless rows around it say others of the account."""

    model = Identifier
    key = {"account_id": "uuid", "kind": "text", "value_hmac": "text"}
    columns = ("key_id", "masked", "first_seen", "last_seen")
    # Seen earlier or later widens the time; a narrower report is not news. LEAST and GREATEST pass over nulls.
    news = "first_seen = LEAST(n.first_seen, {t}.first_seen), last_seen = GREATEST(n.last_seen, {t}.last_seen)"

    def __init__(self, make_known: Callable[[set[str]], None]) -> None:
        super().__init__(make_known)
        self.following: dict[Values, Values] = {}

    def values(self, value: Any) -> tuple[Values, Values]:
        ref, first, last = value.account_ref, value.first_seen, value.last_seen
        kind, digest, key_id, masked = identifiers.kept(value.kind, value.value)
        if kind == "email":
            for more in identifiers.kept_of_email(value.value):
                key, said = (ref, more.kind, more.value_hmac), (more.key_id, more.masked, first, last)
                earlier = self.following.get(key)
                self.following[key] = self.merged(earlier, said) if earlier else said
        return (ref, kind, digest), (key_id, masked, first, last)

    def merged(self, old: Values, new: Values) -> Values:
        return (*old[:2], _first(min, old[2], new[2]), _first(max, old[3], new[3]))

    def flush(self, batch: ledger.Batch) -> None:
        said = {key[:2] for key in self.waiting}
        following = {key: values for key, values in self.following.items() if key[:2] not in said}
        super().flush(batch)
        self.derived += self.write(batch, following)[0]
        self.following = {}


def _first(choose: Callable, *moments: datetime | None) -> datetime | None:
    return choose((moment for moment in moments if moment is not None), default=None)


class DailyActivity(Writer):
    model = Activity
    key = {"account_id": "uuid", "day": "date", "model": "text"}
    columns = (
        "queries",
        "input_tokens",
        "output_tokens",
        "active_hours",
        "by_hour",
        "distinct_templates",
        "topic_entropy_bits",
    )
    shown = {"by_hour": "t.by_hour::text"}
    # A day is reported anew as a whole: the later report replaces the earlier one.
    news = ", ".join(f"{name} = n.{name}" for name in columns)

    def values(self, value: Any) -> tuple[Values, Values]:
        hours, active = value.by_hour, value.active_hours
        return (value.account_ref, value.day, value.model), (
            value.queries,
            value.input_tokens,
            value.output_tokens,
            24 - hours[1:-1].split(",").count("0") if active is None and hours is not None else active,
            hours,
            value.distinct_templates,
            value.topic_entropy_bits,
        )

    def merged(self, old: Values, new: Values) -> Values:
        return new


class Acceptances(Writer):
    model = Acceptance
    key = {"account_id": "uuid", "document_id": "uuid", "accepted_at": "timestamptz"}
    columns = ("version_id", "method")
    # A later report may say which version it was, or how; one that does not say takes nothing away.
    news = """
        version_id = COALESCE(n.version_id, {t}.version_id), method = COALESCE(NULLIF(n.method, ''), {t}.method)"""

    def __init__(self, make_known: Callable[[set[str]], None]) -> None:
        super().__init__(make_known)
        self.documents: dict[tuple[str, str], list[Document]] = {}
        for document in Document.objects.all():
            self.documents.setdefault((document.service, document.name), []).append(document)
        self.seen: dict[UUID, list[tuple[datetime, str, UUID]]] = {}  # document -> moment, SHA-256, version

    def values(self, value: Any) -> tuple[Values, Values]:
        document, version = self._found(value)
        return (value.account_ref, document.pk, value.accepted_at.astimezone(UTC)), (version, value.method)

    def merged(self, old: Values, new: Values) -> Values:
        return _said(old, new)

    def _found(self, value: Any) -> tuple[Document, UUID | None]:
        """The document, and the version that the row names."""
        known = self.documents.get((value.service, value.document), [])
        known = [d for d in known if value.collection in ("", d.collection)]
        name = f"“{value.document}” of “{value.service}”"
        if not known:
            raise ValueError(f"there is no document {name}: import the terms first")
        if value.version_sha256 or value.version_recorded_at:
            found = [(document, version) for document in known for version in self._versions(document, value)]
            if not found:
                raise ValueError(f"no version of {name} has this SHA-256 or was recorded then: import the terms first")
            known = list(dict.fromkeys(document for document, _ in found))
        if len(known) > 1:
            collections = ", ".join(sorted(d.collection for d in known))
            raise ValueError(f"several collections hold {name}: say in a column `collection` which of {collections}")
        if value.version_sha256 or value.version_recorded_at:
            return known[0], found[0][1]
        return known[0], None

    def _versions(self, document: Document, value: Any) -> list[UUID]:
        """Versions in which the text was seen, the one that was seen last before the acceptance first."""
        if document.pk not in self.seen:
            rows = Sighting.objects.filter(document=document).order_by("seen_at")
            self.seen[document.pk] = list(rows.values_list("seen_at", "text__sha256", "version"))
        matching = [
            (seen_at, version)
            for seen_at, sha256, version in self.seen[document.pk]
            if value.version_sha256.lower() in ("", sha256) and value.version_recorded_at in (None, seen_at)
        ]
        before = [version for seen_at, version in matching if seen_at <= value.accepted_at]
        return [*before[::-1], *(version for seen_at, version in matching if seen_at > value.accepted_at)]


WRITERS: dict[str, type[Writer]] = {
    "accounts": Accounts,
    "identifiers": Identifiers,
    "activity": DailyActivity,
    "acceptances": Acceptances,
}
