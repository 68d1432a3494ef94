"""What people see of orders: on the case, on the order's own page, and where orders go."""

import pytest

from apps.appeals import actions as appeals
from apps.appeals.recipients import Recipient
from apps.enforcement import actions
from apps.enforcement.models import Order, Receiver
from apps.notices import actions as notices
from tests.enforcement.conftest import all_in, send, states
from tests.notices.conftest import work_off


@pytest.fixture
def lead(people, sign_in):
    return sign_in(people.lead)


def test_a_case_shows_how_far_its_measures_are(suspended, receiver, lead, people, sign_in):
    url = f"/cases/{suspended.case.ref}/enforcement/"
    page = lead.get(url).content.decode()
    assert f"Carry out {suspended.ref}" in page
    assert f"Carry out {suspended.ref}" not in sign_in(people.analyst).get(url).content.decode()
    assert lead.get(url, headers={"HX-Request": "true"}).content.startswith(b"<section")
    answer = lead.post(f"/decisions/{suspended.ref}/carry-out/")
    order = Order.objects.get()
    assert answer.headers["Location"] == order.get_absolute_url()
    send()
    page = lead.get(url).content.decode()
    assert order.ref in page
    assert "In effect" in page
    assert (
        f"/cases/{suspended.case.ref}/enforcement/"
        in lead.get(f"/cases/{suspended.case.ref}/decisions/").content.decode()
    )


def test_an_order_shows_its_failures_and_sends_them_again(applied, receiver, lead):
    refs = sorted(states(applied))
    receiver.refuses = {refs[0]: "Locked by a migration."}
    send()
    url = applied.get_absolute_url()
    page = lead.get(url).content.decode()
    for words in (
        'value="4" max="5"',
        "Locked by a migration.",
        "that failed again",
        "Answered 200.",
        refs[4],
    ):
        assert words in page, words
    page = lead.get(f"{url}?state=failed").content.decode()
    assert refs[0] in page
    assert refs[4] not in page
    receiver.refuses = {}
    page = lead.post(f"{url}again/", follow=True).content.decode()
    assert "1 account will be sent again" in page
    assert "nothing failed" not in page
    send()
    assert "that failed again" not in lead.get(url).content.decode()
    assert "Nothing of it failed" in lead.post(f"{url}again/", follow=True).content.decode()


def test_a_measure_is_rolled_back_with_a_reason(applied, receiver, suspended, lead):
    send()
    url = f"/decisions/{suspended.ref}/roll-back/"
    assert "The account is let in again." in lead.get(url).content.decode()
    assert lead.post(url, {"reason": ""}).status_code == 422
    answer = lead.post(url, {"reason": "It was a school."}, follow=True)
    assert "It was a school." in answer.content.decode()
    send()
    undone = suspended.orders.get(direction="roll_back")
    assert all_in(undone, "rolled_back")
    assert lead.post(url, {"reason": "Again."}).status_code == 422


def test_an_appeal_that_was_right_lets_the_account_off(applied, receiver, suspended, people, lead):
    send()
    account = applied.instructions.order_by("account__ref").first().account
    letter = notices.draft_notice(suspended, kind="suspension", account=account, by=people.counsel)
    notices.approve_notice(letter, by=people.approver)
    notices.issue_notice(letter, by=people.counsel)
    work_off()
    letter.refresh_from_db()
    appeal = appeals.file_appeal(letter, words="It was our benchmark.", by=Recipient(letter))
    appeals.take_appeal(appeal, by=people.reviewer)
    appeals.reverse_decision(appeal, reasons="Your benchmark explains what we saw.", by=people.reviewer)
    undone = suspended.orders.get(account=account)
    assert undone.why == f"Appeal {appeal.ref} was right."
    send()
    assert (suspended.ref, account.ref) not in receiver.receiver.in_force()
    assert len(receiver.receiver.in_force()) == 4
    assert account.ref in lead.get(undone.get_absolute_url()).content.decode()


def test_an_administrator_sets_where_orders_go(people, sign_in, settings):
    settings.WEBHOOK_HOSTS = ["gate.example.org"]
    admin = sign_in(people.admin)
    assert "No receiver is set up" in admin.get("/enforcement/receiver/").content.decode()
    assert admin.post("/enforcement/receiver/set/", {"url": "https://elsewhere.example/"}).status_code == 422
    page = admin.post("/enforcement/receiver/set/", {"url": "https://gate.example.org/orders", "is_active": "on"})
    secret = Receiver.objects.get().secret
    assert secret in page.content.decode()
    page = admin.get("/enforcement/receiver/").content.decode()
    assert secret not in page
    assert "https://gate.example.org/orders" in page
    page = admin.post("/enforcement/receiver/secret/", {"overlap": "24"}).content.decode()
    renewed = Receiver.objects.get()
    assert renewed.secret in page
    assert renewed.secret != secret
    assert admin.post("/enforcement/receiver/set/", {"url": "https://gate.example.org/orders"}).status_code == 302
    assert "Switched off" in admin.get("/enforcement/receiver/").content.decode()
    assert sign_in(people.lead).get("/enforcement/receiver/").status_code == 404


def test_what_happened_reads_as_sentences_in_the_trail(applied, receiver, suspended, people, sign_in):
    send()
    actions.roll_back(suspended, reason="It was a school.", by=people.lead)
    send()
    page = sign_in(people.auditor).get(f"/cases/{suspended.case.ref}/trail/").content.decode()
    for words in (
        "ordered 5 accounts to be met",
        "to be undone for 5 accounts",
        "delivered a message",
        "5 accounts changed",
    ):
        assert words in page, words
