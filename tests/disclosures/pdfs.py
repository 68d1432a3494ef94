"""PDFs as others send them: plain, odd and hostile ones, each as its bytes."""

import io
import zlib
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

A4 = (0, 0, 595, 842)


def plain(text: str = "What they wrote", pages: int = 1, **attributes: Any) -> bytes:
    """Each page says the text and its place."""
    return saved(written(text, pages, **attributes))


def written(text: str, pages: int, **attributes: Any) -> pikepdf.Pdf:
    pdf = pikepdf.Pdf.new()
    font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    for place in range(1, pages + 1):
        content = f"BT /F1 12 Tf 150 400 Td ({text} {place}) Tj ET"
        page = Dictionary(
            Type=Name.Page,
            MediaBox=Array(A4),
            Resources=Dictionary(Font=Dictionary(F1=font)),
            Contents=pdf.make_stream(content.encode()),
        )
        for name, value in attributes.items():
            page[f"/{name}"] = Array(value) if isinstance(value, tuple) else value
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return pdf


def saved(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    file = io.BytesIO()
    pdf.save(file, static_id=True, **options)
    return file.getvalue()


def encrypted(user: str) -> bytes:
    return saved(written("Secret", 2), encryption=pikepdf.Encryption(owner="owner", user=user))


def without_pages() -> bytes:
    return saved(pikepdf.Pdf.new())


def with_actions() -> bytes:
    """Scripts, a link, a file inside, a form that was filled in, and a note that readers draw themselves."""
    pdf = written("Acts", 1)
    script = Dictionary(S=Name.JavaScript, JS="app.alert('run')")
    pdf.Root.OpenAction = script
    pdf.Root.AA = Dictionary(WC=script)
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array(["run", script])))
    pdf.attachments["inner.txt"] = b"INNER FILE"
    page = pdf.pages[0]
    page.AA = Dictionary(O=script)
    picture = pdf.make_stream(b"BT /F1 12 Tf 2 4 Td (Filled in by hand) Tj ET")
    picture.update(
        {
            "/Type": Name.XObject,
            "/Subtype": Name.Form,
            "/BBox": Array([0, 0, 200, 20]),
            "/Resources": page.Resources,
        }
    )
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T="name",
            V="Filled in by hand",
            Rect=Array([100, 600, 300, 620]),
            AP=Dictionary(N=picture),
            F=4,
        )
    )
    link = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Link,
        Rect=Array([0, 0, 99, 99]),
        A=Dictionary(S=Name.URI, URI="https://trap.example/"),
    )
    note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([9, 9, 30, 30]), Contents="A remark")
    page.Annots = Array([field, pdf.make_indirect(link), pdf.make_indirect(note)])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
    return saved(pdf)


def bomb(megabytes: int = 1600) -> bytes:
    """Contents in two parts, which have to be put together, of so many megabytes each when unpacked."""
    packer, parts = zlib.compressobj(9), []
    for _ in range(megabytes):
        parts.append(packer.compress(b" " * (1 << 20)))
    packed = b"".join([*parts, packer.flush()])
    pdf = written("Bomb", 1)
    stream = pikepdf.Stream(pdf, packed)
    stream.Filter = Name.FlateDecode
    stream = pdf.make_indirect(stream)
    pdf.pages[0].obj.Contents = Array([stream, pdf.pages[0].obj.Contents, stream])
    return saved(pdf)


def endless_tree() -> bytes:
    """Pages that hang from themselves."""
    pdf = written("Loop", 1)
    pdf.Root.Pages.Kids = Array([pdf.Root.Pages, *pdf.Root.Pages.Kids])
    return saved(pdf)
