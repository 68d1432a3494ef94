"""Signed messages over HTTP: what is taken, what is refused and why, and what somebody gains who caught one."""

import base64
import gzip
import hashlib
import hmac
import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from apps.alerts import actions, intake, limits, signatures
from apps.alerts.models import Alert, Batch, Detector, Rejection, SignatureRefusals, SigningKey
from apps.audit.models import Event
from apps.core import vault
from tests.alerts.conftest import ALERT, alert, alerts

PROBLEM = "application/problem+json"
BODY = json.dumps(ALERT).encode()
NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


def by_hmac(secret: str, message: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return f"v1,{base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()}"


def by_ed25519(key: Ed25519PrivateKey, message: bytes) -> str:
    return f"v1a,{base64.b64encode(key.sign(message)).decode()}"


def public(key: Ed25519PrivateKey) -> str:
    return f"whpk_{base64.b64encode(key.public_key().public_bytes_raw()).decode()}"


def signed(body: bytes, *keys: Any, id: str = "msg_1", at: int | None = None) -> dict[str, str]:
    """The three headers, with a signature under each key."""
    at = int(time.time()) if at is None else at
    message = f"{id}.{at}.".encode() + body
    made = [by_hmac(key, message) if isinstance(key, str) else by_ed25519(key, message) for key in keys]
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": " ".join(made)}


def refused(answer: Any, code: str, *words: str, status: int = 401) -> None:
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content
    assert answer.json()["type"] == f"urn:casemgr:problem:{code}"
    for word in words:
        assert word in answer.json()["detail"]
    if status == 401:
        assert answer["WWW-Authenticate"] == signatures.CHALLENGE


def nothing_was_taken() -> bool:
    return not (Batch.objects.exists() or Alert.objects.exists() or Rejection.objects.exists())


@pytest.fixture(autouse=True)
def no_leases():
    limits._leases.clear()


@pytest.fixture
def set_key(detector, people):
    """Give the detector a key: an HMAC secret, which is returned, or the public half of an Ed25519 key."""

    def give(key: Ed25519PrivateKey | None = None, **options: Any) -> str:
        chosen = {"method": "ed25519", "public_key": public(key)} if key else {"method": "hmac"}
        return actions.add_signing_key(detector, by=people.admin, **chosen | {"reason": "It signs now"} | options)

    return give


@pytest.fixture
def secret(set_key, detector, people) -> str:
    """The secret of a detector that has to sign."""
    secret = set_key()
    actions.require_signatures(detector, required=True, reason="Keys leak", by=people.admin)
    return secret


@pytest.fixture
def private(set_key, detector, people) -> Ed25519PrivateKey:
    """The private key of a detector that has to sign."""
    key = Ed25519PrivateKey.generate()
    set_key(key)
    actions.require_signatures(detector, required=True, reason="Keys leak", by=people.admin)
    return key


# --- what is taken ---------------------------------------------------------------------------------------------------


def test_a_signed_message_is_taken(post, secret):
    answer = post(BODY, headers=signed(BODY, secret))
    assert answer.status_code == 201
    assert Batch.objects.get().message_id == "msg_1"


def test_a_message_signed_with_ed25519_is_taken(post, private):
    assert post(BODY, headers=signed(BODY, private)).status_code == 201


def test_another_library_signs_it(post, secret):
    """The reference library of the standard, as a detector would use it."""
    from standardwebhooks.webhooks import Webhook

    now = timezone.now()
    signature = Webhook(secret).sign("msg_1", now, BODY.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    assert post(BODY, headers=headers).status_code == 201


def test_another_library_agrees_with_what_is_sent(secret):
    """And checks ours, as the receiver of a webhook does."""
    from standardwebhooks.webhooks import Webhook

    from apps.alerts import deliveries

    at = int(time.time())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": deliveries.sign(secret, "msg_1", at, BODY),
    }
    assert Webhook(secret).verify(BODY.decode(), headers) == ALERT


VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_published_example_of_the_standard_is_taken(post, secret, monkeypatch):
    """It is no alert, which is what the answer says: its signature holds."""
    monkeypatch.setattr("apps.alerts.models.signing.unseal", lambda sealed, purpose: VECTOR_SECRET)
    body = b'{"test": 2432232314}'
    with time_machine.travel(1614265330, tick=False):
        assert post(body, headers=VECTOR).json()["type"] == "urn:casemgr:problem:all_rejected"
        refused(post(body + b" ", headers=VECTOR), "signature_wrong")


def test_one_of_several_signatures_is_enough(post, secret, set_key):
    stranger = f"whsec_{base64.b64encode(b'x' * 32).decode()}"
    headers = signed(BODY, stranger, Ed25519PrivateKey.generate(), secret)
    headers["webhook-signature"] = f"v9,unknown nonsense v1,??? {headers['webhook-signature']}"
    assert post(BODY, headers=headers).status_code == 201


def test_the_bytes_are_those_that_were_sent_before_they_are_unpacked(post, secret):
    packed = gzip.compress(BODY)
    wrong = post(packed, headers=signed(BODY, secret) | {"Content-Encoding": "gzip"})
    refused(wrong, "signature_wrong", "after they were compressed")
    assert post(packed, headers=signed(packed, secret) | {"Content-Encoding": "gzip"}).status_code == 201


LARGE = b"\n".join(json.dumps(one).encode() for one in alerts(600))
LINES = {"content_type": "application/x-ndjson"}


def test_a_long_body_is_checked_while_it_streams_into_the_vault(post, secret):
    assert len(LARGE) > intake.INLINE_BYTES
    answer = post(LARGE, headers=signed(LARGE, secret), **LINES)
    assert (answer.status_code, answer.json()["created"]) == (201, 600)


@pytest.mark.parametrize("at", [0, len(LARGE) // 2, len(LARGE) - 1])
def test_of_a_long_body_with_one_wrong_byte_nothing_is_kept(post, secret, settings, tmp_path, monkeypatch, at):
    settings.VAULT_DIR = tmp_path
    monkeypatch.setattr("apps.alerts.api.alerts.CHUNK", 64 * 1024)
    changed = LARGE[:at] + b"~" + LARGE[at + 1 :]
    refused(post(changed, headers=signed(LARGE, secret), **LINES), "signature_wrong")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert nothing_was_taken()


def test_who_has_all_of_a_body_knows_that_it_was_signed(secret):
    """A reader that stops early never had the last piece."""
    keys = list(SigningKey.objects.all())
    pieces = signatures.Signed("msg_1", 1, [signatures.Given("hmac", b"wrong")], keys).body([b"a", b"b", b"c"])
    assert [next(pieces), next(pieces)] == [b"a", b"b"]
    with pytest.raises(signatures.Refused):
        next(pieces)


def test_an_ed25519_body_has_its_limit(post, private, settings):
    settings.INTAKE_ED25519_MAX_BYTES = len(BODY)
    assert post(BODY, headers=signed(BODY, private)).status_code == 201
    longer = BODY + b" "
    answer = post(longer, headers=signed(longer, private, id="msg_2"))
    refused(answer, "body_too_large", f"at most {len(BODY):,} bytes", "HMAC", status=413)


def test_an_empty_body_is_checked_too(post, secret):
    typed = {"CONTENT_TYPE": "application/json"}
    refused(post(b"", headers=signed(BODY, secret), **typed), "signature_wrong")
    refused(post(b"", headers=signed(b"", secret), **typed), "body_empty", status=400)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("absent", [*((name,) for name in NAMES), NAMES])
def test_a_missing_header_is_named(post, secret, absent):
    headers = {name: value for name, value in signed(BODY, secret).items() if name not in absent}
    refused(post(BODY, headers=headers), "signature_missing", *absent)
    assert nothing_was_taken()


def test_another_body_is_refused(post, secret):
    refused(post(BODY + b" ", headers=signed(BODY, secret)), "signature_wrong")
    assert nothing_was_taken()


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_what_stands_beside_the_body_is_signed_too(post, secret, name):
    headers = signed(BODY, secret)
    headers[name] = "msg_2" if name == "webhook-id" else str(int(headers[name]) - 1)
    refused(post(BODY, headers=headers), "signature_wrong")


def test_another_key_is_refused_and_the_right_one_named(post, secret):
    other = f"whsec_{base64.b64encode(b'x' * 32).decode()}"
    refused(post(BODY, headers=signed(BODY, other)), "signature_wrong", SigningKey.objects.get().fingerprint)
    assert nothing_was_taken()


def test_another_ed25519_key_is_refused(post, private):
    refused(post(BODY, headers=signed(BODY, Ed25519PrivateKey.generate())), "signature_wrong")
    truncated = signed(BODY, private)
    truncated["webhook-signature"] = f"v1a,{base64.b64encode(b'short').decode()}"
    refused(post(BODY, headers=truncated), "signature_wrong")


def test_the_method_is_the_keys_and_not_the_senders_choice(post, private):
    """Nobody signs by HMAC with the public key, which is no secret."""
    confused = signed(BODY, f"whsec_{public(private).removeprefix('whpk_')}")
    refused(post(BODY, headers=confused), "signature_wrong", "v1a (Ed25519)")


@pytest.mark.parametrize(
    ("seconds", "code", "words"),
    [
        (-301, "signature_stale", "301 seconds old"),
        (-86_400, "signature_stale", "86,400 seconds old"),
        (301, "signature_early", "301 seconds ahead"),
        (-300, "", ""),
        (300, "", ""),
    ],
)
def test_a_message_has_its_time(post, secret, seconds, code, words):
    with time_machine.travel(timezone.now(), tick=False):
        answer = post(BODY, headers=signed(BODY, secret, at=int(time.time()) + seconds))
    if code:
        refused(answer, code, words, "clock")
        assert nothing_was_taken()
    else:
        assert answer.status_code == 201


def test_the_window_is_a_setting(post, secret, settings):
    settings.INTAKE_SIGNATURE_WINDOW = 10
    refused(post(BODY, headers=signed(BODY, secret, at=int(time.time()) - 60)), "signature_stale", "10 are allowed")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", "a.b"),
        ("webhook-id", "a b"),
        ("webhook-id", "é"),
        ("webhook-id", "x" * 201),
        ("webhook-timestamp", "1e9"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "²"),
        ("webhook-timestamp", "9" * 13),
        ("webhook-timestamp", "2026-01-01T00:00:00Z"),
        ("webhook-signature", "nonsense"),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,not base64"),
        ("webhook-signature", "v1,é"),
        ("webhook-signature", "v2,AAAA"),
        ("webhook-signature", " ".join(["v1,AAAA"] * 17)),
    ],
)
def test_a_header_that_cannot_be_read_is_named(post, secret, name, value):
    refused(post(BODY, headers=signed(BODY, secret) | {name: value}), "signature_malformed", name)


HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
SIGNS = Detector(requires_signature=True, signing_changed_at=timezone.now())


@given(HEADER, HEADER, st.one_of(HEADER, st.lists(HEADER, max_size=20).map(lambda parts: " v1,".join(["", *parts]))))
@example("msg", "²", "v1,AAAA")
@example("msg", "٣", "v1a,AAAA")
@example("msg", "1", "v1,====")
def test_whatever_the_headers_hold_it_is_refused_or_read(message_id, timestamp, signature):
    signatures._known[SIGNS.pk] = SIGNS.signing_changed_at, [SigningKey(method="hmac")]
    try:
        read = signatures.demanded(SIGNS, dict(zip(NAMES, (message_id, timestamp, signature), strict=True)))
    except signatures.Refused as refusal:
        said = refusal.status, bool(refusal.reason)
    else:
        said = 401, isinstance(read, signatures.Signed) and bool(read.given)
    assert said == (401, True)


# --- the same message again ------------------------------------------------------------------------------------------


def test_a_client_that_repeats_a_message_gets_the_first_answer(post, secret):
    headers = signed(BODY, secret)
    first = post(BODY, headers=headers)
    again = post(BODY, headers=headers)
    assert (again.status_code, again.json(), again["Idempotent-Replayed"]) == (201, first.json(), "true")
    # As the standard has it: another attempt is signed with its own time, under the same id.
    with time_machine.travel(timezone.now() + timedelta(hours=5)):
        later = post(BODY, headers=signed(BODY, secret))
    assert (later.json(), later["Idempotent-Replayed"]) == (first.json(), "true")
    assert Batch.objects.count() == 1


def test_a_caught_message_moves_nothing_back(post, secret):
    """However often the alert has moved on: its own content, and content long forgotten."""
    caught = signed(BODY, secret)
    first = post(BODY, headers=caught)
    for n in range(25):  # more than the contents that are remembered under one reference
        body = json.dumps(alert(title=f"As seen later, {n}")).encode()
        assert post(body, headers=signed(body, secret, id=f"msg_later_{n}")).json()["updated"] == 1
    before = list(Alert.objects.values())
    assert post(BODY, headers=caught).json() == first.json()
    refused(post(BODY, headers=caught | {"webhook-id": "msg_new"}), "signature_wrong")
    refused(post(BODY, headers=caught | {"Idempotency-Key": "another"}), "idempotency_key_unsigned", status=400)
    assert list(Alert.objects.values()) == before
    assert Batch.objects.count() == 26


def test_a_caught_message_is_nothing_outside_the_window(post, secret):
    caught = signed(BODY, secret)
    with time_machine.travel(timezone.now() + timedelta(seconds=302)):
        refused(post(BODY, headers=caught), "signature_stale")
    assert nothing_was_taken()


def test_an_id_is_used_for_one_body(post, secret):
    post(BODY, headers=signed(BODY, secret))
    other = json.dumps(alert(source_ref="volume/acct_2")).encode()
    refused(post(other, headers=signed(other, secret)), "idempotency_key_reused", "msg_1", status=422)
    assert Alert.objects.count() == 1


def test_an_idempotency_key_may_say_the_same(post, secret):
    assert post(BODY, headers=signed(BODY, secret) | {"Idempotency-Key": "msg_1"}).status_code == 201


def test_detectors_do_not_share_ids(post, api, secret, register):
    post(BODY, headers=signed(BODY, secret))
    other = json.dumps(alert(source="knotwork")).encode()
    client = api(register("knotwork").service_account)
    answer = client.post("/api/v1/alerts", other, content_type="application/json", headers={"Idempotency-Key": "msg_1"})
    assert answer.status_code == 201


def test_a_key_of_a_client_cannot_be_taken_for_a_signed_message(post):
    assert post(BODY, headers={"Idempotency-Key": "webhook-id\tmsg_1"}).status_code == 400


# --- which detectors have to -----------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_looked_at(post):
    assert post(BODY, headers={"webhook-id": "a.b", "webhook-signature": "nonsense"}).status_code == 201


def test_who_may_sign_is_taken_unsigned_and_checked_when_it_signs(post, set_key):
    secret = set_key()
    assert post(BODY).status_code == 201
    assert post(BODY, headers=signed(BODY, secret)).status_code == 200
    refused(post(BODY + b" ", headers=signed(BODY, secret)), "signature_wrong")
    refused(post(BODY, headers={"webhook-id": "msg_2"}), "signature_missing", "webhook-timestamp and webhook-signature")


def test_a_detector_that_signs_costs_one_statement_more(post, set_key):
    def counted(**options: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert post(BODY, **options).status_code == 200
        return len(queries)

    post(BODY)  # the first one creates, and begins the key's allowance
    bare = counted()
    secret = set_key()
    counted()  # reads its keys, once in each process until they change
    assert counted() == bare
    assert counted(headers=signed(BODY, secret)) == bare + 1  # whether the id was used


def test_what_is_refused_is_counted_in_one_row(post, secret, people, sign_in, detector, caplog):
    for n in range(3):
        post(BODY + b" " * n, headers=signed(b"", secret))
    kept = SignatureRefusals.objects.get()
    assert kept.total == 3
    assert "No signature matches" in kept.last_reason
    assert "tidegauge was refused: signature_wrong" in caplog.text
    assert Event.objects.filter(action="alerts.receive").count() == 0
    page = sign_in(people.admin).get(f"/detectors/{detector.pk}/").content.decode()
    assert re.search(r"<dt>Refused</dt><dd>(<[^>]+>)?3(<[^>]+>)?, the last", page)
    assert "No signature matches" in page


def test_refusals_are_within_the_limits_of_the_key(post, secret, detector, people):
    actions.change_detector(detector, requests_per_second=1, by=people.admin)
    statuses = [post(BODY, headers={}).status_code for _ in range(5)]
    assert statuses.count(429) >= 3
    assert SignatureRefusals.objects.get().total == statuses.count(401)


# --- keys ------------------------------------------------------------------------------------------------------------


def test_the_key_before_is_taken_until_its_day(post, secret, set_key):
    new = set_key(previous_until=timezone.now() + timedelta(days=7))
    first = post(BODY, headers=signed(BODY, secret, id="old"))
    assert first.status_code == 201
    assert post(BODY, headers=signed(BODY, new, id="new")).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        refused(post(BODY, headers=signed(BODY, secret, id="late")), "signature_wrong")
        assert post(BODY, headers=signed(BODY, new, id="later")).status_code == 200


def test_without_an_overlap_the_key_before_ends_at_once(post, secret, set_key):
    new = set_key()
    refused(post(BODY, headers=signed(BODY, secret)), "signature_wrong")
    assert post(BODY, headers=signed(BODY, new)).status_code == 201


def test_a_third_key_ends_the_first(post, secret, set_key):
    until = timezone.now() + timedelta(days=7)
    second = set_key(previous_until=until)
    third = set_key(previous_until=until)
    refused(post(BODY, headers=signed(BODY, secret)), "signature_wrong")
    assert post(BODY, headers=signed(BODY, second, id="2")).status_code == 201
    assert post(BODY, headers=signed(BODY, third, id="3")).status_code == 200


def test_a_detector_changes_its_method_without_a_gap(post, secret, set_key):
    key = Ed25519PrivateKey.generate()
    set_key(key, previous_until=timezone.now() + timedelta(days=7))
    assert post(BODY, headers=signed(BODY, secret, id="1")).status_code == 201
    assert post(BODY, headers=signed(BODY, key, id="2")).status_code == 200
    assert post(BODY, headers=signed(BODY, secret, key, id="3")).status_code == 200


def test_a_key_is_ended(post, secret, set_key, detector, people):
    old = SigningKey.objects.get()
    new = set_key(previous_until=timezone.now() + timedelta(days=7))
    actions.end_signing_key(detector, key=old, reason="It was in a log", by=people.admin)
    refused(post(BODY, headers=signed(BODY, secret)), "signature_wrong")
    assert post(BODY, headers=signed(BODY, new)).status_code == 201
    with pytest.raises(ValidationError, match="ended already"):
        actions.end_signing_key(detector, key=old, reason="Again", by=people.admin)


def test_who_has_to_sign_keeps_a_key_without_end(set_key, secret, detector, people):
    set_key(previous_until=timezone.now() + timedelta(days=7))
    last = SigningKey.objects.get(ends_at=None)
    with pytest.raises(ValidationError, match="has to sign: give it a new key"):
        actions.end_signing_key(detector, key=last, reason="It leaked", by=people.admin)
    actions.require_signatures(detector, required=False, reason="It leaked", by=people.admin)
    actions.end_signing_key(detector, key=last, reason="It leaked", by=people.admin)
    with pytest.raises(ValidationError, match="no key without end"):
        actions.require_signatures(detector, required=True, reason="x", by=people.admin)


def test_without_a_key_in_force_who_has_to_sign_is_refused():
    """No verb leads there; if it is so all the same, nothing is taken on trust."""
    detector = Detector(requires_signature=True)
    with pytest.raises(signatures.Refused, match="no key of it is in force"):
        signatures.demanded(detector, signed(BODY, VECTOR_SECRET))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "begins with whpk_"),
        ("ssh-ed25519 AAAA", "begins with whpk_"),
        ("whpk_not base64", "no base64"),
        (f"whpk_{base64.b64encode(b'x' * 31).decode()}", "this one has 31"),
        (f"whpk_{base64.b64encode(b'x' * 33).decode()}", "this one has 33"),
    ],
)
def test_what_is_no_public_key_is_refused_in_words(detector, people, sign_in, text, why):
    with pytest.raises(ValidationError, match=why):
        actions.add_signing_key(detector, method="ed25519", public_key=text, reason="x", by=people.admin)
    sent = {"method": "ed25519", "public_key": text, "reason": "x"}
    answer = sign_in(people.admin).post(f"/detectors/{detector.pk}/signatures/key/", sent)
    assert answer.status_code == 422
    assert why in answer.content.decode()


def test_a_key_is_not_given_twice(set_key, secret):
    key = Ed25519PrivateKey.generate()
    set_key(key)
    set_key()
    with pytest.raises(ValidationError, match="had, this very key"):
        set_key(key)


def test_nobody_is_asked_to_sign_without_a_key(detector, people):
    with pytest.raises(ValidationError, match="no key without end"):
        actions.require_signatures(detector, required=True, reason="x", by=people.admin)
    with pytest.raises(ValidationError, match="does not have to sign"):
        actions.require_signatures(detector, required=False, reason="x", by=people.admin)


def test_each_change_says_why(detector, people, set_key):
    with pytest.raises(ValidationError, match="Say why"):
        set_key(reason=" ")
    set_key(reason="Keys were in a log")
    event = Event.objects.get(action="alerts.add_signing_key", object_type="alerts_signingkey")
    assert (event.reason, event.actor) == ("Keys were in a log", people.admin.actor)


def test_an_overlap_lies_ahead(set_key, secret):
    with pytest.raises(ValidationError, match="has passed"):
        set_key(previous_until=timezone.now() - timedelta(seconds=1))


def test_a_secret_is_shown_once_and_lies_sealed(detector, people, sign_in):
    client = sign_in(people.admin)
    address = f"/detectors/{detector.pk}/signatures/key/"
    shown = client.post(address, {"method": "hmac", "reason": "It signs now"})
    key = SigningKey.objects.get()
    assert key.secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    page = client.get(f"/detectors/{detector.pk}/").content.decode()
    assert key.secret not in page
    assert key.fingerprint in page
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(k)::text FROM alerts_signingkey k")
        assert key.secret.removeprefix("whsec_") not in cursor.fetchone()[0]
    event = Event.objects.get(action="alerts.add_signing_key", object_type="alerts_signingkey")
    assert key.sealed_secret.encode() not in bytes(event.body)


def test_an_overlap_ends_with_its_day(detector, people, sign_in, secret):
    client, address = sign_in(people.admin), f"/detectors/{detector.pk}/signatures/key/"
    assert "The present key is taken until" in client.get(address).content.decode()
    day = timezone.now().date() + timedelta(days=3)
    sent = {"method": "hmac", "reason": "Once a year", "previous_until": day.isoformat()}
    assert client.post(address, sent).status_code == 200
    old = SigningKey.objects.get(ends_at__isnull=False)
    assert old.ends_at.isoformat() == f"{day + timedelta(days=1)}T00:00:00+00:00"
    late = sent | {"previous_until": (day + timedelta(days=200)).isoformat()}
    assert client.post(address, late).status_code == 422


def test_the_page_says_when_it_last_signed(post, secret, detector, people, sign_in):
    client = sign_in(people.admin)
    assert "none yet" in client.get(f"/detectors/{detector.pk}/").content.decode()
    post(BODY, headers=signed(BODY, secret))
    assert "none yet" not in client.get(f"/detectors/{detector.pk}/").content.decode()
    batch = Batch.objects.get()
    assert "Signed message" in client.get(f"/batches/{batch.pk}/").content.decode()


def test_the_last_signed_batch_is_one_index_look_up(post, secret, detector):
    post(BODY, headers=signed(BODY, secret))
    from apps.alerts.models.batch import SIGNED

    found = Batch.objects.filter(detector=detector, idempotency_key__startswith=SIGNED).order_by("-received_at")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "batch_signed_newest_first" in found.values_list("received_at")[:1].explain()


def test_nothing_of_it_is_left_in_the_vault_when_the_client_hangs_up(secret):
    """The vault forgets what did not arrive as it was signed."""
    keys = list(SigningKey.objects.all())
    message = signatures.Signed("msg_1", 1, [signatures.Given("hmac", b"wrong")], keys)
    with pytest.raises(signatures.Refused):
        vault.put(message.body([b"x" * 40_000, b"y" * 40_000]))
    assert not vault.path_of(hashlib.sha256(b"x" * 40_000 + b"y" * 40_000).hexdigest()).exists()
