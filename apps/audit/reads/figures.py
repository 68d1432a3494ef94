"""Who read what: of one object for those who answer for it, and of each person and day for the auditor."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from apps.audit import sentences
from apps.audit.models import Event
from apps.audit.queries import audited_model
from apps.audit.reads.table import READS, Kind

SHOWN = 500  # of one object, newest first: who looked before that stands in its history
CHUNK = 500

# A day is unusual above so many times the usual one, and never below so many reads: plain rules that people can check.
TIMES_USUAL = 3
AT_LEAST = 20


def reads() -> QuerySet[Event]:
    return Event.objects.filter(action__in=sorted(READS))


@dataclass
class Reader:
    """One person who looked at one object, in one way."""

    actor: str
    kind: Kind
    times: int
    last: datetime
    reason: str  # the last one that was given


def readers(user, table: str, key: UUID) -> list[Reader] | None:
    """Who looked at it, the last first; None where that is not the asker's business."""
    model = audited_model(table)
    if model is None or not all(
        user.has_perm(verb) for verb in ("audit.view_readers", f"{model._meta.app_label}.view")
    ):
        return None
    found: dict[tuple[str, Kind], Reader] = {}
    looks = reads().filter(object_type=table, object_id=key).order_by("-id")
    for actor, verb, at, reason in looks.values_list("actor", "action", "occurred_at", "reason")[:SHOWN]:
        kind = READS[verb].kind
        reader = found.setdefault((actor, kind), Reader(actor, kind, 0, at, ""))
        reader.times += 1
        reader.reason = reader.reason or reason
    return list(found.values())


@dataclass
class Person:
    """What one person read in some days."""

    actor: str
    days: dict[date, int] = field(default_factory=dict)
    kinds: Counter[Kind] = field(default_factory=Counter)

    @property
    def reads(self) -> int:
        return sum(self.days.values())

    @property
    def busiest(self) -> tuple[date, int]:
        return max(self.days.items(), key=lambda day: day[1])


@dataclass(frozen=True)
class Unusual:
    """A day on which somebody read much more than is usual."""

    actor: str
    day: date
    reads: int


@dataclass(frozen=True)
class Figures:
    """Reads of some days, by person and day."""

    people: list[Person]  # who read most first
    usual: float  # the median of all days on which somebody read something
    unusual: list[Unusual]

    @property
    def kinds(self) -> list[Kind]:
        """The ways of reading that occur."""
        return [kind for kind in Kind if any(person.kinds[kind] for person in self.people)]


def within(since: date, until: date) -> QuerySet[Event]:
    """Reads of these days, both included, UTC."""
    first = datetime.combine(since, time.min, UTC)
    return reads().filter(occurred_at__gte=first, occurred_at__lt=datetime.combine(until, time.min, UTC) + timedelta(1))


def per_person_and_day(since: date, until: date) -> Figures:
    """One query, whatever was read."""
    people: dict[str, Person] = {}
    counted = (
        within(since, until)
        .order_by()
        .annotate(day=TruncDate("occurred_at", tzinfo=UTC))
        .values_list("actor", "day", "action")
        .annotate(n=Count("id"))
    )
    for actor, day, verb, number in counted:
        person = people.setdefault(actor, Person(actor, defaultdict(int)))
        person.days[day] += number
        person.kinds[READS[verb].kind] += number
    days = [(person.actor, day, number) for person in people.values() for day, number in person.days.items()]
    usual = median(number for _, _, number in days) if days else 0
    unusual = [Unusual(*day) for day in days if day[2] >= AT_LEAST and day[2] > TIMES_USUAL * usual]
    return Figures(
        sorted(people.values(), key=lambda person: -person.reads),
        usual,
        sorted(unusual, key=lambda day: -day.reads),
    )


COLUMNS = ("when (UTC)", "who", "id of who", "how", "what", "sentence", "reason", "case", "verb", "event")


def lines(since: date, until: date, reader) -> Iterator[tuple[str, ...]]:
    """The reads themselves, oldest first, in words; what the reader may not see in its room is withheld here too."""
    looks, after = within(since, until).order_by("id"), 0
    while chunk := list(looks.filter(id__gt=after)[:CHUNK]):
        for entry in sentences.tell(chunk, reader):
            event, read = entry.event, READS[entry.event.action]
            yield (
                event.occurred_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
                entry.actor,
                event.actor,
                read.kind,
                read.what,
                entry.plain_sentence,
                "" if entry.is_withheld else event.reason,
                str(entry.case),
                event.action,
                str(event.event_uuid),
            )
        after = chunk[-1].pk
