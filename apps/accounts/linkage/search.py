"""The stages that join accounts by what they hold: strong values, rare evidence of several families, rare values."""

import numpy as np

from apps.accounts.linkage import graph
from apps.accounts.linkage.evidence import (
    EXPLAINED,
    FAMILIES,
    FAMILY_OF_KIND,
    HOWS,
    IS_STRONG,
    KINDS,
    SYNCHRONY,
    Evidence,
    Settings,
    Ties,
)

STRONG, MERGED, ATTACHED, BY_RHYTHM, CONFIRMED = range(len(HOWS))
PAYMENT = KINDS.index("payment")


class Search:
    """A state of the search. `label` names each account's component by its smallest account."""

    def __init__(self, evidence: Evidence, settings: Settings, ties: Ties, known: np.ndarray | None) -> None:
        self.evidence, self.settings = evidence, settings
        self.accounts, self.values = len(evidence), len(evidence.kind)
        self.trusted = _or(evidence.trusted, self.accounts, False)
        self.holder, self.value, self.times = _edges(evidence, ties)
        self.weight = _or(evidence.stands_for, self.accounts, 1)
        self.cut_off = np.zeros(self.accounts, bool)
        for account, value in ties.cut:
            if value == SYNCHRONY and account is not None:
                self.cut_off[account] = True
        self.confirmed = _confirmed(evidence, ties)
        self.total = np.bincount(self.value, self.times, self.values) + _or(evidence.elsewhere.holders, self.values, 0)
        self.stolen = np.zeros(self.values, bool)
        self.stolen[self.value[self.trusted[self.holder] & (evidence.kind[self.value] == PAYMENT)]] = True
        self.how = np.zeros(self.accounts, np.uint8)
        self.label = np.arange(self.accounts, dtype=np.int32)
        self.known = known
        self.split: list[tuple[int, int, int, int]] = []
        self.settled_before: float | None = None
        self._homes: tuple[np.ndarray, Homes] | None = None  # with the labels that they are of
        self.in_step = (np.empty(0, np.int64), np.empty(0, np.int64))
        self._keep_usable()

    def _keep_usable(self) -> None:
        """The edges that may ever join anything: shared values that are neither hubs nor held by half the world."""
        strong = IS_STRONG[self.evidence.kind]
        population = self.weight.sum() + self.evidence.elsewhere.accounts
        usable = (
            (self.total > 1)
            & ~self.stolen
            & np.where(strong, self.total <= self.settings.hub, self.total <= max(self.settings.hub, population / 4))
        )
        keep = usable[self.value]
        self.holder, self.value, self.times = self.holder[keep], self.value[keep], self.times[keep]
        joins = ~self.trusted[self.holder]
        self.e_holder, self.e_value, self.e_times = self.holder[joins], self.value[joins], self.times[joins]
        self.e_kind = self.evidence.kind[self.e_value]

    # Stage 1

    def join_strong(self) -> None:
        """One component for everybody who shares a card, a device or a key, within the guards."""
        strong = IS_STRONG[self.e_kind]
        holder, value = self.e_holder[strong], self.e_value[strong]
        self.label = graph.components(self.accounts, holder, value)
        holder, value = self._without_the_robbed(holder, value)
        holder, value = self._without_bridges(holder, value)
        self.label = graph.components(self.accounts, holder, value)
        a, b = self.confirmed
        before = self.label
        self.label = graph.join(self.label, self.label[a], self.label[b])
        if self.known is not None:
            member = np.flatnonzero(self.known >= 0)
            first = np.full(self.known.max(initial=-1) + 1, self.accounts, np.int32)
            np.minimum.at(first, self.known[member], member.astype(np.int32))
            self.label = graph.join(self.label, self.label[member], self.label[first[self.known[member]]])
        self.core = before.copy()
        self.how[np.r_[a, b]] = CONFIRMED

    def _without_the_robbed(self, holder: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Leaves out accounts far older than their component that only a card ties to it, and their cards."""
        opened = self.evidence.opened
        if opened is None or not len(holder):
            return holder, value
        middle = _median_by(self.label, opened)
        old = opened < middle[self.label] - self.settings.older_days  # nan compares false
        other = np.zeros(self.accounts, bool)
        card = self.evidence.kind[value] == PAYMENT
        other[holder[~card]] = True
        robbed = old & ~other
        cards = np.zeros(self.values, bool)
        cards[value[card & robbed[holder]]] = True
        self.forget(cards)
        keep = ~cards[value]
        return holder[keep], value[keep]

    def forget(self, cards: np.ndarray) -> None:
        """Takes stolen cards out of everything that joins."""
        self.stolen[cards] = True
        kept = ~self.stolen[self.e_value]
        self.e_holder, self.e_value = self.e_holder[kept], self.e_value[kept]
        self.e_kind, self.e_times = self.e_kind[kept], self.e_times[kept]

    def _without_bridges(self, holder: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cuts components that hang together by a single edge; what belongs together is merged again on more."""
        large = np.flatnonzero(self.sizes()[self.label[holder]] >= 2 * self.settings.part)
        bridges = graph.bridges(self.label, holder[large], value[large], self.weight, self.settings.part)
        for row, below, near in bridges:
            self.split.append((int(holder[large[row]]), int(value[large[row]]), below, near))
        keep = np.ones(len(holder), bool)
        keep[large[[row for row, _, _ in bridges]]] = False
        return holder[keep], value[keep]

    # Stages 2 and 3

    def merge(self) -> None:
        """Joins components on rare evidence of several families, again and again until nothing changes."""
        for _ in range(8):
            pairs = self._mergers()
            if not len(pairs[0]):
                return
            before = self.label
            self.label = graph.join(before, *pairs)

    def attach(self) -> None:
        """Joins single accounts and splinters that hold several rare values which one component has for itself."""
        for _ in range(8):
            account, home = self._attachments()
            if not len(account):
                return
            self._take_in(account, home, ATTACHED)

    def _take_in(self, account: np.ndarray, home: np.ndarray, how: int) -> None:
        """The accounts, with everybody in their own components, join components `home`.

        A splinter goes where most of its accounts would go: it must not tie two rings together.
        """
        alone = self.sizes()[self.label[account]] == 1
        self.how[account[alone]] = how
        pair, votes = np.unique(self.label[account].astype(np.int64) * self.accounts + home, return_counts=True)
        splinter, home = _best(pair, votes > 0, votes, votes, self.accounts)
        self.label = graph.join(self.label, splinter, home)

    def sizes(self) -> np.ndarray:
        """At each component's label: its accounts."""
        return np.bincount(self.label, self.weight, self.accounts).astype(np.int64)

    def suspects(self) -> np.ndarray:
        """bool[A]: in a component of the least size or more."""
        return self.sizes()[self.label] >= self.settings.least

    def background(self, suspect: np.ndarray) -> np.ndarray:
        """float64[V]: share of the settled accounts outside suspected components that hold each value."""
        elsewhere = self.evidence.elsewhere
        settled = ~suspect & self._settled(suspect)
        count = np.bincount(self.value[settled[self.holder]], minlength=self.values)
        self.settled = int(settled.sum()) + elsewhere.settled
        return (count + _or(elsewhere.settled_holders, self.values, 0)) / max(1, self.settled)

    def _settled(self, suspect: np.ndarray) -> np.ndarray:
        """bool[A]: there before nearly all suspects were, for a ring's unfound accounts make its values look common.

        Where the days of opening are unknown, or too few accounts are as old as that, everybody counts.
        """
        opened, elsewhere = self.evidence.opened, self.evidence.elsewhere
        self.settled_before = elsewhere.settled_before
        if opened is None or not suspect.any():
            return np.ones(self.accounts, bool)
        if self.settled_before is None:
            days = np.sort(opened[suspect & ~np.isnan(opened)])
            before = (
                float(days[int(len(days) * self.settings.newest)]) - self.settings.settled_days if len(days) else np.nan
            )
            if (opened[~suspect] < before).sum() < self.accounts / 10:
                return np.ones(self.accounts, bool)
            self.settled_before = before
        return opened < self.settled_before

    def explained(self) -> np.ndarray:
        """uint8[A]: at each component's label the place in EXPLAINED of the reason that covers nearly all of it."""
        size = self.sizes()
        enough = self.settings.covered * np.maximum(size, 1)
        by = np.zeros(self.accounts, np.uint8)
        organisation, allowed = self.evidence.organisation, self.evidence.allowed
        if organisation is not None:
            rows = np.flatnonzero(organisation >= 0)
            wide = np.int64(organisation.max(initial=0)) + 1
            pair, place = graph.numbered(self.label[rows] * wide + organisation[rows])
            count = np.bincount(place, self.weight[rows])
            by[(pair // wide)[count >= enough[pair // wide]]] = EXPLAINED.index("organisation")
        if allowed is not None:
            by[np.bincount(self.label, allowed * self.weight, self.accounts) >= enough] = EXPLAINED.index("allowed")
        return by

    def homes(self) -> "Homes":
        """For every value the component that holds it most, if it is the component's own. Made once for a state."""
        if self._homes is None or self._homes[0] is not self.label:
            self._homes = self.label, Homes(self)
        return self._homes[1]

    def _mergers(self) -> tuple[np.ndarray, np.ndarray]:
        homes = self.homes()
        size = self.sizes()
        label, home = self.label[self.e_holder].astype(np.int64), homes.home[self.e_value]
        rows = np.flatnonzero(homes.own[self.e_value] & (label != home) & (size[label] > 1))
        step = self.label[self.in_step[0]], self.label[self.in_step[1]]
        apart = step[0] != step[1]
        one = np.r_[label[rows], step[0][apart]]
        other = np.r_[home[rows], step[1][apart]]
        if not len(rows):
            return rows, rows
        pair, group = graph.numbered(one * self.accounts + other)
        family = np.r_[FAMILY_OF_KIND[self.e_kind[rows]], np.full(apart.sum(), len(FAMILIES))]
        families = _distinct(group, family, len(pair))
        group = group[: len(rows)]
        supporters = _distinct(group, self.e_holder[rows], len(pair))
        np.maximum.at(supporters, group, self.e_times[rows])
        there = np.zeros(len(pair), np.int64)
        np.maximum.at(there, group, homes.members[self.e_value[rows]])
        enough = (
            (families >= self.settings.families)
            & (supporters >= np.maximum(2, self.settings.held * size[pair // self.accounts]))
            & (supporters + there >= self.settings.supporters)
        )
        return _best(pair, enough, families, supporters, self.accounts)

    def _attachments(self) -> tuple[np.ndarray, np.ndarray]:
        homes, suspect = self.homes(), self.suspects()
        rows = np.flatnonzero((homes.own & homes.concentrated)[self.e_value] & ~suspect[self.e_holder])
        if not len(rows):
            return rows, rows
        holder, home = self.e_holder[rows], homes.home[self.e_value[rows]]
        pair, group = graph.numbered(holder.astype(np.int64) * self.accounts + home)
        kinds = _distinct(group, self.e_kind[rows], len(pair))
        values = np.bincount(group, minlength=len(pair))
        return _best(pair, kinds >= self.settings.kinds, kinds, values, self.accounts)

    def supported(self) -> tuple[np.ndarray, np.ndarray]:
        """(account, component) where an account outside holds at least one value that is the component's own."""
        homes, suspect = self.homes(), self.suspects()
        rows = np.flatnonzero((homes.own & homes.concentrated)[self.e_value] & ~suspect[self.e_holder])
        return self.e_holder[rows], homes.home[self.e_value[rows]]


class Homes:
    """For every value: the component with most of its holders, and whether the value is rare outside and its own."""

    def __init__(self, search: Search) -> None:
        settings, accounts, values = search.settings, search.accounts, search.values
        suspect = search.suspects()
        size = search.sizes()
        inside = np.flatnonzero(suspect[search.e_holder])
        pair, place = graph.numbered(
            search.e_value[inside].astype(np.int64) * accounts + search.label[search.e_holder[inside]]
        )
        count = np.bincount(place, search.e_times[inside], len(pair)).astype(np.int64)
        value, label = pair // accounts, pair % accounts
        first = graph.first_of_most(value, count * (size.max(initial=0) + 1) + size[label])
        self.home = np.full(values, -1, np.int64)
        self.members = np.zeros(values, np.int64)
        self.home[value[first]], self.members[value[first]] = label[first], count[first]
        suspected = np.bincount(value, weights=count, minlength=values)
        rate = self.members / np.maximum(1, size[self.home])
        strong = IS_STRONG[search.evidence.kind]
        rare = search.background(suspect) <= settings.rare
        held = strong | (self.members >= 3) & (rate >= settings.held)
        self.own = (self.home >= 0) & rare & held
        self.concentrated = (self.members >= settings.concentrated * np.maximum(suspected, 1)) & (
            self.members >= settings.ours * search.total
        )


def _edges(evidence: Evidence, ties: Ties) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every edge once, in an order of its own, without those that somebody cut."""
    edge = evidence.holder.astype(np.int64) << 32 | evidence.value
    if evidence.times is None:
        edge = graph.unique(edge)
        times = np.ones(len(edge), np.int64)
    else:
        edge, first = np.unique(edge, return_index=True)
        times = evidence.times[first].astype(np.int64)
    holder, value = (edge >> 32).astype(np.int32), edge.astype(np.int32)
    everywhere = np.zeros(len(evidence.kind), bool)
    single = []
    for account, of in ties.cut:
        if of == SYNCHRONY:
            continue
        if account is None:
            everywhere[of] = True
        else:
            single.append(account << 32 | of)
    keep = ~everywhere[value]
    if single:
        keep &= ~np.isin(edge, np.array(single, np.int64))
    return holder[keep], value[keep], times[keep]


def _confirmed(evidence: Evidence, ties: Ties) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of accounts that a confirmed edge joins: with everybody who holds the value, whatever the guards say."""
    a: list[int] = []
    b: list[int] = []
    cut = set(ties.cut)
    for account, value in ties.confirmed:
        if value == SYNCHRONY:
            continue
        holders = np.unique(evidence.holder[evidence.value == value]).tolist()
        holders = [h for h in holders if (h, value) not in cut]
        middle = account if account is not None else (holders[0] if holders else None)
        if middle is None:
            continue
        a += [middle] * len(holders)
        b += holders
    return np.array(a, np.int64), np.array(b, np.int64)


def _or(column: np.ndarray | None, size: int, else_: float) -> np.ndarray:
    return np.full(size, else_) if column is None else column


def _median_by(label: np.ndarray, number: np.ndarray) -> np.ndarray:
    """float64[A], at each component's label: the middle of its members' numbers, nan left out."""
    rows = np.flatnonzero(~np.isnan(number))
    middle = np.full(len(label), np.nan)
    if len(rows):
        rows = rows[np.lexsort((number[rows], label[rows]))]
        names, start, count = np.unique(label[rows], return_index=True, return_counts=True)
        middle[names] = number[rows[start + count // 2]]
    return middle


def _distinct(group: np.ndarray, thing: np.ndarray, groups: int) -> np.ndarray:
    """int[groups]: how many different things each group has."""
    wide = np.int64(thing.max()) + 1
    pairs = graph.unique(group.astype(np.int64) * wide + thing)
    return np.bincount(pairs // wide, minlength=groups)


def _best(
    pair: np.ndarray, enough: np.ndarray, first: np.ndarray, second: np.ndarray, wide: int
) -> tuple[np.ndarray, np.ndarray]:
    """For everybody with enough evidence the one partner for whom there is most."""
    rows = np.flatnonzero(enough)
    if not len(rows):
        return rows, rows
    one, other = pair[rows] // wide, pair[rows] % wide
    order = np.lexsort((other, -second[rows], -first[rows], one))
    kept = order[np.r_[True, np.diff(one[order]) > 0]]
    return one[kept], other[kept]
