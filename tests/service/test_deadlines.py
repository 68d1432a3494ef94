"""By when: what the calendar makes of issued letters, and what becomes of it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.appeals import actions as appeals
from apps.appeals.recipients import Recipient
from apps.audit.models import Event
from apps.audit.principals import System
from apps.notices import actions as notices
from apps.service import actions, calendars, queries, tasks
from apps.service.models import Answer, Deadline
from tests.notices.conftest import work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(demand: Any, people: Any, quick_paper: Any) -> Any:
    """A demand that asks its recipient for an answer by a day."""
    notices.approve_notice(demand, by=people.approver)
    notices.issue_notice(demand, by=people.counsel)
    work_off()
    demand.refresh_from_db()
    return demand


def deadline(notice: Any, kind: str) -> Deadline:
    return Deadline.objects.get(notice=notice, kind=kind)


def later(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(queries.timezone, "now", lambda: moment)


def look() -> None:
    tasks.look_at_calendar()


def test_an_issued_letter_is_in_the_calendar_with_all_its_days(issued):
    look()
    assert set(issued.deadlines.values_list("kind", flat=True)) == {"serve", "appeal"}
    appeal = deadline(issued, "appeal")
    assert appeal.stated_on == date.fromisoformat(issued.facts["appeal_until"])
    assert appeal.zone == calendars.zone_of(issued.account.country)
    assert deadline(issued, "serve").falls_on == issued.issued_at.date()


def test_it_is_there_once(issued):
    look()
    look()
    assert Event.objects.filter(action="service.set_deadlines").count() == 1
    assert not Event.objects.filter(action="service.settle_deadlines").exists()


def test_a_demand_asks_for_an_answer(asked):
    look()
    assert set(asked.deadlines.values_list("kind", flat=True)) == {"serve", "respond"}


def test_the_country_of_the_account_says_whose_days_count(issued):
    from apps.accounts.models import Account
    from apps.audit import ledger

    with ledger.act("accounts.import_records", System()):
        ledger.change(Account.objects.get(pk=issued.account_id), country="US")
    look()
    found = deadline(issued, "appeal")
    assert (found.zone, found.calendar) == ("America/Adak", "US")


def test_a_letter_that_nobody_sends_is_overdue(issued, people, monkeypatch):
    look()
    assert [row.notice for row in queries.to_serve(people.counsel)] == [issued]
    later(monkeypatch, deadline(issued, "serve").ends_at + timedelta(seconds=1))
    look()
    assert deadline(issued, "serve").outcome == "overdue"
    assert [row.outcome for row in queries.to_serve(people.counsel)] == ["overdue"]
    look()
    assert Event.objects.filter(action="service.settle_deadlines").count() == 1  # noted once


def test_a_letter_that_left_in_time_is_served(sent, issued, people):
    look()
    assert deadline(issued, "serve").outcome == "met"
    assert not queries.to_serve(people.counsel).exists()


def test_a_letter_that_came_back_has_to_be_served_again(sent, issued, people):
    look()
    actions.note_bounced(sent, by=people.counsel)
    look()
    assert deadline(issued, "serve").outcome == ""
    assert queries.to_serve(people.counsel).exists()


def test_what_leaves_late_is_late(issued, people, monkeypatch):
    look()
    end = deadline(issued, "serve").ends_at
    later(monkeypatch, end + timedelta(hours=1))
    look()
    monkeypatch.undo()
    now = timezone.now()
    from apps.audit import ledger

    with ledger.act("service.set_calendar", System()):
        ledger.change(deadline(issued, "serve"), ends_at=now - timedelta(hours=1))
    actions.record_attempt(issued, method="courier", address="1 Quay", sent_at=now, by=people.counsel)
    look()
    assert deadline(issued, "serve").outcome == "late"


def test_silence_is_no_response_and_nothing_else(asked, people, monkeypatch):
    look()
    later(monkeypatch, deadline(asked, "respond").ends_at + timedelta(seconds=1))
    look()
    found = deadline(asked, "respond")
    assert (found.outcome, found.get_outcome_display()) == ("silence", "No response")
    assert [row.notice for row in queries.silent(people.counsel)] == [asked]
    assert not Answer.objects.exists()


def test_until_the_day_is_over_where_they_are_nobody_is_silent(asked, monkeypatch):
    look()
    later(monkeypatch, deadline(asked, "respond").ends_at)
    look()
    assert deadline(asked, "respond").outcome == ""


def test_an_answer_meets_the_deadline(asked, people):
    look()
    actions.note_answer(asked, kind="response", words="They deny it.", by=people.counsel)
    look()
    assert deadline(asked, "respond").outcome == "met"


def test_an_appeal_is_an_answer(issued):
    appeal = appeals.file_appeal(issued, words="I did not.", by=Recipient(issued))
    look()
    assert deadline(issued, "appeal").outcome == "met"
    assert Answer.objects.get().words == appeal.ref


@pytest.mark.parametrize("moment", [timedelta(days=1), timedelta(days=-400)])
def test_an_answer_comes_after_its_letter_and_before_now(asked, people, moment):
    with pytest.raises(ValidationError, match="after the letter"):
        actions.note_answer(asked, kind="response", words="No.", received_at=timezone.now() + moment, by=people.counsel)


def test_a_recipient_is_somewhere(asked, people):
    look()
    before = deadline(asked, "respond")
    actions.set_calendar(asked, zone="Asia/Tokyo", calendar="JP", by=people.counsel)
    after = deadline(asked, "respond")
    assert after.ends_at < before.ends_at
    assert (after.zone, after.calendar) == ("Asia/Tokyo", "JP")
    assert deadline(asked, "serve").zone == "Europe/Dublin"


@pytest.mark.parametrize(("zone", "calendar"), [("Mars/Base", ""), ("Europe/Dublin", "XX"), ("", "")])
def test_nowhere_is_refused(asked, people, zone, calendar):
    look()
    with pytest.raises(ValidationError):
        actions.set_calendar(asked, zone=zone, calendar=calendar, by=people.counsel)
