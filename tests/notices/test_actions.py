"""A letter from its draft to its file, through the actions alone."""

import json
import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from apps.audit import ledger, private
from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.audit.principals import System
from apps.cases import actions as cases
from apps.cases.findings import readiness
from apps.cases.models import Case, Decision
from apps.cases.queries import wrongful_of
from apps.core import vault
from apps.core.models import Job
from apps.notices import actions, tasks, writing
from apps.notices.checks import checks
from apps.notices.models import Notice
from tests import paper as on
from tests.cases.conftest import make_accounts
from tests.notices.conftest import text, work_off


def bodies() -> str:
    """All that the trail says in clear."""
    return " ".join(bytes(body).decode() for body in Event.objects.values_list("body", flat=True))


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
    facts, final = (private.reveal(event.event_uuid, "facts", "new") for event in (drafted, rendered))
    assert {name for name in facts if facts[name] != final[name]} == {"reference"}


def test_the_trail_never_holds_what_is_private(issued, demand, people):
    actions.redraft_notice(demand, recipient="Mr Secret Name\n1 Hidden Street", by=people.counsel)
    said = bodies()
    assert issued.ref in said
    for secret in (issued.appeal_code, *issued.recipient.splitlines(), "Secret Name", "Hidden Street", "Quarry Lane"):
        assert secret not in said, secret


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
        patched.setattr(writing.paper, "to_pdfs", broken)
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


def test_the_case_knows_who_is_still_to_be_told(issuing, quick_paper, people):
    def told() -> dict:
        case = Case.objects.get(pk=issuing.case_id)
        return next(line for line in readiness.missing(case) if "concerned" in line["text"])

    assert told() == told() | {"state": "warn", "detail": "no notice is issued yet"}
    work_off()
    assert told() == told() | {"state": "warn", "detail": "1 notices issued, 5 accounts concerned"}


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
        lambda: actions.propose_template(kind="suspension", content="", by=who),
        lambda: actions.translate_notice(draft, texts={}, by=who),
    ):
        with pytest.raises(Forbidden):
            act()


def test_a_name_that_no_typeface_has_stops_the_letter_before_it_is_issued(draft, people):
    actions.redraft_notice(draft, recipient="Łucja Ångström\nΕλένη Нгуен\nمحمد الفارسي\n王晓明", by=people.counsel)
    actions.approve_notice(draft, by=people.approver)
    actions.return_notice(draft, reason="Another name", by=people.approver)
    actions.redraft_notice(draft, recipient="สมชาย ใจดี", by=people.counsel)
    with pytest.raises(ValidationError, match="No typeface has these characters"):
        actions.approve_notice(draft, by=people.approver)


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
        confirmed,
        action="suspend",
        scope="All use",
        starts_on=date(2026, 5, 12),
        reasoning="Yes.",
        acknowledged=wrongful_of(confirmed).value,
        by=people.counsel,
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
