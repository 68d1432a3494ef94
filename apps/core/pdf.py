"""HTML to one file that is both PDF/A-3a and PDF/UA-1, in a process that can reach nothing.

    pdf = render(html, css=[...], assets={"logo.svg": b"..."}, title=..., identifier=..., created=...)

The same input gives the same bytes. See pdf_worker.py for what happens on the other side.
"""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from apps.core import pdf_worker

SECONDS = 60
MEMORY = 1 << 30
IDLE_RENDERERS = 2  # more may run at once, one a thread that asks; these stay for the next document

# ISO 32000-2, 7.11.3: how an attached file relates to the document.
RELATIONSHIPS = ("Source", "Data", "Alternative", "Supplement", "Unspecified")


class PdfError(Exception):
    """The document was not made. The message says what is wrong and where."""


class PdfRefused(PdfError):
    """The document asked for something outside of what was handed over with it."""


class PdfLimit(PdfError):
    """The document took too long or too much memory."""


@dataclass(frozen=True)
class Attachment:
    """A file inside the PDF. `relationship` is one of RELATIONSHIPS."""

    name: str
    media_type: str
    data: bytes
    description: str
    relationship: str = "Data"

    def __post_init__(self):
        if self.relationship not in RELATIONSHIPS:
            raise ValueError(f"{self.relationship!r} is no relationship of an attachment: {', '.join(RELATIONSHIPS)}")


def render(
    html: str,
    *,
    css: Sequence[str] = (),
    assets: Mapping[str, bytes] | None = None,
    attachments: Sequence[Attachment] = (),
    title: str,
    identifier: bytes,
    created: datetime,
    signature_field: bool = False,
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> bytes:
    """The PDF's bytes. HTML and CSS refer to assets as `asset:<name>`; nothing else can be loaded.

    `identifier` becomes the document's ID and must be a function of the document (two documents, two identifiers);
    `created` is an aware datetime. A `signature_field` is empty until apps.core.signing fills it. `seconds` and
    `memory` (bytes of address space) bound the work. Raises PdfRefused, PdfLimit or PdfError.
    """
    assets = assets or {}
    order = {
        "html": html,
        "css": list(css),
        "assets": list(assets),
        "attachments": [{k: v for k, v in asdict(item).items() if k != "data"} for item in attachments],
        "title": title,
        "identifier": identifier.hex(),
        "created": created.astimezone(UTC).isoformat(timespec="seconds"),
        "signature_field": signature_field,
        "seconds": seconds,
        "memory": memory,
    }
    blobs = [*assets.values(), *(item.data for item in attachments)]
    renderer = _borrow()
    header, parts = renderer.call(order, blobs, seconds + 10)
    _give_back(renderer)
    if "error" in header:
        raise {"refused": PdfRefused, "limit": PdfLimit}.get(header["kind"], PdfError)(header["error"])
    return parts[0]


# --- renderers -------------------------------------------------------------------------------------------------------


class _Renderer:
    """One worker process. Not thread-safe: whoever borrows it has it alone."""

    def __init__(self):
        # -P and the empty environment keep what lies around from being imported; the fixed hash seed keeps the bytes
        # the same.
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and script, no argument from outside
            [sys.executable, "-s", "-P", "-B", "-X", "utf8", str(Path(pdf_worker.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )
        assert process.stdin
        assert process.stdout
        self.process = process
        self.orders: IO[bytes] = process.stdin
        self.answers: IO[bytes] = process.stdout
        self.directory = ""
        try:
            header, _ = pdf_worker.read_frame(self.answers)
        except EOFError:
            self.kill()
            raise PdfError(
                "The PDF renderer does not start. WeasyPrint needs Pango (Debian: libpango-1.0-0, libpangoft2-1.0-0)."
            ) from None
        self.directory = header["directory"]

    def call(self, order: dict, blobs: list[bytes], seconds: float) -> tuple[dict, list[bytes]]:
        watchdog = threading.Timer(seconds, self._stop)  # the pipes are this thread's to close
        watchdog.start()
        try:
            pdf_worker.write_frame(self.orders, order, blobs)
            return pdf_worker.read_frame(self.answers)
        except (EOFError, BrokenPipeError) as error:
            self.kill()
            raise PdfLimit("The PDF renderer was stopped before it answered.") from error
        except BaseException:  # half a frame is under way: this renderer can serve nobody any more
            self.kill()
            raise
        finally:
            watchdog.cancel()

    def _stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill(self) -> None:
        self._stop()
        with contextlib.suppress(BrokenPipeError):  # half an order may wait in the pipe; nobody reads it any more
            self.orders.close()
        self.answers.close()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def alive(self) -> bool:
        return self.process.poll() is None

    def close_pipes(self) -> None:
        """Lets the worker end by itself, which then clears its directory."""
        self.orders.close()
        self.answers.close()


_idle: list[_Renderer] = []
_inherited: list[_Renderer] = []


def _borrow() -> _Renderer:
    while _idle:
        try:
            renderer = _idle.pop()
        except IndexError:  # another thread was faster
            break
        if renderer.alive():
            return renderer
        renderer.kill()
    return _Renderer()


def _give_back(renderer: _Renderer) -> None:
    if len(_idle) < IDLE_RENDERERS:
        _idle.append(renderer)
    else:
        renderer.close_pipes()
        renderer.process.wait()


def _close_idle() -> None:
    while _idle:
        renderer = _idle.pop()
        renderer.close_pipes()
        renderer.process.wait()


def _forget_after_fork() -> None:
    """A forked web or task worker starts its own renderers: two processes on one pipe would mix their letters."""
    for renderer in _idle:
        renderer.close_pipes()
    _inherited.extend(_idle)  # kept so that nothing waits for a process that is not ours
    _idle.clear()


atexit.register(_close_idle)
os.register_at_fork(after_in_child=_forget_after_fork)
