"""Identifiers: time-ordered UUIDs for rows, gap-free references for people."""

import os
import time
import uuid

from django.db import connection


def uuid7() -> uuid.UUID:
    """A version 7 UUID (RFC 9562, 5.7). Made here because PostgreSQL has `uuidv7()` only from 18 on."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (random >> 64 & 0xFFF) << 64 | 0b10 << 62 | (random & (1 << 62) - 1)
    return uuid.UUID(int=value)


def next_reference(kind: str, year: int, digits: int = 4) -> str:
    """The next number of a kind and year, e.g. `CASE-2026-0042`.

    Taken inside the caller's transaction: a number is given back when the transaction fails, so there are no holes,
    and two writers of the same kind wait for each other.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a reference is taken inside the transaction that uses it")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_counter (kind, year, value) VALUES (%s, %s, 1)"
            " ON CONFLICT (kind, year) DO UPDATE SET value = core_counter.value + 1 RETURNING value",
            [kind, year],
        )
        return f"{kind}-{year}-{cursor.fetchone()[0]:0{digits}d}"
