"""The witness over HTTP: Python's own server with limits, since all it has to carry are a few short texts a minute."""

import contextlib
import logging
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from casemgr.witness.witness import TEXT, No, Witness

log = logging.getLogger(__name__)

LONGEST_BODY = 256 * 1024  # a checkpoint with 64 ML-DSA-44 signatures has less
SECONDS = 10.0  # for a body, and between two requests of one connection
LIFETIME = 60.0  # of a connection, whatever it does
MOST_CONNECTIONS = 128


class Server(ThreadingHTTPServer):
    """Answers for one witness; one thread for each connection, up to a limit."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, Handler)
        self.witness = witness
        self._free = threading.Semaphore(MOST_CONNECTIONS)
        self._since: dict[socket.socket, float] = {}

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(timeout=SECONDS):
            self.shutdown_request(request)
            return
        self._since[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._since.pop(request, None)
            self._free.release()

    def service_actions(self) -> None:
        """Called twice a second: end connections that live too long, however little they send at a time."""
        for connection, since in list(self._since.items()):
            if time.monotonic() - since > LIFETIME:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.warning("a request of %s broke off", client_address[0], exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """POST /add-checkpoint, and GET /<SHA-256 of the log's name>/checkpoint for monitors."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "casemgr-witness"
    sys_version = ""
    timeout = SECONDS

    def do_POST(self) -> None:
        self._do(self._add_checkpoint if self.path == "/add-checkpoint" else self._nothing)

    def do_GET(self) -> None:
        origin_hash, mark, rest = self.path.removeprefix("/").partition("/checkpoint")
        self._do(lambda: self.server.witness.checkpoint(origin_hash) if mark and not rest else self._nothing())

    def _add_checkpoint(self) -> str:
        return self.server.witness.add_checkpoint(self._body())

    def _nothing(self) -> str:
        raise No(404, "A witness knows POST /add-checkpoint and GET /<SHA-256 of the log's name>/checkpoint.\n")

    def _do(self, what: Callable[[], str]) -> None:
        try:
            self._answer(200, what(), TEXT)
        except No as no:
            if no.status != 409:
                log.warning("%s: %s", no.status, no.text.strip())
            self._answer(no.status, no.text, no.kind)
        except sqlite3.Error:
            log.exception("the memory cannot be used: nothing is cosigned")
            self._answer(503, "The witness cannot write down what it has seen, so it cosigns nothing now.\n", TEXT)

    def _body(self) -> bytes:
        """The whole body, within the limits of size and time. Raises No."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self.close_connection = True
            raise No(411, "The request has to say its length.\n")
        if int(length) > LONGEST_BODY:
            self.close_connection = True
            raise No(413, f"The request is longer than {LONGEST_BODY} bytes.\n")
        data, until = b"", time.monotonic() + SECONDS
        while missing := int(length) - len(data):
            part = self.rfile.read1(missing) if time.monotonic() < until else b""
            if not part:
                self.close_connection = True
                raise No(408, "The request did not arrive in time.\n")
            data += part
        return data

    def _answer(self, status: int, text: str, kind: str) -> None:
        data = text.encode()
        self.send_response(status, HTTPStatus(status).phrase)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        log.info(format, *args)
