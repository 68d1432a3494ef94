"""What is added to a document that is never written anew: revisions after its end (ISO 32000-2, 7.5.6)."""

from collections.abc import Callable
from io import BytesIO
from itertools import chain, count

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import enumerate_sig_fields

STAMPED_BYTES = 2 * 24 * 1024  # in hex: certificates, signature, and a time stamp with its own certificates


class Revision(IncrementalPdfFileWriter):
    """Leaves the metadata as they are: rewritten, they would lose the declaration of PDF/UA that PDF/A asks for."""

    def _update_meta(self) -> None:
        pass


def filling(pdf: bytes, field: str) -> Revision:
    """A new revision of a document that has this signature field, still empty. Raises ValueError."""
    revision = Revision(BytesIO(pdf))
    if field not in [name for name, _, _ in enumerate_sig_fields(revision, filled_status=False)]:
        raise ValueError(f"The document has no empty signature field of the name {field}.")
    return revision


def appended(pdf: bytes, make: Callable[[int | None], bytes], reserved: int | None) -> bytes:
    """The document with the revision that is made with so many bytes kept for its signature, or with others, and so
    other places in its table, until the table ends clearly."""
    sizes = chain([reserved], count(STAMPED_BYTES + 2, 2))
    return next(made for size in sizes if not ends_unclearly((made := make(size))[len(pdf) :]))


def ends_unclearly(added: bytes) -> bool:
    """Whether a compressed stream ends in a carriage return, as one in 256 does: before the line feed that follows it,
    it reads like a stream that ends a byte earlier."""
    return b"\r\nendstream" in added
