"""How the library that signs people in is bound to this house."""

import hashlib
import os
from base64 import b64decode, b64encode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.http import HttpRequest

from apps.audit.middleware import client_address
from apps.staff import actions


class ClosedSignUp(DefaultAccountAdapter):
    """People are invited; passwords change through the ledger."""

    def is_open_for_signup(self, request) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the trail has too: behind a proxy, one person's guesses must not keep everybody out."""
        return client_address(request)

    def set_password(self, user, password: str) -> None:
        actions.change_password(user, password=password, by=user)


class EncryptedSecrets(DefaultMFAAdapter):
    """Whoever reads the database does not get the second factors with it."""

    def encrypt(self, text: str) -> str:
        nonce = os.urandom(12)
        return b64encode(nonce + _key().encrypt(nonce, text.encode(), b"second factor")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        data = b64decode(encrypted_text)
        return _key().decrypt(data[:12], data[12:], b"second factor").decode()


def _key() -> AESGCM:
    return AESGCM(hashlib.sha256(b"second factor" + settings.PRIVATE_DATA_KEY.encode()).digest())
