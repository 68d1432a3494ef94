"""What scripts send that have no package: the two forwarders of Wazuh, errors, other people's alerts, no clash."""

import json
from uuid import UUID

import pytest
from django.test import Client
from django.urls import resolve

from apps.alerts.compat.urls import urlpatterns
from apps.alerts.models import Alert, Batch, Rejection
from tests.alerts.conftest import ALERT

JSON = {"content_type": "application/json"}
THEHIVE = {"type": "volume", "source": "meter", "sourceRef": "m-1", "title": "t", "description": "d"}
IRIS = {"alert_title": "t", "alert_severity_id": 5, "alert_status_id": 2, "alert_customer_id": 1}


@pytest.fixture
def client(post) -> Client:
    return post.client


def send(client: Client, address: str, body, **options):
    data = body if isinstance(body, bytes) else json.dumps(body)
    return client.post(address, data=data, **JSON | options)


def wazuh_to_thehive(ref: str, **changes) -> dict:
    """As the script has it: a short random reference, the rule in a table, each address once for each mention."""
    addresses = ["192.0.2.7", "192.0.2.7", "192.0.2.7", "198.51.100.3"]
    return {
        "title": "sshd: brute force trying to get access to the system",
        "tlp": 2,
        "tags": ["wazuh", "rule=5712", "agent_name=gate-1", "agent_id=003", "agent_ip=192.0.2.1"],
        "description": "## rule\n| key | val |\n| --- | --- |\n| rule.id | 5712 |\n",
        "type": "wazuh_alert",
        "source": "wazuh",
        "sourceRef": ref,
        "artifacts": [{"dataType": "ip", "data": value, "message": None, "tags": []} for value in addresses],
    } | changes


def test_wazuhs_forwarder_for_thehive(client):
    answer = send(client, "/api/alert", wazuh_to_thehive("4f2a9c"))
    assert answer.status_code == 201
    assert UUID(answer.json()["id"])
    assert [one["data"] for one in answer.json()["artifacts"]] == ["192.0.2.7", "198.51.100.3"]
    repeated = send(client, "/api/alert", wazuh_to_thehive("4f2a9c"))
    assert (repeated.status_code, repeated.json()) == (201, answer.json())
    assert Alert.objects.get().occurrences == 1


def test_wazuhs_forwarder_for_iris(client):
    said = {
        "alert_title": "sshd: brute force",
        "alert_description": "rule 5712",
        "alert_source": "Wazuh",
        "alert_source_ref": "1780650003.1174",
        "alert_source_link": "https://wazuh.example/app/",
        "alert_severity_id": 4,
        "alert_status_id": 2,
        "alert_source_event_time": "2026-06-05T10:00:03.512+0000",
        "alert_note": "",
        "alert_tags": "wazuh,gate-1",
        "alert_customer_id": 1,
        "alert_source_content": {"rule": {"id": "5712", "level": 10}, "data": {"srcip": "192.0.2.7"}},
    }
    answer = send(client, "/alerts/add", said)
    assert (answer.status_code, answer.json()["status"]) == (200, "success")
    assert send(client, "/alerts/add", said).json()["data"] == answer.json()["data"]
    alert = Alert.objects.get()
    assert (alert.source_ref, alert.severity, alert.occurrences) == ("Wazuh:1780650003.1174", 1, 1)
    assert alert.detected_at.isoformat() == "2026-06-05T10:00:03.512000+00:00"


def test_another_content_under_the_same_reference_is_not_lost(client):
    first = send(client, "/api/alert", THEHIVE).json()
    second = send(client, "/api/alert", THEHIVE | {"title": "Quite another"}).json()
    assert Alert.objects.filter(title="Quite another").exists()
    assert Batch.objects.count() == 2
    assert second["status"] == "Updated" or second["id"] != first["id"]


def test_without_reference_and_time_each_is_an_alert_of_its_own(client):
    for _ in range(2):
        assert send(client, "/alerts/add", IRIS).status_code == 200
    assert Alert.objects.count() == 2


@pytest.mark.parametrize("prefix", ["/api/", "/api/v0/", "/api/v1/"])
def test_thehives_addresses_are_the_same_with_every_prefix(client, prefix):
    made = send(client, f"{prefix}alert", THEHIVE)
    assert made.status_code == 201
    one = f"{prefix}alert/{made.json()['_id']}"
    assert client.get(one).json() == made.json()
    changed = client.patch(one, data=json.dumps({"severity": 4}), **JSON)
    assert changed.status_code == (204 if "v1" in prefix else 200)
    assert client.get(one).json()["severity"] == 4
    for call in ("case", "createCase", "merge/~3", "import/~3", "markAsRead"):
        refused = send(client, f"{one}/{call}", {})
        assert (refused.status_code, refused.json()["type"]) == (403, "AuthorizationError"), call
    assert client.delete(one).status_code == 403
    assert client.put(one).json() == {"type": "MethodNotAllowed", "message": 'Method "PUT" not allowed.'}


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("/api/alert", b"{", 400),
        ("/api/alert", b"", 400),
        ("/api/v1/alert", b"[1]", 400),
        ("/api/v1/alert", THEHIVE | {"severity": 9}, 400),
        ("/api/v1/alert", THEHIVE | {"messages": ["a prompt"]}, 400),
        ("/api/v1/query", {"query": []}, 400),
        ("/api/v1/query", {"query": [{"_name": "listCase"}]}, 400),
        ("/api/v1/query", {"query": [{"_name": "listAlert"}, {"_name": "filter", "_sql": 1}]}, 400),
        ("/api/v1/query", {"query": [{"_name": "getAlert", "idOrName": "~1"}]}, 404),
        ("/api/alert/_search?range=x", {}, 400),
        ("/api/alert/_search", {"query": {"_gt": {"date": 10**40}}}, 400),
        ("/api/alert/_search", {"query": {"_and": "x"}}, 400),
        ("/api/v1/alert/_bulk", {}, 405),
    ],
)
def test_errors_have_thehives_form(client, address, body, status):
    answer = send(client, address, body)
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"type", "message"}
    assert answer.json()["message"].endswith(".")


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("/alerts/add", b"{", 400),
        ("/alerts/add", {}, 400),
        ("/alerts/add", IRIS | {"alert_iocs": 3}, 400),
        ("/alerts/update/1", {}, 404),
        ("/alerts/update/" + "9" * 60, {}, 404),
        ("/alerts/escalate/1", {}, 403),
        ("/alerts/batch/delete", {}, 403),
        ("/alerts/batch/update", {}, 404),
        ("/manage/cases/add", {}, 403),
        ("/case/ioc/add", {}, 403),
        ("/alerts/filter", {}, 405),
    ],
)
def test_errors_have_iris_form(client, address, body, status):
    answer = send(client, address, body)
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"status", "message", "data"}
    assert answer.json()["status"] == "error"


@pytest.mark.parametrize("query", ["page=0", "per_page=x", "alert_assets=x", "alert_status_id=new"])
def test_a_filter_that_is_not_understood_is_said(client, query):
    assert client.get(f"/alerts/filter?{query}").status_code == 400


def test_pages_of_iris_filter(client):
    for n in range(5):
        send(client, "/alerts/add", IRIS | {"alert_source_ref": f"r{n}", "alert_source": "s"})
    first = client.get("/alerts/filter?per_page=2&sort=asc").json()["data"]
    assert [one["alert_source_ref"] for one in first["alerts"]] == ["r0", "r1"]
    assert (first["total"], first["last_page"], first["current_page"], first["next_page"]) == (5, 3, 1, 2)
    last = client.get("/alerts/filter?per_page=2&page=3&sort=asc").json()["data"]
    assert ([one["alert_source_ref"] for one in last["alerts"]], last["next_page"]) == (["r4"], None)
    assert client.get("/alerts/filter?source_reference=r3&alert_severity_id=5").json()["data"]["total"] == 1
    assert client.get("/alerts/filter?alert_status_id=6").json()["data"]["total"] == 0


def test_a_body_that_is_too_large(client, settings):
    settings.INTAKE_MAX_BYTES = 1000
    for address in ("/api/alert", "/alerts/add"):
        answer = send(client, address, THEHIVE | {"description": "x" * 1000})
        assert answer.status_code == 413
        assert "1,000 bytes" in answer.json()["message"]
    assert Batch.objects.count() == 0


def test_whose_key_it_is(client, key, sign_in, people):
    for headers in ({"x-iris-auth": key}, {"authorization": f"Bearer {key}"}):
        assert Client(headers=headers).get("/api/ping").json()["status"] == "success"
    for headers in ({}, {"x-iris-auth": "cmk_a_b"}, {"authorization": "Basic !!"}, {"authorization": "Bearer "}):
        assert Client(headers=headers).get("/api/ping").status_code == 401
        assert send(Client(headers=headers), "/api/alert", THEHIVE).json()["type"] == "AuthenticationError"
    assert sign_in(people.analyst).get("/api/ping").status_code == 401  # people have pages


# One address of each name in urls.py.
ADDRESSES = [
    *(
        f"/api/{prefix}{call}"
        for prefix in ("", "v0/", "v1/")
        for call in (
            "alert", "alert/_bulk", "alert/merge/_bulk", "alert/delete/_bulk", "alert/~1", "alert/~1/follow",
            "alert/~1/observable", "alert/~1/case", "alert/~1/markAsRead", "user/current", "case/~3", "task/~3",
        )
    ),
    "/api/alert/_search", "/api/v0/alert/_search", "/api/v1/query", "/api/health", "/api/ping", "/api/versions",
    "/alerts/add", "/alerts/filter", "/alerts/1", "/alerts/update/1", "/alerts/escalate/1", "/alerts/delete/1",
    "/case/ioc/add", "/manage/users/list", "/search",
]  # fmt: skip


def test_the_addresses_are_all_there():
    assert {resolve(address).url_name for address in ADDRESSES} == {pattern.name for pattern in urlpatterns}


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_answers_without_a_detectors_key(address, sign_in, people):
    for visitor in (Client(enforce_csrf_checks=True), sign_in(people.analyst, enforce_csrf_checks=True)):
        for method in ("post", "get", "patch") if address != "/search" else ("post",):
            answer = getattr(visitor, method)(address)
            assert (answer.status_code, answer["Content-Type"]) == (401, "application/json"), method


def test_a_detector_sees_and_changes_its_own_alerts_only(client, api, register):
    theirs = send(client, "/api/v1/alert", THEHIVE).json()["_id"]
    other = api(register("knotwork").service_account)
    assert other.get(f"/api/v1/alert/{theirs}").status_code == 404
    assert other.patch(f"/api/v1/alert/{theirs}", data=json.dumps({"title": "x"}), **JSON).status_code == 404
    assert other.get(f"/alerts/{UUID(theirs).int}").status_code == 404
    listed = {"query": [{"_name": "listAlert"}]}
    assert send(other, "/api/v1/query", listed).json() == []
    assert len(send(client, "/api/v1/query", listed).json()) == 1
    assert other.get("/alerts/filter").json()["data"]["total"] == 0


def test_a_key_without_a_detector_gets_nowhere(api):
    stranger = api()
    assert send(stranger, "/api/alert", THEHIVE).status_code == 403
    assert send(stranger, "/alerts/add", IRIS).status_code == 403


def test_an_alert_of_our_own_form_is_read_and_added_to(client, post):
    made = post(ALERT).json()["items"][0]["id"]
    shown = client.get(f"/api/v1/alert/{made}").json()
    assert (shown["type"], shown["source"], shown["sourceRef"]) == ("volume", "tidegauge", "volume/acct_1")
    assert (
        send(client, f"/api/v1/alert/{made}/observable", {"dataType": "account", "data": "acct_2"}).status_code == 201
    )
    alert = Alert.objects.get()
    assert alert.said["score"] == ALERT["score"]
    assert alert.said["subject"]["accounts"] == ["acct_1", "acct_2"]
    assert client.get(f"/alerts/{UUID(made).int}").json()["data"]["alert_uuid"] == made


@pytest.mark.parametrize(
    "ext",
    [
        {"thehive": 5, "iris": []},
        {"thehive": {"tlp": 77, "observables": [{}]}, "iris": {"alert_iocs": ["x"], "alert_tags": 3}},
        {"thehive": {"customFields": [1]}, "iris": {"alert_severity_id": [1]}},
    ],
)
def test_what_somebody_else_wrote_under_ext_breaks_nothing(client, post, ext):
    made = post(ALERT | {"ext": ext}).json()["items"][0]["id"]
    for address in (f"/api/alert/{made}", f"/api/v1/alert/{made}", f"/alerts/{UUID(made).int}"):
        assert client.get(address).status_code == 200
    assert client.patch(f"/api/alert/{made}", data=b'{"severity":4}', **JSON).json()["severity"] == 4
    changed = send(client, f"/alerts/update/{UUID(made).int}", {"alert_title": "Another"})
    assert changed.json()["data"]["alert_title"] == "Another"
    forged = b'{"_known":' + json.dumps(ALERT | {"subject": 3}).encode() + b"}\n{}"
    assert send(client, "/api/alert", forged).status_code == 400


def test_our_own_addresses_are_where_they_were(client, sign_in, people):
    made = send(client, "/api/alert", THEHIVE).json()["id"]
    page = sign_in(people.analyst).get(f"/alerts/{made}/")
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert client.get(f"/api/v1/alerts/{made}").json()["alert"]["source"] == "tidegauge"
    assert client.get("/api/v1/nothing").json()["detail"] == "The API has no /api/v1/nothing."
    assert sign_in(people.analyst).get("/search").status_code == 301


def test_a_strict_detector_of_iris_hears_that_the_reference_is_known(client, detector, people):
    from apps.alerts import actions

    actions.change_detector(detector, refuses_repeats=True, by=people.admin)
    said = IRIS | {"alert_source": "s", "alert_source_ref": "r"}
    made = send(client, "/alerts/add", said).json()["data"]
    again = send(client, "/alerts/add", said)
    assert again.status_code == 400
    assert again.json()["data"]["alert_id"] == made["alert_id"]
    strict = send(client, "/api/alert", THEHIVE).json()["_id"]
    known = send(client, "/api/alert", THEHIVE | {"title": "changed"}).json()
    assert (known["type"], known["object"]["_id"]) == ("CreateError", strict)
    assert Alert.objects.filter(title="changed").count() == 0
    assert Rejection.objects.count() == 0


def test_a_detector_that_was_switched_off(client, detector, people):
    from apps.alerts import actions

    actions.change_detector(detector, is_active=False, by=people.admin)
    answer = send(client, "/api/alert", THEHIVE)
    assert (answer.status_code, answer.json()["type"]) == (403, "AuthorizationError")
