"""Workers die in the middle of a mailing: the next one goes on, no letter is there twice, none is missing, and none
leaves twice."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.audit import ledger
from apps.audit.models import Event
from apps.audit.principals import System
from apps.core import vault
from apps.notices import actions
from apps.notices.actions import mailings
from apps.notices.models import Mailing
from apps.service import actions as service
from apps.service import sending
from apps.service.actions import dispatches
from apps.service.models import Attempt
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
from tests.service.conftest import MailServer, server  # noqa: F401 - fixture

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.EMAIL_PER_MINUTE = 60_000_000
    monkeypatch.setattr(dispatches, "PART", 2)
    monkeypatch.setattr(mailings, "PART", 2)
    monkeypatch.setattr(mailings, "AT_ONCE", 2)
    on.as_html(monkeypatch)


def mailed(decision: Any, people: Any, kill: Kill) -> tuple[Mailing, int]:
    """A mailing whose workers die while it is drafted and while it goes out, and how many died."""
    mailing = actions.start_mailing(decision, kind="suspension", by=people.counsel)
    died = kill()
    mailing.refresh_from_db()
    assert (mailing.state, mailing.notices.filter(state="draft").count()) == ("review", mailing.count)
    release(approve(mailing, people), people)
    died += kill()
    mailing.refresh_from_db()
    assert mailing.state == "done"
    assert_whole(mailing)
    return mailing, died


def sent(mailing: Mailing, people: Any, kill: Kill, step: int) -> int:
    """Its letters by e-mail, by workers that die while they hand them over and while they send; returns how many."""
    to = {letter.pk: f"{letter.account.ref}@example.org" for letter in mailing.notices.select_related("account")}
    dispatch = service.start_dispatch(mailing, addresses=to, by=people.counsel)
    died = kill()
    dispatch.refresh_from_db()
    assert (dispatch.state, dispatch.attempts.count()) == ("done", mailing.count)
    moment = 1
    while not workers.work(workers.before_statement(moment), sending.send_due):
        died, moment = died + 1, moment + step
    return died


def end_leases() -> None:
    """As if ten minutes had passed since each worker died."""
    with transaction.atomic(), ledger.act("service.begin_sending", System("worker")):
        for attempt in Attempt.objects.filter(state="sending"):
            ledger.change(attempt, due_at=timezone.now() - timedelta(seconds=1))


def assert_sent_once(mailing: Mailing, server: MailServer) -> None:  # noqa: F811
    """One attempt a letter; what it says of itself is so, and no message was taken twice."""
    attempts = Attempt.objects.filter(notice__mailing=mailing)
    assert set(attempts.values_list("number", flat=True)) == {1}
    taken = Counter(message["Message-ID"] for message in server.taken)
    assert set(taken.values()) == {1}
    states = dict(attempts.values_list("message_id", "state"))
    assert len(states) == mailing.count
    assert set(states.values()) <= {"sent", "unknown"}
    said = {message for message, state in states.items() if state == "sent"}
    assert said <= taken.keys() <= states.keys()


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
def test_every_letter_goes_out_and_leaves_once(suspended, people, server, step):  # noqa: F811
    kill = partial(workers.die_everywhere, step)
    mailing, died = mailed(suspended, people, kill)
    assert died >= 10
    assert sent(mailing, people, kill, step) >= 5
    end_leases()
    assert sending.send_due() == 0
    assert_sent_once(mailing, server)
    assert trail_verifies()
