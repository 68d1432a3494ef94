"""Detectors that sign, and what a signed message looks like."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.alerts import actions, limits, signatures
from apps.alerts.models import Alert, Batch, Rejection
from tests.alerts.conftest import ALERT

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
