"""Ring pages: from a group to a ring, along a path, and back by undoing what was cut."""

import pytest

from apps.accounts.models import Link, LinkageRun, Ring, RingMember, Tie
from apps.alerts.models import AlertGroup
from apps.audit import ledger
from apps.audit.models import Event
from tests.accounts.ringed import account, linked, populate, rings, work
from tests.alerts.conftest import alert
from tests.architecture.world import World
from tests.audit.planting import acting


@pytest.fixture
def ringed(people):
    populate(people)
    linked(people)
    return people


@pytest.fixture
def ring(ringed) -> Ring:
    return Ring.objects.get(size=12)


def test_the_list_and_the_ring(ringed, ring, sign_in):
    client = sign_in(ringed.analyst)
    page = client.get("/rings/").content.decode()
    assert ring.ref in page
    assert "promises nothing" in page
    assert ring.ref not in client.get("/rings/?family=device").content.decode()
    page = client.get(ring.get_absolute_url()).content.decode()
    assert "12 accounts that seem to be operated together" in page.replace("\xa0", " ")
    assert "…-one" not in page
    assert "All that ties it is of one kind" in page


def test_a_path_in_words_and_bits(ringed, ring, sign_in):
    client = sign_in(ringed.analyst)
    one, other = account("acct_c01"), account("acct_c09")
    page = client.get(f"/accounts/{one.pk}/path/{other.pk}/").content.decode()
    assert "linked over 1 other account" in page
    assert "acct_c00" in page
    assert "<svg" in page
    assert Event.objects.filter(action="accounts.open_path", object_id=one.pk).count() == 1
    alone = account("acct_s00")
    assert "in no ring together" in client.get(f"/accounts/{one.pk}/path/{alone.pk}/").content.decode()


def test_where_no_value_leads_the_rhythm_does_and_says_how_little_that_is(ringed, ring, sign_in):
    client = sign_in(ringed.analyst)
    follower, other = account("acct_s00"), account("acct_c01")
    run = LinkageRun.objects.get()
    with acting():
        ledger.create(RingMember, ring=ring, account=follower, how="synchrony", probability=0.7, since_run=run)
        for one in (follower, other):
            ledger.create(
                Link,
                ring=ring,
                account=one,
                family="rhythm",
                kind=Link.SYNCHRONY,
                members=2,
                background_rate=0.001,
                weight=6.0,
                since_run=run,
            )
    page = client.get(f"/accounts/{follower.pk}/path/{other.pk}/").content.decode()
    assert "whoever works the same hours looks alike" in page
    assert "rhythm of requests" in page
    assert "<svg" in page
    page = client.get(f"/accounts/{follower.pk}/path/{account('acct_c02').pk}/").content.decode()
    assert "linked over 1 other account" in page.replace("\xa0", " ")
    assert "rather than to the other" in page
    of_follower, of_member = Link.objects.filter(kind=Link.SYNCHRONY).order_by("id")
    cut = client.get(f"/rings/edges/{of_follower.pk}/cut/").content.decode().replace("\xa0", " ")
    assert "and 1 single account would" in cut
    assert "single account" not in client.get(f"/rings/edges/{of_member.pk}/cut/").content.decode()


def test_who_may_not_see_identifiers_sees_kinds_alone(ringed, ring, sign_in):
    client = sign_in(ringed.reviewer)
    page = client.get(f"/accounts/{account('acct_c01').pk}/path/{account('acct_c02').pk}/").content.decode()
    assert "payment instrument" in page
    assert "Masked" not in page
    assert client.get(f"{ring.get_absolute_url()}shared/").status_code == 403
    assert not Event.objects.filter(action__in=["accounts.open_path", "accounts.open_shared"]).exists()


def test_shared_values_are_masked_and_looking_is_recorded(ringed, ring, sign_in):
    page = sign_in(ringed.analyst).get(f"{ring.get_absolute_url()}shared/").content.decode()
    assert "-one" in page
    assert "card-one" not in page
    assert Event.objects.filter(action="accounts.open_shared", object_id=ring.pk).count() == 1


def test_an_account_says_why_it_is_in_and_what_speaks_against_it(ringed, ring, sign_in):
    page = sign_in(ringed.analyst).get(f"/accounts/{account('acct_c01').pk}/ring/").content.decode()
    assert "It shares its payment instrument with 5 other accounts of the ring" in page.replace("\xa0", " ")
    assert "1 edge ties it, no more" in page.replace("\xa0", " ")


def test_a_cut_says_before_what_it_does(ringed, ring, sign_in):
    client = sign_in(ringed.analyst)
    link = Link.objects.filter(account__ref="acct_c00", members=7).get()
    page = client.get(f"/rings/edges/{link.pk}/cut/").content.decode().replace("\xa0", " ")
    assert "parts of 6 and 6 would hang together" in page
    answer = client.post(f"/rings/edges/{link.pk}/cut/", {"why": "The card was stolen"})
    assert answer.status_code == 302
    assert "The card was stolen" in client.get("/rings/ties/").content.decode()
    tie = Tie.objects.get()
    assert client.post(f"/rings/ties/{tie.pk}/undo/", {"reason": "It was not"}).status_code == 302
    assert "taken back" in client.get("/rings/ties/").content.decode()


def test_a_ring_is_suspected_explained_and_opened_again(ringed, ring, sign_in):
    client = sign_in(ringed.analyst)
    for verb, state in (("suspect", "suspected"), ("explain", "innocent"), ("reopen", "found")):
        assert client.post(f"{ring.get_absolute_url()}{verb}/", {"why": f"Because of {verb}"}).status_code == 302
        ring.refresh_from_db()
        assert ring.state == state
        if state != "found":
            assert f"Because of {verb}" in client.get(ring.get_absolute_url()).content.decode()


def test_runs_are_begun_followed_stopped_and_compared(ringed, sign_in):
    client = sign_in(ringed.analyst)
    answer = client.post("/rings/runs/start/", {"scope": "full"})
    run = LinkageRun.objects.get(number=2)
    assert answer.url == run.get_absolute_url()
    assert "Reading what accounts share" in client.get(run.get_absolute_url()).content.decode()
    assert "wait for it" in client.post("/rings/runs/start/", {"scope": "full"}).content.decode()
    assert client.post(f"{run.get_absolute_url()}stop/", {"reason": "By mistake"}).status_code == 302
    before = rings()
    work()
    assert rings() == before
    linked(ringed)
    assert "Every ring has the same accounts" in client.get("/rings/runs/compare/?one=1&two=3").content.decode()
    assert "By mistake" in client.get(run.get_absolute_url()).content.decode()
    assert "Run 3" in client.get("/rings/runs/").content.decode()


def test_a_group_leads_to_the_rings_of_its_accounts(ringed, ring, sign_in):
    world = World()
    world.people = ringed
    world.receive(alert(subject={"type": "account", "accounts": ["acct_c01"]}))
    group = AlertGroup.objects.get()
    client = sign_in(ringed.analyst)
    assert f"{group.get_absolute_url()}rings/" in client.get(group.get_absolute_url()).content.decode()
    assert ring.ref in client.get(f"{group.get_absolute_url()}rings/").content.decode()


def test_programs_read_rings_without_identifiers(ringed, ring, sign_in):
    client = sign_in(ringed.analyst)
    assert [one["size"] for one in client.get("/api/v1/rings").json()["rings"]] == [12, 10]
    one = client.get(f"/api/v1/rings/{ring.ref}").json()
    assert (one["state"], one["shared"][0]["kind"]) == ("found", "payment")
    members = client.get(f"/api/v1/rings/{ring.ref}/members").json()["members"]
    assert {member["account"] for member in members} == {f"acct_c{n:02}" for n in range(12)}
    for address in ("/api/v1/rings", f"/api/v1/rings/{ring.ref}", f"/api/v1/rings/{ring.ref}/members"):
        assert sign_in(ringed.admin).get(address).status_code == 404
