"""Each kind of measure has its letter, from the decision to the file that goes out."""

import pytest
from django.core.exceptions import ValidationError

from apps.appeals import actions as appeals
from apps.appeals.recipients import Recipient
from apps.cases.models import Decision
from apps.cases.standards.measures import AGAINST_NOBODY
from apps.core import vault
from apps.notices import actions, assembly, forms
from apps.notices import letter as letters
from apps.notices.models import Notice, NoticeTemplate
from tests import paper as on
from tests.notices.conftest import text, work_off

TO_ACCOUNTS = [
    ("warn", "warning", {}, "We warn you"),
    ("limit", "limit", {"decision_provision": "DECISION_PROVISION_PARTIAL_SUSPENSION"}, "We have limited your use"),
    ("verify_identity", "verification", {}, "We ask you to verify"),
    ("suspend", "suspension", {"decision_account": "DECISION_ACCOUNT_SUSPENDED"}, "We have suspended your access"),
]
SCOPES = {"warn": "Automated requests", "limit": "Use of the interface", "verify_identity": "Who you are"}


def issue(notice: Notice, people) -> Notice:
    actions.approve_notice(notice, by=people.approver)
    actions.issue_notice(notice, by=people.counsel)
    work_off()
    notice.refresh_from_db()
    return notice


@pytest.mark.parametrize(("action", "kind", "restriction", "words"), TO_ACCOUNTS)
def test_a_letter_to_an_account(decide, account, people, action, kind, restriction, words):
    number = {"requests_per_day": 2400} if action == "limit" else {}
    decision = decide(action=action, scope=SCOPES.get(action, "All use of the service"), territory=["IE"], **number)
    assert forms.kinds_for(decision) == [(kind, NoticeTemplate.Kind(kind).label)]
    letter = issue(actions.draft_notice(decision, kind=kind, account=account, by=people.counsel), people)
    assert words in text(letter)
    assert ("to 2,400 requests a day, IE" in text(letter)) == (action == "limit")
    file = vault.read(letter.pdf_sha256)
    assert on.validate(file) == []
    reasons = on.attached_json(file, "statement-of-reasons.json")
    assert {key: value for key, value in reasons.items() if key in ("decision_account", "decision_provision")} == (
        restriction
    )
    appeal = appeals.file_appeal(letter, words="Please look again.", by=Recipient(letter))
    assert appeal.state == "waiting"


def test_a_demand_to_preserve_goes_to_a_party_and_accuses_nobody(decide, party, people):
    decision = decide(action="preserve", scope="All invoices and access logs", ends_on=None)
    letter = issue(actions.draft_notice(decision, kind="preservation", party=party, by=people.counsel), people)
    said = text(letter)
    for part in ("keep everything that bears on all invoices and access logs", "makes no claim that you took part"):
        assert part in said
    assert "We demand that the activity" not in said
    assert on.validate(vault.read(letter.pdf_sha256)) == []


def test_a_later_letter_says_when_the_account_was_warned(decide, account, people, quick_paper):
    warning = actions.draft_notice(decide(action="warn"), kind="warning", account=account, by=people.counsel)
    assert "We wrote to you about this activity" not in text(warning)
    issue(warning, people)
    letter = actions.draft_notice(decide(), kind="suspension", account=account, by=people.counsel)
    assert f"We wrote to you about this activity on {warning.issued_at:%-d %B %Y}" in text(letter)


def test_a_termination_does_not_speak_of_a_suspension(suspended, account):
    suspended.action = "terminate"
    facts = assembly.facts_for_account(suspended, account, (), suspended.starts_on)
    said = letters.compose(letters.built_in("termination"), facts, "termination").plain
    assert "We have ended your contract and closed your account." in said
    assert "You can download your data" in said
    assert "suspend" not in said.lower()
    assert letters.statement_of_reasons(facts)["decision_account"] == "DECISION_ACCOUNT_TERMINATED"


@pytest.mark.parametrize("kind", NoticeTemplate.Kind.values)
def test_a_letter_carries_out_its_own_decision_and_no_other(suspended, account, party, people, kind):
    if kind == "suspension":
        return
    with pytest.raises(ValidationError, match="does not carry out the decision to suspend"):
        actions.draft_notice(suspended, kind=kind, account=account, party=party, by=people.counsel)


def test_every_measure_but_a_referral_has_its_letter():
    """A referral goes out as a report; what is against nobody has no letter that could accuse somebody."""
    covered = {action for actions_ in actions.CARRIES_OUT.values() for action in actions_}
    assert covered == set(Decision.Action) - {Decision.Action.REFER, *AGAINST_NOBODY}
