"""Documents on paper: the style sheets and typefaces that every letter and report shares.

pdf_bytes = paper.to_pdf(html, sheet="letter", size="a4", title=..., created=...)
many = paper.to_pdfs([Paper(html, title, created), ...], sheet="letter")
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import NamedTuple

from django.conf import settings

from apps.core import pdf, typefaces
from apps.core.pdf_worker import ARCHIVE_FIELD, SIGNATURE_FIELD

SIZES = ("a4", "letter")


@dataclass(frozen=True)
class Paper:
    """What is printed. `assets` are pictures by name, `created` is an aware datetime. A signed document has a
    `signature_field`; one that is signed for the archive also has a field for the time stamp over it."""

    html: str
    title: str
    created: datetime
    assets: Mapping[str, bytes] = field(default_factory=dict)
    attachments: Sequence[pdf.Attachment] = ()
    signature_field: bool = False
    archive_field: bool = False

    @property
    def signature_fields(self) -> list[str]:
        asked = {SIGNATURE_FIELD: self.signature_field, ARCHIVE_FIELD: self.archive_field}
        return [name for name, is_asked in asked.items() if is_asked]


def to_pdf(
    html: str,
    *,
    sheet: str,
    size: str = "a4",
    assets: Mapping[str, bytes] | None = None,
    attachments: Sequence[pdf.Attachment] = (),
    title: str,
    created: datetime,
    signature_field: bool = False,
    archive_field: bool = False,
    seconds: float = pdf.SECONDS,
) -> bytes:
    """PDF/A-3a and PDF/UA-1 from HTML. `sheet` names templates/pdf/<sheet>.css, `size` is one of SIZES.

    The document's identifier is a digest of all that goes in, so equal input gives equal bytes. Raises pdf.PdfError.
    """
    paper = Paper(html, title, created, assets or {}, attachments, signature_field, archive_field)
    [made] = to_pdfs([paper], sheet=sheet, size=size, seconds=seconds)
    if isinstance(made, pdf.PdfError):
        raise made
    return made


def to_pdfs(
    papers: Sequence[Paper], *, sheet: str, size: str = "a4", seconds: float = pdf.SECONDS
) -> list[bytes | pdf.PdfError]:
    """As `to_pdf`, of several, each with the bytes that it would have alone; faster by what is read once for all of
    them. One that cannot be made has its error in its place."""
    made: list[bytes | pdf.PdfError] = []
    for _, alike in groupby((_set(paper, sheet, size) for paper in papers), lambda each: (each.css, each.fonts)):
        run = list(alike)
        made += pdf.render_all([each.document for each in run], css=run[0].css, assets=run[0].fonts, seconds=seconds)
    return made


class _Set(NamedTuple):
    """A document with the style sheets and typefaces that it needs."""

    document: pdf.Document
    css: list[str]
    fonts: dict[str, bytes]


def _set(paper: Paper, sheet: str, size: str) -> _Set:
    html = raised(paper.html)
    pictures = [data.decode() for name, data in paper.assets.items() if name.endswith(".svg")]
    fonts, font_files = typefaces.for_text(html, *pictures)
    css = [fonts, _tokens(), *(_sheet(f"templates/pdf/{name}.css") for name in ("paper", sheet, f"paper-{size}"))]
    digest = hashlib.sha256()
    for part in (paper.title, paper.created.isoformat(), str(paper.signature_fields), html, *css):
        digest.update(hashlib.sha256(part.encode()).digest())
    for data in (*paper.assets.values(), *(item.data for item in paper.attachments)):
        digest.update(hashlib.sha256(data).digest())
    document = pdf.Document(
        html, paper.title, digest.digest()[:16], paper.created, paper.assets, paper.attachments, paper.signature_fields
    )
    return _Set(document, css, font_files)


_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "−0123456789")


def raised(html: str) -> str:
    """Exponents as raised figures, in the text but not within tags: the typefaces have no superscript minus."""

    def of_text(text: str) -> str:
        return re.sub(r"(?<=10)[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: f"<sup>{found[0].translate(_RAISED)}</sup>", text)

    return "".join(part if part.startswith("<") else of_text(part) for part in re.split(r"(<[^>]*>)", html))


def _tokens() -> str:
    """Paper is always light, and its renderer knows no media features."""
    return _sheet("casemgr/frontend/css/tokens.css").partition("@media")[0]


@cache
def _sheet(path: str) -> str:
    return (settings.BASE_DIR / path).read_text(encoding="utf-8")


def palette() -> dict[str, str]:
    """The colours of paper by token name (`ink`, `accent`), for pictures that no style sheet reaches."""
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", _tokens()))
