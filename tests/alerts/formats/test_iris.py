"""DFIR-IRIS's alerts as native ones: numbers of a fresh installation, nulls, tags as one text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import wire
from apps.alerts.formats import iris, reading

SAID = {
    "alert_title": "A ring",
    "alert_severity_id": 5,
    "alert_status_id": 2,
    "alert_customer_id": 1,
    "alert_source": "wazuh",
    "alert_source_ref": "1780650000.77",
    "alert_source_event_time": "2026-06-05T10:00:03.500+0200",
}


def said(**changes) -> bytes:
    return json.dumps({k: v for k, v in (SAID | changes).items() if v is not ...}).encode()


def only(body: bytes):
    (item,) = iris.items([body], source="meter")
    assert item.raw == body
    return item


def native(body: bytes) -> dict:
    item = only(body)
    assert item.refusal is None, item.refusal
    wire.read(item.native, limit=256 * 1024)
    return json.loads(item.native)


def refused(body: bytes) -> tuple[str, str]:
    item = only(body)
    assert item.native is None
    return item.refusal.code, str(item.refusal)


def test_an_alert():
    found = native(said())
    assert (found["source"], found["source_ref"]) == ("meter", "wazuh:1780650000.77")
    assert (found["severity"], found["detected_at"]) == (3, "2026-06-05T08:00:03.500000+00:00")
    assert found["subject"] == {"type": "endpoint"}


@pytest.mark.parametrize(("given_", "severity"), [(1, 2), (2, 2), (3, 0), (4, 1), (5, 3), (6, 4), ("6", 4)])
def test_severities_are_those_of_a_fresh_installation(given_, severity):
    assert native(said(alert_severity_id=given_))["severity"] == severity


@pytest.mark.parametrize(
    "moment", ["2026-06-05T08:00:03", "2026-06-05T08:00:03Z", "2026-06-05T10:00:03+0200", "2026-06-05T10:00:03+02:00"]
)
def test_a_time_without_zone_is_utc(moment):
    assert native(said(alert_source_event_time=moment))["detected_at"] == "2026-06-05T08:00:03+00:00"


def test_iocs_and_assets_become_accounts_and_indicators():
    found = native(
        said(
            alert_iocs=[
                {"ioc_value": "192.0.2.1", "ioc_type_id": 79, "ioc_tlp_id": 3, "ioc_tags": "b"},
                {"ioc_value": "192.0.2.1", "ioc_type_id": 79, "ioc_tags": "a,b", "ioc_description": "x"},
                {"ioc_value": "acct_2", "ioc_type_id": 3, "ioc_tlp_id": 1},
                {"ioc_value": "odd", "ioc_type_id": 4711},
            ],
            alert_assets=[
                {"asset_name": "acct_1", "asset_type_id": 1, "asset_ip": "192.0.2.9"},
                {"asset_name": "host-1", "asset_type_id": 3, "asset_domain": "example.org", "asset_tags": None},
            ],
        )
    )
    assert found["subject"]["accounts"] == ["acct_1", "acct_2"]
    assert found["indicators"] == [
        {"type": "ip", "value": "192.0.2.9"},
        {"type": "hostname", "value": "host-1"},
        {"type": "domain", "value": "example.org"},
        {"type": "ip", "value": "192.0.2.1"},
        {"type": "ioc-type-4711", "value": "odd"},
    ]
    assert found["handling"]["tlp"] == "RED"
    first = found["ext"]["iris"]["alert_iocs"][0]
    assert (first["ioc_tags"], first["ioc_description"], first["ioc_tlp_id"]) == ("a,b", "x", 3)


def test_an_alert_about_a_machine_is_about_an_endpoint():
    found = native(said(alert_assets=[{"asset_name": "host-1", "asset_type_id": 3}]))
    assert found["subject"] == {"type": "endpoint", "endpoint_ref": "host-1"}


def test_tags_are_one_text_and_may_be_null():
    assert native(said(alert_tags=" b, a,,b"))["ext"]["iris"]["alert_tags"] == ["a", "b"]
    held = native(said(alert_tags=None, alert_note=None, alert_source_content={"rule": {"id": "7"}}, mine=1))
    assert "alert_tags" not in held["ext"]["iris"]
    assert (held["ext"]["iris"]["alert_source_content"], held["ext"]["iris"]["mine"]) == ({"rule": {"id": "7"}}, 1)


def test_without_a_reference_the_content_is_the_reference():
    plain = said(alert_source_ref=...)
    ref = native(plain)["source_ref"]
    assert ref.startswith("wazuh:sha256:")
    assert native(plain)["source_ref"] == ref
    assert native(said(alert_source_ref=None, alert_title="Another"))["source_ref"] != ref
    assert (
        native(said(alert_source_ref="r" * 400))["source_ref"] == native(said(alert_source_ref="r" * 400))["source_ref"]
    )
    assert iris.names_itself(json.loads(plain))
    assert not iris.names_itself({"alert_title": "x"})


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"alert_title": ...}, "missing_field", "alert_title: required."),
        ({"alert_status_id": None, "alert_customer_id": ""}, "missing_field", "alert_status_id, alert_customer_id"),
        ({"alert_severity_id": 99}, "invalid", "alert_severity_id is a number from 1 to 6."),
        ({"alert_source_event_time": "yesterday"}, "invalid", "is an ISO 8601 date and time."),
        ({"alert_source_event_time": 5}, "invalid", "is an ISO 8601 date and time."),
        ({"alert_iocs": [{"ioc_value": "x"}]}, "missing_field", "Every entry of alert_iocs has ioc_type_id."),
        ({"alert_assets": "x"}, "invalid", "alert_assets is a list of objects."),
        ({"alert_tags": 5}, "invalid", "alert_tags is a text with commas."),
    ],
)
def test_what_cannot_be_an_alert_is_a_sentence(changes, code, words):
    found, reason = refused(said(**changes))
    assert (found, words in reason) == (code, True), reason


def test_a_change_adds_and_never_takes_away():
    known = native(said(alert_assets=[{"asset_name": "acct_1", "asset_type_id": 1}], alert_tags="a"))
    more = {
        "alert_severity_id": 6,
        "alert_title": "Larger",
        "alert_assets": [{"asset_name": "acct_2", "asset_type_id": 1}],
    }
    now = native(iris.change(known, json.dumps(more).encode()))
    assert (now["severity"], now["title"], now["action"]) == (4, "Larger", "update")
    assert now["subject"]["accounts"] == ["acct_1", "acct_2"]
    assert now["ext"]["iris"]["alert_tags"] == ["a"]
    assert now["source_ref"] == known["source_ref"]
    assert native(iris.change(now, b"{}")) == now
    assert refused(iris.change(known, b'{"alert_source_ref":"x"}'))[0] == "identity"
    assert refused(iris.change(known, b'{"alert_owner_id":1}'))[0] == "for_people"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PARTS = ("ioc_value", "ioc_type_id", "ioc_tlp_id", "ioc_tags", "asset_name", "asset_type_id", "asset_ip", "asset_tags")
KEYS = st.sampled_from([*SAID, "alert_iocs", "alert_assets", "alert_tags", "alert_note"])


@given(
    st.dictionaries(KEYS, JSON | st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(PARTS, JSON)), max_size=3))
)
def test_whatever_the_values_the_answer_is_an_alert_or_a_sentence(changes):
    (item,) = iris.items([said(**changes)], source="meter")
    assert (item.native is None) != (item.refusal is None)
    (change,) = iris.items([iris.change(native(said()), json.dumps(changes).encode())], source="meter")
    assert (change.native is None) != (change.refusal is None)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_the_answer_is_a_sentence(body):
    for start in (b"", reading.ENVELOPE):
        (item,) = iris.items([start + body], source="meter")
        assert item.refusal is not None
