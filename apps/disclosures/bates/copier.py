"""The process that copies one PDF. Started by `copies` as a script; it imports nothing of casemgr.

    copier.py ORDER     with in.pdf and face.pdf in its working directory, where it leaves out.pdf

What it reads may have been made to hurt: it works under limits that the order sets, can reach no network and start no
program, and when it dies nothing else does. It answers with one JSON object on stdout: `pages` and what was `left_out`
of the copy, or `refused` with a reason.

Our own documents keep their structure, so that a copy is still PDF/A-3a and PDF/UA-1. Of any other file a copy shows
the pages and nothing else: each is a picture-like object (a form XObject, ISO 32000-2, 8.10) on a new page, cut to what
the original shows, upright, with what was filled in or noted on it drawn into it. Scripts, links, forms and files
inside stay behind.

A number stands in a strip below the page, which makes the copy's page that much taller: nothing is covered or scaled.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

FORBIDDEN_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "ctypes.")
LEAST, LARGEST = 1, 14400  # user space units a side (ISO 32000-2, annex C)
US_LETTER = (0, 0, 612, 792)

TYPE_SIZE, STRIP, MARGIN = 9, 22, 12  # points, on a page as wide as US Letter or narrower
COMMON_WIDTH = 612
FONT = "BatesNumber"
Box = tuple[float, float, float, float]


class Refused(Exception):
    """No copy is made of this; the message ends a sentence that begins with the file."""


# --- reading ---------------------------------------------------------------------------------------------------------


def opened(order: dict[str, Any]) -> Pdf:
    try:
        pdf = pikepdf.open("in.pdf")
    except pikepdf.PasswordError:
        raise Refused("it is encrypted and asks for a password") from None
    except pikepdf.PdfError:
        raise Refused("it cannot be read as a PDF") from None
    pages = len(pdf.pages)
    if not pages:
        raise Refused("it has no pages")
    if pages > order["most_pages"]:
        raise Refused(f"it has more than {order['most_pages']:,} pages")
    return pdf


def left_out(pdf: Pdf) -> list[str]:
    """What a copy lacks, in words."""
    found = []
    root = pdf.Root
    fields = [field for page in pdf.pages for field in notes_on(page) if field.get(Name.Subtype) == Name.Widget]
    if any(is_signature(field) for field in fields):
        found.append("its signature")
    files = len(pdf.attachments)
    if files:
        found.append("a file inside it" if files == 1 else f"{files:,} files inside it")
    if any(name in root for name in (Name.OpenAction, Name.AA)) or "/JavaScript" in root.get(Name.Names, {}):
        found.append("scripts and actions")
    unseen = sum(is_unseen(note) for page in pdf.pages for note in notes_on(page))
    if unseen:
        found.append("a remark without an appearance" if unseen == 1 else f"{unseen:,} remarks without an appearance")
    return found


def notes_on(page: pikepdf.Page) -> list[Any]:
    found: Any = page.get(Name.Annots, [])
    return [note for note in found if isinstance(note, Dictionary)] if isinstance(found, Array) else []


def is_signature(note: Any) -> bool:
    return note.get(Name.FT) == Name.Sig or note.get(Name.Parent, {}).get(Name.FT) == Name.Sig


def is_unseen(note: Any) -> bool:
    """A note that each reader draws in its own way, so that there is nothing to copy."""
    return note.get(Name.Subtype) not in (Name.Link, Name.Popup, Name.Widget) and Name.AP not in note


# --- our own documents -----------------------------------------------------------------------------------------------


def unsigned(pdf: Pdf) -> None:
    """Without what made it the signed original: a signature does not verify on a copy that has a number."""
    root = pdf.Root
    gone = set()
    for page in pdf.pages:
        kept = [note for note in notes_on(page) if not is_signature(note)]
        gone |= {note.objgen for note in notes_on(page) if is_signature(note)}
        if Name.Annots in page:
            page.Annots = pdf.make_indirect(Array(kept))
    for name in (Name.AcroForm, Name.DSS, Name.Perms, Name.AF):
        if name in root:
            del root[name]
    if "/EmbeddedFiles" in root.get(Name.Names, {}):
        del root.Names.EmbeddedFiles
    if Name.StructTreeRoot in root:
        unstructured(root.StructTreeRoot, gone)


def unstructured(tree: Any, gone: set) -> None:
    """The fields that are gone leave the structure, too."""

    def is_gone(element: Any) -> bool:
        content = element.get(Name.K) if isinstance(element, Dictionary) else None
        return isinstance(content, Dictionary) and Name.Obj in content and content.Obj.objgen in gone

    top = tree.K[0] if isinstance(tree.K, Array) else tree.K
    if isinstance(top.get(Name.K), Array):
        top.K = Array([element for element in top.K if not is_gone(element)])
    numbers = list(tree.ParentTree.Nums)
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    tree.ParentTree.Nums = Array([part for pair in pairs if not is_gone(pair[1]) for part in pair])


def with_strips(pdf: Pdf, order: dict[str, Any]) -> Pdf:
    """The same document with a number below each page."""
    unsigned(pdf)
    face = Face(pdf, order) if order["number"] else None
    for place, page in enumerate(pdf.pages):
        x0, y0, x1, y1 = box_of(page)
        scale = scale_of(x1 - x0)
        lower = y0 - STRIP * scale
        page.MediaBox = Array([x0, lower, x1, y1])
        if Name.CropBox in page:
            page.CropBox = page.MediaBox
        if face:
            page.contents_add(b"q\n", prepend=True)
            page.contents_add(b"Q\n" + face.number(place, right=x1, bottom=lower, scale=scale))
            face.use_on(page)
    return pdf


# --- all others ------------------------------------------------------------------------------------------------------


def pictured(pdf: Pdf, order: dict[str, Any]) -> Pdf:
    """A new document in which each page of the other is shown, and nothing else of it is."""
    pdf.flatten_annotations("all")
    copy = Pdf.new()
    copy.docinfo = copy.make_indirect(Dictionary(Title=order["title"]))
    if Name.OCProperties in pdf.Root:  # which of its layers are shown
        copy.Root.OCProperties = copy.copy_foreign(pdf.make_indirect(pdf.Root.OCProperties))
    face = Face(copy, order) if order["number"] else None
    for place, page in enumerate(pdf.pages):
        copy.pages.append(shown_on_new_page(copy, page, face, place))
    return copy


def shown_on_new_page(copy: Pdf, page: pikepdf.Page, face: Face | None, place: int) -> pikepdf.Page:
    shown = box_of(page)
    unit = unit_of(page)
    width, height, turned = upright(shown, rotation_of(page))
    scale = scale_of(width, unit)
    strip = STRIP * scale
    right = max(width, face.width(scale) if face else 0)
    form = page.as_form_xobject(handle_transformations=False)
    form.BBox, form.Matrix = Array(shown), Array([1, 0, 0, 1, 0, 0])
    matrix = " ".join(f"{part:.4f}" for part in (*turned[:5], turned[5] + strip))
    drawn = f"q {matrix} cm /Page Do Q\n".encode()
    new = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, right, height + strip]),
        Resources=Dictionary(XObject=Dictionary(Page=copy.copy_foreign(form))),
    )
    if unit != 1:
        new.UserUnit = unit
    if face:
        drawn += face.number(place, right=right, bottom=0, scale=scale)
    new.Contents = copy.make_stream(drawn)
    made = pikepdf.Page(copy.make_indirect(new))
    if face:
        face.use_on(made)
    return made


# --- the geometry of a page ------------------------------------------------------------------------------------------


def inherited(page: pikepdf.Page, name: str) -> Any:
    """An attribute of a page or of what it hangs from (ISO 32000-2, 7.7.3.4)."""
    node: Any = page.obj
    for _ in range(64):
        if not isinstance(node, Dictionary):
            return None
        if name in node:
            return node[name]
        node = node.get(Name.Parent)
    return None


def box_of(page: pikepdf.Page) -> Box:
    """What a reader shows of the page: its CropBox within its MediaBox."""
    media = box(inherited(page, "/MediaBox")) or US_LETTER
    crop = box(inherited(page, "/CropBox"))
    return (crop and within(crop, media)) or media


def box(value: Any) -> Box | None:
    """Corners in any order, as lower left and upper right; None for what is no rectangle."""
    try:
        x0, y0, x1, y1 = (float(part) for part in value)
    except (TypeError, ValueError):
        return None
    return sized((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))


def within(one: Box, other: Box) -> Box | None:
    return sized((max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])))


def sized(found: Box) -> Box | None:
    sides = found[2] - found[0], found[3] - found[1]
    return found if all(LEAST <= side <= LARGEST for side in sides) else None


def rotation_of(page: pikepdf.Page) -> int:
    """Degrees clockwise."""
    try:
        turned = int(inherited(page, "/Rotate") or 0) % 360
    except (TypeError, ValueError):
        return 0
    return turned if turned in (90, 180, 270) else 0


def unit_of(page: pikepdf.Page) -> float:
    """How many points one unit of the page is."""
    try:
        unit = float(page.obj.get("/UserUnit", 1))
    except (TypeError, ValueError):
        return 1
    return unit if 1 <= unit <= 1000 else 1


def upright(shown: Box, turned: int) -> tuple[float, float, tuple[float, ...]]:
    """Width and height of the page as a reader sees it, and the matrix that puts it there."""
    x0, y0, x1, y1 = shown
    width, height = x1 - x0, y1 - y0
    return {
        0: (width, height, (1, 0, 0, 1, -x0, -y0)),
        90: (height, width, (0, -1, 1, 0, -y0, x1)),
        180: (width, height, (-1, 0, 0, -1, x1, y1)),
        270: (height, width, (0, 1, -1, 0, y1, -x0)),
    }[turned]


def scale_of(width: float, unit: float = 1) -> float:
    """On a poster the number is as large as it would be on a page that is put on a screen as wide."""
    return max(1, width * unit / COMMON_WIDTH) / unit


# --- the number ------------------------------------------------------------------------------------------------------


class Face:
    """The typeface of the numbers, as our renderer has put it into a page on which each character stands once."""

    def __init__(self, pdf: Pdf, order: dict[str, Any]) -> None:
        self.first, self.digits = order["number"], order["digits"]
        self.before, self.after = order["before"], order["after"]
        with pikepdf.open("face.pdf") as source:
            [(_, font)] = source.pages[0].Resources.Font.items()
            self.font = pdf.copy_foreign(font)
            pairs = re.findall(rb"^<([0-9a-f]{4})> <([0-9a-f]{4})>$", font.ToUnicode.read_bytes(), re.MULTILINE)
            self.advance = float(font.DescendantFonts[0].W[1][0]) / 1000  # one for all: its characters are as wide
        self.codes = {chr(int(character, 16)): code for code, character in pairs}

    def width(self, scale: float) -> float:
        characters = len(self.before) + self.digits + len(self.after)
        return (characters * self.advance * TYPE_SIZE + 2 * MARGIN) * scale

    def number(self, place: int, *, right: float, bottom: float, scale: float) -> bytes:
        """Drawn outside of the document's structure, as page numbers are (ISO 32000-2, 14.8.2.2)."""
        text = f"{self.before}{self.first + place:0{self.digits}d}{self.after}"
        codes = b"".join(self.codes[character] for character in text).decode()
        x, y = right - self.width(scale) + MARGIN * scale, bottom + (STRIP - TYPE_SIZE) / 2 * scale
        drawn = f"q 0 0 0 rg BT /{FONT} {TYPE_SIZE * scale:.4f} Tf {x:.4f} {y:.4f} Td <{codes}> Tj ET Q"
        return f"/Artifact <</Type /Pagination /Subtype /Footer>> BDC {drawn} EMC\n".encode()

    def use_on(self, page: pikepdf.Page) -> None:
        resources = page.obj.get(Name.Resources) or inherited(page, "/Resources") or Dictionary()
        fonts = resources.get(Name.Font, Dictionary())
        fonts[f"/{FONT}"] = self.font
        resources.Font = fonts
        page.obj.Resources = resources


# --- one order -------------------------------------------------------------------------------------------------------


def copied(order: dict[str, Any]) -> dict[str, Any]:
    try:
        with opened(order) as pdf:
            lacking, pages = left_out(pdf), len(pdf.pages)
            copy = with_strips(pdf, order) if order["ours"] else pictured(pdf, order)
            # Ours stay as they were set: some streams are not compressed, so that their end is clear (pdf_worker).
            as_set = {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.none}
            copy.save("out.pdf", deterministic_id=True, **(as_set if order["ours"] else {}))
    except Refused as refused:
        return {"refused": str(refused)}
    except MemoryError:
        return {"refused": "it takes more memory than a copy may"}
    except OSError as error:
        return {"refused": f"its copy cannot be written ({error.strerror})"}
    except Exception as error:  # whatever a file is made of that trips a library, it is no copy
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return {"refused": "it cannot be read as a PDF"}
    return {"pages": pages, "left_out": lacking}


def bound(order: dict[str, Any]) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, order["memory"]),
        (resource.RLIMIT_CPU, order["seconds"]),
        (resource.RLIMIT_FSIZE, order["bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # what is too long to be written is an error instead
    sys.addaudithook(forbid)


def forbid(event: str, arguments: tuple) -> None:
    if event.startswith(FORBIDDEN_EVENTS):
        raise PermissionError(f"{event} is not for the copier")


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    bound(given)
    json.dump(copied(given), sys.stdout)
