"""The house rules R1 to R20, one module each: every rule is broken through the API, the form and the action.

What a case needs comes from the fixtures of the room of cases; `told` reads what a refused person or program is told.
"""

import re
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from tests.cases.conftest import (  # noqa: F401 - fixtures
    END,
    START,
    add_exhibit,
    case,
    collect,
    confirmed,
    decide,
    finding,
    propose,
    ready,
    terms,
    worksheet,
)


def told(answer: Any) -> str:
    """The words of a refusal: of a problem document, of a page with its forms and messages, or of an exception."""
    if isinstance(answer, pytest.ExceptionInfo):
        return told(answer.value)
    if isinstance(answer, ValidationError):
        return " ".join(answer.messages)
    if "json" in answer.headers["Content-Type"]:
        return str(answer.json()["detail"])
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def sql(statement: str, params: Any = ()) -> None:
    """Past all of Python, as somebody with the database's password would."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def database_refuses(constraint: str, statement: str, params: Any = ()) -> None:
    """The statement is refused by this constraint, at the latest when it is to be committed."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        _committed(constraint, statement, params)
    assert refused.value.__cause__.diag.constraint_name == constraint  # type: ignore[union-attr]


def _committed(constraint: str, statement: str, params: Any) -> None:
    sql(statement, params)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgdeferrable AND tgname LIKE %s", [f"pgtrigger_{constraint}%"]
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'SET CONSTRAINTS "{name}" IMMEDIATE')


@pytest.fixture
def script(sign_in: Any) -> Any:
    """`script(person)(path, **fields)`: a script that is signed in as a person, and what the API answers."""

    def signed_in(person: Any) -> Any:
        client = sign_in(person)

        def send(path: str, **fields: Any) -> Any:
            return client.post(f"/api/v1/{path}", fields, content_type="application/json")

        return send

    return signed_in


def as_sent(case: Any, terms: Any, **values: Any) -> dict[str, Any]:  # noqa: F811
    """The finding of the ready case as a script sends it; anything can be overridden."""
    return {
        "conduct": "The accounts collected output by automatic means.",
        "conduct_from": START.isoformat(),
        "conduct_to": END.isoformat(),
        "confidence": "very_likely",
        "limits": "What it was used for is not known.",
        "clauses": [{"version": str(terms.version.pk), "clause": str(terms.clause.pk)}],
        "exhibits": [exhibit.number for exhibit in case.exhibits.all()],
    } | values


@pytest.fixture
def refuses_finding(ready: Any, terms: Any, people: Any, propose: Any, script: Any, sign_in: Any) -> Any:  # noqa: F811
    """`refuses_finding(rule, action=, form=, api=)`: a finding with these values is refused three times, by the rule.

    Returns what the API said.
    """

    def refused(rule: str, *, action: dict[str, Any], form: dict[str, Any], api: dict[str, Any]) -> str:
        with pytest.raises(ValidationError) as by_action:
            propose(**action)
        page = sign_in(people.analyst).post(f"/cases/{ready.ref}/findings/propose/", worksheet(ready, terms, **form))
        answer = script(people.analyst)(f"cases/{ready.ref}/findings", **as_sent(ready, terms, **api))
        assert (page.status_code, answer.status_code) == (422, 422)
        said = told(answer)
        assert said.rstrip().endswith(f"({rule})")
        assert f"({rule})" in told(page)
        assert said in told(by_action) or told(by_action) in said
        assert not ready.findings.exists()
        return said

    return refused
