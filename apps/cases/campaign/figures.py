"""What the campaign page shows, computed from members, rings, identifiers and activity in a few statements.

    {"numbers": {...}, "rings": [...], "days": [...], "activity": [[...]], "active": [...], "hours": [[...]],
     "kinds": [...], "matrix": [[...]], "nodes": [...], "edges": [...], "countries": [...], "alerts": {...}}

Kept in one row a case (CampaignFigures) with `basis`, a hash of what it was computed from: the page compares it with
what is there by now and says so when something changed. Days and hours are UTC. An identifier is named by the beginning
of its keyed hash alone; nothing here says what it is.
"""

import hashlib
import time
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.accounts.models import Identifier
from apps.cases.campaign import graph
from apps.cases.models import CampaignFigures, Case, CaseAccount
from apps.core import jobs
from apps.core.ids import uuid7

AT_ONCE = 2000  # members of a case whose figures take less time than asking a worker for them
RINGS = 12  # with a row and a colour of their own; what is smaller is one row together
OTHER, NONE = "other", ""  # instead of the id of a ring: all the smaller rings, and accounts that are in no ring
COUNTRIES = 12
HOURS = 24

MEMBERS = """m AS MATERIALIZED (
    SELECT c.account_id, coalesce(r.ring_id::text, '') AS ring, r.probability
    FROM cases_caseaccount c
    LEFT JOIN accounts_ringmember r ON r.account_id = c.account_id AND r.until_run_id IS NULL
    WHERE c.case_id = %(case)s AND c.excluded_at IS NULL)"""


def basis(case: Case) -> tuple[str, int]:
    """A hash of what the figures are computed from, and how many accounts are in the case: who they are, the last
    linkage run, judgements of rings, the last import, and how many alerts its groups have. One statement."""
    found = _one(BASIS, case)
    return hashlib.sha256(repr(found).encode()).hexdigest(), found[0]


BASIS = """
SELECT count(*), bit_xor(uuid_hash_extended(account_id, 0)), max(added_at),
    (SELECT max(number) FROM accounts_linkagerun WHERE state = 'done'),
    (SELECT max(judged_at) FROM accounts_ring),
    (SELECT max(imported_at) FROM accounts_import),
    (SELECT sum(g.alert_count) FROM cases_casegroup c JOIN alerts_alertgroup g ON g.id = c.group_id
        WHERE c.case_id = %(case)s)
FROM cases_caseaccount WHERE case_id = %(case)s AND excluded_at IS NULL
"""


def ask(case: Case, *, by, once: str = "") -> None:
    """Ask a worker to compute them after the commit; of what has the same `once`, once."""
    jobs.after_commit("cases.draw_campaign", f"{case.pk}/{once or uuid7()}", by=by)


def ask_ahead(case: Case, *, by) -> None:
    """Have them computed before somebody opens the page, where that takes a while."""
    present = CaseAccount.objects.filter(case=case, excluded_at=None).order_by()
    if present[: AT_ONCE + 1].count() > AT_ONCE:
        ask(case, by=by)


def draw(case: Case) -> CampaignFigures:
    """Compute the figures and keep them."""
    started, (present, _) = time.monotonic(), basis(case)
    found = compute(case)
    row, _ = CampaignFigures.objects.update_or_create(
        case=case,
        defaults={
            "basis": present,
            "figures": found,
            "computed_at": timezone.now(),
            "seconds": round(time.monotonic() - started, 3),
        },
    )
    return row


def compute(case: Case) -> dict[str, Any]:
    rings = _rings(case)
    place = {ring["id"]: at for at, ring in enumerate(rings)}
    activity, totals = _activity(case, rings, place)
    held = _held(case)
    return {
        "rings": rings,
        "numbers": _numbers(rings) | totals,
        **activity,
        **_infrastructure(held, rings, place),
        **graph.build(_nodes_of(held, place), rings),
        "countries": _countries(case),
        "came": [[how, n, since.isoformat()] for how, n, since in _rows(CAME, case)],
        "alerts": {stage: [alerts, groups] for stage, alerts, groups in _rows(STAGES, case)},
    }


# --- rings and activity ----------------------------------------------------------------------------------------------


def _rings(case: Case) -> list[dict[str, Any]]:
    """Largest first: `id`, `ref`, `state`, `size` (of the whole ring), `accounts` (in the case), `wrongful`."""
    found = [
        {"id": key, "ref": ref, "state": state, "size": size, "accounts": n, "wrongful": wrong}
        for key, ref, state, size, n, wrong in _rows(RINGS_OF, case)
    ]
    inside = [ring for ring in found if ring["id"] != NONE]
    shown, rest = inside[:RINGS], inside[RINGS:]
    if rest:
        sums = {name: sum(ring[name] for ring in rest) for name in ("size", "accounts", "wrongful")}
        shown.append({"id": OTHER, "ref": f"{len(rest)} smaller rings", "state": ""} | sums)
    return shown + [ring | {"ref": "in no ring", "state": "", "wrongful": None} for ring in found if ring["id"] == NONE]


RINGS_OF = f"""
WITH {MEMBERS} SELECT m.ring, coalesce(r.ref, ''), coalesce(r.state, ''), coalesce(r.size, 0), count(*),
    sum(1 - m.probability)
FROM m LEFT JOIN accounts_ring r ON r.id::text = m.ring GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 2
"""  # noqa: S608 - ours


def _activity(case: Case, rings: list[dict], place: dict[str, int]) -> tuple[dict[str, Any], dict[str, Any]]:
    """By day and ring and by hour of the week; and in all. Each account is active once a day, with whatever models."""
    rows = _rows(ACTIVITY, case)
    if not rows:
        none: dict[str, Any] = {"queries": None, "input_tokens": None, "output_tokens": None, "models": []}
        return {"days": [], "activity": [], "active": [], "hours": [], "hours_known": 0}, none
    days = _days(min(row[1] for row in rows), max(row[1] for row in rows))
    at = {day: n for n, day in enumerate(days)}
    activity, active = [[0] * len(days) for _ in rings], [0] * len(days)
    hours = [[0] * HOURS for _ in range(7)]
    for ring, day, _, queries, _, _, *by_hour in rows:
        activity[place.get(ring, place.get(OTHER, 0))][at[day]] += int(queries)
        week = hours[day.weekday()]
        for hour, value in enumerate(by_hour):
            week[hour] += int(value or 0)
    for day, accounts in _rows(ACTIVE, case):
        active[at[day]] = accounts
    shown = {
        "days": [day.isoformat() for day in days],
        "activity": activity,
        "active": active,
        "hours": hours,
        "hours_known": sum(map(sum, hours)),
    }
    queries, tokens_in, tokens_out = (int(sum(row[column] for row in rows)) for column in (3, 4, 5))
    models = sorted({row[2] for row in rows})
    return shown, {"queries": queries, "input_tokens": tokens_in, "output_tokens": tokens_out, "models": models}


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


# Sums alone, so that PostgreSQL need not sort the days with all their hours.
ACTIVITY = f"""
WITH {MEMBERS} SELECT m.ring, a.day, a.model, sum(a.queries), sum(a.input_tokens), sum(a.output_tokens),
    {", ".join(f"sum(a.by_hour[{hour + 1}])" for hour in range(HOURS))}
FROM m JOIN accounts_activity a ON a.account_id = m.account_id GROUP BY 1, 2, 3
"""  # noqa: S608 - ours
ACTIVE = f"""
WITH {MEMBERS} SELECT day, count(*) FROM (
    SELECT DISTINCT a.account_id, a.day FROM m JOIN accounts_activity a ON a.account_id = m.account_id
) AS once GROUP BY 1
"""  # noqa: S608 - ours


def _numbers(rings: list[dict]) -> dict[str, Any]:
    probable = [ring for ring in rings if ring["wrongful"] is not None]
    return {
        "accounts": sum(ring["accounts"] for ring in rings),
        "in_rings": sum(ring["accounts"] for ring in probable),
        "wrongful": sum(ring["wrongful"] for ring in probable) if probable else None,
    }


# Each account once before countries are counted: two sums that are joined are joined row by row where PostgreSQL does
# not know yet how many members a new case has, which took a minute.
COUNTRIES_OF = f"""
WITH {MEMBERS}, done AS (
    SELECT a.id, a.country, sum(d.queries) AS queries FROM m JOIN accounts_account a ON a.id = m.account_id
    LEFT JOIN accounts_activity d ON d.account_id = a.id WHERE a.country <> '' GROUP BY 1, 2
)
SELECT country, count(*), coalesce(sum(queries), 0)::bigint FROM done GROUP BY 1 ORDER BY 2 DESC, 1
"""  # noqa: S608 - ours
CAME = """
SELECT added_how, count(*), min(added_at) FROM cases_caseaccount
WHERE case_id = %(case)s AND excluded_at IS NULL GROUP BY 1 ORDER BY 3
"""
STAGES = """
SELECT a.stage, count(*), count(DISTINCT a.group_id) FROM cases_casegroup c
JOIN alerts_alert a ON a.group_id = c.group_id WHERE c.case_id = %(case)s GROUP BY 1
"""


def _countries(case: Case) -> list[list[Any]]:
    return [list(row) for row in _rows(COUNTRIES_OF, case)[:COUNTRIES]]


# --- infrastructure --------------------------------------------------------------------------------------------------

Held = list[tuple[str, str, str, int]]  # kind, value, ring, accounts of the ring that hold it


def _held(case: Case) -> Held:
    """Values that two or more members share, and how many accounts of each ring hold them."""
    return _rows(HELD, case)


HELD = f"""
WITH {MEMBERS}, held AS (
    SELECT i.kind, i.value_hmac, m.ring, count(*) AS n FROM m
    JOIN accounts_identifier i ON i.account_id = m.account_id GROUP BY 1, 2, 3)
SELECT kind, value_hmac, ring, n FROM (
    SELECT held.*, sum(n) OVER (PARTITION BY kind, value_hmac) AS total FROM held) h
WHERE total > 1 ORDER BY kind, value_hmac, ring
"""  # noqa: S608 - ours


def _infrastructure(held: Held, rings: list[dict], place: dict[str, int]) -> dict[str, Any]:
    """Rings down, kinds of identifiers across: how many values a ring shares, and how often they are held in it."""
    shared = {row[0] for row in held}
    kinds = [kind for kind in Identifier.Kind.values if kind in shared]
    across = {kind: n for n, kind in enumerate(kinds)}
    matrix = [[[0, 0] for _ in kinds] for _ in rings]
    for kind, _, ring, accounts in held:
        cell = matrix[place.get(ring, place.get(OTHER, 0))][across[kind]]
        cell[0] += 1
        cell[1] += accounts
    return {"kinds": [[kind, str(Identifier.Kind(kind).label)] for kind in kinds], "matrix": matrix}


def _nodes_of(held: Held, place: dict[str, int]) -> Held:
    """With the smaller rings taken together, as they are shown."""
    together: dict[tuple[str, str, str], int] = {}
    for kind, value, ring, accounts in held:
        key = (kind, value, ring if ring in place else OTHER)
        together[key] = together.get(key, 0) + accounts
    return [(*key, accounts) for key, accounts in together.items()]


# --- SQL -------------------------------------------------------------------------------------------------------------


def _rows(sql: str, case: Case) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"case": case.pk})
        return cursor.fetchall()


def _one(sql: str, case: Case) -> tuple:
    return _rows(sql, case)[0]
