"""A list of known prompts, such as a benchmark: JSON Lines or CSV with a column of instructions."""

import csv
import io
from collections.abc import Iterator

import msgspec

from apps.evidence.querylogs import sources
from apps.evidence.querylogs.shape import json_text
from apps.evidence.querylogs.sources import Unreadable

NAMES = ("instruction", "prompt", "question", "text", "input", "query", "problem")
MOST = 100_000  # entries
LARGEST = 64 * 1024 * 1024  # bytes


def read(content: bytes) -> list[str]:
    """The entries, in their order. Raises Unreadable where there is no column of NAMES, or too much."""
    if len(content) > LARGEST:
        raise Unreadable(f"The list is larger than {LARGEST:,} bytes: too large to compare a log with.")
    sources.check_text(content[:4096])
    text = content.removeprefix(sources.BOM).decode("utf-8", "replace")
    rows = _json(text) if text.lstrip().startswith("{") else csv.DictReader(io.StringIO(text, newline=""))
    found: list[str] = []
    try:
        for row in rows:
            entry = next((json_text(row[name]) for name in NAMES if row.get(name)), "")
            if entry.strip():
                found.append(entry)
    except csv.Error as error:
        raise Unreadable(f"The list cannot be read as CSV: {error}.") from error
    if not found:
        raise Unreadable(f"The list has no entries. Name their column one of: {', '.join(NAMES)}.")
    if len(found) > MOST:
        raise Unreadable(f"The list has more than {MOST:,} entries: too many to compare a log with.")
    return found


def _json(text: str) -> Iterator[dict]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Unreadable(f"Line {number} of the list is not JSON.") from error
        if isinstance(value, dict):
            yield value
