"""What the person at the terminal sees, and the signals that come from there."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import TextIO

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(Exception):
    """Ctrl-C, or a signal to end."""


class Signals:
    """Turns the signals that end us into `Stop`, but never between starting a process and remembering it."""

    def __init__(self) -> None:
        self.received = False
        self.holding = False

    def listen(self) -> None:
        for number in ENDING:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # started under nohup: it is meant to outlive its terminal
            signal.signal(number, self._handle)

    def ignore(self) -> None:
        """While stopping: a second Ctrl-C must not leave half of the processes behind."""
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        self.holding = True
        try:
            yield
        finally:
            self.holding = False
        if self.received:
            raise Stop

    def _handle(self, number: int, frame: object) -> None:
        self.received = True
        if not self.holding:
            raise Stop


signals = Signals()
_open_stages: list[str] = []


def say(text: str = "", *, end: str = "\n", to: TextIO | None = None) -> None:
    """Print at once. A terminal that was closed must not keep us from stopping what we started: then nobody is told."""
    stream = to or sys.stdout
    try:
        print(text, end=end, file=stream, flush=True)
    except OSError:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def notice(text: str) -> None:
    """Say something in between, on a line of its own even while a stage waits for its time."""
    say(("\n" if _open_stages else "") + f"casemgr: {text}", to=sys.stderr)


@contextlib.contextmanager
def stage(name: str) -> Iterator[Callable[[str], None]]:
    """Print the step when it starts and its time when it is done, with whatever was said about it meanwhile."""
    said: list[str] = []
    say(f"  {name:<28}", end="")
    began = time.monotonic()
    _open_stages.append(name)
    try:
        yield said.append
    except Stop:
        say("stopped")
        raise
    except BaseException:
        say("failed")
        raise
    finally:
        _open_stages.remove(name)
    say(f"{time.monotonic() - began:6.1f} s  {' '.join(said)}".rstrip())
