"""What the campaign page asks for: the figures that are kept, and what lies behind them."""

from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.accounts.models import Identifier, Ring
from apps.alerts.models import AlertGroup
from apps.cases.campaign import figures
from apps.cases.models import CampaignFigures, Case

SHOWN = 40


def visible_rings(user) -> QuerySet[Ring]:
    return Ring.objects.all() if user.has_perm("accounts.view") else Ring.objects.none()


def rings_on_offer(user) -> QuerySet[Ring]:
    """Those that somebody may take accounts from, largest first."""
    return visible_rings(user).exclude(state=Ring.State.DISSOLVED).order_by("-size", "ref")


def unknown_references(refs: list[str]) -> list[str]:
    """Those of these that no account has."""
    if not refs:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT given.ref FROM unnest(%s::text[]) WITH ORDINALITY AS given (ref, at)"
            " WHERE NOT EXISTS (SELECT FROM accounts_account a WHERE a.ref = given.ref) ORDER BY at",
            [refs],
        )
        return [row[0] for row in cursor]


def campaign_figures(case: Case, *, by) -> tuple[CampaignFigures | None, bool]:
    """The figures that are kept, and whether they are of something else than what is there by now.

    Stale ones are asked for again, of a worker or, in a small case, at once; None while a worker computes the first.
    """
    kept, (present, accounts) = CampaignFigures.objects.filter(case=case).first(), figures.basis(case)
    if kept and kept.basis == present:
        return kept, False
    if accounts <= figures.AT_ONCE:
        return figures.draw(case), False
    with transaction.atomic():
        figures.ask(case, by=by, once=present)
    return kept, True


# --- behind the graph ------------------------------------------------------------------------------------------------


def inside_node(case: Case, node: str) -> dict[str, Any] | None:
    """What lies behind a node: `title`, `values` or `accounts` (at most 40), `total`; None for what is no node.

    Behind a ring its accounts, behind values of one kind the values, behind a value the accounts that hold it.
    """
    type_, _, rest = node.partition(":")
    params = {"case": case.pk, "kind": "", "value": "", "ring": ""}
    if type_ == "ring" and _is_ring(rest):
        return _accounts("Accounts of the ring", "m.ring = %(ring)s", params | {"ring": rest}, node)
    kind, _, value = rest.partition(":")
    if type_ == "value" and kind in Identifier.Kind.values:
        held = "EXISTS (SELECT FROM accounts_identifier i WHERE i.account_id = m.account_id AND i.kind = %(kind)s"
        title = f"Accounts that hold {Identifier.Kind(kind).label} {value[:6]}…"
        return _accounts(title, f"{held} AND i.value_hmac = %(value)s)", params | {"kind": kind, "value": value}, node)
    if type_ == "own" and _is_ring(kind) and value in Identifier.Kind.values:
        return _values(VALUES_OF_ONE, params | {"ring": kind, "kind": value}, node)
    if type_ == "more" and rest in Identifier.Kind.values:
        return _values(VALUES_OF_MANY, params | {"kind": rest}, node)
    return None


def _is_ring(text: str) -> bool:
    """A ring of its own, or none: what is drawn together cannot be told apart here."""
    if text == figures.NONE:
        return True
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _accounts(title: str, condition: str, params: dict[str, Any], node: str) -> dict[str, Any]:
    rows = _rows(
        f"WITH {figures.MEMBERS} SELECT a.id, a.ref, m.probability, count(*) OVER () FROM m"  # noqa: S608 - ours
        f" JOIN accounts_account a ON a.id = m.account_id WHERE {condition} ORDER BY a.ref LIMIT {SHOWN}",
        params,
    )
    accounts = [{"id": f"account:{ref}", "pk": pk, "ref": ref, "probability": p} for pk, ref, p, _ in rows]
    return {"title": title, "node": node, "accounts": accounts, "total": rows[0][-1] if rows else 0}


def _values(sql: str, params: dict[str, Any], node: str) -> dict[str, Any]:
    label = Identifier.Kind(params["kind"]).label
    rows = _rows(sql, params)
    values = [
        {"id": f"value:{params['kind']}:{value}", "label": f"{label} {value[:6]}…", "accounts": n}
        for value, n, _ in rows
    ]
    return {"title": f"{label}: shared values", "node": node, "values": values, "total": rows[0][-1] if rows else 0}


VALUES_OF_ONE = f"""
WITH {figures.MEMBERS} SELECT i.value_hmac, count(*), count(*) OVER () FROM m
JOIN accounts_identifier i ON i.account_id = m.account_id WHERE i.kind = %(kind)s
GROUP BY 1 HAVING count(*) > 1 AND bool_and(m.ring = %(ring)s) ORDER BY 2 DESC, 1 LIMIT {SHOWN}
"""  # noqa: S608 - ours
VALUES_OF_MANY = f"""
WITH {figures.MEMBERS} SELECT i.value_hmac, count(*), count(*) OVER () FROM m
JOIN accounts_identifier i ON i.account_id = m.account_id WHERE i.kind = %(kind)s
GROUP BY 1 HAVING count(DISTINCT m.ring) > 1 ORDER BY 2 DESC, 1 LIMIT {SHOWN}
"""  # noqa: S608 - ours


def touching_groups(case: Case) -> list[AlertGroup]:
    """Alert groups outside every case that name present members, each with `inside`: how many; most first."""
    rows = _rows(
        "SELECT g.group_id, count(*) FROM alerts_groupaccount g"  # noqa: S608 - ours
        " JOIN cases_caseaccount m ON m.account_id = g.account_id AND m.case_id = %(case)s AND m.excluded_at IS NULL"
        " JOIN alerts_alertgroup a ON a.id = g.group_id AND a.state NOT IN ('dismissed', 'merged')"
        " WHERE NOT EXISTS (SELECT FROM cases_casegroup c WHERE c.group_id = g.group_id)"
        f" GROUP BY 1 ORDER BY 2 DESC LIMIT {SHOWN}",
        {"case": case.pk},
    )
    found = AlertGroup.objects.in_bulk([pk for pk, _ in rows])
    for pk, inside in rows:
        found[pk].inside = inside  # type: ignore[attr-defined]
    return [found[pk] for pk, _ in rows]


def _rows(sql: str, params: dict[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
