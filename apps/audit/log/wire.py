"""How the sequencer asks a signer in another process: one question and one answer over a Unix socket.

Messages are those of `apps.core.sockets`. Behind the question to sign follow the entries, each four bytes of length,
the body, and 32 bytes of seal.
"""

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from io import BufferedRWPair
from pathlib import Path
from threading import Event
from typing import Any

from apps.audit.log import notes
from apps.audit.log.signer import Entry, Growth, Refused, Signer
from apps.core import sockets
from apps.core.sockets import Unreachable

log = logging.getLogger(__name__)

SEAL_BYTES = 32
LONGEST_BODY = 1 << 28


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
            with sockets.connected(self.path) as stream:
                sockets.send(stream, question)
                for entry in entries:
                    stream.write(len(entry.body).to_bytes(4, "big") + entry.body + entry.seal)
                stream.flush()
                answer = sockets.receive(stream)
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
    sockets.serve(partial(_answer, signer), path, stop)


def _answer(signer: Signer, stream: BufferedRWPair) -> None:
    question = sockets.receive(stream)
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
    sockets.send(stream, answer)


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
        length = int.from_bytes(sockets.read(stream, 4), "big")
        if length > LONGEST_BODY:
            raise ValueError(f"an entry of {length} bytes is longer than {LONGEST_BODY}")
        yield Entry(sockets.read(stream, length), sockets.read(stream, SEAL_BYTES))
