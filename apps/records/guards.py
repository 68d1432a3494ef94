"""The hold in PostgreSQL: functions that its guards ask before anything is erased or deleted, by whatever path.

They follow from what the rooms registered in `reach`, so they are written after each migration, and `verify_trail`
holds them against this text. Without them the guards let nothing go.
"""

from typing import Any

import pgtrigger
from django.db import connection

from apps.audit.models import GUARD_FUNCTIONS, Guard
from apps.records import reach

SIGNATURES = {
    "records_reach": ("", "TABLE (holder_table text, holder_id uuid, held_table text, held_id uuid)"),
    "records_holds_on": ("of_table text, of_row uuid", "SETOF uuid"),
    "records_hold_over": ("of_table text, of_row uuid", "text"),
    "records_hold_over_value": ("of_subject text, of_event uuid", "text"),
    "records_held": ("", "TABLE (hold_id uuid, table_name text, row_id uuid)"),
}

HOLDS_ON = """
    WITH RECURSIVE over (table_name, row_id) AS (
        SELECT of_table, of_row
        UNION
        SELECT r.holder_table, r.holder_id FROM over o
        CROSS JOIN LATERAL (SELECT * FROM records_reach() r
                            WHERE r.held_table = o.table_name AND r.held_id = o.row_id) r
        WHERE r.holder_id IS NOT NULL
    )
    SELECT DISTINCT h.id FROM over o
    JOIN records_holdscope s ON s.table_name = o.table_name AND s.row_id = o.row_id
    JOIN records_legalhold h ON h.id = s.hold_id AND h.state <> 'released'"""

HOLD_OVER = """
    SELECT h.ref FROM records_legalhold h WHERE h.state <> 'released'
    AND h.id IN (SELECT records_holds_on(of_table, of_row)) ORDER BY h.ref LIMIT 1"""

# A value behind a commitment is held with its subject, and with what its event was about: the address from which
# somebody changed a held case is part of that case's record.
HOLD_OVER_VALUE = """
    SELECT coalesce(
        (SELECT records_hold_over(
            CASE split_part(of_subject, ':', 1) WHEN 'user' THEN 'staff_user' ELSE split_part(of_subject, ':', 1) END,
            split_part(of_subject, ':', 2)::uuid)
         WHERE split_part(of_subject, ':', 2) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
        (SELECT coalesce(records_hold_over('cases_case', e.case_id), records_hold_over(e.object_type, e.object_id))
         FROM audit_event e WHERE e.event_uuid = of_event))"""

HELD = """
    WITH RECURSIVE held (hold_id, table_name, row_id) AS (
        SELECT s.hold_id, s.table_name::text, s.row_id FROM records_holdscope s
        JOIN records_legalhold h ON h.id = s.hold_id AND h.state <> 'released'
        UNION
        SELECT o.hold_id, r.held_table, r.held_id FROM held o
        CROSS JOIN LATERAL (SELECT * FROM records_reach() r
                            WHERE r.holder_table = o.table_name AND r.holder_id = o.row_id) r
        WHERE r.held_id IS NOT NULL
    )
    SELECT hold_id, table_name, row_id FROM held"""


def functions() -> dict[str, str]:
    """Name -> body."""
    pairs = [
        f"SELECT '{holder}', p.holder, '{held}', p.held FROM ({sql}) p"  # noqa: S608 - our names
        for holder, held, sql in sorted(reach.REACH)
    ]
    return {
        "records_reach": "\n    " + "\n    UNION ALL ".join(pairs),
        "records_holds_on": HOLDS_ON,
        "records_hold_over": HOLD_OVER,
        "records_hold_over_value": HOLD_OVER_VALUE,
        "records_held": HELD,
    }


def announce() -> None:
    """Tell the trail what the functions say, so that it notices when the database has others."""
    GUARD_FUNCTIONS.update(functions())


def install(**_: Any) -> None:
    """Write the functions into the database, after a migration."""
    with connection.cursor() as cursor:
        for name, body in functions().items():
            takes, returns = SIGNATURES[name]
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {name}({takes}) RETURNS {returns} LANGUAGE sql STABLE AS $${body}$$"
            )


def refuse_held(name: str, condition: str) -> Guard:
    """A guard for a model of which a change, and not only a deletion, takes something away: an erasure, a disposal.
    `condition` is SQL over OLD and NEW."""
    return Guard(
        "audit_refuse_held",
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(condition),
    )
