"""The PDF renderer: its work conforms and is always the same, and nothing gets in but what was handed over."""

import os
import sys
import unicodedata
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import page
import pytest
from django.conf import settings

from apps.core import paper, pdf, typefaces
from tests import paper as on

CREATED = datetime(2026, 3, 19, 12, 30, tzinfo=UTC)
CASES = settings.BASE_DIR.parent / "shared" / "data" / "pdf-validator-cases"
STYLE = "html { font-family: 'Source Serif 4' } h1 { font-family: Inter }"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#123456"/></svg>'


def document(body: str, head: str = "") -> str:
    return (
        f"<!doctype html><html lang=en><head><title>Draft</title>{head}</head><body><h1>Notice</h1>{body}</body></html>"
    )


def render(body: str, *, head: str = "", css: str = "", **options) -> bytes:
    html = document(body, head)
    rules, fonts = typefaces.for_text(html)
    options["assets"] = {**fonts, **options.get("assets", {})}
    defaults = {"title": "Notice N-1", "identifier": b"0123456789abcdef", "created": CREATED}
    return pdf.render(html, css=[rules, STYLE, css], **{**defaults, **options})


# --- conformance -----------------------------------------------------------------------------------------------------


def test_is_an_archive_and_accessible_at_once():
    made = render(
        "<p>Text</p><ol><li>one</ol><table><thead><tr><th scope=col>a<tbody><tr><td>b</table>"
        "<img src='asset:x.svg' alt=x>",
        assets={"x.svg": SVG},
        attachments=[pdf.Attachment("facts.json", "application/json", b"{}", "The facts as data")],
    )
    assert on.validate(made) == []


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("PDF_A-3b/veraPDF_test_suite_6-8-t01-fail-a.pdf", page.ValidationProfile.PDF_A_3B),
        ("PDF_A-3b/veraPDF_test_suite_6-8-t02-fail-a.pdf", page.ValidationProfile.PDF_A_3B),
        ("PDF_UA-1/7.1-t01-fail-a.pdf", page.ValidationProfile.PDF_UA_1),
    ],
)
def test_the_validator_can_say_no(name, profile):
    if not CASES.is_dir():
        pytest.skip(f"the veraPDF corpus files are not at {CASES}")
    assert on.validate((CASES / name).read_bytes(), profile)


def test_a_picture_without_description_is_refused():
    with pytest.raises(pdf.PdfError, match="no required alt description"):
        render("<img src='asset:x.svg'>", assets={"x.svg": SVG})


def test_a_character_that_no_typeface_has_is_named():
    with pytest.raises(pdf.PdfError, match=r"U\+E000"):
        render("<p>private use: \ue000</p>")


def test_the_attachment_arrives_as_it_was():
    data = b'{"facts": ["\xc3\xa9"]}'
    made = render("<p>x</p>", attachments=[pdf.Attachment("facts.json", "application/json", data, "Facts", "Source")])
    assert on.attachments(made) == {"facts.json": data}
    opened = on.open_pdf(made)
    spec = opened.Root.AF[0]
    assert (spec.AFRelationship, spec.EF.F.Subtype) == ("/Source", "/application/json")


def test_a_stream_that_ends_in_a_carriage_return_is_no_riddle():
    data = next(data for n in range(5_000) if zlib.compress(data := f"attachment {n}".encode(), 9).endswith(b"\r"))
    made = render("<p>x</p>", attachments=[pdf.Attachment("a.txt", "text/plain", data, "A text")])
    assert on.validate(made) == []
    assert on.attachments(made) == {"a.txt": data}


def test_scripts_are_not_mixed_up():
    """Each script's letters come from a file of their own, all called by one name."""
    made = render("<p>Zoë, Łódź, Ελένη, Ἑλλάς, Нгуен, Đặng Thị Ngọc</p>")
    assert on.validate(made) == []
    assert len([name for name in on.typefaces(made) if name.startswith("Source-Serif")]) >= 5


NAMES = {
    "Arabic": "محمد شريف",
    "Arabic, with two letters drawn together": "علاء الدين عبد الله الأحمد",
    "Arabic, a company": "مؤسسة الإسلام للتجارة",
    "Persian": "پریسا فرهادی",
    "Urdu": "ٹیپو ڈھلوں",
    "Hebrew": "יעל כהן",
    "Han, simplified": "王晓明",
    "Han, traditional": "陳國榮",
    "Kana": "さくら カトウ",
    "Hangul": "김민준",
    "Armenian": "Անի Պետրոսյան",
    "Georgian": "ნინო ბერიძე",
}


@pytest.mark.parametrize("script", NAMES)
def test_a_name_in_any_of_these_scripts_stands_as_it_is_written(script):
    name = NAMES[script]
    assert typefaces.not_covered(name) == ""
    made = render(f"<p>4 Long Street, Springfield</p><p>{name}</p>")
    assert on.validate(made) == []
    assert len({face.partition("-")[0] for face in on.typefaces(made)}) == 3
    assert name in on.text(made).split("\n")


@pytest.mark.parametrize("name", ["مُحَمَّد", "خانۀ", "ۓ"])
def test_letters_and_marks_of_several_glyphs_are_of_another_typeface(name):
    """The whole word is: two typefaces would not join its letters."""
    made = render(f"<p>{name}</p>")
    assert on.validate(made) == []
    assert [face for face in on.typefaces(made) if face.startswith(("Amiri", "Vazirmatn"))] == [
        "Vazirmatn-Variable-vazirmatn-arabic"
    ]


def test_every_arabic_letter_conforms_wherever_it_stands_in_a_word():
    letters = [chr(code) for code in range(0x600, 0x780) if unicodedata.category(chr(code)) == "Lo"]
    arabic = [letter for letter in letters if not typefaces.not_covered(letter)]
    assert len(arabic) > 190
    of_one_glyph = [letter for letter in arabic if "Amiri" in typefaces.for_text(letter)[0]]
    assert set(arabic) - set(of_one_glyph) == {"ۀ", "ۓ"}
    made = render("".join(f"<p>{one} ب{one} {one}ب ب{one}ب</p>" for one in of_one_glyph))
    assert on.validate(made) == []


def test_a_script_whose_letters_are_made_of_several_glyphs_has_no_typeface():
    assert set("สมชา") <= set(typefaces.not_covered("To สมชาย"))


def test_an_unknown_relationship_is_refused_before_rendering():
    with pytest.raises(ValueError, match="Cousin"):
        pdf.Attachment("a", "text/plain", b"", "", "Cousin")


# --- the same bytes --------------------------------------------------------------------------------------------------


def test_same_input_same_bytes_in_another_process():
    first = render("<p>Always the same</p>")
    pdf._borrow().kill()
    assert render("<p>Always the same</p>") == first
    assert render("<p>Always the Same</p>") != first


def test_says_when_it_was_made_and_what_it_is_called():
    opened = on.open_pdf(render("<p>x</p>"))
    assert (opened.docinfo.Title, opened.docinfo.CreationDate) == ("Notice N-1", "D:20260319123000+00'00")


# --- nothing else gets in --------------------------------------------------------------------------------------------

SECRET = "the-secret-that-must-not-leave"
HOSTILE = {
    "image from a file": ("<img alt=x src='file://{file}'>", "", ""),
    "image from cloud metadata": ("<img alt=x src='http://169.254.169.254/latest/meta-data/'>", "", ""),
    "image by https": ("<img alt=x src='https://example.com/x.png'>", "", ""),
    "image by ftp": ("<img alt=x src='ftp://example.com/x.png'>", "", ""),
    "image from data": ("<img alt=x src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\"/>'>", "", ""),
    "relative image": ("<img alt=x src='../../etc/passwd'>", "", ""),
    "asset that was not handed over": ("<img alt=x src='asset:other.svg'>", "", ""),
    "attached file": ("", "<link rel=attachment href='file://{file}'>", ""),
    "attached by a link": ("<a rel=attachment href='file://{file}'>x</a>", "", ""),
    "attachment of the order": ("<img alt=x src='attachment:0'>", "", ""),
    "style sheet by link": ("", "<link rel=stylesheet href='file://{file}'>", ""),
    "style sheet by import": ("", "", "@import url(http://169.254.169.254/x.css);"),
    "background": ("<p class=x>x</p>", "", ".x {{ background: url(file://{file}) }}"),
    "list marker": ("<ul class=x><li>x</ul>", "", ".x {{ list-style-image: url('http://127.0.0.1/x') }}"),
    "generated content": ("<p class=x>x</p>", "", ".x::before {{ content: url(file://{file}) }}"),
    "object": ("<object data='file://{file}' type='image/png'>x</object>", "", ""),
    "embed": ("<embed src='file://{file}' type='image/png'>", "", ""),
    "svg in the page": (
        "<svg xmlns='http://www.w3.org/2000/svg'><title>x</title><image href='file://{file}'/></svg>", "", ""),
    "base address": ("<img alt=x src='x.png'>", "<base href='file:///etc/'>", ""),
}  # fmt: skip


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_document_cannot_reach_out(attack, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_text(SECRET)
    body, head, css = (part.format(file=secret) if "{" in part else part for part in HOSTILE[attack])
    # Not ignored in silence either: a reader of the letter would not know that something is missing.
    with pytest.raises(pdf.PdfError, match=r"asks for|Relative"):
        render(f"<p>x</p>{body}", head=head, css=css)


def test_a_picture_cannot_reach_out_either(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_text(SECRET)
    picture = SVG.replace(b"<rect", f'<image href="file://{secret}" width="9" height="9"/><rect'.encode())
    with pytest.raises(pdf.PdfRefused, match=r"secret\.png"):
        render("<img alt=x src='asset:x.svg'>", assets={"x.svg": picture})


def test_a_refusal_says_what_and_where():
    with pytest.raises(pdf.PdfRefused, match=r"file:///etc/passwd \(line 3 of the HTML\)"):
        render("<p>\n\n<img alt=x src='file:///etc/passwd'>")


def test_only_our_typefaces_are_embedded():
    made = render("<p style='font-family: Arial, sans-serif'>Arial</p><h1>Inter</h1><p>Serif</p>")
    assert {name.partition("-")[0] for name in on.typefaces(made)} == {"Inter", "Source"}


def test_the_renderer_inherits_no_environment(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", SECRET)
    renderer = pdf._Renderer()
    try:
        environment = Path(f"/proc/{renderer.process.pid}/environ").read_bytes()
        assert b"SECRET" not in environment
        assert b"DATABASE_URL" not in environment
    finally:
        renderer.kill()


# --- limits ----------------------------------------------------------------------------------------------------------


def test_takes_too_long_and_is_stopped():
    with pytest.raises(pdf.PdfLimit, match=r"longer than 0\.3 s"):
        render("<p>word " * 20_000, seconds=0.3)
    assert render("<p>the next one</p>")


def test_takes_too_much_memory_and_is_stopped():
    with pytest.raises(pdf.PdfLimit, match="120 MiB"):
        render("<p>word " * 20_000, memory=120 << 20)
    assert render("<p>the next one</p>")


# --- several of one kind ---------------------------------------------------------------------------------------------


def papers(*bodies: str) -> list[paper.Paper]:
    return [paper.Paper(document(body), f"Notice N-{number}", CREATED) for number, body in enumerate(bodies, 1)]


def test_a_document_among_others_is_the_same_file():
    several = papers("<p>Text</p>", "<p>Текст, κείμενο</p>", "<p>Text</p><p>More</p>", "<p>Other</p>")
    together = paper.to_pdfs(several, sheet="letter")
    alone = [paper.to_pdf(each.html, sheet="letter", title=each.title, created=CREATED) for each in several]
    assert together == alone
    assert [on.validate(made) for made in alone] == [[]] * 4


def test_attachments_stay_with_their_document():
    several = [
        paper.Paper(
            document("<p>Text</p>"),
            name,
            CREATED,
            attachments=[pdf.Attachment("facts.json", "application/json", f'{{"of": "{name}"}}'.encode(), "Facts")],
        )
        for name in ("one", "two")
    ]
    made = paper.to_pdfs(several, sheet="letter")
    assert [on.attached_json(each, "facts.json") for each in made] == [{"of": "one"}, {"of": "two"}]


def test_one_that_cannot_be_made_leaves_the_others_alone():
    several = papers("<p>Text</p>", "<img src='file:///etc/passwd' alt=x>", "<img src='asset:x.svg'>", "<p>Text</p>")
    first, refused, also_refused, last = paper.to_pdfs(several, sheet="letter")
    assert isinstance(first, bytes)
    assert isinstance(last, bytes)
    assert isinstance(refused, pdf.PdfRefused)
    assert "file:///etc/passwd" in str(refused)
    assert "asset:x.svg" in str(also_refused)


def test_one_that_takes_too_long_leaves_the_others_alone():
    endless = "".join(f"<tr><td>{number}" for number in range(60_000))  # minutes, on any machine
    html = [document("<p>Text</p>"), document(f"<table>{endless}</table>"), document("<p>Text</p>")]
    rules, fonts = typefaces.for_text(*html)
    documents = [pdf.Document(each, "N", bytes([number] * 16), CREATED) for number, each in enumerate(html)]
    first, slow, last = pdf.render_all(documents, css=[rules, STYLE], assets=fonts, seconds=4)
    assert isinstance(first, bytes)
    assert isinstance(slow, pdf.PdfLimit)
    assert "4 s" in str(slow)
    assert isinstance(last, bytes)


def test_a_dead_renderer_is_replaced_and_cleared_away():
    render("<p>x</p>")
    dead = list(pdf._idle)
    for renderer in dead:
        renderer.process.kill()
        renderer.process.wait()
    pdf._idle[:] = dead[-1:]
    assert render("<p>x</p>")
    assert not Path(dead[-1].directory).exists()
    for renderer in dead:
        renderer.kill()


def test_a_document_leaves_no_files_in_the_renderers_directory():
    pdf._close_idle()
    for text in ("one", "two"):
        render(f"<p>{text}</p>")
    (renderer,) = pdf._idle
    assert {path.name for path in Path(renderer.directory).iterdir()} == {"fonts.conf"}


def test_a_stuck_renderer_is_killed_from_outside():
    renderer = pdf._Renderer()
    os.kill(renderer.process.pid, 19)  # SIGSTOP: it can no longer keep its own time
    with pytest.raises(pdf.PdfLimit, match="stopped"):
        renderer.call({}, [], seconds=0.2)
    assert not renderer.alive()
    assert not Path(renderer.directory).exists()
    assert renderer.orders.closed
    assert renderer.answers.closed


def test_leaves_no_directory_behind():
    renderer = pdf._Renderer()
    assert Path(renderer.directory).is_dir()
    renderer.close_pipes()
    assert renderer.process.wait(timeout=10) == 0
    assert not Path(renderer.directory).exists()


# --- many at once ----------------------------------------------------------------------------------------------------


def test_threads_get_their_own_documents():
    names = ["one", "two", "three", "four"]
    expected = [render(f"<p>{name}</p>") for name in names]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda name: render(f"<p>{name}</p>"), names)) == expected
    assert len(pdf._idle) <= pdf.IDLE_RENDERERS


def test_a_forked_worker_does_not_share_the_pipe():
    expected = render("<p>child</p>")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the test runner has threads; a task worker forks without
        child = os.fork()
    if not child:
        same = render("<p>child</p>") == expected
        for renderer in pdf._idle:
            renderer.kill()
        os._exit(0 if same else 1)
    assert render("<p>parent</p>") != expected
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_typefaces_follow_the_text():
    _, latin = typefaces.for_text("plain")
    _, greek = typefaces.for_text("plain", "Ἑλλάς Ελλάδα")
    assert not [name for name in latin if "greek" in name]
    assert [name for name in greek if "greek" in name]
    assert set(latin) < set(greek)


def test_missing_typefaces_say_what_to_run(monkeypatch):
    monkeypatch.setattr(typefaces, "SCREEN", "vendor/nothing.css")
    typefaces._faces.cache_clear()
    typefaces._on_screen.cache_clear()
    with pytest.raises(typefaces.TypefacesMissing, match="npm ci"):
        typefaces.for_text("x")
    assert sys.executable  # the cache was left empty, so the next test reads the real sheet


def test_exponents_are_raised_in_text_and_left_alone_within_tags():
    html = '<p title="10⁻¹²">below 10⁻¹² of 10⁶ m²</p>'
    assert paper.raised(html) == '<p title="10⁻¹²">below 10<sup>−12</sup> of 10<sup>6</sup> m²</p>'
