"""Files that were issued go out as they were issued, or not at all: each is measured just before it is used."""

import logging

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from apps.core import vault
from apps.core.http import file_response
from apps.core.pdf import PdfError
from apps.evidence import custody
from apps.evidence.models import StoredFile

log = logging.getLogger(__name__)

Outcome = StoredFile.Outcome


class NotWhole(PdfError):
    """The vault's file is not what was issued, or not there."""


def is_whole(sha256: str) -> bool:
    """Whether the vault holds what was issued. Damage is remembered, so that whoever watches the vault sees it."""
    measured = vault.measure(sha256)
    if measured != sha256:
        outcome = Outcome.DAMAGED if measured else Outcome.MISSING
        log.critical("the issued file %s is %s", sha256, outcome.label.lower())
        custody.remember(sha256, outcome)
    return measured == sha256


def read_whole(sha256: str) -> bytes:
    """The bytes that were issued. Raises NotWhole."""
    if not is_whole(sha256):
        raise NotWhole("The file in the vault is not what was issued. It goes out to nobody; see Evidence, Fixity.")
    return vault.read(sha256)


def whole_file(
    request: HttpRequest,
    sha256: str,
    *,
    filename: str,
    size: int,
    media_type: str = "application/pdf",
    otherwise: str = "evidence/not_whole.html",
) -> HttpResponseBase:
    """An issued file as a download, or the page `otherwise`, which says that it is damaged."""
    if not is_whole(sha256):
        return render(request, otherwise, {"filename": filename, "sha256": sha256}, status=500)
    return file_response(vault.chunks(sha256), filename=filename, media_type=media_type, size=size)
