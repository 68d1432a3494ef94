"""The house rules R1 to R20, one module each: every rule is broken through the API, the form and the action.

What a case needs comes from the fixtures of the room of cases; `told` reads what a refused person or program is told.
"""

from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.cases.conftest import (  # noqa: F401 - fixtures
    add_exhibit,
    case,
    collect,
    confirmed,
    decide,
    finding,
    propose,
    ready,
    terms,
)


def told(answer: Any) -> str:
    """The words of a refusal: of a problem document, of a page with its forms and messages, or of an exception."""
    if isinstance(answer, pytest.ExceptionInfo):
        return told(answer.value)
    if isinstance(answer, ValidationError):
        return " ".join(answer.messages)
    if "json" in answer.headers["Content-Type"]:
        return str(answer.json()["detail"])
    return " ".join(unescape(answer.content.decode()).split())
