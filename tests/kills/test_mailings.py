"""Workers die in the middle of a mailing: the next one goes on, no letter is there twice and none is missing."""

from collections import Counter
from functools import partial
from typing import Any

import pytest

from apps.audit.models import Event
from apps.core import vault
from apps.notices import actions
from apps.notices.actions import mailings
from apps.notices.models import Mailing
from tests import paper as on
from tests.kills import workers
from tests.kills.test_campaigns import Kill, at_random, own_places, trail_verifies  # noqa: F401 - fixtures
from tests.notices.conftest import (  # noqa: F401 - fixtures
    add_exhibit,
    case,
    collect,
    confirmed,
    decide,
    finding,
    propose,
    ready,
    suspended,
    terms,
)
from tests.notices.test_mailings import approve, release

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailings, "PART", 2)
    monkeypatch.setattr(mailings, "AT_ONCE", 2)
    on.as_html(monkeypatch)


def mailed(decision: Any, people: Any, kill: Kill) -> int:
    """A mailing whose workers die while it is drafted and while it goes out; returns how many died."""
    mailing = actions.start_mailing(decision, kind="suspension", by=people.counsel)
    died = kill()
    mailing.refresh_from_db()
    assert (mailing.state, mailing.notices.filter(state="draft").count()) == ("review", mailing.count)
    release(approve(mailing, people), people)
    died += kill()
    mailing.refresh_from_db()
    assert mailing.state == "done"
    assert_whole(mailing)
    return died


def assert_whole(mailing: Mailing) -> None:
    """Every account has its one letter, numbers follow each other, and each file is the letter's own."""
    letters = list(mailing.notices.select_related("account").order_by("ref"))
    assert {letter.state for letter in letters} == {"issued"}
    assert len({letter.account_id for letter in letters}) == len(letters) == mailing.count
    numbers = [int(letter.ref.rpartition("-")[2]) for letter in letters]
    assert numbers == list(range(1, mailing.count + 1))
    done = Event.objects.filter(object_type="notices_notice", object_id__in=[letter.pk for letter in letters])
    verbs = Counter(done.values_list("action", flat=True))
    assert [verbs[f"notices.{verb}_part"] for verb in ("draft", "number", "render")] == [mailing.count] * 3
    for letter in letters:
        file = vault.read(letter.pdf_sha256).decode()
        assert letter.ref in file
        assert letter.account.ref in file


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.soak)])
def test_every_letter_goes_out_once(suspended, people, step):  # noqa: F811
    assert mailed(suspended, people, partial(workers.die_everywhere, step)) >= 10
    assert trail_verifies()
