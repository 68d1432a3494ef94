"""Which detectors have to sign, and with what: keys that are set, that overlap and that end."""

import base64
import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.alerts import actions, signatures
from apps.alerts.models import Batch, Detector, SignatureRefusals, SigningKey
from apps.audit.models import Event
from apps.core import vault, webhooks
from tests.alerts.signatures.conftest import (
    BODY,
    refused,
    signed,
)

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
        signatures.demanded(detector, signed(BODY, webhooks.new_secret()))


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
