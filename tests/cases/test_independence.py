"""Likelihood ratios are multiplied only where somebody argued that they may be, and somebody else agreed."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.action import Forbidden
from apps.cases import actions, queries, strength
from apps.cases.models import Independence
from apps.cases.strength import LARGEST, Weighed, combine

ARGUMENT = "The log counts requests; the canaries were found in a model. Neither was made from the other."


@pytest.fixture
def argued(ready, people):
    return actions.argue_independence(ready, groups=["log", "canaries"], argument=ARGUMENT, by=people.analyst)


def combined(case):
    return strength.of(case).combined


def test_lines_are_multiplied_once_another_person_accepts(ready, argued, people):
    assert combined(ready).log10_lr == pytest.approx(3.0)
    actions.accept_independence(argued, by=people.lead)
    assert combined(ready).log10_lr == pytest.approx(6.0)
    assert "independence was argued and accepted" in combined(ready).how
    actions.refuse_independence(argued, reason="Both rest on the same log.", by=people.counsel)
    assert combined(ready).log10_lr == pytest.approx(3.0)


def test_fewer_accounts_are_expected_to_be_wronged_then(ready, argued, people):
    before = queries.expected_wrongful(ready, 1000).value
    actions.accept_independence(argued, by=people.lead)
    assert queries.expected_wrongful(ready, 1000).value < before / 100


def test_what_became_of_the_output_says_nothing_about_an_account(ready, people, add_exhibit):
    before = queries.expected_wrongful(ready, 1000).value
    add_exhibit(ready, group="watermark", lr=4.0, element="training")
    assert queries.expected_wrongful(ready, 1000).value == before


@pytest.mark.parametrize(
    ("groups", "argument", "words"),
    [(["log"], ARGUMENT, "at least two"), (["log", "moon"], ARGUMENT, "moon"), (["log", "canaries"], " ", "Say why")],
)
def test_an_argument_has_two_known_lines_and_words(ready, people, groups, argument, words):
    with pytest.raises(ValidationError, match=words):
        actions.argue_independence(ready, groups=groups, argument=argument, by=people.analyst)


def test_nobody_accepts_their_own_argument(ready, people):
    own = actions.argue_independence(ready, groups=["log", "canaries"], argument=ARGUMENT, by=people.lead)
    with pytest.raises(Forbidden):
        actions.accept_independence(own, by=people.lead)
    with pytest.raises(IntegrityError, match="independence_is_reviewed_by_another_person"), transaction.atomic():
        connection.cursor().execute(
            "UPDATE cases_independence SET state = 'accepted', reviewed_by_id = argued_by_id, reviewed_at = now()"
        )


def test_one_argument_stands_at_a_time(ready, argued, people):
    with pytest.raises(ValidationError, match="stands already"):
        actions.argue_independence(ready, groups=["log", "canaries"], argument="Again.", by=people.analyst2)
    actions.refuse_independence(argued, reason="Too short.", by=people.lead)
    actions.argue_independence(ready, groups=["log", "canaries"], argument="Again.", by=people.analyst2)
    assert Independence.objects.count() == 2


@pytest.mark.parametrize(
    "sql", ["reviewed_by_id = NULL", "reviewed_at = NULL", "reviewed_by_id = NULL, reviewed_at = NULL"]
)
def test_a_review_has_its_person_and_time(argued, people, sql):
    actions.accept_independence(argued, by=people.lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(f"UPDATE cases_independence SET {sql}")


def test_the_page_argues_and_accepts(ready, people, sign_in):
    evidence, argue = f"/cases/{ready.ref}/evidence/", f"/cases/{ready.ref}/evidence/independence/"
    analyst, lead = sign_in(people.analyst), sign_in(people.lead)
    assert "Argue that lines are independent" in analyst.get(evidence).content.decode()
    assert analyst.post(argue, {"groups": ["log"], "argument": ARGUMENT}).status_code == 422
    assert analyst.post(argue, {"groups": ["log", "canaries"], "argument": ARGUMENT}).status_code == 302
    accept = f"/independence/{Independence.objects.get().pk}/accept/"
    assert accept not in analyst.get(evidence).content.decode()
    assert analyst.post(accept).status_code == 403
    assert accept in lead.get(evidence).content.decode()
    lead.post(accept)
    assert "independence was argued and accepted" in lead.get(evidence).content.decode()


@given(st.dictionaries(st.text(min_size=1), st.floats(-3, 6), min_size=2, max_size=6))
def test_a_product_is_never_above_what_may_be_reported(ratios):
    exhibits = [Weighed(f"E{n}", group, lr) for n, (group, lr) in enumerate(ratios.items())]
    together = combine(exhibits, set(ratios))
    assert together.log10_lr == pytest.approx(min(sum(ratios.values()), LARGEST))
