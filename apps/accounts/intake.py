"""From a stream of bytes, from a browser or a program, to an import: at once where it is small, else by a worker."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.core.exceptions import ValidationError

from apps.accounts import actions
from apps.accounts.importing.files import GZIP, PARQUET, ZSTD
from apps.accounts.models import Import
from apps.core.problems import Refused

AT_ONCE = 4 * 1024 * 1024  # bytes that are written while the sender waits; compressed, an eighth of it
PACKED = 8
WAITING = 10  # imports of one sender that are not done


class KeyReused(Exception):
    """An idempotency key came again with another body."""


@dataclass(frozen=True)
class Receipt:
    """The import, and whether an earlier request had got this answer already."""

    record: Import
    is_replayed: bool = False


def take(
    *,
    kind: str,
    filename: str,
    chunks: Iterable[bytes],
    by: Any,
    format: str = "",
    idempotency_key: str | None = None,
) -> Receipt:
    """Take a file in. Raises ValidationError when it cannot be read, KeyReused, Refused and vault.TooLarge."""
    if earlier := _earlier(by, idempotency_key):
        return _again(earlier, chunks)
    if Import.objects.filter(imported_by=by.actor, finished_at=None).count() >= WAITING:
        raise Refused(
            429, "too_many_imports", f"{WAITING} imports of yours are not done yet: wait for one of them.", 30
        )
    head, rest = _head(iter(chunks))
    about: dict[str, Any] = {"kind": kind, "filename": filename, "format": format, "idempotency_key": idempotency_key}
    try:
        if rest is None:
            return Receipt(actions.import_records(stream=io.BytesIO(head), by=by, **about))
        return Receipt(actions.start_import(chunks=chain([head], rest), by=by, **about))
    except ValidationError as error:
        if error.message_dict if hasattr(error, "error_dict") else error.code != KEY_ONCE:
            raise
    earlier = _earlier(by, idempotency_key)
    assert earlier is not None, "the constraint says so"
    return _same(earlier, hashlib.sha256(head).hexdigest() if rest is None else earlier.sha256)


KEY_ONCE = "an_import_has_its_idempotency_key_once"


def _head(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes] | None]:
    """A small body, or the beginning of a large one and what follows."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) > AT_ONCE // (PACKED if head.startswith((GZIP, ZSTD, PARQUET)) else 1):
            return head, chunks
    return head, None


def _earlier(by: Any, key: str | None) -> Import | None:
    return Import.objects.filter(imported_by=by.actor, idempotency_key=key).first() if key is not None else None


def _again(earlier: Import, chunks: Iterable[bytes]) -> Receipt:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return _same(earlier, digest.hexdigest())


def _same(earlier: Import, sha256: str) -> Receipt:
    if earlier.sha256 != sha256:
        raise KeyReused(f"The idempotency key “{earlier.idempotency_key}” was used for another body: take a new one.")
    return Receipt(earlier, is_replayed=True)
