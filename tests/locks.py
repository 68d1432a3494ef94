"""What a test asks of the database's locks, to let two things happen at the same time without sleeping for luck."""

import time
from concurrent.futures import Future

from django.db import connection


def until_it_waits(work: "Future[None]") -> None:
    """Return when somebody in the test's database waits for a lock. Fails when the work ends without."""
    while not _somebody_waits():
        assert not work.done(), "it waited for nobody"
        time.sleep(0.01)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_locks WHERE NOT granted AND pid IN"
            " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
        )
        return cursor.fetchone() is not None
