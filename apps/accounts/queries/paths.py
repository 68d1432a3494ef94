"""How accounts of a ring hang together: the path between two of them, and what falls off when an edge is cut.

Pure. An edge is an account that holds a value; a step of a path goes from an account over a value to another account.
The rhythm of a ring is a value that all who follow it hold, and it is the last resort: it ties accounts to the ring,
and people believe a shared card before a shared rhythm.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

Value = tuple[str, str]  # kind and keyed hash, which of the rhythm is ""
Node = UUID | Value  # of the graph between accounts and what they hold


class Edge(NamedTuple):
    account: UUID
    value: Value
    family: str
    bits: float  # log2 of how much more often the value is held in the ring than outside


@dataclass(frozen=True)
class Term:
    """A value that two accounts share. Of one family the strongest counts: the others say the same once more."""

    value: Value
    family: str
    bits: float
    counts: bool


@dataclass(frozen=True)
class Hop:
    """From one account to the next, by all that they share."""

    start: UUID
    end: UUID
    terms: list[Term]

    @property
    def bits(self) -> float:
        return sum(term.bits for term in self.terms if term.counts)


def path(edges: Iterable[Edge], start: UUID, end: UUID) -> list[Hop]:
    """The shortest way between two accounts over values, where there is none over the rhythm as well; of several the
    one whose values say most. Empty where there is none at all."""
    edges = list(edges)
    return _path([edge for edge in edges if edge.value[1]], start, end) or _path(edges, start, end)


def _path(edges: list[Edge], start: UUID, end: UUID) -> list[Hop]:
    of_account: dict[UUID, list[Edge]] = defaultdict(list)
    of_value: dict[Value, list[Edge]] = defaultdict(list)
    for edge in edges:
        of_account[edge.account].append(edge)
        of_value[edge.value].append(edge)
    came = _nearest(of_account, of_value, start, end)
    if end not in came:
        return []
    way = [end]
    while way[-1] != start:
        way.append(came[way[-1]])
    way.reverse()
    return [Hop(one, other, _shared(of_account[one], of_account[other])) for one, other in pairwise(way)]


def _nearest(
    of_account: dict[UUID, list[Edge]], of_value: dict[Value, list[Edge]], start: UUID, end: UUID
) -> dict[UUID, UUID]:
    """For each account that was reached, from which: fewest steps first, then least of 1/bits, then the names."""
    came: dict[UUID, UUID] = {}
    seen: set[Value] = set()
    waiting: list[tuple[int, float, str, str, UUID, UUID]] = [(0, 0.0, "", str(start), start, start)]
    while waiting:
        steps, cost, _, _, account, before = heapq.heappop(waiting)
        if account in came:
            continue
        came[account] = before
        if account == end:
            break
        for edge in of_account[account]:
            if edge.value in seen:  # whoever holds it was reached from nearer
                continue
            seen.add(edge.value)
            further = cost + 1 / max(edge.bits, 0.1)
            for other in of_value[edge.value]:
                if other.account not in came:
                    heapq.heappush(
                        waiting, (steps + 1, further, str(edge.value), str(other.account), other.account, account)
                    )
    return came


def _shared(one: list[Edge], other: list[Edge]) -> list[Term]:
    """What both hold, strongest first."""
    held = {edge.value for edge in other}
    both = sorted((edge for edge in one if edge.value in held), key=lambda edge: (-edge.bits, str(edge.value)))
    terms, families = [], set()
    for edge in both:
        terms.append(Term(edge.value, edge.family, edge.bits, edge.family not in families))
        families.add(edge.family)
    return terms


def parts(edges: Iterable[Edge], accounts: Iterable[UUID], *, without: Value, of: UUID | None = None) -> list[int]:
    """How many accounts hang together still, largest part first, without a value, or without one account's holding it.

    `accounts` are all of the ring; one that no edge holds any more is a part of its own. The rhythm holds nobody but
    those who have nothing else, and these follow the largest part.
    """
    edges, accounts = list(edges), set(accounts)
    held = {edge.account for edge in edges if edge.value[1]}
    followers = {edge.account for edge in edges} - held
    root: dict[Node, Node] = {}

    def find(node: Node) -> Node:
        root.setdefault(node, node)
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for edge in edges:
        cut = edge.value == without and (of is None or edge.account == of)
        if edge.value[1] and not cut:
            root[find(edge.account)] = find(edge.value)
    sizes = sorted(Counter(map(find, accounts - followers)).values(), reverse=True) or [0]
    return [sizes[0] + len(accounts & followers), *sizes[1:]]
