"""Do the tables still say what the log says?

Every row has a history of steps: the event that created it, later events that changed it, and batches that wrote it
among others. Each step holds the digest of the row after it, and a change also the digest before it. So a row agrees
when its own digest is that of its last step, and no step begins with another row than the step before it left. Private
columns stand outside the digests and are held against their commitments. Only a row that does not agree is taken apart
to name the columns.

`Since` narrows it to the rows that events touched since an earlier verification, and a share of all others.

Tables that only follow from audited ones are held against those.

Columns that a later migration adds stand at the end of the table: an old digest is then that of the row without them.
"""

import heapq
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import groupby, pairwise
from typing import Any, NamedTuple
from uuid import UUID

from apps.audit import contents, digests, ledger, private
from apps.audit.models import AuditedModel, DerivedModel, audited_models, derived_models
from apps.audit.verify.reading import Reader, body_of, named, shown
from apps.audit.verify.report import Verdict

# What a body has of its row stands near its end, with little behind it: to read the digests of a million events it need
# not be taken apart. In a text the quotation marks would be escaped, and nothing else can end like this.
TAIL = 512
ROW = re.compile(
    rb',"row":\{"columns":(\d+),"sha256":\[(?:null|"([0-9a-f]{64})"),"([0-9a-f]{64})"\]\},'
    rb'"session":"[^"]*","source_ip":(?:null|\{[^{}]*\}),"v":\d+\}\Z'
)


class Step(NamedTuple):
    """What one event did to one row."""

    row: str
    event_id: int
    ordinal: int  # within the event: a batch may write a row twice
    event_uuid: str
    before: str | None  # digests; of a batch the one after it is all there is
    after: str
    columns: int | None  # that the table had; None: of a batch
    nonces: dict[str, str] | None
    body: bytes | None  # of a row with private columns

    @property
    def is_of_batch(self) -> bool:
        return self.columns is None


@dataclass(frozen=True)
class Since:
    """Which rows to look at: those that transactions from `xmin` on touched, and each `of`th of the others."""

    xmin: int
    share: int
    of: int

    def condition(self, table: str, key: str) -> str:
        """SQL that is true for the id of a row to look at."""
        return (
            f"(get_byte(uuid_send({key}), 15) %% {self.of} = {self.share} OR {key} IN ("  # noqa: S608 - names are ours
            f"SELECT object_id FROM audit_event WHERE xid >= {self.xmin} AND object_type = '{table}'"
            " UNION ALL SELECT encode(substring(m.rows from n * 48 + 1 for 16), 'hex')::uuid"
            f" FROM ({UNPACKED}) m CROSS JOIN generate_series(0, length(m.rows) / 48 - 1) n"
            f" WHERE m.table_name = '{table}' AND m.xid >= {self.xmin}))"
        )


# With something put behind it PostgreSQL holds the list in memory, instead of fetching it again for each row in it.
UNPACKED = (
    "SELECT e.id, e.xid, m.event_uuid, m.ordinal, m.table_name, m.rows || ''::bytea AS rows FROM audit_manifest m"
    " JOIN audit_event e ON e.event_uuid = m.event_uuid OFFSET 0"
)


def check(reader: Reader, verdict: Verdict, since: Since | None = None) -> None:
    for model in audited_models():
        check_table(reader, verdict, model, since)
    for derived in derived_models():
        check_derived(reader, verdict, derived)


def check_table(reader: Reader, verdict: Verdict, model: type[AuditedModel], since: Since | None = None) -> None:
    Table(reader, verdict, model, since).check()
    verdict.count("tables")


SHOWN = 100  # differences of a derived table; who changed more has been found out


def check_derived(reader: Reader, verdict: Verdict, model: type[DerivedModel]) -> None:
    """Hold a table that follows from others against what it follows from."""
    verdict.count("tables")
    table, fields = model._meta.db_table, model._meta.concrete_fields
    kind = str(model._meta.verbose_name).capitalize()
    columns = ", ".join(f'"{field.column}"' for field in fields)
    rows = f"SELECT {columns} FROM {table}"  # noqa: S608 - names are ours
    for has, lacks, says in (
        (rows, model.SOURCE, "is there, and follows from no audited row"),
        (model.SOURCE, rows, "is missing, and follows from audited rows"),
    ):
        if has == rows or model.IS_WHOLE:
            for row in reader.all(f"({has}) EXCEPT ({lacks}) LIMIT {SHOWN}"):
                values = ", ".join(f"{field.column} {value}" for field, value in zip(fields, row, strict=True))
                verdict.found(f"{kind} ({values}) {says}.", table=table)


class Table:
    def __init__(self, reader: Reader, verdict: Verdict, model: type[AuditedModel], since: Since | None) -> None:
        self.reader, self.verdict, self.model, self.since = reader, verdict, model, since
        self.name = model._meta.db_table
        self.kind = str(model._meta.verbose_name).capitalize()

    def check(self) -> None:
        """Walk the rows and their steps side by side, both in the order of the rows' ids."""
        histories = ((row, list(steps)) for row, steps in groupby(self._steps(), key=lambda step: step.row))
        history = next(histories, None)
        for row, digest, values in self._rows():
            self.verdict.count("rows")
            while history and history[0] < row:
                self._deleted(*history)
                history = next(histories, None)
            if history and history[0] == row:
                self._compare(row, digest, json.loads(values) if values else None, history[1])
                history = next(histories, None)
            else:
                self._found(f"{self._called(row)} was added: no event wrote it.", row)
        while history:
            self._deleted(*history)
            history = next(histories, None)

    # --- reading

    def _only(self, key: str) -> str:
        return self.since.condition(self.name, key) if self.since else "true"

    def _rows(self) -> Iterator[tuple[str, str, str | None]]:
        values = "to_jsonb(t)::text" if self.model.PRIVATE else "NULL"
        return self.reader.stream(
            f"SELECT t.id::text, encode({digests.digest_sql(self.model, 't')}, 'hex'), {values} FROM {self.name} t"  # noqa: S608 - names are ours
            f" WHERE {self._only('t.id')} ORDER BY t.id",
            binary=True,
        )

    def _steps(self) -> Iterator[Step]:
        return heapq.merge(self._single_steps(), self._batch_steps())  # by row, event and place in it

    def _single_steps(self) -> Iterator[Step]:
        body, nonces = f"substring(body from greatest(length(body) - {TAIL}, 0) + 1)", "NULL"
        if self.model.PRIVATE:
            body = "body"
            nonces = (
                "(SELECT jsonb_object_agg(p.field, encode(p.nonce, 'hex')) FROM audit_privatevalue p"
                " WHERE p.event_uuid = e.event_uuid)"
            )
        rows = self.reader.stream(
            f"SELECT e.object_id::text, e.id, e.event_uuid::text, {body}, {nonces}"  # noqa: S608 - names are ours
            " FROM audit_event e WHERE e.object_type = %s AND e.object_id IS NOT NULL"
            f" AND {self._only('e.object_id')} ORDER BY e.object_id, e.id",
            [self.name],
            binary=True,
        )
        search = ROW.search
        for row, event_id, event_uuid, data, values in rows:
            if found := search(data):  # others only noted something about it
                columns, before, after = found.groups()
                yield Step(
                    row,
                    event_id,
                    0,
                    event_uuid,
                    before.decode() if before else None,
                    after.decode(),
                    int(columns),
                    values,
                    data if self.model.PRIVATE else None,
                )

    def _batch_steps(self) -> Iterator[Step]:
        rows = self.reader.stream(
            "SELECT steps.row::text, id, ordinal, event_uuid::text, after FROM"  # noqa: S608 - names are ours
            " (SELECT encode(substring(m.rows from n * 48 + 1 for 16), 'hex')::uuid AS row, m.id,"
            " m.ordinal, m.event_uuid, encode(substring(m.rows from n * 48 + 17 for 32), 'hex') AS after"
            f" FROM ({UNPACKED.replace(' OFFSET 0', ' WHERE m.table_name = %s OFFSET 0')}) m"
            " CROSS JOIN generate_series(0, length(m.rows) / 48 - 1) n) steps"
            f" WHERE {self._only('steps.row')} ORDER BY steps.row, id, ordinal",
            [self.name],
            binary=True,
        )
        for row, event_id, ordinal, event_uuid, after in rows:
            yield Step(row, event_id, ordinal, event_uuid, None, after, None, None, None)

    # --- judging

    def _compare(self, row: str, digest: str, values: dict[str, Any] | None, steps: list[Step]) -> None:
        for earlier, later in pairwise(steps):
            if later.before != earlier.after and not later.is_of_batch:
                self._changed_between(row, earlier, later)
        if digest != steps[-1].after and self._digest_as_of(row, steps[-1]) != steps[-1].after:
            self._changed(row, steps)
        if values is not None:
            self._compare_private(row, values, steps)

    @cached_property
    def _columns(self) -> list[str]:
        found = self.reader.all(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum",
            [self.name],
        )
        return [column for (column,) in found]

    def _digest_as_of(self, row: str, step: Step) -> str:
        """The row's digest without the columns that the table got after the step."""
        hidden = [*self._columns[self._columns_at(step) :], *self.model.PRIVATE]
        return self.reader.one(
            "SELECT encode(sha256(convert_to((to_jsonb(t) - %s::text[])::text, 'UTF8')), 'hex')"  # noqa: S608 - our name
            f" FROM {self.name} t WHERE id = %s",
            [hidden, row],
        )[0]

    def _columns_at(self, step: Step) -> int:
        """How many columns the table had then."""
        if step.columns is not None:
            return step.columns
        return len(self._body_of(step)["batch"][step.ordinal]["columns"])

    def _changed_between(self, row: str, earlier: Step, later: Step) -> None:
        if self._columns_at(earlier) != self._columns_at(later):  # digests of different tables cannot be compared
            return
        self._found(
            f"{self._called(row)} was changed between {self._named(earlier)} and {self._named(later)} "
            "without an event of its own.",
            row,
            event=later.event_uuid,
        )

    def _changed(self, row: str, steps: list[Step]) -> None:
        """Name the columns in which the row differs from what its events wrote."""
        known: dict[str, tuple[Any, Step]] = {}
        for step in steps:
            if step.is_of_batch:  # what was before does not matter, even where its content was erased
                known = {column: (value, step) for column, value in self._written_by_batch(row, step).items()}
            else:
                changes = self._body_of(step)["changes"]
                known |= {column: (new, step) for column, (_, new) in changes.items()}
        values = self._values(row)
        different = [
            (column, new, step)
            for column, (new, step) in known.items()
            if column not in self.model.PRIVATE and not _same(values.get(column), new)
        ]
        for column, new, step in different:
            self._found(
                f"{self._called(row)}: column {column} says {shown(values.get(column))}, "
                f"and {self._named(step)} wrote {shown(new)}.",
                row,
                column=column,
                event=step.event_uuid,
            )
        if not different:
            self._found(
                f"{self._called(row)} is not as {self._named(steps[-1])} left it; the trail holds the digest of the "
                "row, which does not say in what column.",
                row,
                event=steps[-1].event_uuid,
            )

    def _compare_private(self, row: str, values: dict[str, Any], steps: list[Step]) -> None:
        bodies = [(step, self._body_of(step)["changes"]) for step in reversed(steps) if not step.is_of_batch]
        for column in sorted(self.model.PRIVATE):
            found = next(((step, changes[column][1]) for step, changes in bodies if column in changes), None)
            if found is None:
                continue
            step, new = found
            nonce, value = (step.nonces or {}).get(f"{column}.new"), values.get(column)
            if new is None:
                fits = value is None or value == ""
            else:  # a nonce that is gone is completeness' matter; nothing can be said about the value then
                fits = nonce is None or private.commitment(bytes.fromhex(nonce), column, value) == new["commitment"]
            if not fits:
                self._found(
                    f"{self._called(row)}: private column {column} is not what {self._named(step)} commits to.",
                    row,
                    column=column,
                    event=step.event_uuid,
                )

    def _deleted(self, row: str, steps: list[Step]) -> None:
        self._found(
            f"{self.kind} {row} was deleted: {self._named(steps[-1])} "
            f"wrote it, and table {self.name} no longer has it.",
            row,
            event=steps[-1].event_uuid,
        )

    def _written_by_batch(self, row: str, step: Step) -> dict[str, Any]:
        """The row as the batch left it; empty when its content does not say so any more."""
        listed, content = self.reader.one(
            "SELECT rows, content FROM audit_manifest WHERE event_uuid = %s AND ordinal = %s",
            [step.event_uuid, step.ordinal],
        )
        place = contents.place_of(listed, UUID(row))
        try:
            text = contents.lines(content)[place] if content is not None and place is not None else contents.ERASED
        except (contents.Broken, IndexError):
            return {}
        return json.loads(text) if sha256(text).hexdigest() == step.after else {}

    # --- words

    def _found(self, sentence: str, row: str, **where: Any) -> None:
        self.verdict.found(sentence, table=self.name, row=row, **where)

    def _values(self, row: str) -> dict[str, Any]:
        rows = self.reader.all(f"SELECT to_jsonb(t)::text FROM {self.name} t WHERE id = %s", [row])  # noqa: S608 - our name
        return json.loads(rows[0][0])

    def _called(self, row: str) -> str:
        """The row as people know it, if it has such a name: `Case CASE-2026-0001 (cases_case 0192…)`."""
        values = self._values(row)
        names = ("ref", "number", "slug", "title", "key")
        name = next((values[n] for n in names if values.get(n) and n not in self.model.PRIVATE), "")
        return f"{self.kind} {name}".strip() + f" ({self.name} {row})"

    def _named(self, step: Step) -> str:
        return named(self._body_of(step), step.event_id)

    def _body_of(self, step: Step) -> dict[str, Any]:
        if step.body is not None:
            return body_of(step.body)
        return body_of(self.reader.one("SELECT body FROM audit_event WHERE id = %s", [step.event_id])[0])


def _same(value: Any, other: Any) -> bool:
    """Equal as JSON: 1 is 1.0, and is not true."""
    return ledger.canonical({"v": value}) == ledger.canonical({"v": other})
