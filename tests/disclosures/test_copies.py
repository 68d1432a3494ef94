"""Numbered copies of PDFs: what each page says, what a copy keeps, and what becomes of files that are made to hurt."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pypdfium2
import pytest

from apps.core import paper, pdf
from apps.disclosures.bates import copier, copies
from tests import paper as checks
from tests.disclosures import pdfs

NUMBERS = copies.Numbers(41, "NAI-", "-CONF")


def stamped(original: bytes, *, ours: bool = False, numbers: copies.Numbers = NUMBERS) -> bytes:
    with copies.stamped([original], ours=ours, title="NAI-0000041-CONF: copy", numbered=numbers) as copy:
        made = copy.file.read_bytes()
        assert copy.pages == checks.pages(made)
        return made


def left_out(original: bytes, *, ours: bool = False) -> tuple[str, ...]:
    with copies.rehearsed([original], ours=ours) as copy:
        return copy.left_out


def refusal(original: bytes) -> str:
    with pytest.raises(copies.NoCopy) as refused, copies.rehearsed([original], ours=False):
        pass
    return str(refused.value)


def texts(copy: bytes) -> list[str]:
    with pypdfium2.PdfDocument(copy) as opened:
        return [page.get_textpage().get_text_range() for page in opened]


def place_of_number(copy: bytes) -> tuple[float, float, float, float, float, float]:
    """Of the number on the first page as it is shown: left, bottom, right, top, and the page's width and height."""
    with pypdfium2.PdfDocument(copy) as opened:
        page = opened[0]
        text = page.get_textpage()
        at = text.search("NAI-").get_next()
        assert at
        boxes = [text.get_charbox(index) for index in range(at[0], at[0] + len("NAI-0000041-CONF"))]
        sides = list(zip(*boxes, strict=True))
        return min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3]), *page.get_size()


ODD = {
    "plain": {},
    "turned right": {"Rotate": 90},
    "upside down": {"Rotate": 180},
    "turned left": {"Rotate": -90},
    "turned by an odd angle": {"Rotate": 45},
    "a page within the sheet": {"CropBox": (100, 200, 400, 700)},
    "a page within the sheet, turned": {"CropBox": (100, 200, 400, 700), "Rotate": 270},
    "a crop beyond the sheet": {"CropBox": (-500, -500, 5000, 5000)},
    "a crop beside the sheet": {"CropBox": (1000, 1000, 2000, 2000)},
    "a negative origin": {"MediaBox": (-300, -400, 295, 442)},
    "corners the wrong way round": {"MediaBox": (595, 842, 0, 0)},
    "no room": {"MediaBox": (0, 0, 0, 0)},
    "narrow": {"MediaBox": (0, 0, 30, 842)},
    "a poster": {"MediaBox": (0, 0, 2384, 3370)},
    "larger units": {"UserUnit": 4},
    "nonsense": {"Rotate": pikepdf.String("around"), "MediaBox": (0, 0, "wide", "high"), "UserUnit": -3},
}


@pytest.mark.parametrize("attributes", ODD.values(), ids=ODD.keys())
def test_each_page_says_its_text_and_has_its_number_in_the_lower_right_corner(attributes):
    copy = stamped(pdfs.plain("What they wrote", 2, **attributes))
    for place, text in enumerate(texts(copy)):
        assert f"NAI-{41 + place:07d}-CONF" in text
        if attributes != ODD["narrow"]:
            assert f"What they wrote {place + 1}" in text
    left, bottom, right, top, width, height = place_of_number(copy)
    assert width / 2 < right < width or width < 120
    assert 0 < bottom < top < height / 4
    assert left > 0


def test_what_the_original_does_not_show_the_copy_does_not_show():
    """Neither beside the page nor in the strip of the number, however its content ends."""
    original = pdfs.written("Shown", 1, CropBox=(100, 200, 400, 700))
    page = original.pages[0]
    page.contents_add(b"Q Q Q 1 0 0 rg -9000 -9000 20000 9180 re f")  # all below the page is red
    copy = stamped(pdfs.saved(original))
    with pypdfium2.PdfDocument(copy) as opened:
        colours = opened[0].render(scale=1).to_pil().convert("RGB").getcolors(1 << 20)
    assert not any(red > 200 and blue < 100 for _, (red, _, blue) in colours)


def test_a_number_covers_nothing_of_the_page():
    """A page that is black to its edges is as large and as black in the copy; the number stands below it."""
    original = pdfs.written("Black", 1)
    original.pages[0].contents_add(b"0 g 0 0 595 842 re f")
    copy = stamped(pdfs.saved(original))
    with pypdfium2.PdfDocument(copy) as opened:
        picture = opened[0].render(scale=1).to_pil().convert("L")
    assert picture.size == (595, 842 + copier.STRIP)
    assert picture.crop((0, 0, 595, 842)).getextrema() == (0, 0)
    assert picture.crop((0, 843, 400, 842 + copier.STRIP)).getextrema() == (255, 255)


def read(item: Any) -> bytes:
    return bytes(item.read_bytes() if isinstance(item, pikepdf.Stream) else item.unparse())


def test_of_what_acts_a_copy_keeps_only_what_is_seen():
    original = pdfs.with_actions()
    copy = stamped(original)
    opened = checks.open_pdf(copy)
    assert set(opened.Root.keys()) == {"/Type", "/Pages"}
    assert set(opened.pages[0].keys()) == {"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"}
    plainly = b"".join(read(item) for item in opened.objects)
    for hidden in (b"app.alert", b"trap.example", b"INNER", b"JavaScript"):
        assert hidden not in plainly
    assert "Filled in by hand" in texts(copy)[0]
    assert left_out(original) == (
        "a file inside it",
        "scripts and actions",
        "a remark without an appearance",
    )


def letter(**options):
    html = (
        '<html lang="en"><head><title>Letter</title></head><body class="report"><h1>Letter</h1>'
        + '<p>To <a href="https://example.org/">whom it concerns</a>.</p>' * 90
        + "</body></html>"
    )
    made = datetime(2026, 5, 4, tzinfo=UTC)
    enclosed = pdf.Attachment("accounts.csv", "text/csv", b"account\r\n", "Accounts")
    return paper.to_pdf(html, sheet="report", title="Letter", created=made, attachments=[enclosed], **options)


def test_the_copy_of_a_letter_is_an_archive_and_accessible_without_signature_and_files():
    original = letter(signature_field=True, archive_field=True)
    copy = stamped(original, ours=True)
    assert checks.validate(original) == checks.validate(copy) == []
    assert checks.attachments(copy) == {}
    opened = checks.open_pdf(copy)
    assert b"/Sig" not in b"".join(item.unparse() for item in opened.objects)
    assert checks.links(copy) == checks.links(original)
    assert [f"NAI-{41 + n:07d}-CONF" in text for n, text in enumerate(texts(copy))] == [True] * checks.pages(original)
    assert left_out(original, ours=True) == ("its signature", "a file inside it")
    assert stamped(original, ours=True) == copy  # the same bytes, whoever makes it again


def test_the_copy_of_another_file_claims_to_be_no_archive():
    """It is taken apart and put together anew: what its original said of itself is not said of it."""
    copy = checks.open_pdf(stamped(letter()))
    assert "/Metadata" not in copy.Root
    assert "/MarkInfo" not in copy.Root
    assert str(copy.docinfo.Title) == "NAI-0000041-CONF: copy"


def test_who_cannot_be_copied_says_why():
    assert refusal(pdfs.encrypted("password")) == "it is encrypted and asks for a password"
    assert refusal(b"%PDF-1.7\nnothing of the kind") == "it cannot be read as a PDF"
    assert refusal(pdfs.without_pages()) == "it has no pages"
    assert refusal(b"") == "it cannot be read as a PDF"
    assert refusal(pdfs.plain(pages=copies.MOST_PAGES + 1)) == "it has more than 5,000 pages"


def test_what_only_its_owner_may_change_is_copied():
    assert "Secret 2" in texts(stamped(pdfs.encrypted("")))[1]


def test_hostile_files_end_the_copier_and_nothing_else():
    for hostile in (pdfs.endless_tree(), pdfs.bomb()):
        assert refusal(hostile) == "it cannot be read as a PDF"


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 0.99])
def test_half_a_file_is_copied_or_refused(cut):
    original = pdfs.plain(pages=20)
    try:
        copy = stamped(original[: int(len(original) * cut)])
    except copies.NoCopy:
        return
    assert all(f"NAI-{41 + place:07d}-CONF" in text for place, text in enumerate(texts(copy)))


def test_a_thousand_pages_have_a_thousand_numbers():
    found = texts(stamped(pdfs.plain(pages=1000), numbers=copies.Numbers(9_000, "ABCDEFGHI9-", "")))
    assert len(found) == 1000
    assert all(f"ABCDEFGHI9-{9_000 + place:07d}" in text for place, text in enumerate(found))


def test_the_copier_starts_no_program_and_reaches_no_network():
    for code in ("import socket; socket.socket()", "import subprocess; subprocess.run(['true'])"):
        script = f"import runpy; c = runpy.run_path({str(copies.COPIER)!r}); c['sys'].addaudithook(c['forbid']); {code}"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert "is not for the copier" in done.stderr
