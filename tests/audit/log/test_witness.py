"""A witness in a process of its own, asked over HTTP: to the letter of tlog-witness, and never of two minds."""

import http.client
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

import pytest
from django.conf import settings

from apps.audit.log import notes
from casemgr.witness import server as over_http
from casemgr.witness.state import Memory
from casemgr.witness.witness import No, Witness
from tests.audit.log.trees import ORIGIN, Log

NAME = "witness.example/w1"
KEYS = notes.files.generate(ORIGIN)
LOG = Log(600, KEYS)


class Process:
    """`python -m casemgr.witness`, and how to ask it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        logs = [option for key in KEYS.verifier.keys for option in ("--log", str(key))]
        where = ["--state", str(self.state), "--listen", f"127.0.0.1:{self.port}"]
        command = [sys.executable, "-m", "casemgr.witness", "--name", NAME, *where, *logs]
        self.process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)
        self.keys = [notes.CosignatureVerifier.parse(self.process.stdout.readline()) for _ in range(2)]
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                time.sleep(0.05)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> int:
        self.process.send_signal(how)
        self.process.stdout.close()
        return self.process.wait(timeout=20)

    def ask(self, body: bytes, method: str = "POST", path: str = "/add-checkpoint") -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers["Content-Type"]
        finally:
            connection.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("witness"))
    yield process
    process.kill()


@pytest.fixture
def witness(tmp_path) -> Iterator[Process]:
    process = Process(tmp_path)
    yield process
    process.kill()


def cosigned_by_all(process: Process, note: str, lines: str, size: int) -> None:
    whole = notes.with_signatures(note, lines)
    assert KEYS.verifier.open(whole)
    for key in process.keys:
        head, when = key.open(whole)
        assert head == LOG.head(size)
        assert abs(when.timestamp() - time.time()) < 60


def test_it_follows_a_log_and_is_still_there_after_a_kill(witness):
    for old, new in ((0, 1), (1, 1), (1, 7), (7, 256), (256, 300)):
        note = LOG.checkpoint(new)
        status, lines, kind = witness.ask(LOG.request(old, new, note=note))
        assert (status, kind) == (200, "text/plain; charset=utf-8")
        cosigned_by_all(witness, note, lines, new)
    keys = witness.keys
    assert witness.kill() == -signal.SIGKILL
    witness.start()
    assert witness.keys == keys
    assert witness.ask(LOG.request(0, 300))[:2] == (409, "300\n")
    assert witness.ask(LOG.request(300, 600))[0] == 200
    assert witness.kill(signal.SIGTERM) == 0
    witness.start()


def test_a_monitor_gets_the_last_checkpoint_with_what_was_verified_and_nothing_else(witness):
    path = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert witness.ask(b"", "GET", path)[0] == 404
    other = notes.Signer.generate("other.example", notes.ED25519)
    note = LOG.checkpoint(5) + other.line(str(LOG.head(5)))
    _, lines, _ = witness.ask(LOG.request(0, 5, note=note))
    assert witness.ask(b"", "GET", path)[:2] == (200, note[: note.rindex("— ")] + lines)
    assert witness.ask(b"", "GET", "/" + "0" * 64 + "/checkpoint")[0] == 404


NOTE = LOG.checkpoint(8)
STRANGER = Log(8, notes.files.generate("another.example"))
FORGER = Log(8)


def wrong_signature() -> str:
    """The log's own key, and a signature by it over something else."""
    return NOTE.split("\n\n")[0] + "\n\n" + LOG.checkpoint(7).split("\n\n")[1]


def one_wrong_signature() -> str:
    """The Ed25519 signature is right, and that of ML-DSA-44 is of another checkpoint."""
    return NOTE[: NOTE.rindex("— ")] + LOG.checkpoint(7)[LOG.checkpoint(7).rindex("— ") :]


REFUSED: dict[str, tuple[int, Callable[[], bytes]]] = {
    "another log": (404, lambda: STRANGER.request(0, 8)),
    "another key of that name": (403, lambda: FORGER.request(0, 8)),
    "a wrong signature": (403, lambda: LOG.request(0, 8, note=wrong_signature())),
    "a wrong one beside a right one": (403, lambda: LOG.request(0, 8, note=one_wrong_signature())),
    "an old size beyond the checkpoint": (400, lambda: LOG.request(9, 8, proof=[])),
    "a proof from nothing": (422, lambda: LOG.request(0, 8, proof=LOG.proof(3, 8))),
    "another old size": (409, lambda: LOG.request(3, 8)),
    "no body": (400, lambda: b""),
    "no empty line": (400, lambda: b"old 0\n" + NOTE.replace("\n\n", "\n").encode()),
    "a size with a zero before it": (400, lambda: LOG.request(0, 8).replace(b"old 0", b"old 00")),
    "a negative size": (400, lambda: LOG.request(0, 8).replace(b"old 0", b"old -1")),
    "no old size": (400, lambda: LOG.request(0, 8).replace(b"old 0\n", b"")),
    "64 proof lines": (400, lambda: LOG.request(0, 8, proof=[b"\0" * 32] * 64)),
    "a proof line that is no hash": (400, lambda: LOG.request(0, 8, proof=[b"\0" * 31])),
    "a proof line that is not base64": (400, lambda: LOG.request(0, 8).replace(b"old 0\n", b"old 0\n?\n")),
    "a note without signatures": (400, lambda: LOG.request(0, 8).split("—".encode())[0]),
    "no checkpoint": (400, lambda: LOG.request(0, 8, note=KEYS.keys[0].sign("a note\n"))),
    "what is not UTF-8": (400, lambda: b"\xff" + LOG.request(0, 8)),
    "a body that is too long": (413, lambda: b"x" * (over_http.LONGEST_BODY + 1)),
    "an empty tree with a root": (422, lambda: LOG.request(0, 0, note=KEYS.sign(f"{ORIGIN}\n0\n{'A' * 43}=\n"))),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_before_anything_was_cosigned(shared, what):
    status, make = REFUSED[what]
    answer, text, kind = shared.ask(make())
    assert answer == status, text
    assert (text, kind) == ("0\n", "text/x.tlog.size") if status == 409 else text.endswith(".\n")


def test_an_unknown_path_is_not_found(shared):
    assert shared.ask(LOG.request(0, 8), path="/sign-subtree")[0] == 404
    assert shared.ask(b"", "GET", "/")[0] == 404
    assert shared.ask(b"", "PUT")[0] == 501


def test_what_contradicts_what_was_cosigned_is_refused(witness):
    assert witness.ask(LOG.request(0, 8))[0] == 200
    other = Log(600, KEYS, branch=(5, "'"))
    for body in (
        other.request(8, 8),  # another tree of the same size
        other.request(8, 20),  # that does not continue ours
        LOG.request(8, 20, proof=LOG.proof(7, 20)),
        LOG.request(8, 20, proof=LOG.proof(8, 20)[:-1]),
        LOG.request(8, 20, proof=[*LOG.proof(8, 20), b"\0" * 32]),
        LOG.request(8, 20, proof=[]),
        LOG.request(8, 8, proof=[b"\0" * 32]),
    ):
        status, text, _ = witness.ask(body)
        assert status == 422, text
    for old, new in ((0, 3), (3, 20), (20, 20)):
        assert witness.ask(LOG.request(old, new))[:2] == (409, "8\n")
    assert witness.ask(LOG.request(8, 3, proof=[]))[0] == 400
    assert witness.ask(LOG.request(8, 20))[0] == 200


def test_of_fifty_trees_at_once_one_wins(witness):
    assert witness.ask(LOG.request(0, 8))[0] == 200
    trees = [Log(40, KEYS, branch=(8, f" of branch {n}")) for n in range(50)]
    bodies = [tree.request(8, 20 + n % 20) for n, tree in enumerate(trees)]
    with ThreadPoolExecutor(50) as crowd:
        answers = list(crowd.map(witness.ask, bodies))
    won = [n for n, (status, _, _) in enumerate(answers) if status == 200]
    assert len(won) == 1
    size = 20 + won[0] % 20
    assert {answer[:2] for n, answer in enumerate(answers) if n not in won} == {(409, f"{size}\n")}
    assert witness.ask(trees[won[0]].request(size, 40))[0] == 200


def test_what_it_answered_survives_a_kill_in_the_middle_of_others(witness):
    """It is killed while it answers; whatever it has answered, it knows afterwards."""
    told = 0
    for _ in range(3):
        with ThreadPoolExecutor(2) as crowd:
            asked = crowd.submit(follow, witness, told)
            time.sleep(0.3)
            witness.kill()
            told = asked.result()
        witness.start()
        held = int(witness.ask(LOG.request(0, 600))[1] or 0)
        assert told <= held <= told + 1
        told = held
    assert told > 3


def follow(witness: Process, size: int) -> int:
    """Have it cosign one more entry at a time until it is gone; the last size that it answered for."""
    while size < 599:
        try:
            status = witness.ask(LOG.request(size, size + 1))[0]
        except (OSError, http.client.HTTPException):
            return size
        assert status == 200
        size += 1
    return size


def test_it_says_nothing_that_it_could_not_write_down(tmp_path):
    keys = [notes.Cosigner.generate(NAME, kind) for kind in (notes.COSIGNATURE, notes.ML_DSA_44)]
    witness = Witness(keys, KEYS.verifier.keys, Memory(tmp_path / "state"))
    with (
        patch("casemgr.witness.witness.Witness._own_copy", side_effect=sqlite3.OperationalError("disk full")),
        pytest.raises(sqlite3.OperationalError),
    ):
        witness.add_checkpoint(LOG.request(0, 8))
    assert witness.memory.last(ORIGIN) == ""
    assert witness.add_checkpoint(LOG.request(0, 8)).count("\n") == 2
    with pytest.raises(No, match="8"):
        witness.add_checkpoint(LOG.request(0, 8))


def test_it_lives_without_casemgr_s_rooms_and_settings():
    """Another department has no database, no settings and no Django."""
    code = "import sys, casemgr.witness.__main__; print({'django', 'psycopg'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], cwd=settings.BASE_DIR, stdout=subprocess.PIPE, check=True)
    assert shown.stdout == b"set()\n"


def test_the_key_of_another_witness_is_refused(tmp_path):
    notes.load_or_make_cosigners(tmp_path / "witness.key", "other.example")
    command = [sys.executable, "-m", "casemgr.witness", "--name", NAME, "--state", str(tmp_path)]
    command += ["--log", str(KEYS.verifier.keys[0])]
    ended = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "is the key of other.example" in ended.stderr


def test_whoever_dawdles_is_shown_out(tmp_path, monkeypatch):
    """A little at a time does not keep a connection for ever."""
    monkeypatch.setattr(over_http, "LIFETIME", 1.0)
    server = over_http.Server(("127.0.0.1", 0), Witness([], KEYS.verifier.keys, Memory(tmp_path / "state")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with socket.create_connection(server.server_address[:2], timeout=8) as slow:
            slow.sendall(b"POST /add-checkpoint HTTP/1.1\r\nA: ")
            for _ in range(3):
                time.sleep(0.2)
                slow.sendall(b"b")
            assert slow.recv(1) == b""
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
