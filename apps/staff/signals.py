"""Sign-in is a library's work; what it did becomes part of the trail here."""

import hmac

from allauth.mfa import signals as mfa
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from apps.audit.principals import System
from apps.staff import actions


@receiver(user_logged_in)
def record_sign_in(request, user, **_) -> None:
    done = request.session.get("account_authentication_methods", [])
    actions.sign_in(user, methods=[entry.get("method", "") for entry in done] or ["password"], by=user)


@receiver(user_logged_out)
def record_sign_out(request, user, **_) -> None:
    if user is not None:
        actions.sign_out(user, by=user)


@receiver(user_login_failed)
def record_failure(credentials, **_) -> None:
    email = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    digest = hmac.digest(settings.IDENTIFIER_PEPPER.encode(), email.encode(), "sha256").hex()
    actions.sign_in_failed(email_hmac=digest, by=System("sign-in"))


@receiver([mfa.authenticator_added, mfa.authenticator_removed, mfa.authenticator_reset])
def record_second_factor(signal, user, authenticator, **_) -> None:
    what = {mfa.authenticator_added: "added", mfa.authenticator_removed: "removed"}.get(signal, "renewed")
    actions.change_second_factor(user, what=f"{what} {authenticator.get_type_display()}", by=user)
