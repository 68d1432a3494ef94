"""The letters of a mailing by e-mail: to the addresses of a list, part by part, each at most once."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from apps.accounts import identifiers
from apps.accounts.models import Identifier
from apps.audit import ledger
from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.notices import actions as notices
from apps.notices.actions import mailings
from apps.notices.models import Mailing
from apps.records.subjects import SUBJECTS
from apps.service import actions, addressing, queries, sending
from apps.service.actions import dispatches
from apps.service.addresses import opened_list
from apps.service.models import Attempt, Dispatch, DispatchPart
from tests.notices.conftest import work_off
from tests.notices.test_mailings import approve, one_job, release, worked_off

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(mailings, "PART", 2)
    monkeypatch.setattr(dispatches, "PART", 2)
    settings.EMAIL_PER_MINUTE = 60_000_000


@pytest.fixture
def mailing(suspended: Any, people: Any, quick_paper: Any, server: Any) -> Mailing:
    """Five issued letters."""
    started = worked_off(notices.start_mailing(suspended, kind="suspension", by=people.counsel))
    return worked_off(release(approve(started, people), people))


def addresses(mailing: Mailing) -> dict[Any, str]:
    letters = mailing.notices.filter(state="issued").select_related("account")
    return {letter.pk: f"{letter.account.ref}@example.org" for letter in letters}


def start(mailing: Mailing, people: Any) -> Dispatch:
    return actions.start_dispatch(mailing, addresses=addresses(mailing), by=people.counsel)


def finish(dispatch: Dispatch) -> None:
    """Let the workers do what is to be done, and send what is due by then."""
    while work_off():
        pass
    sending.send_due()
    dispatch.refresh_from_db()


def standings(mailing: Mailing) -> dict[str, int]:
    return {str(standing): count for standing, count in queries.standings(mailing).items() if count}


def table(*rows: str) -> bytes:
    return "\r\n".join(("account,address", *rows)).encode()


# --- sending ---------------------------------------------------------------------------------------------------------


def test_every_letter_leaves_once_to_its_address(mailing, people, server):
    dispatch = start(mailing, people)
    assert standings(mailing) == {"waiting": 5}
    finish(dispatch)
    assert dispatch.state == "done"
    assert standings(mailing) == {"sent": 5}
    assert sorted(message["To"] for message in server.taken) == sorted(addresses(mailing).values())
    assert len({message["Message-ID"] for message in server.taken}) == 5
    for message in server.taken:
        letter = mailing.notices.get(ref=message["Subject"].split()[1])
        assert message["To"] == f"{letter.account.ref}@example.org"
    finish(dispatch)
    assert len(server.taken) == 5


def test_addresses_are_sealed_stand_in_no_event_and_go_once_they_were_handed_over(mailing, people, server):
    dispatch = start(mailing, people)
    listed = [opened_list(part.sealed_addresses) for part in dispatch.pieces.all()]
    assert {pk: to for part in listed for pk, to in part.items()} == addresses(mailing)
    finish(dispatch)
    assert set(dispatch.pieces.values_list("state", "sealed_addresses")) == {("done", "")}
    for event in Event.objects.filter(action__startswith="service."):
        assert b"@example.org" not in bytes(event.body)


def test_no_more_leave_in_a_minute_than_the_settings_say(mailing, people, settings):
    settings.EMAIL_PER_MINUTE = 60
    dispatch = start(mailing, people)
    work_off()
    work_off()
    due = list(dispatch.attempts.order_by("due_at").values_list("due_at", flat=True))
    assert len(due) == 2, "the next part waits for its turn"
    assert due[1] - due[0] == timedelta(seconds=1)
    dispatch.refresh_from_db()
    assert dispatch.next_at - due[0] == timedelta(seconds=2)
    assert Job.objects.get(kind=dispatches.CARRY_ON, state="waiting").last_error == "The next letters have their turn."


def test_a_letter_that_is_there_or_was_left_out_is_not_sent(mailing, people, server):
    served, left = mailing.notices.order_by("ref")[:2]
    now = timezone.now()
    actions.record_attempt(served, method="courier", address="1 Quay", sent_at=now, by=people.counsel)
    start(mailing, people)
    finish(mailing.dispatches.get())
    assert len(server.taken) == 4
    assert not served.attempts.filter(method="email").exists()
    with pytest.raises(ValidationError, match="None of these letters"):
        start(mailing, people)
    assert left.attempts.get().state == "sent"


def test_what_came_back_gets_another_address_and_what_failed_is_tried_again(mailing, people, server, monkeypatch):
    monkeypatch.setattr(sending, "MOST_TRIES", 1)
    server.to_rcpt = ["550 5.1.1 Nobody", "451 Later"]
    finish(start(mailing, people))
    assert standings(mailing) == {"sent": 3, "came_back": 1, "failed": 1}
    failed, bounced = Attempt.objects.get(state="failed"), Attempt.objects.get(state="bounced")
    finish(actions.retry_dispatch(mailing, by=people.counsel))
    again = failed.notice.attempts.get(number=2)
    assert (again.state, again.address) == ("sent", failed.address)
    assert again.message_id != failed.message_id
    to = {bounced.notice_id: "other@example.org"}
    finish(actions.start_dispatch(mailing, addresses=to, by=people.counsel))
    assert standings(mailing) == {"sent": 5}
    with pytest.raises(ValidationError, match="None of these letters"):
        actions.retry_dispatch(mailing, by=people.counsel)


def test_a_hand_over_that_was_given_up_goes_on_from_the_page(mailing, people, sign_in, server, monkeypatch):
    dispatch, counsel = start(mailing, people), sign_in(people.counsel)
    every = reverse("service:of_mailing", args=[mailing.pk])

    def broken(*args: Any, **values: Any) -> None:
        raise RuntimeError("no room on the disk")

    with monkeypatch.context() as patched:
        patched.setattr(dispatches, "prepare", broken)
        for _ in range(jobs.MAX_ATTEMPTS):
            work_off()
    assert Job.objects.get(kind=dispatches.CARRY_ON).state == "failed"
    page = counsel.get(every).content.decode()
    again = reverse("service:retry_dispatch", args=[mailing.pk])
    assert again in page
    assert "no room on the disk" in page
    counsel.post(again)
    finish(dispatch)
    assert (dispatch.state, standings(mailing)) == ("done", {"sent": 5})
    assert len(server.taken) == 5
    assert again not in counsel.get(every).content.decode()


def test_addresses_that_were_not_forgotten_are_forgotten_later(mailing, people, sign_in, monkeypatch):
    dispatch, counsel = start(mailing, people), sign_in(people.counsel)
    with monkeypatch.context() as patched:
        patched.setattr(actions, "withdraw_part", None)
        actions.cancel_dispatch(dispatch, reason="Wrong list.", by=people.counsel)
        for _ in range(jobs.MAX_ATTEMPTS):
            work_off()
    assert all(part.sealed_addresses for part in dispatch.pieces.all())
    counsel.post(reverse("service:retry_dispatch", args=[mailing.pk]))
    work_off()
    assert set(dispatch.pieces.values_list("state", "sealed_addresses")) == {("withdrawn", "")}


def test_paused_nothing_leaves_and_resumed_it_goes_on(mailing, people, server):
    dispatch = start(mailing, people)
    one_job()
    dispatch.refresh_from_db()
    actions.pause_dispatch(dispatch, by=people.counsel)
    finish(dispatch)
    assert (server.taken, dispatch.parts_done) == ([], 1)
    with pytest.raises(ValidationError, match="being sent already"):
        start(mailing, people)
    with pytest.raises(Forbidden):
        actions.pause_dispatch(dispatch, by=people.counsel)
    actions.resume_dispatch(dispatch, by=people.counsel)
    finish(dispatch)
    assert (len(server.taken), dispatch.state) == (5, "done")


def test_cancelled_no_more_leave_and_the_addresses_go(mailing, people, server):
    dispatch = start(mailing, people)
    one_job()
    actions.cancel_dispatch(dispatch, reason="The list was last year's.", by=people.counsel)
    finish(dispatch)
    assert server.taken == []
    assert set(dispatch.pieces.values_list("state", "sealed_addresses")) == {("done", ""), ("withdrawn", "")}
    assert standings(mailing) == {"failed": 2, "without": 3}
    assert set(dispatch.attempts.values_list("note", flat=True)) == {"Cancelled before it was sent."}


def test_an_account_that_is_erased_meanwhile_gets_no_letter(mailing, people, server):
    dispatch = start(mailing, people)
    account = mailing.notices.order_by("account_id").first().account
    [part] = [part for part in SUBJECTS["account"].parts if part.model is DispatchPart]
    with ledger.act("records.erase_subject", System("worker")):
        for row in part.rows(account):
            ledger.change(row, **part.instead(row, account))
    finish(dispatch)
    assert len(server.taken) == 4
    assert f"{account.ref}@example.org" not in {message["To"] for message in server.taken}


def test_who_does_not_serve_letters_sends_none(mailing, people):
    for person in (people.analyst, people.lead, people.auditor):
        with pytest.raises(Forbidden):
            actions.start_dispatch(mailing, addresses=addresses(mailing), by=person)


def test_without_a_mail_server_nothing_is_promised(mailing, people, settings):
    settings.EMAIL_HOST = ""
    with pytest.raises(ValidationError, match="EMAIL_HOST"):
        start(mailing, people)


# --- the list --------------------------------------------------------------------------------------------------------


def test_each_row_that_cannot_be_taken_says_why(mailing):
    refs = [letter.account.ref for letter in mailing.notices.order_by("account__ref")]
    rows = [f"{refs[0]},a@example.org", f"{refs[1]},nobody", "acct_other,b@example.org"]
    found = addressing.read(table(*rows, f"{refs[2]},c@example.org", f"{refs[2]},d@example.org"), mailing)
    assert list(found.addresses.values()) == ["a@example.org"]
    assert [(row.line, row.account) for row in found.refused] == [
        (3, refs[1]),
        (4, "acct_other"),
        (5, refs[2]),
        (6, refs[2]),
    ]
    assert found.refused[0].reason == "This is no e-mail address."
    assert "No issued letter" in found.refused[1].reason
    assert "more than once" in found.refused[2].reason


def test_an_address_must_be_on_record_where_records_name_any(mailing):
    account = mailing.notices.first().account
    kept = identifiers.kept("email", "right@example.org")
    with ledger.act("accounts.import_records", System("worker")):
        ledger.create(Identifier, account=account, **kept._asdict())
    [refused] = addressing.read(table(f"{account.ref},wrong@example.org"), mailing).refused
    assert "none of the addresses that are on record" in refused.reason
    assert not addressing.read(table(f"{account.ref},Right@example.org"), mailing).refused


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"account\r\nacct_1", "names no column “address”"),
        (b"", "names no column “account”"),
        (b"account,address\r\n\xff", "not in UTF-8"),
        (b'account,address\r\n"a', "cannot be read"),
    ],
)
def test_what_is_no_such_table_is_refused(mailing, body, said):
    with pytest.raises(ValidationError, match=said):
        addressing.read(body, mailing)


# --- in the browser --------------------------------------------------------------------------------------------------


def test_from_the_list_to_the_letters_that_left(mailing, people, sign_in, server):
    counsel = sign_in(people.counsel)
    panel = counsel.get(reverse("service:of_mailing", args=[mailing.pk]), headers={"HX-Request": "true"})
    send = reverse("service:start_dispatch", args=[mailing.pk])
    assert send in panel.content.decode()
    rows = [f"{to.partition('@')[0]},{to}" for to in addresses(mailing).values()]
    listed = SimpleUploadedFile("addresses.csv", table(*rows[1:], "acct_other,b@example.org"))
    page = counsel.post(send, {"file": listed})
    assert (len(page.context["listed"].addresses), len(page.context["refused"])) == (4, 1)
    assert "No issued letter of this mailing goes to this account." in page.content.decode()
    seen = page.context["seen"]
    assert sign_in(people.approver).post(send, {"seen": seen}).url == send, "a list is confirmed by who looked at it"
    assert counsel.post(send, {"seen": seen}).status_code == 302
    finish(mailing.dispatches.get())
    assert len(server.taken) == 4
    assert counsel.post(send, {"seen": seen}).url == send, "it was sent already"
    every = reverse("service:of_mailing", args=[mailing.pk])
    assert counsel.get(every).content.decode().count("data-row") == 5
    assert counsel.get(every, {"standing": "without"}).content.decode().count("data-row") == 1


def test_paused_resumed_cancelled_and_tried_again_from_the_page(mailing, people, sign_in, server, monkeypatch):
    counsel, dispatch = sign_in(people.counsel), start(mailing, people)
    every = reverse("service:of_mailing", args=[mailing.pk])
    for verb, said in (("pause", "Paused"), ("resume", "Pause")):
        counsel.post(reverse(f"service:{verb}_dispatch", args=[dispatch.pk]))
        assert said in counsel.get(every).content.decode()
    cancel = reverse("service:cancel_dispatch", args=[dispatch.pk])
    assert counsel.post(cancel, {"reason": ""}).status_code == 422
    assert counsel.post(cancel, {"reason": "Wrong list."}).status_code == 302
    assert "Wrong list." in counsel.get(every).content.decode()
    finish(dispatch)
    monkeypatch.setattr(sending, "MOST_TRIES", 1)
    server.to_rcpt = ["451 Later"] * 5
    finish(start(mailing, people))
    assert standings(mailing) == {"failed": 5}
    again = reverse("service:retry_dispatch", args=[mailing.pk])
    assert again in counsel.get(every).content.decode()
    counsel.post(again)
    finish(mailing.dispatches.get(state="running"))
    assert standings(mailing) == {"sent": 5}
