"""Runs of the linkage: begun by a person or by the clock, searched by a worker, written in one transaction.

What was searched is kept in a file until it is written, so that a worker that is killed repeats one step of the two.
Rings change all at once: nobody sees half of a run.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from apps.accounts.models import Link, LinkageRun, Ring, RingMember
from apps.accounts.relinking import news, results
from apps.accounts.relinking.results import Difference, Edge, Identity, Known, KnownEdge, Member, Result
from apps.accounts.relinking.searching import Searched
from apps.audit import ledger
from apps.audit.action import action
from apps.core import jobs, vault
from apps.core.arrays import plain, quoted
from apps.core.ids import next_reference, uuid7, uuid7_texts

Scope, State = LinkageRun.Scope, LinkageRun.State
SEARCHING = "Reading what accounts share, and looking for rings"
WRITING = "Writing rings, their members and edges"


@action
def start_linkage(*, scope: str = Scope.FULL, by) -> LinkageRun:
    """Begin to look for rings, among all accounts or around what is new. Raises ValidationError while a run is under
    way, or when there is nothing yet that could be new."""
    if scope == Scope.NEW and news.last_run() is None:
        raise ValidationError("All accounts have to be looked at once before only new ones can be.")
    run = ledger.create(
        LinkageRun,
        number=(LinkageRun.objects.aggregate(n=Max("number"))["n"] or 0) + 1,
        scope=scope,
        stage=SEARCHING,
        asked_by=by.actor,
        started_at=timezone.now(),
    )
    jobs.after_commit("accounts.link", f"{run.pk}/search", by=by)
    return run


@action
def stop_linkage(run: LinkageRun, *, reason: str, by) -> None:
    """Stop a run: rings stay as they are. Once it writes it is waited for."""
    ledger.change(run, state=State.STOPPED, ended_at=timezone.now(), stopped_why=reason.strip(), stage="")


@action
def keep_found(run: LinkageRun, *, searched: Searched, by) -> None:
    """Keep what a search found until it is written, and say what it was found in."""
    ledger.change(
        run,
        settings=searched.settings,
        input_sha256=searched.input_sha256,
        newest=searched.newest,
        accounts=searched.accounts,
        identifiers=searched.identifiers,
        held=vault.hold(searched.content),
        stage=WRITING,
    )
    jobs.after_commit("accounts.link", f"{run.pk}/{run.held}", by=by)


@action
def write_rings(run: LinkageRun, *, by) -> None:
    """Make the rings on record those that the run found, and say what that changed. A ring keeps its reference as long
    as most of it is there. Raises Missing when the file with what was found is gone."""
    result = results.unpack(vault.held(run.held))
    anew = result.touched is None
    known = _known(result.touched)
    identity = results.identify(known, result.members, len(result.measures), result.rings)
    with ledger.batch(run) as rows:
        names, ids = _write_rings(rows, run, identity, result, known)
        now = [Member(one.account, ids[one.ring], *one[2:]) for one in result.members]
        members = results.of_members(known, now, anew=anew)
        _write_members(rows, run, members)
        edges = results.of_edges(
            _known_edges(result.touched, {row.ring for row in known}),
            [Edge(one.account, ids[one.ring], *one[2:]) for one in result.edges],
            anew=anew,
            inside={(one.account, one.ring) for one in now},
        )
        _write_edges(rows, run, edges)
        changes = results.counted(identity, members, known, names)
        rows.details |= {name: value for name, value in changes.items() if name != "rings"}
    if anew:
        _keep_common(result.common)
    transaction.on_commit(partial(vault.let_go, run.held))
    ledger.change(run, state=State.DONE, ended_at=timezone.now(), changes=changes, stage="", held="")
    jobs.wake("linkage")


def _known(touched: list[str] | None) -> list[Known]:
    return [Known(*row) for row in _rows(KNOWN, touched)]


def _known_edges(touched: list[str] | None, rings: set[str]) -> list[KnownEdge]:
    return [KnownEdge(*row) for row in _rows(KNOWN_EDGES, touched) if touched is None or row[2] in rings]


def _rows(sql: str, touched: list[str] | None) -> list[tuple]:
    """Rows that are so now, of all accounts or of some."""
    where, params = ("", []) if touched is None else (" AND account_id = ANY(%s::uuid[])", [plain(touched)])
    with connection.cursor() as cursor:
        cursor.execute(f"{sql}{where} ORDER BY id", params)
        return cursor.fetchall()


# Ids as text: an object for each of hundreds of thousands costs more than to fetch them.
KNOWN = """
    SELECT id::text, account_id::text, ring_id::text, how, probability
    FROM accounts_ringmember WHERE until_run_id IS NULL"""
KNOWN_EDGES = """
    SELECT id::text, account_id::text, ring_id::text, kind, value_hmac, family, members, background_rate, weight
    FROM accounts_link WHERE until_run_id IS NULL"""


def _write_rings(
    rows: ledger.Batch, run: LinkageRun, identity: Identity, result: Result, known: list[Known]
) -> tuple[dict[Any, str], dict[int, str]]:
    """References by id and, for new rings, by number; and the ids of all found rings by number."""
    on_record = {row.ring for row in known} | set(identity.same.values())
    before = {str(ring.pk): ring for ring in Ring.objects.filter(pk__in=map(UUID, on_record))}
    names: dict[Any, str] = {key: ring.ref for key, ring in before.items()}
    sizes = Counter(one.ring for one in result.members)
    ids = dict(identity.same)
    fresh = []
    for number in identity.new:
        ids[number], names[number] = str(uuid7()), next_reference("RING", run.started_at.year)
        fresh.append(_ring(ids[number], names[number], run, sizes[number], result.measures[number]))
    rows.insert(Ring, fresh)
    told = [_told(before[old], number, sizes[number], result) for number, old in identity.same.items()]
    rows.run(
        Ring,
        "UPDATE accounts_ring SET size = n.size, measures = n.measures, last_run_id = %s"
        " FROM jsonb_to_recordset(%s) AS n (id uuid, size integer, measures jsonb)"
        " WHERE accounts_ring.id = n.id"
        " AND (accounts_ring.size, accounts_ring.measures) IS DISTINCT FROM (n.size, n.measures)",
        [run.pk, json.dumps(told)],
    )
    gone = [{"id": old, "home": ids[new] if new is not None else None} for old, new in identity.gone.items()]
    rows.run(
        Ring,
        "UPDATE accounts_ring SET state = 'dissolved', size = 0, went_into_id = n.home, last_run_id = %s"
        " FROM jsonb_to_recordset(%s) AS n (id uuid, home uuid) WHERE accounts_ring.id = n.id",
        [run.pk, json.dumps(gone)],
    )
    return names, ids


def _told(ring: Ring, number: int, size: int, result: Result) -> dict[str, Any]:
    """How a ring on record is described now. One that was not looked into has grown, at most; and one of which no
    account came or went is described by the run that looked at everything."""
    measures = result.measures[number]
    if number in result.rings:
        size, measures = ring.size + size, ring.measures
    elif result.touched is not None:
        kept = {name: ring.measures.get(name) for name in measures if name.startswith("synchrony")}
        measures = ring.measures if size == ring.size else measures | kept
    return {"id": str(ring.pk), "size": size, "measures": measures}


def _ring(key: str, ref: str, run: LinkageRun, size: int, measures: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": key,
        "ref": ref,
        "state": Ring.State.FOUND.value,
        "size": size,
        "measures": measures,
        "first_run_id": str(run.pk),
        "last_run_id": str(run.pk),
        "went_into_id": None,
        "judged_by_id": None,
        "judged_at": None,
        "judged_why": "",
    }


ENDED = "UPDATE {} SET until_run_id = %s WHERE id = ANY(%s::uuid[])"


def _write_members(rows: ledger.Batch, run: LinkageRun, members: Difference) -> None:
    if members.ended:
        rows.run(RingMember, ENDED.format(RingMember._meta.db_table), [run.pk, members.ended])
    if members.changed:
        rows.run(
            RingMember,
            "UPDATE accounts_ringmember SET how = n.how, probability = n.probability"
            " FROM unnest(%s::uuid[], %s::text[], %s::float8[]) AS n (id, how, probability)"
            " WHERE accounts_ringmember.id = n.id",
            [list(column) for column in zip(*members.changed, strict=True)],
        )
    if members.added:
        accounts, rings, how, probability = zip(*members.added, strict=True)
        rows.copy(RingMember, _since(run, accounts, rings) | {"how": how, "probability": probability})


def _since(run: LinkageRun, accounts: Sequence[str], rings: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Columns that members and edges have in common."""
    return {
        "id": list(islice(uuid7_texts(), len(accounts))),
        "account_id": accounts,
        "ring_id": rings,
        "since_run_id": [str(run.pk)] * len(accounts),
        "until_run_id": [None] * len(accounts),
    }


def _write_edges(rows: ledger.Batch, run: LinkageRun, edges: Difference) -> None:
    if edges.ended:
        rows.run(Link, ENDED.format(Link._meta.db_table), [run.pk, edges.ended])
    if edges.changed:
        rows.run(
            Link,
            "UPDATE accounts_link SET family = n.family, members = n.members, background_rate = n.rate,"
            " weight = n.weight FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::float8[], %s::float8[])"
            " AS n (id, family, members, rate, weight) WHERE accounts_link.id = n.id",
            [list(column) for column in zip(*edges.changed, strict=True)],
        )
    if edges.added:
        accounts, rings, kinds, prefixes, *rest = zip(*edges.added, strict=True)
        described = dict(zip(("family", "members", "background_rate", "weight"), rest, strict=True))
        whole = {"kind": kinds, "value_hmac": _hashes(accounts, kinds, prefixes)}
        rows.copy(Link, _since(run, accounts, rings) | whole | described)


def _keep_common(values: list[tuple[str, str]]) -> None:
    """Which values say nothing, for the runs around what is new until the next night. What a person confirmed does."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_commonvalue")
        cursor.execute(COMMON, [plain(kind for kind, _ in values), plain(prefix for _, prefix in values)])


COMMON = """
    INSERT INTO accounts_commonvalue (kind, prefix) SELECT * FROM unnest(%s::text[], %s::text[]) AS n (kind, prefix)
    WHERE NOT EXISTS (
        SELECT FROM accounts_tie t
        WHERE t.kind = n.kind AND left(t.value_hmac, 16) = n.prefix AND verdict = 'confirmed' AND undone_at IS NULL
    )"""


def _hashes(accounts: Iterable[str], kinds: Iterable[str], prefixes: Iterable[str]) -> list[str]:
    """The keyed hashes that accounts hold, by their beginning; "" where they hold none, or do so no more."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [plain(accounts), plain(kinds), quoted(prefixes)])
        return [value for (value,) in cursor.fetchall()]


HELD = """
    SELECT coalesce((
        SELECT value_hmac FROM accounts_identifier
        WHERE account_id = n.account AND kind = n.kind AND left(value_hmac, 16) = n.prefix LIMIT 1
    ), '') FROM unnest(%s::uuid[], %s::text[], %s::text[]) WITH ORDINALITY AS n (account, kind, prefix, place)
    ORDER BY place"""
