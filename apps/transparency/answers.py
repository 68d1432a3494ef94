"""What the database's answers mean. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

MOST = 1_048_576  # bytes of an answer that are read: a hundred refusals with their reasons fit


class Verdict(Enum):
    TAKEN = "all of it is there"
    REFUSED = "some of it is refused, and so none was taken"
    LATER = "none was taken: again after a rest"
    STOP = "none was taken, and no other file will be"
    UNKNOWN = "nobody knows"


@dataclass(frozen=True)
class Answer:
    """`refused` are places in the file and why, `existing` puids that were there before."""

    verdict: Verdict
    says: str
    refused: Mapping[int, str]
    existing: frozenset[str] = frozenset()


def to_a_file(status: int | None, problem: str, body: bytes) -> Answer:
    """What a file's request was answered with."""
    if status == 422:
        return _refusal(body)
    if status in (200, 201):
        return Answer(Verdict.TAKEN, "", {})
    if status == 429:
        return Answer(Verdict.LATER, "The database asks for a rest.", {})
    if status is None or status >= 500 or status == 408:
        return Answer(Verdict.UNKNOWN, problem, {})
    if status in (401, 403):
        return Answer(Verdict.STOP, f"The database does not accept the token ({status}).", {})
    return Answer(Verdict.STOP, problem or f"Answered {status}.", {})


def _refusal(body: bytes) -> Answer:
    try:
        said = json.loads(body)
        errors = {int(name.removeprefix("statement_")): _words(why) for name, why in said.get("errors", {}).items()}
        existing = frozenset(map(_puid, said.get("existing") or []))
    except (ValueError, AttributeError, TypeError, KeyError):
        return Answer(Verdict.STOP, "The database refuses the file, and not in words that are understood (422).", {})
    if not errors and not existing:
        return Answer(Verdict.STOP, "The database refuses the file and does not say which statement (422).", {})
    return Answer(Verdict.REFUSED, "The database refuses a part of it.", errors, existing)


def _puid(known: Any) -> str:
    return str(known["puid"] if isinstance(known, dict) else known)


def _words(why: Any) -> str:
    """Fields with their messages, as one line."""
    if isinstance(why, dict):
        return "; ".join(f"{field}: {_words(said)}" for field, said in why.items()) or "refused"
    if isinstance(why, list):
        return " ".join(map(_words, why)) or "refused"
    return str(why) or "refused"
