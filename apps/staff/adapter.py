"""How the library that signs people in is bound to this house."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from apps.audit.middleware import client_address
from apps.core.sealed import seal, unseal
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
        return seal(text, b"second factor")

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, b"second factor")
