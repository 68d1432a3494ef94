"""What becomes of each item of a request: created, updated, a duplicate, or rejected. Plain data in, plain data out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.alerts import wire
from apps.core.ids import uuid7, uuid7_texts

KEPT_CONTENTS = 20  # hashes of earlier contents under one reference
SHORT_REF = 8  # characters; shorter references are made by chance and collide


@dataclass
class Known:
    """What is known about one alert while its request is walked through."""

    id: str
    title: str = ""
    kind: str = ""
    variant: int = 0
    contents: list[str] = field(default_factory=list)  # hashes of all that was said, the newest last
    window_start: datetime | None = None
    window_end: datetime | None = None
    occurrences: int = 0
    account_ids: list[str] = field(default_factory=list)
    key: str = ""  # what it was grouped by first; kept, whatever it says later
    group: str | None = None
    group_takes: bool = False
    joined: str = ""
    was_in: str | None = None  # its group when this request began
    was_said: str = ""  # hash of what was said last when this request began
    suppressed_by: str | None = None  # the rule that hides it
    latest: wire.Taken | None = None  # set when this request says something new
    is_new: bool = True

    @property
    def news(self) -> wire.Taken:
        """What this request says; asked only of what it says something new about."""
        if self.latest is None:
            raise ValueError(f"nothing new is said about {self.id}")
        return self.latest

    def say(self, item: wire.Taken) -> None:
        """The newest content counts; the window never shrinks."""
        self.latest, self.title, self.kind = item, item.alert.title, item.alert.kind
        self.occurrences += 1
        self.contents = [*self.contents, item.digest][-KEPT_CONTENTS:]
        if window := item.alert.window:
            self.window_start = self.window_start or window.start
            self.window_end = max(self.window_end or window.end, window.end)


Verdict = dict[str, Any]


def judge(items: list[wire.Taken | wire.Refusal], known: dict[str, list[Known]], first: int = 0) -> list[Verdict]:
    """The answer for each item, by position from `first`; what is new is kept in `known`, by source reference."""
    ids = uuid7_texts()
    return [_judge(item, position, known, ids) for position, item in enumerate(items, first)]


def _judge(
    item: wire.Taken | wire.Refusal, position: int, known: dict[str, list[Known]], ids: Iterator[str]
) -> Verdict:
    if isinstance(item, wire.Refusal):
        return refused(position, item)
    ref = item.alert.source_ref
    variants = known.get(ref)
    if variants is None:
        variants = known[ref] = []
    for one in variants:
        if item.digest in one.contents:
            return _verdict(position, ref, "duplicate", one.id)
    present = next((one for one in variants if not collides(one, item)), None)
    if present is None:
        present = Known(next(ids), variant=len(variants))
        variants.append(present)
        present.say(item)
        verdict = _verdict(position, ref, "created", present.id)
        return verdict | {"ref_collision": True} if present.variant else verdict
    if refusal := _lowers_window(present, item):
        return refused(position, refusal)
    present.say(item)
    return _verdict(position, ref, "updated", present.id)


def collides(known: Known, item: wire.Taken) -> bool:
    """Whether a short reference was taken by chance: another title or kind under it is another alert, not news."""
    alert = item.alert
    return (
        len(alert.source_ref) < SHORT_REF
        and alert.action == "create"
        and (alert.title, alert.kind) != (known.title, known.kind)
    )


def _lowers_window(known: Known, item: wire.Taken) -> wire.Refusal | None:
    window = item.alert.window
    if not (known.window_start and window and window.start < known.window_start):
        return None
    return wire.Refusal(
        "window_start_lowered",
        f"window.start is before {wire.utc(known.window_start)}, where this alert's window starts already.",
        field="window.start",
        source_ref=item.alert.source_ref,
    )


def _verdict(position: int, source_ref: str, verdict: str, id_: str) -> Verdict:
    return {"position": position, "source_ref": source_ref, "verdict": verdict, "id": id_}


def refused(position: int, refusal: wire.Refusal) -> Verdict:
    return {
        "position": position,
        "source_ref": refusal.source_ref,
        "verdict": "rejected",
        "id": str(uuid7()),
        "code": refusal.code,
        "field": refusal.field,
        "reason": refusal.reason,
    }
