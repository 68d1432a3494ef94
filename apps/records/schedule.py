"""The retention schedule: for each class of record how long it is kept, from when, and what happens then.

Rooms add their rules in `keeping.py`. A rule does nothing until a person has confirmed what it would do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.audit import private
from apps.audit.ledger import Batch

RULES: dict[str, "Rule"] = {}

# Of `rows`: what a hold in force covers. Looked up once for all of them, where asking for each would take long.
HELD = "(SELECT table_name, row_id FROM records_held())"


@dataclass(frozen=True)
class Rule:
    """What becomes of a class of records. `rows` is what follows FROM, with `t` for the record and %(before)s for the
    time before which it is due; `key` tells one from another; `held` is true of those that a hold keeps."""

    slug: str
    record: str
    days: int
    since: str
    does: str
    rows: str
    key: str
    held: str
    carry_out: Callable[[Batch, Sequence[Any]], None]

    @property
    def terms(self) -> str:
        """The rule as a sentence, which a confirmation is about."""
        return f"{self.record}: kept for {self.days} days from {self.since}, then {self.does}."

    def before(self) -> datetime:
        return timezone.now() - timedelta(days=self.days)

    def counts(self, before: datetime) -> tuple[int, int]:
        """How many records are due and may go, and how many a hold keeps."""
        sql = f"SELECT count(*) FILTER (WHERE NOT {self.held}), count(*) FILTER (WHERE {self.held}) FROM {self.rows}"  # noqa: S608 - rules are ours
        with connection.cursor() as cursor:
            cursor.execute(sql, {"before": before})
            return cursor.fetchone()

    def next(self, before: datetime, limit: int) -> list[Any]:
        """The keys of the next records that are due and may go."""
        sql = f"SELECT {self.key} FROM {self.rows} AND NOT {self.held} ORDER BY 1 LIMIT %(limit)s"  # noqa: S608 - rules are ours
        with connection.cursor() as cursor:
            cursor.execute(sql, {"before": before, "limit": limit})
            return [row[0] if len(row) == 1 else row for row in cursor.fetchall()]


def held_with(table: str) -> str:
    """That a hold is on the row `t` of a table."""
    return f"((%(table)s, t.id) IN {HELD})".replace("%(table)s", f"'{table}'")


def rule(slug: str, **about: Any) -> None:
    RULES[slug] = Rule(slug, **about)


# --- records that belong to no room ----------------------------------------------------------------------------------


def _erase_addresses(batch: Batch, keys: Sequence[Any]) -> None:
    values = [(str(event), name) for event, name in keys]
    batch.details |= {"erased": [list(value) for value in values], "subjects": private.erase_values(values)}


def _drop_jobs(batch: Batch, keys: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_job WHERE id = ANY(%s)", [list(keys)])


rule(
    "addresses",
    record="Addresses from which people acted",
    days=400,
    since="the act",
    does="the address behind its commitment in the trail is erased",
    rows="audit_privatevalue t JOIN audit_event e ON e.event_uuid = t.event_uuid"
    " WHERE t.field = 'source_ip.new' AND e.occurred_at < %(before)s",
    key="t.event_uuid, t.field",
    held=f"(('cases_case', e.case_id) IN {HELD} IS TRUE OR (e.object_type, e.object_id) IN {HELD} IS TRUE"
    f" OR ('staff_user', substring(t.subject FROM '^user:(.*)$')::uuid) IN {HELD} IS TRUE)",
    carry_out=_erase_addresses,
)
rule(
    "jobs",
    record="Finished work of the background",
    days=90,
    since="its end",
    does="the row of the queue is deleted; what the work did stays in the trail",
    rows="core_job t WHERE t.finished_at < %(before)s",
    key="t.id",
    held="false",
    carry_out=_drop_jobs,
)
