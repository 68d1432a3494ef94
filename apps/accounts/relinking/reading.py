"""What the linkage looks at, straight from PostgreSQL into arrays: who holds which value, and who is active when.

PostgreSQL writes records of a fixed width and puts thousands of them together, so that what COPY sends is an array
already: a million accounts with ten million identifiers take seconds and no Python object for any of them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection

from apps.accounts import linkage
from apps.accounts.linkage import graph
from apps.accounts.models import Link
from apps.records.subjects import ERASED

PAGES, PARTS = 1000, 500  # of a table that come at once, at least; parts at most
HEADER, LENGTHS = 19, 6  # of the binary form of COPY, and before the value of each row
RHYTHM_DAYS = 62  # the newest days on record whose hours are compared
OLD = 365  # days that a verified payer's account is older than the newest one, to be trusted not to be part of a ring

DAY_BITS, SINCE = 20, 1 << 19  # of a day, counted from before any date of PostgreSQL's that we take

ID = "S16"  # the 16 bytes of a UUID, in whose order PostgreSQL sorts it


@dataclass
class Input:
    """Accounts with the values that they hold, and when they were active; `sha256` is of all of it, in one order.

    Behind the accounts, `rings` names the rings that have one row each. `known` ties accounts that are one ring to
    begin with.
    """

    evidence: linkage.Evidence
    rhythm: linkage.Rhythm | None
    sha256: str
    identifiers: int
    rings: list[UUID] = field(default_factory=list)
    known: np.ndarray | None = None

    def account_of(self, key: UUID) -> int | None:
        """The number of an account, where it is among them."""
        ids = self.evidence.accounts.view(ID).ravel()
        place = int(np.searchsorted(ids, np.array(key.bytes, ID)))
        return place if place < len(ids) and UUID(bytes=bytes(self.evidence.accounts[place])) == key else None

    def value_of(self, kind: str, value_hmac: str) -> int | None:
        """The number of a value, where anybody holds it; that of the rhythm is the engine's own."""
        if kind == Link.SYNCHRONY:
            return linkage.SYNCHRONY
        if not value_hmac[:16].isalnum():  # erased in the meantime
            return None
        found = np.flatnonzero(
            (self.evidence.key == np.uint64(int(value_hmac[:16], 16)))
            & (self.evidence.kind == linkage.KINDS.index(kind))
        )
        return int(found[0]) if len(found) else None


class Records(NamedTuple):
    """Rows of a table, each as a record of a fixed width that PostgreSQL writes and an array understands."""

    table: str
    account: str  # the column that names it
    record: str
    wanted: str
    columns: list


ACCOUNTS = Records(
    "accounts_account",
    "id",
    """uuid_send(id) || float8send(coalesce(extract(epoch FROM opened_at), 'NaN')::float8 / 86400)
        || boolsend(coalesce(payer_verified AND opened_at < (SELECT max(opened_at) FROM accounts_account)
            - make_interval(days => %(old)s), false))
        || int8send(coalesce(hashtextextended(nullif(organisation, ''), 0), 0))
        || boolsend(contract <> '' OR organisation <> '' AND organisation IN (
            SELECT organisation FROM accounts_authorisation WHERE state = 'active' AND contract = ''
        ) OR id IN (
            SELECT account_id FROM accounts_authorisedaccount n JOIN accounts_authorisation p
            ON p.id = n.authorisation_id WHERE p.state = 'active'
        ))""",
    "true",
    [("id", ID), ("opened", ">f8"), ("trusted", "?"), ("organisation", ">i8"), ("allowed", "?")],
)
PLACES = " ".join(f"WHEN '{kind}' THEN '\\x{place:02x}'::bytea" for place, kind in enumerate(linkage.KINDS))
IDENTIFIERS = Records(
    "accounts_identifier",
    "account_id",
    f"uuid_send(account_id) || CASE kind {PLACES} END || decode(left(value_hmac, 16), 'hex')",
    "kind = ANY(%(kinds)s) AND masked <> %(erased)s",
    [("id", ID), ("kind", "u1"), ("key", ">u8")],
)
ACTIVITY = Records(
    "accounts_activity",
    "account_id",
    "uuid_send(account_id) || int4send(day - date '2000-01-01') || array_send(by_hour)",
    "by_hour IS NOT NULL AND day > (SELECT max(day) FROM accounts_activity) - %(days)s",
    [("id", ID), ("day", ">i4"), ("array", "V20"), ("hours", [("length", "V4"), ("n", ">i4")], (24,))],
)
OPTIONS = {"old": OLD, "kinds": list(linkage.KINDS), "erased": ERASED, "days": RHYTHM_DAYS}


def read(only: Sequence[UUID] | None = None) -> Input:
    """Everything on record, or what is on record of some accounts, in one snapshot where the caller holds one."""
    accounts = np.concatenate([np.zeros(0, ACCOUNTS.columns), *_blocks(ACCOUNTS, only)])
    accounts = accounts[np.argsort(accounts["id"])]
    ids = np.ascontiguousarray(accounts["id"])
    holder, kind, key = _held(ids, only)
    # The kind is part of the keyed hash, so that two kinds do not share one; mixed in for hashes of elsewhere.
    named, value = graph.numbered(key ^ kind.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    kinds, keys = np.zeros(len(named), np.uint8), np.zeros(len(named), np.uint64)
    kinds[value], keys[value] = kind, key
    del kind, key
    pairs = np.sort(holder.astype(np.uint64) << np.uint64(32) | value.astype(np.uint64))  # in an order of their own
    evidence = linkage.Evidence(
        accounts=ids.view(np.uint8).reshape(-1, 16),
        holder=(pairs >> np.uint64(32)).astype(np.int32),
        value=(pairs & np.uint64(0xFFFFFFFF)).astype(np.int32),
        kind=kinds,
        key=keys,
        opened=accounts["opened"].astype(np.float64),
        trusted=accounts["trusted"].astype(bool),
        organisation=_codes(accounts["organisation"]),
        allowed=accounts["allowed"].astype(bool),
    )
    rhythm = _rhythm(ids) if only is None else None  # of what is new there is hardly any
    parts: list[Any] = [ids, *(accounts[name] for name in ("opened", "trusted", "organisation", "allowed"))]
    parts += [pairs, kinds, keys]
    if rhythm:
        parts += [rhythm.account, rhythm.hour, rhythm.count]
    return Input(evidence, rhythm, _digest(parts), len(pairs))


def _held(ids: np.ndarray, only: Sequence[UUID] | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each identifier the account's place among `ids`, the kind's among KINDS, and the beginning of the hash."""
    holders, kinds, keys = [np.zeros(0, np.int32)], [np.zeros(0, np.uint8)], [np.zeros(0, np.uint64)]
    for block in _blocks(IDENTIFIERS, only):
        place, known = _places(ids, block["id"])
        holders.append(place)
        kinds.append(block["kind"][known])
        keys.append(block["key"][known].astype(np.uint64))
    return np.concatenate(holders), np.concatenate(kinds), np.concatenate(keys)


def _places(ids: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the wanted stand among `ids`, and which of them do: an account that came meanwhile is for the next run.

    Rows of an account came in one after the other, so that it is looked for once and not once for each of them.
    """
    if not len(ids):
        return np.zeros(0, np.int32), np.zeros(len(wanted), bool)
    wanted = np.ascontiguousarray(wanted)
    first = np.flatnonzero(np.r_[True, wanted[1:] != wanted[:-1]])
    place = np.minimum(np.searchsorted(ids, wanted[first]), len(ids) - 1).astype(np.int32)
    times = np.diff(first, append=len(wanted))
    known = np.repeat(ids[place] == wanted[first], times)
    return np.repeat(place, times)[known], known


def _codes(hashes: np.ndarray) -> np.ndarray:
    """Names, by their hash, numbered; -1 for none."""
    named, code = np.unique(hashes, return_inverse=True)
    code = code.astype(np.int32)
    return np.where(hashes == 0, -1, code) if len(named) else code


def _digest(parts: Sequence[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part.dtype.str} {len(part)}\n".encode())
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _rhythm(ids: np.ndarray) -> linkage.Rhythm | None:
    """Requests in each hour, added up over models. Days are sorted and not hours, of which there are ten times as
    many."""
    keys, tables = [], []
    for block in _blocks(ACTIVITY, None):
        place, known = _places(ids, block["id"])
        counts = block["hours"]["n"][known]
        keys.append(place.astype(np.int64) << DAY_BITS | block["day"][known] + SINCE)
        tables.append(counts.astype(np.uint16 if counts.max(initial=0) < 1 << 16 else np.uint32))
    if not keys:
        return None
    key, table = np.concatenate(keys), np.concatenate(tables)
    order = np.argsort(key, kind="stable")
    key, table = key[order], table[order]
    key, table = _added_up(key, table)
    day = (key & (1 << DAY_BITS) - 1) - (key & (1 << DAY_BITS) - 1).min(initial=1 << DAY_BITS)
    cell = np.flatnonzero(table)
    row = cell // 24
    return linkage.Rhythm(
        account=(key >> DAY_BITS).astype(np.int32)[row],
        hour=((day - np.arange(len(day))) * 24)[row] + cell,
        count=table.ravel()[cell],
        hours=RHYTHM_DAYS * 24,
    )


def _added_up(key: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted keys once, with the sum of their rows: one of each key after the other, of which there are few."""
    first = np.flatnonzero(np.diff(key, prepend=-1))
    times, total = np.diff(first, append=len(key)), table[first].astype(np.int64)
    for more in range(1, times.max(initial=1)):
        at = np.flatnonzero(times > more)
        total[at] += table[first[at] + more]
    return key[first], total


def _blocks(what: Records, only: Sequence[UUID] | None) -> Iterator[np.ndarray]:
    """All records, or those of some accounts, some thousands at a time.

    One statement, since it sees one state of the table, of one row for each part: a row of COPY costs as much as a
    hundred bytes.
    """
    params = OPTIONS | {"only": None if only is None else [str(key) for key in only]}
    where = [f"{what.account} = ANY(%(only)s::uuid[])"] if only is not None else _parts(what.table)
    rows = " UNION ALL ".join(
        f"(SELECT string_agg({what.record}, ''::bytea) FROM {what.table} WHERE {what.wanted} AND {part})"  # noqa: S608
        for part in where
    )
    skipped = HEADER
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({rows}) TO STDOUT (FORMAT binary)", params) as copy,
    ):
        for row in copy:
            if len(row) > skipped + LENGTHS:
                yield np.frombuffer(row, np.dtype(what.columns), offset=skipped + LENGTHS)
            skipped = 0


def _parts(table: str) -> list[str]:
    """Conditions that part a table by its pages; the last part is open, for what comes meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size(%s) / current_setting('block_size')::int", [table])
        pages = cursor.fetchone()[0]
    step = max(PAGES, pages // PARTS)
    begins = range(0, max(1, pages), step)
    return [
        f"ctid >= '({begin},0)'" + (f" AND ctid < '({begin + step},0)'" if begin + step < pages else "")
        for begin in begins
    ]
