"""Detectors that speak as clients of TheHive or DFIR-IRIS sign as any other; nothing they write goes around it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.alerts import actions, limits
from apps.alerts.models import Alert, Batch, SignatureRefusals
from tests.alerts.signatures.conftest import signed

JSON = {"content_type": "application/json"}
THEHIVE = {"type": "volume", "source": "meter", "sourceRef": "meter-000001", "title": "t", "description": "d"}
IRIS = {"alert_title": "t", "alert_severity_id": 5, "alert_status_id": 2, "alert_customer_id": 1}


@pytest.fixture(autouse=True)
def no_leases():
    limits._leases.clear()


@pytest.fixture
def send(post, detector, people) -> Callable[..., Any]:
    """`send("post", address, body, id="msg_1")` signs; without an id it does not."""
    secret = actions.add_signing_key(detector, method="hmac", reason="It signs", by=people.admin)
    actions.require_signatures(detector, required=True, reason="It signs", by=people.admin)

    def call(method: str, address: str, body: dict[str, Any], id: str | None = None, **headers: str) -> Any:
        data = json.dumps(body).encode()
        made = signed(data, secret, id=id) if id else {}
        return getattr(post.client, method)(address, data=data, headers=made | headers, **JSON)

    return call


@pytest.fixture
def known(send) -> str:
    """The id of an alert that is there."""
    return send("post", "/api/v1/alert", THEHIVE, id="msg_known").json()["_id"]


CREATING = [("/api/alert", THEHIVE), ("/api/v0/alert", THEHIVE), ("/api/v1/alert", THEHIVE), ("/alerts/add", IRIS)]


@pytest.mark.parametrize(("address", "body"), CREATING)
def test_an_alert_is_signed_or_refused_in_the_clients_own_form(send, address, body):
    answer = send("post", address, body)
    assert answer.status_code == 401
    said = answer.json()
    assert "and webhook-signature are missing" in said.get("data", [said["message"]])[0]
    assert answer["WWW-Authenticate"].startswith("Standard-Webhooks")
    wrong = send("post", address, body, id="msg_1", **{"webhook-id": "msg_2"})
    assert wrong.status_code == 401
    assert (Batch.objects.count(), SignatureRefusals.objects.get().total) == (0, 2)
    assert send("post", address, body, id="msg_1").status_code in (200, 201)
    assert Alert.objects.count() == 1


def test_what_cannot_be_read_is_not_read_before_it_is_checked(post, send):
    answer = post.client.post("/api/v1/alert", data=b"{not json", **JSON)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("patch", "/api/v1/alert/{pk}", {"title": "other"}),
        ("patch", "/api/alert/{pk}", {"title": "other"}),
        ("patch", "/api/v1/alert/_bulk", {"ids": ["{pk}"], "title": "other"}),
        ("post", "/api/v1/alert/{pk}/observable", {"dataType": "ip", "data": "192.0.2.7"}),
        ("post", "/api/alert/{pk}/artifact", {"dataType": "ip", "data": "192.0.2.7"}),
        ("post", "/alerts/update/{number}", {"alert_title": "other"}),
    ],
)
def test_whatever_else_writes_is_signed_too(send, known, method, address, body):
    before = list(Alert.objects.values())
    address = address.format(pk=known, number=int(known.replace("-", ""), 16))
    body = json.loads(json.dumps(body).replace("{pk}", known))
    assert send(method, address, body).status_code == 401
    assert list(Alert.objects.values()) == before
    assert send(method, address, body, id="msg_2").status_code in (200, 201, 204)
    assert Alert.objects.get().occurrences == 2


def test_reading_is_what_the_api_key_is_for(send, known):
    found = send("post", "/api/v1/query", {"query": [{"_name": "listAlert"}]})
    assert (found.status_code, [one["_id"] for one in found.json()]) == (200, [known])
    assert send("post", "/api/alert/_search", {}).status_code == 200


def test_a_caught_change_does_not_move_the_alert_back(send, known):
    """More often than the contents that are remembered: what was caught would be news again."""
    address = f"/api/v1/alert/{known}"
    assert send("patch", address, {"title": "caught"}, id="msg_caught").status_code == 204
    for n in range(22):
        assert send("patch", address, {"title": f"later {n}"}, id=f"msg_{n}").status_code == 204
    assert send("patch", address, {"title": "caught"}, id="msg_caught").status_code == 204  # as the first time
    alert = Alert.objects.get()
    assert (alert.title, alert.occurrences) == ("later 21", 24)


def test_a_caught_change_is_about_no_other_alert(send, known):
    """The signature does not cover the address."""
    other = send("post", "/api/v1/alert", THEHIVE | {"sourceRef": "meter-000002"}, id="msg_other").json()["_id"]
    assert send("patch", f"/api/v1/alert/{known}", {"title": "caught"}, id="msg_caught").status_code == 204
    answer = send("patch", f"/api/v1/alert/{other}", {"title": "caught"}, id="msg_caught")
    assert (answer.status_code, "used for another message" in answer.json()["message"]) == (400, True)
    bulk = send("patch", "/api/v1/alert/_bulk", {"ids": [other], "title": "x"}, id="msg_caught")
    assert bulk.status_code == 400
    assert Alert.objects.get(pk=other).title == "t"


def test_a_caught_alert_is_no_change_of_another(send, known):
    send("post", "/alerts/add", IRIS, id="msg_iris")
    number = int(known.replace("-", ""), 16)
    assert send("post", f"/alerts/update/{number}", IRIS, id="msg_iris").status_code == 400
    assert Alert.objects.get(pk=known).occurrences == 1


def test_an_alert_without_a_reference_is_there_once(send):
    first = send("post", "/alerts/add", IRIS, id="msg_1").json()
    assert send("post", "/alerts/add", IRIS, id="msg_1").json() == first
    assert Alert.objects.count() == 1
    assert send("post", "/alerts/add", IRIS, id="msg_2").json()["data"]["alert_uuid"] != first["data"]["alert_uuid"]


def test_one_message_changes_several_alerts_once(send, known):
    other = send("post", "/api/v1/alert", THEHIVE | {"sourceRef": "meter-000002"}, id="msg_other").json()["_id"]
    for _ in range(2):
        answer = send("patch", "/api/v1/alert/_bulk", {"ids": [known, other], "title": "both"}, id="msg_bulk")
        assert answer.status_code == 204
    assert list(Alert.objects.values_list("title", "occurrences")) == [("both", 2), ("both", 2)]
    assert {batch.message_id for batch in Batch.objects.all()} == {"msg_known", "msg_other", "msg_bulk"}


def test_refusals_are_within_the_limits_of_the_key(send, detector, people):
    actions.change_detector(detector, requests_per_second=1, by=people.admin)
    statuses = [send("post", "/api/v1/alert", THEHIVE).status_code for _ in range(4)]
    assert statuses.count(429) >= 2
    assert SignatureRefusals.objects.get().total == statuses.count(401)
