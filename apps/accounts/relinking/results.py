"""What a run of the linkage found, as a file; and what is different from what is on record.

Pure but for the vault: rows in, rows out. Nothing is written here.
"""

import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from apps.accounts import linkage
from apps.accounts.models import Link
from apps.accounts.relinking.reading import Input

LISTED = 100  # references of rings that a run names one by one
DIGITS = 6  # that a rate or a weight is kept with


class Member(NamedTuple):
    account: str
    ring: Any  # number of the ring that was found, or id of the ring on record
    how: str
    probability: float


class Edge(NamedTuple):
    """An account of a ring holds a value; `prefix` begins the value's keyed hash, "" for the rhythm of requests."""

    account: str
    ring: Any
    kind: str
    prefix: str
    family: str
    members: int
    background_rate: float
    weight: float


@dataclass
class Result:
    """Rings by number, of the accounts that were looked at: all of them where `touched` is None."""

    measures: list[dict[str, Any]]
    members: list[Member]
    edges: list[Edge]
    touched: list[str] | None = None
    rings: dict[int, str] = field(default_factory=dict)  # number -> id of a ring on record that was not looked into
    common: list[tuple[str, str]] = field(default_factory=list)  # kind and prefix of values that say nothing


def pack(found: linkage.Found, source: Input, touched: Sequence[UUID] | None) -> bytes:
    """A file of arrays without anything that could run."""
    evidence, accounts = source.evidence, len(source.evidence) - len(source.rings)
    inside = np.flatnonzero(found.ring[:accounts] >= 0)
    links = _of_accounts(found.links, accounts)
    known = links.value != linkage.SYNCHRONY
    place = np.where(known, links.value, 0)
    none = np.zeros(len(links.value), np.uint64)
    usual = _common(found, evidence) if touched is None else np.zeros(0, np.int64)
    about = {
        "measures": _named(found.measures, source),
        "whole": touched is None,
        "rings": _rings(found, source, accounts),
    }
    with io.BytesIO() as file:
        np.savez_compressed(
            file,
            account=evidence.accounts[inside],
            ring=found.ring[inside],
            how=found.how[inside],
            probability=found.probability[inside],
            link_account=evidence.accounts[links.account],
            link_ring=links.ring,
            link_known=known,
            link_kind=evidence.kind[place] if len(evidence.kind) else none.astype(np.uint8),
            link_key=evidence.key[place] if len(evidence.key) else none,
            link_members=links.members,
            link_background=links.background_rate,
            link_weight=links.weight,
            link_family=links.family,
            common_kind=evidence.kind[usual],
            common_key=evidence.key[usual],
            touched=np.array([list(key.bytes) for key in touched or ()], np.uint8).reshape(-1, 16),
            about=np.frombuffer(json.dumps(about).encode(), np.uint8),
        )
        return file.getvalue()


def _common(found: linkage.Found, evidence: linkage.Evidence) -> np.ndarray:
    """Values of weak kinds that more of the settled accounts outside rings hold than a value may that counts."""
    settled = found.ring < 0
    if found.settled_before is not None and evidence.opened is not None:
        settled &= evidence.opened < found.settled_before
    count = np.bincount(evidence.value[settled[evidence.holder]], minlength=len(evidence.kind))
    weak = ~np.isin(evidence.kind, [linkage.KINDS.index(kind) for kind in linkage.STRONG])
    return np.flatnonzero(weak & (count > linkage.Settings().rare * max(1, settled.sum())))


def _of_accounts(links: linkage.Links, accounts: int) -> linkage.Links:
    """Without the edges of rows that stand for rings."""
    ours = links.account < accounts
    return linkage.Links(*(getattr(links, name)[ours] for name in links.__dataclass_fields__))


def _rings(found: linkage.Found, source: Input, accounts: int) -> dict[int, str]:
    """The rings on record that found ones are, where these have a row: of several the largest, and the others stay
    apart until all are looked into."""
    rows: dict[int, str] = {}
    for place in sorted(range(len(source.rings)), key=lambda at: -int(source.evidence.stands_for[accounts + at])):  # type: ignore[index]
        number = int(found.ring[accounts + place])
        if number >= 0:
            rows.setdefault(number, str(source.rings[place]))
    return rows


def _named(measures: list[dict[str, Any]], source: Input) -> list[dict[str, Any]]:
    """Measures with the accounts and values that they speak of by their names, instead of their numbers in this run."""
    evidence = source.evidence

    def value(number: int) -> dict[str, str]:
        return {"kind": linkage.KINDS[evidence.kind[number]], "value": f"{int(evidence.key[number]):016x}"}

    def bridge(one: dict[str, Any]) -> dict[str, Any]:
        account = None if one["account"] is None else str(UUID(bytes=bytes(evidence.accounts[one["account"]])))
        return value(one["value"]) | {"account": account, "parts": one["parts"]}

    def of(ring: dict[str, Any]) -> dict[str, Any]:
        hub = ring.get("hub_value", -1)
        rest = {name: one for name, one in ring.items() if name != "hub_value"}
        return rest | {"hub": value(hub) if hub >= 0 else None, "bridges": [bridge(one) for one in ring["bridges"]]}

    return [of(ring) for ring in measures]


def unpack(content: bytes) -> Result:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        about = json.loads(file["about"].tobytes())
        members = [
            Member(account, ring, linkage.HOWS[how], round(min(max(probability, 0), 1), DIGITS))
            for account, ring, how, probability in zip(
                _texts(file["account"]), *(file[name].tolist() for name in ("ring", "how", "probability")), strict=True
            )
        ]
        names = ("ring", "known", "kind", "key", "family", "members", "background", "weight")
        edges = [
            Edge(
                account,
                ring,
                linkage.KINDS[kind] if known else Link.SYNCHRONY,
                f"{key:016x}" if known else "",
                linkage.FAMILIES[family],
                count,
                float(f"{rate:.{DIGITS}g}"),
                round(weight, DIGITS),
            )
            for account, ring, known, kind, key, family, count, rate, weight in zip(
                _texts(file["link_account"]), *(file[f"link_{name}"].tolist() for name in names), strict=True
            )
        ]
        touched = None if about["whole"] else _texts(file["touched"])
        rings = {int(number): ring for number, ring in about["rings"].items()}
        common = [
            (linkage.KINDS[kind], f"{key:016x}")
            for kind, key in zip(file["common_kind"].tolist(), file["common_key"].tolist(), strict=True)
        ]
        return Result(about["measures"], members, edges, touched, rings, common)


def _texts(ids: np.ndarray) -> list[str]:
    """UUIDs of 16 bytes each as text; of hundreds of thousands, in a fifth of the time that objects take."""
    digits = (key.hex() for key in map(bytes, ids))
    return [f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}" for d in digits]


class Known(NamedTuple):
    """A membership on record."""

    id: str
    account: str
    ring: str
    how: str
    probability: float


@dataclass
class Identity:
    """Which ring on record a found one is; which are new, and where those went that are gone."""

    same: dict[int, str] = field(default_factory=dict)  # number of a found ring -> id of the ring on record
    new: list[int] = field(default_factory=list)
    gone: dict[str, int | None] = field(default_factory=dict)  # id on record -> number of the ring that has most of it
    split: dict[int, str] = field(default_factory=dict)  # number of a new ring -> id of the ring that most of it was


def identify(known: Iterable[Known], members: Iterable[Member], rings: int, fixed: dict[int, str]) -> Identity:
    """A found ring is the one on record with which it shares most accounts, each one at most once; `fixed` says it of
    some.

    Ties go to the older ring, whose id is smaller, and to the smaller number: never to chance.
    """
    was = {one.account: one.ring for one in known}
    shared = Counter((was[one.account], one.ring) for one in members if one.account in was)
    found, taken = Identity(dict(fixed)), set(fixed.values())
    for (old, new), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        if new not in found.same and old not in taken:
            found.same[new] = old
            taken.add(old)
    most_of_old: dict[str, tuple[int, int]] = {}
    most_of_new: dict[int, tuple[int, str]] = {}
    for (old, new), count in sorted(shared.items(), key=lambda item: item[0]):
        if count > most_of_old.get(old, (0, 0))[0]:
            most_of_old[old] = count, new
        if count > most_of_new.get(new, (0, ""))[0]:
            most_of_new[new] = count, old
    found.new = [number for number in range(rings) if number not in found.same]
    found.split = {number: most_of_new[number][1] for number in found.new if number in most_of_new}
    for old in sorted(set(was.values()) - taken):
        found.gone[old] = most_of_old[old][1] if old in most_of_old else None
    return found


@dataclass
class Difference:
    """Rows to end and rows to add, and what stays but is described differently."""

    ended: list[str] = field(default_factory=list)
    added: list[Any] = field(default_factory=list)
    changed: list[tuple] = field(default_factory=list)


def of_members(known: Iterable[Known], found: Iterable[Member], *, anew: bool) -> Difference:
    """Memberships by account; `found` has the ids of rings on record. What stays is described anew, or left as it is:
    a run around what is new knows no rhythm."""
    wanted, answer = {one.account: one for one in found}, Difference()
    for row in known:
        new = wanted.get(row.account)
        if new is None or new.ring != row.ring:
            answer.ended.append(row.id)
            continue
        del wanted[row.account]
        if anew and (new.how, new.probability) != (row.how, row.probability):
            answer.changed.append((row.id, new.how, new.probability))
    answer.added = list(wanted.values())
    return answer


class KnownEdge(NamedTuple):
    id: str
    account: str
    ring: str
    kind: str
    value_hmac: str
    family: str
    members: int
    background_rate: float
    weight: float


def of_edges(
    known: Iterable[KnownEdge], found: Iterable[Edge], *, anew: bool, inside: set[tuple[str, str]]
) -> Difference:
    """Edges by account, ring and value, of which the keyed hash is known by its beginning. Where they are not described
    anew, the rhythm ties those still who are `inside`: (account, ring)."""
    wanted = {(one.account, one.ring, one.kind, one.prefix): one for one in found}
    answer = Difference()
    for row in known:
        new = wanted.pop((row.account, row.ring, row.kind, row.value_hmac[:16]), None)
        if new is None:
            if anew or row.kind != Link.SYNCHRONY or (row.account, row.ring) not in inside:
                answer.ended.append(row.id)
        elif anew and new[4:] != row[5:]:
            answer.changed.append((row.id, *new[4:]))
    answer.added = list(wanted.values())
    return answer


def counted(identity: Identity, members: Difference, known: Sequence[Known], names: dict[Any, str]) -> dict[str, Any]:
    """What is different from before, in numbers, and the references of rings that are new or gone.

    `names` has the references by id, and of new rings by number.
    """
    before = {row.account for row in known}
    ended = {row.id for row in known} & set(members.ended)
    left = {row.account for row in known if row.id in ended}
    joined = {one.account for one in members.added}
    merged = {old: new for old, new in identity.gone.items() if new is not None}
    into = {old: names[identity.same.get(new, new)] for old, new in merged.items()}
    return {
        "new": len(identity.new) - len(identity.split),
        "split": len(identity.split),
        "merged": len(merged),
        "dissolved": len(identity.gone) - len(merged),
        "joined": len(joined - before),
        "left": len(left - joined),
        "moved": len(joined & left),
        "rings": {
            "new": [names[number] for number in identity.new if number not in identity.split][:LISTED],
            "split": [[names[number], names[old]] for number, old in identity.split.items()][:LISTED],
            "merged": [[names[old], name] for old, name in into.items()][:LISTED],
            "dissolved": [names[old] for old in identity.gone if old not in merged][:LISTED],
        },
    }
