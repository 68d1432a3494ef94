"""An issued letter and whoever holds it, through the same actions as in life."""

from typing import Any

import pytest

from apps.appeals import actions
from apps.appeals.recipients import Recipient
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
from tests.notices.conftest import (  # noqa: F401 - fixtures
    account,
    approved,
    decide,
    demand,
    draft,
    issued,
    issuing,
    party,
    quick_paper,
    suspended,
)

WORDS = "I ran a benchmark for my dissertation.\n\nThe requests of 3 March were a colleague's."


@pytest.fixture
def recipient(issued: Any) -> Recipient:  # noqa: F811
    return Recipient(issued)


@pytest.fixture
def appeal(issued: Any, recipient: Recipient) -> Any:  # noqa: F811
    return actions.file_appeal(issued, words=WORDS, by=recipient)


@pytest.fixture
def in_review(appeal: Any, people: Any) -> Any:
    actions.take_appeal(appeal, by=people.reviewer)
    return appeal
