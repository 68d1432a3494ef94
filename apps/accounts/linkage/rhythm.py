"""Who works when: each account's requests by hour, freed of what everybody does, beside the rhythm of a ring.

An account's residual is its count per hour less what an account of its volume would do if it kept the hours of the
week that accounts outside rings keep. Its correlation with a ring's centroid is taken over its own life, from the
first to the last hour in which it did anything: an account that was replaced half-way is not asked about the rest.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from apps.accounts.linkage.evidence import Centroids, Rhythm, Settings

WEEK = 168
BLOCK = 512  # accounts at a time: their hours fit into a processor's cache
Block = tuple[np.ndarray, np.ndarray]  # accounts, and a row for each


class Beat:
    """Requests by account and hour, sorted, with the life of every account that has enough of them."""

    def __init__(self, rhythm: Rhythm, accounts: int, settings: Settings) -> None:
        account, hour, count = rhythm.account, rhythm.hour, rhythm.count
        if len(account) and (np.diff(account) < 0).any():
            order = np.argsort(account, kind="stable")
            account, hour, count = account[order], hour[order], count[order]
        self.hours, self.accounts, self.of_rings = rhythm.hours, accounts, rhythm.of_rings
        self.account, self.hour, self.count = account, hour, count
        self.start = np.searchsorted(account, np.arange(accounts + 1))
        self.volume = np.bincount(account, count, accounts)
        self.first, self.last = np.full(accounts, rhythm.hours), np.zeros(accounts, int)
        some = np.flatnonzero(np.diff(self.start))
        if len(some):
            self.first[some] = np.minimum.reduceat(hour, self.start[some])
            self.last[some] = np.maximum.reduceat(hour, self.start[some])
        long_enough = self.last - self.first >= 24 * settings.days
        squares = np.bincount(account, np.square(count, dtype=float), accounts)
        spread = self.volume**2 >= settings.spread * squares
        self.testable = (self.volume >= settings.queries) & long_enough & spread
        self.know(np.ones(WEEK) if rhythm.week is None else rhythm.week)
        self.known = rhythm.week is not None

    def learn(self, unsuspected: np.ndarray) -> None:
        """Takes the hours of the week that these accounts keep; each counts the same, however much it asks."""
        share = np.divide(1.0, self.volume, out=np.zeros(self.accounts), where=unsuspected & self.testable)
        week = np.bincount(self.hour % WEEK, self.count * share[self.account], WEEK)
        self.know(week / np.maximum(np.bincount(np.arange(self.hours) % WEEK, minlength=WEEK), 1) + 1e-9)

    def know(self, week: np.ndarray) -> None:
        self.week = week / week.sum()
        self.profile = self.week[np.arange(self.hours) % WEEK]

    def blocks(self, who: np.ndarray) -> Iterator[Block]:
        """Of accounts in ascending order, some at a time: (accounts, their residuals, of mean 0 and length 1)."""
        for begin in range(0, len(who), BLOCK):
            part = who[begin : begin + BLOCK]
            yield part, self.residuals(part)

    def residuals(self, who: np.ndarray) -> np.ndarray:
        """float32[accounts, hours] of accounts in ascending order: mean 0 over each one's life, length 1."""
        length = self.start[who + 1] - self.start[who]
        rows = np.repeat(self.start[who] - np.r_[0, np.cumsum(length)[:-1]], length) + np.arange(length.sum())
        cell = np.repeat(np.arange(len(who)) * self.hours, length) + self.hour[rows]
        out = np.bincount(cell, self.count[rows], len(who) * self.hours).astype(np.float32).reshape(len(who), -1)
        np.sqrt(out, out)  # as the noise of a count grows with it, one busy hour must not speak for all
        hour = np.arange(self.hours, dtype=np.int16)
        begin, end = self.first[who].astype(np.int16), self.last[who].astype(np.int16)
        alive = (hour >= begin[:, None]) & (hour <= end[:, None])
        total = np.r_[0, np.cumsum(self.profile)]
        scale = np.sqrt(self.volume[who] / np.maximum(total[self.last[who] + 1] - total[self.first[who]], 1e-12))
        out -= scale[:, None].astype(np.float32) * np.sqrt(self.profile).astype(np.float32)
        out *= alive
        out -= (out.sum(axis=1) / alive.sum(axis=1))[:, None].astype(np.float32)
        out *= alive
        out /= np.maximum(np.sqrt(np.einsum("ij,ij->i", out, out)), 1e-12)[:, None]
        return out

    def centroids(self, blocks: Iterable[Block], ring: np.ndarray, rings: int) -> Centroids:
        """Of each ring's accounts in the blocks, and of the rows that stand for rings."""
        total, tested = np.zeros((rings, self.hours), np.float32), np.zeros(rings, np.int64)
        for part, residual in blocks:
            order = np.argsort(ring[part], kind="stable")
            names, start = np.unique(ring[part[order]], return_index=True)
            total[names] += np.add.reduceat(residual[order], start, axis=0)
            tested += np.bincount(ring[part], minlength=rings)
        if self.of_rings is not None:
            rows = np.flatnonzero(ring[self.of_rings.row] >= 0)
            of = ring[self.of_rings.row[rows]]
            np.add.at(total, of, self.of_rings.total[rows])
            np.add.at(tested, of, self.of_rings.tested[rows])
        return Centroids(np.arange(rings), total, tested)

    def correlations(self, blocks: Iterable[Block], centroids: np.ndarray) -> Iterator[Block]:
        """(accounts, float32[accounts, rings]): correlation with every centroid over the account's life."""
        zero = np.zeros((len(centroids), 1))
        sums = np.hstack([zero, np.cumsum(centroids, axis=1, dtype=float)])
        squares = np.hstack([zero, np.cumsum(np.square(centroids, dtype=float), axis=1)])
        for part, residual in blocks:
            begin, end = self.first[part], self.last[part] + 1
            length = (end - begin).astype(float)
            mean = (sums[:, end] - sums[:, begin]) / length
            spread = squares[:, end] - squares[:, begin] - length * mean**2
            yield part, (residual @ centroids.T) / np.sqrt(np.maximum(spread, 1e-12)).T.astype(np.float32)
