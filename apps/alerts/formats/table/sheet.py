"""The rows of a CSV file: which encoding and delimiter it has, where its records start, and what is wrong with them."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import NamedTuple

from apps.alerts.formats.lines import BOM
from apps.alerts.wire import Refusal

DELIMITERS = (",", ";", "\t", "|")
MAX_LINES = 200  # of one record: a quotation mark that nobody closes costs its own row, not the rest of the file
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Record(NamedTuple):
    """A row as a spreadsheet counts it, the first line of the file it is on, its text, and its fault if it has one."""

    number: int
    line: int
    text: str
    cells: list[str]
    fault: str = ""


class Sheet(NamedTuple):
    encoding: str
    delimiter: str
    warnings: list[str]
    header: Record
    records: Iterator[Record]  # those below the header that are not blank


def read(body: bytes, is_known: Callable[[str], bool]) -> Sheet:
    """Open a file. `is_known` tells a column's name, which is what the delimiter is found by. Raises Refusal."""
    text, encoding, warnings = _decoded(body)
    lines = list(io.StringIO(text, newline=""))
    stated, skipped = _stated_delimiter(lines)
    delimiter = stated or _delimiter(lines, is_known)
    records = _records(lines, delimiter, skipped)
    header = next((record for record in records if record.fault or any(cell.strip() for cell in record.cells)), None)
    if header is None:
        raise Refusal("body_empty", "The file is empty.")
    if header.fault:
        raise Refusal("header_broken", f"The header (row {header.number}) cannot be read: {header.fault}")
    return Sheet(encoding, delimiter, warnings, header, _filled(records))


def _filled(records: Iterator[Record]) -> Iterator[Record]:
    return (record for record in records if record.fault or any(cell.strip() for cell in record.cells))


def _decoded(body: bytes) -> tuple[str, str, list[str]]:
    """The text, and how it was encoded: by its mark, else UTF-8 where it is UTF-8, else what Windows writes."""
    if body.startswith(UTF_16):
        try:
            return body.decode("utf-16"), "utf-16", []
        except UnicodeDecodeError as error:
            raise Refusal("not_utf8", f"The file begins as UTF-16, but its byte {error.start + 1:,} is not.") from error
    try:
        return body.decode("utf-8-sig"), "utf-8-sig" if body.startswith(BOM) else "utf-8", []
    except UnicodeDecodeError as error:
        fault = error.start + 1
    try:
        text = body.decode("cp1252")
    except UnicodeDecodeError as error:
        reason = f"The file is neither UTF-8 (byte {fault:,}) nor Windows-1252 (byte {error.start + 1:,})."
        raise Refusal("not_utf8", reason) from error
    warning = f"The file is not UTF-8 (byte {fault:,}); it was read as Windows-1252. Check names with accents."
    return text, "cp1252", [warning]


def _stated_delimiter(lines: list[str]) -> tuple[str, int]:
    """What a first line such as `sep=;` says, and how many lines to pass over for it."""
    first = lines[0].strip("\r\n") if lines else ""
    if len(first) == 5 and first.lower().startswith("sep=") and first[4] in DELIMITERS:
        return first[4], 1
    return "", 0


def _delimiter(lines: list[str], is_known: Callable[[str], bool]) -> str:
    """The one that parts the header into the most names that are known; between equals, into the most cells."""

    def merit(delimiter: str) -> tuple[int, int]:
        header = next(_filled(_records(lines, delimiter, 0)), None)
        cells = header.cells if header else []
        return sum(map(is_known, cells)), len(cells)

    return max(DELIMITERS, key=merit)


def _records(lines: list[str], delimiter: str, start: int) -> Iterator[Record]:
    number = start
    while start < len(lines):
        number += 1
        reader = csv.reader(_some(lines, start), delimiter=delimiter, strict=True)
        cells, fault = [], ""
        try:
            cells = next(reader)
            taken = reader.line_num
        except csv.Error as error:
            fault, taken = _sentence(str(error)), 1
        yield Record(number, start + 1, "".join(lines[start : start + taken]), cells, fault)
        start += taken


def _some(lines: list[str], start: int) -> Iterator[str]:
    for at in range(start, min(start + MAX_LINES, len(lines))):
        yield lines[at]


def _sentence(error: str) -> str:
    if "unexpected end of data" in error:
        return f"a quotation mark opens here and is not closed within {MAX_LINES} lines."
    if "field larger" in error:
        return f"a cell is longer than {csv.field_size_limit():,} characters."
    return f"{error}; a quotation mark inside a cell is written twice."
