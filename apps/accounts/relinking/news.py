"""What is new since the last run, and whom it touches: those who share something with it, and their rings."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Q

from apps.accounts import linkage
from apps.accounts.models import Identifier, LinkageRun, Tie

State = LinkageRun.State


def last_run() -> LinkageRun | None:
    """The last one that is done."""
    return LinkageRun.objects.filter(state=State.DONE).order_by("-number").first()


def youngest() -> UUID | None:
    """The identifier that was recorded last: their ids are in the order of their time."""
    return Identifier.objects.order_by("-id").values_list("pk", flat=True).first()


def is_any(since: LinkageRun) -> bool:
    """Whether somebody has a new identifier, or an edge was judged, since a run began."""
    return youngest() != since.newest or _ties(since).exists()


def _ties(since: LinkageRun):
    return Tie.objects.filter(Q(judged_at__gte=since.started_at) | Q(undone_at__gte=since.started_at))


# Each step is a look-up by index of what the step before found. A value that too many hold leads nowhere.
FRESH = "SELECT DISTINCT account_id FROM accounts_identifier WHERE %s::uuid IS NULL OR id > %s"
PLACED = """
    SELECT f.id, m.ring_id FROM unnest(%s::uuid[]) AS f (id)
    LEFT JOIN accounts_ringmember m ON m.account_id = f.id AND m.until_run_id IS NULL"""
NEAR = """
    WITH held AS MATERIALIZED (
        SELECT DISTINCT i.kind, i.value_hmac FROM unnest(%(accounts)s::uuid[]) AS f (id)
        CROSS JOIN LATERAL (SELECT kind, value_hmac FROM accounts_identifier WHERE account_id = f.id OFFSET 0) AS i
        WHERE i.kind = ANY(%(kinds)s)
        UNION SELECT * FROM unnest(%(tied)s::text[], %(hashes)s::text[])
    ), near AS MATERIALIZED (
        SELECT DISTINCT h.account_id FROM held
        CROSS JOIN LATERAL (
            SELECT array_agg(account_id) AS ids FROM (
                SELECT account_id FROM accounts_identifier
                WHERE kind = held.kind AND value_hmac = held.value_hmac LIMIT %(hub)s + 1
            ) AS first
        ) AS holders
        CROSS JOIN LATERAL unnest(holders.ids) AS h (account_id) WHERE cardinality(holders.ids) <= %(hub)s
    )
    SELECT near.account_id, m.ring_id FROM near
    LEFT JOIN accounts_ringmember m ON m.account_id = near.account_id AND m.until_run_id IS NULL"""
SMALLEST = """
    SELECT id FROM (
        SELECT id, sum(size) OVER (ORDER BY size, id) AS all_in_all FROM accounts_ring WHERE id = ANY(%s)
    ) AS r WHERE all_in_all <= %s"""
MEMBERS = "SELECT account_id FROM accounts_ringmember WHERE until_run_id IS NULL AND ring_id = ANY(%s)"

LOOKED_INTO = 1000  # accounts of known rings at most, so that a few new accounts never mean looking at a campaign anew


def touched(since: LinkageRun) -> list[UUID]:
    """Accounts to look at, ascending: those with new identifiers or judged edges, whoever outside rings hangs together
    with them over strong values, and all of the rings that were judged or are small.

    The other rings stand as they are, each as one row for all of its accounts, and may grow: only a look at everything
    takes them apart or joins two of them.
    """
    ties = list(_ties(since))
    values = sorted({(tie.kind, tie.value_hmac) for tie in ties if tie.value_hmac})
    with connection.cursor() as cursor:
        asked = {tie.account_id for tie in ties if tie.account_id}
        judged = _rows(cursor, PLACED, [list(asked)]) | _near(cursor, (), values)
        fresh = _ids(cursor, FRESH, [since.newest, since.newest])
        found = judged | _rows(cursor, PLACED, [list(fresh)])
        new, free = {account for account, _ in found}, _free(found)
        while new:
            near = _near(cursor, new, ())
            new = _free(near) - free
            found, free = found | near, free | new
        rings = {ring for _, ring in found if ring}
        whole = {ring for _, ring in judged if ring} | _ids(cursor, SMALLEST, [list(rings), LOOKED_INTO])
        return sorted(free | _ids(cursor, MEMBERS, [list(whole)]))


Placed = set[tuple[UUID, UUID | None]]  # an account, and the ring that it is in


def _free(placed: Placed) -> set[UUID]:
    return {account for account, ring in placed if ring is None}


def _near(cursor: CursorWrapper, accounts: Iterable[UUID], values: Sequence[tuple[str, str]]) -> Placed:
    """Whoever holds strong values of these accounts, or these values."""
    return _rows(
        cursor,
        NEAR,
        {
            "accounts": list(accounts),
            "kinds": list(linkage.STRONG),
            "tied": [kind for kind, _ in values],
            "hashes": [value for _, value in values],
            "hub": linkage.Settings().hub,
        },
    )


def _rows(cursor: CursorWrapper, sql: str, params: Any) -> Placed:
    cursor.execute(sql, params)
    return set(cursor.fetchall())


def _ids(cursor: CursorWrapper, sql: str, params: Any) -> set[UUID]:
    cursor.execute(sql, params)
    return {key for (key,) in cursor.fetchall()}
