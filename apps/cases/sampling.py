"""How many accounts of a set people have to look at, and what the looking shows. Exact, and pure.

Accounts are drawn without replacement, so the number of wrong ones among n drawn of N, of which D are wrong, is
hypergeometric. With confidence c, what k wrong ones among the looked-at leave possible is every D for which so few
would still be found in more than 1 - c of such samples (the one-sided Clopper-Pearson bound, without replacement).

Who was drawn follows from the seed alone: accounts in the order of SHA-256(seed, id), so that anyone can repeat it.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass


def size(total: int, at_most: float, confidence: float = 0.95) -> int:
    """The fewest accounts to look at, so that finding none wrong rules out more than `at_most` (a share) of `total`."""
    wrong = math.floor(at_most * total) + 1
    if wrong > total:
        return 0
    low, high = 1, total
    while low < high:
        middle = (low + high) // 2
        if _at_most(0, total, wrong, middle) <= 1 - confidence:
            high = middle
        else:
            low = middle + 1
    return low


def draw(ids: Iterable[str], seed: str, number: int) -> list[str]:
    """So many of these, in the order in which the seed draws them, whatever the order they come in."""
    return sorted(ids, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).digest())[:number]


def upper_bound(total: int, looked_at: int, wrong: int, confidence: float = 0.95) -> int:
    """The most accounts of `total` that can be wrong, with this confidence, when `wrong` of `looked_at` were.

    All that were not looked at, when nobody looked.
    """
    low, high = wrong, total - looked_at + wrong  # of what was looked at, the right ones are right
    while low < high:
        middle = (low + high + 1) // 2
        if _at_most(wrong, total, middle, looked_at) > 1 - confidence:
            low = middle
        else:
            high = middle - 1
    return low


def _at_most(found: int, total: int, wrong: int, drawn: int) -> float:
    """P[X <= found], X hypergeometric: `drawn` of `total` accounts, of which `wrong` are wrong."""
    lowest, highest = max(0, drawn + wrong - total), min(found, drawn, wrong)
    return math.fsum(math.exp(_ln_exactly(x, total, wrong, drawn)) for x in range(lowest, highest + 1))


def _ln_exactly(x: int, total: int, wrong: int, drawn: int) -> float:
    return _ln_choose(wrong, x) + _ln_choose(total - wrong, drawn - x) - _ln_choose(total, drawn)


def _ln_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


@dataclass(frozen=True)
class Shown:
    """What the marks of a sample show of the whole set. `unsure` accounts count as wrong: nobody knows better."""

    total: int
    drawn: int
    right: int
    wrong: int
    unsure: int
    confidence: float

    @property
    def looked_at(self) -> int:
        return self.right + self.wrong + self.unsure

    @property
    def left(self) -> int:
        return self.drawn - self.looked_at

    @property
    def is_whole(self) -> bool:
        return self.looked_at == self.drawn

    @property
    def most_wrong(self) -> int:
        return upper_bound(self.total, self.looked_at, self.wrong + self.unsure, self.confidence)

    @property
    def words(self) -> str:
        if not self.looked_at:
            return f"Nobody has looked yet: nothing is known of how many of the {self.total:,} are wrong."
        most = self.most_wrong
        return (
            f"{self.looked_at:,} of the {self.drawn:,} drawn accounts were looked at; {self.wrong:,} do not belong,"
            f" and of {self.unsure:,} it cannot be said, which counts as wrong. With {self.confidence:.0%} confidence"
            f" at most {most:,} of the {self.total:,} accounts ({most / self.total:.2%}) do not belong."
        )
