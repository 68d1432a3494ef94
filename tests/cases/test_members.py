"""The case's accounts as a set."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Event, Manifest
from apps.cases import actions, queries
from apps.cases.models import CaseAccount
from apps.cases.selection import Selection
from tests.alerts.conftest import alerts, detector, receive, register  # noqa: F401 - fixtures
from tests.cases.conftest import make_accounts, make_activity


def body(event: Event) -> dict:
    return json.loads(bytes(event.body))


def test_24000_accounts_come_and_go_in_a_statement_each(case, people):
    make_accounts(24_000)
    with CaptureQueriesContext(connection) as asked:
        assert actions.add_accounts(case, query={"plan": "payg"}, by=people.analyst) == 24_000
    assert len(asked) < 25
    out = actions.exclude_accounts(case, query={"country": "DE"}, why="A test load.", by=people.analyst)
    assert out == 24_000
    assert actions.restore_accounts(case, query={"everyone": True}, by=people.analyst) == 24_000
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what a commit does
    event = Event.objects.filter(action="cases.add_accounts").get()
    assert body(event)["details"]["added"] == 24_000
    assert body(event)["details"]["matched"] == 24_000
    assert event.case_id == case.pk
    assert len(Manifest.objects.get(event_uuid=event.event_uuid).rows) == 24_000 * 48
    assert queries.figures(case).accounts == 24_000


def test_provenance_stays_that_of_the_first_who_brought_it(case, people):
    make_accounts(3)
    actions.add_accounts(case, query={"refs": ["acct_00001"]}, by=people.analyst)
    assert actions.add_accounts(case, query={"country": "de"}, by=people.lead) == 2
    first = case.members.get(account__ref="acct_00001")
    assert (first.added_how, first.added_by) == ("query: reference acct_00001", people.analyst)
    assert [row["accounts"] for row in queries.by_provenance(case)] == [1, 2]


def test_who_was_taken_out_stays_out_until_put_back(case, people):
    make_accounts(3)
    actions.add_accounts(case, query={"country": "DE"}, by=people.analyst)
    account = case.members.get(account__ref="acct_00000").account
    out = actions.exclude_accounts(case, account_ids=[account.pk], why="A university.", by=people.analyst)
    assert out == 1
    assert actions.add_accounts(case, query={"country": "DE"}, by=people.analyst) == 0
    assert queries.accounts_of(case).count() == 2
    with pytest.raises(ValidationError, match="nothing was changed"):
        actions.exclude_accounts(case, account_ids=[account.pk], why="Again.", by=people.analyst)
    assert actions.restore_accounts(case, account_ids=[account.pk], by=people.analyst) == 1
    assert queries.accounts_of(case).count() == 3


def test_a_reason_is_needed_and_a_query_needs_a_condition(case, people):
    make_accounts(1)
    with pytest.raises(ValidationError, match="every account there is"):
        actions.add_accounts(case, query={"country": ""}, by=people.analyst)
    with pytest.raises(ValidationError, match="every account there is"):
        actions.add_accounts(case, query={"everyone": True}, by=people.analyst)
    with pytest.raises(ValidationError, match="cannot be read"):
        actions.add_accounts(case, query={"colour": "blue"}, by=people.analyst)
    with pytest.raises(ValidationError, match="cannot be read"):
        actions.add_accounts(case, query={"opened_from": "soon"}, by=people.analyst)
    with pytest.raises(ValidationError, match="No account is picked"):
        actions.add_accounts(case, query={"country": "XX"}, by=people.analyst)
    actions.add_accounts(case, query={"country": "DE"}, by=people.analyst)
    with pytest.raises(ValidationError, match="Say why"):
        actions.exclude_accounts(case, query={"country": "DE"}, why="  ", by=people.analyst)
    assert not Event.objects.filter(action="cases.exclude_accounts").exists()


def test_a_group_brings_its_accounts_and_leaves_the_queue(people, receive):  # noqa: F811
    from apps.alerts.models import AlertGroup

    receive(alerts(3))
    group = AlertGroup.objects.order_by("key").first()
    case = actions.open_case_from_group(group, title="From the queue", reason="Seen", by=people.analyst)
    group.refresh_from_db()
    assert group.state == "escalated"
    assert case.members.count() == group.account_count == 1
    assert case.members.get().added_how.startswith("alert group: ")
    other = actions.open_case(title="Another", severity=1, by=people.analyst)
    with pytest.raises(ValidationError, match=f"in {case.ref} already"):
        actions.add_group(other, group=group, reason="Seen", by=people.analyst)
    second = AlertGroup.objects.exclude(pk=group.pk).first()
    assert actions.add_group(case, group=second, reason="Seen", by=people.analyst) == 1
    assert queries.calibrations(case) == []


def test_an_identifier_finds_accounts_and_is_not_kept(case, people):
    from apps.accounts import identifiers
    from apps.accounts.models import Account, Identifier
    from apps.audit import ledger
    from apps.audit.principals import System

    make_accounts(3)
    value, key = identifiers.hmac_of("phone", "+49 30 1234567")
    with ledger.act("tests.arrange", System("tests")):
        ledger.create(
            Identifier,
            account=Account.objects.get(ref="acct_00002"),
            kind="phone",
            value_hmac=value,
            key_id=key,
            masked=identifiers.mask("phone", "+49 30 1234567"),
        )
    query = {"identifier_kind": "phone", "identifier_value": "0049 30 1234567"}
    assert actions.add_accounts(case, query=query, by=people.analyst) == 1
    event = Event.objects.filter(action="cases.add_accounts").get()
    assert b"1234567" not in bytes(event.body)
    assert "1234567" not in case.members.get().added_how
    with pytest.raises(ValidationError) as refused:
        actions.add_accounts(case, query={"identifier_kind": "phone", "identifier_value": "12"}, by=people.analyst)
    assert "identifier_value" in refused.value.message_dict


def test_activity_and_dates_pick_accounts(case, people):
    make_accounts(4)
    make_activity(days=2, queries=10)
    make_accounts(2, "quiet", opened_at="2026-04-20T00:00:00Z")

    def count(**query) -> int:
        from apps.accounts.models import Account

        return Selection.read(query).of(Account.objects.all()).count()

    assert count(min_queries=20) == 4
    assert count(min_queries=21) == 0
    assert count(max_queries=20) == 4
    assert count(active_from="2026-05-05", active_to="2026-05-05", min_queries=11) == 0
    assert count(opened_from="2026-04-10") == 2
    assert count(opened_to="2026-04-10", country="de") == 4


def test_words_say_what_was_asked():
    said = Selection.read({"refs": ["a", "b", "c", "d"], "country": "de", "min_queries": 5}).words
    assert said == "reference a, b, c and 1 more, country DE, at least this many queries: 5"


def test_only_open_cases_take_accounts(case, people):
    from apps.audit.action import Forbidden

    make_accounts(1)
    actions.close_case(case, closure="benign", note="Ordinary use.", by=people.lead)
    with pytest.raises(Forbidden):
        actions.add_accounts(case, query={"country": "DE"}, by=people.analyst)
    assert not CaseAccount.objects.exists()
