"""The process that turns HTML into PDF. Started by apps.core.pdf as a script; it imports nothing of casemgr.

It loads the renderer once and then forks for each order, so an order costs no start-up, meets no trace of the one
before, and dies alone when it takes too long or too much memory. An order is of one document, or of several that share
style sheets and typefaces. Frames on stdin and stdout are a length, a JSON header and the blobs that the header
announces.
"""

import gc
import json
import logging
import os
import resource
import shutil
import signal
import struct
import sys
import tempfile
import warnings
from datetime import datetime
from functools import partial
from typing import IO

# Only typefaces handed over with the document: what is installed on a machine must not change what a letter looks like.
FONTCONFIG = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>
<cachedir>{directory}/cache</cachedir>
</fontconfig>"""
SIGNATURE_FIELD = "Signature"
ARCHIVE_FIELD = "Archive time stamp"
DESCRIBED = {
    SIGNATURE_FIELD: "Signature of the sender, without a picture",
    ARCHIVE_FIELD: "Time stamp over the document and its signature, without a picture",
}
FORBIDDEN_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "ftplib.", "urllib.")


# --- frames ----------------------------------------------------------------------------------------------------------


def write_frame(stream: IO[bytes], header: dict, blobs: list[bytes]) -> None:
    head = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    stream.write(struct.pack("!Q", len(head)) + head)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict, list[bytes]]:
    """Raises EOFError when the other side is gone."""
    header = json.loads(_exactly(stream, *struct.unpack("!Q", _exactly(stream, 8))))
    return header, [_exactly(stream, size) for size in header.pop("blobs")]


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


# --- the documents of one order --------------------------------------------------------------------------------------


def render_all(order: dict, blobs: list[bytes]) -> tuple[list[dict], list[bytes]]:
    """For each document nothing, or what is wrong with it (`kind`, `error`); and the files of the others."""
    sheets = Sheets(order, blobs)
    remaining = iter(blobs[len(order["assets"]) :])
    answers: list[dict] = []
    files: list[bytes] = []
    for document in order["documents"]:
        files_of_it = {f"asset:{name}": next(remaining) for name in document["assets"]}
        attached = [next(remaining) for _ in document["attachments"]]
        signal.setitimer(signal.ITIMER_REAL, order["seconds"])
        try:
            files.append(sheets.render(document, files_of_it, attached))
            answers.append({})
        except Refused as error:
            answers.append({"kind": "refused", "error": str(error)})
        except Fault as error:
            answers.append({"kind": "fault", "error": str(error)})
    return answers, files


class Sheets:
    """The style sheets and typefaces of an order, read once."""

    def __init__(self, order: dict, blobs: list[bytes]) -> None:
        from weasyprint.text.fonts import FontConfiguration

        self.sources = order["css"]
        self.assets = {f"asset:{name}": blob for name, blob in zip(order["assets"], blobs, strict=False)}
        self.fonts = FontConfiguration()
        self.read: list = []

    def render(self, document: dict, assets: dict[str, bytes], attached: list[bytes]) -> bytes:
        """The PDF of one document. Raises Refused or Fault with a sentence for the person who sees it."""
        from weasyprint.urls import FatalURLFetchingError

        if not any("@font-face" in text for text in self.sources):
            raise Fault("The document brings no typefaces: add the rules and assets of apps.core.typefaces.for_text.")
        refusals: list[str] = []
        fetcher = self.handed_over(document, {**self.assets, **assets}, attached, refusals)
        problems = Problems()
        logging.getLogger("weasyprint").addHandler(problems)
        try:
            pdf = self.typeset(document, fetcher)
        except FatalURLFetchingError:
            pdf = b""
        finally:
            logging.getLogger("weasyprint").removeHandler(problems)
        if refusals:  # the library turns some of them into a log line, and sets the rest of the page
            self.read = []
            raise Refused(refusals[0])
        problems.raise_first()
        return pdf

    def typeset(self, document: dict, fetcher) -> bytes:
        from weasyprint import CSS, HTML, Attachment

        if not self.read:
            self.read = [CSS(string=text, url_fetcher=fetcher, font_config=self.fonts) for text in self.sources]
        html = HTML(string=document["html"], url_fetcher=fetcher)
        pages = html.render(font_config=self.fonts, stylesheets=self.read)
        created = datetime.fromisoformat(document["created"])
        pages.metadata = conforming(pages.metadata, title=document["title"], created=document["created"])
        return pages.write_pdf(
            pdf_variant="pdf/a-3a",
            pdf_identifier=bytes.fromhex(document["identifier"]),
            finisher=partial(with_signature_fields, document["signature_fields"]),
            attachments=[
                Attachment(
                    url=f"attachment:{number}",
                    url_fetcher=fetcher,
                    name=item["name"],
                    description=item["description"],
                    relationship=item["relationship"],
                    created=created,
                    modified=created,
                )
                for number, item in enumerate(document["attachments"])
            ],
        )

    def handed_over(self, document: dict, assets: dict[str, bytes], attached: list[bytes], refusals: list[str]):
        """A fetcher that knows the assets and this document's attachments, and nothing else in the world."""
        from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

        types = [item["media_type"] for item in document["attachments"]]
        known = {name: ("application/octet-stream", blob) for name, blob in assets.items()}
        known |= {f"attachment:{number}": pair for number, pair in enumerate(zip(types, attached, strict=True))}
        offered = [name for name in assets if not name.endswith(".ttf")]

        class HandedOver(URLFetcher):
            def fetch(self, url, headers=None):
                if url not in known:
                    refusals.append(
                        f"The document asks for {url[:200]}{where(url)}. That is refused: a document may only use "
                        f"what is handed over with it, by the name asset:<name>. Handed over were: "
                        f"{', '.join(offered) or 'nothing'}."
                    )
                    raise FatalURLFetchingError
                media_type, body = known[url]
                if url.endswith(".svg"):
                    media_type = "image/svg+xml"
                return URLFetcherResponse(url, body, {"Content-Type": media_type})

        def where(url: str) -> str:
            return _where(url, document["html"], self.sources)

        return HandedOver()


def _where(url: str, html: str, css: list[str]) -> str:
    """Where the address stands, or nothing when it is written differently there."""
    sources = [("the HTML", html)]
    sources += [(f"style sheet {number}", text) for number, text in enumerate(css, 1)]
    for name, text in sources:
        if (position := text.find(url)) >= 0:
            return f" (line {text.count(chr(10), 0, position) + 1} of {name})"
    return ""


class Refused(Exception):
    """The document asked for something that was not handed over with it."""


class Fault(Exception):
    """The document cannot be set as it is."""


class Problems(logging.Handler):
    """What the renderer would only log: a picture without description, a character without a glyph, a dead link."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno >= logging.ERROR or ".notdef glyph" in text:
            self.errors.append(text)
        else:
            print(text, file=sys.stderr)

    def raise_first(self) -> None:
        if self.errors:
            raise Fault("The document cannot be set: " + "; ".join(dict.fromkeys(self.errors[:5])))


def conforming(metadata, *, title: str, created: str):
    """Metadata that declare PDF/A-3a and PDF/UA-1 at once, uncompressed so that every validator agrees."""
    from weasyprint.pdf.metadata import NS, DocumentMetadata

    class Both(DocumentMetadata):
        def include_in_pdf(self, pdf, variant, version, conformance, compress):
            super().include_in_pdf(pdf, variant, version, conformance, compress=False)

        def generate_rdf_metadata(self, variant, version, conformance):
            rdf = super().generate_rdf_metadata(variant, version, conformance)
            return rdf.replace(b"</rdf:RDF>", UA_SCHEMA.encode() + b"</rdf:RDF>")

    assert "pdfuaid" in NS
    return Both(**{**vars(metadata), "title": title, "created": created})


def with_signature_fields(names: list[str], document, pdf) -> None:
    """Empty signature fields on the last page, without a picture, tagged as forms and with a description (ISO 14289-1,
    7.18): whoever signs or stamps fills one, and has nothing to add to the structure."""
    import pydyf

    if fields := [_signature_field(pdf, name) for name in names]:
        pdf.catalog["AcroForm"] = pydyf.Dictionary({"Fields": pydyf.Array(fields), "SigFlags": 1})


def _signature_field(pdf, name: str) -> bytes:
    """The reference of a new field, which is in the structure and on the page."""
    import pydyf

    root = _at(pdf, pdf.catalog["StructTreeRoot"])
    parents, top = _at(pdf, root["ParentTree"])["Nums"], _at(pdf, root["K"][0])
    page = pdf.page_references[-1]
    field = pydyf.Dictionary(
        {
            "Type": "/Annot",
            "Subtype": "/Widget",
            "FT": "/Sig",
            "T": pydyf.String(name),
            "TU": pydyf.String(DESCRIBED[name]),
            "Rect": pydyf.Array([0, 0, 0, 0]),
            "F": 132,  # to be printed, and not to be moved
            "P": page,
            "StructParent": parents[-2] + 1,
        }
    )
    pdf.add_object(field)
    content = pydyf.Dictionary({"Type": "/OBJR", "Obj": field.reference, "Pg": page})
    form = pydyf.Dictionary({"Type": "/StructElem", "S": "/Form", "P": top.reference, "K": content})
    pdf.add_object(form)
    top["K"].append(form.reference)
    parents.extend([parents[-2] + 1, form.reference])
    _at(pdf, page).setdefault("Annots", pydyf.Array()).append(field.reference)
    return field.reference


def _at(pdf, reference: bytes):
    """The object of a reference such as `12 0 R`."""
    return pdf.objects[int(reference.split()[0])]


def end_streams_clearly() -> None:
    """A compressed stream whose last byte happens to be a carriage return, before the line feed that follows every
    stream, reads like one that ends a byte earlier. Such a stream (1 in 256) is written uncompressed."""
    import pydyf

    written = pydyf.Stream.data.fget

    def data(self):
        result = written(self)
        if self.compress and result.endswith(b"\r\nendstream"):
            self.compress = False
            result = written(self)
        return result

    pydyf.Stream.data = property(data)


# PDF/A wants every foreign property declared; this declares, then states, PDF/UA part 1 (ISO 14289-1, 5).
UA_SCHEMA = """<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1"/>
<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"
 rdf:about=""><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 to which the file conforms</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""


# --- a process for each order ----------------------------------------------------------------------------------------


def in_child(order: dict, blobs: list[bytes], result: IO[bytes]) -> None:
    """Render under limits, leave the answer in `result`, and end this process."""
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_forbid)
    try:
        answers, files = render_all(order, blobs)
        write_frame(result, {"made": answers}, files)
    except (MemoryError, SystemError):  # the second is what a C library makes of the first
        write_frame(result, {"kind": "limit", "error": f"The document is too large. {too_much_memory(order)}"}, [])
    except Exception as error:  # whatever it is, the parent waits to hear of it
        write_frame(result, {"kind": "fault", "error": f"The renderer failed: {type(error).__name__}: {error}"}, [])
    os._exit(0)


def _forbid(event: str, arguments: tuple) -> None:
    if event.startswith(FORBIDDEN_EVENTS):
        raise PermissionError(f"{event} is not for the renderer")


def too_much_memory(order: dict) -> str:
    return f"It may use {order['memory'] >> 20} MiB of memory, and needs more: move long tables to an attachment."


def answer(order: dict, blobs: list[bytes], output: IO[bytes]) -> None:
    with tempfile.TemporaryFile() as result:
        status = os.waitstatus_to_exitcode(run_child(order, blobs, result))
        result.seek(0)
        if status == 0:
            shutil.copyfileobj(result, output)
            output.flush()
        elif status == -signal.SIGALRM:
            sentence = f"The document took longer than {order['seconds']:g} s and was stopped."
            write_frame(output, {"kind": "limit", "error": sentence}, [])
        else:
            write_frame(output, {"kind": "limit", "error": f"The renderer died. {too_much_memory(order)}"}, [])


def run_child(order: dict, blobs: list[bytes], result: IO[bytes]) -> int:
    """The child's wait status. It ends without clearing up, so what it writes lies in a directory that goes with it."""
    with tempfile.TemporaryDirectory() as directory:
        child = os.fork()
        if not child:
            tempfile.tempdir = directory
            in_child(order, blobs, result)
        return os.waitpid(child, 0)[1]


# A little of everything that our documents are made of.
SPECIMEN = {
    "html": (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A specimen</title></head><body><h1>A</h1>'
        '<div style="display: flex"><p>One <a href="https://specimen.example">two</a></p></div>'
        '<table><thead><tr><th scope="col">B</th></tr></thead><tbody><tr><td>C</td></tr></tbody></table>'
        '<img alt="D" src="asset:specimen.svg"></body></html>'
    ),
    "title": "A specimen",
    "identifier": "00" * 16,
    "created": "2026-01-01T00:00:00+00:00",
    "signature_fields": [SIGNATURE_FIELD],
    "assets": [],
    "attachments": [{"name": "a.json", "media_type": "application/json", "description": "E", "relationship": "Data"}],
}
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><path d="M0 0h1v1z"/></svg>'


def warm_up(typefaces: dict, blobs: list[bytes]) -> None:
    """Load before the first fork what every document needs, by setting one of our own. What is there by then stays out
    of the garbage collector's way, which would look at all of it again and again in each child, and so copy it."""
    warnings.filterwarnings("ignore", message="No fonts configured")  # they come with each document
    import pyphen

    end_streams_clearly()
    if blobs:
        Sheets(typefaces, blobs).render(SPECIMEN, {"asset:specimen.svg": DRAWING}, [b"{}"])
    for language in ("en-GB", "en-US"):
        pyphen.Pyphen(lang=pyphen.language_fallback(language))
    gc.collect()
    gc.freeze()


def serve(directory: str) -> None:
    os.chdir(directory)
    configuration = os.path.join(directory, "fonts.conf")
    with open(configuration, "w", encoding="utf-8") as file:
        file.write(FONTCONFIG.format(directory=directory))
    os.environ.update(HOME=directory, TMPDIR=directory, XDG_CACHE_HOME=directory, FONTCONFIG_FILE=configuration)
    tempfile.tempdir = directory
    warm_up(*read_frame(sys.stdin.buffer))
    # Printing by a library must not end up between two frames.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    write_frame(output, {"directory": directory}, [])
    while True:
        try:
            order, blobs = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        answer(order, blobs, output)


if __name__ == "__main__":
    directory = tempfile.mkdtemp(prefix="casemgr-pdf-")
    try:
        serve(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
