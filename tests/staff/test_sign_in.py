"""Signing in, with and without a second factor, and being out at once."""

import re
import subprocess
import sys
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client

from apps.audit.models import Event
from apps.staff import actions
from tests.conftest import PASSWORD, email

LOGIN = "/sign-in/login/"


def sign_in_by_hand(name: str, password: str = PASSWORD, **options) -> tuple[Client, int]:
    client = Client(**options)
    answer = client.post(LOGIN, {"login": email(name), "password": password})
    return client, answer.status_code


def code_of(secret: str) -> str:
    if (left := 30 - time.time() % 30) < 2:
        time.sleep(left)  # it would change under the test
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def events(verb: str) -> int:
    return Event.objects.filter(action=verb).count()


def test_a_page_asks_who_you_are(db):
    answer = Client().get("/people/me/")
    assert answer.status_code == 302
    assert answer["Location"] == f"{LOGIN}?next=/people/me/"


def test_signing_in_with_a_password(people):
    people.analyst  # noqa: B018 - makes her
    client, status = sign_in_by_hand("analyst")
    assert status == 302
    assert client.get("/people/me/").status_code == 200
    event = Event.objects.get(action="staff.sign_in")
    assert event.actor == people.analyst.actor
    assert b'"methods":["password"]' in bytes(event.body)


def test_the_address_is_not_in_the_trail_itself(people):
    people.analyst  # noqa: B018
    sign_in_by_hand("analyst", headers={}, REMOTE_ADDR="203.0.113.9")
    assert b"203.0.113.9" not in bytes(Event.objects.get(action="staff.sign_in").body)


def test_a_refused_sign_in_is_recorded_without_the_address_that_was_typed(people):
    people.analyst  # noqa: B018
    client, status = sign_in_by_hand("analyst", "wrong password")
    assert status == 200
    assert client.get("/people/me/").status_code == 302
    event = Event.objects.get(action="staff.sign_in_failed")
    assert event.actor == "system:sign-in"
    assert email("analyst").encode() not in bytes(event.body)


def test_an_unknown_address_is_refused_in_the_same_words(people):
    people.analyst  # noqa: B018
    answers = [
        re.sub(
            r'(value|content|hx-headers)=("[^"]*"|\'[^\']*\')',
            "",
            Client().post(LOGIN, {"login": address, "password": "wrong password"}).content.decode(),
        )
        for address in (email("analyst"), email("nobody"))
    ]
    assert answers[0] == answers[1]


def test_signing_out_is_recorded_and_ends_the_session(people):
    people.analyst  # noqa: B018
    client, _ = sign_in_by_hand("analyst")
    client.post("/sign-in/logout/")
    assert client.get("/people/me/").status_code == 302
    assert events("staff.sign_out") == 1


def test_a_session_gets_a_new_key_at_sign_in(people):
    people.analyst  # noqa: B018
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["planted"] = True
    session.save()
    planted = client.session.session_key
    client.post(LOGIN, {"login": email("analyst"), "password": PASSWORD})
    assert client.session.session_key != planted


@pytest.mark.parametrize("page", ["", "done/", "key/abc-def/"])
def test_no_link_is_promised_that_no_mail_would_bring(db, page):
    assert Client().get(f"/sign-in/password/reset/{page}").status_code == 404
    assert "password/reset" not in Client().get(LOGIN).content.decode()


def test_nobody_signs_up(db):
    page = Client().get("/sign-in/signup/")
    assert "<form" not in page.content.decode()


@pytest.mark.parametrize("page", ["email", "confirm-email", "confirm-email/abc", "password/set", "login/code/confirm"])
def test_nobody_changes_the_address_they_sign_in_with(people, page):
    people.analyst  # noqa: B018
    client, _ = sign_in_by_hand("analyst")
    assert client.get(f"/sign-in/{page}/").status_code == 404
    assert client.post(f"/sign-in/{page}/", {"action_add": "", "email": "x@y.example"}).status_code == 404
    assert not EmailAddress.objects.exists()


# --- the second factor -----------------------------------------------------------------------------------------------


@pytest.fixture
def secret(people, django_capture_on_commit_callbacks) -> str:
    """The analyst sets up an authenticator app by hand."""
    people.analyst  # noqa: B018
    client, _ = sign_in_by_hand("analyst")
    page = client.get("/second-factor/totp/activate/")
    assert page["Location"].startswith("/sign-in/reauthenticate/")  # a session left open does not lock anybody out
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    page = client.get("/second-factor/totp/activate/")
    shared = page.context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/second-factor/totp/activate/", {"code": code_of(shared)})
    assert answer.status_code == 302
    cache.clear()
    return shared


def test_a_password_alone_opens_nothing_then(people, secret):
    client, status = sign_in_by_hand("analyst")
    assert status == 302
    assert client.get("/people/me/").status_code == 302

    answer = client.post("/second-factor/authenticate/", {"code": "000000"})
    assert answer.status_code == 200
    assert client.get("/people/me/").status_code == 302

    client.post("/second-factor/authenticate/", {"code": code_of(secret)})
    assert client.get("/people/me/").status_code == 200
    methods = bytes(Event.objects.filter(action="staff.sign_in").latest("id").body)
    assert b'"methods":["password","mfa"]' in methods


def test_a_code_is_good_once(people, secret):
    code = code_of(secret)
    for expected in (200, 302):
        client, _ = sign_in_by_hand("analyst")
        client.post("/second-factor/authenticate/", {"code": code})
        assert client.get("/people/me/").status_code == expected


def test_setting_it_up_is_recorded(people, secret):
    event = Event.objects.filter(action="staff.change_second_factor").first()
    assert event.actor == people.analyst.actor


def test_the_database_does_not_hold_the_secret_itself(people, secret):
    kept = str(Authenticator.objects.get(user=people.analyst, type="totp").data)
    assert secret not in kept


# --- out at once -----------------------------------------------------------------------------------------------------


def test_ending_the_access_ends_every_session_with_the_next_click(people):
    people.analyst  # noqa: B018
    client, _ = sign_in_by_hand("analyst")
    assert client.get("/people/me/").status_code == 200
    actions.deactivate(people.analyst, by=people.admin, reason="Left")
    assert client.get("/people/me/").status_code == 302
    again, _ = sign_in_by_hand("analyst")
    assert again.get("/people/me/").status_code == 302
    actions.reactivate(people.analyst, by=people.admin, reason="Came back")
    client, _ = sign_in_by_hand("analyst")
    assert client.get("/people/me/").status_code == 200


def test_other_roles_hold_with_the_next_click(people):
    people.analyst  # noqa: B018
    client, _ = sign_in_by_hand("analyst")
    assert client.get("/evidence/").status_code == 200
    actions.change_roles(people.analyst, roles=["admin"], by=people.admin, reason="Moved")
    assert client.get("/evidence/").status_code == 404


def test_a_new_password_ends_the_other_sessions(people):
    people.analyst  # noqa: B018
    here, _ = sign_in_by_hand("analyst")
    there, _ = sign_in_by_hand("analyst")
    new = "another long enough password"
    answer = here.post("/sign-in/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert answer.status_code == 302
    assert there.get("/people/me/").status_code == 302
    assert events("staff.change_password") == 1
    assert new.encode() not in bytes(Event.objects.get(action="staff.change_password").body)


# --- guessing --------------------------------------------------------------------------------------------------------


@pytest.fixture
def slowed_down(settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}


def test_guessing_is_slowed_down(people, slowed_down):
    people.analyst  # noqa: B018
    for _ in range(5):
        sign_in_by_hand("analyst", "wrong password")
    client, _ = sign_in_by_hand("analyst")  # the right one, too late
    assert client.get("/people/me/").status_code == 302


def test_one_who_guesses_behind_our_proxy_does_not_keep_the_others_out(people, slowed_down, settings):
    settings.TRUSTED_PROXIES = 1
    people.analyst  # noqa: B018
    for number in range(12):
        sign_in_by_hand(f"nobody{number}", headers={"x-forwarded-for": "198.51.100.7"})
    refused, _ = sign_in_by_hand("analyst", headers={"x-forwarded-for": "198.51.100.7"})
    assert refused.get("/people/me/").status_code == 302
    client, _ = sign_in_by_hand("analyst", headers={"x-forwarded-for": "203.0.113.9"})
    assert client.get("/people/me/").status_code == 200


ELSEWHERE = """
import sys, django; django.setup()
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.test import RequestFactory

login, code = sys.argv[1:]
try:
    get_adapter().pre_authenticate(RequestFactory().post("/"), email=login, password="wrong")
except ValidationError as error:
    print(error.code)
print(Authenticator.objects.get(type="totp").wrap().validate_code(code))
"""


def test_a_second_web_process_counts_the_same_guesses_and_codes(environment, people, secret, slowed_down):
    client, _ = sign_in_by_hand("analyst")
    code = code_of(secret)
    client.post("/second-factor/authenticate/", {"code": code})
    assert client.get("/people/me/").status_code == 200
    for _ in range(5):
        sign_in_by_hand("lead", "wrong password")
    elsewhere = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ELSEWHERE, email("lead"), code],
        cwd=project.BASE_DIR,
        env=environment | {"ALLOWED_HOSTS": "testserver"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert elsewhere.stdout.split() == ["too_many_login_attempts", "False"], elsewhere.stderr
