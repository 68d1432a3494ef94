"""OCSF Detection Finding as native alerts."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import wire
from apps.alerts.formats import ocsf
from apps.alerts.formats.item import Item
from apps.alerts.native import Alert
from tests.alerts.formats import samples
from tests.alerts.formats.real import bodies


def items(body: bytes, **options: Any) -> list[Item]:
    return list(ocsf.items([body[:50], body[50:]], source="siem", **options))


def native(event: dict[str, Any]) -> dict[str, Any]:
    """The native alert of an event, which the intake would take."""
    (item,) = items(samples.dumped(event))
    assert item.refusal is None, item.refusal.reason
    taken(item)
    return json.loads(item.native or b"")


def taken(item: Item) -> Alert:
    assert item.refusal is None, item.refusal.reason
    return wire.read(item.native or b"", limit=samples.LIMIT).alert


def refusal(event: Any) -> wire.Refusal:
    (item,) = items(samples.dumped(event))
    assert item.refusal is not None
    return item.refusal


def event(**changes: Any) -> dict[str, Any]:
    """The sample with some keys changed; a dotted path reaches inside; `...` takes a key away."""
    changed = copy.deepcopy(samples.EVENT)
    for path, value in changes.items():
        *steps, last = path.split("__")
        place = changed
        for step in steps:
            place = place.setdefault(step, {})
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return changed


def test_an_event_is_an_alert() -> None:
    found = native(samples.EVENT)
    assert found.pop("ext") == {"ocsf": samples.EVENT}
    assert found == {
        "schema": "casemgr.alert/1",
        "source": "siem",
        "source_ref": "finding/77",
        "action": "create",
        "detector": {"version": "4.1.0", "known_false_positives": []},
        "title": "Shared prompt template",
        "kind": "template",
        "severity": 3,
        "detected_at": "2026-06-05T10:00:03.250000Z",
        "subject": {
            "type": "cluster",
            "cluster_ref": "finding/77",
            "n_accounts": 3,
            "accounts": ["acct_1", "acct_2", "acct_3"],
        },
        "indicators": [
            {"type": "ip", "value": "198.51.100.7"},
            {"type": "user_agent", "value": "curl/8.1; batch"},
            {"type": "asn", "value": "AS64500"},
            {"type": "email", "value": "one@example.com"},
            {"type": "ja4", "value": "t13d1516h2_8daaf6152771_b186095e22b6"},
            {"type": "ip", "value": "203.0.113.9"},
            {"type": "order_number", "value": "A-17"},
        ],
        "technique": ["AML.T0024.002"],
        "window": {"start": "2026-06-04T10:00:00Z", "end": "2026-06-05T09:00:00Z"},
        "score": {"value": 87, "type": "raw"},
        "target": {"model": "aurora-3", "version": "2026-05-01"},
    }


def test_one_event_a_list_and_lines_are_the_same_to_it() -> None:
    one = samples.dumped(samples.EVENT)
    pretty = json.dumps(samples.EVENT, indent=2).encode()
    assert len(items(one)) == len(items(one + b"\n")) == len(items(pretty)) == 1
    for body in (b"[" + one + b",\n" + one + b"]", one + b"\n" + one, one + b"\n\n" + one + b"\n"):
        assert [taken(item).source_ref for item in items(body)] == ["finding/77"] * 2


def test_a_bad_line_costs_no_other() -> None:
    one = samples.dumped(samples.EVENT)
    body = one + b"\n{broken\n\xff\n" + b"x" * 300_000 + b"\n" + one
    for by_line in (None, True):
        codes = [item.refusal.code if item.refusal else "" for item in items(body, by_line=by_line)]
        assert codes == ["", "not_json", "not_utf8", "too_large", ""]


def test_activities() -> None:
    expected = {0: "create", 1: "create", 2: "update", 3: "close", 99: "create"}
    assert {number: native(event(activity_id=number))["action"] for number in expected} == expected


@pytest.mark.parametrize(("severity", "expected"), [(0, 2), (1, 0), (2, 1), (3, 2), (4, 3), (5, 4), (6, 4), (99, 2)])
def test_severities(severity: int, expected: int) -> None:
    assert native(event(severity_id=severity))["severity"] == expected


def test_the_class_may_be_told_by_the_type_alone() -> None:
    assert native(event(class_uid=..., activity_id=..., type_uid=200403))["action"] == "close"


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        (
            {"class_uid": 2005},
            "class_not_taken",
            "class_uid 2005 is Incident Finding; casemgr takes OCSF Detection Finding, class 2004.",
        ),
        (
            {"class_uid": 3002, "class_name": "Authentication"},
            "class_not_taken",
            "class_uid 3002 is Authentication; casemgr takes OCSF Detection Finding, class 2004.",
        ),
        ({"class_uid": ..., "type_uid": ...}, "missing_field", "class_uid is missing: "),
        ({"finding_info__uid": ...}, "missing_field", "finding_info.uid is missing: "),
        ({"severity_id": 7}, "invalid", "severity_id is 7; it is one of 0, 1, 2, 3, 4, 5, 6, 99."),
        ({"severity_id": ...}, "missing_field", "severity_id is missing: "),
        ({"activity_id": "1"}, "invalid", "activity_id is 1; "),
        ({"time": ...}, "missing_field", "time is missing: "),
        ({"time": 5}, "time_out_of_range", "time is 5, which lies outside 2000 to 2100"),
        ({"time": "today"}, "invalid", "time is today; OCSF times are whole milliseconds since 1970."),
        ({"time": ..., "time_dt": "2026-06-05T10"}, "invalid", "time_dt: “2026-06-05T10” is no time with its zone"),
        ({"finding_info__last_seen_time": 1780000000000}, "window_order", "What was seen ends"),
        ({"evidences": ..., "observables": ...}, "missing_field", "evidences is missing: the event names no user"),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_told_in_ocsf_words(changes: dict[str, Any], code: str, reason: str) -> None:
    found = refusal(event(**changes))
    assert found.code == code
    assert found.reason.startswith(reason)


@pytest.mark.parametrize("time", [1780653603, 1780653603000])
def test_seconds_are_told_from_milliseconds(time: int) -> None:
    assert native(event(time=time))["detected_at"] == "2026-06-05T10:00:03Z"


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"evidences": [{"user": {"uid": "a"}}]}, {"type": "account", "n_accounts": 1, "accounts": ["a"]}),
        ({"evidences": [{"user": {"name": "a b"}}]}, {"type": "account", "n_accounts": 1, "accounts": ["a b"]}),
        ({"evidences": [{"src_endpoint": {"ip": "192.0.2.7"}}]}, {"type": "endpoint", "endpoint_ref": "192.0.2.7"}),
        ({"evidences": [], "device": {"uid": "d1"}}, {"type": "endpoint", "endpoint_ref": "d1"}),
        ({"evidences": [], "resources": [{"uid": "r1"}]}, {"type": "endpoint", "endpoint_ref": "r1"}),
        ({"evidences": [], "cloud": {"account": {"uid": "123"}}}, {"type": "organisation", "organisation_ref": "123"}),
        ({"evidences": [], "metadata": {"tenant_uid": "t"}}, {"type": "organisation", "organisation_ref": "t"}),
    ],
)  # fmt: skip
def test_what_it_is_about(changes: dict[str, Any], subject: dict[str, Any]) -> None:
    assert native(event(observables=..., **changes))["subject"] == subject


def test_more_accounts_than_an_alert_names_are_counted() -> None:
    users = [{"user": {"uid": f"acct_{n}"}} for n in range(1200)]
    subject = native(event(evidences=users, observables=...))["subject"]
    assert subject["n_accounts"] == 1200
    assert len(subject["accounts"]) == 1000


def test_a_long_uid_stays_one_of_a_kind() -> None:
    first, again, other = (native(event(finding_info__uid="u" * 300 + end))["source_ref"] for end in "xxy")
    assert first == again != other
    assert len(first) == 200


def test_a_native_alert_inside_is_taken_as_it_is() -> None:
    assert native(event(unmapped={"casemgr": samples.NATIVE}, activity_id=2)) == samples.NATIVE


def test_the_action_follows_the_event_that_a_forwarder_closed() -> None:
    assert native(event(unmapped={"casemgr": samples.NATIVE}, activity_id=3)) == samples.NATIVE | {"action": "close"}


_readable = st.characters(exclude_categories=["Cs", "Cc"])


@given(
    st.fixed_dictionaries(
        {
            "source_ref": st.text(_readable, min_size=1, max_size=40),
            "title": st.text(_readable, min_size=1, max_size=40),
            "severity": st.integers(0, 4),
            "action": st.sampled_from(["create", "update", "close"]),
            "ext": st.dictionaries(st.text(_readable, max_size=5), st.integers(-(2**53), 2**53), max_size=3),
        }
    )
)
def test_a_native_alert_goes_round_through_ocsf(changes: dict[str, Any]) -> None:
    alert = samples.NATIVE | changes
    activity = {"create": 1, "update": 2, "close": 3}[alert["action"]]
    carrier = {"class_uid": 2004, "activity_id": activity, "unmapped": {"casemgr": alert}}
    (item,) = items(samples.dumped(carrier))
    assert json.loads(item.native or b"") == alert
    direct = wire.read(samples.dumped(alert), limit=samples.LIMIT)
    assert wire.read(item.native or b"", limit=samples.LIMIT).digest == direct.digest


@given(st.binary(max_size=400))
def test_any_bytes_are_answered(body: bytes) -> None:
    for start in (b"", b"{", b'{"class_uid":2004,'):
        for item in items(start + body):
            assert (item.native is None) != (item.refusal is None)


_any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _some_of(keys: dict[str, Any]) -> Any:
    return st.dictionaries(st.sampled_from(sorted(keys)), _any, max_size=4)


@given(_some_of(samples.EVENT), _some_of(samples.EVENT["finding_info"]))
def test_any_value_in_any_key_is_answered(changes: dict[str, Any], info: dict[str, Any]) -> None:
    changed = samples.EVENT | {"finding_info": samples.EVENT["finding_info"] | info} | changes
    (item,) = items(samples.dumped(changed), by_line=False)
    assert (item.native is None) != (item.refusal is None)


@pytest.mark.parametrize("path", bodies("ocsf", "*.ocsf.json"))
def test_real_findings_are_taken(path: Path) -> None:
    body = path.read_bytes()
    found = items(body)
    assert len(found) == len(json.loads(body)) > 0
    for item, sent in zip(found, json.loads(body), strict=True):
        assert taken(item).source_ref == sent["finding_info"]["uid"]
        assert json.loads(item.native or b"")["ext"]["ocsf"] == sent
