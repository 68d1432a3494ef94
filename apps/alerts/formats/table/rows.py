"""The rows of a CSV as native alerts, each judged whole: its owner reads every fault with its row and column."""

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Any, NamedTuple

from apps.alerts import wire
from apps.alerts.formats import document, lines
from apps.alerts.formats.item import Item
from apps.alerts.formats.loose import UNSTATED, encoded, printable
from apps.alerts.formats.table import columns, sheet
from apps.alerts.native import SCHEMA
from apps.alerts.wire import Refusal

TYPES = {  # what an alert is about, by the column that names it
    "accounts": "account",
    "campaign_ref": "cluster",
    "cluster_ref": "cluster",
    "organisation_ref": "organisation",
    "model_ref": "model",
    "endpoint_ref": "endpoint",
}


class Verdict(NamedTuple):
    """A row of the file, its cells, and what becomes of it."""

    row: int
    line: int
    cells: list[str]
    item: Item


class Preview(NamedTuple):
    """What the file is taken for, before it is sent: `fault` where it cannot be, else its first rows."""

    encoding: str = ""
    delimiter: str = ""
    header: list[str] = []
    warnings: list[str] = []
    rows: list[Verdict] = []
    fault: Refusal | None = None


def items(chunks: Iterable[bytes], *, source: str, limit: int = lines.LIMIT) -> Iterator[Item]:
    """One item a row that is not blank. Its `raw` is the header and the row: a file of its own, to mend and send again.

    Where the file as a whole cannot be read, one item says why.
    """
    body, broken = document.joined(chunks)
    try:
        table = Table(body, source, limit)
    except Refusal as refusal:
        if body or not broken:
            yield Item(body[:limit], refusal=refusal)
    else:
        yield from (verdict.item for verdict in table.verdicts())
    if broken:
        yield Item(b"", refusal=broken)


def preview(body: bytes, *, source: str, rows: int = 20, limit: int = lines.LIMIT) -> Preview:
    """The first rows with their verdicts; nothing is written anywhere."""
    try:
        table = Table(body, source, limit)
    except Refusal as refusal:
        return Preview(fault=refusal)
    found = table.sheet
    verdicts = list(islice(table.verdicts(), rows))
    return Preview(found.encoding, found.delimiter, found.header.cells, table.warnings, verdicts)


class Table:
    """A file whose header can be read and names what an alert needs. Raises Refusal otherwise."""

    def __init__(self, body: bytes, source: str, limit: int) -> None:
        self.source, self.limit = source, limit
        self.sheet = sheet.read(body, columns.is_known)
        self.header = [cell.strip() for cell in self.sheet.header.cells]
        self.names = [columns.name_of(cell) for cell in self.header]
        self._check_names()
        self.warnings = [*self.sheet.warnings, *self._unknown()]

    def verdicts(self) -> Iterator[Verdict]:
        for record in self.sheet.records:
            yield Verdict(record.number, record.line, record.cells, self._item(record))

    def _check_names(self) -> None:
        missing = [name for name in columns.REQUIRED if name not in self.names]
        if len(missing) == len(columns.REQUIRED):
            shown = ", ".join(printable(cell, 30) for cell in self.header[:8])
            reason = f"The first row is no header of alerts ({shown}); it names {', '.join(columns.REQUIRED)}."
            raise Refusal("header_missing", reason)
        if missing:
            raise Refusal("column_missing", f"The header has no column {', '.join(missing)}.", field=missing[0])
        if not set(columns.SUBJECTS) & set(self.names):
            reason = f"The header does not say what the alerts are about: {', '.join(columns.SUBJECTS)}."
            raise Refusal("column_missing", reason, field="accounts")
        counted = Counter(name for name in self.names if name and not columns.is_indicator(name))
        if twice := [name for name, count in counted.items() if count > 1]:
            raise Refusal("column_twice", f"The header names {printable(twice[0])} twice.", field=twice[0][:60])

    def _unknown(self) -> list[str]:
        told = []
        for cell, name in zip(self.header, self.names, strict=True):
            if name and not columns.is_known(cell):
                near = get_close_matches(name, columns.COLUMNS, n=1)
                hint = f" Did you mean {near[0]}?" if near else ""
                told.append(f"The column “{printable(cell)}” is none of an alert; it is kept beside it.{hint}")
        return told

    def _item(self, record: sheet.Record) -> Item:
        raw = self._raw(record)
        try:
            if record.fault:
                raise Refusal("row_broken", record.fault)
            native = encoded(self._native(record))
            self._judge(native)
        except Refusal as refusal:
            return Item(raw, refusal=self._placed(refusal, record))
        return Item(raw, native)

    def _placed(self, refusal: Refusal, record: sheet.Record) -> Refusal:
        """The refusal with where it is, and whose."""
        place = f"Row {record.number:,}" + (f" (line {record.line:,})" if record.line != record.number else "")
        joint = ", " if refusal.reason.startswith("column ") else ": "
        at = self.names.index("source_ref")
        ref = printable(record.cells[at].strip(), 200) if at < len(record.cells) else ""
        return Refusal(refusal.code, f"{place}{joint}{refusal.reason}", field=refusal.field, source_ref=ref)

    def _raw(self, record: sheet.Record) -> bytes:
        header = self.sheet.header.text.rstrip("\r\n") + "\r\n"
        encoding = "cp1252" if self.sheet.encoding == "cp1252" else "utf-8"
        return (header + record.text.rstrip("\r\n")).encode(encoding, "replace")[: self.limit]

    def _judge(self, native: bytes) -> None:
        """As the intake will, but naming the column."""
        try:
            wire.read(native, limit=self.limit)
        except Refusal as refusal:
            found = (name for name, column in columns.COLUMNS.items() if ".".join(column.path) == refusal.field)
            name = next(found, None)
            where = next((cell for cell, known in zip(self.header, self.names, strict=True) if known == name), None)
            if where is None:
                raise
            raise _of_column(where, refusal.reason, refusal.code) from refusal

    def _native(self, record: sheet.Record) -> dict[str, Any]:
        cells = self._cells(record)
        native: dict[str, Any] = {
            "schema": SCHEMA,
            "source": self.source,
            "detector": {"version": UNSTATED, "known_false_positives": []},
            "subject": {},
        }
        given = [(cell, name, value) for cell, name, value in cells if value]
        for cell, name, value in given:
            self._put(native, cell, name, value)
        present = {name for _, name, _ in given}
        for name in columns.REQUIRED:
            if name not in present:
                raise _of_column(self.header[self.names.index(name)], "it is empty.", "missing_field")
        if "score" in native:
            native["score"].setdefault("type", "raw")
        _complete_subject(native["subject"], native["source_ref"])
        return native

    def _cells(self, record: sheet.Record) -> list[tuple[str, str, str]]:
        """(header, name, value) of each column."""
        width, values = len(self.header), [cell.strip() for cell in record.cells]
        if len(values) < width or any(values[width:]):
            raise Refusal("row_broken", f"it has {len(values)} cells, the header names {width}.")
        nameless = next((at for at, name in enumerate(self.names) if not name and values[at]), None)
        if nameless is not None:
            raise _of_column(str(nameless + 1), "the column has no name.", "column_nameless")
        return list(zip(self.header, self.names, values, strict=False))

    def _put(self, native: dict[str, Any], cell: str, name: str, value: str) -> None:
        if column := columns.COLUMNS.get(name):
            try:
                found = columns.cell_of(column, value)
            except ValueError as error:
                raise _of_column(cell, str(error), "invalid") from error
            place = native
            for step in column.path[:-1]:
                place = place.setdefault(step, {})
            place[column.path[-1]] = found
        elif columns.is_indicator(name):
            kind, _, key = name.removeprefix(columns.INDICATOR).partition("@")
            key_id = {"key_id": key} if key else {}
            values = [line.strip() for line in value.splitlines() if line.strip()]
            native.setdefault("indicators", []).extend({"type": kind, "value": one} | key_id for one in values)
        else:
            native.setdefault("ext", {}).setdefault("csv", {})[cell] = value


def _complete_subject(subject: dict[str, Any], source_ref: str) -> None:
    """What the alert is about, from what is named; several accounts without a cluster's name are one by this alert."""
    named = [name for name in columns.SUBJECTS if subject.get(name)]
    if "type" not in subject:
        types = list(dict.fromkeys(TYPES[name] for name in named if name != "accounts"))
        if len(types) > 1:
            raise Refusal("invalid", f"{' and '.join(named)} are both named; subject_type says which it is about.")
        if not named:
            raise Refusal("missing_field", f"it says not what it is about: {', '.join(columns.SUBJECTS)} are empty.")
        several = len(subject.get("accounts", [])) > 1
        subject["type"] = types[0] if types else "cluster" if several else "account"
    if subject["type"] == "cluster" and not (subject.get("cluster_ref") or subject.get("campaign_ref")):
        subject["cluster_ref"] = source_ref


def _of_column(cell: str, reason: str, code: str) -> Refusal:
    return Refusal(code, f"column “{printable(cell)}”: {reason}", field=printable(cell))
