"""Orders to the reference receiver: replayed, reordered, late, lost and half answered, nothing happens twice."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.cases import actions as cases
from apps.core.outbox import MAX_ATTEMPTS
from apps.enforcement import actions, queries, tasks, wire
from apps.enforcement.models import Attempt, Message, Order, Receiver
from tests.enforcement.conftest import (
    all_in,
    answers,
    answers_later,
    answers_nonsense,
    answers_partly,
    breaks,
    hangs_up,
    rows,
    send,
    states,
)


def events(verb: str) -> int:
    return Event.objects.filter(action=f"enforcement.{verb}").count()


def test_an_order_goes_out_and_comes_back(applied, receiver, suspended, confirmed):
    assert all_in(applied, "waiting")
    assert send() == 1
    assert all_in(applied, "in_effect")
    assert sorted(receiver.acted) == [(suspended.ref, ref, False) for ref in sorted(states(applied))]
    assert len(receiver.receiver.in_force()) == 5
    row = applied.instructions.first()
    assert all([row.effective_at, row.told_at, row.sequence])
    assert Message.objects.get().body == "", "it is over, and names nobody any more"
    assert (events("carry_out"), events("record_answer")) == (2, 1), "not one an account"


def test_a_message_says_what_is_to_be_done_why_and_by_whom(receiver, decide, people, confirmed):
    decision = decide(action="limit", requests_per_day=100, territory=["DE"])
    actions.carry_out(decision, by=people.lead)
    message = json.loads(Message.objects.get().body)
    data = message["data"]
    assert message["type"] == "enforcement.apply"
    assert (data["measure"], data["requests_per_day"], data["territory"]) == ("limit", 100, ["DE"])
    assert (data["number"], data["attempt"], data["part"], data["parts"]) == (1, 1, 1, 1)
    assert data["reason"] == decision.reasoning
    assert data["clauses"][0]["sha256"] == confirmed.clauses.get().quote_sha256
    assert data["decided_by"] == ["Cora Counsel", "Abel Approver"]
    assert len(data["accounts"]) == 5
    assert data["accounts"] == sorted(data["accounts"])


# --- trouble ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [breaks, hangs_up])
def test_what_broke_after_it_was_done_is_not_done_twice(applied, receiver, trouble):
    receiver.plan = [trouble, trouble, answers]
    send()
    assert all_in(applied, "waiting")
    send()
    send()
    assert all_in(applied, "in_effect")
    assert len(receiver.acted) == 5
    assert len(set(receiver.kept)) == 1, "the same answer each time"


def test_a_message_that_comes_again_changes_nothing(applied, receiver):
    body = Message.objects.get().body
    send()
    known, recorded = rows(applied), events("record_answer")
    for again in (1, 2):
        Message.objects.update(state="waiting", finished_at=None, attempts=0, body=body)
        send()
        assert rows(applied) == known
        assert events("record_answer") == recorded + again, "that it came is on record"
    assert len(receiver.acted) == 5


def test_results_may_come_later_twice_and_in_any_order(applied, receiver, tell):
    receiver.plan = [answers_later]
    send()
    assert all_in(applied, "sent")
    results = json.loads(receiver.kept[0])["results"]
    before = [result | {"status": "acknowledged", "sequence": result["sequence"]} for result in results]
    after = [result | {"sequence": result["sequence"] + 100} for result in results]
    assert tell(after) == ["recorded"] * 5
    known = rows(applied)
    assert tell(before) == ["stale"] * 5, "it was overtaken on its way"
    assert tell(after + before[::-1]) == ["known"] * 5 + ["stale"] * 5
    assert rows(applied) == known
    assert all_in(applied, "in_effect")


def test_results_may_come_before_the_answer(applied, receiver, tell):
    """Its own system is quicker than the line to us."""
    receiver.plan = [answers_later]
    refs = sorted(states(applied))
    told = [_result(applied, ref, 1, "in_effect") for ref in refs]
    assert tell(told) == ["recorded"] * 5
    send()
    assert all_in(applied, "in_effect"), "that it was sent is no news"


def test_a_partial_answer_is_completed_later(applied, receiver, tell):
    receiver.plan = [answers_partly]
    send()
    assert sorted(states(applied).values()) == ["in_effect"] * 3 + ["sent"] * 2
    assert sorted(tell(receiver.kept[0])) == ["known"] * 3 + ["recorded"] * 2
    assert all_in(applied, "in_effect")


def test_an_answer_that_cannot_be_read_says_nothing(applied, receiver, tell):
    receiver.plan = [answers_nonsense]
    send()
    assert all_in(applied, "sent")
    tell(receiver.kept[0])
    assert all_in(applied, "in_effect")


def test_what_was_given_up_failed_with_its_reason_and_is_sent_again(applied, receiver, people):
    receiver.plan = [breaks]
    for _ in range(MAX_ATTEMPTS):
        send()
    assert all_in(applied, "failed")
    assert set(applied.instructions.values_list("reason", flat=True)) == {"Not delivered: Answered 500."}
    assert events("give_up") == 1
    assert send() == 0
    receiver.plan = [answers]
    assert actions.send_again(applied, by=people.lead) == 5
    assert all_in(applied, "waiting")
    send()
    assert all_in(applied, "in_effect")
    assert set(applied.instructions.values_list("attempt", flat=True)) == {2}


def test_a_partial_failure_is_seen_and_taken_up_again(applied, receiver, people, tell):
    refs = sorted(states(applied))
    receiver.refuses = {refs[0]: "The account is locked by a migration.", refs[3]: "No such account."}
    send()
    assert [states(applied)[ref] for ref in refs] == ["failed", "in_effect", "in_effect", "failed", "in_effect"]
    assert {row["reason"] for row in queries.reasons(applied)} == set(receiver.refuses.values())
    late = [result for result in json.loads(receiver.kept[0])["results"] if result["account"] == refs[0]]
    receiver.refuses = {}
    assert actions.send_again(applied, by=people.lead) == 2
    assert tell(late) == ["stale"], "of the attempt before"
    send()
    assert all_in(applied, "in_effect")
    assert len(receiver.acted) == 5
    with pytest.raises(ValidationError, match="Nothing of it failed"):
        actions.send_again(applied, by=people.lead)


def test_a_worker_that_dies_leaves_a_message_that_the_next_one_sends(applied, receiver):
    tasks.OUTBOX.claim()
    assert tasks.OUTBOX.deliver_due() == 0
    send()
    assert all_in(applied, "in_effect")
    assert Attempt.objects.count() == 2


# --- back again -------------------------------------------------------------------------------------------------------


def test_rolling_back_goes_the_same_way(applied, receiver, suspended, people):
    send()
    with pytest.raises(ValidationError, match="Say why"):
        actions.roll_back(suspended, reason=" ", by=people.lead)
    undone = actions.roll_back(suspended, reason="It was a school.", by=people.lead)
    assert (undone.number, undone.ref) == (2, f"{suspended.ref}-2")
    send()
    assert all_in(undone, "rolled_back")
    assert all_in(applied, "in_effect"), "as it was told then"
    assert receiver.receiver.in_force() == {}
    with pytest.raises(ValidationError, match="rolled back already"):
        actions.roll_back(suspended, reason="Again.", by=people.lead)
    with pytest.raises(ValidationError, match="ordered already"):
        actions.carry_out(suspended, by=people.lead)


def test_an_order_that_comes_after_its_undoing_does_nothing(applied, receiver, suspended, people):
    """The first message hangs somewhere, and arrives last."""
    message = Message.objects.get()
    late = (message.message_id, message.body)
    undone = actions.roll_back(suspended, reason="A mistake.", by=people.lead)
    assert all_in(applied, "overtaken"), "it is not sent any more"
    send()
    assert all_in(undone, "rolled_back")
    answer = json.loads(receiver.receiver.take(late[0], late[1].encode()))
    assert {result["status"] for result in answer["results"]} == {"overtaken"}
    assert receiver.receiver.in_force() == {}


def test_a_measure_ends_by_itself_after_its_last_day(receiver, decide, people):
    today = timezone.now().date()
    decision = decide(starts_on=today - timedelta(days=5), ends_on=today)
    tasks.keep_dates()
    tasks.keep_dates()
    applied = Order.objects.get()
    assert applied.ordered_by == "system:worker"
    send()
    assert all_in(applied, "in_effect")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE cases_decision SET ends_on = %s", [today - timedelta(days=1)])
    tasks.keep_dates()
    tasks.keep_dates()
    undone = decision.orders.get(direction="roll_back")
    assert undone.why == f"Its last day was {today - timedelta(days=1)}."
    send()
    assert receiver.receiver.in_force() == {}


def test_what_begins_later_is_ordered_on_its_day(receiver, decide, people):
    today = timezone.now().date()
    decision = decide(starts_on=today + timedelta(days=1))
    tasks.keep_dates()
    assert not Order.objects.exists()
    with pytest.raises(ValidationError, match="It begins on"):
        actions.carry_out(decision, by=people.lead)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE cases_decision SET starts_on = %s", [today])
    tasks.keep_dates()
    assert Order.objects.get().decision == decision


def test_what_was_decided_before_there_was_a_receiver_is_left_to_people(decide, people, settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    decision = decide()
    with pytest.raises(ValidationError, match="No receiver"):
        actions.carry_out(decision, by=people.lead)
    actions.set_receiver(url="http://127.0.0.1:9/orders", by=people.admin)
    tasks.keep_dates()
    assert not Order.objects.exists()
    actions.carry_out(decision, by=people.approver)
    assert Order.objects.exists()


def test_what_takes_its_place_is_applied_and_it_is_undone(applied, receiver, suspended, decide):
    send()
    later = decide(action="limit", requests_per_day=50, overrides=suspended)
    tasks.keep_dates()
    send()
    assert set(receiver.receiver.in_force().values()) == {"limit"}
    assert [(order.decision_id, order.direction) for order in Order.objects.order_by("ordered_at")] == [
        (suspended.pk, "apply"),
        (later.pk, "apply"),
        (suspended.pk, "roll_back"),
    ]


def test_what_was_overridden_before_it_began_never_begins(receiver, decide, people):
    suspended = decide()
    decide(action="warn", overrides=suspended)
    suspended.refresh_from_db()
    tasks.keep_dates()
    assert not Order.objects.exists()
    with pytest.raises(Forbidden):
        actions.carry_out(suspended, by=people.lead)


def test_what_is_held_goes_nowhere(receiver, decide, people):
    decision = decide(action="degrade")
    assert decision.state == "held"
    tasks.keep_dates()
    assert not Order.objects.exists()
    with pytest.raises(Forbidden):
        actions.carry_out(decision, by=people.lead)
    cases.release_decision(decision, by=people.lead)
    tasks.keep_dates()
    assert Order.objects.get().decision == decision


# --- one account ------------------------------------------------------------------------------------------------------


def test_one_account_is_let_off_in_every_measure_of_its_case(applied, receiver, suspended, people):
    send()
    account = applied.instructions.order_by("account__ref").first().account
    actions.let_off(suspended.case, account_id=account.pk, why="Appeal AP-1 was right.", by=people.reviewer)
    undone = suspended.orders.get(account=account)
    send()
    assert states(undone) == {account.ref: "rolled_back"}
    assert (suspended.ref, account.ref) not in receiver.receiver.in_force()
    assert len(receiver.receiver.in_force()) == 4
    actions.let_off(suspended.case, account_id=account.pk, why="Once more.", by=people.reviewer)
    assert suspended.orders.count() == 2
    whole = actions.roll_back(suspended, reason="Over.", by=people.lead)
    assert account.ref not in states(whole)
    actions.let_off(suspended.case, account_id=undone.account_id, why="And again.", by=people.reviewer)
    send()
    assert receiver.receiver.in_force() == {}


def test_an_appeal_does_not_wait_for_a_receiver_that_is_switched_off(applied, receiver, suspended, people):
    send()
    account = applied.instructions.order_by("account__ref").first().account
    actions.set_receiver(url=receiver.url, is_active=False, by=people.admin)
    actions.let_off(suspended.case, account_id=account.pk, why="It was right.", by=people.reviewer)
    undone = suspended.orders.get(account=account)
    send()
    assert states(undone) == {account.ref: "failed"}
    with pytest.raises(ValidationError, match="switched off"):
        actions.send_again(undone, by=people.lead)
    actions.set_receiver(url=receiver.url, by=people.admin)
    actions.send_again(undone, by=people.lead)
    send()
    assert states(undone) == {account.ref: "rolled_back"}


def test_who_was_let_off_is_not_sent_out_again(applied, receiver, suspended, people):
    refs = sorted(states(applied))
    receiver.refuses = {refs[0]: "Locked.", refs[1]: "Locked."}
    send()
    account = applied.instructions.get(account__ref=refs[0]).account
    actions.let_off(suspended.case, account_id=account.pk, why="It was right.", by=people.reviewer)
    receiver.refuses = {}
    assert actions.send_again(applied, by=people.lead) == 1
    assert states(applied)[refs[0]] == "failed"


# --- refused ----------------------------------------------------------------------------------------------------------


def test_a_drill_orders_nothing(receiver, decide, people, confirmed):
    decision = decide()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET drill = 'spring' WHERE id = %s", [decision.case_id])
    decision.case.refresh_from_db()
    tasks.keep_dates()
    assert not Order.objects.exists()
    with pytest.raises(ValidationError, match="R18"):
        actions.carry_out(decision, by=people.lead)
    with pytest.raises(IntegrityError, match="of a drill"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO enforcement_order (id, case_id, decision_id, number, ref, direction, why, account_count,"
            " ordered_at, ordered_by) VALUES (gen_random_uuid(), %s, %s, 1, 'X', 'apply', 'Y', 1, now(), 'me')",
            [decision.case_id, decision.pk],
        )


def test_a_demand_is_nothing_for_systems(receiver, decide, people):
    with pytest.raises(ValidationError, match="nothing that systems carry out"):
        actions.carry_out(decide(action="cease_and_desist"), by=people.lead)
    tasks.keep_dates()
    assert not Order.objects.exists()


def test_who_may_not(applied, suspended, people, machine):
    for person in (people.analyst, people.counsel, people.reviewer, people.auditor, people.admin):
        for verb, on, more in (
            (actions.roll_back, suspended, {"reason": "No."}),
            (actions.send_again, applied, {}),
            (actions.record_results, applied, {"results": []}),
        ):
            with pytest.raises(Forbidden):
                verb(on, **more, by=person)
    with pytest.raises(Forbidden):
        actions.set_receiver(url="http://127.0.0.1:9/", by=people.lead)


def test_the_receivers_address_is_on_the_list(people, settings):
    settings.WEBHOOK_HOSTS = []
    with pytest.raises(ValidationError, match="WEBHOOK_HOSTS"):
        actions.set_receiver(url="https://gate.example.org/orders", by=people.admin)


def test_while_the_secret_changes_both_sign(applied, receiver, people):
    actions.renew_receiver_secret(Receiver.objects.get(), overlap=timedelta(days=1), by=people.admin)
    send()
    assert all_in(applied, "in_effect"), "it knows the old one"
    secret = actions.renew_receiver_secret(Receiver.objects.get(), by=people.admin)
    undone = actions.roll_back(applied.decision, reason="Over.", by=people.lead)
    send()
    assert all_in(undone, "waiting"), "it refuses what it cannot check"
    receiver.begin(secret)
    send()
    assert all_in(undone, "rolled_back")


# --- over REST --------------------------------------------------------------------------------------------------------


def _result(order: Order, account: str, sequence: int, status: str, **more: object) -> dict:
    told = {"order": order.ref, "account": account, "attempt": 1, "sequence": sequence, "status": status}
    return told | more


def test_each_result_is_answered_by_itself(applied, receiver, tell, machine):
    ref = sorted(states(applied))[0]
    mixed = [
        _result(applied, ref, 1, "acknowledged"),
        _result(applied, "acct_nobody", 1, "in_effect"),
        _result(applied, ref, 1, "in_effect"),
        {"order": "D-1999-0001-1", "account": ref, "attempt": 1, "sequence": 1, "status": "in_effect"},
        _result(applied, ref, 2, "rolled_back"),
        _result(applied, ref, 2, "failed"),
        _result(applied, ref, 2, "in_effect", attempt=2),
        _result(applied, ref, 3, "in_effect", effective_at="2026-05-12T10:00:00Z"),
    ]
    assert tell(mixed) == [
        "recorded",
        "unknown_account",
        "conflict",
        "unknown_order",
        "wrong_status",
        "without_reason",
        "not_sent",
        "recorded",
    ]
    answer = machine.post("/api/v1/enforcement/results", json.dumps({"results": mixed[1:2]}), "application/json").json()
    assert answer["results"][0] == {
        "order": applied.ref,
        "account": "acct_nobody",
        "outcome": "unknown_account",
        "detail": "The order is not about such an account.",
    }
    assert states(applied)[ref] == "in_effect"


def test_what_is_no_result_is_refused_whole(machine, people, sign_in, applied):
    for body, status in (
        ("no json", 400),
        ('{"results": [{"order": "D"}]}', 400),
        (json.dumps({"results": [_result(applied, "a", 0, "in_effect")]}), 400),
        (json.dumps({"results": [_result(applied, "a\0b", 1, "in_effect")]}), 400),
        ('{"results": [{"order": "\\ud800", "account": "a", "attempt": 1, "sequence": 1, "status": "failed"}]}', 400),
        (
            json.dumps({"results": [_result(applied, "a", 1, "in_effect", effective_at="0001-01-01T00:00:00+14:00")]}),
            400,
        ),
        (json.dumps({"results": [_result(applied, "a", 1, "in_effect")] * (wire.RESULTS + 1)}), 400),
        ("[" + " " * 5_000_000 + "]", 413),
    ):
        assert machine.post("/api/v1/enforcement/results", body, "application/json").status_code == status
    assert sign_in(people.lead).post("/api/v1/enforcement/results", "{}", "application/json").status_code == 403


# --- many -------------------------------------------------------------------------------------------------------------


def test_an_order_is_split_into_messages_and_costs_the_same(receiver, decide, people, monkeypatch):
    def ordered(action: str) -> tuple[Order, int]:
        decision = decide(action=action)
        with CaptureQueriesContext(connection) as statements:
            return actions.carry_out(decision, by=people.lead), len(statements)

    whole, statements = ordered("suspend")
    send()
    assert all_in(whole, "in_effect")
    monkeypatch.setattr(wire, "ACCOUNTS", 2)
    order, as_many = ordered("challenge")
    assert as_many == statements
    assert list(order.messages.order_by("part").values_list("part", "account_count")) == [(1, 2), (2, 2), (3, 1)]
    assert [json.loads(message.body)["data"]["parts"] for message in order.messages.all()] == [3, 3, 3]
    receiver.plan = [answers, breaks, answers]
    assert send() == 3
    assert list(order.messages.values_list("state", flat=True)).count("waiting") == 1, "the others are not held up"
    send()
    assert all_in(order, "in_effect")
