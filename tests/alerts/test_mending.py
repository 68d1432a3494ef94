"""What was rejected, put right in the browser; tables that people send; and every byte to be fetched again."""

import json
import os
import re
import time
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.alerts import actions, mending
from apps.alerts.models import Alert, Batch, Rejection, Replay
from apps.audit.models import Event
from apps.core import jobs
from apps.core.tasks import sweep_vault
from tests.alerts.conftest import ALERT, alert, alerts

BAD = alert(severity=9)
CSV = (
    "source_ref,title,kind,severity,detected_at,accounts\r\n"
    "p/1,Seen on a forum,external_report,high,2026-06-05T10:00:00Z,acct_1 acct_2\r\n"
    "p/2,Seen again,external_report,terrible,2026-06-05T10:00:00Z,acct_3\r\n"
)


@pytest.fixture
def analyst(sign_in, people):
    return sign_in(people.analyst)


def fetched(answer) -> bytes:
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("size", [10, 200_000])
def test_a_request_can_be_fetched_again_byte_for_byte(post, analyst, sign_in, people, size):
    body = json.dumps([alert(ext={"padding": "é" * size}), BAD], ensure_ascii=False).encode() + b" \n"
    post(body)
    batch, rejection = Batch.objects.get(), Rejection.objects.filter(code="invalid").get()
    assert "Why do you look?" in analyst.get(f"/batches/{batch.pk}/body/").content.decode()
    assert fetched(analyst.post(f"/batches/{batch.pk}/body/", {"reason": "Its maker asks"}, follow=True)) == body
    assert (
        fetched(sign_in(people.admin).get(f"/rejections/{rejection.pk}/item/"))
        == json.dumps(BAD, ensure_ascii=False).encode()
    )


def test_a_rejection_is_corrected_and_sent_in_the_detectors_name(post, analyst, people, detector):
    post([BAD])
    rejection = Rejection.objects.get()
    assert rejection.field == "severity"
    address = f"/rejections/{rejection.pk}/send-again/"
    shown = analyst.get(address).content.decode()
    assert "severity" in shown
    assert "&quot;severity&quot;: 9" in shown

    still = analyst.post(address, {"body": json.dumps(alert(severity=8))})
    assert still.status_code == 422
    assert b"Nothing was sent" in still.content
    assert Batch.objects.count() == 1

    answer = analyst.post(address, {"body": json.dumps(alert(severity=3)).replace(", ", ",\r\n")}, follow=True)
    assert answer.redirect_chain == [(rejection.get_absolute_url(), 302)]
    rejection.refresh_from_db()
    found = Alert.objects.get()
    assert (rejection.became, rejection.became_id, found.severity) == ("created", found.pk, 3)
    assert rejection.sent_again_by == people.analyst.actor
    assert (rejection.sent_again_in.detector, rejection.sent_again_in.sent_by) == (detector, people.analyst.actor)
    assert bytes(rejection.raw) == json.dumps(BAD).encode()
    assert people.analyst.name in answer.content.decode()
    assert people.analyst.name in analyst.get(rejection.sent_again_in.get_absolute_url()).content.decode()
    event = Event.objects.get(action="alerts.send_again")
    assert event.actor == people.analyst.actor
    received = json.loads(bytes(Event.objects.filter(action="alerts.receive").latest("id").body))
    assert received["details"]["sent_by"] == people.analyst.actor

    again = analyst.post(address, {"body": json.dumps(alert(severity=4))}, follow=True)
    assert Alert.objects.get().severity == 3
    assert again.status_code == 200


def test_nothing_is_sent_in_the_name_of_a_detector_that_was_switched_off(post, analyst, people, detector):
    post([BAD])
    actions.change_detector(detector, is_active=False, by=people.admin)
    answer = analyst.post(f"/rejections/{Rejection.objects.get().pk}/send-again/", {"body": json.dumps(ALERT)})
    assert answer.status_code == 422
    assert b"is switched off" in answer.content
    assert Alert.objects.count() == 0


def test_what_was_cut_cannot_be_corrected(post, analyst):
    post([alert(ext={"padding": "x" * 300_000})])
    rejection = Rejection.objects.get()
    assert analyst.get(f"/rejections/{rejection.pk}/send-again/").status_code == 302


def test_rejections_are_replayed_in_the_background_with_progress(committed_db, post, analyst, people, monkeypatch):
    """What was wrong with them is read now: severities above 4 stand for the highest."""
    monkeypatch.setattr(mending, "REPLAYED_AT_ONCE", 4)
    post([*(one | {"severity": 9} for one in alerts(3)), *(one | {"kind": "premonition"} for one in alerts(7))])
    assert Rejection.objects.count() == 10
    page = analyst.get("/rejections/replay/", {"code": "invalid"}).content.decode()
    assert re.search(r"\b10\b(\s|<[^>]*>)*items", page)

    answer = analyst.post("/rejections/replay/?code=invalid")
    found = Replay.objects.get()
    assert answer["Location"] == found.get_absolute_url()
    assert b"At work" in analyst.get(found.get_absolute_url()).content

    from apps.alerts import wire

    monkeypatch.setattr(wire, "read", _lenient(wire.read))
    jobs.work_off(limit=1)
    waiting = found.rejections.filter(became="")
    assert waiting.count() == 6
    jobs.work_off()
    assert waiting.count() == 0
    page = analyst.get(found.get_absolute_url()).content.decode()
    assert "Done" in page
    assert "Rejected again" in page
    assert (found.rejections.filter(became="created").count(), Alert.objects.count()) == (3, 3)
    assert found.rejections.filter(became="rejected").count() == 7
    assert set(Batch.objects.exclude(sent_by="").values_list("sent_by", flat=True)) == {people.analyst.actor}

    once_more = analyst.post("/rejections/replay/?code=invalid&became=created", follow=True)
    assert b"nothing to send" in once_more.content


def _lenient(read):
    """As if severities above 4 were read now."""

    def fixed(raw, *, limit):
        return read(raw.replace(b'"severity": 9', b'"severity": 4'), limit=limit)

    return fixed


def test_a_table_is_shown_before_it_is_taken_and_is_what_was_shown(analyst, people, detector):
    address = f"/detectors/{detector.pk}/upload/"
    shown = analyst.post(address, {"file": SimpleUploadedFile("forum.csv", CSV.encode())})
    page = shown.content.decode()
    assert shown.status_code == 200
    assert "Row 3" in page
    assert "terrible" in page
    assert (Batch.objects.count(), shown.context["good"], shown.context["total"]) == (0, 1, 2)

    answer = analyst.post(address, {"seen": shown.context["seen"]})
    batch = Batch.objects.get()
    assert answer["Location"] == batch.get_absolute_url()
    assert b"".join(batch.body()) == CSV.encode()
    assert (batch.created, batch.rejected, batch.format, batch.sent_by) == (1, 1, "table", people.analyst.actor)
    assert Alert.objects.get().source_ref == "p/1"
    assert Event.objects.get(action="alerts.upload").actor == people.analyst.actor

    rejection = Rejection.objects.get()
    fixed = bytes(rejection.raw).decode().replace("terrible", "low")
    analyst.post(f"/rejections/{rejection.pk}/send-again/", {"body": fixed})
    rejection.refresh_from_db()
    assert rejection.became == "created"


def test_what_nobody_confirms_is_not_kept(analyst, detector, settings, tmp_path):
    settings.VAULT_DIR = tmp_path / "vault"

    def files() -> list[Path]:
        return [path for path in settings.VAULT_DIR.rglob("*") if path.is_file()]

    address = f"/detectors/{detector.pk}/upload/"
    analyst.post(address, {"file": SimpleUploadedFile("no.csv", CSV.replace("high", "dire").encode())})
    assert files() == []  # no row of it can be taken
    seen = analyst.post(address, {"file": SimpleUploadedFile("f.csv", CSV.encode())}).context["seen"]
    (held,) = files()
    assert held.read_bytes() == CSV.encode()
    os.utime(held, times=(time.time() - 25 * 3600,) * 2)
    sweep_vault()
    assert files() == []
    late = analyst.post(address, {"seen": seen}, follow=True)
    assert b"upload it again" in late.content
    assert Batch.objects.count() == 0


def test_what_was_confirmed_is_held_no_longer(analyst, detector, settings, tmp_path):
    settings.VAULT_DIR = tmp_path / "vault"
    address = f"/detectors/{detector.pk}/upload/"
    seen = analyst.post(address, {"file": SimpleUploadedFile("f.csv", CSV.encode())}).context["seen"]
    analyst.post(address, {"seen": seen})
    assert b"".join(Batch.objects.get().body()) == CSV.encode()
    assert list((settings.VAULT_DIR / "incoming").iterdir()) == []
    again = analyst.post(address, {"seen": seen}, follow=True)
    assert b"taken already" in again.content
    assert Batch.objects.count() == 1


def test_a_preview_belongs_to_who_saw_it(analyst, sign_in, people, detector, register):
    address = f"/detectors/{detector.pk}/upload/"
    seen = analyst.post(address, {"file": SimpleUploadedFile("f.csv", CSV.encode())}).context["seen"]
    assert sign_in(people.lead).post(address, {"seen": seen}).status_code == 302
    assert analyst.post(address, {"seen": seen[:-2]}).status_code == 302
    assert analyst.post(f"/detectors/{register('knotwork').pk}/upload/", {"seen": seen}).status_code == 403
    assert Batch.objects.count() == 0


@pytest.mark.parametrize("body", [b"a,b\r\n1,2\r\n", b"\xff\xfe\x00", b"source_ref\r\n", b"\x00" * 100])
def test_a_file_that_is_no_table_says_why(analyst, detector, body):
    answer = analyst.post(f"/detectors/{detector.pk}/upload/", {"file": SimpleUploadedFile("x.csv", body)})
    assert answer.status_code in (200, 422)
    assert b"cannot be read" in answer.content
    assert "seen" not in answer.context or b'name="seen"' not in answer.content


def test_who_may_send_in_a_detectors_name(post, sign_in, people, detector):
    post([BAD])
    rejection = Rejection.objects.get()
    for person in (people.counsel, people.auditor):
        client = sign_in(person)
        assert client.post(f"/rejections/{rejection.pk}/send-again/", {"body": json.dumps(ALERT)}).status_code == 403
        assert client.post("/rejections/replay/").status_code == 403
        assert client.get(f"/detectors/{detector.pk}/upload/").status_code == 403
    assert sign_in(people.admin).get(f"/detectors/{detector.pk}/upload/").status_code == 403
    assert Alert.objects.count() == 0
