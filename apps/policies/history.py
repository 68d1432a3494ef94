"""Reads a recorded history of terms from disk.

A history is a folder with an `index.csv` and one Markdown file a record, the layout of the Open Terms Archive exports.
Its `recorded_at` is when the archive *saw* a text, neither when the provider published it nor when it took effect; what
the text itself says about that is `effective.stated_effective_date`.
"""

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from apps.policies.wording import no_terms, normalise, sha256

COLUMNS = ("collection", "service", "document", "recorded_at", "commit", "file", "bytes", "sha256", "record_kind")
FIRST_RECORD, CHANGE, TECHNICAL_UPGRADE = "first_record", "change", "technical_upgrade"
RECORD_KINDS = (FIRST_RECORD, CHANGE, TECHNICAL_UPGRADE)

MAX_FILE_BYTES = 5_000_000
LONGEST = {"collection": 64, "service": 128, "document": 128, "commit": 64, "file": 300}  # characters


class HistoryError(ValueError):
    """The folder as a whole cannot be read as a history; the message says why and what is expected."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the index whose file was read and found to be the file that the index names."""

    line: int  # in index.csv
    collection: str
    service: str
    document: str
    seen_at: datetime  # UTC
    kind: str  # one of RECORD_KINDS
    commit: str
    snapshot_commits: tuple[str, ...]
    file: str
    sha256: str  # of the file's bytes, hexadecimal
    text: str  # exactly as in the file
    wording_sha256: str  # equal for records that say the same, see `wording.normalise`
    fault: str  # why it is not the terms, see `wording.no_terms`; "" if it may be


@dataclass(frozen=True, slots=True)
class Rejection:
    """One line of the index that was not taken, and why."""

    line: int
    file: str
    reason: str
    collection: str = ""
    service: str = ""
    document: str = ""
    recorded_at: str = ""  # as in the index
    text: str = ""  # of a record that could be read, but is not the terms


def read_history(path: Path) -> Iterator[Record | Rejection]:
    """The lines of `path`/index.csv in order, each as a record or as a rejection with its reason.

    A file is taken when it lies inside the folder, has the size and SHA-256 of the index, is UTF-8, and holds a text of
    terms and not what a redirect or an error page left (`wording.no_terms`).
    Raises HistoryError when there is no readable index with the expected columns.
    """
    root = path.resolve()
    seen: dict[tuple[str, str, str, datetime], int] = {}
    for line, row in _rows(root):
        try:
            record = _record(root, line, row)
            key = (record.collection, record.service, record.document, record.seen_at)
            if key in seen:
                raise ValueError(f"line {seen[key]} already records this document at {record.seen_at.isoformat()}")
        except ValueError as error:
            yield _rejection(line, row, str(error))
        else:
            seen[key] = line
            yield _rejection(line, row, record.fault, record.text) if record.fault else record


def _rejection(line: int, row: dict[str, str], reason: str, text: str = "") -> Rejection:
    named = {column: (row.get(column) or "").replace("\0", "�").strip() for column in COLUMNS}
    return Rejection(
        line=line,
        reason=reason,
        text=text,
        **{column: named[column][: LONGEST[column]] for column in ("collection", "service", "document", "file")},
        recorded_at=named["recorded_at"][:64],
    )


def _rows(root: Path) -> Iterator[tuple[int, dict[str, str]]]:
    index = root / "index.csv"
    if not index.is_file():
        raise HistoryError(f"There is no index.csv in {root}. Give the folder that holds it.")
    try:
        with index.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise HistoryError(f"{index} lacks the column(s) {', '.join(missing)}; it needs {', '.join(COLUMNS)}.")
            for row in reader:
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise HistoryError(f"{index} is not UTF-8 text (byte {error.start}).") from error
    except csv.Error as error:
        raise HistoryError(f"{index} is not readable as CSV: {error}.") from error


def _record(root: Path, line: int, row: dict[str, str]) -> Record:
    empty = [column for column in COLUMNS if not (row.get(column) or "").strip()]
    if empty:
        raise ValueError(f"no value for {', '.join(empty)}")
    long = [f"{column} (at most {limit} characters)" for column, limit in LONGEST.items() if len(row[column]) > limit]
    if long:
        raise ValueError(f"too long: {', '.join(long)}")
    if row["record_kind"] not in RECORD_KINDS:
        raise ValueError(f'record_kind is "{row["record_kind"]}", not one of {", ".join(RECORD_KINDS)}')
    text = _checked_text(root, row)
    said = normalise(text)
    return Record(
        line=line,
        collection=row["collection"].strip(),
        service=row["service"].strip(),
        document=row["document"].strip(),
        seen_at=_moment(row["recorded_at"]),
        kind=row["record_kind"],
        commit=row["commit"].strip(),
        snapshot_commits=tuple(re.findall(r"[^\s;,]+", row.get("snapshot_commits") or "")),
        file=row["file"],
        sha256=row["sha256"].lower(),
        text=text,
        wording_sha256=sha256(said),
        fault=no_terms(said),
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'recorded_at "{text}" is not an ISO 8601 date and time') from None
    if moment.tzinfo is None:
        raise ValueError(f'recorded_at "{text}" has no time zone')
    return moment.astimezone(UTC)


def _checked_text(root: Path, row: dict[str, str]) -> str:
    if "\0" in row["file"]:
        raise ValueError("the file name holds a NUL character")
    file = (root / row["file"]).resolve()
    if not file.is_relative_to(root):
        raise ValueError("the file lies outside the folder")
    if not file.is_file():
        raise ValueError("the file does not exist")
    size = file.stat().st_size
    if size > MAX_FILE_BYTES:
        raise ValueError(f"the file has {size} bytes, more than the {MAX_FILE_BYTES} allowed")
    content = file.read_bytes()
    if str(len(content)) != row["bytes"].strip():
        raise ValueError(f"the file has {len(content)} bytes, the index says {row['bytes']}")
    found = hashlib.sha256(content).hexdigest()
    if found != row["sha256"].strip().lower():
        raise ValueError(f"the file's SHA-256 is {found}, the index says {row['sha256']}")
    if b"\0" in content:
        raise ValueError(f"the file holds a NUL byte at {content.index(0)}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"the file is not UTF-8 text (byte {error.start})") from None
