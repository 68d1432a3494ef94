"""The intake over HTTP: every item gets its verdict, nothing is counted twice, nothing becomes a 500."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Identifier
from apps.alerts import intake
from apps.alerts.models import Alert, AlertAccount, AlertGroup, Batch, Rejection
from apps.audit.models import Event
from tests.alerts.conftest import ALERT, alert, alerts

PROBLEM = "application/problem+json"


def verdicts(answer) -> list[str]:
    return [item["verdict"] for item in answer.json()["items"]]


def refused(answer) -> tuple[int, str]:
    """Status and code of a request whose only item was rejected."""
    assert answer["Content-Type"] == PROBLEM
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["items"][0]["code"]


def test_one_alert_is_created_kept_and_found_again(post, detector):
    answer = post(ALERT)
    assert answer.status_code == 201, answer.content
    item = answer.json()["items"][0]
    assert (item["position"], item["source_ref"], item["verdict"]) == (0, "volume/acct_1", "created")

    found = post.client.get("/api/v1/alerts", {"source": "tidegauge", "source_ref": "volume/acct_1"})
    assert found.status_code == 200
    assert found.json()["alert"] == ALERT
    assert found.json()["group"]["state"] == "open"
    assert post.client.get(f"/api/v1/alerts/{item['id']}").json() == found.json()

    batch = Batch.objects.get()
    assert b"".join(batch.body()) == json.dumps(ALERT).encode()
    assert AlertAccount.objects.get().account.ref == "acct_1"


def test_a_request_is_one_event_with_all_that_it_wrote(post):
    post(alerts(30))
    assert list(Event.objects.filter(action="alerts.receive").values_list("object_type", flat=True)) == [
        "alerts_detector"
    ]
    post([alert(severity=4)])
    assert Event.objects.filter(action="alerts.receive").count() == 2
    body = json.loads(bytes(Event.objects.filter(action="alerts.receive").first().body))
    assert body["details"]["created"] == 30
    assert {part["table"]: part["rows"] for part in body["batch"]} == {
        "alerts_batch": 1,
        "accounts_account": 30,
        "alerts_alert": 30,
        "alerts_alertgroup": 30,
    }


def test_a_list_is_judged_item_by_item_in_order(post):
    items = [alert(), alert(severity=9), alert(), alert(severity=3), alert(source_ref="b")]
    answer = post(items)
    assert answer.status_code == 201
    assert verdicts(answer) == ["created", "rejected", "duplicate", "updated", "created"]
    body = answer.json()
    assert [body[name] for name in ("received", "created", "updated", "duplicates", "rejected")] == [5, 2, 1, 1, 1]
    rejected = body["items"][1]
    assert (rejected["code"], rejected["field"]) == ("invalid", "severity")
    kept = Rejection.objects.get()
    assert str(kept.pk) == rejected["id"]
    assert json.loads(bytes(kept.raw)) == items[1]


def test_lines_are_taken_like_a_list(post):
    body = b"\n".join(json.dumps(item).encode() for item in alerts(3)) + b"\n\n"
    answer = post(body, content_type="application/x-ndjson")
    assert answer.status_code == 201
    assert verdicts(answer) == ["created"] * 3


def test_the_same_again_is_a_duplicate_with_the_existing_id(post):
    first, second = post(alerts(20)), post(alerts(20))
    assert (first.status_code, second.status_code) == (201, 200)
    assert verdicts(second) == ["duplicate"] * 20
    assert [i["id"] for i in first.json()["items"]] == [i["id"] for i in second.json()["items"]]
    assert Alert.objects.count() == 20


def test_order_of_keys_is_no_news(post):
    post(ALERT)
    assert verdicts(post(dict(reversed(ALERT.items())))) == ["duplicate"]


def test_an_update_counts_and_widens_the_window(post):
    post(alert())
    later = alert(action="update", severity=4, window={"start": "2026-05-04T12:00:00Z", "end": "2026-05-09T00:00:00Z"})
    assert verdicts(post(later)) == ["updated"]
    row = Alert.objects.get()
    assert (row.occurrences, row.severity) == (2, 4)
    assert (row.window_start.day, row.window_start.hour, row.window_end.day) == (4, 0, 9)
    shorter = alert(action="update", window={"start": "2026-05-06T00:00:00Z", "end": "2026-05-07T00:00:00Z"})
    assert verdicts(post(shorter)) == ["updated"]
    row.refresh_from_db()
    assert (row.window_start.day, row.window_end.day) == (4, 9)


def test_a_late_repeat_of_an_older_content_is_a_duplicate_not_an_update(post):
    post(alert())
    post(alert(action="update", severity=4))
    assert verdicts(post(alert())) == ["duplicate"]
    assert Alert.objects.get().severity == 4


def test_an_update_may_not_lower_the_start_of_the_window(post):
    post(alert())
    earlier = alert(action="update", window={"start": "2026-05-03T00:00:00Z", "end": "2026-05-05T00:00:00Z"})
    assert refused(post(earlier)) == (422, "window_start_lowered")


def test_close_takes_an_alert_back_and_its_group_falls_to_the_bottom(post):
    post(alert())
    assert verdicts(post(alert(action="close"))) == ["updated"]
    assert not Alert.objects.get().is_open
    group = AlertGroup.objects.get()
    assert (group.priority, group.reasons[0]["text"]) == (0, "The detector has closed all its alerts")


def test_an_update_that_overtook_its_create_is_not_lost(post):
    assert verdicts(post(alert(action="update", severity=3))) == ["created"]
    assert verdicts(post(alert())) == ["updated"]


REFUSALS = {
    "unknown_field": alert(colour="red"),
    "missing_field": alert(source_ref=...),
    "invalid": alert(kind="premonition"),
    "window_order": alert(window={"start": "2026-05-05T00:00:00Z", "end": "2026-05-04T00:00:00Z"}),
    "time_out_of_range": alert(detected_at="9999-12-31T23:59:59-12:00"),
    "p_below_floor": alert(score={"value": 0.1, "type": "p_value", "p": 1e-9, "p_floor": 1e-3}),
    "calibration_missing": alert(
        detector={"version": "1", "known_false_positives": []}, score={"value": 0.9, "type": "probability_calibrated"}
    ),
    "calibration_impossible": alert(
        detector={
            "version": "1",
            "known_false_positives": [],
            "calibration": {"set_id": "s", "n": 3, "false_positives": 4, "as_of": "2026-01-01"},
        }
    ),
    "interval_order": alert(score={"value": 1, "type": "raw", "effect": {"name": "r", "value": 1, "ci95": [2, 1]}}),
    "count_below_list": alert(subject={"type": "cluster", "cluster_ref": "c", "n_accounts": 1, "accounts": ["a", "b"]}),
    "prompts_inline": alert(ext={"sample": [{"prompt": "Tell me"}]}),
    "wrong_source": alert(source="somebody-else"),
    "nul_character": alert(title="a\0b"),
    "too_large": alert(ext={"padding": "x" * 300_000}),
    "too_deep": alert(ext=json.loads('{"a":' * 80 + "1" + "}" * 80)),
    "not_an_alert": [1],
}


@pytest.mark.parametrize("code", REFUSALS)
def test_what_is_wrong_is_said_by_code(post, code):
    body = REFUSALS[code]
    status = 400 if code in ("too_deep", "not_an_alert") else 422
    assert refused(post(body if isinstance(body, list) else [body])) == (status, code)
    assert Alert.objects.count() == 0
    assert Rejection.objects.get().code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('"title": "x", "title": "y"', "duplicate_key"),
        ('"ext": {"n": 1e999}', "number_out_of_range"),
        ('"ext": {"n": %s}' % ("9" * 6000), "number_out_of_range"),
    ],
)
def test_what_readers_would_understand_differently_is_refused(post, text, code):
    body = (
        json.dumps([alert(title=..., ext=...)])[:-2]
        + f", {text}"
        + ("" if "title" in text else ', "title": "t"')
        + "}]"
    )
    assert refused(post(body.encode())) == (422, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b" \n", "body_empty"),
        (b"[]", "body_empty"),
        (b"{", "not_json"),
        (b"42", "not_an_alert"),
        (b'["\xff"]', "not_json"),
        (b"\xef\xbb\xbf[]", "body_empty"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (b'{"a":' * 40_000, "too_deep"),
    ],
)
def test_a_body_that_holds_no_alerts_is_a_400_and_kept(post, body, code):
    answer = post(body)
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
    assert answer.json()["type"] == f"urn:casemgr:problem:{code}"
    assert b"".join(Batch.objects.get().body()) == body
    assert Rejection.objects.get().code == code


def test_too_much_is_a_413(post, settings):
    settings.INTAKE_MAX_BYTES = 1000
    assert post(b"[" + b" " * 1000 + b"]").status_code == 413


def test_other_media_types_are_a_415(post):
    for content_type in ("text/plain", "application/xml", "multipart/form-data; boundary=x", ""):
        assert post(b"[]", content_type=content_type).status_code == 415
    assert post(b"[]", headers={"content-encoding": "br"}).status_code == 415


def test_who_may_post(client, post, api, people, sign_in, detector):
    body = json.dumps(ALERT)
    anonymous = client.post("/api/v1/alerts", data=body, content_type="application/json")
    assert (anonymous.status_code, anonymous["Content-Type"]) == (401, PROBLEM)
    assert anonymous["WWW-Authenticate"].startswith("Bearer")
    wrong = client.post(
        "/api/v1/alerts", data=body, content_type="application/json", headers={"authorization": "Bearer cmk_a_b"}
    )
    assert wrong.status_code == 401
    without_detector = api().post("/api/v1/alerts", data=body, content_type="application/json")
    assert (without_detector.status_code, without_detector["Content-Type"]) == (403, PROBLEM)
    person = sign_in(people.lead).post("/api/v1/alerts", data=body, content_type="application/json")
    assert person.status_code == 403
    assert Alert.objects.count() == 0


def test_a_detector_that_was_switched_off_may_not_post(post, detector, people):
    from apps.alerts import actions

    actions.change_detector(detector, is_active=False, by=people.admin)
    answer = post(ALERT)
    assert (answer.status_code, answer["Content-Type"]) == (403, PROBLEM)


def test_a_detector_reads_its_own_alerts_only(post, api, register, people, sign_in):
    id_ = post(ALERT).json()["items"][0]["id"]
    other = api(register("knotwork").service_account)
    where = {"source": "tidegauge", "source_ref": "volume/acct_1"}
    assert other.get("/api/v1/alerts", where).status_code == 404
    assert other.get(f"/api/v1/alerts/{id_}").status_code == 404
    assert sign_in(people.analyst).get("/api/v1/alerts", where).status_code == 200
    assert sign_in(people.admin).get("/api/v1/alerts", where).status_code == 403
    assert other.get("/api/v1/alerts").json()["alerts"] == []
    assert other.get("/api/v1/alerts", {"source": "a\0", "source_ref": "b"}).status_code == 400


def test_an_idempotency_key_repeats_the_answer(post):
    headers = {"idempotency-key": "nightly-1"}
    first, again = post(alerts(3), headers=headers), post(alerts(3), headers=headers)
    assert first.json() == again.json()
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert Batch.objects.count() == 1
    other = post(alerts(4), headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:casemgr:problem:idempotency_key_reused"
    assert post(ALERT, headers={"idempotency-key": "x" * 256}).status_code == 400


def test_one_alert_may_say_more_than_fits_into_one_statement(post):
    """Few alerts go another way into the database than many; what they say may be much all the same."""
    devices = [{"type": "device", "value": f"device-{number}"} for number in range(60)]
    assert post(ALERT | {"indicators": devices}).status_code == 201
    assert Identifier.objects.filter(kind="device").count() == 60
    many = {"type": "cluster", "cluster_ref": "c", "accounts": [f"acct_m{number}" for number in range(1000)]}
    assert post(ALERT | {"source_ref": "many", "subject": many}).status_code == 201
    assert AlertAccount.objects.filter(alert__source_ref="many").count() == 1000


@pytest.mark.parametrize(("title", "status"), [(ALERT["title"], 201), ("Something else", 422)])
def test_a_key_that_another_request_used_meanwhile_answers_for_its_own_body_only(post, monkeypatch, title, status):
    headers = {"idempotency-key": "nightly-1"}
    first = post(ALERT, headers=headers)
    monkeypatch.setattr(intake, "_earlier", lambda *_: [])  # it had not committed when this one looked
    second = post(ALERT | {"title": title}, headers=headers)
    assert second.status_code == status
    if status == 201:
        assert second.json()["batch"] == first.json()["batch"]
    assert Batch.objects.count() == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(min_size=1, max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        ).map(lambda value: json.dumps(value).encode()),
        st.dictionaries(st.sampled_from(list(ALERT)), st.integers() | st.text() | st.none() | st.lists(st.text())).map(
            lambda changes: json.dumps([ALERT | changes]).encode("utf-8", "surrogatepass")
        ),
    )
)
def test_whatever_is_sent_is_never_an_error_of_ours(post, body):
    answer = post(body)
    assert answer.status_code in (200, 201, 400, 413, 422)
    assert json.loads(answer.content)
