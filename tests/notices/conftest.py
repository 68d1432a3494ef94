"""Decisions that letters carry out, made through the same actions as in life."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.cases import actions as cases
from apps.cases import queries
from apps.core import jobs
from apps.core.models import Job
from apps.notices import actions, writing
from apps.notices.models import Notice
from tests import paper as on
from tests.cases.conftest import (  # noqa: F401 - fixtures
    add_exhibit,
    case,
    collect,
    confirmed,
    finding,
    propose,
    ready,
    terms,
)


@pytest.fixture
def decide(confirmed: Any, people: Any) -> Callable[..., Any]:  # noqa: F811
    """An approved decision about the confirmed finding, from today on; anything can be overridden."""

    def go(**values: Any) -> Any:
        today = timezone.now().date()
        values = {
            "action": "suspend",
            "scope": "All use of the service",
            "starts_on": today,
            "ends_on": today + timedelta(days=90),
            "reasoning": "Nothing milder ends it.",
            "acknowledged": queries.wrongful_of(confirmed).value,
            "by": people.counsel,
        } | values
        decision = cases.propose_decision(confirmed, **values)
        cases.approve_decision(decision, by=people.approver)
        return decision

    return go


def work_off() -> int:
    """Let a worker do what is due. Inside one transaction the database's clock stands still: what came in is due."""
    Job.objects.update(due_at=timezone.now() - timedelta(days=1))
    return jobs.work_off()


def text(notice: Notice) -> str:
    """What a letter says, without its type."""
    return writing.composed(notice).plain.replace("\u00a0", " ")


@pytest.fixture
def suspended(decide: Callable[..., Any]) -> Any:
    return decide()


@pytest.fixture
def party(confirmed: Any, people: Any) -> Any:  # noqa: F811
    return cases.add_party(
        confirmed.case,
        name="Quarry Lane Models Ltd",
        role="beneficiary",
        basis="The accounts were paid with its card.",
        address="12 Quarry Lane\nLeeds LS1 4AP\nUnited Kingdom",
        by=people.lead,
    )


@pytest.fixture
def account(confirmed: Any) -> Any:  # noqa: F811
    return confirmed.accounts.select_related("account").order_by("account__ref").first().account


@pytest.fixture
def draft(suspended: Any, account: Any, people: Any) -> Any:
    return actions.draft_notice(suspended, kind="suspension", account=account, by=people.counsel)


@pytest.fixture
def demand(decide: Callable[..., Any], party: Any, people: Any) -> Any:
    decision = decide(action="cease_and_desist", ends_on=None)
    return actions.draft_notice(decision, kind="cease_and_desist", party=party, by=people.counsel)


@pytest.fixture
def approved(draft: Any, people: Any) -> Any:
    actions.approve_notice(draft, by=people.approver)
    return draft


@pytest.fixture
def issuing(approved: Any, people: Any) -> Any:
    actions.issue_notice(approved, by=people.counsel)
    return approved


@pytest.fixture
def quick_paper(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Letters and reports as their HTML, for tests that ask how often and when. The titles that were printed."""
    return on.as_html(monkeypatch)


@pytest.fixture
def issued(issuing: Any, quick_paper: list[str]) -> Any:
    work_off()
    issuing.refresh_from_db()
    return issuing
