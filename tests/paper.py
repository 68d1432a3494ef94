"""What a test asks of a PDF: conformance, typefaces, attachments, page count."""

import io
import json
from typing import Any

import page
import pikepdf
import pypdfium2

PROFILES = (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1)


def validate(pdf: bytes, *profiles: page.ValidationProfile) -> list[str]:
    """What keeps the file from being PDF/A-3a and PDF/UA-1, or the given profiles; empty when it conforms."""
    return [
        str(failure)
        for profile in profiles or PROFILES
        for failure in page.validate_pdf_bytes(pdf, profile=profile).failures
    ]


def open_pdf(pdf: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf))


def pages(pdf: bytes) -> int:
    return len(open_pdf(pdf).pages)


def page_size(pdf: bytes) -> tuple[int, int]:
    """Width and height of the first page in points."""
    opened = open_pdf(pdf)
    _, _, width, height = opened.pages[0].mediabox
    return round(width), round(height)


def typefaces(pdf: bytes) -> set[str]:
    """Names of the embedded fonts, without the prefix that a subset has."""
    opened = open_pdf(pdf)
    return {str(item.BaseFont).partition("+")[2] for item in opened.objects if _is_font(item)}


def _is_font(item) -> bool:
    return isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Font"


def text(pdf: bytes) -> str:
    """What another program reads of its pages, in the order in which it reads it."""
    with pypdfium2.PdfDocument(pdf) as opened:
        return "\n".join(sheet.get_textpage().get_text_range().replace("\r\n", "\n") for sheet in opened)


def links(pdf: bytes) -> set[str]:
    """Addresses to which its pages lead."""
    opened = open_pdf(pdf)
    notes = [note for sheet in opened.pages for note in sheet.get("/Annots", [])]
    return {str(note.A.URI) for note in notes if "/URI" in note.get("/A", {})}


def figures(pdf: bytes) -> list[str]:
    """What its pictures are described as."""
    opened = open_pdf(pdf)
    found = [item for item in opened.objects if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Figure"]
    return [str(item.get("/Alt")) for item in found]


def attachments(pdf: bytes) -> dict[str, bytes]:
    opened = open_pdf(pdf)
    return {name: spec.get_file().read_bytes() for name, spec in opened.attachments.items()}


def attached_json(pdf: bytes, name: str):
    return json.loads(attachments(pdf)[name])


def as_html(monkeypatch: Any) -> list[str]:
    """Letters and reports as their HTML, which takes no signature and gets a line instead, for tests of something else.

    The titles that were printed.
    """
    from apps.core import paper, signing

    printed: list[str] = []

    def to_pdfs(papers: list[paper.Paper], **options: Any) -> list[bytes]:
        printed.extend(each.title for each in papers)
        return [each.html.encode() for each in papers]

    def sign(pdf: bytes, *args: Any, **options: Any) -> signing.Signed:
        return signing.Signed(pdf + b"\n<!-- signed -->", "B-B", "ab" * 32)

    monkeypatch.setattr(paper, "to_pdfs", to_pdfs)
    monkeypatch.setattr(signing, "sign", sign)
    return printed
