"""What is done to people and machines that sign in."""

import secrets
from hashlib import sha256

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.staff.models import ApiKey, ServiceAccount, User


@action
def bootstrap(*, email: str, name: str, password: str, by) -> User:
    """The first administrator, made by casemgr itself; refused once there is anybody."""
    if User.objects.exists():
        raise ValidationError("There are people already: an administrator invites the next one.")
    return ledger.create(User, email=email, name=name, roles=["admin"], password=make_password(password))


@action
def invite(*, email: str, name: str, roles: list[str], password: str, by) -> User:
    """A new person with roles and a first password."""
    return ledger.create(User, email=email.strip(), name=name, roles=sorted(roles), password=make_password(password))


@action
def change_roles(user: User, *, roles: list[str], by, reason: str = "") -> None:
    """Give a person other roles; nobody changes their own."""
    ledger.change(user, roles=sorted(roles))


@action
def deactivate(user: User, *, by, reason: str = "") -> None:
    """End a person's access at once: the next request of any session of theirs is refused."""
    ledger.change(user, is_active=False)


@action
def reactivate(user: User, *, by, reason: str = "") -> None:
    """Give access back."""
    ledger.change(user, is_active=True)


@action
def change_password(user: User, *, password: str, by) -> None:
    """A person's own new password. The trail holds that it changed, not what it is."""
    ledger.change(user, password=make_password(password))


@action
def change_second_factor(user: User, *, what: str, by) -> None:
    """Record that a person added, removed or renewed a second factor; `what` says which."""
    ledger.note(user, what=what)


@action
def sign_in(user: User, *, methods: list[str], by) -> None:
    """Record a sign-in, and by what means."""
    ledger.note(user, methods=methods)


@action
def sign_out(user: User, *, by) -> None:
    """Record a sign-out."""
    ledger.note(user)


@action
def sign_in_failed(*, email_hmac: str, by) -> None:
    """Record a refused sign-in. The address is hashed with the pepper: it may be somebody's slip of the keyboard."""
    with ledger.batch(email_hmac=email_hmac):
        pass


@action
def create_service_account(*, slug: str, name: str, roles: list[str], by) -> ServiceAccount:
    """A program that will sign in with keys."""
    return ledger.create(ServiceAccount, slug=slug, name=name, roles=roles)


@action
def issue_api_key(account: ServiceAccount, *, by) -> tuple[ApiKey, str]:
    """A new key and its text. The text is returned once and kept nowhere."""
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = ledger.create(
        ApiKey,
        service_account=account,
        prefix=prefix,
        secret_sha256=sha256(secret.encode()).hexdigest(),
        created_by=by if isinstance(by, User) else None,
    )
    return key, f"cmk_{prefix}_{secret}"


@action
def revoke_api_key(key: ApiKey, *, by, reason: str = "") -> None:
    """End a key at once."""
    ledger.change(key, revoked_at=timezone.now(), revoked_by=by)
