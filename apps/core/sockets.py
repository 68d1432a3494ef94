"""How a process asks another one that holds a key: one question and one answer over a Unix socket.

A message is four bytes of length and that many bytes of JSON. Who may connect is who may write to the socket's file.
"""

import json
import logging
import os
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedRWPair
from pathlib import Path
from threading import Event
from typing import Any, cast

log = logging.getLogger(__name__)

LONGEST_MESSAGE = 1 << 20
PATIENCE = 30.0  # seconds without a byte before either side gives up
MODE = 0o660  # the user of whoever listens, and a group that the asker's user is in


class Unreachable(Exception):
    """Nobody answers on a socket, or somebody else listens there; says which and what to do."""


@contextmanager
def connected(path: Path) -> Iterator[BufferedRWPair]:
    """A stream to whoever listens at the path. Raises OSError."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(path))
        with connection.makefile("rwb") as stream:
            yield cast(BufferedRWPair, stream)


def serve(answer: Callable[[BufferedRWPair], None], path: Path, stop: Event) -> None:
    """Have each connection answered until told to stop, one after the other. Raises Unreachable, OSError."""
    with listening(path) as listener:
        while not stop.is_set():
            if not select.select([listener], [], [], 0.2)[0]:
                continue
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(PATIENCE)
                try:
                    with connection.makefile("rwb") as stream:
                        answer(cast(BufferedRWPair, stream))
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


def send(stream: BufferedRWPair, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode()
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()


def receive(stream: BufferedRWPair) -> dict[str, Any]:
    """Raises EOFError, ValueError, OSError."""
    length = int.from_bytes(read(stream, 4), "big")
    if length > LONGEST_MESSAGE:
        raise ValueError(f"a message of {length} bytes is longer than {LONGEST_MESSAGE}")
    return json.loads(read(stream, length))


def read(stream: BufferedRWPair, length: int) -> bytes:
    """Exactly so many bytes. Raises EOFError."""
    data = stream.read(length)
    if len(data) != length:
        raise EOFError("the other side ended in the middle")
    return data
