"""What changed between two versions of a document, clause by clause and word by word. Pure: clauses in, changes out."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Protocol

from apps.policies.wording import normalise

_WORD = re.compile(r"\S+\s*|\s+")
# Below this share of common words two clauses are different clauses, not two wordings of one.
_SAME_ADDRESS, _SAME_CLAUSE = 0.4, 0.6


class Comparable(Protocol):
    """A clause, parsed or stored."""

    @property
    def address(self) -> str: ...
    @property
    def text(self) -> str: ...


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"  # same words under another address
    UNCHANGED = "unchanged"


class Op(StrEnum):
    EQUAL = "equal"
    INSERTED = "inserted"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of words that both texts have, or only one of them."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one clause. `old` is None for an added one, `new` for a removed one."""

    kind: Kind
    old: Comparable | None
    new: Comparable | None
    segments: tuple[Segment, ...] = ()  # filled for changed clauses

    @property
    def before(self) -> tuple[Segment, ...]:
        """The old text, with what went away marked."""
        return tuple(segment for segment in self.segments if segment.op != Op.INSERTED)

    @property
    def after(self) -> tuple[Segment, ...]:
        """The new text, with what was put in marked."""
        return tuple(segment for segment in self.segments if segment.op != Op.DELETED)


def diff_clauses(old: Sequence[Comparable], new: Sequence[Comparable]) -> list[Change]:
    """Every clause of both versions exactly once, in the order of the new version, removed ones where they stood.

    Clauses are the same when their wording is (`wording.normalise`); then when they share an address and enough words;
    then by words alone.
    """
    partners = _same_wording(old, new)
    free_old = [i for i in range(len(old)) if i not in partners.values()]
    free_new = [j for j in range(len(new)) if j not in partners]
    partners |= _same_words(old, new, free_old, free_new)
    return _in_reading_order(old, new, partners)


def diff_words(old: str, new: str) -> tuple[Segment, ...]:
    """The runs of equal, deleted and inserted words that lead from one text to the other."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    matcher = SequenceMatcher(None, [word.strip() for word in before], [word.strip() for word in after], autojunk=False)
    segments = []
    for op, i, i_end, j, j_end in matcher.get_opcodes():
        if op == "equal":
            words = (max(pair, key=len) for pair in zip(before[i:i_end], after[j:j_end], strict=True))
            segments.append(Segment(Op.EQUAL, "".join(words)))  # a last word takes the space of the other text
            continue
        if i < i_end:
            segments.append(Segment(Op.DELETED, "".join(before[i:i_end])))
        if j < j_end:
            segments.append(Segment(Op.INSERTED, "".join(after[j:j_end])))
    return tuple(segments)


def _same_wording(old: Sequence[Comparable], new: Sequence[Comparable]) -> dict[int, int]:
    """Index in `new` to index in `old` of clauses that say the same: in sequence first, then wherever they went."""
    wording_old, wording_new = [normalise(c.text) for c in old], [normalise(c.text) for c in new]
    matcher = SequenceMatcher(None, wording_old, wording_new, autojunk=False)
    partners = {block.b + step: block.a + step for block in matcher.get_matching_blocks() for step in range(block.size)}
    used = set(partners.values())
    left: dict[str, list[int]] = {}
    for i, wording in enumerate(wording_old):
        if i not in used:
            left.setdefault(wording, []).append(i)
    for j, wording in enumerate(wording_new):
        if j not in partners and left.get(wording):
            partners[j] = left[wording].pop(0)
    return partners


def _same_words(
    old: Sequence[Comparable], new: Sequence[Comparable], free_old: list[int], free_new: list[int]
) -> dict[int, int]:
    """Pairs the rest, best match first; a shared address lowers the bar."""
    words_old = {i: Counter(old[i].text.casefold().split()) for i in free_old}
    words_new = {j: Counter(new[j].text.casefold().split()) for j in free_new}
    candidates = []
    for j in free_new:
        for i in free_old:
            shared_address = old[i].address == new[j].address
            likeness = _likeness(words_old[i], words_new[j])
            if likeness >= (_SAME_ADDRESS if shared_address else _SAME_CLAUSE):
                candidates.append((likeness + shared_address, -abs(i - j), i, j))
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, i, j in sorted(candidates, reverse=True):
        if j not in partners and i not in taken:
            partners[j] = i
            taken.add(i)
    return partners


def _likeness(left: Counter[str], right: Counter[str]) -> float:
    """The share of words in common, from 0 to 1."""
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 1.0


def _in_reading_order(old: Sequence[Comparable], new: Sequence[Comparable], partners: dict[int, int]) -> list[Change]:
    kept = set(partners.values())
    removed_after: dict[int, list[Change]] = {}  # index in old of the clause that the removed ones followed
    anchor = -1
    for i, clause in enumerate(old):
        if i in kept:
            anchor = i
        else:
            removed_after.setdefault(anchor, []).append(Change(Kind.REMOVED, clause, None))
    changes = removed_after.get(-1, [])
    for j, clause in enumerate(new):
        if j not in partners:
            changes.append(Change(Kind.ADDED, None, clause))
            continue
        changes.append(_pair(old[partners[j]], clause))
        changes.extend(removed_after.get(partners[j], []))
    return changes


def _pair(old: Comparable, new: Comparable) -> Change:
    if normalise(old.text) == normalise(new.text):
        return Change(Kind.UNCHANGED if old.address == new.address else Kind.MOVED, old, new)
    return Change(Kind.CHANGED, old, new, diff_words(old.text, new.text))
