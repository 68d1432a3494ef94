"""When an alert was written, told so that a reader who follows along misses nothing.

Requests commit in another order than they began in: who has read up to 10:00:02 would never see what was stamped
10:00:01 and committed a moment later. So each writer shows, as an advisory lock that goes with its transaction, since
when it has been at work, and nobody is told of anything younger than the eldest of them.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection

from apps.core import prepared
from apps.core.prepared import Answer

TAG = 0x0A1E  # marks our locks among those of others: the upper bits, milliseconds below

STAMP = """
    WITH shown AS MATERIALIZED (
        SELECT pg_advisory_xact_lock_shared(
            %s::bigint << 48 | floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
        )
    ) SELECT clock_timestamp() FROM shown"""

# The inner query is asked for the row of the outer one, so that the clock is read before the locks are.
HORIZON = """
    WITH present AS MATERIALIZED (SELECT clock_timestamp() AS moment)
    SELECT moment, (
        SELECT min((classid::bigint & 65535) << 32 | objid::bigint) FROM pg_locks
        WHERE moment IS NOT NULL AND locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = %s
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND pid <> pg_backend_pid()
    ) FROM present"""


def stamp() -> Answer[datetime]:
    """The time for what the present transaction writes. It is taken once the lock is held: whoever does not see the
    lock has looked at the clock before."""
    return prepared.ask(lambda rows: rows[0][0], STAMP, [TAG])


def horizon() -> datetime:
    """Everything stamped before this is committed, or never will be. To be asked before the alerts are."""
    with connection.cursor() as cursor:
        cursor.execute(HORIZON, [TAG])
        moment, since = cursor.fetchone()
    return moment if since is None else min(moment, datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=since))
