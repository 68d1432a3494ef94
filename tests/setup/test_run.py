"""The demo's processes: what it started it stops, nothing else, and it says in one sentence what is in its way."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from casemgr.run import crew
from casemgr.supervisor import ServiceError, processes

ROOT = Path(__file__).resolve().parents[2]
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# A worker with a child of its own that ignores requests to end, as a stuck renderer would.
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time;"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, flush=True);"
    "time.sleep(600)",
]

# The demo with a crew that only sleeps, no servers and no story.
SLEEPY_DEMO = f"""
import sys
from casemgr.run import __main__ as main, crew
crew.commands = lambda port: dict.fromkeys(("web", "worker", "sequencer"), {SLEEP!r})
crew.Crew.play_story = lambda members: 0
main.begin = lambda members, services: members.start("web", "worker", "sequencer")
sys.exit(main.main(["demo"]))
"""


def run(*arguments: str, var: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "casemgr.run", *arguments],
        cwd=ROOT,
        env=os.environ | {"VAR_DIR": str(var)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        yield squatter.getsockname()[1]


@pytest.fixture
def sleepers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[crew.Crew]:
    """A crew whose web server, worker and sequencer only sleep."""
    monkeypatch.setattr(crew, "LOGS", tmp_path)
    monkeypatch.setattr(crew, "RECORD", tmp_path / "run.json")
    monkeypatch.setattr(crew, "STOP_SECONDS", 0.5)
    monkeypatch.setattr(crew, "commands", lambda port: {"web": SLEEP, "worker": STUBBORN, "sequencer": SLEEP})
    members = crew.Crew(8000)
    members.start("web", "worker", "sequencer")
    yield members
    members.end()


def pid_of(members: crew.Crew, name: str) -> int:
    process = next(child.process for child in members.children if child.name == name)
    assert process
    return process.pid


def kill(members: crew.Crew, name: str) -> None:
    process = next(child.process for child in members.children if child.name == name)
    assert process
    process.kill()
    process.wait()


def test_a_busy_port_is_one_sentence_naming_the_port_and_the_way_out(tmp_path: Path, busy_port: int) -> None:
    ended = run("demo", var=tmp_path, PORT=str(busy_port))
    assert ended.returncode == 1
    assert f"Port {busy_port} of 127.0.0.1 is in use" in ended.stderr
    assert f"make demo PORT={busy_port + 1}" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("port", ["abc", "0", "70000"])
def test_a_port_that_is_none_is_one_sentence(tmp_path: Path, port: str) -> None:
    ended = run("demo", var=tmp_path, PORT=port)
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"casemgr: PORT={port} is no port; give a number from 1 to 65535, for example PORT=8001."
    )


def test_an_unreachable_database_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    ended = run("demo", var=tmp_path, PORT=str(free), DATABASE_URL="postgres://a:b@127.0.0.1:1/c")
    assert ended.returncode == 1
    assert "The database that DATABASE_URL names cannot be reached" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_stop_with_nothing_running_says_so(tmp_path: Path) -> None:
    ended = run("stop", var=tmp_path / "var")
    assert (ended.returncode, ended.stdout) == (0, "Nothing was running.\n")


def test_reset_names_what_it_deletes_and_keeps_the_rest(tmp_path: Path) -> None:
    for name in ("vault", "keys", "frontend", "test"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    ended = run("reset", var=tmp_path, DATABASE_URL="")
    assert ended.returncode == 0
    assert str(tmp_path / "vault") in ended.stdout
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")} == {"frontend", "test"}


def test_reset_does_not_pretend_to_empty_an_outside_database(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    ended = run("reset", var=tmp_path, DATABASE_URL="postgres://a:b@db.example/c")
    assert ended.returncode == 1
    assert "DATABASE_URL is set" in ended.stderr
    assert (tmp_path / "keys").exists()


def test_a_worker_that_dies_is_started_again(sleepers: crew.Crew, capsys: pytest.CaptureFixture[str]) -> None:
    first = pid_of(sleepers, "worker")
    kill(sleepers, "worker")
    sleepers.look_after()
    assert pid_of(sleepers, "worker") != first
    assert "the worker ended (exit -9); starting it again" in capsys.readouterr().err
    assert pid_of(sleepers, "worker") in [pid for pid, _started in json.loads(crew.RECORD.read_text())["children"]]


def test_one_that_keeps_dying_is_started_less_and_less_often(sleepers: crew.Crew) -> None:
    for _death in range(2):
        kill(sleepers, "sequencer")
        sleepers.look_after()
    dead = pid_of(sleepers, "sequencer")
    sleepers.look_after()
    assert pid_of(sleepers, "sequencer") == dead


def test_a_dead_web_server_ends_the_demo_with_a_sentence(sleepers: crew.Crew) -> None:
    kill(sleepers, "web")
    with pytest.raises(ServiceError, match=r"The web server ended \(exit -9\)"):
        sleepers.look_after()


def test_the_end_takes_children_of_children_too(sleepers: crew.Crew, tmp_path: Path) -> None:
    assert processes.wait_until(lambda: (tmp_path / "worker.log").read_text() != "", seconds=10)
    grandchild = int((tmp_path / "worker.log").read_text())
    assert processes.command_line(grandchild)
    sleepers.end()
    everyone = [*(pid_of(sleepers, name) for name in ("web", "worker", "sequencer")), grandchild]
    assert processes.wait_until(lambda: not any(map(processes.command_line, everyone)), seconds=10)


@pytest.mark.parametrize("how", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_terminal_that_is_closed_ends_the_demo_and_all_it_started(tmp_path: Path, how: signal.Signals) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-c", SLEEPY_DEMO],
        cwd=ROOT,
        env=os.environ | {"VAR_DIR": str(tmp_path), "PORT": str(processes.choose_port(tmp_path / "port"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout
    assert demo.stderr
    while "Ctrl-C stops it" not in demo.stdout.readline():
        assert demo.poll() is None
    started = [pid for pid, _when in json.loads((tmp_path / "run.json").read_text())["children"]]
    demo.stdout.close()
    demo.send_signal(how)
    assert demo.wait(timeout=30) == 0
    assert demo.stderr.read() == ""
    demo.stderr.close()
    assert len(started) == 3
    assert not any(map(processes.command_line, started))


def test_what_a_killed_demo_left_is_ended_by_the_next_command(sleepers: crew.Crew) -> None:
    left = sorted(pid_of(sleepers, name) for name in ("web", "worker", "sequencer"))
    assert sorted(crew.end_leftovers()) == left
    assert processes.wait_until(lambda: not any(map(processes.command_line, left)), seconds=10)
    assert crew.end_leftovers() == []


def test_a_later_process_with_the_same_number_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "RECORD", tmp_path / "run.json")
    bystander = subprocess.Popen(SLEEP, start_new_session=True)
    try:
        pid, started = crew.identity(bystander.pid)
        crew.RECORD.write_text(json.dumps({"children": [[pid, started - 1]]}))
        assert crew.end_leftovers() == []
        assert bystander.poll() is None
    finally:
        bystander.send_signal(signal.SIGKILL)
        bystander.wait()
