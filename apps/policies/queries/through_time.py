"""Clauses: how they are cited, what they spoke of, and one through time, over new numbers and new words."""

from dataclasses import dataclass, replace
from datetime import datetime

from apps.policies import identity
from apps.policies.comparison import Change, Decisions, Segment, diff_clauses, diff_words
from apps.policies.identity import parts
from apps.policies.models import Clause, Document, Succession, Version
from apps.policies.queries.reading import clauses, intervals
from apps.policies.timeline import Interval
from apps.policies.wording import normalise


def citation(clause: Clause, interval: Interval[Version]) -> str:
    """The clause named so that anybody can find exactly this text again."""
    document = interval.version.document
    name = f"clause {clause.number}" if clause.number else f"“{clause.label}”"
    until = f"until {interval.until:%Y-%m-%d %H:%M} UTC" if interval.until else "and still"
    return (
        f"{document.service}, {document.name}, {name}, in force, as seen, from {interval.since:%Y-%m-%d %H:%M} UTC "
        f"{until} (SHA-256 {clause.sha256})"
    )


def lead_in(clause: Clause) -> str:
    """What introduces the list that a clause is an item of: whoever quotes an item quotes it too."""
    return clause.lead_in


def neighbours(clause: Clause) -> tuple[Clause | None, Clause | None]:
    """The clauses before and after one in its text."""
    beside = Clause.objects.filter(text=clause.text_id, ordinal__in=[clause.ordinal - 1, clause.ordinal + 1])
    at = {other.ordinal: other for other in beside}
    return at.get(clause.ordinal - 1), at.get(clause.ordinal + 1)


def decisions(document: Document) -> Decisions:
    """What people said of clauses of this document: which are the same, and which are not."""
    found = Succession.objects.filter(document=document).values_list(
        "state", "earlier__address", "earlier__sha256", "later__address", "later__sha256"
    )
    said: dict[str, set] = {Succession.State.CONFIRMED: set(), Succession.State.REJECTED: set()}
    for state, *keys in found:
        earlier, later = (keys[0], keys[1]), (keys[2], keys[3])
        said[state] |= {(earlier, later), (later, earlier)}  # texts come back: from the later to the earlier again
    return Decisions(frozenset(said[Succession.State.CONFIRMED]), frozenset(said[Succession.State.REJECTED]))


def changes(old: Version, new: Version) -> list[Change]:
    """What became of every clause between two versions, in reading order."""
    return diff_clauses(parts(clauses(old)), parts(clauses(new)), decisions(new.document))


def same_clause(clause: Clause, version: Version) -> Clause | None:
    """The clause of a version of the same document that is this one, by place, words and what people said."""
    there = list(clauses(version))
    if clause.text_id == version.text_id:
        return clause
    if unmoved := next((one for one in there if _is_unmoved(clause, one)), None):
        return unmoved
    here = list(Clause.objects.filter(text=clause.text_id).order_by("ordinal"))
    found = identity.pairs(here, there, decisions(version.document))
    return next((later for earlier, later in found if earlier.pk == clause.pk), None)


def _is_unmoved(one: Clause, other: Clause) -> bool:
    return one.address == other.address and one.sha256 == other.sha256


# --- one clause through time ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """A time in which a clause's wording stood unchanged, or in which it was not there."""

    since: datetime
    until: datetime | None
    version: Version  # the first that has it
    earlier: Version | None  # the last that had the wording before
    clause: Clause | None
    before: Clause | None  # the clause with the wording before, where there was one
    succession: Succession | None  # what a person said of the two
    segments: tuple[Segment, ...]  # against the wording before, when both exist
    by_provider: bool  # False: the archive began to read the page differently

    @property
    def is_moved(self) -> bool:
        return bool(self.clause and self.before and self.clause.address != self.before.address)

    @property
    def is_proposed(self) -> bool:
        """That it is the same clause follows from place and words, and nobody has said so yet."""
        return bool(self.clause and self.before) and not self.succession


def clause_history(version: Version, clause: Clause) -> list[Stretch]:
    """How a clause stood from the first to the last version, newest stretch first, through new numbers and words."""
    timeline = intervals(version.document)
    texts = {interval.version.text_id for interval in timeline}
    by_text: dict = {}
    for one in Clause.objects.filter(text__in=texts).order_by("ordinal"):
        by_text.setdefault(one.text_id, []).append(one)
    place = next(n for n, interval in enumerate(timeline) if interval.version.pk == version.pk)
    follow = _Following(by_text, decisions(version.document))
    after = follow.through(clause, [interval.version.text_id for interval in timeline[place:]])
    before = follow.through(clause, [interval.version.text_id for interval in timeline[place::-1]])
    return _stretches(version.document, timeline, [*before[:0:-1], *after])[::-1]


class _Following:
    """Follows a clause from text to text. Most clauses stay as they are, and need no comparison of whole texts."""

    def __init__(self, by_text: dict, decided: Decisions) -> None:
        self.by_text, self.decided = by_text, decided
        self.known: dict[tuple, dict] = {}

    def through(self, clause: Clause, texts: list) -> list[Clause | None]:
        """The clause in each of the texts; where it is not there it is looked for by its last wording."""
        found: list[Clause | None] = [clause]
        last = clause
        for text in texts[1:]:
            there = self._in(last, text)
            found.append(there)
            last = there or last
        return found

    def _in(self, clause: Clause, text) -> Clause | None:
        there = self.by_text.get(text, [])
        if clause.text_id == text:
            return clause
        if unmoved := next((one for one in there if _is_unmoved(clause, one)), None):
            return unmoved
        key = (clause.text_id, text)
        if key not in self.known:
            found = identity.pairs(self.by_text[clause.text_id], there, self.decided)
            self.known[key] = {earlier.pk: later for earlier, later in found}
        return self.known[key].get(clause.pk)


def _stretches(document: Document, timeline: list[Interval[Version]], found: list[Clause | None]) -> list[Stretch]:
    decided = {
        (one.earlier.sha256, one.earlier.address, one.later.sha256, one.later.address): one
        for one in Succession.objects.filter(document=document).select_related("earlier", "later", "decided_by")
    }
    stretches: list[Stretch] = []
    last: Clause | None = None
    earlier: Version | None = None
    for interval, clause in zip(timeline, found, strict=True):
        present = stretches[-1] if stretches else None
        if present and _reads(present.clause) == _reads(clause):
            stretches[-1] = replace(present, until=interval.until)
        else:
            before = last if clause else None
            key = (before.sha256, before.address, clause.sha256, clause.address) if before and clause else None
            stretches.append(
                Stretch(
                    since=interval.since,
                    until=interval.until,
                    version=interval.version,
                    earlier=earlier,
                    clause=clause,
                    before=before,
                    succession=decided.get(key) if key else None,
                    segments=diff_words(before.content, clause.content) if before and clause else (),
                    by_provider=interval.by_provider,
                )
            )
        earlier, last = interval.version, clause or last
    return stretches


def _reads(clause: Clause | None) -> tuple[str, str] | None:
    return (clause.address, normalise(clause.content)) if clause else None
