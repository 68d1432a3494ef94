"""Which version of a document bound whom, and since when: the rule that docs/terms.md words for people. Pure.

Three dates lie apart. A text is *seen* at a moment; it may say that it takes *effect* on a day; an account may *accept*
it at a moment. From these follows what bound:

1. A version that states no date binds from when it was seen.
2. One that states a date binds from the start of that day (UTC), and not before it was seen.
3. A version that was replaced before its day never bound: the one before it went on to.
4. An account that accepts a version is bound by it from that moment, though its day may lie ahead.
5. It stays bound until a version seen later begins to bind, or until it accepts another.

What was seen is what the archive could show. A version whose text begins with a date that had passed when it was first
seen may have bound earlier; that it did is for a person to prove, and not assumed here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar


class Dated(Protocol):
    """What the rule needs of a version."""

    @property
    def seen_at(self) -> Any: ...  # a datetime; a model's field says so only through its descriptor
    @property
    def effective_from(self) -> Any: ...  # a date or None, likewise


V = TypeVar("V", bound=Dated)


class Why(StrEnum):
    """Why a version binds an account."""

    ACCEPTED = "accepted"  # by the account itself
    CONTINUED_USE = "continued use"  # of the service after the day on which the version took effect
    AS_SEEN = "as seen"  # the version states no day: from when it was seen


@dataclass(frozen=True, slots=True)
class Span(Generic[V]):
    """A time in which a version bound: from `since` up to, not including, `until` (None: it still does)."""

    version: V
    since: datetime
    until: datetime | None
    why: Why
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted(Generic[V]):
    """That an account accepted, at a moment, a version; None where the record does not say which."""

    at: datetime
    version: V | None = None


def binds_from(version: Dated) -> datetime:
    """Rules 1 and 2: the moment from which a version binds whoever uses the service, unless it is replaced before."""
    if version.effective_from is None:
        return version.seen_at
    return max(version.seen_at, start_of(version.effective_from))


def start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def general(versions: Iterable[V]) -> list[Span[V]]:
    """Rules 1 to 3: what bound users of the service of whom no acceptance is known, oldest first."""
    ordered = sorted(versions, key=lambda version: version.seen_at)
    replaced = [*(version.seen_at for version in ordered[1:]), None]
    began = [
        (binds_from(version), version)
        for version, end in zip(ordered, replaced, strict=False)
        if end is None or binds_from(version) < end
    ]
    ends = [*(since for since, _ in began[1:]), None]
    return [
        Span(version, since, end, Why.AS_SEEN if version.effective_from is None else Why.CONTINUED_USE)
        for (since, version), end in zip(began, ends, strict=False)
    ]


def for_account(spans: Sequence[Span[V]], seen: Sequence[V], accepted: Iterable[Accepted[V]]) -> list[Span[V]]:
    """Rules 4 and 5, on top of `general`'s spans. `seen` are the document's versions, oldest first.

    An acceptance that names no version is one of the text that was to be seen at that moment.
    """
    events: list[tuple[datetime, int, Span[V]]] = [(span.since, 0, span) for span in spans]
    for one in accepted:
        if version := one.version or _seen_at(seen, one.at):
            events.append((one.at, 1, Span(version, one.at, None, Why.ACCEPTED, one.at)))
    bound: list[Span[V]] = []
    for _, _, span in sorted(events, key=lambda event: event[:2]):
        present = bound[-1] if bound else None
        if present and span.why != Why.ACCEPTED and span.version.seen_at <= present.version.seen_at:
            continue  # an older text that takes effect late, or the text that was accepted already
        if present:
            bound[-1] = _ended(present, span.since)
        bound.append(Span(span.version, span.since, None, span.why, span.accepted_at))
    return [span for span in bound if span.until is None or span.since < span.until]


def within(
    spans: Iterable[Span[V]], start: datetime, end: datetime, not_before: datetime | None = None
) -> list[Span[V]]:
    """The parts of spans between two moments; nothing binds an account before it was opened (`not_before`)."""
    first = max(start, not_before) if not_before else start
    found = []
    for span in spans:
        since, until = max(span.since, first), min(span.until or end, end)
        if since < until:
            found.append(Span(span.version, since, until, span.why, span.accepted_at))
    return found


def _ended(span: Span[V], until: datetime) -> Span[V]:
    return Span(span.version, span.since, until, span.why, span.accepted_at)


def _seen_at(seen: Sequence[V], at: datetime) -> V | None:
    before = [version for version in seen if version.seen_at <= at]
    return before[-1] if before else None
