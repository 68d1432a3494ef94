"""Standard Webhooks: what a message is signed with, and what of it is signed, whoever sends it."""

import base64
import hashlib
import hmac
import secrets


def new_secret() -> str:
    """32 random bytes, as the standard writes them."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def secret_bytes(text: str) -> bytes:
    """Of a secret as the standard writes it."""
    return base64.b64decode(text.removeprefix("whsec_"))


def public_bytes(text: str) -> bytes:
    """The 32 bytes of a public key as the standard writes it; raises ValueError in words for what is none."""
    if not text.startswith("whpk_"):
        raise ValueError("A public key begins with whpk_.")
    try:
        key = base64.b64decode(text.removeprefix("whpk_"), validate=True)
    except ValueError as error:
        raise ValueError("What follows whpk_ is no base64.") from error
    if len(key) != 32:
        raise ValueError(f"An Ed25519 public key has 32 bytes; this one has {len(key)}.")
    return key


def head(message_id: str, timestamp: int) -> bytes:
    """What is signed before the body: id and time in seconds."""
    return f"{message_id}.{timestamp}.".encode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA-256 of id, time in seconds, and body, joined by dots."""
    mac = hmac.digest(secret_bytes(secret), head(message_id, timestamp) + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac).decode()}"
