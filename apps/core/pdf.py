"""HTML to one file that is both PDF/A-3a and PDF/UA-1, in a process that can reach nothing.

    pdf = render(html, css=[...], assets={"logo.svg": b"..."}, title=..., identifier=..., created=...)
    pdfs = render_all([Document(...), Document(...)], css=[...], assets={...})

The same input gives the same bytes, alone or among others. See pdf_worker.py for what happens on the other side.
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
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from apps.core import pdf_worker, typefaces

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


@dataclass(frozen=True)
class Document:
    """What is set. `identifier` becomes the document's ID and must be a function of the document (two documents, two
    identifiers); `created` is an aware datetime. `signature_fields`, by name, are empty until apps.core.signing fills
    them."""

    html: str
    title: str
    identifier: bytes
    created: datetime
    assets: Mapping[str, bytes] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()
    signature_fields: Sequence[str] = ()

    @property
    def blobs(self) -> list[bytes]:
        return [*self.assets.values(), *(item.data for item in self.attachments)]

    def order(self) -> dict:
        """All of it but the bytes of what comes with it, as the renderer is told."""
        return {
            "html": self.html,
            "title": self.title,
            "identifier": self.identifier.hex(),
            "created": self.created.astimezone(UTC).isoformat(timespec="seconds"),
            "signature_fields": list(self.signature_fields),
            "assets": list(self.assets),
            "attachments": [{k: v for k, v in asdict(item).items() if k != "data"} for item in self.attachments],
        }


def render(
    html: str,
    *,
    css: Sequence[str] = (),
    assets: Mapping[str, bytes] | None = None,
    attachments: Sequence[Attachment] = (),
    title: str,
    identifier: bytes,
    created: datetime,
    signature_fields: Sequence[str] = (),
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> bytes:
    """The PDF's bytes. HTML and CSS refer to assets as `asset:<name>`; nothing else can be loaded.

    `seconds` and `memory` (bytes of address space) bound the work. For the others see Document.
    Raises PdfRefused, PdfLimit or PdfError.
    """
    document = Document(html, title, identifier, created, assets or {}, attachments, signature_fields)
    [made] = render_all([document], css=css, seconds=seconds, memory=memory)
    if isinstance(made, PdfError):
        raise made
    return made


def render_all(
    documents: Sequence[Document],
    *,
    css: Sequence[str] = (),
    assets: Mapping[str, bytes] | None = None,
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> list[bytes | PdfError]:
    """The PDFs of documents that share style sheets and `assets`, which are read once for all of them.

    Each document has `seconds` of its own; `memory` bounds them together. One that cannot be made has its PdfError in
    its place, and the others are made nevertheless.
    """
    assets = assets or {}
    order = {
        "documents": [document.order() for document in documents],
        "css": list(css),
        "assets": list(assets),
        "seconds": seconds,
        "memory": memory,
    }
    blobs = [*assets.values(), *(blob for document in documents for blob in document.blobs)]
    try:
        made = _made(order, blobs, seconds * len(documents) + 10)
    except PdfError as error:
        if len(documents) == 1:
            return [error]
        # One of them took the process down with it: alone each says for itself what is wrong with it.
        alone = (render_all([one], css=css, assets=assets, seconds=seconds, memory=memory) for one in documents)
        return [made for [made] in alone]
    return made


def _made(order: dict, blobs: list[bytes], seconds: float) -> list[bytes | PdfError]:
    renderer = _borrow()
    header, files = renderer.call(order, blobs, seconds)
    _give_back(renderer)
    if "error" in header:
        raise _error(header)
    remaining = iter(files)
    return [_error(answer) if "error" in answer else next(remaining) for answer in header["made"]]


def _error(answer: dict) -> PdfError:
    return {"refused": PdfRefused, "limit": PdfLimit}.get(answer["kind"], PdfError)(answer["error"])


def _letters_of_every_document() -> tuple[dict, list[bytes]]:
    """The typefaces that a renderer warms up with; none where there are none, which is the first document's to say."""
    try:
        css, fonts = typefaces.for_text("A")
    except typefaces.TypefacesMissing:
        css, fonts = "", {}
    return {"css": [css], "assets": list(fonts)}, list(fonts.values())


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
            pdf_worker.write_frame(self.orders, *_letters_of_every_document())
            header, _ = pdf_worker.read_frame(self.answers)
        except (EOFError, BrokenPipeError):
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
