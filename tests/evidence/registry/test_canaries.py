"""Canaries: a digest that everybody may see, words that few may, each time with a reason."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit.models import Event
from apps.evidence import actions
from apps.evidence.models import Canary
from tests.evidence.registry.conftest import AUGUST, JULY, JUNE, told

WORDS = "The lighthouse keeper of Osmøy counts seven herrings."


@pytest.fixture
def plant(account, people):
    def planted(**values) -> Canary:
        usual = {"placed": "In three answers", "planted_at": JULY, "text": WORDS, "by": people.analyst}
        return actions.plant_canary(account, **usual | values)

    return planted


def test_its_words_are_in_no_list_no_page_and_no_entry(plant, account, people, sign_in):
    canary = plant(candidates=1000)
    assert canary.text_sha256 == sha256(WORDS.encode()).hexdigest()
    client = sign_in(people.analyst)
    for address in ("/models/canaries/", f"/models/canaries/{canary.ref}/", f"/accounts/{account.pk}/canaries/"):
        page = told(client.get(address))
        assert canary.ref in page
        assert "lighthouse" not in page
    assert not any(b"lighthouse" in bytes(event.body) for event in Event.objects.all())


def test_whoever_needs_its_words_says_why_and_is_on_record(plant, people, sign_in):
    canary, client = plant(), sign_in(people.analyst)
    address = f"/models/canaries/{canary.ref}/words/"
    assert "lighthouse" not in told(client.get(address))
    page = client.post(address, {"reason": "To look for it in the crawl"}, follow=True)
    assert WORDS in told(page)
    assert page["Cache-Control"] == "private, no-store"
    (event,) = Event.objects.filter(action="evidence.open_canary")
    assert event.reason == "To look for it in the crawl"


@pytest.mark.parametrize("who", ["counsel", "auditor", "reviewer", "approver"])
def test_others_see_that_it_is_there_and_not_its_words(who, plant, people, sign_in):
    canary, client = plant(), sign_in(getattr(people, who))
    assert client.get(f"/models/canaries/{canary.ref}/").status_code == 200
    assert client.post(f"/models/canaries/{canary.ref}/words/", {"reason": "Curious"}).status_code == 403


def test_a_digest_is_enough(plant, people, sign_in):
    canary = plant(text="", text_sha256="ab" * 32)
    assert "kept elsewhere" in told(sign_in(people.analyst).get(f"/models/canaries/{canary.ref}/"))


def test_words_and_digest_have_to_fit(plant):
    with pytest.raises(ValidationError, match="another SHA-256"):
        plant(text_sha256="ab" * 32)
    with pytest.raises(ValidationError, match="Give the words, or"):
        plant(text="")
    with pytest.raises(ValidationError, match="64 hexadecimal"):
        plant(text="", text_sha256="abc")


def test_a_canary_is_for_one_account_alone(plant):
    plant()
    with pytest.raises(ValidationError, match="for one account alone"):
        plant()


def test_it_is_retired_once_and_stays(plant, people, sign_in):
    canary, client = plant(), sign_in(people.analyst)
    address = f"/models/canaries/{canary.ref}/retire/"
    assert client.post(address, {"at": "2026-08-01T00:00", "reason": "It came out"}).status_code == 302
    canary.refresh_from_db()
    assert (canary.retired_at, canary.retired_by) == (AUGUST, people.analyst.actor)
    assert client.post(address, {"at": "2026-08-01T00:00", "reason": "Again"}).status_code == 403


def test_it_is_not_retired_before_it_was_planted(plant, people):
    with pytest.raises(ValidationError, match="before it was planted"):
        actions.retire_canary(plant(), at=JUNE, reason="x", by=people.analyst)


def test_what_is_planted_lies_in_the_past(plant):
    with pytest.raises(ValidationError, match="lies in the future"):
        plant(planted_at=timezone.now() + timedelta(hours=1))
