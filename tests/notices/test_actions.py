"""A letter from its draft to its file, through the actions alone."""

import json
import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.audit.principals import System
from apps.cases import actions as cases
from apps.cases import readiness
from apps.cases.models import Case, Decision
from apps.core import vault
from apps.core.models import Job
from apps.notices import actions, assembly, letter, tasks, writing
from apps.notices.checks import checks
from apps.notices.models import Notice, NoticeTemplate
from tests import paper as on
from tests.cases.conftest import CLAUSE, make_accounts
from tests.notices.conftest import work_off


def text(notice: Notice) -> str:
    return writing.composed(notice).plain.replace("\u00a0", " ")


def bodies() -> str:
    """All that the trail says in clear."""
    return " ".join(bytes(body).decode() for body in Event.objects.values_list("body", flat=True))


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
        return assembly.facts_for_account(suspended, account, (), timezone.now().date()).accepted_on

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
        text_, at = cited.version.text, cited.version.recorded_at
        version = ledger.create(
            type(cited.version), document=other, text=text_, recorded_at=at, kind="first_record", source_file="x.md"
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
    assert assembly.within(sentence) == clause


def test_every_explanation_outcome_and_part_has_words_for_a_letter():
    from apps.cases.models import Explanation, Party
    from apps.notices import grounds

    assert set(grounds.EXPLANATIONS) == set(Explanation.Hypothesis)
    assert set(grounds.PARTS) == set(Party.Role)
    assert set(grounds.OUTCOMES) == set(Explanation.Status) - {Explanation.Status.UNTESTED}
    assert {kind for kinds in actions.TO_ACCOUNTS.values() for kind in kinds} == set(grounds.MEASURES)


# --- from draft to file ----------------------------------------------------------------------------------------------


def test_from_draft_to_a_file_that_conforms(draft, people):
    actions.approve_notice(draft, by=people.approver)
    actions.issue_notice(draft, by=people.counsel)
    assert draft.state == "issuing"
    assert re.fullmatch(rf"N-{timezone.now().year}-000001", draft.ref)
    assert work_off() == 1
    draft.refresh_from_db()
    assert draft.state == "issued"
    file = vault.read(draft.pdf_sha256)
    assert len(file) == draft.pdf_bytes
    assert on.validate(file) == []
    reasons = on.attached_json(file, "statement-of-reasons.json")
    assert reasons["reference"] == draft.ref
    assert reasons["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert reasons["redress"]["until"] == writing.facts_of(draft).appeal_until.isoformat()
    assert draft.appeal_code not in json.dumps(reasons)


def test_a_demand_conforms_too(demand, people):
    actions.approve_notice(demand, by=people.approver)
    actions.issue_notice(demand, by=people.counsel)
    work_off()
    demand.refresh_from_db()
    file = vault.read(demand.pdf_sha256)
    assert on.validate(file) == []
    assert on.attached_json(file, "statement-of-reasons.json")["redress"]["internal_complaint"] is None


def test_what_was_approved_is_what_is_issued(issued, quick_paper):
    html = vault.read(issued.pdf_sha256).decode()
    assert issued.ref in html
    assert issued.appeal_code in html
    assert "Draft" not in html
    of_notice = Event.objects.filter(object_id=issued.pk)
    drafted, rendered = (of_notice.get(action=f"notices.{verb}_notice") for verb in ("draft", "render"))
    facts, final = (json.loads(bytes(event.body))["changes"]["facts"][1] for event in (drafted, rendered))
    assert {name for name in facts if facts[name] != final[name]} == {"reference"}


def test_the_trail_never_holds_what_is_private(issued, demand, people):
    actions.redraft_notice(demand, recipient="Mr Secret Name\n1 Hidden Street", by=people.counsel)
    said = bodies()
    assert issued.ref in said
    for private in (issued.appeal_code, *issued.recipient.splitlines(), "Secret Name", "Hidden Street", "Quarry Lane"):
        assert private not in said, private


def test_a_job_done_twice_makes_one_file(issuing, quick_paper):
    job = Job.objects.get(kind="notices.render")
    tasks.render(job)
    tasks.render(job)
    assert len(quick_paper) == 1
    assert Event.objects.filter(action="notices.render_notice").count() == 1
    issuing.refresh_from_db()
    assert issuing.state == "issued"


def test_rendering_is_on_behalf_of_who_issued(issued, people):
    event = Event.objects.get(action="notices.render_notice")
    assert event.on_behalf_of == people.counsel.actor


def test_a_render_that_fails_is_made_again(issuing, monkeypatch, quick_paper):
    def broken(*args, **options):
        raise RuntimeError("no paper")

    with monkeypatch.context() as patched:
        patched.setattr(writing.paper, "to_pdf", broken)
        work_off()
    issuing.refresh_from_db()
    assert issuing.state == "issuing"
    work_off()
    issuing.refresh_from_db()
    assert issuing.state == "issued"


def test_numbers_have_no_gap_after_a_refusal(suspended, people, quick_paper):
    rows = suspended.finding.accounts.select_related("account").order_by("account__ref")[:3]
    notices = [
        actions.draft_notice(suspended, kind="suspension", account=row.account, by=people.counsel) for row in rows
    ]
    for notice in notices:
        actions.approve_notice(notice, by=people.approver)
    actions.issue_notice(notices[0], by=people.counsel)
    with transaction.atomic():
        actions.issue_notice(notices[1], by=people.counsel)
        transaction.set_rollback(True)
    actions.issue_notice(notices[2], by=people.counsel)
    refs = sorted(Notice.objects.exclude(ref=None).values_list("ref", flat=True))
    assert [ref[-6:] for ref in refs] == ["000001", "000002"]


# --- two people ------------------------------------------------------------------------------------------------------


@pytest.fixture
def both(people):
    """Somebody who holds both legal roles: the two-person rule is all that is left."""
    from apps.staff import actions as staff

    staff.change_roles(people.counsel, roles=["legal_counsel", "legal_approver"], by=people.admin)
    return people.counsel


def test_the_drafter_cannot_approve(draft, both):
    assert not both.has_perm("notices.approve_notice", draft)
    with pytest.raises(Forbidden):
        actions.approve_notice(draft, by=both)


def test_the_approver_who_drafted_it_again_cannot_approve(suspended, account, people, both):
    notice = actions.draft_notice(suspended, kind="suspension", account=account, by=both)
    actions.return_notice(notice, reason="The address is old.", by=people.approver)
    assert notice.returned_why == "The address is old."
    actions.redraft_notice(notice, recipient="New name", by=both)
    assert (notice.recipient, notice.returned_why) == ("New name", "")
    assert not both.has_perm("notices.approve_notice", notice)
    actions.approve_notice(notice, by=people.approver)


@pytest.mark.parametrize("person", ["analyst", "lead", "reviewer", "auditor", "admin"])
def test_other_roles_neither_draft_nor_approve_nor_issue(draft, people, person):
    who = getattr(people, person)
    for act in (
        lambda: actions.draft_notice(draft.decision, kind="suspension", account=draft.account, by=who),
        lambda: actions.redraft_notice(draft, recipient="", by=who),
        lambda: actions.approve_notice(draft, by=who),
        lambda: actions.issue_notice(draft, by=who),
        lambda: actions.discard_notice(draft, reason="No.", by=who),
        lambda: actions.render_notice(draft, by=who),
        lambda: actions.adopt_template(kind="suspension", content="", by=who),
    ):
        with pytest.raises(Forbidden):
            act()


# --- transitions -----------------------------------------------------------------------------------------------------


def test_an_approved_letter_can_be_returned_and_its_approval_is_gone(approved, people):
    actions.return_notice(approved, reason="A date is wrong.", by=people.approver)
    assert (approved.state, approved.approved_by, approved.approved_at) == ("draft", None, None)


@pytest.mark.parametrize("stage", ["draft", "approved"])
def test_what_is_discarded_stays_on_record_and_frees_the_account(stage, request, suspended, account, people):
    notice = request.getfixturevalue(stage)
    actions.discard_notice(notice, reason="The customer left.", by=people.counsel)
    assert (notice.state, notice.returned_why) == ("discarded", "The customer left.")
    assert actions.draft_notice(suspended, kind="suspension", account=account, by=people.counsel).pk != notice.pk


def test_a_reason_is_needed(draft, people):
    with pytest.raises(ValidationError, match="what has to change"):
        actions.return_notice(draft, reason=" ", by=people.approver)
    with pytest.raises(ValidationError, match="why it will not be sent"):
        actions.discard_notice(draft, reason=" ", by=people.counsel)


def test_nothing_else_is_possible_from_a_state(draft, people):
    with pytest.raises(Forbidden):
        actions.issue_notice(draft, by=people.counsel)
    with pytest.raises(Forbidden):
        actions.render_notice(draft, by=System("worker"))


def test_an_issued_letter_has_no_verb_left(issued, people):
    for act in (
        lambda: actions.redraft_notice(issued, recipient="", by=people.counsel),
        lambda: actions.approve_notice(issued, by=people.approver),
        lambda: actions.return_notice(issued, reason="No.", by=people.approver),
        lambda: actions.discard_notice(issued, reason="No.", by=people.counsel),
        lambda: actions.issue_notice(issued, by=people.counsel),
        lambda: actions.render_notice(issued, by=System("worker")),
    ):
        with pytest.raises(Forbidden):
            act()


def test_an_issued_letter_never_changes(issued, people):
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE notices_notice SET recipient = 'Somebody else' WHERE id = %s", [issued.pk])
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM notices_notice WHERE id = %s", [issued.pk])
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic(), ledger.act("a.b", System("tests")):
        ledger.change(issued, recipient="Somebody else")


def test_taking_the_file_is_recorded(issued, people):
    actions.open_notice(issued, by=people.analyst)
    assert Event.objects.get(action="notices.open_notice").object_id == issued.pk


# --- what keeps a letter from being written or sent ------------------------------------------------------------------


def test_a_letter_carries_out_its_own_kind_of_decision(suspended, party, people):
    with pytest.raises(ValidationError, match="does not carry out the decision to suspend"):
        actions.draft_notice(suspended, kind="cease_and_desist", party=party, by=people.counsel)


def test_a_letter_rests_on_an_approved_decision(confirmed, account, people):
    proposed = cases.propose_decision(
        confirmed, action="suspend", scope="All use", starts_on=date(2026, 5, 12), reasoning="Yes.", by=people.counsel
    )
    assert proposed.state == Decision.State.PROPOSED
    with pytest.raises(ValidationError, match="rests on an approved decision"):
        actions.draft_notice(proposed, kind="suspension", account=account, by=people.counsel)


def test_a_letter_goes_to_an_account_of_the_finding(suspended, people):
    from apps.accounts.models import Account

    make_accounts(1, prefix="other")
    for account in (None, Account.objects.get(ref="other_00000")):
        with pytest.raises(ValidationError, match="Choose an account"):
            actions.draft_notice(suspended, kind="suspension", account=account, by=people.counsel)


def test_a_demand_goes_to_a_party_of_its_case(decide, people):
    decision = decide(action="cease_and_desist")
    elsewhere = cases.add_party(
        cases.open_case(title="Another matter", severity=2, by=people.analyst),
        name="Elsewhere Ltd", role="reseller", basis="A hunch.", address="", by=people.analyst,
    )  # fmt: skip
    for party in (None, elsewhere):
        with pytest.raises(ValidationError, match="Choose a party"):
            actions.draft_notice(decision, kind="cease_and_desist", party=party, by=people.counsel)


@pytest.mark.parametrize("stage", ["draft", "approved"])
def test_a_letter_to_an_account_taken_out_since_goes_no_further(stage, request, people):
    notice = request.getfixturevalue(stage)
    cases.exclude_accounts(
        notice.case, query={"refs": [notice.account.ref]}, why="A customer of ours, known by name.", by=people.analyst
    )
    act = {"draft": actions.approve_notice, "approved": actions.issue_notice}[stage]
    by = {"draft": people.approver, "approved": people.counsel}[stage]
    with pytest.raises(ValidationError, match="taken out of the case"):
        act(notice, by=by)
    if stage == "draft":
        with pytest.raises(ValidationError, match="still in the case"):
            actions.redraft_notice(notice, recipient="", by=people.counsel)


def test_a_measure_that_ended_is_not_announced(decide, account, people):
    ended = decide(starts_on=date(2026, 5, 12), ends_on=date(2026, 6, 12))
    notice = actions.draft_notice(ended, kind="suspension", account=account, by=people.counsel)
    with pytest.raises(ValidationError, match="ended on 2026-06-12"):
        actions.approve_notice(notice, by=people.approver)


def test_a_late_letter_is_warned_about_and_a_later_measure_is_announced(decide, account, people):
    late = decide(starts_on=date(2026, 5, 12), ends_on=None)
    notice = actions.draft_notice(late, kind="suspension", account=account, by=people.counsel)
    assert "before this letter" in next(line["text"] for line in checks(notice) if line["state"] == "warn")
    later = decide(starts_on=timezone.now().date() + timedelta(days=3))
    coming = actions.draft_notice(later, kind="suspension", account=account, by=people.counsel)
    assert "We are going to suspend your access" in text(coming)
    assert "We have suspended your access" in text(notice)


def test_checks_are_all_met_when_it_is_approved(approved):
    assert {line["state"] for line in checks(approved)} == {"ok"}


def test_a_demand_without_an_address_is_warned_about(demand, people):
    actions.redraft_notice(demand, recipient="Quarry Lane Models Ltd", by=people.counsel)
    assert "no address" in next(line["text"] for line in checks(demand) if line["state"] == "warn")


# --- wordings --------------------------------------------------------------------------------------------------------


def test_the_built_in_wording_is_kept_as_version_one(draft):
    assert (draft.template.version, draft.template.content) == (1, letter.built_in("suspension"))


def test_a_new_wording_is_taken_by_the_next_draft_and_a_redraft(draft, suspended, people):
    wording = letter.built_in("suspension").replace("Dear account holder,", "Good day,")
    adopted = actions.adopt_template(kind="suspension", content=wording.replace("\n", "\r\n"), by=people.counsel)
    assert (adopted.version, adopted.content) == (2, wording.strip() + "\n")
    assert "Dear account holder," in text(draft)
    actions.redraft_notice(draft, recipient="", by=people.counsel)
    assert "Good day," in text(draft)
    assert draft.template == adopted


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
        actions.adopt_template(kind="suspension", content=content, by=people.counsel)
    assert list(refused.value.error_dict) == ["content"]
    assert not NoticeTemplate.objects.exists()


def test_the_case_knows_who_is_still_to_be_told(issuing, quick_paper, people):
    def told() -> dict:
        case = Case.objects.get(pk=issuing.case_id)
        return next(line for line in readiness.missing(case) if "concerned" in line["text"])

    assert told() == told() | {"state": "warn", "detail": "no notice is issued yet"}
    work_off()
    assert told() == told() | {"state": "warn", "detail": "1 notices issued, 5 accounts concerned"}
