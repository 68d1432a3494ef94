"""API keys: `Authorization: Bearer cmk_<prefix>_<secret>`, and the other ways in which clients carry one."""

import base64
import binascii
import hmac
from hashlib import sha256

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from apps.core import prepared
from apps.staff.models import ApiKey, ServiceAccount


class ApiKeyAuthentication(authentication.BaseAuthentication):
    def token(self, request: Request) -> str | None:
        """The key as the client carries it; None when it carries none."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    def authenticate(self, request: Request) -> tuple[ServiceAccount, ApiKey] | None:
        token = self.token(request)
        if token is None:
            return None
        key = find_key(token)
        if key is None:
            raise exceptions.AuthenticationFailed(
                "This API key is unknown, revoked, or of a machine that was switched off."
            )
        return key.service_account, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="casemgr"'


class ClientKeyAuthentication(ApiKeyAuthentication):
    """For clients made for other systems: also `X-IRIS-AUTH: <key>`, and Basic with the key as the password."""

    def token(self, request: Request) -> str | None:
        if (own := request.headers.get("X-IRIS-AUTH")) is not None:
            return own.strip()
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return super().token(request)
        try:
            return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""


def find_key(token: str) -> ApiKey | None:
    """The live key that the text belongs to; compared in constant time."""
    try:
        mark, prefix, secret = token.split("_", 2)
    except ValueError:
        return None
    if mark != "cmk" or not prefix.isascii() or len(prefix) > 12:
        return None
    where = "t.prefix = %s AND t.revoked_at IS NULL AND r.is_active"
    key = prepared.first(ApiKey, where, [prefix], related="service_account")
    if key is None or not hmac.compare_digest(sha256(secret.encode()).hexdigest(), key.secret_sha256):
        return None
    return key
