"""How far an entry has come, in words, and how it goes with those who take it there."""

import re
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.audit.anchors import parties, rounds
from apps.audit.anchors.state import Stage, problems, state_of
from apps.audit.log import sequencer
from apps.audit.models import Anchor, AnchorParty, Event, Leaf
from apps.audit.verify import verify
from apps.staff import actions
from tests.audit.anchors.conftest import attend, later, name_in_policy
from tests.audit.anchors.outside import Witness
from tests.audit.tampering import guards_off, sql

pytestmark = pytest.mark.usefixtures("committed_db")


def state_of_newest():
    event = Event.objects.latest("pk")
    leaf = Leaf.objects.filter(event_id=event.pk).first()
    return state_of(leaf.idx if leaf else None, committed_at=event.occurred_at)


def test_an_entry_goes_from_stage_to_stage(seal, witness, authority, people):
    actions.sign_out(people.admin, by=people.admin)
    assert state_of_newest().words == "Waiting for the trail's seal"
    seal()
    assert state_of_newest().words == "Sealed in the trail"
    assert attend() == [True, True]
    state = state_of_newest()
    assert state.words == "Sealed in the trail, witnessed, time-stamped"
    assert [step.stage for step in state.steps] == list(Stage)
    assert state.steps[2].by == ("witness.example/w1",)
    assert state.steps[3].by == (f"127.0.0.1:{authority.server_address[1]}/stamp",)
    actions.sign_out(people.admin, by=people.admin)
    assert state_of_newest().reached == {Stage.COMMITTED}


def test_what_nobody_is_asked_for_is_not_shown(seal):
    seal()
    assert [step.stage for step in state_of_newest().steps] == [Stage.COMMITTED, Stage.SEQUENCED]


def test_witnessed_is_what_the_quorum_has_seen(seal, settings, tmp_path):
    two = [Witness(f"witness.example/{n}", tmp_path / n) for n in "ab"]
    name_in_policy(settings, tmp_path, *two)
    two[1].is_down = True
    seal()
    assert attend() == [True, False]
    assert Stage.WITNESSED not in state_of_newest().reached
    two[1].is_down = False
    assert attend() == [False, True]
    assert state_of_newest().steps[2].by == ("witness.example/a", "witness.example/b")


def test_an_anchor_of_later_entries_covers_the_earlier_ones(seal, witness):
    first = seal().size - 1
    for _ in range(3):
        last = seal()
    attend()
    state = state_of(first, committed_at=timezone.now())
    assert state.steps[2].size == last.size


# --- the parties -----------------------------------------------------------------------------------------------------


def test_a_party_that_is_down_is_asked_less_and_less_often(seal, witness):
    witness.is_down = True
    seal()
    asked = []
    for _ in range(40):
        before = AnchorParty.objects.filter().values_list("failures", flat=True).first() or 0
        attend(after=1)
        asked.append((AnchorParty.objects.get().failures if AnchorParty.objects.exists() else 0) > before)
    assert 4 <= sum(asked) <= 6
    known = AnchorParty.objects.get()
    assert known.failing_since < known.tried_at < known.due_at
    witness.is_down = False
    assert attend(after=rounds.LONGEST_WAIT) == [True]
    known.refresh_from_db()
    assert (known.failing_since, known.failures, known.problem) == (None, 0, "")
    assert problems() == []


def test_the_page_says_in_words_how_it_goes(seal, witness, authority, store, people, sign_in):
    page = lambda: " ".join(sign_in(people.auditor).get("/trail/").content.decode().split())  # noqa: E731
    assert "nothing yet" in page()
    authority.is_down = True
    seal()
    assert attend() == [True, False, True]
    text = page()
    assert "witness.example/w1" in text
    assert str(store) in text
    assert "Time-stamping authority 127.0.0.1" in text
    assert "has given nothing since" in text
    assert "asks again at" in text


def test_the_page_says_when_nobody_asks(seal, witness, people, sign_in):
    seal()
    client = sign_in(people.auditor)
    assert "does not seem to run" not in client.get("/trail/").content.decode()
    with later(180):
        client = sign_in(people.auditor)
        assert "`manage.py anchors` does that, and it does not seem to run" in client.get("/trail/").content.decode()


def test_the_page_says_that_nobody_outside_has_seen_it(people, sign_in):
    assert "Nobody outside has seen this log" in sign_in(people.auditor).get("/trail/").content.decode()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TRAIL_POLICY_FILE", "/nowhere/policy", "/nowhere/policy cannot be used"),
        ("TRAIL_ISSUE_NEEDS", ["blessed"], "TRAIL_ISSUE_NEEDS names blessed"),
        ("TRAIL_COPIES", ["/a", "/a"], "Two parties of the trail are called /a"),
    ],
)
def test_settings_that_cannot_be_used_are_said(people, sign_in, settings, name, value, said):
    setattr(settings, name, value)
    assert said in sign_in(people.auditor).get("/trail/").content.decode()


def test_the_page_of_an_entry_says_who_has_seen_it(seal, witness, people, sign_in):
    client = sign_in(people.auditor)
    event = Event.objects.latest("pk")
    assert "not yet" in client.get(f"/trail/{event.event_uuid}/").content.decode()
    seal()
    attend()
    page = client.get(f"/trail/{event.event_uuid}/").content.decode()
    assert re.search(r"<dt>Witnessed</dt><dd>.* by witness.example/w1", page)


# --- what is kept ----------------------------------------------------------------------------------------------------


def an_anchor(**values) -> Anchor:
    now = timezone.now()
    given = {"size": 1, "kind": "witness", "party": "w", "token": b"x", "stated_at": now, "obtained_at": now}
    return Anchor(**given | {"verified_at": now} | values)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"size": 0}, "an_anchor_holds_something"),
        ({"party": ""}, "an_anchor_names_its_party"),
        ({"stated_at": None}, "a_witness_and_an_authority_state_the_time"),
        ({"kind": "timestamp", "stated_at": None}, "a_witness_and_an_authority_state_the_time"),
    ],
)
def test_the_database_refuses_nonsense(values, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        an_anchor(**values).save()


def test_a_checkpoint_is_anchored_once_by_a_party_and_for_good():
    anchor = an_anchor()
    anchor.save()
    with pytest.raises(IntegrityError, match="a_party_anchors_a_checkpoint_once"), transaction.atomic():
        an_anchor().save()
    with pytest.raises(IntegrityError, match="the trail keeps what it has"), transaction.atomic():
        anchor.save()
    with pytest.raises(IntegrityError, match="the trail keeps what it has"), transaction.atomic():
        anchor.delete()


@pytest.mark.parametrize("values", [{"failures": 1}, {"problem": "x"}, {"failing_since": timezone.now()}])
def test_a_party_fails_whole_or_not_at_all(values):
    now = timezone.now()
    with pytest.raises(IntegrityError, match="a_party_that_fails_says_since_when_and_why"), transaction.atomic():
        AnchorParty(**{"name": "w", "tried_at": now, "due_at": now} | values).save()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("size = size - 1", "there is no checkpoint of this size"),
        ("token = overlay(token placing 'AAAA' from octet_length(token) - 20)", "does not hold"),
        ("stated_at = stated_at - interval '1 day'", "its column says"),
    ],
)
def test_a_changed_anchor_is_named(seal, witness, change, said):
    seal()
    attend()
    assert verify().holds
    with guards_off():
        sql(f"UPDATE audit_anchor SET {change}")
    first, *_ = [finding for verdict in verify().verdicts for finding in verdict.findings]
    assert "The anchor by witness.example/w1" in first.sentence
    assert said in first.sentence


def test_an_anchor_of_a_party_that_has_left_is_no_fault(seal, witness, settings):
    seal()
    attend()
    settings.TRAIL_POLICY_FILE = ""
    assert verify().holds


# --- the process -----------------------------------------------------------------------------------------------------


def test_one_pass_at_a_time(seal, witness):
    """Two processes do not ask the same party at once."""
    seal()
    (party,) = parties.configured()
    other = connection.copy()
    try:
        other.ensure_connection()
        held = rounds.lock_of(party)
        other.connection.execute("SELECT pg_advisory_lock(%s, %s)", held)
        assert attend() == [False]
        other.connection.execute("SELECT pg_advisory_unlock(%s, %s)", held)
        assert attend() == [True]
    finally:
        other.close()


def test_a_fault_of_ours_ends_no_round(seal, witness, monkeypatch):
    seal()
    monkeypatch.setattr("apps.audit.anchors.witnesses.Witness.obtain", lambda *_: 1 / 0)
    assert attend() == [False]
    assert "ZeroDivisionError" in AnchorParty.objects.get().problem


def test_once(seal, witness):
    seal()
    time.sleep(rounds.SLOT)
    call_command("anchors", once=True)
    assert Anchor.objects.count() == 1


@pytest.mark.slow
def test_the_command_anchors_within_seconds_and_ends_when_told(seal, witness, settings, environment, people):
    """A process of its own, as it runs in life: through a restart of the database, and past a party that hangs."""
    seal()
    given = environment | {"TRAIL_POLICY_FILE": settings.TRAIL_POLICY_FILE, "TRAIL_NETWORKS": "127.0.0.0/8"}
    process = subprocess.Popen([sys.executable, "manage.py", "anchors"], cwd=project.BASE_DIR, env=given)
    try:
        assert within(30, lambda: Anchor.objects.exists())
        with connection.cursor() as cursor:  # as a restarted database does: every session ends
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        since, size = timezone.now(), seal().size
        assert within(15, lambda: Anchor.objects.filter(size=size).exists())
        assert Anchor.objects.get(size=size).obtained_at - since < timedelta(seconds=12)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()
    assert sequencer.sequence() == 0


def within(seconds: float, holds) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.2)
    return False
