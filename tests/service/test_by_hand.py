"""Post, couriers, counsel and process servers: recorded by people, with what proves it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.core import vault
from apps.core.uploads import Upload
from apps.records import actions as records
from apps.service import actions
from apps.service.models import Attempt
from tests.service.conftest import ADDRESS

pytestmark = pytest.mark.django_db

TO = "12 Quarry Lane\nLeeds LS1 4AP"


@pytest.fixture
def posted(issued: Any, people: Any) -> Attempt:
    return actions.record_attempt(
        issued,
        method="registered_post",
        address=TO,
        sent_at=timezone.now(),
        carrier_ref="RR123456785IE",
        proofs=[Upload("receipt.txt", [b"Posted at the counter"])],
        by=people.counsel,
    )


def test_a_posted_letter_has_its_receipt_in_evidence(posted):
    [proof] = posted.proofs.all()
    assert vault.read(proof.item.sha256) == b"Posted at the counter"
    assert proof.item.state == "quarantined"  # from outside: until a person looked at it
    assert proof.item.custody.get().measured_sha256 == proof.item.sha256
    assert posted.address == TO


def test_what_became_of_it_comes_with_its_own_proof(posted, people):
    actions.note_refused(
        posted, note="The door was shut.", proofs=[Upload("cover.txt", [b"Refused"])], by=people.counsel
    )
    assert (posted.state, posted.note) == ("refused", "The door was shut.")
    assert posted.proofs.count() == 2


def test_attempts_are_numbered_by_method(posted, issued, people):
    def by(method: str) -> int:
        return actions.record_attempt(
            issued, method=method, address=TO, sent_at=timezone.now(), by=people.counsel
        ).number

    assert [by("registered_post"), by("courier"), by("registered_post")] == [2, 1, 3]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"sent_at": timedelta(hours=1)}, "not in the future"),
        ({"sent_at": timedelta(days=-30)}, "after the letter was issued"),
        ({"address": "  "}, "Say where to"),
        ({"method": "email"}, "sent from here"),
        ({"proofs": [Upload(f"{n}.txt", [b"x"]) for n in range(6)]}, "at most 5"),
        ({"proofs": [Upload("empty.txt", [])]}, "empty"),
        ({"proofs": [Upload("large.bin", [b"x" * 2**20] * 21)]}, "too large"),
    ],
)
def test_what_cannot_be_is_not_recorded(issued, people, values, told):
    now = timezone.now()
    values = {"method": "courier", "address": TO, "sent_at": timedelta()} | values
    values["sent_at"] = now + values["sent_at"]
    with pytest.raises(ValidationError, match=told):
        actions.record_attempt(issued, **values, by=people.counsel)
    assert not Attempt.objects.exists()


def test_erasing_the_account_leaves_that_it_was_served_and_not_where(posted, issued, people, settings, tmp_path):
    settings.ERASURE_JOURNAL = tmp_path / "erasures.jsonl"
    asked = records.request_erasure(
        subject=issued.account, basis="objection", reason="Asked", received_on=timezone.now().date(), by=people.counsel
    )
    records.erase_subject(asked, by=people.approver)
    posted.refresh_from_db()
    assert (posted.address, posted.state) == ("", "sent")


# --- in the browser --------------------------------------------------------------------------------------------------


def test_a_letter_is_sent_and_followed_on_its_page(issued, people, sign_in, server):
    counsel, page = sign_in(people.counsel), f"/notices/{issued.pk}/service/"
    assert "Nobody has sent it yet" in counsel.get(page).text
    assert counsel.post(f"{page}email/", {"address": ADDRESS}).url == page
    assert ADDRESS in counsel.get(page).text
    panel = counsel.get(page, headers={"HX-Request": "true"}).text
    assert "Waits to be sent" in panel
    assert ADDRESS not in panel


def test_a_refusal_is_explained_where_it_was_asked(issued, people, sign_in, server):
    answer = sign_in(people.counsel).post(f"/notices/{issued.pk}/service/email/", {"address": "nobody"})
    assert answer.status_code == 422
    assert "This is no e-mail address" in answer.text


def test_a_courier_is_recorded_with_a_file(issued, people, sign_in):
    counsel, page = sign_in(people.counsel), f"/notices/{issued.pk}/service/"
    now = f"{timezone.now():%Y-%m-%dT%H:%M}"
    file = SimpleUploadedFile("slip.txt", b"Handed over")
    data = {"method": "courier", "address": TO, "sent_at": now, "carrier_ref": "C-1", "proofs": file}
    assert counsel.post(f"{page}attempt/", data).status_code == 302
    attempt = Attempt.objects.get()
    assert attempt.proofs.count() == 1
    result = counsel.post(f"/service/attempts/{attempt.pk}/delivered/", {"on": "", "note": "Signed for by A. Holder"})
    assert result.status_code == 302
    assert "Signed for by A. Holder" in counsel.get(page).text


def test_what_comes_too_late_or_out_of_turn_is_explained(posted, people, sign_in):
    counsel = sign_in(people.counsel)
    early = counsel.post(f"/service/attempts/{posted.pk}/delivered/", {"on": "2020-01-01T10:00"})
    assert early.status_code == 422
    assert "after the letter was sent" in early.text
    assert counsel.post(f"/service/attempts/{posted.pk}/give-up/", {"note": ""}).status_code == 422
    actions.acknowledge(posted, by=people.counsel)
    assert counsel.post(f"/service/attempts/{posted.pk}/refused/", {}).status_code == 403


def test_the_calendar_lists_and_exports_what_is_due(issued, people, sign_in):
    from apps.service import tasks

    tasks.look_at_calendar()
    counsel = sign_in(people.counsel)
    assert issued.ref in counsel.get("/service/").text
    assert issued.ref in counsel.get("/service/", {"kind": "appeal", "q": issued.ref}).text
    assert "Nothing matches" in counsel.get("/service/", {"state": "silence"}).text
    file = counsel.get("/service/deadlines.ics", {"kind": "serve"})
    assert file["Content-Type"] == "text/calendar; charset=utf-8"
    lines = file.content.decode().split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") == 1
    assert f"SUMMARY:Serve by: {issued.ref} ({issued.case.ref})" in lines
    assert all(len(line.encode()) <= 75 for line in lines)
    assert issued.account.ref not in file.content.decode()
    assert "Letters to serve" in counsel.get("/").text


def test_a_recipients_whereabouts_are_set_on_the_page(issued, people, sign_in):
    from apps.service import tasks

    tasks.look_at_calendar()
    counsel, page = sign_in(people.counsel), f"/notices/{issued.pk}/service/"
    assert counsel.post(f"{page}calendar/", {"zone": "Asia/Tokyo", "calendar": "JP"}).status_code == 302
    assert "Asia/Tokyo" in counsel.get(page).text
    assert counsel.post(f"{page}calendar/", {"zone": "Mars", "calendar": ""}).status_code == 422


def test_an_answer_is_recorded_on_the_page(issued, people, sign_in):
    page = f"/notices/{issued.pk}/service/"
    counsel = sign_in(people.counsel)
    assert counsel.post(f"{page}answer/", {"words": "They deny it."}).status_code == 302
    assert "They deny it." in counsel.get(page).text
