"""What stands around the accounts that a run looks at: who else holds their values, and which rings these are in.

A value is rare or not among everybody, so that of the others as much is counted as that takes: of one that thousands
hold, no more than the first of them. Rings that are not looked at have one row each, for all of their accounts.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from apps.accounts import linkage
from apps.accounts.models import CommonValue, Link, Ring, RingMember, Tie
from apps.accounts.relinking.reading import ID, Input

COUNTED = 2000  # holders of a value at most; more is common in any population up to two million

# Values have numbers on the way, for what is sorted and joined by their hashes does not fit into memory.
OTHERS = """
    WITH inside AS MATERIALIZED (SELECT unnest(%(touched)s::uuid[]) AS id), named AS MATERIALIZED (
        SELECT DISTINCT i.kind, i.value_hmac FROM inside
        CROSS JOIN LATERAL (SELECT kind, value_hmac FROM accounts_identifier WHERE account_id = inside.id OFFSET 0) AS i
        WHERE i.kind = ANY(%(kinds)s)
    ), held AS MATERIALIZED (
        SELECT kind, value_hmac, row_number() OVER () AS value FROM named WHERE NOT EXISTS (
            SELECT FROM accounts_commonvalue c WHERE c.kind = named.kind AND c.prefix = left(named.value_hmac, 16)
        )
    ), others AS MATERIALIZED (
        SELECT held.value, o.account_id FROM held CROSS JOIN LATERAL (
            SELECT account_id FROM accounts_identifier
            WHERE kind = held.kind AND value_hmac = held.value_hmac LIMIT %(counted)s
        ) AS o
    ), counted AS (
        SELECT o.value, m.ring_id, count(*) AS accounts,
            count(*) FILTER (WHERE %(settled)s::timestamptz IS NULL OR a.opened_at < %(settled)s) AS settled
        FROM others o LEFT JOIN inside ON inside.id = o.account_id
        LEFT JOIN accounts_ringmember m ON m.account_id = o.account_id AND m.until_run_id IS NULL
        LEFT JOIN accounts_account a ON m.ring_id IS NULL AND a.id = o.account_id
        WHERE inside.id IS NULL GROUP BY 1, 2
    )
    SELECT kind, value_hmac, ring_id, accounts, settled FROM counted JOIN held USING (value)"""
POPULATION = """
    SELECT count(*), count(*) FILTER (WHERE %(settled)s::timestamptz IS NULL OR a.opened_at < %(settled)s)
    FROM accounts_account a WHERE NOT EXISTS (
        SELECT FROM accounts_ringmember m WHERE m.account_id = a.id AND m.until_run_id IS NULL
    ) AND a.id <> ALL(%(touched)s::uuid[])"""


def added(source: Input, touched: list[UUID], settled_before: float | None) -> Input:
    """The same accounts with what stands around them. `settled_before` is in days since 1970, of the last full run."""
    settled = None if settled_before is None else datetime.fromtimestamp(settled_before * 86400, UTC)
    params: dict[str, Any] = {
        "touched": [str(key) for key in touched],
        "kinds": list(linkage.KINDS),
        "counted": COUNTED,
        "settled": settled,
    }
    with connection.cursor() as cursor:
        cursor.execute(OTHERS, params)
        others = cursor.fetchall()
        cursor.execute(POPULATION, params)
        accounts, among_settled = cursor.fetchone()
    return _with_rings(_without_common(source), others, accounts, among_settled, settled_before)


def _without_common(source: Input) -> Input:
    """Nobody holds what is known to be common: nobody was counted for it."""
    evidence = source.evidence
    common = np.array(
        [
            (linkage.KINDS.index(kind), int(prefix, 16))
            for kind, prefix in CommonValue.objects.values_list("kind", "prefix")
        ],
        np.uint64,
    ).reshape(-1, 2)
    there = np.zeros(len(evidence.kind), bool)
    for kind in np.unique(common[:, 0]):
        there |= (evidence.kind == kind) & np.isin(evidence.key, common[common[:, 0] == kind, 1])
    keep = ~there[evidence.value]
    return replace(source, evidence=replace(evidence, holder=evidence.holder[keep], value=evidence.value[keep]))


def _with_rings(
    source: Input, others: list[tuple], accounts: int, among_settled: int, settled_before: float | None
) -> Input:
    evidence = source.evidence
    named = zip(evidence.kind.tolist(), evidence.key.tolist(), strict=True)
    values = {value: place for place, value in enumerate(named)}
    outside, settled = np.zeros(len(values), np.int64), np.zeros(len(values), np.int64)
    of_rings: dict[UUID, dict[int, int]] = defaultdict(dict)
    for kind, value_hmac, ring, count, count_settled in others:
        place = values.get((linkage.KINDS.index(kind), int(value_hmac[:16], 16)))
        if place is None:  # it came meanwhile
            continue
        if ring is None:
            outside[place], settled[place] = count, count_settled
        else:
            of_rings[ring][place] = count
    rings = sorted(of_rings)
    sizes = _sizes(rings)
    edges = [(row, place, count) for row, ring in enumerate(rings) for place, count in sorted(of_rings[ring].items())]
    first = len(evidence)
    rows, places, times = (
        np.array(column, np.int32) for column in (zip(*edges, strict=True) if edges else ([], [], []))
    )

    def with_rings(column: Any, value: Any) -> Any:
        return np.concatenate([column, np.full(len(rings), value, column.dtype)])

    whole = replace(
        evidence,
        accounts=np.vstack([evidence.accounts, np.full((len(rings), 16), 255, np.uint8)]),
        holder=np.concatenate([evidence.holder, first + rows]).astype(np.int32),
        value=np.concatenate([evidence.value, places]).astype(np.int32),
        opened=with_rings(evidence.opened, np.nan),
        trusted=with_rings(evidence.trusted, False),
        organisation=with_rings(evidence.organisation, -1),
        allowed=with_rings(evidence.allowed, False),
        stands_for=np.concatenate([np.ones(first), [sizes[ring] for ring in rings]]).astype(np.int32),
        times=np.concatenate([np.ones(len(evidence.holder)), times]).astype(np.int32),
        elsewhere=linkage.Elsewhere(accounts, among_settled, outside, settled, settled_before),
    )
    return replace(source, evidence=whole, rings=rings, known=_known(source, first + len(rings)))


def _sizes(rings: list[UUID]) -> dict[UUID, int]:
    return dict(Ring.objects.filter(pk__in=rings).values_list("pk", "size"))


def _known(source: Input, rows: int) -> np.ndarray:
    """Accounts that are in their ring by their rhythm stay tied to the first of its others: rhythms are compared at
    night, when all of them are at hand."""
    ids = source.evidence.accounts.view(ID).ravel()
    known = np.full(rows, -1, np.int64)
    inside = [UUID(bytes=bytes(key)) for key in source.evidence.accounts]
    cut = Tie.objects.filter(kind=Link.SYNCHRONY, verdict=Tie.Verdict.CUT, undone_at=None).values("account")
    found = RingMember.objects.filter(until_run=None, account__in=inside).exclude(account__in=cut)
    first: dict[UUID, UUID] = {}
    followers: dict[UUID, list[UUID]] = defaultdict(list)
    for account, ring, how in found.order_by("account_id").values_list("account_id", "ring_id", "how"):
        if how == RingMember.How.SYNCHRONY:
            followers[ring].append(account)
        else:
            first.setdefault(ring, account)
    for number, ring in enumerate(sorted(followers.keys() & first.keys())):
        for account in [first[ring], *followers[ring]]:
            known[np.searchsorted(ids, np.array(account.bytes, ID))] = number
    return known
