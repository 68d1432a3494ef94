from collections.abc import Callable
from typing import Any

import pytest

from apps.disclosures import actions
from tests.notices.conftest import (  # noqa: F401 - fixtures
    add_exhibit,
    case,
    collect,
    confirmed,
    decide,
    finding,
    party,
    propose,
    quick_paper,
    ready,
    suspended,
    terms,
    work_off,
)


@pytest.fixture
def compiled(suspended: Any, people: Any) -> Callable[..., Any]:  # noqa: F811
    """Compile a report of the case whose accounts were suspended; anything can be overridden."""

    def go(**values: Any) -> Any:
        values = {
            "audience": "regulator",
            "recipient": "Office for Digital Services",
            "legal_basis": "Voluntary report of an incident",
            "title": "Collection of output through five accounts",
            "by": people.counsel,
        } | values
        return actions.compile_report(suspended.case, **values)

    return go


@pytest.fixture
def draft(compiled: Callable[..., Any]) -> Any:
    return compiled()


@pytest.fixture
def releasing(draft: Any, people: Any) -> Any:
    actions.release_report(draft, by=people.approver)
    return draft


@pytest.fixture
def released(releasing: Any, quick_paper: list[str]) -> Any:  # noqa: F811
    work_off()
    releasing.refresh_from_db()
    return releasing
