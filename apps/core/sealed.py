"""Secrets that casemgr must be able to read again, as they lie in the database: sealed under PRIVATE_DATA_KEY."""

import hashlib
import os
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


def seal(text: str, purpose: bytes) -> str:
    """AES-256-GCM in base64. What is sealed for one purpose cannot be opened for another."""
    nonce = os.urandom(12)
    return b64encode(nonce + _key(purpose).encrypt(nonce, text.encode(), purpose)).decode()


def unseal(sealed: str, purpose: bytes) -> str:
    """Raises InvalidTag when it was sealed under another key, for another purpose, or has changed since."""
    data = b64decode(sealed)
    return _key(purpose).decrypt(data[:12], data[12:], purpose).decode()


def _key(purpose: bytes) -> AESGCM:
    return AESGCM(hashlib.sha256(purpose + settings.PRIVATE_DATA_KEY.encode()).digest())
