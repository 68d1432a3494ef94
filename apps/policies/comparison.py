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
_SAME_ADDRESS, _SAME_CLAUSE, _SAME_HEADING = 0.4, 0.6, 0.2


class Comparable(Protocol):
    """A clause, parsed or stored."""

    @property
    def address(self) -> str: ...
    @property
    def heading(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def sha256(self) -> str: ...


Key = tuple[str, str]  # address and hash of a clause


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people said of pairs of clauses, each pair as (earlier, later): it goes before what the words suggest."""

    same: frozenset[tuple[Key, Key]] = frozenset()
    different: frozenset[tuple[Key, Key]] = frozenset()


UNDECIDED = Decisions()


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


def diff_clauses(
    old: Sequence[Comparable], new: Sequence[Comparable], decisions: Decisions = UNDECIDED
) -> list[Change]:
    """Every clause of both versions exactly once, in the order of the new version, removed ones where they stood."""
    return _in_reading_order(old, new, partners(old, new, decisions))


def partners(old: Sequence[Comparable], new: Sequence[Comparable], decisions: Decisions = UNDECIDED) -> dict[int, int]:
    """Index in `new` to index in `old` of the clauses that are the same.

    As people decided; else when their wording is the same (`wording.normalise`); then when they share an address and
    enough words; then by words, and a shared heading, alone.
    """
    found = _decided(old, new, decisions)
    found |= _same_wording(old, new, found, decisions)
    free_old = [i for i in range(len(old)) if i not in found.values()]
    free_new = [j for j in range(len(new)) if j not in found]
    return found | _same_words(old, new, free_old, free_new, decisions)


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


def _key(clause: Comparable) -> Key:
    return clause.address, clause.sha256


def _decided(old: Sequence[Comparable], new: Sequence[Comparable], decisions: Decisions) -> dict[int, int]:
    if not decisions.same:
        return {}
    places = {_key(clause): i for i, clause in enumerate(old)}
    later = {_key(clause): j for j, clause in enumerate(new)}
    return {later[n]: places[o] for o, n in decisions.same if o in places and n in later}


def _same_wording(
    old: Sequence[Comparable], new: Sequence[Comparable], decided: dict[int, int], decisions: Decisions
) -> dict[int, int]:
    """Of clauses that say the same: in sequence first, then wherever they went."""
    wording_old, wording_new = [normalise(c.text) for c in old], [normalise(c.text) for c in new]
    matcher = SequenceMatcher(None, wording_old, wording_new, autojunk=False)
    in_sequence = ((block.b + n, block.a + n) for block in matcher.get_matching_blocks() for n in range(block.size))
    used, found = set(decided.values()), {}
    for j, i in in_sequence:
        if j not in decided and i not in used and (_key(old[i]), _key(new[j])) not in decisions.different:
            found[j] = i
            used.add(i)
    left: dict[str, list[int]] = {}
    for i, wording in enumerate(wording_old):
        if i not in used:
            left.setdefault(wording, []).append(i)
    for j, wording in enumerate(wording_new):
        if j in decided or j in found:
            continue
        for i in left.get(wording, ()):
            if (_key(old[i]), _key(new[j])) not in decisions.different:
                found[j] = i
                left[wording].remove(i)
                break
    return found


def _same_words(
    old: Sequence[Comparable],
    new: Sequence[Comparable],
    free_old: list[int],
    free_new: list[int],
    decisions: Decisions,
) -> dict[int, int]:
    """Pairs the rest, best match first; a shared address lowers the bar, a shared heading lifts the likeness."""
    words_old = {i: Counter(old[i].text.casefold().split()) for i in free_old}
    words_new = {j: Counter(new[j].text.casefold().split()) for j in free_new}
    candidates = []
    for j in free_new:
        for i in free_old:
            if (_key(old[i]), _key(new[j])) in decisions.different:
                continue
            shared_address = old[i].address == new[j].address
            likeness = _likeness(words_old[i], words_new[j])
            if old[i].heading and old[i].heading.casefold() == new[j].heading.casefold():
                likeness = min(1.0, likeness + _SAME_HEADING)
            if likeness >= (_SAME_ADDRESS if shared_address else _SAME_CLAUSE):
                candidates.append((likeness + shared_address, -abs(i - j), i, j))
    found: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, i, j in sorted(candidates, reverse=True):
        if j not in found and i not in taken:
            found[j] = i
            taken.add(i)
    return found


def _likeness(left: Counter[str], right: Counter[str]) -> float:
    """The share of words in common, from 0 to 1."""
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 1.0


def _in_reading_order(old: Sequence[Comparable], new: Sequence[Comparable], found: dict[int, int]) -> list[Change]:
    kept = set(found.values())
    removed_after: dict[int, list[Change]] = {}  # index in old of the clause that the removed ones followed
    anchor = -1
    for i, clause in enumerate(old):
        if i in kept:
            anchor = i
        else:
            removed_after.setdefault(anchor, []).append(Change(Kind.REMOVED, clause, None))
    changes = removed_after.get(-1, [])
    for j, clause in enumerate(new):
        if j not in found:
            changes.append(Change(Kind.ADDED, None, clause))
            continue
        changes.append(_pair(old[found[j]], clause))
        changes.extend(removed_after.get(found[j], []))
    return changes


def _pair(old: Comparable, new: Comparable) -> Change:
    if normalise(old.text) == normalise(new.text):
        return Change(Kind.UNCHANGED if old.address == new.address else Kind.MOVED, old, new)
    return Change(Kind.CHANGED, old, new, diff_words(old.text, new.text))
