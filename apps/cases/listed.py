"""References of accounts out of a file that somebody brings: plain text, CSV or NDJSON. Pure.

references("list.csv", b"account_ref,plan\nacct_1,free\n") -> ["acct_1"]
"""

import csv
import io
import json
from pathlib import PurePath

COLUMNS = ("account_ref", "account", "ref", "reference", "account_id", "id")
MOST_BYTES = 64 * 1024 * 1024
LONGEST = 128


class Unreadable(ValueError):
    """In words: what is wrong with the file, and what to do."""


def references(name: str, data: bytes) -> list[str]:
    """The references in the file, each once, in its order. Raises Unreadable."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("The file is not text in UTF-8: save it so.") from error
    reader = {".csv": _of_csv, ".ndjson": _of_ndjson, ".jsonl": _of_ndjson}.get(PurePath(name).suffix.lower(), _of_text)
    found = list(dict.fromkeys(filter(None, (ref.strip() for ref in reader(text)))))
    if not found:
        raise Unreadable("The file names no account.")
    if long := next((ref for ref in found if len(ref) > LONGEST or "\0" in ref), ""):
        raise Unreadable(f"“{long[:40]}…” is no reference of an account: the longest has {LONGEST} characters.")
    return found


def _of_text(text: str) -> list[str]:
    return text.splitlines()


def _of_csv(text: str) -> list[str]:
    rows = list(csv.reader(io.StringIO(text)))
    if not rows:
        return []
    heads = [head.strip().lower() for head in rows[0]]
    column = next((heads.index(name) for name in COLUMNS if name in heads), None)
    if column is None:
        if len(heads) > 1:
            raise Unreadable(f"No column of the file says which account: call one of them {COLUMNS[0]}.")
        return [row[0] for row in rows if row]
    return [row[column] for row in rows[1:] if len(row) > column]


def _of_ndjson(text: str) -> list[str]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise Unreadable(f"Line {number} is no JSON.") from error
        if isinstance(value, dict):
            value = next((value[name] for name in COLUMNS if name in value), None)
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise Unreadable(f"Line {number} does not say which account: name it {COLUMNS[0]}.")
        found.append(str(value))
    return found
