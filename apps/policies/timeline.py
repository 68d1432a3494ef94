"""When each version of a document was to be seen: runs of records that say the same, and the times between. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Generic, Protocol, TypeVar

from apps.policies.history import TECHNICAL_UPGRADE


class Seen(Protocol):
    """What is asked of a record or of a stored version."""

    @property
    def seen_at(self) -> Any: ...  # a datetime; a model's field says so only through its descriptor
    @property
    def kind(self) -> Any: ...  # a str, likewise


class Worded(Seen, Protocol):
    @property
    def wording_sha256(self) -> str: ...


S = TypeVar("S", bound=Seen)
W = TypeVar("W", bound=Worded)


@dataclass(frozen=True, slots=True)
class Interval(Generic[S]):
    """A version's time in force as seen: from `since` up to, not including, `until` (None: it is the last seen)."""

    version: S
    since: datetime
    until: datetime | None

    @property
    def by_provider(self) -> bool:
        """Whether the wording changed, and not only because the archive began to read the page differently."""
        return bool(self.version.kind != TECHNICAL_UPGRADE)


def timeline(versions: Iterable[S]) -> list[Interval[S]]:
    """The intervals of one document in one collection, oldest first; each begins where the one before it ends.

    A text that comes back, as when two texts alternate, is another version with an interval of its own.
    """
    ordered = sorted(versions, key=lambda version: version.seen_at)
    ends = [*(version.seen_at for version in ordered[1:]), None]
    return [Interval(version, version.seen_at, until) for version, until in zip(ordered, ends, strict=False)]


def runs(records: Iterable[W]) -> Iterator[list[W]]:
    """The records of one document by time, those that follow each other and say the same together: a run is a version.

    A change of a tracking token, of a link's target or of white space alone begins none.
    """
    ordered = sorted(records, key=lambda record: record.seen_at)
    for _, run in groupby(ordered, key=lambda record: record.wording_sha256):
        yield list(run)
