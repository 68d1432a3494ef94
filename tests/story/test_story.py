"""The whole job once, on a small campaign: what it leaves, and that telling it again adds nothing."""

import json

import pytest
from django.core.management import CommandError, call_command

from apps.alerts import actions as alerts
from apps.alerts.models import Alert, AlertGroup, Batch, Rejection
from apps.appeals.models import Appeal
from apps.audit.models import Event
from apps.audit.verify import verify
from apps.cases import actions as cases
from apps.cases.models import Case, Decision, Finding
from apps.core import vault
from apps.disclosures.models import Report
from apps.notices.models import Notice
from fixtures.story import STAGES
from fixtures.story.stage import PEOPLE
from tests.paper import validate

pytestmark = pytest.mark.slow


def what_is_there() -> dict[str, int]:
    models = (Alert, AlertGroup, Appeal, Batch, Case, Decision, Event, Finding, Notice, Rejection, Report)
    return {model.__name__: model.objects.count() for model in models}


def test_the_whole_job_once_and_not_twice(tell, worker):
    play = tell()
    once = what_is_there()
    told = ("Case", "Finding", "Decision", "Notice", "Appeal", "Report")
    assert tuple(once[model] for model in told) == (1, 1, 2, 2, 1, 1)
    _alerts_were_answered_as_expected(play)
    _two_people_stand_behind_everything()
    _papers_are_files_that_conform(play)
    assert verify().holds
    assert {v["name"] for v in json.loads((play.folder / "trail.json").read_text())["verdicts"]} >= {"integrity"}
    tell()
    assert what_is_there() == once


def _alerts_were_answered_as_expected(play):
    """The truth file says what every detector should have been told."""
    expected = json.loads(play.truth.read_text())["deliveries"]
    for source, answers in expected.items():
        batches = Batch.objects.filter(detector__slug=source, rejected=0)
        told = {
            "created": sum(batch.created for batch in batches),
            "updated": sum(batch.updated for batch in batches),
            "duplicate": sum(batch.duplicates for batch in batches),
        }
        assert {answer: count for answer, count in told.items() if count} == answers, source
    assert Rejection.objects.count() == 12


def _two_people_stand_behind_everything():
    case = Case.objects.get()
    finding = case.findings.get()
    assert finding.proposed_by != finding.reviewed_by
    for decision in case.decisions.all():
        assert decision.proposed_by != decision.reviewed_by
    for notice in Notice.objects.all():
        assert notice.drafted_by != notice.approved_by
    report = Report.objects.get()
    assert report.compiled_by != report.released_by


def _papers_are_files_that_conform(play):
    assert sorted(notice.ref[-6:] for notice in Notice.objects.all()) == ["000001", "000002"]
    for notice in Notice.objects.all():
        kept = (play.folder / f"{notice.ref}.pdf").read_bytes()
        assert kept == vault.read(notice.pdf_sha256)
        assert validate(kept) == []
    report = Report.objects.get()
    kept = (play.folder / f"{report.ref}.pdf").read_bytes()
    assert validate(kept) == []


def test_a_story_that_is_cut_off_after_any_stage_goes_on(tell, worker):
    for number in range(1, len(STAGES)):
        tell(number)
    once = what_is_there()
    tell()
    assert (once["Case"], once["Finding"], once["Decision"], once["Notice"], once["Report"]) == (1, 1, 2, 2, 1)
    assert what_is_there() == once
    assert verify().holds


def test_the_command_tells_it_and_ends_with_the_sign_ins(play, worker, settings, capsys):
    settings.VAR_DIR = play.folder.parent
    call_command("story", url=play.url, preset="tiny")
    told = capsys.readouterr().out
    for stage in STAGES:
        assert stage.title in told
    for person in PEOPLE:
        assert person["email"] in told
    assert str(play.folder / Notice.objects.order_by("ref").first().ref) in told
    _what_people_do_afterwards_stays_theirs(play)
    with pytest.raises(CommandError, match="preset tiny"):
        call_command("story", url=play.url, preset="demo")


def _what_people_do_afterwards_stays_theirs(play):
    """A second start prints, and touches nothing."""
    dismissed = AlertGroup.objects.filter(state=AlertGroup.State.DISMISSED).first()
    alerts.reopen(dismissed, by=play.mira, reason="Look again")
    cases.open_case(title="Another matter", severity=2, by=play.mira)
    before = what_is_there()
    call_command("story", url=play.url, preset="tiny")
    dismissed.refresh_from_db()
    assert dismissed.state == AlertGroup.State.OPEN
    assert what_is_there() == before
