"""The API of tests and runs: what programs send, what they are told, and what they may read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from apps.alerts import actions as alerts
from apps.alerts.models import SigningKey
from apps.evidence import actions, fingerprints
from apps.evidence.models import TestRun
from apps.staff import actions as staff
from tests.evidence.conftest import COUNTS, DECLARED, OPEN, key_named, ran, suspect_named
from tests.evidence.runs.test_plans import registered

pytestmark = pytest.mark.django_db
URL = "/api/v1/test-runs"


@pytest.fixture
def detector(people, api) -> Client:
    suspect_named("Lantern 7B", people.analyst)
    key_named("wm-2026-a", people.lead)
    return api()


def sent(**values: Any) -> dict[str, Any]:
    usual = {"test": "green-list", "suspect": "Lantern 7B", "inputs": COUNTS, "not_blind_because": OPEN}
    return usual | DECLARED | values


def post(client: Client, body: Any, **headers: str) -> Any:
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(URL, data, content_type="application/json", headers=headers)


def test_a_detector_submits_a_run(detector, people):
    answer = post(detector, sent(figures={"p_value": 0.5}))
    run = TestRun.objects.get()
    said = answer.json()
    assert answer.status_code == 201
    assert (said["ref"], said["outcome"], said["withheld"], said["is_fit"]) == (run.ref, "supports", [], True)
    assert said["result"]["sentence"] == run.result["sentence"]
    assert len(said["discrepancies"]) == 1
    assert "not one of 20" not in " ".join(said["warnings"])
    assert run.run_by.startswith("service:") or "detector" in run.run_by


def test_the_run_by_api_is_the_run_by_action(detector, people):
    post(detector, sent())
    by_api, by_action = TestRun.objects.get(), ran(people)
    by_action.refresh_from_db()
    for name in (
        "inputs_sha256",
        "result",
        "declared",
        "outcome",
        "dependency_group",
        "exploratory_because",
        "custody",
    ):
        assert getattr(by_api, name) == getattr(by_action, name), name


def test_the_same_submission_is_taken_once(detector):
    first = post(detector, sent())
    same = post(detector, sent())
    assert (first.status_code, same.status_code) == (201, 200)
    assert same.headers["Idempotent-Replayed"] == "true"
    assert first.json() == same.json()
    assert TestRun.objects.count() == 1


def test_an_idempotency_key_belongs_to_one_body(detector, people, api):
    assert post(detector, sent(), **{"Idempotency-Key": "run-1"}).status_code == 201
    assert post(detector, sent(), **{"Idempotency-Key": "run-1"}).status_code == 200
    other = post(detector, sent(n=1), **{"Idempotency-Key": "run-1"})
    assert other.status_code == 422
    assert other.json()["type"].endswith("idempotency_key_reused")
    assert post(api(), sent(n=1), **{"Idempotency-Key": "run-1"}).status_code == 201  # a key of its own
    assert post(detector, sent(), **{"Idempotency-Key": "x" * 256}).status_code == 400


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"test": "oracle"}, "test", "There is no test “oracle”"),
        ({"suspect": "Nobody"}, "suspect", "no registered suspect model “Nobody”"),
        ({"plan": "TP-1999-0001"}, "plan", "There is no plan"),
        ({"key": "unheard-of"}, "key", "registered watermark key"),
        ({"source": "EV-1999-0001"}, "source", "item of evidence"),
        ({"protected": "Harbour 9"}, "protected", "no version “Harbour 9”"),
        ({"inputs": COUNTS | {"gamma": 2}}, "inputs", "`inputs.gamma`"),
        ({"inputs": []}, "inputs", "expected `object`"),
        ({"n": -1}, "n", "`n`"),
        ({"controls": [{"nom": "x"}]}, "controls", "`controls[0]`"),
        ({"assumptions": {"distinct": {"status": "perhaps"}}}, "assumptions", "perhaps"),
        ({"collected_from": "2026-03-01T10:00:00"}, "collected_from", "timezone"),
        ({"surprise": 1}, "test", "surprise"),
        ({"not_blind_because": ""}, "not_blind_because", "(R3)"),
        ({"accounts": [{"account": "a"}]}, "accounts", "by row, not for all"),
    ],
)
def test_what_is_wrong_is_named_by_field(detector, changed, field, why):
    answer = post(detector, sent(**changed))
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert why in answer.json()["detail"]
    assert not TestRun.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [(b" ", 400), (b"{", 400), (b"[]", 400), (b'{"inputs": NaN}', 400), (b"\xff", 400), (b"[" * 200_000, 400)],
)
def test_what_is_no_run_is_refused_as_a_whole(detector, body, status):
    assert post(detector, body).status_code == status


def test_a_body_that_is_too_large_is_not_read(detector, monkeypatch):
    monkeypatch.setattr("apps.evidence.api.LARGEST", 10)
    assert post(detector, sent()).status_code == 413
    assert detector.post(URL, "x", content_type="text/plain").status_code == 415


def test_a_key_sends_so_many_runs_a_second(detector, settings):
    settings.INTAKE_REQUESTS_PER_SECOND = 1
    assert post(detector, "no run").status_code == 400
    answer = post(detector, sent())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert not TestRun.objects.exists()


def test_inputs_that_the_test_refuses_are_a_run_that_failed(detector):
    answer = post(detector, sent(inputs=COUNTS | {"green": 50_000}))
    assert (answer.status_code, answer.json()["outcome"]) == (201, "failed")
    assert "`green` is 50000" in answer.json()["failure"]


def test_a_run_under_a_plan(detector, people):
    plan = registered(people)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    early = post(detector, sent(plan=plan.ref, collected_from=moment.isoformat())).json()
    assert (early["plan"], early["is_exploratory"]) == (plan.ref, True)
    assert "began 2026-01-01 00:00 UTC" in early["exploratory_because"][0]


def test_many_accounts(detector):
    rows = [{"account": f"acct_{n}", "scored": 1000, "green": 250 + n} for n in range(30)]
    inputs = {name: COUNTS[name] for name in ("gamma", "distinct", "key_id")}
    answer = post(detector, sent(accounts=rows, inputs=inputs, n=30, suspect=None))
    assert (answer.status_code, answer.json()["accounts"]) == (201, 30)
    assert answer.json()["result"]["accounts"]["tested"] == 30


def test_the_publisher_tells_two_suspects_of_one_name_apart(detector, people):
    for publisher in ("Tern", "Gull"):
        actions.register_suspect(name="Twin", publisher=publisher, by=people.analyst)
    assert "add the publisher" in post(detector, sent(suspect="Twin")).json()["detail"]
    assert post(detector, sent(suspect="Twin (Gull)")).json()["suspect"] == "Twin (Gull)"


def test_a_detector_that_signs_is_taken_at_its_signature(people):
    detector = alerts.register_detector(
        slug="lab", name="Laboratory", kind="fingerprint", owner="Research", by=people.admin
    )
    alerts.add_signing_key(detector, method="hmac", reason="It signs", by=people.admin)
    alerts.require_signatures(detector, required=True, reason="From now on", by=people.admin)
    _, key = staff.issue_api_key(detector.service_account, by=people.admin)
    client = Client(headers={"authorization": f"Bearer {key}"})
    assert SigningKey.objects.exists()
    answer = post(client, sent())
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:casemgr:problem:signature_missing")


# --- reading ---------------------------------------------------------------------------------------------------------


def test_the_catalogue_says_what_each_test_takes(detector, sign_in, people):
    said = detector.get("/api/v1/tests").json()
    assert {one["id"] for one in said["tests"]} == set(fingerprints.TESTS)
    assert said["code_sha256"] == fingerprints.code_sha256()
    green = next(one for one in said["tests"] if one["id"] == "green-list")
    assert green["inputs"]["properties"]["gamma"]["exclusiveMaximum"] == 1
    assert {"scored", "green"} <= set(green["columns"])
    for one in said["tests"]:
        assert fingerprints.recompute(one["id"], one["example"]).test_version == one["version"]
    assert sign_in(people.reviewer).get("/api/v1/tests").status_code == 200
    assert sign_in(people.admin).get("/api/v1/tests").status_code == 403
    assert Client().get("/api/v1/tests").status_code == 401


def test_a_detector_reads_its_own_runs_and_people_read_all(detector, people, sign_in, api):
    own = post(detector, sent()).json()["ref"]
    other = ran(people)
    assert [run["ref"] for run in detector.get(URL).json()["runs"]] == [own]
    assert detector.get(f"{URL}/{own}").json()["result"]["n"] == 40_000
    assert detector.get(f"{URL}/{other.ref}").status_code == 404
    assert api().get(f"{URL}/{own}").status_code == 404
    reader = sign_in(people.reviewer)
    assert [run["ref"] for run in reader.get(URL).json()["runs"]] == [other.ref, own]
    assert reader.get(f"{URL}/{own}").status_code == 200
    assert TestRun.objects.get(ref=own).item.custody.filter(kind="view", actor=people.reviewer.actor).count() == 1
    assert sign_in(people.admin).get(URL).status_code == 403
    assert sign_in(people.admin).get(f"{URL}/{own}").status_code == 403
    assert post(sign_in(people.reviewer), sent()).status_code == 403


def test_runs_are_listed_by_cursor_and_narrowed(detector, people, sign_in):
    refs = [ran(people).ref, ran(people, suspect="Shoal-7").ref, ran(people).ref][::-1]
    client = sign_in(people.reviewer)
    first = client.get(URL, {"limit": 2}).json()
    rest = client.get(URL, {"limit": 2, "after": first["next"]}).json()
    assert [run["ref"] for run in first["runs"] + rest["runs"]] == refs
    assert rest["next"] is None
    assert [run["ref"] for run in client.get(URL, {"suspect": "Shoal-7"}).json()["runs"]] == [refs[1]]
    assert client.get(URL, {"limit": "0"}).status_code == 400
    assert client.get(URL, {"after": "nonsense"}).status_code == 404
