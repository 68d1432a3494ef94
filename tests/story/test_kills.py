"""Whatever is killed, wherever it is: started again it finishes the work once. One notice, one number, one file."""

import time

import pytest
from django.utils import timezone

from apps.audit.models import Event
from apps.audit.verify import verify
from apps.cases.models import Case, Exhibit
from apps.core import vault
from apps.core.models import Job
from apps.disclosures.models import Report
from apps.notices.models import Notice
from tests.story.conftest import stage, working

pytestmark = pytest.mark.slow


def until(condition, seconds: float = 60.0, *, pause: float = 0.01) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(pause)


def in_work(kind: str) -> bool:
    """A worker has claimed the job and is at it: the attempt is counted before it is made."""
    return Job.objects.filter(kind=kind, state=Job.State.WAITING, attempts=1).exists()


def due_at_once(kind: str) -> None:
    """A job whose worker died waits for seconds before its next attempt; the test does not."""
    Job.objects.filter(kind=kind, state=Job.State.WAITING).update(due_at=timezone.now())


@pytest.fixture
def decided(tell):
    """The story up to its decisions; there is no worker any more."""
    with working():
        return tell(stage("Decisions"))


def _issue(play) -> Notice:
    from fixtures.story import papers

    return papers._issue(play, papers._to_account(play))


def test_a_worker_killed_while_it_makes_a_letter(decided, processes):
    first = processes.worker()
    notice = _issue(decided)
    until(lambda: in_work("notices.render"))
    processes.kill(first)
    notice.refresh_from_db()
    assert notice.state == Notice.State.ISSUING
    due_at_once("notices.render")
    processes.worker()
    until(lambda: Notice.objects.get().state == Notice.State.ISSUED)
    made = Notice.objects.get()
    assert made.ref == notice.ref
    assert vault.measure(made.pdf_sha256) == made.pdf_sha256
    assert Event.objects.filter(action="notices.render_notice").count() == 1
    assert Job.objects.get(kind="notices.render").attempts == 2


def test_a_worker_killed_while_it_makes_a_report(tell, decided, processes):
    from apps.disclosures import actions

    report = actions.compile_report(
        decided.case,
        audience="regulator",
        recipient="An authority",
        legal_basis="Voluntary",
        title="Report",
        by=decided.leif,
    )
    actions.release_report(report, by=decided.vera)
    first = processes.worker()
    until(lambda: in_work("disclosures.render"))
    processes.kill(first)
    due_at_once("disclosures.render")
    processes.worker()
    until(lambda: Report.objects.get().state == Report.State.RELEASED)
    made = Report.objects.get()
    assert made.ref == report.ref
    assert len({file["name"] for file in made.files}) == len(made.files)
    assert Event.objects.filter(action="disclosures.render_report").count() == 1


@pytest.mark.soak  # the short form is in test_killed_stages
def test_the_story_and_its_worker_killed_in_the_middle(play, tell, processes):
    def goes_on_until(condition) -> None:
        story, worker = processes.story(play), processes.worker()
        until(lambda: condition() or story.poll() is not None)
        processes.kill(story)
        processes.kill(worker)

    goes_on_until(lambda: Case.objects.exists())
    goes_on_until(lambda: Exhibit.objects.exists())
    goes_on_until(lambda: in_work("notices.render"))
    due_at_once("notices.render")
    processes.worker()
    story = processes.story(play)
    assert story.wait(timeout=100) == 0, processes.log.read_text()
    assert Case.objects.count() == 1
    refs = sorted(notice.ref for notice in Notice.objects.filter(state=Notice.State.ISSUED))
    assert [ref[-6:] for ref in refs] == ["000001", "000002"]
    assert sorted(path.name for path in play.folder.glob("N-*")) == [f"{ref}.pdf" for ref in refs]
    assert Event.objects.filter(action="notices.render_notice").count() == 2
    assert Report.objects.get().state == Report.State.RELEASED
    assert verify().holds
