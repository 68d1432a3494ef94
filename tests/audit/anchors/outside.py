"""Parties outside, on this machine: casemgr's own witness, and a time-stamping authority made of openssl."""

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from apps.audit.log import notes
from casemgr.witness import witness
from casemgr.witness.state import Memory

Answer = tuple[int, bytes] | Callable[["Handler"], None]


class Outside(ThreadingHTTPServer):
    """Answers what `plan` holds first, and then what it is there for. `is_down` hangs up without a word."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan: list[Answer] = []
        self.got: list[bytes] = []
        self.is_down = False
        threading.Thread(target=self.serve_forever, args=[0.01], daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, body: bytes) -> tuple[int, bytes]:
        raise NotImplementedError


class Handler(BaseHTTPRequestHandler):
    server: Outside

    def do_POST(self) -> None:
        if self.server.is_down:
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append(body)
        step = self.server.plan.pop(0) if self.server.plan else self.server.answer(body)
        if callable(step):
            step(self)
            return
        self.send_response(step[0])
        self.send_header("Content-Length", str(len(step[1])))
        self.end_headers()
        self.wfile.write(step[1])

    do_GET = do_POST  # which has no body

    def log_message(self, *args: Any) -> None:
        pass


def redirect(handler: Handler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "/elsewhere")
    handler.end_headers()


def drip(handler: Handler) -> None:
    """A byte now and then: never silent for long, never done."""
    try:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 200:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


class Witness(Outside):
    """casemgr's own witness, as another department would run it."""

    def __init__(self, name: str, directory: Path, *kinds: int) -> None:
        self.name, self.directory, self.forgotten = name, directory, 0
        self.keys = [notes.Cosigner.generate(name, kind) for kind in kinds or (notes.COSIGNATURE,)]
        self.directory.mkdir(parents=True)
        self.know(())
        super().__init__()

    @property
    def key(self) -> notes.Cosigner:
        return self.keys[0]

    @property
    def lines(self) -> str:
        """Its lines of a policy, one for each key."""
        names = [self.name, *(f"{self.name}-{key.kind}" for key in self.keys[1:])]
        return "".join(f"witness {n} {key.verifier} {self.url}/\n" for n, key in zip(names, self.keys, strict=True))

    def know(self, logs: Sequence[notes.Verifier]) -> None:
        self.witness = witness.Witness(self.keys, logs, Memory(self.directory / f"{self.forgotten}.sqlite"))

    def forget(self) -> None:
        self.forgotten += 1
        self.know([key for log in self.witness.logs.values() for key in log.keys])

    def answer(self, body: bytes) -> tuple[int, bytes]:
        try:
            return 200, self.witness.add_checkpoint(body).encode()
        except witness.No as no:
            return no.status, no.text.encode()


class Authority(Outside):
    """A time-stamping authority with a root of its own, both made by openssl, as anybody else's would be."""

    def __init__(self, directory: Path, *, days: int = 30) -> None:
        self.directory = directory
        self.directory.mkdir(parents=True)
        make_authority(directory, days=days)
        super().__init__()

    @property
    def roots(self) -> Path:
        return self.directory / "root.pem"

    def answer(self, body: bytes) -> tuple[int, bytes]:
        return 200, self.stamp(body)

    def stamp(self, query: bytes) -> bytes:
        (self.directory / "query.tsq").write_bytes(query)
        openssl(self.directory, "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr")
        return (self.directory / "reply.tsr").read_bytes()


CONFIGURATION = """
[tsa]
default_tsa = authority
[authority]
serial = ./serial
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
tsa_name = yes
[stamps]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
basicConstraints = critical,CA:FALSE
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
"""


def make_authority(directory: Path, *, days: int) -> None:
    (directory / "ts.cnf").write_text(CONFIGURATION)
    (directory / "serial").write_text("01\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl(directory, "req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root of a test",
            "-days", "30", "-config", "ts.cnf", "-extensions", "root")  # fmt: skip
    openssl(directory, "req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Stamps of a test",
            "-config", "ts.cnf")  # fmt: skip
    openssl(directory, "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "7",
            "-days", str(days), "-extfile", "ts.cnf", "-extensions", "stamps", "-out", "tsa.pem")  # fmt: skip


def openssl(directory: Path, *arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
