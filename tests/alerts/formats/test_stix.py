"""STIX 2.1 as native alerts: what was seen, with what the body says about it."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import wire
from apps.alerts.formats import stix
from apps.alerts.formats.item import Item
from apps.alerts.formats.loose import Indicators
from apps.alerts.formats.stix import observables
from apps.alerts.native import Alert
from tests.alerts.formats import samples
from tests.alerts.formats.real import bodies

VALID = {  # how many alerts
    "apt1.json": 1,
    "sighting-of-an-indicator.json": 1,
    "using-granular-markings.json": 1,
    "indicator-for-malicious-url.json": 1,
    "AMLCS0010": 1,
    "AMLCS0011": 1,
    "AMLCS0012": 1,
}
REFUSED = {
    "identifying-a-threat-actor-profile.json": "only 1 threat-actor, 1 identity, 1 relationship.",
    "identity.json": "only 1 identity.",
    "identity_custom.json": "only 1 identity.",
    "tlp-amber.json": "only 1 marking-definition.",
    "invalid_comma.json": "not JSON that can be kept: JSON is malformed: trailing comma",
    "invalid_timestamp.json": "modified of identity--8c6af861-7b20-41ef-9b59-6344fd872a8f: it lies before created.",
    "extension-definition--60a3c5c5": "is no identifier such as object--<UUID>.",
}


def items(body: Any) -> list[Item]:
    body = body if isinstance(body, bytes) else samples.dumped(body)
    return list(stix.items([body[:100], body[100:]], source="partner"))


def taken(item: Item) -> Alert:
    assert item.refusal is None, item.refusal.reason
    return wire.read(item.native or b"", limit=samples.LIMIT).alert


def reason(body: Any) -> str:
    (item,) = items(body)
    assert item.refusal is not None, item.native
    return item.refusal.reason


def sighting(**changes: Any) -> dict[str, Any]:
    changed = copy.deepcopy(samples.SIGHTING) | changes
    return {name: value for name, value in changed.items() if value is not ...}


def test_sightings_reports_and_indicators_nobody_speaks_of_are_alerts() -> None:
    kinds = [json.loads(item.raw)["type"] for item in items(samples.BUNDLE)]
    assert kinds == ["sighting", "indicator", "indicator", "report"]
    for item in items(samples.BUNDLE):
        assert taken(item).kind in ("external_report", "linkage")


def test_a_sighting_is_an_alert_with_what_was_seen() -> None:
    found = json.loads(items(samples.BUNDLE)[0].native or b"")
    kept = found.pop("ext")["stix"]
    assert found == {
        "schema": "casemgr.alert/1",
        "source": "partner",
        "source_ref": samples.SIGHTING["id"],
        "action": "create",
        "detector": {"version": "unstated", "known_false_positives": []},
        "title": "Sighting of Lantern, 50 times",
        "kind": "linkage",
        "severity": 3,
        "detected_at": "2026-06-05T10:00:00Z",
        "subject": {
            "type": "cluster",
            "cluster_ref": samples.SIGHTING["id"],
            "n_accounts": 2,
            "accounts": ["acct_1", "acct_2"],
            "campaign_ref": samples.BUNDLE["objects"][1]["id"],
        },
        "indicators": [
            {"type": "ip", "value": "203.0.113.7"},
            {"type": "ip", "value": "203.0.113.8"},
            {"type": "stix_pattern", "value": samples.BUNDLE["objects"][9]["pattern"]},
            {"type": "ip_prefix", "value": "198.51.100.0/24"},
            {"type": "file_sha256", "value": "ef" * 32},
            {"type": "mac", "value": "d2:fb:49:24:37:18"},
        ],
        "window": {"start": "2026-06-01T00:00:00Z", "end": "2026-06-04T00:00:00.123456Z"},
        "score": {"value": 75, "type": "raw"},
        "technique": ["AML.T0024.002"],
        "handling": {"tlp": "AMBER+STRICT"},
    }
    assert kept["object"] == samples.SIGHTING
    assert kept["created_by"]["name"] == "Harbour Exchange"
    assert kept["confidence"] == {"credibility": "2 - Probably true", "likelihood": "Likely / Probable"}
    assert {"type": "campaign", "id": samples.BUNDLE["objects"][1]["id"], "name": "Lantern"} in kept["related"]


def test_a_taxii_envelope_and_one_object_alone_are_read_too() -> None:
    assert len(items({"more": False, "objects": samples.BUNDLE["objects"]})) == 4
    assert taken(items(samples.SIGHTING)[0]).subject.type == "cluster"


def test_a_bad_object_costs_no_other() -> None:
    bundle = copy.deepcopy(samples.BUNDLE)
    bundle["objects"][2]["count"] = -1
    bundle["objects"].append(7)
    found = items(bundle)
    assert [item.refusal.code if item.refusal else "" for item in found] == ["invalid", "", "", "", "not_stix"]
    assert found[0].refusal is not None
    assert found[0].refusal.reason == (
        f"count of {samples.SIGHTING['id']}: -1 is no whole number from 0 to 999,999,999."
    )


def test_revoked_closes() -> None:
    assert taken(items(sighting(revoked=True))[0]).action == "close"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": "sighting--1"}, "id of sighting--1: “sighting--1” is no identifier such as sighting--<UUID>."),
        ({"spec_version": "2.0"}, "it is 2.0; casemgr takes STIX 2.1."),
        ({"spec_version": ...}, "it is missing, which means 2.0; casemgr takes STIX 2.1."),
        ({"created": "2026-06-05"}, "“2026-06-05” is no time such as 2026-06-05T10:00:00.000Z."),
        ({"modified": "2025-01-01T00:00:00Z"}, "it lies before created."),
        ({"last_seen": "2026-01-01T00:00:00Z"}, "it lies before first_seen."),
        ({"sighting_of_ref": ...}, "it is required and missing."),
        ({"sighting_of_ref": "nothing"}, "it is no STIX identifier."),
        ({"confidence": 101}, "101 is no whole number from 0 to 100."),
        ({"count": 1_000_000_000}, "1000000000 is no whole number from 0 to 999,999,999."),
        ({"created": "1970-01-01T00:00:00Z"}, "created lies in the year 1970; casemgr takes 2000 to 2100."),
    ],
)
def test_what_breaks_the_standard_is_told_with_its_property(changes: dict[str, Any], expected: str) -> None:
    assert reason(sighting(**changes)).endswith(expected)


def test_confidence_in_words() -> None:
    expected = {0: "5", 19: "5", 20: "4", 40: "3", 60: "2", 79: "2", 80: "1", 100: "1"}
    for confidence, credibility in expected.items():
        found = json.loads(items(sighting(confidence=confidence))[0].native or b"")
        assert found["ext"]["stix"]["confidence"]["credibility"][0] == credibility
        assert found["score"]["value"] == confidence


@pytest.mark.parametrize(
    ("marking", "level"),
    [
        ("613f2e26-407d-48c7-9eca-b8e91df99dc9", "CLEAR"),
        ("34098fce-860f-48ae-8e50-ebd3cc5e41da", "GREEN"),
        ("f88d31f6-486f-44da-b317-01333bde0b82", "AMBER"),
        ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "RED"),
        ("94868c89-83c2-464b-929b-a1a8aa3c8487", "CLEAR"),
        ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "GREEN"),
        ("55d920b0-5e8b-4f79-9ee9-91f868d9b421", "AMBER"),
        ("939a9414-2ddd-4d32-a0cd-375ea402b003", "AMBER+STRICT"),
        ("e828b379-4e03-4974-9ac4-e53a884c97c1", "RED"),
    ],
)
def test_the_traffic_light_protocol(marking: str, level: str) -> None:
    found = items(sighting(object_marking_refs=[f"marking-definition--{marking}"], granular_markings=...))
    assert taken(found[0]).handling.tlp == level


@pytest.mark.parametrize(
    "definition",
    [
        {"definition_type": "tlp", "definition": {"tlp": "red"}},
        {"extensions": {"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {"tlp_2_0": "red"}}},
    ],
)
def test_a_marking_that_the_bundle_defines(definition: dict[str, Any]) -> None:
    marking = samples.stated("marking-definition", 5, **definition)
    (item,) = items({"type": "bundle", "objects": [sighting(object_marking_refs=[marking["id"]]), marking]})
    assert taken(item).handling.tlp == "RED"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ipv4-addr:value = '198.51.100.7']", [("ip", "198.51.100.7")]),
        ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", [("ip_prefix", "198.51.100.0/24")]),
        ("[ipv6-addr:value IN ('2001:db8::1','2001:db8::2')]", [("ip", "2001:db8::1"), ("ip", "2001:db8::2")]),
        ("[domain-name:value = 'a.example' OR url:value = 'http://a.example/?x=1']",
         [("domain", "a.example"), ("url", "http://a.example/?x=1")]),
        (r"[user-account:user_id = 'o\'neill\\x']", [("account", r"o'neill\x")]),
        ("[file:hashes.'SHA-256' = 'ef' OR file:hashes.MD5 = 'aa']", [("file_sha256", "ef"), ("file_md5", "aa")]),
        ("[autonomous-system:number = 64500]", [("asn", "AS64500")]),
        ("[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'b']", [("user_agent", "b")]),
        ("[network-traffic:src_ref.value = '198.51.100.7']", [("ip", "198.51.100.7")]),
        ("[url:value != 'x' AND url:value NOT = 'y' AND url:value LIKE 'z%' AND url:value MATCHES 'z']", []),
        ("[process:command_line = 'x']", [("process.command_line", "x")]),
        ("[ipv4-addr:value = '1", []),
        ("nothing at all", []),
    ],
)  # fmt: skip
def test_patterns(pattern: str, expected: list[tuple[str, str]]) -> None:
    found = Indicators()
    observables.of_pattern(pattern, found)
    assert [(one["type"], one["value"]) for one in found.as_list()] == expected


@pytest.mark.parametrize("part", ["aaa:", "aaa:a.a", "aaa:b = (1", "aaa:b = ('", "'", "aaa:'", "\\", "aaa:b=1,", "(1 "])
def test_no_pattern_takes_long(part: str) -> None:
    observables.of_pattern(part * 20_000, Indicators())


def test_the_raw_item_is_the_object_alone_and_can_be_sent_again() -> None:
    item = items(samples.BUNDLE)[0]
    assert json.loads(item.raw) == samples.SIGHTING
    assert taken(items(item.raw)[0]).source_ref == samples.SIGHTING["id"]


def test_what_is_no_stix() -> None:
    assert reason(b"7") == "The item is neither a STIX bundle nor a STIX object."
    assert reason({"a": 1}) == "The item is no STIX: it has neither objects nor a type."
    assert reason({"type": "bundle"}) == "The bundle has no list of objects."
    assert reason({"type": "bundle", "objects": []}) == "The bundle is empty."
    assert reason({"type": "bundle", "spec_version": "2.0", "objects": [1]}) == (
        "The bundle is STIX 2.0; casemgr takes STIX 2.1."
    )
    assert items(b"") == []


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(body: bytes) -> None:
    for start in (b"", b'{"type":"bundle","objects":[', samples.dumped(samples.SIGHTING)[:-1] + b","):
        for item in items(start + body):
            assert (item.native is None) != (item.refusal is None)


_any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.integers(0, len(samples.BUNDLE["objects"]) - 1), st.data())
def test_any_value_in_any_property_is_answered(at: int, data: st.DataObject) -> None:
    bundle = copy.deepcopy(samples.BUNDLE)
    name = data.draw(st.sampled_from(sorted(bundle["objects"][at])))
    bundle["objects"][at][name] = data.draw(_any)
    found = items(bundle)
    assert found
    for item in found:
        assert (item.native is None) != (item.refusal is None)


@pytest.mark.parametrize("path", bodies("stix"))
def test_real_bundles(path: Path) -> None:
    found = items(path.read_bytes())
    expected = next((count for name, count in VALID.items() if path.name.startswith(name)), None)
    if expected:
        assert [bool(taken(item).title) for item in found] == [True] * expected
    else:
        sentence = next(sentence for name, sentence in REFUSED.items() if path.name.startswith(name))
        assert found[0].refusal is not None
        assert sentence in found[0].refusal.reason
