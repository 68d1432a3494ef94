"""The processes of the demo: web server, worker, sequencer and whom the log needs, and the story while it plays."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casemgr.run.paths import BASE, HOST, LOGS, MANAGE, RECORD, VAR
from casemgr.run.terminal import notice, signals
from casemgr.supervisor import ServiceError, processes

READY_SECONDS = 60
STOP_SECONDS = 20  # a worker finishes the task it is in


@dataclass
class Child:
    """One process of ours in its own group, restarted when it dies unless it is the web server."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    next_start: float = 0.0

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name}.log"

    def start(self, environment: dict[str, str]) -> None:
        with self.log.open("ab") as log, signals.hold():
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=BASE,
                env=environment,
                start_new_session=True,
                umask=0o077,  # evidence, letters and logs are for this user alone
            )


class Crew:
    """The web server, the worker, the sequencer and others who join, and the story while it plays."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}"
        self.environment = dict(os.environ, DJANGO_SETTINGS_MODULE="casemgr.settings", VAR_DIR=str(VAR))
        self.environment.setdefault("DRILL", "true")  # every page says that what it shows is invented
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled files halve the time of the next start
        self.children = [Child(name, command) for name, command in commands(port).items()]
        self.story: subprocess.Popen[bytes] | None = None

    def join(self, others: dict[str, list[str]]) -> None:
        """Further processes, started at once."""
        self.children += [Child(name, command) for name, command in others.items()]
        self.start(*others)

    def start(self, *names: str) -> None:
        for child in self.children:
            if child.name in names:
                child.start(self.environment)
        self.write_record()

    def write_record(self) -> None:
        pids = [child.process.pid for child in self.children if child.process]
        record = {"url": self.url, "main": identity(os.getpid()), "children": [identity(pid) for pid in pids]}
        processes.write_private(RECORD, json.dumps(record))

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not answers(f"{self.url}/healthz"):
            self.look_after()
            if time.monotonic() > deadline:
                web = self.children[0]
                raise ServiceError(
                    f"The web server does not answer; {web.log} ends with: {processes.last_words(web.log)}"
                )
            time.sleep(0.1)

    def play_story(self) -> int:
        """The story in the foreground; returns its exit code."""
        command = [*MANAGE, "story", "--url", self.url]
        environment = {"LOG_LEVEL": "WARNING"} | self.environment  # its own lines are what a person reads here
        with signals.hold():
            self.story = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, cwd=BASE, env=environment, start_new_session=True, umask=0o077
            )
        while self.story.poll() is None:
            self.look_after()
            time.sleep(0.1)
        if self.story.returncode:
            notice(f"the story ended early (exit {self.story.returncode}).")
        return self.story.returncode

    def watch_forever(self) -> None:
        while True:
            self.look_after()
            time.sleep(0.5)

    def look_after(self) -> None:
        """Start again what died. Without its web server the demo is over."""
        for child in self.children:
            if child.process is None or child.process.poll() is None:
                continue
            if child.name == "web":
                raise ServiceError(
                    f"The web server ended (exit {child.process.returncode}); {child.log} ends with: "
                    f"{processes.last_words(child.log)}"
                )
            self.restart(child, child.process.returncode)

    def restart(self, child: Child, code: int) -> None:
        now = time.monotonic()
        if not child.next_start:
            child.failures += 1
            wait = min(2 ** (child.failures - 1) - 1, 30)
            child.next_start = now + wait
            notice(f"the {child.name} ended (exit {code}); starting it again. See {child.log}")
        if now >= child.next_start:
            child.next_start = 0.0
            child.start(self.environment)
            self.write_record()

    def end(self) -> None:
        """Everybody at once gets the chance to finish; who does not is killed with all its children."""
        running = [child.process for child in self.children if child.process]
        if self.story:
            running.append(self.story)
        for process in running:
            if process.poll() is None:
                process.terminate()
        processes.wait_until(lambda: all(process.poll() is not None for process in running), seconds=STOP_SECONDS)
        for process in running:
            kill_group(process.pid)
            process.wait()


def commands(port: int) -> dict[str, list[str]]:
    python = sys.executable
    cores = min(2, os.cpu_count() or 1)
    # A connection stays with the worker that took it: with one for each core, two busy clients often share one.
    granian = ["--interface", "wsgi", "--host", HOST, "--port", str(port), "--workers", str(2 * cores), "--no-ws"]
    limits = ["--blocking-threads", "8", "--workers-kill-timeout", "5", "--respawn-failed-workers"]
    limits += ["--log-level", "warning"]
    celery = ["--concurrency", str(cores), "--loglevel", "INFO", "--beat", "--schedule", str(VAR / "beat-schedule")]
    return {
        "web": [python, "-m", "granian", *granian, *limits, "casemgr.wsgi:application"],
        "worker": [python, "-m", "celery", "-A", "casemgr", "worker", *celery],
        "sequencer": [*MANAGE, "sequencer"],
    }


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310  (our own address)
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


def identity(pid: int) -> list[int]:
    """A process id and when it started, in clock ticks since boot: together they name one process, not a later one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return [pid, 0]
    return [pid, int(fields[19])]


def kill_group(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, how)


def end_leftovers() -> list[int]:
    """End the children of a demo that was itself killed; returns their process ids."""
    left = [pid for pid, started in record().get("children", []) if identity(pid) == [pid, started] and started]
    for pid in left:
        kill_group(pid, signal.SIGTERM)
    processes.wait_until(lambda: not any(identity(pid)[1] for pid in left), seconds=STOP_SECONDS)
    for pid in left:
        kill_group(pid)
    RECORD.unlink(missing_ok=True)
    return left


def record() -> dict[str, Any]:
    try:
        return json.loads(RECORD.read_text())
    except (FileNotFoundError, ValueError):
        return {}
