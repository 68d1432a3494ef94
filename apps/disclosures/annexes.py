"""The tables of a report as files: CSV as in RFC 4180, and JSON of all that the report rests on."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence

from apps.core.spreadsheets import inert
from apps.disclosures.withholding import Withheld

TABLES = ("accounts", "exhibits", "runs", "activity", "countries")


def to_csv(columns: Sequence[str], rows: Iterable[Mapping]) -> bytes:
    """UTF-8, CRLF, a header line. Text that a spreadsheet would run gets an apostrophe before it; numbers stay."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue().encode()


def _cell(value) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, dict):
        return f"withheld: {value['withheld']}"
    if isinstance(value, list):
        value = "; ".join(str(item) for item in value)
    return inert(value) if isinstance(value, str) else value


def tables(redacted: dict) -> dict[str, bytes]:
    """File name to bytes, one for each table that this audience may see something of."""
    return {
        f"{name}.csv": to_csv(list(rows[0]), rows)
        for name in TABLES
        if (rows := redacted.get(name)) and isinstance(rows, list)
    }


def to_json(redacted: dict, log: Sequence[Withheld], audience: str) -> bytes:
    """The redacted snapshot and what was withheld from it; sorted and indented, so equal data are equal bytes."""
    document = {
        "schema": "casemgr.report/1",
        "audience": audience,
        "snapshot": redacted,
        "withheld": list(log),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
