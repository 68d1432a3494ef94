"""The real client packages against the served site: they work unchanged, and what is refused they can say."""

from hashlib import sha256

import pytest

from apps.alerts.models import Alert, AlertAccount, AlertGroup

pytestmark = pytest.mark.slow
PEOPLE = "decided by people"


def accounts(alert: Alert) -> set[str]:
    return set(AlertAccount.objects.filter(alert=alert).values_list("account__ref", flat=True))


def test_thehives_client_of_today_does_its_work(drive):
    done = drive("thehive5", "work")
    assert done["version"].startswith("2.")
    created = done["created"]
    assert (created["sourceRef"], created["severityLabel"], created["tlpLabel"]) == ("ring-41", "HIGH", "RED")
    assert (created["status"], created["stage"], created["observableCount"]) == ("New", "New", 3)
    assert {f["name"]: f["value"] for f in created["customFields"]} == {"queries": 541233, "model": "northlight-2"}
    assert done["again"]["_id"] == created["_id"]
    assert done["undated"][0] == done["undated"][1]  # a create whose answer was lost is repeated as it was
    assert done["updated"]["title"] == "Forty-one accounts on one card"
    assert done["updated"]["severity"] == 4
    assert done["updated"]["tags"] == ["card", "grown", "ring"]
    assert [one["data"] for one in done["observable"]] == ["acct_3"]
    assert done["file"][0]["attachment"]["sha256"] == sha256(b"\x00\r\n--not a boundary\r\n\xff").hexdigest()
    assert {one["data"] for one in done["observables"]} == {"acct_1", "acct_2", "acct_3", "192.0.2.7", "sample.bin"}
    assert done["found"] == [created["_id"]]
    assert created["_id"] in done["liked"]
    assert len(done["page"]) == 2
    assert done["count"] == [3, 2]
    assert done["me"]["login"] == "tidegauge"

    alert = Alert.objects.get(pk=created["_id"])
    assert accounts(alert) == {"acct_1", "acct_2", "acct_3"}
    assert alert.said["subject"]["type"] == "cluster"
    assert {"type": "ip", "value": "192.0.2.7"} in alert.said["indicators"]
    assert [file["bytes"] for file in alert.said["evidence"]] == [22]
    assert (alert.kind, alert.severity, alert.source_ref) == ("linkage", 4, "linkage:ring-finder:ring-41")


def test_thehives_client_of_today_can_say_what_is_refused(drive):
    done = drive("thehive5", "work")
    status, message = done["closed"]
    assert status == 403
    assert message.startswith("AuthorizationError - status")
    assert PEOPLE in message
    assert done["bad"] == [400, "BadRequest - source is required."]
    assert done["unknown filter"][0] == 400
    assert "customFields.queries" in done["unknown filter"][1]
    assert done["seconds"] < 20  # nothing was answered so that the client tries again and again
    assert set(AlertGroup.objects.values_list("state", flat=True)) == {"open"}


@pytest.mark.parametrize("name", ["thehive5", "thehive4"])
def test_each_call_of_thehives_clients_has_an_answer_in_its_form(drive, name):
    done = drive(name, "every_call")
    calls = {call: answer for call, answer in done.items() if isinstance(answer, list)}
    assert len(calls) > 20
    for call, (status, said, *_) in calls.items():
        if status in ("done", "not sent", 200, 201, 204):
            assert "<html" not in str(said), call
            continue
        assert 400 <= status < 500, (call, status, said)
        sentence = said["message"] if isinstance(said, dict) else said.partition(" - ")[2]
        assert sentence.endswith("."), (call, said)
    for decided in ("alert.promote_to_case", "alert.merge_into_case", "alert.bulk_merge_into_case", "case.create"):
        if name == "thehive5":
            assert calls[decided][0] == 403, decided
            assert PEOPLE in calls[decided][1]
    if name == "thehive5":
        assert "Nothing is deleted" in calls["alert.delete"][1]
        assert "Nothing is deleted" in calls["alert.bulk_delete"][1]


def test_a_strict_detector_hears_that_the_reference_is_known(drive, detector, people):
    from apps.alerts import actions

    actions.change_detector(detector, refuses_repeats=True, by=people.admin)
    done = drive("thehive5", "strict")
    assert done["again"][0] == 400
    assert done["again"][1].startswith("CreateError - Alert linkage:ring-finder:ring-41 already exist")
    assert Alert.objects.count() == 1


def test_the_key_is_taken_as_the_password_of_basic_and_a_wrong_one_is_told_apart(drive):
    done = drive("thehive5", "basic")
    assert Alert.objects.filter(pk=done["created"]).exists()
    assert done["wrong"][0] == 401
    assert done["wrong"][1].startswith("AuthenticationError - This API key is unknown")


def test_thehives_client_of_the_generation_before(drive):
    done = drive("thehive4", "work")
    assert done["version"].startswith("1.8")
    status, created, media_type = done["created"]
    assert (status, media_type) == (201, "application/json")
    assert created["id"] == created["_id"]
    assert (created["status"], created["caseTemplate"], created["tags"]) == ("New", None, ["y", "z"])
    assert created["customFields"]["model"]["string"] == "northlight-2"
    by_value = {one["data"]: one for one in created["artifacts"]}
    assert set(by_value) == {"acct_1", "192.0.2.7", "note.txt"}
    assert (by_value["192.0.2.7"]["tags"], by_value["192.0.2.7"]["tlp"]) == (["again"], 3)
    assert by_value["note.txt"]["attachment"]["size"] == 5
    assert done["again"][:2] == [201, created]
    assert done["fourth"][1]["externalLink"] == "https://meter.example/2"
    assert (done["updated"][0], done["updated"][1]["title"]) == (200, "Very odd volume")
    assert done["whole"][0] == 200
    assert done["artifact"][0] == 201
    assert done["file"][0] == 201
    assert {one["data"] for one in done["got"][1]["artifacts"]} == {*by_value, "acct_2", "log.txt"}
    assert done["found"] == [created["id"]]
    assert done["others"] == [done["fourth"][1]["id"]]
    assert done["all"] == 2
    assert done["me"][1]["id"] == "tidegauge"
    assert done["string"][0] == 400 or done["string"][1] != []
    for call in ("mark_alert_as_read", "mark_alert_as_unread", "promote_alert_to_case", "delete_alert", "merge"):
        status, said, _ = done[call]
        assert (status, said["type"]) == (403, "AuthorizationError"), call
    alert = Alert.objects.get(pk=created["id"])
    assert (alert.kind, accounts(alert)) == ("volume", {"acct_1", "acct_2"})


def test_iris_client_does_its_work(drive):
    done = drive("iris", "work")
    assert done["version"] == "2.0.4"
    ok, _, added = done["added"]
    assert ok
    assert (added["severity"]["severity_name"], added["status"]["status_name"]) == ("High", "New")
    assert added["alert_tags"] == "ring,synchrony"
    assert [one["ioc_tags"] for one in added["iocs"]] == ["a,b,c"]
    assert {one["asset_name"] for one in added["assets"]} == {"acct_1", "acct_2"}
    assert done["again"][2]["alert_id"] == added["alert_id"]
    assert done["got"][2] == added
    assert (done["updated"][0], done["updated"][2]["alert_title"]) == (True, "Larger ring")
    assert done["listed"][2]["alerts"] == [done["updated"][2]]
    assert done["filtered"][2]["total"] == 1
    assert done["none"][2]["total"] == 0
    alert = Alert.objects.get()
    assert (alert.severity, alert.source_ref, accounts(alert)) == (
        4, "ring-finder:ring-7", {"acct_1", "acct_2", "acct_3"},
    )  # fmt: skip
    assert alert.said["handling"]["tlp"] == "RED"
    assert alert.said["ext"]["iris"]["alert_source_content"] == {"rule": {"id": 100200, "level": 12}}


def test_iris_client_can_say_what_is_refused(drive):
    done = drive("iris", "work")
    assert done["missing"][0] is False
    assert "alert_severity_id" in done["missing"][1]
    assert "alert_severity_id" in done["missing"][2]
    assert done["wrong"][:2] == [False, "alert_severity_id is a number from 1 to 6."]
    for call in ("closed", "escalated", "merged", "unmerged"):
        assert done[call][0] is False, call
        assert PEOPLE in done[call][1], call
    assert "Nothing is deleted" in done["deleted"][1]
    assert done["nobody"][0] is False
    assert Alert.objects.get().group.state == "open"
    assert "Authentication required" in drive("iris", "key")["wrong"]


def test_each_call_of_iris_client_has_an_answer_in_its_form(drive):
    done = drive("iris", "every_call")
    calls = {call: answer for call, answer in done.items() if isinstance(answer, list)}
    assert len(calls) > 30
    for call, (ok, said, *_) in calls.items():
        assert ok is not True, call
        assert said and "JSON" not in said, (call, said)  # noqa: PT018 - one sentence, and it was read as one


def test_elastalerts_alerter_for_thehive(drive):
    done = drive("elastalert2", "thehive")
    assert done["sent"] == "sent"
    assert "400 Client Error" in done["wrong"]
    alert = Alert.objects.get()
    assert (alert.title, alert.kind, alert.severity) == ("Volume of acct_1", "volume", 3)
    assert accounts(alert) == {"acct_1"}
    held = alert.said["ext"]["thehive"]
    assert held["tags"] == ["acct_1", "fixed"]
    assert held["customFields"] == [{"name": "rule", "value": 7, "type": "integer", "order": 0}]
    assert len(held["observables"]) == 2  # of two matches that say the same


def test_elastalerts_alerter_for_iris(drive, tls_site):
    done = drive("elastalert2", "iris", tls_site)
    assert done == {"version": "2.19.0", "sent": "sent", "case": "Cannot create a new case: 403"}
    alert = Alert.objects.get()
    assert (alert.title, alert.severity) == ("Volume of one account", 2)
    assert alert.source_ref.startswith("ElastAlert2:sha256:")
    assert alert.said["indicators"] == [{"type": "ip", "value": "192.0.2.7"}]
    assert alert.said["ext"]["iris"]["alert_context"] == {"who": "acct_1"}
