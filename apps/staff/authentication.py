"""API keys: `Authorization: Bearer cmk_<prefix>_<secret>`."""

import hmac
from hashlib import sha256

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from apps.staff.models import ApiKey, ServiceAccount


class ApiKeyAuthentication(authentication.BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[ServiceAccount, ApiKey] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = find_key(token.strip())
        if key is None:
            raise exceptions.AuthenticationFailed(
                "This API key is unknown, revoked, or of a machine that was switched off."
            )
        return key.service_account, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="casemgr"'


def find_key(token: str) -> ApiKey | None:
    """The live key that the text belongs to; compared in constant time."""
    try:
        mark, prefix, secret = token.split("_", 2)
    except ValueError:
        return None
    if mark != "cmk" or not prefix.isascii() or len(prefix) > 12:
        return None
    key = ApiKey.objects.select_related("service_account").filter(prefix=prefix, revoked_at=None).first()
    if key is None or not key.service_account.is_active:
        return None
    return key if hmac.compare_digest(sha256(secret.encode()).hexdigest(), key.secret_sha256) else None
