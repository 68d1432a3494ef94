"""Parties outside, on this machine: a witness to the letter of C2SP tlog-witness, and an authority made of openssl."""

import subprocess
import threading
import time
from base64 import b64decode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from apps.audit.log import merkle, notes

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
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(body)
        step = self.server.plan.pop(0) if self.server.plan else self.server.answer(body)
        if callable(step):
            step(self)
            return
        self.send_response(step[0])
        self.send_header("Content-Length", str(len(step[1])))
        self.end_headers()
        self.wfile.write(step[1])

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
    """Knows the logs that it is told of, and cosigns what continues what it has seen."""

    def __init__(self, name: str, kind: int = notes.COSIGNATURE) -> None:
        self.key = notes.Cosigner.generate(name, kind)
        self.logs: dict[str, Any] = {}
        self.seen: dict[str, notes.Head] = {}
        self.lead = 0  # seconds that its clock is ahead
        super().__init__()

    @property
    def line(self) -> str:
        """Its line of a policy."""
        return f"witness {self.key.name} {self.key.verifier} {self.url}/\n"

    def answer(self, body: bytes) -> tuple[int, bytes]:
        asked, _, note = body.decode().partition("\n\n")
        old, *proof = asked.split("\n")
        origin = note.partition("\n")[0]
        if origin not in self.logs:
            return 404, b"unknown log"
        try:
            head = notes.Head.parse(self.logs[origin].open(note))
        except notes.BadNote:
            return 403, b"bad signature"
        seen = self.seen.get(origin)
        if int(old.removeprefix("old ")) != (seen.size if seen else 0):
            return 409, f"{seen.size if seen else 0}\n".encode()
        if seen and not merkle.continues(seen.size, head.size, [b64decode(p) for p in proof], seen.root, head.root):
            return 422, b"no"
        self.seen[origin] = head
        return 200, self.key.cosign(note, int(time.time()) + self.lead).encode()


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
