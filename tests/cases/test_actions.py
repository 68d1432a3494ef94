"""Verbs of a case: what they do, whom and what they refuse, and what the trail says of it."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit.action import Forbidden, verbs
from apps.audit.models import Event
from apps.cases import actions, queries
from apps.cases.findings import readiness
from apps.cases.models import Case, Decision, Finding
from apps.policies import actions as policies
from tests.cases.conftest import CHANGED, END, START, TERMS, make_accounts, make_activity
from tests.evidence.conftest import COUNTS, DECLARED, ran
from tests.policies.conftest import HistoryWriter


def stops(case: Case) -> list[str]:
    return [line["text"] for line in readiness.missing(Case.objects.get(pk=case.pk)) if line["state"] == "stop"]


# --- who may ----------------------------------------------------------------------------------------------------------


# By picking accounts; by the worker; by reversing a decision on an appeal; by approving a decision.
WITHOUT_ADDRESS = {"cases.look_up_identifier", "cases.carry_on_step", "cases.clear_account"}
WITHOUT_ADDRESS |= {"cases.hold_decision", "cases.override_decision"}


def test_every_verb_has_its_words_its_permission_and_its_address():
    import rules
    from django.template.loader import get_template
    from django.urls import get_resolver

    ours = {verb for verb in verbs() if verb.startswith("cases.")}
    names = {name for name in get_resolver().namespace_dict["cases"][1].reverse_dict if isinstance(name, str)}
    assert len(ours) == len(actions.__all__)
    for verb in ours:
        assert rules.perm_exists(verb)
        assert verb.partition(".")[2] in names or verb in WITHOUT_ADDRESS
        assert get_template(f"audit/verbs/{verb}.html")
        assert getattr(actions, verb.partition(".")[2]).__doc__


@pytest.mark.parametrize("person", ["counsel", "approver", "reviewer", "auditor", "admin"])
def test_who_does_not_investigate_opens_no_case(person, people):
    with pytest.raises(Forbidden):
        actions.open_case(title="Mine", severity=1, by=getattr(people, person))
    assert not Case.objects.exists()


def test_each_change_is_in_the_trail_once(case, people):
    actions.assign(case, to=people.lead, by=people.analyst, reason="Holiday.")
    actions.describe(case, title="A better title", by=people.lead)
    events = list(Event.objects.filter(case_id=case.pk).order_by("case_seq"))
    assert [event.action for event in events] == ["cases.open_case", "cases.assign", "cases.describe"]
    assert events[1].reason == "Holiday."
    assert case.assignee == people.lead
    with pytest.raises(ValidationError, match="does not work on cases"):
        actions.assign(case, to=people.admin, by=people.lead)


# --- the next step ----------------------------------------------------------------------------------------------------


def test_the_panel_and_the_actions_say_the_same(case, people, terms, add_exhibit):
    assert stops(case) == ["No account is in the case"]
    with pytest.raises(ValidationError, match="No account is in the case"):
        actions.start_investigation(case, by=people.analyst)
    make_accounts(2)
    make_activity()
    actions.add_accounts(case, query={"country": "DE"}, by=people.analyst)
    actions.start_investigation(case, by=people.analyst)
    assert stops(case) == ["No exhibit is in the file", "No innocent explanation was considered"]
    add_exhibit(case)
    explanation = actions.raise_explanation(case, hypothesis="reseller", by=people.analyst)
    assert stops(case) == ["Not tested: Reseller or proxy with many real customers"]
    actions.assess_explanation(explanation, status="not_excluded", conclusion="Perhaps.", by=people.analyst)
    assert stops(case) == []


def test_without_terms_in_force_nothing_can_be_found(case, people, add_exhibit):
    make_accounts(2)
    make_activity()
    actions.add_accounts(case, query={"country": "DE"}, by=people.analyst)
    actions.start_investigation(case, by=people.analyst)
    assert "No terms of these accounts' products were in force on 4 May 2026" in stops(case)


def test_a_refused_finding_leaves_nothing_behind(ready, people, propose):
    actions.raise_explanation(ready, hypothesis="fault", by=people.analyst)
    with pytest.raises(ValidationError, match="Not tested"):
        propose()
    assert not Finding.objects.exists()
    assert Case.objects.get().state == "investigation"


# --- findings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"clauses": []}, "clauses"),
        ({"exhibits": []}, "exhibits"),
        ({"explanations": []}, "explanations"),
        ({"limits": " "}, "limits"),
        ({"conduct": "Bad."}, "conduct"),
        ({"conduct": "They proved to be criminals by what they did."}, "conduct"),
        ({"conduct": "The accounts sent requests and trained a model."}, "conduct"),
        ({"conduct_from": END, "conduct_to": START}, "conduct_to"),
        ({"conduct_to": date(2199, 1, 1)}, "conduct_to"),
        ({"conduct_from": date(2025, 12, 1)}, "clauses"),
        ({"accounts": []}, "accounts"),
    ],
)
def test_a_finding_that_is_not_grounded_is_refused_beside_the_field(values, field, propose):
    with pytest.raises(ValidationError) as refused:
        propose(**values)
    assert list(refused.value.message_dict) == [field]
    assert not Finding.objects.exists()


def test_more_than_likely_goes_with_no_open_explanation(ready, people, propose):
    explanation = ready.explanations.get()
    actions.assess_explanation(explanation, status="not_excluded", conclusion="Perhaps.", by=people.analyst)
    with pytest.raises(ValidationError, match="open explanation"):
        propose()
    assert propose(confidence="likely").state == "proposed"


def test_every_raised_explanation_is_considered(ready, people, propose):
    other = actions.raise_explanation(ready, hypothesis="fault", by=people.analyst)
    actions.assess_explanation(other, status="refuted", conclusion="Recomputed.", by=people.analyst)
    with pytest.raises(ValidationError, match="1 raised explanations are left out"):
        propose(explanations=[ready.explanations.get(hypothesis="heavy_user")])


def test_the_clause_of_each_version_in_force_counts(ready, terms, people, propose):
    from apps.audit.principals import System
    from apps.policies.models import Clause, Version

    history = HistoryWriter(terms.root)
    history.add(TERMS)
    history.add(CHANGED, recorded_at="2026-05-07T00:00:00+00:00")
    history.add(CHANGED + "\nMore.\n", recorded_at="2026-05-20T00:00:00+00:00")
    policies.import_terms(path=history.write(), by=System())
    with pytest.raises(ValidationError, match="reads differently in the version of 7 May 2026"):
        propose()
    newer = Version.objects.get(seen_at__date=date(2026, 5, 7))
    later = Version.objects.get(seen_at__date=date(2026, 5, 20))
    clause = Clause.objects.get(text=newer.text, address=terms.clause.address)
    foreign = Clause.objects.get(text=later.text, address=terms.clause.address)
    with pytest.raises(ValidationError, match="was not in force from 4 May 2026"):
        propose(clauses=[(terms.version, terms.clause), (newer, clause), (later, foreign)])
    with pytest.raises(ValidationError, match="is not a clause of"):
        propose(clauses=[(terms.version, clause)])
    both = propose(clauses=[(terms.version, terms.clause), (newer, clause)])
    assert both.clauses.count() == 2
    assert all(cited.quote == cited.clause.content for cited in both.clauses.all())


def test_a_version_that_left_the_clause_alone_need_not_be_cited(ready, terms, propose):
    from apps.audit.principals import System

    history = HistoryWriter(terms.root)
    history.add(TERMS)
    history.add(TERMS + "\n## 9. News\n\nSomething else.\n", recorded_at="2026-05-07T00:00:00+00:00")
    policies.import_terms(path=history.write(), by=System())
    assert propose().clauses.count() == 1


def test_accounts_of_another_product_need_their_own_clause(ready, people, propose):
    make_accounts(2, "chat", product="Harbour Chat")
    make_activity(1, first=END)
    actions.add_accounts(ready, query={"product": "Harbour Chat"}, by=people.analyst)
    with pytest.raises(ValidationError, match="2 of Harbour Chat"):
        propose()
    ours = ready.members.filter(account__product="Harbour").values_list("account", flat=True)
    assert propose(accounts=list(ours)).account_count == 5


def test_a_finding_freezes_figures_of_its_period_without_the_excluded(ready, people, propose):
    gone = ready.members.first().account
    actions.exclude_accounts(ready, account_ids=[gone.pk], why="A university.", by=people.analyst)
    finding = propose(conduct_from=date(2026, 5, 9), conduct_to=date(2026, 5, 20))
    assert finding.account_count == finding.accounts.count() == 4
    row = finding.accounts.first()
    assert (row.queries, row.first_day, row.last_day) == (2000, date(2026, 5, 9), date(2026, 5, 10))
    with pytest.raises(Forbidden):  # the case is with its reviewer
        propose()


def test_an_account_that_was_taken_out_cannot_be_named(ready, people, propose):
    gone = ready.members.first().account
    actions.exclude_accounts(ready, account_ids=[gone.pk], why="A university.", by=people.analyst)
    with pytest.raises(ValidationError, match="not in the case"):
        propose(accounts=[gone.pk])


def test_the_proposer_is_no_reviewer_whatever_their_role(ready, people, propose):
    finding = propose(by=people.lead)
    assert not people.lead.has_perm("cases.confirm_finding", finding)
    for verb in (actions.confirm_finding, lambda f, by: actions.reject_finding(f, reason="No.", by=by)):
        with pytest.raises(Forbidden):
            verb(finding, by=people.lead)
    with pytest.raises(Forbidden):  # an analyst never does
        actions.confirm_finding(finding, by=people.analyst2)
    actions.confirm_finding(finding, by=people.counsel, note="Agreed.")
    finding.refresh_from_db()
    assert (finding.state, finding.reviewed_by, finding.review_note) == ("confirmed", people.counsel, "Agreed.")


def test_rejecting_and_withdrawing_go_back_to_the_investigation(finding, people, propose):
    with pytest.raises(ValidationError, match="Say what is missing"):
        actions.reject_finding(finding, reason=" ", by=people.lead)
    actions.reject_finding(finding, reason="E2 is thin.", by=people.lead)
    assert Case.objects.get().state == "investigation"
    again = propose()
    with pytest.raises(Forbidden):
        actions.withdraw_finding(again, reason="Not mine.", by=people.analyst2)
    actions.withdraw_finding(again, reason="E2 came back damaged.", by=people.analyst)
    assert Case.objects.get().state == "investigation"
    assert {f.state for f in Finding.objects.all()} == {"rejected", "withdrawn"}
    with pytest.raises(Forbidden):
        actions.confirm_finding(again, by=people.lead)


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_decision_needs_a_confirmed_finding(finding, people):
    with pytest.raises(Forbidden):
        actions.propose_decision(
            finding, action="warn", scope="All", starts_on=START, reasoning="Because.", by=people.counsel
        )


def test_a_decision_says_how_many_it_will_wrong(decide, people):
    decision = decide()
    assert decision.account_count == 5
    expected = 5 * (1 - 0.0048 * 1e3 / (0.0048 * 1e3 + 0.9952))  # two groups of log10 LR 3: their mean
    assert decision.expected_wrongful == pytest.approx(expected)
    assert "likelihood ratio of 1" in decision.expected_wrongful_basis


def test_accounts_taken_out_since_the_finding_are_not_met(confirmed, decide, people):
    case = confirmed.case
    gone = case.members.first().account
    actions.exclude_accounts(case, account_ids=[gone.pk], why="It was a school.", by=people.analyst)
    assert decide().account_count == 4
    assert queries.accounts_of_finding(confirmed).count() == 4
    assert confirmed.accounts.count() == 5
    actions.exclude_accounts(case, query={"everyone": True}, why="All of them.", by=people.analyst)
    with pytest.raises(ValidationError, match="nothing to act on"):
        decide()


@pytest.mark.parametrize(
    ("values", "field"),
    [({"reasoning": ""}, "reasoning"), ({"scope": " "}, "scope"), ({"ends_on": date(2026, 5, 12)}, "ends_on")],
)
def test_a_decision_is_whole(values, field, decide):
    with pytest.raises(ValidationError) as refused:
        decide(**values)
    assert field in refused.value.message_dict


def test_the_proposer_does_not_approve(decide, people, confirmed):
    mine = decide(by=people.lead)
    with pytest.raises(Forbidden):
        actions.approve_decision(mine, by=people.lead)
    with pytest.raises(Forbidden):
        actions.approve_decision(mine, by=people.analyst)
    with pytest.raises(ValidationError, match="Say why"):
        actions.reject_decision(mine, reason="", by=people.approver)
    actions.reject_decision(mine, reason="A warning would do.", by=people.approver)
    assert Case.objects.get().state == "decision"
    actions.approve_decision(decide(action="warn"), by=people.approver)
    assert Case.objects.get().state == "notice"
    second = decide(action="cease_and_desist", by=people.counsel)
    actions.approve_decision(second, by=people.lead)
    assert Case.objects.get().state == "notice"
    assert Decision.objects.filter(state="approved").count() == 2


# --- the end ----------------------------------------------------------------------------------------------------------


def test_a_case_is_not_closed_over_what_waits(decide, people, confirmed):
    case = confirmed.case
    decision = decide()
    with pytest.raises(ValidationError, match="A decision waits"):
        actions.close_case(case, closure="acted", note="Done.", by=people.lead)
    actions.reject_decision(decision, reason="No.", by=people.approver)
    with pytest.raises(ValidationError, match="No decision was approved"):
        actions.close_case(case, closure="acted", note="Done.", by=people.lead)
    with pytest.raises(ValidationError, match="Say in a sentence"):
        actions.close_case(case, closure="unsubstantiated", note=" ", by=people.lead)
    with pytest.raises(Forbidden):
        actions.close_case(case, closure="unsubstantiated", note="Thin.", by=people.analyst)
    actions.close_case(case, closure="unsubstantiated", note="Too thin to act on.", by=people.lead)
    with pytest.raises(ValidationError, match="what is new"):
        actions.reopen_case(case, reason="", by=people.lead)
    actions.add_note(case, body="They wrote to us.", by=people.analyst)
    for refused in (
        lambda: actions.describe(case, title="x", by=people.analyst),
        lambda: actions.assign(case, to=people.lead, by=people.analyst),
        lambda: actions.add_task(case, title="x", by=people.analyst),
        lambda: actions.raise_explanation(case, hypothesis="fault", by=people.analyst),
    ):
        with pytest.raises(Forbidden):
            refused()


def test_the_clock_starts_anew_with_each_state(ready):
    from apps.cases.workflow import TARGETS

    ready.refresh_from_db()
    assert abs(ready.due_at - timezone.now() - TARGETS[Case.State.INVESTIGATION]) < timedelta(minutes=1)


# --- evidence ---------------------------------------------------------------------------------------------------------


def test_exhibits_are_numbered_and_capped(case, people, add_exhibit, collect):
    first, second = add_exhibit(case, lr=9.0), add_exhibit(case, group="canaries", lr=None)
    assert [first.label, second.label] == ["E1", "E2"]
    assert (first.log10_lr, first.log10_lr_cap) == (4.0, 4.0)
    assert second.log10_lr is None
    with pytest.raises(ValidationError, match="give the cap"):
        add_exhibit(case, log10_lr_cap=None)
    with pytest.raises(ValidationError, match="between 0 and 6"):
        add_exhibit(case, log10_lr_cap=7.0)
    with pytest.raises(ValidationError, match="exhibit of the case already"):
        add_exhibit(case, item=first.item)


def test_a_test_run_brings_its_own_strength(case, people):
    counts = COUNTS | {"scored": 248_201, "green": 64_239, "validation": {"controls": 1000}}
    run = ran(people, inputs=counts, declared=DECLARED | {"n": 248_201})
    exhibit = actions.add_exhibit(
        case, item=run.item, shows="Keyed text.", element="training", log10_lr=99.0, log10_lr_cap=6.0, by=people.analyst
    )
    assert exhibit.log10_lr == pytest.approx(run.log10_lr_reported)
    assert 10**exhibit.log10_lr_cap == pytest.approx(1 / (1 - 0.05 ** (1 / 1000)))
    assert exhibit.dependency_group == run.dependency_group


def test_a_damaged_item_carries_nothing(case, people, collect, add_exhibit, settings):
    from pathlib import Path

    from apps.evidence import actions as evidence

    item = collect("Soon damaged")
    for path in Path(settings.VAULT_DIR).rglob(f"*{item.sha256[4:]}*"):
        path.chmod(0o600)
        path.write_bytes(b"else")
    assert not evidence.verify_item(item, by=people.analyst).intact
    with pytest.raises(ValidationError, match="nothing may rest on it"):
        add_exhibit(case, item=item)


def test_an_exhibit_of_another_case_is_not_weighed(ready, people, add_exhibit):
    other = actions.open_case(title="Another", severity=1, by=people.analyst)
    exhibit = add_exhibit(other)
    with pytest.raises(ValidationError, match="belongs to another case"):
        actions.rate_exhibit(exhibit, explanation=ready.explanations.get(), rating="C", by=people.analyst)


def test_a_finding_rests_on_its_own_case(ready, people, propose, add_exhibit):
    other = actions.open_case(title="Another", severity=1, by=people.analyst)
    with pytest.raises(ValidationError, match="are those of this case"):
        propose(exhibits=[add_exhibit(other)])


def test_privileged_advice_is_not_in_the_trail(case, people):
    actions.add_note(case, body="Advice: wait for the court.", is_privileged=True, by=people.counsel)
    event = Event.objects.get(action="cases.add_note")
    assert b"wait for the court" not in bytes(event.body)
    with pytest.raises(Forbidden):
        actions.add_note(case, body="Advice", is_privileged=True, by=people.analyst)
    assert queries.visible_advice(people.analyst, case).count() == 0
    assert queries.visible_advice(people.approver, case).count() == 1
