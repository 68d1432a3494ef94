"""Signed messages over HTTP: what is taken, what is refused and why, and what somebody gains who caught one."""

import base64
import gzip
import json
import time
from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from apps.alerts import intake, signatures
from apps.alerts.models import Alert, Batch, Detector, SigningKey
from apps.core import webhooks
from tests.alerts.conftest import ALERT, alert, alerts
from tests.alerts.signatures.conftest import (
    BODY,
    NAMES,
    nothing_was_taken,
    public,
    refused,
    signed,
)

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

    at = int(time.time())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": webhooks.sign(secret, "msg_1", at, BODY),
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
