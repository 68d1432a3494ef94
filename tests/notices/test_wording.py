"""What a letter says, and the wordings it is made from."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.principals import System
from apps.notices import actions, assembly, letter, phrases, queries, writing
from apps.notices.basis import Basis
from apps.notices.checks import checks
from apps.notices.models import NoticeTemplate
from tests.cases.conftest import CLAUSE
from tests.notices.conftest import text

# --- what a letter says ----------------------------------------------------------------------------------------------


def test_a_suspension_says_what_this_account_did_and_what_all_did(draft):
    said = text(draft)
    assert "Between 4 May 2026 and 10 May 2026, this account sent 7,000 requests" in said
    assert "The finding is about 5 accounts, and this account is one of them." in said
    assert said.index("this account sent") < said.index("about 5 accounts") < said.index("What the log shows.")
    assert (
        "we find it very likely (80–95 %) that the accounts collected output by automatic means, around the clock, and"
        " that this account was one of them. What the output was used for is not known." in said
    )
    assert "The suspension covers all use of the service, worldwide" in said
    assert "Heavy but ordinary use, such as automated tests, batches or labelling. This does not fit. Nobody's" in said
    assert CLAUSE in said
    assert ".." not in said


def test_an_account_without_figures_is_told_so(suspended, people):
    row = suspended.finding.accounts.first()
    with ledger.act("tests.arrange", System("tests")):
        ledger.change(row, queries=None, first_day=None, last_day=None)
    notice = actions.draft_notice(suspended, kind="suspension", account=row.account, by=people.counsel)
    assert "our records of daily activity hold no count of requests for this account" in text(notice)


def test_a_demand_speaks_of_all_accounts_and_claims_no_block_that_was_not(demand):
    said = text(demand)
    assert "Between 4 May 2026 and 10 May 2026, 5 accounts of our service together sent 35,000 requests" in said
    assert "We demand that the activity described here stop. The demand covers all use of the service" in said
    assert "have suspended" not in said
    assert (
        "whom we take to benefit from this activity; nobody has decided that yet. What this rests on: The accounts were"
        " paid with its card." in said
    )
    assert demand.recipient.splitlines() == [
        "Quarry Lane Models Ltd", "12 Quarry Lane", "Leeds LS1 4AP", "United Kingdom"
    ]  # fmt: skip
    answer_by = writing.facts_of(demand).respond_by
    assert answer_by == timezone.now().date() + timedelta(days=14)


def test_a_demand_says_that_the_accounts_were_suspended_when_they_were(suspended, demand, people):
    actions.redraft_notice(demand, recipient="", by=people.counsel)
    assert "We have suspended the accounts concerned, and we demand" in text(demand)


def test_only_an_acceptance_of_every_quoted_document_is_named(suspended, account, terms, people):
    from apps.accounts.models import Acceptance

    def accepted() -> date | None:
        return assembly.facts_for_account(Basis.of(suspended), account, (), timezone.now().date()).accepted_on

    assert accepted() is None
    with ledger.act("tests.arrange", System("tests")):
        for day in ("2026-02-03", "2026-06-01"):  # the second one after the conduct
            ledger.create(
                Acceptance, account=account, document=terms.version.document, accepted_at=f"{day}T10:00:00+00:00"
            )
    assert accepted() == date(2026, 2, 3)


def test_an_account_is_told_the_terms_of_its_own_product(suspended, account, people):
    from apps.policies.models import Document

    cited = suspended.finding.clauses.get()
    with ledger.act("tests.arrange", System("tests")):
        other = ledger.create(
            Document, service="Lighthouse", name="Lighthouse Terms", collection="demo", slug="lighthouse-terms"
        )
        text_, at = cited.version.text, cited.version.seen_at
        version = ledger.create(
            type(cited.version), document=other, text=text_, seen_at=at, kind="first_record", source_file="x.md"
        )
        ledger.create(
            type(cited), finding=suspended.finding, version=version, clause=cited.clause, quote="You may not fish.",
            quote_sha256="ab" * 32,
        )  # fmt: skip
    notice = actions.draft_notice(suspended, kind="suspension", account=account, by=people.counsel)
    assert CLAUSE in text(notice)
    assert "fish" not in text(notice)


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (date(2026, 11, 21), date(2027, 5, 21)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2026, 2, 28), date(2026, 8, 28)),
        (date(2026, 3, 1), date(2026, 9, 1)),
    ],
)
def test_an_appeal_is_possible_for_six_months_from_the_day_of_issue(draft, day, until):
    assert assembly.dated(writing.facts_of(draft), draft.decision, day).appeal_until == until


@pytest.mark.parametrize(
    ("sentence", "clause"),
    [
        ("The accounts sent it.", "the accounts sent it"),
        ("A ring collected output.", "a ring collected output"),
        ("Harbour accounts sent it", "Harbour accounts sent it"),
        ("API keys were shared.", "API keys were shared"),
        ("", ""),
    ],
)
def test_a_sentence_goes_on_as_part_of_another(sentence, clause):
    assert phrases.within(sentence) == clause


def test_every_explanation_outcome_and_part_has_words_for_a_letter():
    from apps.cases.models import Explanation, Party
    from apps.notices import grounds

    assert set(grounds.PARTS) == set(Party.Role)
    assert set(grounds.OUTCOMES) == set(Explanation.Status) - {Explanation.Status.UNTESTED}
    assert {kind for kinds in actions.TO_ACCOUNTS.values() for kind in kinds} == set(grounds.MEASURES)


# --- wordings --------------------------------------------------------------------------------------------------------


def test_the_built_in_wording_is_kept_as_version_one(draft):
    assert (draft.template.version, draft.template.content) == (1, letter.built_in("suspension"))


@pytest.fixture
def adopt(people):
    """Propose a wording and have it approved."""

    def go(content: str, kind: str = "suspension", **options) -> NoticeTemplate:
        proposed = actions.propose_template(kind=kind, content=content, by=people.counsel, **options)
        actions.approve_template(proposed, by=people.approver)
        proposed.refresh_from_db()
        return proposed

    return go


def greeting(words: str) -> str:
    return letter.built_in("suspension").replace("Dear account holder,", words)


def test_a_new_wording_is_taken_by_the_next_draft_and_a_redraft(draft, adopt, people):
    adopted = adopt(greeting("Good day,").replace("\n", "\r\n"))
    assert (adopted.version, adopted.content) == (2, greeting("Good day,").strip() + "\n")
    assert "Dear account holder," in text(draft)
    actions.redraft_notice(draft, recipient="", by=people.counsel)
    assert "Good day," in text(draft)
    assert draft.template == adopted


def test_a_proposed_wording_is_taken_by_no_letter(draft, people):
    actions.propose_template(kind="suspension", content=greeting("Good day,"), by=people.counsel)
    actions.redraft_notice(draft, recipient="", by=people.counsel)
    assert "Dear account holder," in text(draft)


def test_a_wording_is_in_effect_from_its_day(draft, adopt, people):
    today = timezone.now().date()
    adopt(greeting("Good day,"), effective_from=today + timedelta(days=3))
    assert queries.template_in_effect("suspension", "en", today) == draft.template
    assert "Good day," in queries.wording_in_effect("suspension", "en", today + timedelta(days=3))
    with pytest.raises(ValidationError, match="day is over"):
        adopt(greeting("Hello,"), effective_from=today - timedelta(days=1))


def test_of_two_wordings_the_one_that_began_last_is_in_effect(adopt):
    today = timezone.now().date()
    adopt(greeting("In a week,"), effective_from=today + timedelta(days=7))
    adopt(greeting("Today,"))
    assert "Today," in queries.wording_in_effect("suspension", "en", today)
    assert "In a week," in queries.wording_in_effect("suspension", "en", today + timedelta(days=8))


def test_a_day_that_passed_while_it_waited_becomes_the_day_of_approval(people, monkeypatch):
    proposed = actions.propose_template(kind="suspension", content=greeting("Good day,"), by=people.counsel)
    later = timezone.now() + timedelta(days=5)
    monkeypatch.setattr(timezone, "now", lambda: later)
    actions.approve_template(proposed, by=people.approver)
    assert proposed.effective_from == later.date()


def test_whoever_approves_a_draft_is_told_of_a_newer_wording(draft, adopt):
    assert [line for line in checks(draft) if "newer wording" in line["text"]] == []
    adopt(greeting("Good day,"))
    (line,) = (line for line in checks(draft) if "newer wording" in line["text"])
    assert line["state"] == "warn"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{facts}", "{fact}", r"line \d+, column 2: there is no placeholder \{fact\}; did you mean facts"),
        ("{appeal_code}", "here", r"must also name \{appeal_code\} \(Art. 17\(3\)\(f\) DSA"),
        ("what we saw", "that you stole it", r"line \d+: “stole”"),
        ("", "", "word for word"),
    ],
    ids=["unknown placeholder", "missing element", "a word that claims too much", "unchanged"],
)
def test_a_wrong_wording_is_refused_with_its_place(people, old, new, said):
    content = letter.built_in("suspension").replace(old, new, 1) if old else letter.built_in("suspension")
    with pytest.raises(ValidationError, match=said) as refused:
        actions.propose_template(kind="suspension", content=content, by=people.counsel)
    assert list(refused.value.error_dict) == ["content"]
    assert not NoticeTemplate.objects.exists()
