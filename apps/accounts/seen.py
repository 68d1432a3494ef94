"""Accounts that others name, and identifiers that they saw: what intake and imports write by the way.

Writes through the batch that it is given, so that the records stand in the same event as what brought them.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from apps.accounts.models import Account, Identifier
from apps.audit import ledger
from apps.core import prepared
from apps.core.arrays import plain
from apps.core.ids import uuid7_texts
from apps.core.prepared import Answer


class Seen(NamedTuple):
    """That an account, by its id, used something at a time."""

    account: str
    kind: str
    value_hmac: str
    key_id: str
    masked: str
    moment: datetime


def ids_of(refs: Iterable[str]) -> Answer[dict[str, str]]:
    """Ids of the accounts that are known, by reference."""
    return prepared.ask(dict, "SELECT ref, id::text FROM accounts_account WHERE ref = ANY(%s::text[])", [list(refs)])


def record_accounts(rows: ledger.Batch, refs: set[str]) -> dict[str, str]:
    """Make a record for each account that is not known yet; returns the ids of those that were new, by reference.

    Sorted, so that two batches which name the same accounts wait for each other instead of for ever.
    """
    fresh = dict(zip(sorted(refs), uuid7_texts(), strict=False))
    if not fresh:
        return {}
    written = rows.run(
        Account,
        "INSERT INTO accounts_account (id, ref, product, plan, country, organisation, contract, status, recorded_at)"
        " SELECT id, ref, '', '', '', '', '', 'unknown', now()"
        " FROM unnest(%s::uuid[], %s::text[]) AS seen (id, ref) ON CONFLICT (ref) DO NOTHING",
        [plain(fresh.values()), list(fresh)],
    )
    if written < len(fresh):  # others were faster with some
        known = ids_of(fresh)()
        fresh = {ref: key for ref, key in fresh.items() if known[ref] == key}
    return fresh


# Look-ups, one for each: a join over the whole table would be planned while the table is small, or not yet analysed.
NEWS = """
    SELECT n.position FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[])
        WITH ORDINALITY AS n (account_id, kind, value_hmac, seen, position)
    LEFT JOIN LATERAL (
        SELECT i.first_seen, i.last_seen FROM accounts_identifier i
        WHERE i.account_id = n.account_id AND i.kind = n.kind AND i.value_hmac = n.value_hmac LIMIT 1
    ) AS i ON true
    WHERE (n.seen BETWEEN i.first_seen - interval '1 day' AND i.last_seen + interval '1 day') IS NOT TRUE"""


def record_identifiers(rows: ledger.Batch, seen: Iterable[Seen], fresh: Collection[str] = ()) -> None:
    """Record what was not seen of these accounts, or not within a day: the time in between is no news.

    `fresh` are ids of accounts that the same transaction wrote: everything is news about them.
    """
    newest: dict[tuple, Seen] = {}
    for one in seen:
        newest[one[:3]] = max(one, newest.get(one[:3], one))
    present = [newest[key] for key in sorted(newest)]
    known = [one for one in present if one.account not in fresh]
    rows.insert(Identifier, map(_row, (one for one in present if one.account in fresh)))
    if news := _news(known):
        rows.run(
            Identifier,
            "INSERT INTO accounts_identifier (id, account_id, kind, value_hmac, key_id, masked, first_seen, last_seen)"
            " SELECT n.*, seen FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[],"
            " %s::timestamptz[]) AS n (id, account_id, kind, value_hmac, key_id, masked, seen)"
            " ON CONFLICT (account_id, kind, value_hmac) DO UPDATE"
            " SET first_seen = LEAST(excluded.first_seen, accounts_identifier.first_seen),"
            " last_seen = GREATEST(excluded.last_seen, accounts_identifier.last_seen)",
            _columns(news),
        )


def _news(known: list[Seen]) -> list[Seen]:
    if not known:
        return []
    accounts, kinds, values, _, _, moments = zip(*known, strict=True)
    times = plain(moment.isoformat() for moment in moments)
    asked = [plain(accounts), plain(kinds), plain(values), times]
    return prepared.ask(lambda rows: [known[position - 1] for (position,) in rows], NEWS, asked)()


def _row(one: Seen) -> dict[str, Any]:
    return {
        "account_id": one.account,
        "kind": one.kind,
        "value_hmac": one.value_hmac,
        "key_id": one.key_id,
        "masked": one.masked,
        "first_seen": one.moment,
        "last_seen": one.moment,
    }


def _columns(news: list[Seen]) -> list[str | list[str]]:
    """Of new rows, an id of their own first."""
    accounts, kinds, values, keys, masked, moments = zip(*news, strict=True)
    times = plain(moment.isoformat() for moment in moments)
    ids = plain(islice(uuid7_texts(), len(news)))
    return [ids, plain(accounts), plain(kinds), plain(values), plain(keys), list(masked), times]
