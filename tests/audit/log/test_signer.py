"""The signer signs what continues its last tree and what casemgr sealed, and nothing else, however it is asked."""

import hmac
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from django.conf import settings as project

from apps.audit.log import merkle, notes, wire
from apps.audit.log.signer import Entry, Growth, Refused, Signer
from tests.audit.log.trees import ORIGIN


def seal(body: bytes) -> bytes:
    return hmac.digest(project.EVENT_SEAL_KEY.encode(), body, "sha256")


def entries(start: int, end: int, name: str = "entry") -> list[Entry]:
    return [Entry(body, seal(body)) for body in (f"{name} {n}".encode() for n in range(start, end))]


def edge_over(given: list[Entry]) -> merkle.Edge:
    return merkle.append(0, [], [merkle.leaf_hash(entry.body) for entry in given])[0]


def growth(old: list[Entry], new: list[Entry], last: str = "") -> Growth:
    return Growth(last, edge_over(old), len(old) + len(new), merkle.edge_root(edge_over([*old, *new])))


class Asked:
    """A signer of either kind, and a log to be signed."""

    def __init__(self, signer: Signer | wire.RemoteSigner, directory: Path) -> None:
        self.signer, self.directory, self.log = signer, directory, list[Entry]()

    def grow(self, count: int, name: str = "entry") -> str:
        added = entries(len(self.log), len(self.log) + count, name)
        note = self.signer.sign(growth(self.log, added), added)
        self.log += added
        return note


@pytest.fixture(params=["here", "behind a socket"])
def asked(request, tmp_path) -> Iterator[Asked]:
    signer = Signer(tmp_path / "keys" / "trail.key", ORIGIN, seal)
    if request.param == "here":
        yield Asked(signer, tmp_path / "keys")
        return
    with listening(signer, tmp_path / "socket") as remote:
        yield Asked(remote, tmp_path / "keys")


@contextmanager
def listening(signer: Signer, path: Path) -> Iterator[wire.RemoteSigner]:
    stop = threading.Event()
    thread = threading.Thread(target=wire.serve, args=[signer, path, stop])
    thread.start()
    assert wait_for(path)
    yield wire.RemoteSigner(path)
    stop.set()
    thread.join()


def wait_for(path: Path, seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket(socket.AF_UNIX) as probe:
            if not probe.connect_ex(str(path)):
                return True
        time.sleep(0.05)
    return False


def head_of(note: str, directory: Path) -> notes.Head:
    return notes.Head.parse(notes.load_verifier(directory / "trail.key").open(note))


def test_it_signs_a_tree_that_grows(asked):
    for count in (1, 2, 253, 300, 5000):
        note = asked.grow(count)
        leaves = [merkle.leaf_hash(entry.body) for entry in asked.log]
        assert head_of(note, asked.directory) == notes.Head(ORIGIN, len(leaves), merkle.root(leaves))
        assert asked.signer.last() == note


def test_asked_again_it_gives_the_same_note(asked):
    asked.grow(5)
    added = entries(5, 9)
    note = asked.signer.sign(growth(asked.log, added), added)
    assert asked.signer.sign(growth(asked.log, added), added) == note
    asked.log += added
    assert asked.signer.sign(growth(asked.log, []), []) == note


def refused(asked: Asked, why: str, what: Growth, given: list[Entry]) -> None:
    before = asked.signer.last()
    with pytest.raises(Refused, match=why):
        asked.signer.sign(what, given)
    assert asked.signer.last() == before


def test_it_refuses_what_does_not_continue_its_last_tree(asked):
    asked.grow(300)
    other = entries(0, 300, "other")
    refused(asked, "not those that were signed", growth(other, entries(300, 301)), entries(300, 301))
    refused(asked, "an older copy", growth(asked.log[:200], []), [])
    refused(asked, "not those that were signed", growth([], entries(0, 301)), entries(0, 301))
    assert head_of(asked.grow(1), asked.directory).size == 301


def test_it_refuses_another_tree_of_the_size_it_signed(asked):
    asked.grow(5)
    for old, new in (([], entries(0, 5, "other")), (entries(0, 5, "other"), [])):
        refused(asked, "not those that were signed", growth(old, new), new)


def test_it_refuses_an_edge_whose_root_fits_by_chance_of_its_shape(asked):
    """The root over 256 entries alone is also the root over one entry with that hash."""
    asked.grow(256)
    lone = Growth("", [[merkle.edge_root(edge_over(asked.log))]], 257, b"\0" * 32)
    refused(asked, "not those that were signed", lone, entries(1, 257))


def test_it_refuses_entries_that_casemgr_did_not_seal(asked):
    asked.grow(5)
    for wrong in (Entry(b"entry 5", seal(b"entry 6")), Entry(b"entry 5", bytes(32))):
        refused(asked, "Entry 5 of the log is not as casemgr sealed it", growth(asked.log, [wrong]), [wrong])


def test_it_refuses_another_root_or_size_than_the_entries_give(asked):
    asked.grow(5)
    added = entries(5, 8)
    for given in (added[:2], [*added, *entries(8, 9)], added[::-1], []):
        refused(asked, "another root", growth(asked.log, added), given)


def test_a_refusal_is_heard_over_however_much_was_said(asked):
    asked.grow(1)
    large = [Entry(b"x" * 100_000, bytes(32))] * 100
    refused(asked, "Entry 1 of the log", growth(asked.log, large), large)
    asked.grow(1)


def test_without_a_memory_it_goes_on_only_from_what_it_signed(asked):
    note = asked.grow(5)
    memory = asked.directory / "trail.key.last"
    memory.unlink()
    added = entries(5, 6)
    refused(asked, "not those that were signed", growth(asked.log, added), added)
    forged = notes.files.generate(ORIGIN).sign(str(head_of(note, asked.directory)))
    refused(asked, "cannot be trusted", growth(asked.log, added, last=forged), added)
    assert head_of(asked.signer.sign(growth(asked.log, added, last=note), added), asked.directory).size == 6
    memory.write_text(forged)
    refused(asked, "The remembered checkpoint cannot be trusted", growth([*asked.log, *added], []), [])


def test_a_memory_of_another_log_is_refused(tmp_path):
    signer = Signer(tmp_path / "trail.key", ORIGIN, seal)
    keys = notes.load_or_make_signer(signer.key_file, ORIGIN)
    notes.replace(signer.memory_file, keys.sign(str(notes.Head("other.example", 0, merkle.EMPTY_ROOT))))
    with pytest.raises(Refused, match=r"is of other\.example"):
        signer.sign(growth([], entries(0, 1)), entries(0, 1))


def test_of_many_who_ask_at_once_one_tree_wins(tmp_path):
    """As when two sequencers ask, one of which has lost its leadership without knowing."""
    signers = [Signer(tmp_path / "trail.key", ORIGIN, seal) for _ in range(16)]
    first = entries(0, 3)
    signers[0].sign(growth([], first), first)

    def ask(number: int) -> str:
        added = entries(3, 5, f"of {number}")
        try:
            return signers[number].sign(growth(first, added), added)
        except Refused:
            return ""

    with ThreadPoolExecutor(16) as crowd:
        signed = [note for note in crowd.map(ask, range(16)) if note]
    assert signed == [signers[0].last()]


def test_nothing_is_told_that_is_not_written_down(tmp_path):
    signer = Signer(tmp_path / "trail.key", ORIGIN, seal)
    with (
        patch("apps.audit.log.signer.notes.replace", side_effect=OSError("disk full")),
        pytest.raises(OSError, match="disk full"),
    ):
        signer.sign(growth([], entries(0, 1)), entries(0, 1))
    assert signer.last() == ""


# --- the socket ------------------------------------------------------------------------------------------------------


class Process:
    """`manage.py signer`, with no database anywhere."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.path = directory, directory / "s"
        kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        self.environment = kept | {
            "DJANGO_SETTINGS_MODULE": "casemgr.settings",
            "VAR_DIR": str(directory),
            "EVENT_SEAL_KEY": project.EVENT_SEAL_KEY,
            "TRAIL_KEY_FILE": str(directory / "keys" / "trail.key"),
            "TRAIL_ORIGIN": ORIGIN,
            "TRAIL_SIGNER_SOCKET": str(self.path),
        }
        self.start()

    def start(self) -> None:
        command = [sys.executable, "manage.py", "signer"]
        self.process = subprocess.Popen(command, cwd=project.BASE_DIR, env=self.environment)
        assert wait_for(self.path)

    def end(self, how: signal.Signals = signal.SIGKILL) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=20)


@pytest.fixture
def process(tmp_path) -> Iterator[Process]:
    started = Process(tmp_path)
    yield started
    started.end()


def test_the_command_signs_without_a_database_and_remembers_over_a_kill(process):
    asked = Asked(wire.RemoteSigner(process.path), process.directory / "keys")
    note = asked.grow(3)
    assert stat.S_IMODE(process.path.stat().st_mode) == 0o660
    assert stat.S_IMODE((process.directory / "keys").stat().st_mode) == 0o700
    process.end()
    with pytest.raises(wire.Unreachable, match=r"Is `manage\.py signer` running"):
        asked.grow(1)
    process.start()
    assert asked.signer.last() == note
    asked.grow(1)
    assert process.end(signal.SIGTERM) == 0
    process.start()


def test_a_second_signer_does_not_take_the_socket_of_the_first(process):
    command = [sys.executable, "manage.py", "signer"]
    second = subprocess.run(
        command, cwd=project.BASE_DIR, env=process.environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "Another signer listens" in second.stderr
    assert wire.RemoteSigner(process.path).last() == ""


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x02{}",
        b"\x00\x00\x00\x02[]",
        b"\x00\x00\x00\x0cnot json....",
        b"\x00\x00\x00\x10" + b'{"ask": "sign"} ',
        b"\x00\x00\x10\x00{",
    ],
)
def test_nonsense_is_hung_up_on_and_the_next_is_served(tmp_path, said):
    with listening(Signer(tmp_path / "trail.key", ORIGIN, seal), tmp_path / "s") as remote:
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(remote.path))
            stranger.sendall(said)
            stranger.shutdown(socket.SHUT_WR)
            assert stranger.recv(1) == b""
        Asked(remote, tmp_path).grow(1)


def test_a_signer_without_a_socket_says_so(tmp_path):
    command = [sys.executable, "manage.py", "signer"]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"VAR_DIR": str(tmp_path), "TRAIL_SIGNER_SOCKET": ""}
    ended = subprocess.run(command, cwd=project.BASE_DIR, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "TRAIL_SIGNER_SOCKET is not set" in ended.stderr
