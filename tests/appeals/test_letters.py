"""The recipient's side over HTTP: without an account, telling strangers nothing."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.appeals import actions
from apps.appeals.models import Appeal
from apps.appeals.recipients import Recipient
from apps.appeals.views import letters
from apps.audit.models import Event
from apps.core import vault
from apps.notices import actions as notices
from tests.appeals.conftest import WORDS
from tests.notices.conftest import work_off

IN = reverse("appeals:letters")
LETTER = reverse("appeals:letter")


def enter(notice: Any, code: str | None = None, **options: Any) -> Client:
    client = Client(**options)
    client.post(IN, {"number": notice.ref, "code": code or notice.appeal_code})
    return client


@pytest.fixture
def holder(issued: Any) -> Client:
    return enter(issued)


def test_the_number_stands_there_already(issued):
    assert f'value="{issued.ref}"' in Client().get(IN, {"letter": issued.ref}).text


def test_number_and_code_open_the_letter(holder, issued):
    page = holder.get(LETTER)
    assert page.status_code == 200
    for part in (issued.ref, "What we found", "Appeal", "free of charge"):
        assert part in page.text
    assert b"".join(holder.get(reverse("appeals:letter_file"))) == vault.read(issued.pdf_sha256)
    [event] = Event.objects.filter(action="appeals.open_letter")  # once in five minutes, however often
    assert event.actor == f"recipient:{issued.ref}"


@pytest.mark.parametrize(
    "data",
    [
        {"number": "N-2026-999999", "code": "AAAA-AAAA"},
        {"number": "{ref}", "code": "AAAA-AAAA"},
        {"number": "{ref}", "code": "x\0"},
        {"number": "{ref}", "code": ""},
        {"number": "", "code": "{code}"},
        {},
    ],
)
def test_a_stranger_is_told_nothing(issued, data):
    filled = {k: v.format(ref=issued.ref, code=issued.appeal_code) for k, v in data.items()}
    answer = Client().post(IN, filled)
    assert answer.status_code == 422
    assert not answer.cookies.get(letters.COOKIE)
    assert issued.account.ref not in answer.text


def test_a_wrong_code_and_a_wrong_number_read_the_same(issued):
    def told(number: str) -> str:
        page = Client().post(IN, {"number": number, "code": "AAAA-AAAA"}).text
        return re.sub(r'(csrfmiddlewaretoken" value=)"\w+"', r"\1", page).replace(number, "")

    assert told(issued.ref) == told("N-2026-999999")


@pytest.mark.parametrize("name", ["letter", "letter_file", "answer_file", "copy"])
def test_without_a_letter_one_is_asked_for_it(issued, name):
    for cookie in (None, str(issued.pk), f"{issued.pk}:1tMu:forged"):
        client = Client()
        if cookie:
            client.cookies[letters.COOKIE] = cookie
        answer = client.get(reverse(f"appeals:{name}"))
        assert (answer.status_code, answer["Location"]) == (302, IN)


@pytest.mark.parametrize("name", ["file_appeal", "add_words", "withdraw_appeal"])
def test_nor_does_one_say_anything_without_it(issued, name):
    answer = Client().post(reverse(f"appeals:{name}"), {"words": "Hello"})
    assert (answer.status_code, answer["Location"]) == (302, IN)
    assert not Appeal.objects.exists()


def test_an_opened_letter_is_closed_after_an_hour(holder, monkeypatch):
    monkeypatch.setattr(letters, "HOUR", -1)
    assert holder.get(LETTER).status_code == 302


def test_it_is_closed_when_one_leaves(holder):
    holder.post(reverse("appeals:leave"))
    assert holder.get(LETTER).status_code == 302


def test_the_cookie_is_for_these_pages_alone(issued):
    cookie = enter(issued).cookies[letters.COOKIE]
    assert cookie["path"] == IN
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert issued.appeal_code not in cookie.value


def test_nothing_is_kept_on_the_way_or_passed_on(holder):
    for answer in (holder.get(LETTER), Client().get(IN)):
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "same-origin"  # with none at all browsers send forms without an origin
        assert "noindex" in answer["X-Robots-Tag"]
        assert "<script" not in answer.text


def test_guessing_is_slowed_down(issued, settings):
    settings.ACCOUNT_RATE_LIMITS = {"open_letter": "5/m/ip"}
    for _ in range(5):
        assert Client().post(IN, {"number": issued.ref, "code": "AAAA-AAAA"}).status_code == 422
    refused = Client().post(IN, {"number": issued.ref, "code": issued.appeal_code})
    assert refused.status_code == 429
    assert not refused.cookies.get(letters.COOKIE)


def test_guessing_from_many_addresses_is_slowed_down_too(issued, settings):
    settings.ACCOUNT_RATE_LIMITS = {"open_letter": "5/m/ip,8/h/key"}
    settings.TRUSTED_PROXIES = 1
    answers = [
        Client(headers={"x-forwarded-for": f"203.0.113.{n}"}).post(IN, {"number": issued.ref, "code": "AAAA-AAAA"})
        for n in range(10)
    ]
    assert [answer.status_code for answer in answers] == [422] * 8 + [429] * 2


def test_an_appeal_with_files(holder, issued):
    file = SimpleUploadedFile("bill.txt", b"Paid on 3 March")
    answer = holder.post(reverse("appeals:file_appeal"), {"words": WORDS, "enclosed": [file]})
    assert answer.status_code == 302
    appeal = issued.appeals.get()
    page = holder.get(LETTER).text
    for part in (appeal.ref, "dissertation", "bill.txt", "Take the appeal back"):
        assert part in page


def test_what_they_wrote_is_shown_as_text(holder, issued):
    holder.post(reverse("appeals:file_appeal"), {"words": "<script>alert(1)</script> {{ settings.SECRET_KEY }}"})
    page = holder.get(LETTER).text
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ settings.SECRET_KEY }}" in page


@pytest.mark.parametrize("data", [{}, {"words": " "}, {"words": "x" * 20_001}])
def test_an_appeal_that_says_nothing_is_shown_again(holder, data):
    answer = holder.post(reverse("appeals:file_appeal"), data)
    assert answer.status_code == 422
    assert not Appeal.objects.exists()


def test_what_is_too_large_is_refused_before_it_is_read(holder):
    answer = holder.post(
        reverse("appeals:file_appeal"),
        data=b"",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH="9" * 12,
    )
    assert answer.status_code == 413
    assert "At most 5 files of 20 MB" in answer.text


def test_a_form_from_another_site_is_refused(issued):
    client = Client(enforce_csrf_checks=True)
    assert client.post(IN, {"number": issued.ref, "code": issued.appeal_code}).status_code == 403


def test_a_second_appeal_is_refused_in_words(holder):
    for _ in range(2):
        answer = holder.post(reverse("appeals:file_appeal"), {"words": WORDS})
    assert answer.status_code == 422
    assert "You have appealed already" in answer.text


def test_saying_more_and_taking_it_back(holder, issued):
    holder.post(reverse("appeals:file_appeal"), {"words": WORDS})
    holder.post(reverse("appeals:add_words"), {"words": "It was in room 4."})
    copied = holder.get(reverse("appeals:copy"))
    assert copied["Content-Type"].startswith("text/plain")
    assert "dissertation" in copied.text
    assert "room 4" in copied.text
    holder.post(reverse("appeals:withdraw_appeal"))
    page = holder.get(LETTER).text
    assert "You may appeal again" in page
    assert issued.appeals.get().state == "withdrawn"


def test_a_copy_of_nothing_is_not_there(holder):
    assert holder.get(reverse("appeals:copy")).status_code == 404
    assert holder.post(reverse("appeals:add_words"), {"words": "x"}).status_code == 404


def test_the_outcome_is_there_at_once_and_the_letter_when_it_is_issued(holder, issued, people):
    holder.post(reverse("appeals:file_appeal"), {"words": WORDS})
    appeal = issued.appeals.get()
    actions.take_appeal(appeal, by=people.reviewer)
    assert "is reading your appeal" in holder.get(LETTER).text
    answer = actions.reverse_decision(appeal, reasons="The key was your colleague's.", by=people.reviewer)
    page = holder.get(LETTER).text
    for part in ("You were right: the decision is reversed", "The key was your colleague’s".replace("’", "&#x27;")):
        assert part in page
    assert holder.get(reverse("appeals:answer_file")).status_code == 404
    notices.approve_notice(answer, by=people.approver)
    notices.issue_notice(answer, by=people.counsel)
    work_off()
    answer.refresh_from_db()
    assert b"".join(holder.get(reverse("appeals:answer_file"))) == vault.read(answer.pdf_sha256)
    assert "Say more" not in holder.get(LETTER).text


def test_names_of_our_people_are_not_told(holder, issued, people):
    holder.post(reverse("appeals:file_appeal"), {"words": WORDS})
    appeal = issued.appeals.get()
    actions.take_appeal(appeal, by=people.reviewer)
    actions.ask_recipient(appeal, words="Which colleague?", by=people.reviewer)
    for text in (holder.get(LETTER).text, holder.get(reverse("appeals:copy")).text):
        assert "Which colleague?" in text
        assert "The reviewer" in text
        assert people.reviewer.name not in text


def test_when_the_time_is_over_the_letter_can_still_be_read(holder, monkeypatch):
    for module in (actions, letters):
        monkeypatch.setattr(module, "is_in_time", lambda notice, now: False)
    page = holder.get(LETTER).text
    assert "An appeal was possible until" in page
    assert holder.post(reverse("appeals:file_appeal"), {"words": WORDS}).status_code == 422


def test_a_demand_is_read_and_answered_by_mail(demand, people, quick_paper):
    notices.approve_notice(demand, by=people.approver)
    notices.issue_notice(demand, by=people.counsel)
    work_off()
    demand.refresh_from_db()
    page = enter(demand).get(LETTER).text
    assert "Your answer" in page
    assert "Send the appeal" not in page


def test_an_answer_opens_with_its_own_code_too(holder, issued, people):
    appeal = actions.file_appeal(issued, words=WORDS, by=Recipient(issued))
    actions.take_appeal(appeal, by=people.reviewer)
    answer = actions.uphold_decision(appeal, reasons="They were yours.", by=people.reviewer)
    notices.approve_notice(answer, by=people.approver)
    notices.issue_notice(answer, by=people.counsel)
    work_off()
    answer.refresh_from_db()
    page = enter(answer).get(LETTER).text
    assert "They were yours." in page
    assert "Send the appeal" not in page
    assert "Your answer" not in page


@pytest.mark.parametrize("name", ["add_words", "withdraw_appeal"])
def test_what_comes_after_the_decision_leads_to_the_decision(holder, issued, people, name):
    appeal = actions.file_appeal(issued, words=WORDS, by=Recipient(issued))
    actions.take_appeal(appeal, by=people.reviewer)
    actions.uphold_decision(appeal, reasons="They were yours.", by=people.reviewer)
    answer = holder.post(reverse(f"appeals:{name}"), {"words": "One more thing"})
    assert (answer.status_code, answer["Location"]) == (302, LETTER)
    appeal.refresh_from_db()
    assert appeal.state == "upheld"
    assert appeal.messages.count() == 1
