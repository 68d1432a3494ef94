"""R6: each account in a bulk action has its own evidence row and clause."""

import json
from hashlib import sha256

import pytest
from django.db import connection

from apps.cases import actions
from tests.cases.conftest import END, make_accounts, make_activity
from tests.rules.conftest import database_refuses, told


@pytest.fixture
def silent(ready, people):
    """Two more members of the case, of whom nothing is known but that."""
    make_accounts(2, "silent")
    actions.add_accounts(ready, query={"refs": ["silent_00000", "silent_00001"]}, by=people.analyst)
    return ready


def test_an_account_without_evidence_of_its_own_is_named(silent, refuses_finding):
    said = refuses_finding("R6", action={}, form={}, api={})
    assert said.startswith("2 accounts (silent_00000, silent_00001): nothing speaks about them")
    assert "leave these accounts out and say why" in said


def test_it_may_be_left_out_with_a_reason(silent, propose, people, sign_in):
    finding = propose(leave_out="No activity is on record.")
    assert (finding.account_count, finding.accounts.count()) == (5, 5)
    left_out = {row.account.ref: row.why for row in finding.omissions.all()}
    assert left_out == dict.fromkeys(["silent_00000", "silent_00001"], "No activity is on record.")
    page = told(sign_in(people.lead).get(f"/findings/{finding.ref}/"))
    assert "2 members of the case that the finding is not about" in page


def test_each_row_has_its_evidence_and_its_clause_under_a_hash(finding, terms):
    for row in finding.accounts.all():
        assert row.evidence["activity"] == {
            "queries": 7000,
            "days": 7,
            "first_day": "2026-05-04",
            "last_day": "2026-05-10",
        }
        (bound,) = row.clauses
        assert (bound["version"], bound["clause"]) == (str(terms.version.pk), str(terms.clause.pk))
        assert bound["sha256"] == sha256(terms.clause.content.encode()).hexdigest()
        with connection.cursor() as cursor:
            cursor.execute("SELECT evidence::text || clauses::text FROM cases_findingaccount WHERE id = %s", [row.pk])
            assert row.basis_sha256 == sha256(cursor.fetchone()[0].encode()).hexdigest()


def test_an_account_that_no_cited_clause_bound_is_named(ready, people, refuses_finding):
    make_accounts(1, "chat", product="Harbour Chat")
    make_activity(1, first=END)
    actions.add_accounts(ready, query={"product": "Harbour Chat"}, by=people.analyst)
    said = refuses_finding("R6", action={}, form={}, api={})
    assert said.startswith("1 accounts (chat_00000): no clause that is cited bound them")
    assert "1 of Harbour Chat" in said


@pytest.mark.parametrize("column", ["evidence", "clauses"])
def test_the_database_refuses_a_row_without_them(finding, column):
    empty = json.dumps({} if column == "evidence" else [])
    statement = f"UPDATE cases_findingaccount SET {column} = %s"
    database_refuses("an_account_has_its_own_evidence_and_clause", statement, [empty])
