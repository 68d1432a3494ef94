"""Starting, recognising and ending server processes, and the small files that describe them."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from casemgr.supervisor.errors import ServiceError
from casemgr.supervisor.place import Account

LOOPBACK = "127.0.0.1"


def start(command: list[str], *, account: Account, log: IO[bytes], cwd: Path = Path("/")) -> subprocess.Popen[bytes]:
    """Start a server in its own session, out of reach of Ctrl-C in the terminal, with nothing of our environment."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=clean_environment(),
        start_new_session=True,
        umask=0o077,
        **account.for_popen(),
    )


def let_go(child: subprocess.Popen[bytes]) -> None:
    """The server outlives us; without this Python complains that nobody waited for it."""
    child.returncode = 0


def clean_environment() -> dict[str, str]:
    """PG* variables of the caller would change what a server does, so it gets none of them."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


def command_line(pid: int) -> list[str]:
    """The arguments a live process was started with; empty when there is none (or it is a zombie)."""
    try:
        said = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return said.decode(errors="replace").rstrip("\0").split("\0") if said else []


def working_in(directory: Path) -> list[int]:
    """The processes whose working directory is `directory`, as far as we may see."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if entry.readlink() == directory:
                found.append(int(entry.parent.name))
    return found


def is_running(pid: int, *, program: str, argument: Path) -> bool:
    """Whether `pid` is the server we started: the right program on our own directory, not a reused process id."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a dead child of ours would stand in the process table as if it lived
    arguments = command_line(pid)
    return bool(arguments) and program in Path(arguments[0]).name and str(argument) in arguments


def end(pid: int, how: signal.Signals, *, is_alive: Callable[[], bool], name: str, seconds: float) -> bool:
    """Send `how` and wait; true when the process has gone within `seconds`."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return True
    except PermissionError:
        raise ServiceError(
            f"{name} (process {pid}) was started by another user; stop it as that user or as root."
        ) from None
    return wait_until(lambda: not is_alive(), seconds=seconds)


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Poll until `condition` holds; false when it did not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def reap(child: subprocess.Popen[bytes]) -> bool:
    """Whether a child of ours has ended. Polling also frees its entry in the process table."""
    return child.poll() is not None


def choose_port(recorded: Path) -> int:
    """The port of the last start while it is free, else a random free one."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        port = int(recorded.read_text())
        if port_is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def secret(path: Path, account: Account) -> str:
    """The password kept in `path`, made on first use; only `account` may read the file."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24), account=account)
    return path.read_text().strip()


def write_private(path: Path, text: str, *, account: Account | None = None) -> None:
    """Write a file of mode 0600 so that a reader sees the old text or the new one, never half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    if account:
        account.own(draft)
    draft.replace(path)


@contextlib.contextmanager
def log_file(path: Path) -> Iterator[IO[bytes]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        yield file


def last_words(path: Path, *, lines: int = 3) -> str:
    """The end of a log, for a message about why a server did not start."""
    try:
        return " / ".join(path.read_text(errors="replace").splitlines()[-lines:]) or "(empty)"
    except FileNotFoundError:
        return "(no log)"
