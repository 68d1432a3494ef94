"""What detectors sent names people: an alert's page masks it, and who sees more is on record."""

import json

import pytest

from apps.alerts import actions
from apps.alerts.models import Alert, Rejection
from apps.audit.models import Event
from apps.audit.reads.look import ReasonNeeded
from tests.alerts.conftest import alert

INDICATORS = [
    {"type": "email", "value": "ada.lovelace@elm.example"},
    {"type": "ip", "value": "198.51.100.7"},
    {"type": "telegram", "value": "ada_lovelace"},
    {"type": "phone", "value": "no number at all"},
    {"type": "email", "value": "c0ffee", "key_id": "detector-1"},
]


@pytest.fixture
def said(post) -> Alert:
    post([alert(indicators=INDICATORS)])
    return Alert.objects.get()


def looks(verb: str) -> list[str]:
    return list(Event.objects.filter(action=verb).order_by("id").values_list("reason", flat=True))


def test_an_alerts_page_masks_what_names_people(said, people, sign_in):
    page = sign_in(people.reviewer).get(said.get_absolute_url()).content.decode()
    assert "a…@elm.example" in page
    assert "lovelace" not in page.replace("…lace", "")
    assert "no number" not in page
    assert "c0ffee" in page  # hashed by the detector already
    assert looks("alerts.open_payload") == []


def test_an_alert_as_it_was_sent_asks_why_unless_it_is_ones_work(said, people, sign_in):
    client, address = sign_in(people.analyst), f"{said.get_absolute_url()}as-sent/"
    page = client.get(address).content.decode()
    assert "Why do you look?" in page
    assert "lovelace" not in page
    page = client.post(address, {"reason": "Its holder complained"}, follow=True).content.decode()
    assert "ada.lovelace@elm.example" in page
    assert looks("alerts.open_payload") == ["Its holder complained"]

    actions.claim(said.group, by=people.lead)
    assert "ada.lovelace@elm.example" in sign_in(people.lead).get(address).content.decode()
    assert looks("alerts.open_payload") == ["Its holder complained", ""]


def test_a_request_is_taken_with_a_reason_only(said, people):
    with pytest.raises(ReasonNeeded):
        actions.download_body(said.batch, by=people.lead)
    actions.download_body(said.batch, reason="The detector's maker asks", by=people.lead)
    event = Event.objects.get(action="alerts.download_body")
    assert json.loads(bytes(event.body))["details"] == {"sha256": said.batch.raw_sha256}


def test_who_reads_what_was_rejected_is_on_record_once(post, people, sign_in):
    post([{"title": "not an alert"}])
    rejection = Rejection.objects.get()
    client = sign_in(people.analyst)
    client.get(f"/rejections/{rejection.pk}/")
    client.get(f"/rejections/{rejection.pk}/item/")
    client.get(f"/rejections/{rejection.pk}/send-again/")
    assert looks("alerts.open_rejection") == [""]
