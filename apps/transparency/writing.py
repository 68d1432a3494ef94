"""Statements as they are handed in: made, judged, and put into a file that is the same whenever it is written again."""

import json
from collections.abc import Iterable
from typing import Any

from apps.transparency.queries import Letter
from apps.transparency.reasons import Found, Public, in_ground
from apps.transparency.statement.mapping import statement
from apps.transparency.statement.schema import problems

AT_MOST = 100  # statements of a file


def made(puid: str, letter: Letter, public: Public) -> dict[str, Any]:
    return statement(puid, letter.told, public.reasons, public.words)


def judged(made_of: dict[str, Any], letter: Letter, public: Public) -> Found:
    """Why a statement is withheld; an empty list when it can go out."""
    ruled = [[problem.field, problem.says] for problem in problems(made_of)]
    return [*public.found, *in_ground(letter.told, public), *ruled]


def file_of(statements: Iterable[dict[str, Any]]) -> bytes:
    """The body of one request."""
    text = json.dumps({"statements": list(statements)}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()
