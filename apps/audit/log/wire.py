"""How the sequencer asks a signer in another process: one question and one answer over a Unix socket.

A message is four bytes of length and that many bytes of JSON. Behind the question to sign follow the entries, each four
bytes of length, the body, and 32 bytes of seal. Who may connect is who may write to the socket's file.
"""

import json
import logging
import os
import select
import socket
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BufferedRWPair
from pathlib import Path
from threading import Event
from typing import Any

from apps.audit.log import notes
from apps.audit.log.signer import Entry, Growth, Refused, Signer

log = logging.getLogger(__name__)

SEAL_BYTES = 32
LONGEST_MESSAGE = 1 << 20
LONGEST_BODY = 1 << 28
PATIENCE = 30.0  # seconds without a byte before either side gives up
MODE = 0o660  # the signer's user, and a group that the sequencer's user is in


class Unreachable(Exception):
    """Nobody answers on the signer's socket; says which and what to do."""


class RemoteSigner:
    """Asks the signer behind a socket; answers and refusals are as of `Signer`. Raises Unreachable besides."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def last(self) -> str:
        return self._ask({"ask": "last"}, ())

    def sign(self, growth: Growth, entries: Iterable[Entry]) -> str:
        entries = list(entries)  # how many there are is said first
        edge = [[node.hex() for node in row] for row in growth.edge]
        question = {"ask": "sign", "last": growth.last, "edge": edge, "size": growth.size, "root": growth.root.hex()}
        return self._ask(question | {"entries": len(entries)}, entries)

    def _ask(self, question: dict[str, Any], entries: Iterable[Entry]) -> str:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE)
                connection.connect(str(self.path))
                with connection.makefile("rwb") as stream:
                    _send(stream, question)
                    for entry in entries:
                        stream.write(len(entry.body).to_bytes(4, "big") + entry.body + entry.seal)
                    stream.flush()
                    answer = _receive(stream)
        except (OSError, ValueError, EOFError) as error:
            raise Unreachable(
                f"The signer does not answer on {self.path} ({error}). Is `manage.py signer` running, and may this "
                "user write to its socket? Events wait until it does; none is lost."
            ) from error
        if "note" not in answer:
            raise Refused(answer.get("refused") or "The signer gave no reason; see its log.")
        return answer["note"]


def serve(signer: Signer, path: Path, stop: Event) -> None:
    """Answer on the socket until told to stop. One question at a time: what is signed has an order."""
    with listening(path) as listener:
        while not stop.is_set():
            if not select.select([listener], [], [], 0.2)[0]:
                continue
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(PATIENCE)
                try:
                    with connection.makefile("rwb") as stream:
                        _answer(signer, stream)
                except (OSError, ValueError, EOFError) as error:
                    log.warning("a question broke off: %s", error)


def listening(path: Path) -> socket.socket:
    """A listening socket at the path. Raises Unreachable when another signer listens there already, OSError."""
    with socket.socket(socket.AF_UNIX) as probe, suppress(FileNotFoundError, ConnectionRefusedError):
        probe.connect(str(path))
        raise Unreachable(f"Another signer listens on {path}: stop it first, or name another socket.")
    path.unlink(missing_ok=True)  # left by one that was killed
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o777 & ~MODE)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    listener.listen()
    return listener


def _answer(signer: Signer, stream: BufferedRWPair) -> None:
    question = _receive(stream)
    try:
        if question.get("ask") == "last":
            note = signer.last()
        else:
            note = _sign(signer, question, stream)
        answer = {"note": note}
    except (Refused, notes.BadNote) as error:
        log.critical("not signed: %s", error)
        answer = {"refused": str(error)}
    except OSError as error:
        log.critical("not signed: %s", error)
        answer = {"refused": f"The signer cannot read or write its files: {error}."}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no question to a signer: {error!r}") from error
    _send(stream, answer)
    stream.flush()


def _sign(signer: Signer, question: dict[str, Any], stream: BufferedRWPair) -> str:
    entries = _entries(stream, int(question["entries"]))
    try:
        return signer.sign(_growth(question), entries)
    finally:
        deque(entries, maxlen=0)  # who asks listens only when it has said all


def _growth(question: dict[str, Any]) -> Growth:
    edge = [[bytes.fromhex(node) for node in row] for row in question["edge"]]
    return Growth(str(question["last"]), edge, int(question["size"]), bytes.fromhex(question["root"]))


def _entries(stream: BufferedRWPair, count: int) -> Iterator[Entry]:
    for _ in range(count):
        length = int.from_bytes(_read(stream, 4), "big")
        if length > LONGEST_BODY:
            raise ValueError(f"an entry of {length} bytes is longer than {LONGEST_BODY}")
        yield Entry(_read(stream, length), _read(stream, SEAL_BYTES))


def _send(stream: BufferedRWPair, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode()
    stream.write(len(data).to_bytes(4, "big") + data)


def _receive(stream: BufferedRWPair) -> dict[str, Any]:
    length = int.from_bytes(_read(stream, 4), "big")
    if length > LONGEST_MESSAGE:
        raise ValueError(f"a message of {length} bytes is longer than {LONGEST_MESSAGE}")
    return json.loads(_read(stream, length))


def _read(stream: BufferedRWPair, length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise EOFError("the other side ended in the middle")
    return data
