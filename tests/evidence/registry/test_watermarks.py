"""Watermarks: keys are named and never held, their custody has no silent gaps, and others can verify the scheme."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from apps.evidence import actions
from apps.evidence.models import KeyDeployment, WatermarkKey
from apps.evidence.registry import keymaterial, register
from tests.evidence.registry.conftest import AUGUST, JULY, JUNE, SHARD, told

SECRETS = {
    "hexadecimal": "0123456789abcdef0123456789abcdef",
    "Base64": "aB3cD4eF5gH6iJ7kL8mN9oP0qR1sT2uV3wX4yZ5AbC6=",
    "PEM": "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----",
    "JWK": '{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}',
}


@pytest.mark.parametrize("kind", SECRETS)
def test_what_looks_like_a_key_is_refused_at_every_door(kind, scheme, key, people, sign_in):
    held = {"holder": "Service", "storage": "HSM 2"}
    with pytest.raises(ValidationError, match=r"looks like a key.*R14"):
        actions.register_key(scheme, key_id="wm-b", held_from=JUNE, notes=SECRETS[kind], by=people.lead, **held)
    with pytest.raises(ValidationError, match="looks like a key"):
        actions.hand_over_key(key, holder="Service", storage=SECRETS[kind], at=JULY, by=people.lead)
    answer = sign_in(people.lead).post(
        f"/models/keys/{key.key_id}/incident/",
        {"happened_at": "2026-07-01T00:00", "effect": "exposed", "account": f"It was in a log: {SECRETS[kind]}"},
    )
    assert answer.status_code == 422
    assert "looks like a key" in told(answer)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_event WHERE position(%s in convert_from(body, 'UTF8')) > 0",
            [SECRETS[kind][:40]],
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    "parameters",
    [
        {"gamma": 0.25, "hash_key": 15485863},
        {"seed": 42},
        {"detector": {"secret": "x"}},
        {"keys": [3, 1, 4, 1, 5]},
        {"table": "0123456789abcdef" * 4},
    ],
)
def test_parameters_of_a_scheme_hold_no_key(parameters, people):
    with pytest.raises(ValidationError, match="looks like a key"):
        actions.register_scheme(
            name="g", version="1", method="m", parameters=parameters, detector="d", detector_version="1", by=people.lead
        )


@pytest.mark.parametrize(
    "harmless",
    [
        "wm-2026-a",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        "held in arn:aws:kms:eu-west-1:1:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        SHARD,
        {"key_id": "wm-2026-a", "key_length": 256, "seeding": "lefthash", "gamma": 0.25},
        "https://models.example/meta/Harbour-2-7b-chat/blob/main/tokenizer.json",
        "The-quick-brown-fox-jumps-over-the-lazy-dog-again-and-again",
    ],
)
def test_names_digests_and_addresses_are_no_keys(harmless):
    assert keymaterial.found_in(harmless) == ""


def test_a_key_is_called_by_a_plain_name(scheme, people):
    with pytest.raises(ValidationError, match="letters, digits"):
        actions.register_key(scheme, key_id="my key", holder="A", storage="B", held_from=JUNE, by=people.lead)


# --- custody ----------------------------------------------------------------------------------------------------------


def test_handing_over_ends_what_was_before(key, people, sign_in):
    actions.hand_over_key(key, holder="Red team", storage="HSM 2", at=JULY, by=people.lead)
    first, second = key.holdings.order_by("held_from")
    assert (first.held_until, second.held_from, second.held_until) == (JULY, JULY, None)
    assert register.gaps([first, second]) == []
    page = told(sign_in(people.reviewer).get(f"/models/keys/{key.key_id}/"))
    assert "Red team" in page
    assert "there is no time in which nobody is on record" in page


def test_a_key_is_not_handed_over_before_it_was_received(key, people):
    with pytest.raises(ValidationError, match="give a later moment"):
        actions.hand_over_key(key, holder="Red team", storage="HSM 2", at=JUNE, by=people.lead)


def test_a_time_without_a_holder_is_a_gap(key):
    holding = key.holdings.get()
    holding.held_until = JULY
    (gap,) = register.gaps([holding])
    assert (gap.since, gap.until) == (JULY, None)
    assert "nobody is on record" in str(gap)
    (before,) = register.gaps([key.holdings.get()], datetime(2026, 5, 1, tzinfo=UTC), JULY)
    assert (before.since.month, before.until) == (5, JUNE)


def test_the_statement_of_custody_names_holders_gaps_and_incidents(key, people):
    assert register.custody_of(key, JUNE, JULY).is_whole
    assert not register.custody_of(key, JUNE - timedelta(days=1), JULY).is_whole
    actions.record_incident(
        key, happened_at=JUNE + timedelta(days=9), effect="unknown", account="A laptop was lost.", by=people.lead
    )
    statement = register.custody_of(key, JUNE, JULY)
    assert not statement.is_whole
    assert [one.account for one in statement.incidents] == ["A laptop was lost."]


def test_an_incident_is_seen_beside_the_key(key, people, sign_in):
    client = sign_in(people.lead)
    assert "no incident" in told(client.get("/models/watermarks/"))
    client.post(
        f"/models/keys/{key.key_id}/incident/",
        {"happened_at": "2026-07-01T10:00", "effect": "exposed", "account": "It was in a log."},
    )
    assert "1 key may have left custody" in told(client.get("/models/watermarks/"))
    assert "Whoever has the key can forge the watermark" in told(client.get(f"/models/keys/{key.key_id}/"))


# --- deployments ------------------------------------------------------------------------------------------------------


def test_a_key_is_in_use_on_a_version_once_at_a_time(key, version, people):
    actions.deploy_key(key, version=version, deployed_from=JUNE, deployed_until=JULY, by=people.lead)
    with pytest.raises(ValidationError, match="in use on Harbour 2"):
        actions.deploy_key(key, version=version, deployed_from=JULY - timedelta(days=1), by=people.lead)
    actions.deploy_key(key, version=version, deployed_from=JULY, by=people.lead)
    assert KeyDeployment.objects.count() == 2


def test_a_deployment_ends_once(key, version, people, sign_in):
    deployment = actions.deploy_key(key, version=version, deployed_from=JUNE, by=people.lead)
    client, address = sign_in(people.lead), f"/models/deployments/{deployment.pk}/end/"
    assert client.post(address, {"at": "2026-08-01T00:00", "reason": "Replaced"}).status_code == 302
    deployment.refresh_from_db()
    assert deployment.deployed_until == AUGUST
    assert client.post(address, {"at": "2026-09-01T00:00", "reason": "Again"}).status_code == 403


def test_a_deployment_does_not_end_before_it_began(key, version, people):
    deployment = actions.deploy_key(key, version=version, deployed_from=JULY, by=people.lead)
    with pytest.raises(ValidationError, match="ends before it begins"):
        actions.end_deployment(deployment, at=JUNE, reason="x", by=people.lead)


def test_the_model_shows_its_keys_over_time(key, version, people, sign_in):
    actions.deploy_key(key, version=version, deployed_from=JUNE, deployed_until=JULY, by=people.lead)
    page = told(sign_in(people.reviewer).get(f"/models/{version.model_id}/"))
    assert 'class="chart spans"' in page
    assert "2026-07-01 00:00 UTC" in page


# --- what others verify by --------------------------------------------------------------------------------------------


def test_the_descriptor_says_all_but_the_key(scheme, key, people, sign_in):
    client = sign_in(people.reviewer)
    answer = client.get(f"/models/watermarks/{scheme.pk}/descriptor.json")
    file = answer.getvalue()
    found = json.loads(file)
    assert found["parameters"] == {"gamma": 0.25, "context": 1, "tokenizer": SHARD}
    assert found["detector"] == {"name": "greenlist", "version": "2.1"}
    assert found["keys"] == ["wm-2026-a"]
    assert sha256(file).hexdigest() in told(client.get(f"/models/watermarks/{scheme.pk}/"))


def test_what_has_not_happened_yet_is_not_entered(scheme, people):
    later = timezone.now() + timedelta(days=1)
    with pytest.raises(ValidationError, match="lies in the future"):
        actions.register_key(scheme, key_id="wm-b", holder="A", storage="B", held_from=later, by=people.lead)
    assert not WatermarkKey.objects.exists()
