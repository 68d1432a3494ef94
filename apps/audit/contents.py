"""The rows that a batch wrote, as they were, so that each can be shown as of any time.

Beside the manifest, and not hashed: a line of `to_jsonb(row)::text` for each digest, in the same order, compressed with
zstd (RFC 8878). The digest proves the line; without the line the digest still proves that a row was this one and no
other. So a line can be erased, which leaves it empty, and every proof stays valid.
"""

import sys
import threading
from collections.abc import Iterable, Iterator
from hashlib import sha256
from uuid import UUID

from django.db import connection

from apps.audit.models import Manifest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 1
ENTRY = 48  # of a manifest: 16 bytes of id and 32 of digest
ERASED = b""

_of_thread = threading.local()


def packed(text: bytes) -> bytes:
    """Making a compressor costs five times what a small text costs: each thread keeps one."""
    if (compressor := getattr(_of_thread, "compressor", None)) is None:
        compressor = _of_thread.compressor = zstd.ZstdCompressor(level=LEVEL)
    return compressor.compress(text, zstd.ZstdCompressor.FLUSH_FRAME)


class Broken(ValueError):
    """A content cannot be unpacked."""


def lines(content: bytes | memoryview) -> list[bytes]:
    """One for each entry of the manifest; jsonb writes no line breaks of its own. Raises Broken."""
    try:
        return zstd.decompress(bytes(content)).split(b"\n")
    except zstd.ZstdError as error:
        raise Broken(str(error)) from error


def entries(rows: bytes | memoryview) -> Iterator[tuple[UUID, bytes]]:
    """Id and digest of each row of a manifest."""
    data = bytes(rows)
    for at in range(0, len(data), ENTRY):
        yield UUID(bytes=data[at : at + 16]), data[at + 16 : at + ENTRY]


def place_of(rows: bytes | memoryview, row: UUID) -> int | None:
    """Where a manifest lists a row. Its entries are sorted by id, so that a few looks are enough."""
    data, low, high = bytes(rows), 0, len(rows) // ENTRY
    while low < high:
        middle = (low + high) // 2
        if data[middle * ENTRY : middle * ENTRY + 16] < row.bytes:
            low = middle + 1
        else:
            high = middle
    return low if data[low * ENTRY : low * ENTRY + 16] == row.bytes else None


def differing(rows: bytes | memoryview, content: bytes | memoryview) -> Iterator[tuple[UUID, bool]]:
    """The rows whose line is not the one that was digested, and whether it is gone. Raises ValueError when there are
    not as many lines as rows, and Broken."""
    for (row, digest), text in zip(entries(rows), lines(content), strict=True):
        if sha256(text).digest() != digest:
            yield row, text == ERASED


def erase(table: str, rows: Iterable[UUID]) -> list[list[str]]:
    """Empty the lines of some rows in every batch that wrote them.

    Returns what the event of the erasure has to say of it, or `verify_trail` will name the lines as lost: pairs of
    the batch's event and `table:row`, for its detail `erased`.
    """
    going = {row.bytes: row for row in rows}
    with connection.cursor() as cursor:
        cursor.execute(LISTED, [table, list(going)])
        return [
            [str(event_uuid), f"{table}:{row}"]
            for event_uuid, ordinal, ids in cursor.fetchall()
            for row in _empty(event_uuid, ordinal, [going[bytes(row)] for row in ids])
        ]


# Each list is unpacked once, however many rows are looked for. With something put behind it PostgreSQL holds the list
# in memory, instead of fetching it again for each row in it.
LISTED = (
    "SELECT m.event_uuid, m.ordinal, array_agg(substring(m.rows from n * 48 + 1 for 16)) FROM"
    " (SELECT event_uuid, ordinal, rows || ''::bytea AS rows FROM audit_manifest"
    "  WHERE table_name = %s AND content IS NOT NULL OFFSET 0) m"
    " CROSS JOIN generate_series(0, length(m.rows) / 48 - 1) n"
    " WHERE substring(m.rows from n * 48 + 1 for 16) = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2"
)


def _empty(event_uuid: UUID, ordinal: int, rows: list[UUID]) -> list[UUID]:
    """Empty the lines of these rows of one batch; returns them."""
    manifest = Manifest.objects.select_for_update(no_key=True).get(event_uuid=event_uuid, ordinal=ordinal)
    assert manifest.content is not None, "it was listed for having one"
    texts = lines(manifest.content)
    for row in rows:
        texts[place_of(manifest.rows, row)] = ERASED  # type: ignore[index] # it lists the row
    Manifest.objects.filter(pk=manifest.pk).update(content=packed(b"\n".join(texts)))
    return rows
