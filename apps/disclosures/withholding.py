"""Applies the policy to a snapshot. What is withheld is gone from the whole of the result, its free texts included."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
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
    redacted = redaction.scrub(redacted)
    log = [
        Withheld(path=path, action=action, rule=RULES[rule], count=count)
        for (path, action, rule), count in redaction.counts.items()
    ]
    return redacted, sorted(log, key=lambda line: line["path"])


@dataclass
class _Redaction:
    column: int
    counts: Counter = field(default_factory=Counter)
    labels: dict[tuple[str, str], str] = field(default_factory=dict)
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
        return RULES[cells[-1][1]] if cells and hidden else ""

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
            self.hide(value, f"[withheld: {RULES[detail]}]")
        return {"withheld": RULES[detail]}

    def cell(self, path: str) -> str:
        row = POLICY.get(path)
        return row[self.column] if row else "withhold unlisted"

    def label(self, kind: str, value: str) -> str:
        """The same label for the same value, numbered in order of appearance."""
        known = sum(1 for other, _ in self.labels if other == kind)
        return self.labels.setdefault((kind, value), f"{LETTERS[kind]}-{known + 1:04d}")

    def hide(self, value, replacement: str) -> str:
        # A value that is withheld in one place and pseudonymised in another is written by its pseudonym.
        if isinstance(value, str) and len(value) >= 3 and (value not in self.secrets or replacement[0] != "["):
            self.secrets[value] = replacement
        return replacement

    def scrub(self, value):
        """The same structure with every hidden value gone from its texts."""
        if not self.secrets:
            return value
        return _map_strings(value, self.scrubber())

    def scrubber(self) -> Callable[[str], str]:
        by_folded = {_folded(secret): replacement for secret, replacement in self.secrets.items()}
        alternatives = [_pattern(secret) for secret in sorted(by_folded, key=len, reverse=True)]
        pattern = re.compile("|".join(alternatives), re.IGNORECASE)
        return lambda text: pattern.sub(lambda match: by_folded[_folded(match[0])], unicodedata.normalize("NFC", text))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _pattern(secret: str) -> str:
    body = r"\s+".join(re.escape(word) for word in secret.split())
    return body if len(secret) >= LONG else rf"(?<!\w){body}(?!\w)"


def _map_strings(value, change: Callable[[str], str]):
    if isinstance(value, dict):
        if set(value) == {"withheld"}:
            return value
        return {name: _map_strings(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_map_strings(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


# --- small cells -----------------------------------------------------------------------------------------------------


def _suppress_small(redacted: dict, redaction: _Redaction) -> None:
    for path in POLICY:
        action = redaction.cell(path)
        if action in ("small", "cell"):
            for row, name in _to_suppress(list(_cells(redacted, path)), adds_up=action == "cell"):
                _suppress(row, name, path, redaction)


def _suppress(row: dict, name: str, path: str, redaction: _Redaction) -> None:
    row[name] = {"withheld": RULES["small"]}
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
