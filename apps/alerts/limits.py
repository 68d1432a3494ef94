"""How much one key may send, and how much one process takes on at a time.

What a key has left is one row, shared by all web processes. A process takes requests from it for a quarter of a second
and counts them down by itself, so that a busy key costs four small updates a second and not one for each request.
A day's items are counted in the same updates: its limit holds to within what is sent in a quarter of a second.
"""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.alerts.models import Detector
from apps.core.problems import Refused

TERM = 0.25  # seconds for which a process takes requests at once
KEPT = 10_000  # keys that a process remembers


@dataclass
class Lease:
    """What this process took out of a key's row and has not used yet, and what it has still to tell the row."""

    requests: int = 0
    items: int = 0  # taken since the row was told
    ends: float = 0  # by the process's own clock
    refused: Refused | None = None


_leases: dict[UUID, Lease] = {}
_lock = Lock()


def admit(key: UUID, detector: Detector | None) -> None:
    """Let one request of a key in, by the limits of its detector, if it has one. Raises Refused."""
    with _lock:
        if len(_leases) > KEPT:
            _leases.clear()
        lease = _leases.setdefault(key, Lease())
        if time.monotonic() >= lease.ends or (not lease.requests and not lease.refused):
            _renew(key, lease, detector)
        if lease.refused:
            raise lease.refused
        lease.requests -= 1


def count(key: UUID, items: int) -> None:
    """Items of a request that was taken: the row is told with the next renewal."""
    with _lock:
        _leases.setdefault(key, Lease()).items += items


def _renew(key: UUID, lease: Lease, detector: Detector | None) -> None:
    rate = (detector and detector.requests_per_second) or settings.INTAKE_REQUESTS_PER_SECOND
    most = (detector and detector.items_per_day) or settings.INTAKE_ITEMS_PER_DAY
    wanted = max(0, max(1, int(rate * TERM)) - lease.requests)
    granted, left, items = _take(key, rate, wanted, lease.items)
    lease.requests, lease.items, lease.ends, lease.refused = lease.requests + granted, 0, time.monotonic() + TERM, None
    if items >= most:
        reason = f"This key sent {items:,} items today, and {most:,} a day are taken."
        lease.refused = Refused(429, "too_many_items", reason, _until_midnight())
    elif not lease.requests:
        reason = f"This key sends more than {rate:,} request{'s' if rate > 1 else ''} a second."
        lease.refused = Refused(429, "too_many_requests", reason, (1 - left) / rate)


# The clock is the database's, which is one for all processes.
TAKE = """
    WITH had AS (
        SELECT key_id,
            least(%(rate)s, requests + %(rate)s * extract(epoch FROM clock_timestamp() - refilled_at)) AS there
        FROM alerts_allowance WHERE key_id = %(key)s FOR UPDATE
    )
    UPDATE alerts_allowance a SET
        requests = there - least(%(wanted)s, floor(there)), refilled_at = clock_timestamp(),
        day = (clock_timestamp() AT TIME ZONE 'UTC')::date,
        items = %(items)s + CASE WHEN day = (clock_timestamp() AT TIME ZONE 'UTC')::date THEN items ELSE 0 END
    FROM had WHERE a.key_id = had.key_id
    RETURNING least(%(wanted)s, floor(there))::integer, a.requests, a.items"""
BEGIN = """
    INSERT INTO alerts_allowance (key_id, requests, refilled_at, day, items)
    VALUES (%(key)s, %(rate)s, clock_timestamp(), (clock_timestamp() AT TIME ZONE 'UTC')::date, 0)
    ON CONFLICT (key_id) DO NOTHING"""


def _take(key: UUID, rate: int, wanted: int, items: int) -> tuple[int, float, int]:
    """Take requests out of the key's row: how many it gave, what is left there, and the items of today."""
    values: dict[str, Any] = {"key": key, "rate": rate, "wanted": wanted, "items": items}
    with connection.cursor() as cursor:
        cursor.execute(TAKE, values)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(BEGIN, values)
            cursor.execute(TAKE, values)
            row = cursor.fetchone()
    return row


def _until_midnight() -> float:
    now = timezone.now()
    return 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)
