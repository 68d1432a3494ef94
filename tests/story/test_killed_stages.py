"""The worker and the sequencer, killed in the middle of the story and started again: all is done once.

Everything runs as in `make demo`: its crew of web server, worker (with beat) and sequencer, a Valkey of their own, and
the story told by its command. A kill is SIGKILL to a program with all its children.
"""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from apps.alerts.models import Batch
from apps.audit.models import Event, audited_models
from apps.audit.verify import verify
from apps.cases.models import Case
from apps.core import models as core
from apps.core import vault
from apps.core.models import Job
from apps.disclosures.models import Report
from apps.evidence.models import Item
from apps.notices.models import Notice
from casemgr.run import crew
from casemgr.supervisor import Services
from casemgr.supervisor.processes import choose_port
from fixtures.story import STAGES
from tests.story.conftest import Processes
from tests.story.test_kills import until
from tests.story.test_story import what_is_there

pytestmark = pytest.mark.slow

TITLES = [stage.title for stage in STAGES]
ASKED = {"Letters": ("notices.render", 2), "Report": ("disclosures.render", 1)}  # of the worker, by stage
SOME = {*TITLES[::4], *ASKED}  # of the short form: a restart takes seconds
HELPERS = ("worker", "sequencer")
PATIENCE = 120.0  # seconds for one stage of the small campaign, on a machine that is busy with other things
ROUNDS = 3  # of the long form; two kills each, and a job is tried eight times


class Demo:
    """The demo's crew and its story on the test's own database, with their files in `folder`."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.log = folder / "story.log"
        self.broker = Celery(broker=environment["CELERY_BROKER_URL"])
        self.crew = crew.Crew(choose_port(folder / "port"))
        self.crew.environment = environment
        self.teller = Processes(environment | {"PYTHONUNBUFFERED": "1", "LOG_LEVEL": "WARNING"}, self.log)

    def begin(self) -> None:
        self.crew.start("web")
        self.crew.wait_until_ready()
        self.crew.start(*HELPERS)
        self.tell()

    def tell(self) -> None:
        """Begin the story, or go on with it."""
        self.story = self.teller.start("manage.py", "story", "--url", self.crew.url, "--preset", "tiny")

    def has_told(self, title: str) -> bool:
        """A stage prints its line when it is over."""
        has_ended, told = self.story.poll() is not None, self.log.read_text()
        found = any(line.startswith(f"  {title} ") for line in told.splitlines())
        assert found or not has_ended, told
        return found

    def kill(self, *names: str) -> None:
        for child in self.crew.children:
            if child.name in names and child.process:
                crew.kill_group(child.process.pid)
                child.process.wait()

    def restart(self, *names: str) -> None:
        self.kill(*names)
        self.crew.start(*names)

    def ready(self) -> int:
        """How often a worker said that it waits for work."""
        return (self.log.parent / "worker.log").read_text().count(" ready.")

    def ring(self) -> None:
        """What is due later is due now: the test waits neither for the pause after a kill nor for the sweep."""
        Job.objects.filter(state=Job.State.WAITING).update(due_at=timezone.now())
        self.broker.send_task("core.work")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The story stands still in the middle of what it does, perhaps inside a transaction."""
        self.story.send_signal(signal.SIGSTOP)
        yield
        self.story.send_signal(signal.SIGCONT)

    def end(self) -> None:
        for process in self.teller.started:
            self.teller.kill(process)
        self.crew.end()
        self.broker.close()


@pytest.fixture
def begin(
    processes: Processes, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Demo]]:
    """Begin a demo from nothing, with a folder, a vault and a key of its own; the one before is over then."""
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    services = Services(tmp_path / "broker", postgres=False)
    broker = services.start()
    begun: list[Demo] = []

    def make() -> Demo:
        if begun:
            begun[-1].end()
            call_command("flush", verbosity=0, interactive=False)
        folder = tmp_path / f"demo-{len(begun)}"
        folder.mkdir()
        settings.VAULT_DIR, settings.TRAIL_KEY_FILE = folder / "vault", folder / "trail.key"
        files = {"VAULT_DIR": str(settings.VAULT_DIR), "TRAIL_KEY_FILE": str(settings.TRAIL_KEY_FILE)}
        for constant, path in {"VAR": folder, "LOGS": folder, "RECORD": folder / "run.json"}.items():
            monkeypatch.setattr(crew, constant, path)
        begun.append(Demo(processes.environment | broker | files | {"VAR_DIR": str(folder)}, folder))
        begun[-1].begin()
        return begun[-1]

    yield make
    if begun:
        begun[-1].end()
    services.erase()


# --- killing ----------------------------------------------------------------------------------------------------------


def _tell(demo: Demo, killed: Callable[[Demo, str], None] | None = None) -> None:
    """Follow the story to its end, and do something to its helpers while each stage plays."""
    for title in TITLES:
        if killed:
            killed(demo, title)
        until(lambda: demo.has_told(title), seconds=PATIENCE, pause=0.05)  # noqa: B023 - called at once
    assert demo.story.wait(timeout=PATIENCE) == 0, demo.log.read_text()


def _once(demo: Demo, title: str) -> None:
    if title not in SOME:
        return
    demo.kill(*HELPERS)
    if title in ASKED:
        _over_its_jobs(demo, title, has_stored=[True])
    demo.crew.start(*HELPERS)
    demo.ring()


def _thoroughly(demo: Demo, title: str, *, only: str) -> None:
    """In one stage, each time when the worker is ready for work.

    A story that waits for its papers loses patience in the end; so it is killed as well, and told on afterwards.
    """
    if title != only:
        return
    if title in ASKED:
        demo.kill("worker")
        _over_its_jobs(demo, title, has_stored=[False, True] * ROUNDS, with_story=True)
        demo.tell()
    else:
        with demo.paused():
            for _ in range(ROUNDS):
                before = demo.ready()
                demo.restart(*HELPERS)
                until(lambda: demo.ready() > before)  # noqa: B023 - called at once
                demo.kill(*HELPERS)
    demo.restart(*HELPERS)
    demo.ring()


def _over_its_jobs(demo: Demo, title: str, *, has_stored: list[bool], with_story: bool = False) -> None:
    """Kill the worker once it has claimed a job; or later, when its file is in the vault and nothing says so yet.

    The story has asked for all the jobs of the stage and waits for them; so nobody else writes into the trail.
    """
    kind, count = ASKED[title]
    until(lambda: Job.objects.filter(kind=kind).count() == count, seconds=PATIENCE)
    if with_story:
        demo.teller.kill(demo.story)
    jobs = Job.objects.filter(kind=kind, state=Job.State.WAITING)
    left = jobs.count()
    assert left, "the worker had done all of it before it was killed"
    for later in has_stored:
        demo.ring()
        before = _attempts(kind)
        with _nothing_recorded():
            demo.crew.start("worker")
            until(lambda: _attempts(kind) > before and (not later or _has_stored()))  # noqa: B023 - called at once
            demo.kill("worker")
        until(lambda: _are_free(jobs, left))
    assert jobs.count() == left


@contextmanager
def _nothing_recorded() -> Iterator[None]:
    """Meanwhile no transaction that writes an event can commit: whoever tries waits."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE audit_event IN SHARE ROW EXCLUSIVE MODE")
        yield


def _attempts(kind: str) -> int:
    """How often its jobs were claimed: an attempt is counted before it is made."""
    return Job.objects.filter(kind=kind).aggregate(made=Sum("attempts"))["made"]


def _has_stored() -> bool:
    """Somebody waits to write the event of a file that is there already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE relation = 'audit_event'::regclass AND NOT granted")
        return cursor.fetchone() is not None and bool(_in_vault() - _on_record())


def _are_free(jobs: Any, count: int) -> bool:
    """The database has noticed that the worker is gone, and taken back what it was doing."""
    with transaction.atomic():
        return len(jobs.select_for_update(skip_locked=True)) == count


# --- what is there afterwards -----------------------------------------------------------------------------------------


def _in_vault() -> set[str]:
    """Without what a worker held or was just writing when it was killed, which the sweep deletes."""
    files = [path for path in django_settings.VAULT_DIR.rglob("*") if path.is_file()]
    return {path.name for path in files if path.parent.name != vault.INCOMING}


def _on_record() -> set[str]:
    return {
        *Batch.objects.filter(raw=None).values_list("raw_sha256", flat=True),  # small ones lie in their batch
        *Item.objects.values_list("sha256", flat=True),
        *Notice.objects.values_list("pdf_sha256", flat=True),
        *Report.objects.values_list("snapshot_sha256", flat=True),
        *(file["sha256"] for report in Report.objects.all() for file in report.files),
    }


def _counts() -> dict[str, int]:
    """Rows by model, and events by verb."""
    return {**what_is_there(), **Counter(Event.objects.values_list("action", flat=True))}


def _is_done_once(demo: Demo) -> None:
    assert (Case.objects.count(), Notice.objects.count(), Report.objects.count()) == (1, 2, 1)
    assert {notice.state for notice in Notice.objects.all()} == {Notice.State.ISSUED}
    assert Report.objects.get().state == Report.State.RELEASED
    assert len(set(Notice.objects.values_list("pdf_sha256", flat=True))) == 2
    assert _in_vault() == _on_record()
    kept = {path.stem for path in (demo.log.parent / "demo").glob("N-*.pdf")}
    assert kept == set(Notice.objects.values_list("ref", flat=True))
    verbs = Counter(Event.objects.values_list("action", flat=True))
    assert (verbs["notices.render_notice"], verbs["disclosures.render_report"]) == (2, 1)
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}
    for numbers in core.Counter.objects.all():
        start = f"{numbers.kind}-{numbers.year}-"
        given = sorted(int(ref.rpartition("-")[2]) for ref in _refs() if ref.startswith(start))
        assert given == list(range(1, numbers.value + 1)), numbers
    assert verify().holds


def _refs() -> list[str]:
    """What people call the rows of every audited table that has references."""
    numbered = [model for model in audited_models() if any(field.name == "ref" for field in model._meta.fields)]
    return [ref for model in numbered for ref in model.objects.values_list("ref", flat=True)]


@pytest.mark.timeout(400)
def test_killed_at_some_stages_of_one_story(begin):
    demo = begin()
    _tell(demo, _once)
    _is_done_once(demo)


@pytest.mark.soak
def test_killed_again_and_again_in_one_stage_of_many_stories(begin):
    unkilled = begin()
    _tell(unkilled)
    _is_done_once(unkilled)
    expected = _counts()
    for title in TITLES:
        demo = begin()
        _tell(demo, partial(_thoroughly, only=title))
        _is_done_once(demo)
        assert _counts() == expected, title
