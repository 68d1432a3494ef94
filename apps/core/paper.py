"""Documents on paper: the style sheets and typefaces that every letter and report shares.

pdf_bytes = paper.to_pdf(html, sheet="letter", size="a4", title=..., created=...)
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from django.conf import settings

from apps.core import pdf, typefaces

SIZES = ("a4", "letter")


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
    seconds: float = pdf.SECONDS,
) -> bytes:
    """PDF/A-3a and PDF/UA-1 from HTML. `sheet` names templates/pdf/<sheet>.css, `size` is one of SIZES.

    The document's identifier is a digest of all that goes in, so equal input gives equal bytes. Raises pdf.PdfError.
    """
    assets, html = assets or {}, raised(html)
    pictures = [data.decode() for name, data in assets.items() if name.endswith(".svg")]
    fonts, font_files = typefaces.for_text(html, *pictures)
    css = [fonts, _tokens(), *(_sheet(f"templates/pdf/{name}.css") for name in ("paper", sheet, f"paper-{size}"))]
    digest = hashlib.sha256()
    for part in (title, created.isoformat(), str(signature_field), html, *css):
        digest.update(hashlib.sha256(part.encode()).digest())
    for data in (*assets.values(), *(item.data for item in attachments)):
        digest.update(hashlib.sha256(data).digest())
    return pdf.render(
        html,
        css=css,
        assets={**font_files, **assets},
        attachments=attachments,
        title=title,
        identifier=digest.digest()[:16],
        created=created,
        signature_field=signature_field,
        seconds=seconds,
    )


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
