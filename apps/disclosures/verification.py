"""Asks for the numbers of a report once more before it leaves the house (R19).

Each number is bound to the query that produced it: the frozen snapshot holds the statements and the last day that they
look at. Asked again they have to give the same, and what the report says has to be what was compiled of the snapshot.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from apps.cases.snapshot import snapshot
from apps.core import vault
from apps.core.ui.formats import counted, number
from apps.disclosures.models import Report
from apps.disclosures.withholding import withhold

TOLD = 10  # of what has changed
DEMAND = "A report says what the record holds on the day it is released: discard it and compile it anew. (R19)"

# What is asked again, and by what a row of a list is known.
ROWS = {
    "figures": "label",
    "activity": "day",
    "countries": "country",
    "exhibits": "ref",
    "decisions": "scope",
    "runs": "ref",
    "accounts": "ref",
    "findings": "number",
}
IN_WORDS = {"strength": "strength of the evidence", "runs": "test runs", "activity": "days of activity"}


def changes(report: Report) -> list[str]:
    """Sentences on what is not as it was compiled; empty where every number holds."""
    frozen = json.loads(vault.read(report.snapshot_sha256))
    if altered := _altered(report, frozen):
        return [*altered, DEMAND]
    now = json.loads(json.dumps(snapshot(report.case, until=_last_day(frozen))))
    found = list(_differences(frozen, now)) or list(_other_queries(frozen, now))
    more = [f"And {number(len(found) - TOLD)} more."] if len(found) > TOLD else []
    return [*found[:TOLD], *more, DEMAND] if found else []


def titled(frozen: dict, title: str) -> dict:
    """The case's own title is for the house; a report is read by others. What is withheld is taken out of it, too."""
    return {**frozen, "case": {**frozen["case"], "title": title.strip() or frozen["case"]["title"]}}


def _last_day(frozen: dict) -> date | None:
    return date.fromisoformat(frozen["active_until"]) if frozen["active_until"] else None


def _altered(report: Report, frozen: dict) -> list[str]:
    """Whether the report still says what was compiled: nobody changed a number on the way."""
    compiled, _ = withhold(titled(frozen, report.title), report.audience)
    wrong = _first_difference(json.loads(json.dumps(compiled)), report.content)
    return [f"What the report says of {wrong} is not what was compiled from its snapshot."] if wrong else []


def _first_difference(one: Any, other: Any, path: str = "") -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(set(one) | set(other)):
            if found := _first_difference(one.get(name), other.get(name), f"{path}{' ' if path else ''}{name}"):
                return found
        return ""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True), 1):
            if found := _first_difference(left, right, f"{path} {index}"):
                return found
        return ""
    return "" if one == other else path


# --- numbers ---------------------------------------------------------------------------------------------------------


def _differences(frozen: dict, now: dict) -> Iterator[str]:
    for name, key in ROWS.items():
        yield from _rows(IN_WORDS.get(name, name), key, frozen[name], now[name])
    words = IN_WORDS["strength"]
    yield from _values(words, frozen["strength"], now["strength"])
    yield from _rows(words, "group", frozen["strength"]["lines"], now["strength"]["lines"])


def _rows(name: str, key: str, then: list[dict], now: list[dict]) -> Iterator[str]:
    known = {row[key]: row for row in now}
    if len(then) != len(now):
        yield f"{_capital(name)}: {counted(len(then), 'row')} when it was compiled, {number(len(now))} now."
    for row in then:
        if row[key] in known:
            yield from _values(f"{name}, {row[key]}", row, known[row[key]])


def _values(where: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, was in then.items():
        became = now.get(name)
        if (_is_number(was) or _is_number(became)) and was != became:
            said = f"{_in_words(name)} was {_shown(was)} and is {_shown(became)} by the same query."
            yield f"{_capital(where)}: {said}"


def _other_queries(frozen: dict, now: dict) -> Iterator[str]:
    """With the same numbers, another query: casemgr itself was changed in between."""
    asked = {row["what"]: row["sha256"] for row in now["measurements"]}
    for row in frozen["measurements"]:
        if asked.get(row["what"]) != row["sha256"]:
            yield f"The query behind {row['what']} is not the one that was asked when the report was compiled."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return number(value) if _is_number(value) else "none"


def _in_words(name: str) -> str:
    return {"value": "the figure", "log10": "log10 of the ratio", "strength": "log10 of the ratio"}.get(
        name, name.replace("_", " ")
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
