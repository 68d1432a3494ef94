"""A valid body of each format, all about invented people and addresses kept for documentation."""

import json
from typing import Any

LIMIT = 256 * 1024

NATIVE: dict[str, Any] = {
    "schema": "casemgr.alert/1",
    "source": "knotwork",
    "source_ref": "2026-06-05T10:00Z/cl-118",
    "action": "update",
    "detector": {
        "version": "2.3.1",
        "threshold": 0.95,
        "calibration": {"set_id": "benign-2026w20", "n": 10000, "false_positives": 3, "as_of": "2026-05-20"},
        "known_false_positives": ["reseller", "ci-batch"],
    },
    "title": "Synchronised cluster, 812 accounts – “quoted”",
    "kind": "linkage",
    "technique": ["AML.T0024.002"],
    "stage": "harvesting",
    "severity": 3,
    "window": {"start": "2026-06-04T00:00:00Z", "end": "2026-06-05T00:00:00Z"},
    "detected_at": "2026-06-05T10:00:03Z",
    "subject": {"type": "cluster", "cluster_ref": "cl-118", "n_accounts": 812, "accounts": ["acct_1", "acct_2"]},
    "target": {"model": "aurora-3", "surface": "api"},
    "measure": {"queries": 541233, "topic_entropy_bits": 3.2, "new_model_share_24h": 0.48},
    "score": {"value": 0.992, "type": "probability_calibrated", "p": 2.1e-7, "p_floor": 1e-9},
    "indicators": [{"type": "asn", "value": "AS64500"}, {"type": "payment_fp_hmac", "value": "aa", "key_id": "k3"}],
    "handling": {"tlp": "AMBER", "contains_personal_data": True, "contains_prompts": False},
    "ext": {"run": 7},
}

EVENT: dict[str, Any] = {
    "activity_id": 1,
    "category_uid": 2,
    "class_uid": 2004,
    "type_uid": 200401,
    "severity_id": 4,
    "confidence_score": 87,
    "time": 1780653603250,
    "message": "Several accounts ask the same questions",
    "metadata": {"version": "1.9.0", "product": {"name": "Tidegauge", "version": "4.1.0"}},
    "finding_info": {
        "uid": "finding/77",
        "title": "Shared prompt template",
        "types": ["Template"],
        "first_seen_time": 1780567200000,
        "last_seen_time": 1780650000000,
        "attacks": [{"technique": {"uid": "AML.T0024"}, "sub_technique": {"uid": "AML.T0024.002"}}],
    },
    "ai_model": {"ai_provider": "Northlight AI", "name": "aurora-3", "version": "2026-05-01"},
    "evidences": [
        {
            "actor": {"user": {"uid": "acct_1", "name": "one", "email_addr": "one@example.com"}},
            "src_endpoint": {"ip": "198.51.100.7", "autonomous_system": {"number": 64500}},
            "http_request": {"user_agent": "curl/8.1; batch"},
            "ja4_fingerprint_list": [{"type_id": 1, "type": "JA4", "value": "t13d1516h2_8daaf6152771_b186095e22b6"}],
        },
        {"user": {"account": {"uid": "acct_2"}}},
    ],
    "observables": [
        {"name": "evidences[].user.uid", "type_id": 31, "value": "acct_3"},
        {"name": "src", "type_id": 2, "type": "IP Address", "value": "203.0.113.9"},
        {"name": "x", "type_id": 99, "type": "Order Number", "value": "A-17"},
    ],
    "a_key_of_tomorrow": {"kept": [1, None, True]},
}

_TIMES = {"spec_version": "2.1", "created": "2026-06-05T10:00:00.000Z", "modified": "2026-06-05T10:00:00.000Z"}


def _id(kind: str, number: int) -> str:
    return f"{kind}--00000000-0000-4000-8000-{number:012d}"


def stated(kind: str, number: int, **values: Any) -> dict[str, Any]:
    return {"type": kind, "id": _id(kind, number)} | _TIMES | values


def seen(kind: str, number: int, **values: Any) -> dict[str, Any]:
    return {"type": kind, "id": _id(kind, number), "spec_version": "2.1"} | values


SIGHTING = stated(
    "sighting",
    1,
    created_by_ref=_id("identity", 1),
    confidence=75,
    count=50,
    first_seen="2026-06-01T00:00:00Z",
    last_seen="2026-06-04T00:00:00.1234567Z",
    sighting_of_ref=_id("campaign", 1),
    observed_data_refs=[_id("observed-data", 1)],
    where_sighted_refs=[_id("identity", 1)],
    labels=["linkage", "severity:high"],
    object_marking_refs=["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
    granular_markings=[
        {"marking_ref": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "selectors": ["count"]}
    ],
)
BUNDLE: dict[str, Any] = {
    "type": "bundle",
    "id": _id("bundle", 1),
    "objects": [
        stated("identity", 1, name="Harbour Exchange", identity_class="organization"),
        stated("campaign", 1, name="Lantern"),
        SIGHTING,
        stated(
            "observed-data",
            1,
            first_observed="2026-06-01T00:00:00Z",
            last_observed="2026-06-02T00:00:00Z",
            number_observed=3,
            object_refs=[_id("user-account", 1), _id("user-account", 2), _id("ipv4-addr", 1), _id("file", 1)],
        ),
        seen("user-account", 1, user_id="acct_1"),
        seen("user-account", 2, account_login="acct_2"),
        seen("ipv4-addr", 1, value="198.51.100.0/24", resolves_to_refs=[_id("mac-addr", 1)]),
        seen("mac-addr", 1, value="d2:fb:49:24:37:18"),
        seen("file", 1, hashes={"SHA-256": "ef" * 32}),
        stated(
            "indicator",
            1,
            name="Hop",
            pattern="[ipv4-addr:value IN ('203.0.113.7', '203.0.113.8') AND url:value != 'http://no.example']",
            pattern_type="stix",
            valid_from="2026-06-01T00:00:00Z",
        ),
        stated(
            "indicator",
            2,
            pattern=r"[user-account:user_id = 'acct_\'9' OR autonomous-system:number = 64500]",
            pattern_type="stix",
            valid_from="2026-06-01T00:00:00Z",
        ),
        stated(
            "attack-pattern",
            1,
            name="Extract",
            external_references=[{"source_name": "atlas", "external_id": "AML.T0024.002"}],
        ),
        stated(
            "relationship",
            1,
            relationship_type="indicates",
            source_ref=_id("indicator", 1),
            target_ref=_id("campaign", 1),
        ),
        stated(
            "relationship",
            2,
            relationship_type="uses",
            source_ref=_id("campaign", 1),
            target_ref=_id("attack-pattern", 1),
        ),
        stated("report", 1, name="Lantern, June", published="2026-06-06T00:00:00Z", object_refs=[_id("sighting", 1)]),
    ],
}

TABLE = '''source_ref;title;kind;Severity;detected at;account;window_start;window_end;indicator:ip;score;note
a1;Müll;volume;high;2026-06-05T10:00Z;acct_1;2026-06-04T00:00Z;2026-06-05T00:00Z;198.51.100.7;0.5;x
a2;"two
lines; and ""more""";linkage;3;2026-06-05 10:00+02:00;acct_1 acct_2;;;"203.0.113.7
203.0.113.8";;

a3;third;volume;info;2026-06-05T10:00Z;acct_3;;;;;
'''


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def ndjson(*values: Any) -> bytes:
    return b"".join(dumped(value) + b"\n" for value in values)


THEHIVE: dict[str, Any] = {
    "type": "linkage",
    "source": "ring-finder",
    "sourceRef": "ring-41",
    "title": "Forty accounts on one card",
    "description": "One card pays for forty accounts.",
    "severity": 3,
    "date": 1780650000000,
    "tags": ["ring", "card"],
    "tlp": 3,
    "customFields": {"queries": {"order": 1, "integer": 541233}, "model": "aurora-3"},
    "procedures": [{"patternId": "AML.T0024.002"}],
    "observables": [{"dataType": "account", "data": ["acct_1", "acct_2"], "tlp": 1, "message": "seen"}],
    "artifacts": [{"dataType": "file", "data": "note.txt;text/plain;aGVsbG8=", "tlp": 2, "tags": ["a"]}],
}
MULTIPART = (
    b'--b0undary\r\nContent-Disposition: form-data; name="part"; filename="sample.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\x00\xff\r\n--b0undary\r\n"
    b'Content-Disposition: form-data; name="_json"\r\n\r\n'
    + dumped(THEHIVE | {"observables": [{"dataType": "file", "attachment": "part"}]})
    + b"\r\n--b0undary--\r\n"
)
IRIS: dict[str, Any] = {
    "alert_title": "Ring of accounts",
    "alert_source": "ring-finder",
    "alert_source_ref": "ring-7",
    "alert_severity_id": 5,
    "alert_status_id": 2,
    "alert_customer_id": 1,
    "alert_source_event_time": "2026-06-05T10:00:03.500+0000",
    "alert_tags": "ring,synchrony",
    "alert_source_content": {"rule": {"id": 100200}},
    "alert_iocs": [{"ioc_value": "192.0.2.7", "ioc_type_id": 79, "ioc_tlp_id": 1, "ioc_tags": "b,a"}],
    "alert_assets": [{"asset_name": "acct_1", "asset_type_id": 1, "asset_ip": "192.0.2.9"}],
}
