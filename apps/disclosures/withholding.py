"""Applies the policy to a snapshot. What is withheld is gone from the whole of the result, its free texts included."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypedDict

from apps.disclosures.policy import AUDIENCES, POLICY, RULES, SMALL_CELL

# Shorter values are replaced in texts as whole words only: "Sun" must not blot out "Sunday".
LONG = 6
LETTERS = {"account": "A", "organisation": "P"}


class Withheld(TypedDict):
    """One line of the log: it says how often and why, never what."""

    path: str
    action: str
    rule: str
    count: int


def withhold(snapshot: dict, audience: str) -> tuple[dict, list[Withheld]]:
    """(the snapshot as this audience may see it, the log). Pure: the snapshot is not changed.

    A withheld value becomes {"withheld": rule}; a pseudonym is a label such as "A-0007"; dates may lose their day.
    """
    if audience not in AUDIENCES:
        raise ValueError(f"{audience!r} is no audience of a report: {', '.join(AUDIENCES)}")
    redaction = _Redaction(AUDIENCES.index(audience))
    redacted = redaction.walk(snapshot, "")
    _suppress_small(redacted, redaction)
    redacted = _Scrubber(redaction.secrets).structure(redacted)
    log = [
        Withheld(path=path, action=action, rule=RULES[rule][1], count=count)
        for (path, action, rule), count in redaction.counts.items()
    ]
    return redacted, sorted(log, key=lambda line: line["path"])


@dataclass
class _Redaction:
    column: int
    counts: Counter = field(default_factory=Counter)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def walk(self, value, path: str):
        if isinstance(value, dict):
            return {name: self.walk(item, f"{path}.{name}" if path else name) for name, item in value.items()}
        if isinstance(value, list):
            items = [self.walk(item, f"{path}[]") for item in value]
            return {"withheld": rule} if (rule := self.rule_for_all(f"{path}[]")) else items
        return self.leaf(value, path)

    def rule_for_all(self, path: str) -> str:
        """The rule of a list of which nothing may be seen: not even how long it is."""
        cells = [row[self.column].split() for known, row in POLICY.items() if known.startswith(path)]
        hidden = all(action in ("withhold", "omit") for action, *_ in cells)
        return RULES[cells[-1][1]][0] if cells and hidden else ""

    def leaf(self, value, path: str):
        action, _, detail = self.cell(path).partition(" ")
        if action in ("keep", "small", "cell"):  # counts wait until their whole column is known
            return value
        if value is None and action in ("month", "pseudonym"):
            return None
        if action == "month":
            self.counts[path, "generalised to the month", "month"] += 1
            return str(value)[:7]
        if action == "pseudonym":
            self.counts[path, "pseudonymised", detail] += 1
            return self.hide(value, self.label(detail, str(value)))
        self.counts[path, "withheld", detail] += 1
        if action == "withhold":
            self.hide(value, f"[withheld: {RULES[detail][0]}]")
        return {"withheld": RULES[detail][0]}

    def cell(self, path: str) -> str:
        row = POLICY.get(path)
        return row[self.column] if row else "withhold unlisted"

    def label(self, kind: str, value: str) -> str:
        """The same label for the same value, numbered in order of appearance."""
        labels = self.labels.setdefault(kind, {})
        return labels.setdefault(value, f"{LETTERS[kind]}-{len(labels) + 1:04d}")

    def hide(self, value, replacement: str) -> str:
        # A value that is withheld in one place and pseudonymised in another is written by its pseudonym.
        if isinstance(value, str) and len(value) >= 3 and (value not in self.secrets or replacement[0] != "["):
            self.secrets[value] = replacement
        return replacement


# --- texts -----------------------------------------------------------------------------------------------------------


class _Scrubber:
    """Takes hidden values out of texts, however they are cased, spaced or composed. Linear in the text, for a case has
    tens of thousands of accounts."""

    def __init__(self, secrets: dict[str, str]):
        self.replacements = {_folded(secret.strip())[0]: replacement for secret, replacement in secrets.items()}
        self.lengths = sorted({len(secret) for secret in self.replacements}, reverse=True)

    def structure(self, value):
        if isinstance(value, dict):
            return value if set(value) == {"withheld"} else {name: self.structure(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.structure(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text)
        folded, origins = _folded(text)
        parts, written, position = [], 0, 0
        while position < len(folded):
            if length := self.length_at(folded, position):
                parts += [text[written : origins[position]], self.replacements[folded[position : position + length]]]
                written = origins[position + length - 1] + 1
                position += length
            else:
                position += 1
        return "".join([*parts, text[written:]])

    def length_at(self, folded: str, start: int) -> int:
        """The length of the longest hidden value that begins here, or 0."""
        for length in self.lengths:
            end = start + length
            if (
                folded[start:end] in self.replacements
                and end <= len(folded)
                and (length >= LONG or not (_in_word(folded, start - 1) or _in_word(folded, end)))
            ):
                return length
        return 0


def _folded(text: str) -> tuple[str, list[int]]:
    """The text for comparison, case folded and each white space one blank, and where each of its characters was."""
    characters: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(unicodedata.normalize("NFC", text)):
        folded = " " if character.isspace() else character.casefold()
        if folded == " " and (not characters or characters[-1] == " "):
            continue
        characters += folded
        origins += [index] * len(folded)
    return "".join(characters), origins


def _in_word(text: str, index: int) -> bool:
    return 0 <= index < len(text) and (text[index].isalnum() or text[index] == "_")


# --- small cells -----------------------------------------------------------------------------------------------------


def _suppress_small(redacted: dict, redaction: _Redaction) -> None:
    for path in POLICY:
        action = redaction.cell(path)
        if action in ("small", "cell"):
            for row, name in _to_suppress(list(_cells(redacted, path)), adds_up=action == "cell"):
                _suppress(row, name, path, redaction)


def _suppress(row: dict, name: str, path: str, redaction: _Redaction) -> None:
    row[name] = {"withheld": RULES["small"][0]}
    redaction.counts[path, "suppressed", "small"] += 1
    if name == "accounts" and isinstance(row.get("exchanges"), int):
        _suppress(row, "exchanges", path.replace("accounts", "exchanges"), redaction)


def _cells(data: dict, path: str) -> Iterator[tuple[dict, str]]:
    """Each count of a column, as the row that holds it and its name; `path` reads `list[].name`."""
    rows, _, name = path.partition("[].")
    return ((row, name) for row in data.get(rows, ()) if isinstance(row.get(name), int))


def _to_suppress(cells: list[tuple[dict, str]], *, adds_up: bool) -> list[tuple[dict, str]]:
    """Counts from 1 to SMALL_CELL - 1, and the smallest other one where a total would give a single one away. Nought
    stays: it speaks of nobody."""
    by_size = sorted((cell for cell in cells if cell[0][cell[1]] > 0), key=lambda cell: cell[0][cell[1]])
    small = [cell for cell in by_size if cell[0][cell[1]] < SMALL_CELL]
    return by_size[:2] if adds_up and len(small) == 1 else small
