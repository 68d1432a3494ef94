"""Each kind of measure has its letter, from the decision to the file that goes out."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.appeals import actions as appeals
from apps.appeals.recipients import Recipient
from apps.cases import actions as cases
from apps.cases.models import Decision
from apps.cases.standards.measures import AGAINST_NOBODY
from apps.core import vault
from apps.notices import actions, assembly, forms
from apps.notices import letter as letters
from apps.notices.basis import Basis
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
    facts = assembly.facts_for_account(Basis.of(suspended), account, (), suspended.starts_on)
    said = letters.compose(letters.built_in("termination"), facts, "termination").plain
    assert "We have ended your contract and closed your account." in said
    assert "You can download your data" in said
    assert "suspend" not in said.lower()
    assert letters.statement_of_reasons(facts)["decision_account"] == "DECISION_ACCOUNT_TERMINATED"


@pytest.mark.parametrize("kind", NoticeTemplate.Kind.values)
def test_a_letter_carries_out_its_own_decision_and_no_other(suspended, account, party, people, kind):
    if kind == "suspension":
        return
    why = "choose a party of that role" if kind == "victim" else "does not carry out the decision to suspend"
    with pytest.raises(ValidationError, match=why):
        actions.draft_notice(suspended, kind=kind, account=account, party=party, by=people.counsel)


def test_every_measure_but_a_referral_has_its_letter():
    """A referral goes out as a report; what is against nobody has no letter that could accuse somebody."""
    covered = {action for actions_ in actions.CARRIES_OUT.values() for action in actions_}
    assert covered == set(Decision.Action) - {Decision.Action.REFER, *AGAINST_NOBODY}


# --- whose details were used -----------------------------------------------------------------------------------------


@pytest.fixture
def victim(confirmed, people):
    return cases.add_party(
        confirmed.case,
        name="Ada Ferrow",
        role="identity_victim",
        basis="Her bank reported the card as used without her knowledge.",
        address="4 Mill Lane\nLeeds",
        by=people.lead,
    )


@pytest.mark.parametrize(("sort", "words"), [("card", "a card or bank account of yours"), ("", "your name or other")])
def test_a_victim_is_told_what_was_done_and_what_they_can_do_and_is_not_accused(suspended, victim, people, sort, words):
    letter = issue(actions.draft_notice(suspended, kind="victim", party=victim, sort=sort, by=people.counsel), people)
    said = text(letter)
    for part in (words, "We have suspended these accounts.", "Her bank reported the card", "keep this letter"):
        assert part in said
    for part in ("we find it", "automatic means", suspended.finding.limits, "Appeal, free of charge"):
        assert part not in said
    file = vault.read(letter.pdf_sha256)
    assert on.validate(file) == []
    told = on.attached_json(file, "letter.json")
    assert [fact["record"] for fact in told["facts"]] == ["finding", "party"]
    assert "automatic means" not in str(told)


def test_a_letter_to_a_victim_is_offered_where_the_case_has_one(suspended, victim, people, sign_in, account):
    assert [kind for kind, _ in forms.kinds_for(suspended)] == ["suspension", "victim"]
    counsel, url = sign_in(people.counsel), f"/notices/draft/{suspended.ref}/"
    drafted = counsel.post(url, {"kind": "victim", "party": victim.pk, "sort": "card"})
    assert drafted.status_code == 302
    assert counsel.post(url, {"kind": "suspension", "account": account.ref}).status_code == 302
    missing = counsel.post(url, {"kind": "victim"})
    assert missing.status_code == 422
    assert "Choose a party" in missing.context["form"].errors["party"][0]


def test_nothing_is_demanded_of_a_victim(decide, victim, people):
    decision = decide(action="preserve", ends_on=None)
    with pytest.raises(ValidationError, match="Nothing is demanded of somebody whose identity was used"):
        actions.draft_notice(decision, kind="preservation", party=victim, by=people.counsel)


@pytest.mark.parametrize(
    ("sort", "words"),
    [
        ("", "went through accounts that are yours"),
        ("reseller", "which account or key was given to whom"),
        ("cloud", "records of who rented the systems"),
        ("payment", "disputes, chargebacks and reports of fraud"),
    ],
)
def test_a_demand_to_preserve_names_what_its_recipient_has(decide, party, people, sort, words):
    decision = decide(action="preserve", scope="All records of it", ends_on=None)
    letter = actions.draft_notice(decision, kind="preservation", party=party, sort=sort, by=people.counsel)
    assert words in text(letter)
    actions.redraft_notice(letter, recipient="", by=people.counsel)
    assert words in text(letter)


def test_a_letter_is_for_its_own_sorts_of_recipients(suspended, account, people):
    with pytest.raises(ValidationError, match="is not for such a recipient"):
        actions.draft_notice(suspended, kind="suspension", account=account, sort="cloud", by=people.counsel)


# --- an account that is given back -----------------------------------------------------------------------------------


def test_an_account_is_given_back_after_its_appeal_was_right(issued, people, sign_in):
    counsel, url = sign_in(people.counsel), f"/notices/{issued.pk}/reinstate/"
    given = {"lifted_on": "2026-12-01", "reasons": "The requests were those of a test.\n\nWe had allowed it."}
    refused = counsel.post(url, given)
    assert refused.status_code == 422
    assert "The measure stands" in refused.content.decode()
    appeal = appeals.file_appeal(issued, words="It was a test.", by=Recipient(issued))
    appeals.take_appeal(appeal, by=people.reviewer)
    appeals.reverse_decision(appeal, reasons="It was.", by=people.reviewer)
    assert counsel.post(url, given).status_code == 302
    back = Notice.objects.get(kind="reinstatement")
    assert back.recipient == issued.recipient
    said = text(back)
    for part in (issued.ref, "is lifted from 1 December 2026", "We had allowed it.", "yours to use again"):
        assert part in said
    assert "we find it" not in said
    page = counsel.get(reverse("notices:notice", args=[back.pk]))
    assert "As its drafter wrote it" in page.content.decode()  # the sources of a letter that answers no appeal
    issue(back, people)
    assert back.state == "issued"


def test_only_a_measure_is_taken_back(decide, people, party):
    letter = actions.draft_notice(
        decide(action="cease_and_desist", ends_on=None), kind="cease_and_desist", party=party, by=people.counsel
    )
    with pytest.raises(ValidationError, match="Only an issued letter about a measure"):
        actions.draft_reinstatement(
            measure=letter, lifted_on=letter.drafted_at.date(), reasons="No.", by=people.counsel
        )
