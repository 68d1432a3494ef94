"""What a figure is: its question, needs, SQL and counting rule; and how its value is said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

DIGITS = 6
LISTED = 50  # rows of a table in a value
SHORT = 300  # characters of a text in a value

Rows = Sequence[tuple]
Value = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a person adds to the file: none of it is in the log."""

    columns: tuple[str, ...]  # the roles that the log has
    rejected: int = 0
    prices: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # model: per million tokens in and out
    currency: str = ""
    releases: Mapping[str, str] = field(default_factory=dict)  # model: time of its release, ISO 8601 in UTC
    benchmark: Sequence[str] = ()
    benchmark_name: str = ""
    burst_factor: int = 5
    burst_floor: int = 20


@dataclass(frozen=True)
class Figure:
    """One entry. `needs` are roles, `asks` what of `Asked` has to be given."""

    name: str
    title: str
    counting: str
    sql: Callable[[Asked], str]
    value: Callable[[Rows, Asked], Value]
    needs: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    asks: str = ""
    unasked: str = ""
    tables: Callable[[Asked], dict[str, pa.Table]] = lambda asked: {}


def said(sentence: str, columns: Sequence[str] = (), table: Sequence = (), /, **numbers: Any) -> Value:
    """A value: a sentence, the numbers in it (names with _ for blanks), and a table."""
    return {
        "sentence": sentence,
        "numbers": {label.replace("_", " "): plain(number) for label, number in numbers.items()},
        "columns": list(columns),
        "rows": [[plain(cell) for cell in row] for row in table],
    }


def plain(cell: Any) -> Any:
    """As JSON has it, the same on every machine."""
    if isinstance(cell, float):
        return round(cell, DIGITS)
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f") if cell else "0"
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return cell.isoformat() if isinstance(cell, date) else cell


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def percent(part: int, whole: int) -> str:
    return f"{100 * share(part, whole):.1f} %"


def many(number: int, word: str) -> str:
    """1 row, 1,234 rows."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def fixed(sql: str) -> Callable[[Asked], str]:
    return lambda asked: sql
