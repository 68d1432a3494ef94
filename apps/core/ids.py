"""Identifiers: time-ordered UUIDs for rows, gap-free references for people."""

import os
import time
import uuid
from collections.abc import Iterator

from django.db import connection


def uuid7() -> uuid.UUID:
    """A version 7 UUID (RFC 9562, 5.7). Made here because PostgreSQL has `uuidv7()` only from 18 on."""
    return uuid7s(1)[0]


def uuid7s(number: int) -> list[uuid.UUID]:
    """So many of them, each greater than the one before: rows written together lie together in the index."""
    return [uuid.UUID(int=value) for value in _values(number)]


def uuid7_texts() -> Iterator[str]:
    """As many as are asked for, as text: for those who need thousands, at a third of the price."""
    while True:
        moment, random = f"{time.time_ns() // 1_000_000:012x}", os.urandom(64 * 10).hex()
        begin = f"{moment[:8]}-{moment[8:]}-7"
        parts = (random[at : at + 20] for at in range(0, len(random), 20))
        yield from sorted(f"{begin}{part[:3]}-{VARIANT[part[3]]}{part[4:7]}-{part[7:19]}" for part in parts)


VARIANT = {digit: "89ab"[at % 4] for at, digit in enumerate("0123456789abcdef")}  # its two upper bits are 10


def _values(number: int) -> list[int]:
    moment = (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | 0b10 << 62
    random = os.urandom(10 * number)
    parts = sorted(int.from_bytes(random[at : at + 10], "big") & (1 << 74) - 1 for at in range(0, len(random), 10))
    return [moment | (part >> 62) << 64 | part & (1 << 62) - 1 for part in parts]


def next_reference(kind: str, year: int, digits: int = 4) -> str:
    """The next number of a kind and year, e.g. `CASE-2026-0042`.

    Taken inside the caller's transaction: a number is given back when the transaction fails, so there are no holes,
    and two writers of the same kind wait for each other.
    """
    return f"{kind}-{year}-{_last_taken(kind, year, 1):0{digits}d}"


def next_numbers(kind: str, many: int) -> range:
    """The next numbers of a kind, one after the other; taken as references are, in a count that no year begins anew."""
    last = _last_taken(kind, 0, many)
    return range(last - many + 1, last + 1)


def _last_taken(kind: str, year: int, many: int) -> int:
    if not connection.in_atomic_block:
        raise RuntimeError("a reference is taken inside the transaction that uses it")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_counter (kind, year, value) VALUES (%s, %s, %s)"
            " ON CONFLICT (kind, year) DO UPDATE SET value = core_counter.value + excluded.value RETURNING value",
            [kind, year, many],
        )
        return int(cursor.fetchone()[0])
