"""The story on a small campaign, against a served site and workers that can be killed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from fixtures.story import STAGES
from fixtures.story.stage import Play

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import django, time
django.setup()
from apps.core import jobs
while True:
    jobs.work_off()
    time.sleep(0.05)
"""


@pytest.fixture
def play(live_site: str, tmp_path: Path) -> Play:
    return Play(live_site, "tiny", 2, folder=tmp_path / "demo")


@pytest.fixture
def tell(play: Play) -> Callable[..., Play]:
    """Tell the story, or its first so many stages, as a fresh process would: nothing is remembered."""

    def told(stages: int = len(STAGES)) -> Play:
        again = Play(play.url, play.preset, play.seed, folder=play.folder)
        for stage in STAGES[:stages]:
            stage.play(again)
        return again

    return told


def stage(title: str) -> int:
    """How many stages there are up to this one, itself included."""
    return [stage.title for stage in STAGES].index(title) + 1


@contextmanager
def working() -> Iterator[None]:
    """A worker and a sequencer in this process."""
    from apps.audit.log import sequencer
    from apps.core import jobs

    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            jobs.work_off()
            sequencer.sequence()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def worker() -> Iterator[None]:
    with working():
        yield


class Processes:
    """Programs on the test's own database and files, killed at the end at the latest."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.environment = environment
        self.log = log
        self.started: list[subprocess.Popen] = []

    def start(self, *arguments: str) -> subprocess.Popen:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def worker(self) -> subprocess.Popen:
        return self.start("-c", WORKER)

    def story(self, play: Play) -> subprocess.Popen:
        return self.start("manage.py", "story", "--url", play.url, "--preset", play.preset, "--seed", str(play.seed))

    def kill(self, process: subprocess.Popen) -> None:
        """As a machine does that runs out of memory: at once, with all its children."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def processes(environment: dict[str, str], tmp_path: Path) -> Iterator[Processes]:
    made = Processes(environment, tmp_path / "processes.log")
    yield made
    for process in made.started:
        made.kill(process)
