"""The life of an API key: shown once, kept as a hash, bound to one account, ended at once."""

from hashlib import sha256

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from apps.audit import ledger
from apps.audit.models import Event
from apps.staff import actions
from apps.staff.authentication import find_key
from apps.staff.models import ApiKey


@pytest.fixture
def account(people):
    return actions.create_service_account(slug="volume-watch", name="Volume watch", roles=["detector"], by=people.admin)


@pytest.fixture
def issued(account, people):
    return actions.issue_api_key(account, by=people.admin)


def get(token: str, scheme: str = "Bearer") -> int:
    return Client(headers={"authorization": f"{scheme} {token}"}).get("/api/schema/").status_code


def test_a_key_opens_the_api(issued):
    assert get(issued[1]) == 200
    assert get(issued[1], "bearer") == 200


def test_only_its_hash_is_kept(issued):
    key, text = issued
    secret = text.rpartition(f"{key.prefix}_")[2]
    assert key.secret_sha256 == sha256(secret.encode()).hexdigest()
    event = Event.objects.get(action="staff.issue_api_key")
    assert secret.encode() not in bytes(event.body)
    assert key.secret_sha256.encode() not in bytes(event.body)
    assert secret not in str(key)


def test_a_revoked_key_is_refused_at_once(issued, people):
    key, text = issued
    actions.revoke_api_key(key, by=people.admin, reason="Leaked in a chat")
    assert get(text) == 401
    assert key.revoked_by == people.admin
    assert Event.objects.latest("id").reason == "Leaked in a chat"


def test_a_key_is_of_one_account(issued, account, people):
    other = actions.create_service_account(slug="other", name="Other", roles=["detector"], by=people.admin)
    _, text = actions.issue_api_key(other, by=people.admin)
    assert find_key(issued[1]).service_account == account
    assert find_key(text).service_account == other


@pytest.mark.parametrize(
    "token",
    [
        "",
        "cmk",
        "cmk_",
        "cmk__",
        "cmk_abcdef123456_wrong",
        "xyz_{prefix}_{secret}",
        "cmk_{prefix}_",
        "cmk_{prefix}_wrong",
    ],
)
def test_what_is_no_key_is_refused(issued, token):
    key, text = issued
    token = token.format(prefix=key.prefix, secret=text.split("_", 2)[2])
    assert get(token) == 401
    assert find_key(token) is None


def test_a_key_of_a_machine_that_was_switched_off_is_refused(issued, account):
    with ledger.act("staff.deactivate", _admin(issued)):
        ledger.change(account, is_active=False)
    assert get(issued[1]) == 401


def _admin(issued):
    return issued[0].created_by


def test_a_key_opens_no_page(issued):
    answer = Client(headers={"authorization": f"Bearer {issued[1]}"}).get("/")
    assert answer.status_code == 302
    assert "/sign-in/" in answer["Location"]


def test_only_the_administrator_issues_and_revokes(issued, account, people):
    with pytest.raises(PermissionDenied):
        actions.issue_api_key(account, by=people.lead)
    with pytest.raises(PermissionDenied):
        actions.revoke_api_key(issued[0], by=people.lead)


def test_a_revoked_key_says_by_whom(issued, people):
    from django.utils import timezone

    with pytest.raises(ValidationError), transaction.atomic(), ledger.act("staff.revoke_api_key", people.admin):
        ledger.change(issued[0], revoked_at=timezone.now())


def test_prefixes_are_never_shared(issued, people):
    key = issued[0]
    fields = {f.name: getattr(key, f.name) for f in ApiKey._meta.fields if f.name not in ("id", "created_at")}
    with (
        pytest.raises((ValidationError, IntegrityError)),
        transaction.atomic(),
        ledger.act("staff.issue_api_key", people.admin),
    ):
        ledger.create(ApiKey, **fields)
