"""Connected components and bridges, independent of the order of edges."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.core.later import sparse

ROUNDS = 4  # of cutting components in two


def unique(numbers: np.ndarray) -> np.ndarray:
    """The different numbers, ascending. Sorts: for numbers that differ nearly all this is much quicker than hashing."""
    numbers = np.sort(numbers)
    return numbers[np.r_[True, numbers[1:] != numbers[:-1]]] if len(numbers) else numbers


def numbered(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different numbers, ascending, and for each one given its place among them. A stable sort of places takes less
    than half of what a quick one does."""
    order = np.argsort(numbers, kind="stable")
    ascending = numbers[order]
    first = np.ones(len(numbers), bool)
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    place = np.empty(len(numbers), np.intp)
    place[order] = np.cumsum(first) - 1
    return ascending[first], place


def first_of_most(group: np.ndarray, number: np.ndarray) -> np.ndarray:
    """For each group, of which the rows stand together, the row with the greatest number, of several the first."""
    if not len(group):
        return np.empty(0, np.intp)
    begin = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    most = np.maximum.reduceat(number, begin)
    rows = np.flatnonzero(number == np.repeat(most, np.diff(begin, append=len(group))))
    return rows[np.diff(group[rows], prepend=group[0] - 1) != 0]


def join(label: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Labels after components `a[i]` and `b[i]` became one. A component is named by its smallest account."""
    nodes, place = numbered(np.concatenate([a, b]))
    if not len(nodes):
        return label
    _, part = sparse.csgraph.connected_components(_graph(place[: len(a)], place[len(a) :], len(nodes)), directed=False)
    first = np.full(part.max() + 1, len(label), label.dtype)
    np.minimum.at(first, part, nodes)
    renamed = np.arange(len(label), dtype=label.dtype)
    renamed[nodes] = first[part]
    return renamed[label]


def components(accounts: int, holder: np.ndarray, value: np.ndarray) -> np.ndarray:
    """int32[accounts]: the smallest account that one can reach over shared values."""
    label = np.arange(accounts, dtype=np.int32)
    order = np.lexsort((holder, value))
    holder, value = holder[order], value[order]
    starts = np.flatnonzero(np.r_[True, value[1:] != value[:-1]]) if len(value) else np.empty(0, int)
    first = np.repeat(holder[starts], np.diff(np.r_[starts, len(value)]))  # a star in place of a clique
    return join(label, first.astype(np.int32), holder.astype(np.int32))


def _graph(a: np.ndarray, b: np.ndarray, size: int) -> Any:
    return sparse.coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(size, size))


@dataclass(frozen=True)
class Cuts:
    """Where a graph of accounts and values falls apart."""

    below: np.ndarray  # int[E]: accounts on the far side of a bridge, 0: the edge is none
    whole: np.ndarray  # int[E]: accounts in the edge's component
    parts: dict[int, list[int]]  # value: sizes of what is left without it, where that is several parts


def cuts(holder: np.ndarray, value: np.ndarray, weigh: np.ndarray | None = None) -> Cuts:
    """Bridges and cutting values of the graph with these edges (each once). Tarjan's low points, without recursion.

    `weigh` says by holder how many accounts it stands for.
    """
    people, left = numbered(holder)
    values, right = numbered(value)
    n, size = len(people), len(people) + len(values)
    right = right + n
    ends, other, edge = np.r_[left, right], np.r_[right, left], np.r_[np.arange(len(left)), np.arange(len(left))]
    order = np.argsort(ends, kind="stable")
    start = np.searchsorted(ends[order], np.arange(size + 1)).tolist()
    to, by = other[order].tolist(), edge[order].tolist()
    seen, low = [0] * size, [0] * size
    weight = [1] * n if weigh is None else weigh[people].tolist()
    weight += [0] * (size - n)
    below, root, fallen = [0] * len(left), [0] * size, dict[int, list[int]]()
    clock = 0
    at = list(start)
    for first in range(n):
        if seen[first]:
            continue
        clock += 1
        seen[first] = low[first] = clock
        root[first] = first
        trail = [(first, -1)]
        while trail:
            node, came = trail[-1]
            if at[node] < start[node + 1]:
                i = at[node]
                at[node] += 1
                if by[i] == came:
                    continue
                far = to[i]
                if seen[far]:
                    low[node] = min(low[node], seen[far])
                else:
                    clock += 1
                    seen[far] = low[far] = clock
                    root[far] = first
                    trail.append((far, by[i]))
                continue
            trail.pop()
            if trail:
                above = trail[-1][0]
                low[above] = min(low[above], low[node])
                weight[above] += weight[node]
                if low[node] > seen[above]:
                    below[came] = weight[node]
                if above >= n and low[node] >= seen[above]:
                    fallen.setdefault(above, []).append(weight[node])
    total = np.array(weight)[np.array(root, int)] if size else np.empty(0, int)
    parts = {}
    for node, sizes in fallen.items():
        rest = int(total[node]) - sum(sizes)
        parts[int(values[node - n])] = sorted([*sizes, rest] if rest else sizes, reverse=True)
    return Cuts(np.array(below, int), total[left] if len(left) else np.empty(0, int), parts)


def bridges(
    label: np.ndarray, holder: np.ndarray, value: np.ndarray, weigh: np.ndarray, part: int
) -> list[tuple[int, int, int]]:
    """(edge, accounts below, accounts on the other side) of the edges to cut, so that nothing hangs by one of them.

    Of the bridges of a component (named by `label`) with `part` accounts on either side the one that leaves the most
    even parts is cut, if two are as even both; then the parts are looked at in turn.
    """
    keep, out = np.ones(len(holder), bool), list[tuple[int, int, int]]()
    look = keep.copy()
    for _ in range(ROUNDS):
        rows = np.flatnonzero(keep & look)
        found = cuts(holder[rows], value[rows], weigh)
        even = np.minimum(found.below, found.whole - found.below)
        of = label[holder[rows]]
        best = np.zeros(len(label), even.dtype)
        np.maximum.at(best, of, even)
        cut = np.flatnonzero((even >= part) & (even == best[of]))
        if not len(cut):
            break
        out += [(int(rows[i]), int(found.below[i]), int(found.whole[i] - found.below[i])) for i in cut]
        look = np.isin(label[holder], of[cut])
        keep[rows[cut]] = False
        label = components(len(label), holder[keep], value[keep])
    return out
