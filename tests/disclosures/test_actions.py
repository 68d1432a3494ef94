"""A report from the frozen case to its files, through the actions alone."""

import hashlib
import json

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.audit.principals import System
from apps.cases import actions as cases
from apps.core import vault
from apps.core.models import Job
from apps.disclosures import actions, tasks
from tests import paper as on
from tests import signed
from tests.notices.conftest import work_off


def file(report, ending: str) -> bytes:
    return next(vault.read(f["sha256"]) for f in report.files if f["name"].endswith(ending))


# --- from the case to the files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", ["regulator", "partner", "public"])
def test_a_released_report_conforms_and_carries_its_annexes(compiled, party, people, audience):
    cases.waive_invitation(party, reason="It would destroy the logs.", by=people.counsel)
    report = compiled(audience=audience)
    actions.release_report(report, by=people.approver)
    assert report.ref == f"R-{timezone.now().year}-0001"
    assert work_off() == 1
    report.refresh_from_db()
    assert report.state == "released"
    pdf = file(report, ".pdf")
    assert report.files[0]["name"] == f"{report.ref}.pdf"
    assert on.validate(pdf) == []
    assert signed.status(pdf).bottom_line
    again = actions.files_of(report)[f"{report.ref}.pdf"]
    assert pdf.startswith(again)
    assert report.files[0]["unsigned_sha256"] == hashlib.sha256(again).hexdigest()
    annexes = {f["name"]: vault.read(f["sha256"]) for f in report.files[1:]}
    assert on.attachments(pdf) == annexes
    assert "report.json" in annexes
    for entry in report.files:
        assert hashlib.sha256(vault.read(entry["sha256"])).hexdigest() == entry["sha256"]
        assert len(vault.read(entry["sha256"])) == entry["bytes"]


def test_the_report_says_what_was_found_and_decided(draft):
    content = draft.content
    assert content["case"]["title"] == "Collection of output through five accounts"
    assert [finding["likelihood"] for finding in content["findings"]] == ["very likely"]
    assert content["findings"][0]["exhibits"] == ["E1", "E2"]
    assert [decision["accounts"] for decision in content["decisions"]] == [5]
    assert {figure["key"]: figure["value"] for figure in content["figures"]}["exchanges"] == 35_000


def test_the_method_says_what_was_weighed_and_what_was_not(draft, compiled, people):
    said = " ".join(draft.content["method"])
    assert "Of 2 pairs of an exhibit and an explanation that was raised, 0 were weighed one by one." in said
    explanation = draft.case.explanations.get()
    for exhibit in draft.case.exhibits.all():
        cases.rate_exhibit(exhibit, explanation=explanation, rating="I", by=people.analyst)
    assert "Each exhibit was weighed against every explanation" in " ".join(compiled().content["method"])


def test_a_caption_names_no_mark_that_is_not_drawn(draft, quick_paper):
    """The case was opened long after the activity: the picture ends before that day."""
    assert draft.content["marks"][0]["label"] == "case opened"
    html = next(iter(actions.files_of(draft).values())).decode()
    assert "Exchanges a day" in html
    assert "case opened" not in html


def test_the_snapshot_is_frozen_whole_and_the_report_does_not_follow_the_case(draft, people):
    frozen = json.loads(vault.read(draft.snapshot_sha256))
    assert frozen["case"]["title"] == draft.case.title
    assert hashlib.sha256(vault.read(draft.snapshot_sha256)).hexdigest() == draft.snapshot_sha256
    cases.exclude_accounts(draft.case, query={"refs": ["acct_00000"]}, why="A customer.", by=people.analyst)
    draft.refresh_from_db()
    assert len(draft.content["accounts"]) == 5


def test_what_an_audience_may_not_see_is_not_in_its_report(compiled, party, people):
    cases.waive_invitation(party, reason="It would destroy the logs.", by=people.counsel)
    public = compiled(audience="public", title="What Quarry Lane Models Ltd did")
    said = json.dumps(public.content)
    for secret in ("Quarry Lane", "acct_0000", str(people.analyst), str(people.lead), str(people.counsel)):
        assert secret not in said, secret
    assert {entry["rule"] for entry in public.withheld} >= {
        "names of our staff", "identifiers and particulars of single accounts"
    }  # fmt: skip
    assert public.tlp == "clear"
    whole = json.dumps(compiled(audience="regulator").content)
    assert "Quarry Lane" in whole
    assert "acct_00000" in whole


def test_a_job_done_twice_makes_the_files_once(releasing, quick_paper):
    job = Job.objects.get(kind="disclosures.render")
    tasks.render(job)
    tasks.render(job)
    assert len(quick_paper) == 1
    event = Event.objects.get(action="disclosures.render_report")
    assert event.on_behalf_of == job.actor


def test_numbers_have_no_gap_after_a_refusal(compiled, people):
    reports = [compiled(), compiled(audience="partner"), compiled(audience="public")]
    actions.release_report(reports[0], by=people.approver)
    with transaction.atomic():
        actions.release_report(reports[1], by=people.approver)
        transaction.set_rollback(True)
    actions.release_report(reports[2], by=people.approver)
    assert [reports[0].ref[-4:], reports[2].ref[-4:]] == ["0001", "0002"]


def test_taking_a_file_is_recorded(released, people):
    actions.open_report(released, name="report.json", by=people.auditor)
    event = Event.objects.get(action="disclosures.open_report")
    assert json.loads(bytes(event.body))["details"] == {"name": "report.json"}


# --- two people, and no others ---------------------------------------------------------------------------------------


def test_who_compiled_it_cannot_release_it(draft, people):
    from apps.staff import actions as staff

    staff.change_roles(people.counsel, roles=["legal_counsel", "legal_approver"], by=people.admin)
    assert not people.counsel.has_perm("disclosures.release_report", draft)
    with pytest.raises(Forbidden):
        actions.release_report(draft, by=people.counsel)


@pytest.mark.parametrize("person", ["analyst", "lead", "reviewer", "auditor", "admin"])
def test_other_roles_neither_compile_nor_release(draft, compiled, people, person):
    who = getattr(people, person)
    for act in (
        lambda: compiled(by=who),
        lambda: actions.release_report(draft, by=who),
        lambda: actions.return_report(draft, reason="No.", by=who),
        lambda: actions.discard_report(draft, reason="No.", by=who),
        lambda: actions.render_report(draft, by=who),
    ):
        with pytest.raises(Forbidden):
            act()


# --- transitions -----------------------------------------------------------------------------------------------------


def test_a_returned_report_says_why_and_a_new_one_is_compiled(draft, compiled, people):
    with pytest.raises(ValidationError, match="what has to change"):
        actions.return_report(draft, reason=" ", by=people.approver)
    actions.return_report(draft, reason="Name the legal basis.", by=people.approver)
    assert (draft.state, draft.returned_why) == ("draft", "Name the legal basis.")
    actions.discard_report(draft, reason="Compiled anew.", by=people.counsel)
    assert draft.state == "discarded"
    assert compiled(legal_basis="Art. 18").state == "draft"


def test_discarding_needs_a_reason(draft, people):
    with pytest.raises(ValidationError, match="why it will not be released"):
        actions.discard_report(draft, reason=" ", by=people.counsel)


@pytest.mark.parametrize("stage", ["releasing", "released"])
def test_after_its_release_nobody_has_a_verb_left(stage, request, people):
    report = request.getfixturevalue(stage)
    for act in (
        lambda: actions.release_report(report, by=people.approver),
        lambda: actions.return_report(report, reason="No.", by=people.approver),
        lambda: actions.discard_report(report, reason="No.", by=people.counsel),
    ):
        with pytest.raises(Forbidden):
            act()


def test_a_draft_has_no_files(draft):
    with pytest.raises(Forbidden):
        actions.render_report(draft, by=System("worker"))


def test_a_released_report_never_changes(released):
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic(), ledger.act("a.b", System("tests")):
        ledger.change(released, recipient="Somebody else")


# --- what is not reported --------------------------------------------------------------------------------------------


def test_an_allegation_is_not_reported(finding, people):
    with pytest.raises(ValidationError, match="an allegation is not disclosed"):
        actions.compile_report(
            finding.case, audience="public", recipient="All", legal_basis="None", title="Report", by=people.counsel
        )


def test_a_drill_is_not_reported(suspended, compiled):
    with ledger.act("tests.arrange", System("tests")):
        ledger.change(suspended.case, drill="exercise 1")
    with pytest.raises(ValidationError, match="drill"):
        compiled()


def test_title_and_summary_claim_no_more_than_was_found(suspended, compiled, people):
    with pytest.raises(ValidationError, match="stole") as refused:
        compiled(title="How they stole it")
    assert list(refused.value.error_dict) == ["title"]
    cases.describe(suspended.case, summary="The thieves were quick.", by=people.analyst)
    with pytest.raises(ValidationError, match="thieves"):
        compiled()
