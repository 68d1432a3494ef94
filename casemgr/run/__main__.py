"""python -m casemgr.run demo|stop|reset: what `make demo`, `make demo-stop` and `make demo-reset` run.

`demo` starts everything, plays the story and serves until Ctrl-C. What it started it stops, whichever way it ends; what
a `kill -9` left behind is found in `var/run.json` and ended by the next command.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from casemgr.run import outside
from casemgr.run.crew import STOP_SECONDS, Crew, end_leftovers, identity, record
from casemgr.run.paths import BASE, HOST, LOGS, MANAGE, RECORD, VAR
from casemgr.run.terminal import Stop, say, signals, stage
from casemgr.supervisor import ServiceError, Services, processes

KEPT_BY_RESET = {"frontend", "test", "home"}  # built at set-up; the tests' own; npm's cache where there is no home


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m casemgr.run", description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["demo", "stop", "reset"])
    verb = parser.parse_args(arguments).verb
    try:
        return {"demo": demo, "stop": stop, "reset": reset}[verb]()
    except Stop:
        return 0
    except ServiceError as error:
        say(f"\ncasemgr: {error}", to=sys.stderr)
        return 1
    except PermissionError as error:
        say(f"\ncasemgr: {error.filename} belongs to another user; run make as that user or as root.", to=sys.stderr)
        return 1


def demo() -> int:
    port, serves = port_from_environment(), os.environ.get("SERVE", "1") not in {"0", "no", "false"}
    LOGS.mkdir(parents=True, exist_ok=True)
    signals.listen()
    services = Services(VAR)
    with only_one():
        started_by_hand = services.are_running() and not RECORD.exists()  # with a record, a killed demo left them
        end_leftovers()
        require_free(port)
        crew = Crew(port)
        crew.write_record()
        try:
            begin(crew, services)
            code = crew.play_story()
            if serves and code == 0:
                say(f"\ncasemgr is at {crew.url}. Ctrl-C stops it.\n")
                crew.watch_forever()
            return code
        except Stop:
            say()  # the terminal shows ^C where the line began
            return 0
        finally:
            signals.ignore()
            with stage("Stopping"):
                crew.end()
                if not started_by_hand:
                    services.stop()
            RECORD.unlink(missing_ok=True)


def begin(crew: Crew, services: Services) -> None:
    """From nothing to a site that answers."""
    with stage("PostgreSQL and broker") as remark:
        with signals.hold():
            crew.environment |= services.start()
        remark(services.describe())
    crew.environment |= outside.environment()
    bring_up_to_date("Database tables", "migrate", tables_digest(crew.environment["DATABASE_URL"]), crew.environment)
    bring_up_to_date("Static files", "collectstatic", static_digest(), crew.environment)
    with stage("Web server"):
        crew.start("web")
        crew.wait_until_ready()
    crew.start("worker", "sequencer")  # they get going while the story does
    crew.join(outside.commands(crew.environment))


def port_from_environment() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ServiceError(f"PORT={text} is no port; give a number from 1 to 65535, for example PORT=8001.")
    if int(text) < 1024 and os.geteuid():
        raise ServiceError(f"Only root may open port {text}; give one from 1024 up, for example PORT=8001.")
    return int(text)


def require_free(port: int) -> None:
    if not processes.port_is_free(port):
        raise ServiceError(
            f"Port {port} of {HOST} is in use by another program; stop that, or take another: make demo PORT={port + 1}"
        )


def bring_up_to_date(name: str, command: str, digest: str, environment: dict[str, str]) -> None:
    """Run a manage.py command unless nothing has changed since it last succeeded: most of a second start's time."""
    stamp = VAR / f"{command}.stamp"
    if stamp.exists() and stamp.read_text() == digest:
        return
    with stage(name):
        manage(command, environment)
        stamp.write_text(digest)


def manage(command: str, environment: dict[str, str]) -> None:
    log = LOGS / f"{command}.log"
    with log.open("wb") as file:
        code = subprocess.run(
            [*MANAGE, command, "--noinput"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=BASE,
            env=environment,
            check=False,
            start_new_session=True,
            umask=0o077,
        ).returncode
    if code:
        raise ServiceError(
            f"manage.py {command} failed with: {processes.last_words(log, lines=1)} ({log} has the rest; "
            "'make demo-reset' starts over with an empty database)"
        )


def tables_digest(url: str) -> str:
    """Changes with any migration, ours or a package's, and with the database they were applied to."""
    if os.environ.get("DATABASE_URL"):
        return digest_of(str(time.time()))  # others may have emptied that database: always look
    return digest_of(url, *sorted((BASE / "apps").glob("*/migrations/*.py")))


def static_digest() -> str:
    """Changes with any static file of ours and with the packages, which bring the others."""
    folders = [BASE / "var" / "frontend", BASE / "casemgr", *sorted((BASE / "apps").glob("*/static"))]
    files = (file for folder in folders for file in sorted(folder.rglob("*")))
    return digest_of("", *(file for file in files if file.is_file() and file.suffix not in {".py", ".pyc"}))


def digest_of(text: str, *files: Path) -> str:
    marks = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    locks = [lock.read_bytes() for lock in sorted((BASE / "requirements").glob("*.txt"))]
    return hashlib.sha256(repr((text, marks, locks)).encode()).hexdigest()


def stop() -> int:
    stopped = end_running_demo() + Services(VAR).stop()
    say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
    return 0


def end_running_demo() -> list[str]:
    if not VAR.exists():
        return []
    if lock := try_lock():
        with lock:
            return ["processes of a demo that was killed"] if end_leftovers() else []
    pid, _started = record().get("main", [0, 0])
    if not pid:
        raise ServiceError("A demo is just starting here; try again in a moment.")
    os.kill(pid, signal.SIGTERM)
    if not processes.wait_until(lambda: not identity(pid)[1], seconds=STOP_SECONDS * 3):
        raise ServiceError(f"The demo (process {pid}) does not stop; see {LOGS}.")
    return ["the demo"]


def reset() -> int:
    if os.environ.get("DATABASE_URL"):
        raise ServiceError(
            "DATABASE_URL is set, so the data are in that database and demo-reset deletes only var/; "
            "empty the database itself, or unset DATABASE_URL to delete var/."
        )
    end_running_demo()
    services = Services(VAR)
    paths = [path for path in sorted(VAR.iterdir()) if path.name not in KEPT_BY_RESET] if VAR.exists() else []
    if not paths:
        say("Nothing to delete.")
        return 0
    elsewhere = services.elsewhere()
    say("Deleting the demo's database, files, keys and logs:")
    for path in [*paths, *([elsewhere] if elsewhere else [])]:
        say(f"  {path}")
    services.erase()
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=not path.exists())
        else:
            path.unlink(missing_ok=True)
    return 0


def try_lock() -> IO[str] | None:
    lock = (VAR / ".run.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    lock = try_lock()
    if not lock:
        where = record().get("url", "")
        raise ServiceError(
            f"The demo runs here already{f', at {where}' if where else ''}; stop it with 'make demo-stop' or Ctrl-C."
        )
    with lock:
        yield


if __name__ == "__main__":
    sys.exit(main())
