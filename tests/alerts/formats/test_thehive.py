"""TheHive's alerts as native ones: every shape a client sends, and a sentence for what cannot be one."""

import base64
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import wire
from apps.alerts.formats import reading, thehive

SAID = {
    "type": "linkage",
    "source": "ring-finder",
    "sourceRef": "r-1",
    "title": "A ring",
    "description": "Of accounts.",
    "date": 1780650000000,
}
LIMIT = 256 * 1024


def said(**changes) -> bytes:
    return json.dumps({k: v for k, v in (SAID | changes).items() if v is not ...}).encode()


def only(body: bytes):
    (item,) = thehive.items([body[:7], body[7:]], source="meter")
    assert item.raw == body
    return item


def native(body: bytes) -> dict:
    """The native alert, which the intake takes as it is."""
    item = only(body)
    assert item.refusal is None, item.refusal
    wire.read(item.native, limit=LIMIT)
    return json.loads(item.native)


def refused(body: bytes) -> tuple[str, str]:
    item = only(body)
    assert item.native is None
    return item.refusal.code, str(item.refusal)


def observables(*found: dict, key: str = "observables", **changes) -> dict:
    return native(said(**{key: list(found)}, **changes))


def test_the_least_that_is_an_alert():
    found = native(said())
    assert found["source"] == "meter"
    assert found["source_ref"] == "linkage:ring-finder:r-1"
    assert (found["kind"], found["severity"], found["handling"]["tlp"]) == ("linkage", 2, "AMBER")
    assert found["detected_at"] == "2026-06-05T09:00:00+00:00"
    assert found["ext"]["thehive"]["description"] == "Of accounts."
    assert native(said(type="wazuh_alert"))["kind"] == "external_report"


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_severities_are_the_same_numbers(number):
    assert native(said(severity=number))["severity"] == number


@pytest.mark.parametrize(("number", "mark"), list(enumerate(thehive.TLP)))
def test_marks_are_kept_and_the_strictest_counts(number, mark):
    assert native(said(tlp=number))["handling"]["tlp"] == mark
    assert observables({"dataType": "ip", "data": "192.0.2.1", "tlp": 3}, tlp=number)["handling"]["tlp"] == "RED"


def test_observables_become_accounts_and_indicators():
    found = observables(
        {"dataType": "account", "data": ["acct_1", "acct_2"]},
        {"dataType": "mail", "data": "a@b.example"},
        {"dataType": "autonomous-system", "data": "AS64500"},
        {"dataType": "user-agent", "data": "curl/8"},
        {"dataType": "port", "data": 443},
        {"dataType": "ip", "data": None},
    )
    assert found["subject"] == {
        "type": "cluster",
        "cluster_ref": "linkage:ring-finder:r-1",
        "n_accounts": 2,
        "accounts": ["acct_1", "acct_2"],
    }
    assert found["indicators"] == [
        {"type": "email", "value": "a@b.example"},
        {"type": "asn", "value": "AS64500"},
        {"type": "user_agent", "value": "curl/8"},
        {"type": "port", "value": "443"},
    ]
    assert observables({"dataType": "username", "data": "acct_7"}, key="artifacts")["subject"] == {
        "type": "account",
        "accounts": ["acct_7"],
    }


def test_what_is_observed_twice_is_there_once_with_the_tags_of_both():
    found = observables(
        {"dataType": "ip", "data": "192.0.2.1", "tags": ["b"], "message": "seen", "tlp": 1},
        {"dataType": "ip", "data": "192.0.2.1", "tags": ["a", "b"], "message": "again", "tlp": 4, "ioc": True},
        {"dataType": "ip", "data": "192.0.2.1", "tags": None, "message": None, "tlp": 2, "ioc": False},
        {"dataType": "domain", "data": "192.0.2.1"},
    )
    assert found["ext"]["thehive"]["observables"] == [
        {
            "dataType": "ip", "data": "192.0.2.1", "tags": ["a", "b"], "message": "seen\nagain", "tlp": 4, "ioc": True,
        },
        {"dataType": "domain", "data": "192.0.2.1"},
    ]  # fmt: skip
    assert len(found["indicators"]) == 2


def test_more_accounts_than_an_alert_names_are_counted():
    found = observables({"dataType": "account", "data": [f"acct_{n}" for n in range(1500)]})
    assert (len(found["subject"]["accounts"]), found["subject"]["n_accounts"]) == (1000, 1500)


def test_a_file_is_named_by_its_hash():
    content = base64.b64encode(b"hello").decode()
    found = observables({"dataType": "file", "data": f"note.txt;text/plain;{content}"}, key="artifacts")
    assert found["evidence"] == [
        {
            "uri": "attachment:note.txt",
            "sha256": sha256(b"hello").hexdigest(),
            "bytes": 5,
            "media_type": "text/plain",
        }
    ]
    assert content not in json.dumps(found)
    body = said(observables=[{"dataType": "file", "data": "note.txt;text/plain;no base64!"}])
    assert refused(body) == ("invalid", "The file “note.txt” in observables is not base64.")
    told = {"name": "a.bin", "contentType": "x/y", "id": "1"}
    assert observables({"dataType": "file", "attachment": told})["evidence"] == []


@given(st.binary(max_size=300), st.sampled_from(["sample.bin", 'a "b".bin', "ü.bin"]))
def test_the_files_of_a_multipart_request_are_read_byte_by_byte(content, name):
    boundary = b"b0undary-9f2"
    if boundary in content:
        return
    alert = said(observables=[{"dataType": "file", "attachment": ["part", "part"], "tags": ["t"]}])
    escaped = name.replace('"', '\\"').encode()
    body = (
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="part"; filename="' + escaped + b'"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n--" + boundary + b"\r\n"
        b'Content-Disposition: form-data; name="_json"\r\n\r\n' + alert + b"\r\n--" + boundary + b"--\r\n"
    )
    (file,) = native(body)["evidence"]
    assert (file["sha256"], file["bytes"]) == (sha256(content).hexdigest(), len(content))


def test_an_attachment_that_did_not_come_is_missed():
    code, reason = refused(said(observables=[{"dataType": "file", "attachment": "part"}]))
    assert (code, reason) == ("attachment_missing", "An attachment names the part “part”, which is not in the request.")
    assert refused(b"--x\r\n\r\nnothing\r\n--x--")[1] == "The multipart body has no part _json."


@pytest.mark.parametrize(
    ("shape", "field"),
    [
        ({"n": {"order": 2, "integer": 7}}, {"name": "n", "value": 7, "type": "integer", "order": 2}),
        ({"n": {"string": "x", "order": None}}, {"name": "n", "value": "x", "type": "string"}),
        ({"n": {"date": 1780650000000}}, {"name": "n", "value": 1780650000000, "type": "date"}),
        ({"n": False}, {"name": "n", "value": False}),
        ({"n": None}, {"name": "n"}),
        ([{"name": "n", "value": 7, "order": 1}], {"name": "n", "value": 7, "order": 1}),
    ],
)
def test_custom_fields_come_in_three_shapes(shape, field):
    assert native(said(customFields=shape))["ext"]["thehive"]["customFields"] == [field]


def test_nulls_say_nothing_and_unknown_keys_are_kept():
    nothing = dict.fromkeys(["caseTemplate", "tags", "customFields", "artifacts", "tlp", "severity", "procedures"])
    held = native(said(**nothing, follow=True, status="New", mine={"a": [1]}))["ext"]["thehive"]
    assert (held["follow"], held["status"], held["mine"]) == (True, "New", {"a": [1]})
    assert not nothing.keys() & held.keys() - {"tlp"}


def test_order_of_tags_is_no_news():
    assert native(said(tags=["b", "a", "b"])) == native(said(tags=["a", "b"]))


def test_procedures_are_techniques():
    found = native(said(procedures=[{"patternId": "AML.T0024.002", "occurDate": 1}, {"patternId": None}]))
    assert found["technique"] == ["AML.T0024.002"]


def test_long_texts_are_carried_by_their_beginning_and_hash():
    text = "x" * 1_000_000
    held = native(said(description=text, title="t" * 500))["ext"]["thehive"]
    assert held["description"]["sha256"] == sha256(text.encode()).hexdigest()
    assert native(said(title="t" * 500))["title"] == "t" * 249 + "…"
    assert held["title"] == "t" * 500


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"title": ...}, "missing_field", "title is required."),
        ({"sourceRef": ""}, "missing_field", "sourceRef is required."),
        ({"type": "t" * 33}, "invalid", "type has 33 characters; at most 32 are taken."),
        ({"title": ["x"]}, "invalid", "title is a text, not a list."),
        ({"severity": 5}, "invalid", "severity is a whole number from 1 to 4."),
        ({"severity": True}, "invalid", "severity is a whole number"),
        ({"date": "2026-06-05"}, "invalid", "date is in milliseconds since 1970."),
        ({"date": 10**30}, "time_out_of_range", "is no date"),
        ({"tags": "a,b"}, "invalid", "tags is a list of texts."),
        ({"observables": {"dataType": "ip"}}, "invalid", "observables is a list of objects."),
        ({"observables": [{"data": "x"}]}, "missing_field", "dataType is required."),
        ({"observables": [{"dataType": "ip", "data": {"a": 1}}]}, "invalid", "data of an observable is a text"),
        ({"customFields": 3}, "invalid", "customFields is a list or an object."),
        ({"tlp": 9}, "invalid", "tlp is a whole number from 0 to 4."),
    ],
)
def test_what_cannot_be_an_alert_is_a_sentence(changes, code, words):
    found, reason = refused(said(**changes))
    assert (found, words in reason) == (code, True), reason


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"a":' * 3000, b"--", b"--x\r\n", b'{"_known":3}']
)
def test_what_is_no_document_is_a_sentence(body):
    assert refused(body)[1].endswith(".")


def test_a_change_adds_and_never_takes_away():
    known = observables({"dataType": "account", "data": "acct_1", "tags": ["a"]}, tags=["old"], tlp=3)
    more = {
        "title": "A larger ring",
        "severity": 4,
        "addTags": ["new"],
        "tlp": 1,
        "observables": [{"dataType": "account", "data": "acct_1", "tags": ["b"]}, {"dataType": "ip", "data": "::1"}],
        "customFields": {"n": 1},
    }
    now = native(thehive.change(known, json.dumps(more).encode()))
    assert (now["title"], now["severity"], now["action"]) == ("A larger ring", 4, "update")
    assert now["source_ref"] == known["source_ref"]
    assert now["detected_at"] == known["detected_at"]
    held = now["ext"]["thehive"]
    assert held["tags"] == ["new", "old"]
    assert [(one["data"], one.get("tags")) for one in held["observables"]] == [("acct_1", ["a", "b"]), ("::1", None)]
    assert now["handling"]["tlp"] == "GREEN"
    assert native(thehive.change(now, b'{"removeTags":["old"]}'))["ext"]["thehive"]["tags"] == ["new"]
    assert native(thehive.change(now, b"{}")) == now


def test_a_change_of_a_native_alert_keeps_what_it_says():
    known = {
        "schema": "casemgr.alert/1",
        "source": "meter",
        "source_ref": "x/1",
        "detector": {"version": "4", "known_false_positives": ["ci"]},
        "title": "t",
        "kind": "volume",
        "severity": 0,
        "detected_at": "2026-06-05T10:00:03Z",
        "subject": {"type": "cluster", "cluster_ref": "c1", "n_accounts": 9, "accounts": ["acct_1"]},
        "score": {"value": 5.1, "type": "z"},
        "handling": {"tlp": "GREEN", "contains_personal_data": True},
        "ext": {"mine": 1},
    }
    now = native(thehive.change(known, b'{"dataType":"account","data":["acct_2","acct_3"]}'))
    assert now["subject"] == {"type": "cluster", "cluster_ref": "c1", "n_accounts": 9,
                              "accounts": ["acct_1", "acct_2", "acct_3"]}  # fmt: skip
    assert (now["score"], now["severity"], now["ext"]["mine"]) == (known["score"], 0, 1)
    assert now["handling"] == known["handling"]


@pytest.mark.parametrize("field", ["status", "stage", "assignee", "caseId"])
def test_what_people_decide_is_no_change_of_a_detector(field):
    code, reason = refused(thehive.change(native(said()), json.dumps({"title": "x", field: "Ignored"}).encode()))
    assert (code, "decided by people" in reason) == ("for_people", True)


def test_a_change_does_not_rename_an_alert():
    known = native(said())
    assert refused(thehive.change(known, b'{"sourceRef":"other"}'))[0] == "identity"
    assert native(thehive.change(known, b'{"sourceRef":"r-1"}'))["source_ref"] == known["source_ref"]
    assert refused(thehive.change(known, b'{"dataType":"ip"}'))[1] == "The observable has neither data nor a file."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [*SAID, "severity", "tlp", "pap", "tags", "artifacts", "observables", "customFields", "procedures", "addTags"]
)
OBSERVABLE = st.fixed_dictionaries({}, optional=dict.fromkeys(("dataType", "data", "attachment", "tags", "tlp"), JSON))


@given(st.dictionaries(KEYS, JSON | st.lists(OBSERVABLE, max_size=3), max_size=6))
def test_whatever_the_values_the_answer_is_an_alert_or_a_sentence(changes):
    body = said(**changes)
    (item,) = thehive.items([body], source="meter")
    assert (item.native is None) != (item.refusal is None)
    known = json.dumps(changes).encode()
    (change,) = thehive.items([thehive.change(native(said()), known)], source="meter")
    assert (change.native is None) != (change.refusal is None)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_the_answer_is_a_sentence(body):
    for start in (b"", b"--x\r\n", reading.ENVELOPE):
        (item,) = thehive.items([start + body], source="meter")
        assert item.refusal is not None
