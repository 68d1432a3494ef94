"""What of a bundle is numbered: its exhibits, then its letters and reports, each copy with numbers of its own.

A PDF is copied page by page. For everything else, and for a PDF that cannot be copied, one page stands.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from apps.core import paper, typefaces, vault
from apps.disclosures.bates import copies, numbering
from apps.disclosures.bundle.contents import document_path, exhibit_path
from apps.disclosures.models import Bundle, Report
from apps.evidence.models import Item
from apps.notices.models import Notice

FOLDER = "data/bates"
PDF = "application/pdf"
COLUMNS = (
    "BegBates",
    "EndBates",
    "BegAttach",
    "EndAttach",
    "Custodian",
    "DateCreated",
    "FileName",
    "SHA256",
    "Confidentiality",
)


@dataclass(frozen=True)
class Original:
    """A file of the bag that is numbered. `path` is relative to data/, `custodian` is an actor or a name."""

    label: str
    path: str
    name: str
    sha256: str
    media_type: str
    byte_size: int
    custodian: str
    created: str
    ours: bool


Row = dict[str, Any]  # an Original, with first, last, why_placeholder and left_out


def rehearse(bundle: Bundle) -> list[Row]:
    """How many pages the copy of each original has, or why it is one that stands for it."""
    return [asdict(original) | _rehearsed(original) for original in originals(bundle)]


def _rehearsed(original: Original) -> Row:
    if original.media_type != PDF:
        return {"pages": 1, "why_placeholder": f"it is no PDF ({original.media_type})", "left_out": []}
    try:
        with copies.rehearsed(vault.chunks(original.sha256), ours=original.ours) as copy:
            return {"pages": copy.pages, "why_placeholder": "", "left_out": list(copy.left_out)}
    except copies.NoCopy as error:
        return {"pages": 1, "why_placeholder": str(error), "left_out": []}


def numbered(rows: Iterable[Row], first: int) -> list[Row]:
    """The rows with their numbers, one after the other from `first` on."""
    given = []
    for row in rows:
        last = first + row["pages"] - 1
        given.append({**{key: value for key, value in row.items() if key != "pages"}, "first": first, "last": last})
        first = last + 1
    return given


def originals(bundle: Bundle) -> Iterator[Original]:
    items = Item.objects.in_bulk([one["item"] for one in bundle.exhibits])
    custodians = {str(key): item.custodian for key, item in items.items()}
    for one in bundle.exhibits:
        yield Original(
            label=f"E{one['number']}",
            path=exhibit_path(one),
            name=one["filename"],
            sha256=one["sha256"],
            media_type=one["media_type"],
            byte_size=one["byte_size"],
            custodian=custodians[one["item"]],
            created=one["collected_at"],
            ours=False,
        )
    for one in bundle.documents:
        size, created = _issued(one)
        yield Original(
            label=one["ref"],
            path=document_path(one),
            name=one["name"],
            sha256=one["sha256"],
            media_type=PDF,
            byte_size=size,
            custodian=settings.PROVIDER["legal_name"],
            created=created.isoformat(),
            ours=True,
        )


def _issued(document: dict[str, Any]) -> tuple[int, datetime]:
    """Bytes of a letter or report, and when it was issued."""
    if document["table"] == Notice._meta.db_table:
        notice = Notice.objects.get(pk=document["id"])
        assert notice.pdf_bytes
        assert notice.issued_at
        return notice.pdf_bytes, notice.issued_at
    report = Report.objects.get(pk=document["id"])
    assert report.released_at
    return report.files[0]["bytes"], report.released_at


# --- what goes into the bag ------------------------------------------------------------------------------------------


def stamped(bundle: Bundle, row: Row) -> AbstractContextManager[copies.Copy]:
    """The copy of an original, or the page that stands for it, with its numbers. Raises copies.NoCopy."""
    title = f"{span(bundle, row)}: copy of {row['label']} {row['name']}"
    prefix, suffix = f"{bundle.bates_prefix}-", numbering.suffix(bundle.confidentiality)
    given = copies.Numbers(row["first"], prefix, suffix)
    if row["why_placeholder"]:
        return copies.stamped([placeholder(bundle, row)], ours=True, title=title, numbered=given)
    return copies.stamped(vault.chunks(row["sha256"]), ours=row["ours"], title=title, numbered=given)


def path_of(bundle: Bundle, row: Row) -> str:
    return f"{FOLDER}/{numbering.printed(bundle.bates_prefix, row['first'], bundle.confidentiality)}.pdf"


def span(bundle: Bundle, row: Row) -> str:
    return bundle.bates(row["first"], row["last"])


def placeholder(bundle: Bundle, row: Row) -> bytes:
    """The page that stands for a file that has none."""
    title = f"{span(bundle, row)}: in place of {row['label']}"
    context = {
        "bundle": bundle,
        "row": {**row, "name": legible(row["name"])},
        "number": span(bundle, row),
        "title": title,
    }
    html = render_to_string("pdf/bates_placeholder.html", context)
    return paper.to_pdf(html, sheet="bates", title=title, created=bundle.compiled_at)


def legible(name: str) -> str:
    """A name that can be printed whatever it is made of."""
    missing = {*typefaces.not_covered(name), *(character for character in name if not character.isprintable())}
    return "".join(f"<U+{ord(character):04X}>" if character in missing else character for character in name)


def load_file_rows(bundle: Bundle, people: dict[str, str]) -> Iterator[dict[str, str]]:
    """One line an original, by column. No file here belongs to another, so that nothing is an attachment."""
    for row in bundle.numbered:
        yield {
            "BegBates": numbering.printed(bundle.bates_prefix, row["first"], bundle.confidentiality),
            "EndBates": numbering.printed(bundle.bates_prefix, row["last"], bundle.confidentiality),
            "Custodian": people.get(row["custodian"], row["custodian"]),
            "DateCreated": row["created"],
            "FileName": row["name"],
            "SHA256": row["sha256"],
            "Confidentiality": bundle.confidentiality,
        }
