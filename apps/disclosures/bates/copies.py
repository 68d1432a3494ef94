"""Copies of PDFs with a number on each page, made in a process of its own for each: what it reads may be hostile.

    with copies.rehearsed(sha256, ours=False) as copy: copy.pages
    with copies.stamped(sha256, ours=False, numbers=Numbers(...)) as copy: copy.file

A rehearsal makes the same copy without numbers, within tighter bounds: what went through it goes through again.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from django.template.loader import render_to_string
from django.utils import timezone

from apps.core import paper
from apps.disclosures.bates import numbering

COPIER = Path(__file__).with_name("copier.py")
MOST_PAGES = 5_000
MIB = 1 << 20


@dataclass(frozen=True)
class Bounds:
    seconds: int  # of a processor, and twice that of the clock
    memory: int  # bytes of address space
    bytes: int  # of the copy


REHEARSAL = Bounds(60, 1024 * MIB, 1024 * MIB)
COPY = Bounds(180, 1536 * MIB, 1536 * MIB)


@dataclass(frozen=True)
class Numbers:
    """Those of a copy: the first, and what all of them have before and after their digits."""

    first: int
    before: str
    after: str


@dataclass(frozen=True)
class Copy:
    pages: int
    left_out: tuple[str, ...]  # of the original, in words
    file: Path


class NoCopy(Exception):
    """There is none of this file; the message says why, as the end of a sentence about it."""


@contextmanager
def rehearsed(original: Iterable[bytes], *, ours: bool) -> Iterator[Copy]:
    """How a copy would turn out. Raises NoCopy."""
    with _copied(original, {"ours": ours, "title": "", "number": 0}, b"", REHEARSAL) as copy:
        yield copy


@contextmanager
def stamped(original: Iterable[bytes], *, ours: bool, title: str, numbered: Numbers) -> Iterator[Copy]:
    """A copy with its numbers. Raises NoCopy."""
    order = {"ours": ours, "title": title, "number": numbered.first, "digits": numbering.DIGITS}
    order |= {"before": numbered.before, "after": numbered.after}
    with _copied(original, order, face(numbered.before + numbered.after), COPY) as copy:
        yield copy


@contextmanager
def _copied(original: Iterable[bytes], order: dict, typeface: bytes, bounds: Bounds) -> Iterator[Copy]:
    with TemporaryDirectory(prefix="casemgr-copy-") as directory:
        folder = Path(directory)
        (folder / "face.pdf").write_bytes(typeface)
        with (folder / "in.pdf").open("wb") as file:
            file.writelines(original)
        answer = _answer(folder, order | asdict(bounds) | {"most_pages": MOST_PAGES}, bounds)
        if "refused" in answer:
            raise NoCopy(answer["refused"])
        yield Copy(answer["pages"], tuple(answer["left_out"]), folder / "out.pdf")


def _answer(folder: Path, order: dict, bounds: Bounds) -> dict:
    command = [sys.executable, "-I", "-B", str(COPIER), json.dumps(order)]
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "HOME": str(folder)}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and script
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a file may be made to have no end of warnings
            timeout=2 * bounds.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoCopy("it takes longer to read than a copy may") from None
    if done.returncode:
        raise NoCopy("reading it takes more time or memory than a copy may")
    return dict(json.loads(done.stdout))


@cache
def face(letters: str) -> bytes:
    """A page on which the characters of such numbers stand, in the typeface that a copy takes from it."""
    title = "Typeface of numbers"
    html = render_to_string("pdf/bates_face.html", {"text": f"{letters}0123456789", "title": title})
    return paper.to_pdf(html, sheet="bates", title=title, created=timezone.now())
