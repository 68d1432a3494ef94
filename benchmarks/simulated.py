"""Reads a simulated campaign as linkage evidence: from its Parquet files, or from the world in memory.

Ids and keys are hashes of the references and values, so that their order has nothing to do with who is who.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from apps.accounts import linkage

TRUSTED_DAYS = 180  # an account so old, on a paid plan, is in good standing
DERIVED = ("email_domain", "email_pattern")


@dataclass(frozen=True)
class Simulated:
    """What linkage reads, the references of the accounts in its order, and the truth if it was asked for."""

    evidence: linkage.Evidence
    rhythm: linkage.Rhythm | None
    refs: np.ndarray
    truth: dict[str, Any] | None


def from_world(world: Any) -> Simulated:
    """Of a world that `fixtures.campaign.build` made."""
    traffic = world.traffic
    rows = traffic.identifiers
    identifiers = (
        pa.array([r["account_ref"] for r in rows]), pa.array([r["type"] for r in rows]),
        pa.array([r["value"] for r in rows]),
    )  # fmt: skip
    accounts = pa.Table.from_pylist(traffic.accounts)
    evidence, refs, row = _evidence(accounts, *identifiers)
    account, hour = np.nonzero(traffic.hourly)
    rhythm = _by_account(row[account], hour, traffic.hourly[account, hour], traffic.hourly.shape[1])
    return Simulated(evidence, rhythm, refs, world.truth.as_json())


def from_files(folder: Path, *, rhythm: bool = True, truth: Path | None = None) -> Simulated:
    """Of a folder with accounts, identifiers and activity as Parquet files; its truth lies beside it."""
    accounts = pq.read_table(folder / "accounts.parquet")
    identifiers = pq.read_table(folder / "identifiers.parquet")
    kind = identifiers["kind" if "kind" in identifiers.column_names else "type"]
    columns = (c.combine_chunks() for c in (identifiers["account_ref"], kind, identifiers["value"]))
    evidence, refs, row = _evidence(accounts, *columns)
    del identifiers
    beat = None
    if rhythm and (folder / "activity.parquet").exists():
        beat = _rhythm(folder / "activity.parquet", accounts, row)
    told = truth or folder.with_name(folder.name + "-truth") / "truth.json"
    return Simulated(evidence, beat, refs, json.loads(told.read_text()) if told.exists() else None)


def _evidence(
    table: pa.Table, account: pa.Array, kind: pa.Array, value: pa.Array
) -> tuple[linkage.Evidence, np.ndarray, np.ndarray]:
    refs = table["ref" if "ref" in table.column_names else "account_ref"].to_pylist()
    ids = np.frombuffer(b"".join(hashlib.sha256(r.encode()).digest()[:16] for r in refs), np.uint8).reshape(-1, 16)
    order = np.lexsort(ids.T[::-1])
    row = np.empty(len(refs), np.int64)  # place of the file's account in the evidence
    row[order] = np.arange(len(refs))
    place = pc.index_in(account, value_set=pa.array(refs)).to_numpy(zero_copy_only=False)
    holder, values, kinds, keys = _values(row[place].astype(np.int32), kind, value)
    organisation = table["organisation"].combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy(False)
    opened = _days(table["created_at"])
    verified = table["payer_verified"].to_numpy().astype(bool)
    paying = ~pc.is_in(table["plan"], value_set=pa.array(["free", "trial"])).to_numpy()
    trusted = verified | paying & (opened < np.nanmax(opened) - 45 - TRUSTED_DAYS)
    evidence = linkage.Evidence(
        accounts=ids[order],
        holder=holder,
        value=values,
        kind=kinds,
        key=keys,
        opened=opened[order],
        trusted=trusted[order],
        organisation=organisation[order].astype(np.int32),
        allowed=table["contract"].is_valid().to_numpy().astype(bool)[order],
    )
    return evidence, np.array(refs)[order], row


def _values(
    holder: np.ndarray, kind: pa.Array, value: pa.Array
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Edges with what is derived from e-mail addresses, values numbered, and of each value its kind and key."""
    holders, numbers, kinds, keys, count = [], [], [], [], 0
    names = kind.cast(pa.string())
    for name in sorted(names.unique().to_pylist()):
        rows = pc.equal(names, name)
        who = holder[rows.to_numpy(zero_copy_only=False)]
        some = value.filter(rows)
        for as_kind, texts in {name: some, **_derived(name, some)}.items():
            coded = texts.dictionary_encode()
            number = linkage.KINDS.index(as_kind if as_kind in linkage.KINDS else "other")
            words = coded.dictionary.to_pylist()
            holders.append(who)
            numbers.append(coded.indices.to_numpy().astype(np.int32) + count)
            kinds.append(np.full(len(words), number, np.uint8))
            digests = b"".join(hashlib.sha256(f"{as_kind}\0{w}".encode()).digest()[:8] for w in words)
            keys.append(np.frombuffer(digests, np.uint64))
            count += len(words)
    return tuple(np.concatenate(c) for c in (holders, numbers, kinds, keys))  # type: ignore[return-value]


def _derived(kind: str, values: pa.Array) -> dict[str, pa.Array]:
    if kind != "email":
        return {}
    from apps.accounts import identifiers

    found: list[dict[str, str]] = [dict(identifiers.derived("email", text)) for text in values.to_pylist()]
    return {name: pa.array([f.get(name, "") for f in found]) for name in DERIVED}


def _rhythm(path: Path, accounts: pa.Table, row: np.ndarray) -> linkage.Rhythm:
    """Reads `by_hour` (24 counts a day) part by part, so that the whole is never there as text."""
    refs = accounts["ref" if "ref" in accounts.column_names else "account_ref"].combine_chunks()
    parts = []
    first: int | None = None
    file = pq.ParquetFile(path)
    for batch in file.iter_batches(200_000, columns=["account_ref", "day", "by_hour"]):
        place = pc.index_in(batch["account_ref"].cast(pa.string()), value_set=refs).to_numpy(zero_copy_only=False)
        day = _days(batch["day"]).astype(np.int64)
        hours = batch["by_hour"].flatten().to_numpy(zero_copy_only=False).reshape(-1, 24)
        which, hour = np.nonzero(hours)
        parts.append((row[place][which].astype(np.int32), day[which] * 24 + hour, hours[which, hour].astype(np.int32)))
    account, hour, count = (np.concatenate(c) for c in zip(*parts, strict=True))
    first = int(hour.min() // 24 * 24)
    return _by_account(account, hour - first, count, int(hour.max() - first) // 24 * 24 + 24)


def _by_account(account: np.ndarray, hour: np.ndarray, count: np.ndarray, hours: int) -> linkage.Rhythm:
    """Sorted by account, as the application reads it."""
    order = np.argsort(account, kind="stable")
    return linkage.Rhythm(
        account[order].astype(np.int32), hour[order].astype(np.int16), count[order].astype(np.int32), hours
    )


def _days(column: Any) -> np.ndarray:
    """Days since 1970 of times or dates, whether they are text or not."""
    kind = column.type
    if pa.types.is_date(kind):
        return column.cast(pa.date32()).cast(pa.int32()).to_numpy().astype(float)
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("s")).cast(pa.int64()).to_numpy() / 86_400
    at = (datetime.fromisoformat(text) for text in column.to_pylist())
    return np.array([(t if t.tzinfo else t.replace(tzinfo=UTC)).timestamp() / 86_400 for t in at])
