"""Pages that belong to no room: errors, signing in, one's own account."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string
from django.test import Client

from tests.conftest import PASSWORD


def test_errors_never_leave_a_blank_page(db, rf):
    client = Client(raise_request_exception=False)
    missing = client.get("/no/such/page/")
    assert missing.status_code == 404
    assert "/no/such/page/" in missing.text
    assert "start page" in missing.text
    broken = render_to_string("500.html")
    assert "either recorded whole or not at all" in broken
    assert "UTC" in broken


def test_a_refusal_says_why(rf):
    from django.views.defaults import permission_denied

    refused = rf.get("/queue/")
    refused.user = AnonymousUser()
    page = permission_denied(refused, PermissionDenied("Proposer and approver must differ."))
    assert page.status_code == 403
    assert b"Proposer and approver must differ." in page.content


def test_an_expired_form_says_what_to_do(db):
    page = Client(enforce_csrf_checks=True).post("/sign-in/login/", {"login": "a@northlight.example"})
    assert page.status_code == 403
    assert "copy what you typed" in page.text


def test_the_sign_in_page_explains_a_wrong_password(db):
    page = Client().post("/sign-in/login/", {"login": "nobody@northlight.example", "password": "wrong wrong wrong"})
    assert page.status_code == 200
    assert 'role="alert"' in page.text
    assert "<label" in page.text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/second-factor/", "Second factor"),
        ("/sign-in/password/change/", "Change password"),
        ("/sign-in/logout/", "Sign out?"),
        ("/sign-in/reauthenticate/", "Confirm that it is you"),
    ],
)
def test_pages_of_ones_own_account(people, sign_in, address, words):
    page = sign_in(people.analyst).get(address)
    assert page.status_code == 200
    assert f"<h1>{words}" in page.text


def test_setting_up_a_second_factor_from_sign_in_to_recovery_codes(people):
    from allauth.mfa.totp.internal import auth as totp

    client = Client()
    client.post("/sign-in/login/", {"login": people.analyst.email, "password": PASSWORD})
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    page = client.get("/second-factor/totp/activate/")
    secret = page.context["form"].secret
    assert f'data-copy="{secret}"' in page.text
    assert 'class="qr"' in page.text

    refused = client.post("/second-factor/totp/activate/", {"code": "000000"})
    assert refused.status_code == 200
    assert 'aria-invalid="true"' in refused.text

    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    shown = client.post("/second-factor/totp/activate/", {"code": code}, follow=True)
    assert "Recovery codes" in shown.text
    assert shown.text.count("<li>") >= 8
    assert "at every sign-in" in client.get("/second-factor/").text

    client.post("/sign-in/logout/")
    asked = client.post("/sign-in/login/", {"login": people.analyst.email, "password": PASSWORD}, follow=True)
    assert "<h1>Second factor" in asked.text
