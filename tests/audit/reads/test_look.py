"""A look is recorded once for each person, object, way and five minutes, whoever else looks at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import actions
from apps.accounts.models import Account
from apps.audit import ledger
from apps.audit.models import Event
from apps.audit.principals import System
from apps.audit.reads.look import ReasonNeeded, reading
from apps.audit.reads.table import READS, WINDOW
from apps.cases import actions as cases
from tests.architecture.world import World

OPENERS = 20


@pytest.fixture
def account(people) -> Account:
    with transaction.atomic(), ledger.act("accounts.plant", System("test")):
        return ledger.create(Account, ref="acct_1")


def looks(verb: str = "accounts.open_identifiers") -> list[Event]:
    return list(Event.objects.filter(action=verb).order_by("id"))


def look(account: Account, by, reason: str = "Shares a card with acct_2") -> None:
    actions.open_identifiers(account, reason=reason, by=by)


def test_a_second_look_within_five_minutes_is_the_same_one(account, people):
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        look(account, people.analyst)
    with time_machine.travel(now + WINDOW - timedelta(seconds=1), tick=False):
        look(account, people.analyst)
        assert len(looks()) == 1
        look(account, people.lead)  # another person's is another one
        assert len(looks()) == 2
    with time_machine.travel(now + WINDOW, tick=False):
        look(account, people.analyst)
        assert len(looks()) == 3


def test_the_window_begins_with_what_is_on_record(account, people):
    """Who keeps looking is recorded every five minutes, not once and never again."""
    now = timezone.now()
    for minutes in range(0, 16, 3):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            look(account, people.analyst)
    assert [round((event.occurred_at - now).total_seconds() / 60) for event in looks()] == [0, 6, 12]


def test_details_tell_one_look_from_another(people):
    case = cases.open_case(title="Ring", severity=3, by=people.analyst)
    for digest in ("a" * 64, "b" * 64, "a" * 64):
        cases.look_up_identifier(case, kind="email", value_hmac=digest, by=people.analyst)
    assert len(looks("cases.look_up_identifier")) == 2


def test_a_look_that_is_on_record_costs_one_statement(account, people):
    look(account, people.analyst)
    with CaptureQueriesContext(connection) as captured:
        look(account, people.analyst)
    assert len(captured) == 1


def test_of_twenty_at_once_one_is_recorded(committed_db, people):
    with transaction.atomic(), ledger.act("accounts.plant", System("test")):
        account = ledger.create(Account, ref="acct_1")
    analyst, together = people.analyst, threading.Barrier(OPENERS)

    def open_it() -> None:
        together.wait()
        try:
            look(account, analyst)
        finally:
            connection.close()

    with ThreadPoolExecutor(OPENERS) as pool:
        for done in [pool.submit(open_it) for _ in range(OPENERS)]:
            done.result()
    assert len(looks()) == 1


def test_who_looks_at_something_else_is_not_waited_for(committed_db, people):
    """The lock is of this person, object and verb: while it is held, others look, and change the very object."""
    with transaction.atomic(), ledger.act("accounts.plant", System("test")):
        account = ledger.create(Account, ref="acct_1")
    analyst, lead = people.analyst, people.lead

    def meanwhile() -> list:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            look(account, lead)
            with transaction.atomic(), ledger.act("accounts.plant", System("test")):
                ledger.change(account, country="DE")
        finally:
            connection.close()
        return looks()

    with transaction.atomic():
        look(account, analyst)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT objsubid FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
            )
            assert cursor.fetchall() == [(2,)]  # of two keys: none of the log's, which have one
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(meanwhile).result()
    assert [event.actor for event in seen] == [lead.actor]
    assert len(looks()) == 2


def test_a_look_that_failed_leaves_the_next_one_on_record(account, people):
    with transaction.atomic():
        look(account, people.analyst)
        transaction.set_rollback(True)
    look(account, people.analyst)
    assert len(looks()) == 1


def test_it_is_permitted_each_time(account, people):
    with pytest.raises(PermissionDenied):
        look(account, people.counsel)
    look(account, people.analyst)
    people.analyst.is_active = False
    with pytest.raises(PermissionDenied):
        look(account, people.analyst)


def test_a_verb_that_is_not_in_the_table_is_refused():
    def open_something(row, *, by): ...

    open_something.__module__ = "apps.accounts.actions"
    with pytest.raises(TypeError, match=r"accounts\.open_something reads"):
        reading(open_something)


# --- why -------------------------------------------------------------------------------------------------------------


def test_a_reason_is_asked_once_a_day_of_work(account, people):
    with pytest.raises(ReasonNeeded):
        look(account, people.analyst, reason=" ")
    assert looks() == []
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        look(account, people.analyst)
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        look(account, people.analyst, reason="")
    assert [event.reason for event in looks()] == ["Shares a card with acct_2"] * 2
    with time_machine.travel(now + timedelta(hours=10), tick=False), pytest.raises(ReasonNeeded):
        look(account, people.analyst, reason="")


def test_no_reason_is_asked_for_an_account_of_ones_own_case(db):
    world = World()
    case, account, people = world.case("investigation"), world.account, world.people
    cases.assign(case, to=people.lead, by=people.analyst)
    with pytest.raises(ReasonNeeded):
        look(account, people.analyst, reason="")
    look(account, people.lead, reason="")
    assert [event.reason for event in looks()] == [""]
    cases.exclude_accounts(case, query={"refs": [account.ref]}, why="Has a contract", by=people.lead)
    with time_machine.travel(timezone.now() + WINDOW), pytest.raises(ReasonNeeded):
        look(account, people.lead, reason="")


def test_the_page_asks_and_then_shows(account, people, sign_in):
    client = sign_in(people.analyst)
    address = f"/accounts/{account.pk}/identifiers/"
    page = client.get(address)
    assert "Why do you look?" in page.content.decode()
    assert "No identifier" not in page.content.decode()
    assert client.post(address, {"reason": "  "}).status_code == 422
    assert looks() == []
    shown = client.post(address, {"reason": "A complaint names it"}, follow=True)
    assert "No identifier" in shown.content.decode()
    assert [event.reason for event in looks()] == ["A complaint names it"]
    assert "No identifier" in client.get(address).content.decode()  # not asked again


# --- what is no look -------------------------------------------------------------------------------------------------


def test_head_shows_nothing_and_is_no_look(account, people, sign_in):
    answer = sign_in(people.analyst).head(f"/accounts/{account.pk}/identifiers/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert looks() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-moz": "prefetch"},
        {"x-purpose": "preview"},
        {"hx-preloaded": "true"},
    ],
)
def test_nothing_is_shown_before_somebody_asked_for_it(account, people, headers):
    client = Client(headers=headers)
    client.force_login(people.analyst)
    answer = client.get(f"/accounts/{account.pk}/identifiers/")
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (503, b"", "no-store")
    assert looks() == []


def test_the_trail_can_count_reads_without_walking_through_it(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Event.objects.filter(action__in=sorted(READS), occurred_at__gt=timezone.now()).order_by().explain()
    assert "event_that_reads" in plan
