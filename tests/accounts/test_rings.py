"""Runs of the linkage on real records: rings keep their name, people's words last, and nothing is written twice."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from unittest.mock import Mock, call
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans, lists, sampled_from

from apps.accounts import actions, tasks
from apps.accounts.linkage import finding
from apps.accounts.models import Activity, CommonValue, Identifier, Link, LinkageRun, Ring, Tie
from apps.accounts.relinking import news, reading
from apps.audit import ledger
from apps.core import vault
from apps.core.models import Job
from tests.accounts.ringed import ALONE, account, bring, linked, populate, rings, share, state, work
from tests.audit.planting import acting


@contextmanager
def rolled_back() -> Iterator[None]:
    """Each example begins with the same empty tables."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def ringed(people):
    populate(people)
    linked(people)
    return people


def cards() -> Ring:
    return Ring.objects.get(members__account__ref="acct_c00", members__until_run=None)


def test_a_run_finds_rings_and_says_so(people):
    populate(people)
    run = linked(people)
    assert run.state == LinkageRun.State.DONE, Job.objects.values_list("last_error", flat=True)
    assert sorted(map(len, rings().values())) == [10, 12]
    assert run.changes["new"] == 2
    assert run.changes["joined"] == 22
    assert run.accounts == 62
    assert len(run.input_sha256) == 64
    assert Link.objects.filter(until_run=None, kind="payment").count() == 13


def test_how_small_a_ring_may_be_is_a_setting(people, settings):
    settings.RING_LEAST = 2
    share(people, ("acct_a", "device", "one"), ("acct_b", "device", "one"), ("acct_c", "device", "two"))
    run = linked(people)
    assert [sorted(members) for members in rings().values()] == [["acct_a", "acct_b"]]
    assert run.settings["least"] == 2


def test_spark_does_the_first_stages_of_a_look_at_everybody_where_a_setting_names_it(people, settings, monkeypatch):
    session = Mock()

    def join(search, progress, *, session):
        session.asked()
        finding._join(search, progress)

    monkeypatch.setattr("apps.accounts.linkage.spark.join", join)
    monkeypatch.setattr("apps.core.spark.session", lambda: session)
    settings.SPARK_MASTER = "local-cluster[2,1,1024]"
    populate(people)
    linked(people)
    assert session.method_calls == [call.asked(), call.stop()]
    assert sorted(map(len, rings().values())) == [10, 12]
    share(people, ("acct_new", "payment", "card-one"))
    linked(people, "new")
    assert len(session.method_calls) == 2, "what is new is looked at here"


def test_a_second_run_changes_nothing(ringed):
    before = state()
    run = linked(ringed)
    assert state() == before
    assert not any(number for name, number in run.changes.items() if name != "rings")
    assert run.input_sha256 == LinkageRun.objects.get(number=1).input_sha256


def test_what_is_new_is_found_without_looking_at_everything(ringed):
    share(ringed, ("acct_new", "payment", "card-one"), ("acct_newer", "device", "device-one"))
    share(ringed, *((f"acct_e{n:02}", "device", "device-two") for n in range(9)))
    run = linked(ringed, "new")
    assert run.accounts == 12 + 10 + 2 + 9, "those who share nothing with them are left alone"
    found = rings()
    assert sorted(map(len, found.values())) == [9, 11, 13]
    assert run.changes["new"] == 1
    assert run.changes["joined"] == 11
    linked(ringed)
    assert rings() == found, "a look at everything finds the same"


def test_rings_that_are_large_stand_as_they_are_and_grow(ringed, monkeypatch):
    monkeypatch.setattr(news, "LOOKED_INTO", 0)
    kept = state()
    share(ringed, ("acct_new", "payment", "card-one"), ("acct_newer", "device", "device-one"))
    share(ringed, ("acct_newest", "payment", "card-of-new"), ("acct_new", "payment", "card-of-new"))
    # By one that is inside:
    share(ringed, ("acct_d00", "payment", "card-of-d"), ("acct_beside", "payment", "card-of-d"))
    run = linked(ringed, "new")
    assert run.accounts == 4, "nobody who is in a ring"
    found = rings()
    assert sorted(map(len, found.values())) == [12, 14]
    assert {"acct_new", "acct_newest"} <= found[cards().ref]
    assert Ring.objects.get(size=12).members.count() == 12
    for before, after in zip(kept[1:], state()[1:], strict=True):
        assert set(before) <= set(after), "who was in a ring is in it as before"
    linked(ringed)
    assert rings() == found, "a look at everything finds the same"


def test_what_is_common_is_passed_over_until_somebody_says_that_it_links(people):
    populate(people)
    share(people, *((f"acct_s{n:02}", "template", "the manual's own") for n in range(ALONE)))
    share(people, *((f"acct_s{n:02}", "payment", "card-of-few") for n in range(3)))
    linked(people)
    assert list(CommonValue.objects.values_list("kind", flat=True)) == ["template"], "a card never is"
    share(people, *((f"acct_n{n:02}", "template", "the manual's own") for n in range(9)))
    share(people, *((f"acct_n{n:02}", "tool_schema", "of all the new") for n in range(9)))
    linked(people, "new")
    assert sorted(map(len, rings().values())) == [10, 12]
    before = rings()
    linked(people)
    assert rings() == before, "a look at everything finds the same"
    template = Identifier.objects.get(account__ref="acct_n00", kind="template")
    actions.confirm_link(template, why="Nobody else has this misprint", whole=True, by=people.analyst)
    Job.objects.filter(kind="accounts.link_news").delete()
    linked(people, "new")
    assert sorted(map(len, rings().values())) == [10, 12, ALONE + 9]
    linked(people)
    assert not CommonValue.objects.exists()


def test_a_judged_ring_is_looked_into_however_large(ringed, monkeypatch):
    monkeypatch.setattr(news, "LOOKED_INTO", 0)
    link = Link.objects.get(account__ref="acct_c00", members=7, until_run=None)
    actions.cut_link(link, why="Its card was stolen", by=ringed.analyst)
    Job.objects.filter(kind="accounts.link_news").delete()
    assert linked(ringed, "new").accounts == 12
    assert sorted(map(len, rings().values())) == [10], "two parts of six are no ring"


def test_news_make_one_run_by_themselves(ringed):
    tasks.linkage.link_new()
    assert LinkageRun.objects.count() == 1, "nothing was new"
    share(ringed, ("acct_new", "payment", "card-one"))
    share(ringed, ("acct_newer", "payment", "card-one"))
    tasks.linkage.link_new()
    tasks.linkage.link_new()  # one is under way
    work()
    tasks.linkage.link_new()
    work()
    assert list(LinkageRun.objects.order_by("number").values_list("scope", flat=True)) == ["full", "new"]
    assert len(rings()[cards().ref]) == 14


def cut(people, ref: str = "acct_c00", members: int = 7, whole: bool = False) -> Tie:
    link = Link.objects.get(account__ref=ref, members=members, until_run=None)
    tie = actions.cut_link(link, why="Its card was stolen", whole=whole, by=people.analyst)
    work()
    return tie


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(whole=booleans(), scopes=lists(sampled_from(["full", "new"]), max_size=1))
def test_a_cut_edge_stays_cut_and_undoing_it_restores_everything(people, whole, scopes):
    with rolled_back():
        populate(people)
        share(people, *((f"acct_b{n}", "payment", "card-two") for n in range(3)))  # the other part is a ring of its own
        linked(people)
        before, ref = rings(), cards().ref
        tie = cut(people, members=10, whole=whole)
        after = rings()
        assert sorted(map(len, after.values())) == ([10] if whole else [9, 10])
        for scope in scopes:
            linked(people, scope)
            assert rings() == after
        actions.undo_tie(tie, reason="It was not", by=people.analyst)
        work()
        assert sorted(map(sorted, rings().values())) == sorted(map(sorted, before.values()))
        assert ref in rings() or whole
        for scope in scopes:
            linked(people, scope)
            assert sorted(map(sorted, rings().values())) == sorted(map(sorted, before.values()))


def test_a_confirmed_edge_links_what_was_apart(ringed):
    share(ringed, ("acct_c05", "other", "note"), ("acct_d05", "other", "note"))
    linked(ringed, "new")
    assert sorted(map(len, rings().values())) == [10, 12]
    note = Identifier.objects.get(account__ref="acct_c05", kind="other")
    actions.confirm_link(note, why="The same handwriting", whole=True, by=ringed.analyst)
    work()
    assert sorted(map(len, rings().values())) == [22]
    gone = Ring.objects.get(state="dissolved")
    assert gone.went_into == cards()
    assert LinkageRun.objects.latest("number").changes["merged"] == 1


def test_a_suspected_ring_stays_so_when_it_grows(ringed):
    actions.suspect_ring(cards(), why="Seen by hand", by=ringed.analyst)
    ref = cards().ref
    share(ringed, *((f"acct_n{n}", "payment", "card-two") for n in range(5)))
    linked(ringed)
    assert (cards().ref, cards().state, cards().size) == (ref, "suspected", 17)


def test_a_worker_that_dies_between_the_steps_loses_nothing(people):
    populate(people)
    run = actions.start_linkage(by=people.analyst)
    for step in ("search", "write"):
        job = Job.objects.filter(kind="accounts.link", state="waiting").latest("id")
        with suppress(KeyboardInterrupt), transaction.atomic():
            tasks.linkage.link(job)
            raise KeyboardInterrupt
        assert not rings()
        if step == "search":
            tasks.linkage.link(job)
            Job.objects.filter(pk=job.pk).update(state="done", finished_at=timezone.now())
    run.refresh_from_db()
    vault.let_go(run.held)  # a sweep took the file: it is searched for again
    work()
    run.refresh_from_db()
    assert run.state == "done"
    assert sorted(map(len, rings().values())) == [10, 12]
    assert Ring.objects.count() == 2


def test_one_run_at_a_time_and_none_around_news_before_the_first(people):
    with pytest.raises(ValidationError, match="looked at once"):
        actions.start_linkage(scope="new", by=people.analyst)
    actions.start_linkage(by=people.analyst)
    with pytest.raises(ValidationError, match="wait for it, or stop it"):
        actions.start_linkage(by=people.analyst)


def test_the_order_of_records_makes_no_difference(people):
    with rolled_back():
        populate(people)
        first = linked(people).input_sha256, sorted(map(sorted, rings().values()))
    with rolled_back():
        populate(people, backwards=True)
        assert sorted(map(sorted, rings().values())) == []
        linked(people)
        assert sorted(map(sorted, rings().values())) == first[1]


def test_the_hours_of_accounts_are_read_as_they_are(people):
    populate(people)
    day = {"account_ref": "acct_c00", "day": "2026-05-02", "queries": 5}
    hours = [0] * 24
    hours[3], hours[23] = 2, 3
    for model in ("aurora", "borealis"):
        bring(people, "activity", [day | {"model": model}])
    with acting(), ledger.batch() as rows:
        rows.run(Activity, "UPDATE accounts_activity SET by_hour = %s", [hours])
    source = reading.read()
    assert (source.rhythm.hour % 24).tolist() == [3, 23]
    assert source.rhythm.count.tolist() == [4, 6]
    assert UUID(bytes=bytes(source.evidence.accounts[source.rhythm.account[0]])) == account("acct_c00").pk
