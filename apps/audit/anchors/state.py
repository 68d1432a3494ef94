"""How far an entry of the trail has come: committed, sequenced, witnessed, stamped; and how the parties outside do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils import timezone

from apps.audit.anchors import parties, witnesses
from apps.audit.anchors.parties import Party
from apps.audit.models import Anchor, AnchorParty, Checkpoint, Event

OVERDUE = timedelta(minutes=2)  # nobody asks the parties any more


class Stage(IntEnum):
    """What an entry has behind it. Stamps do not need witnesses: the later two come in any order."""

    COMMITTED = 0
    SEQUENCED = 1
    WITNESSED = 2
    TIMESTAMPED = 3


WORDS = {
    Stage.COMMITTED: "Written down",
    Stage.SEQUENCED: "Sealed",
    Stage.WITNESSED: "Witnessed",
    Stage.TIMESTAMPED: "Time-stamped",
}


@dataclass(frozen=True)
class Step:
    """A stage that was reached: when, by whom, and under which checkpoint; `at` is None where it was not reached."""

    stage: Stage
    at: datetime | None = None
    by: tuple[str, ...] = ()
    size: int | None = None

    @property
    def words(self) -> str:
        return WORDS[self.stage]


@dataclass(frozen=True)
class State:
    """The stages that this installation knows, in order; those behind it have a time."""

    steps: tuple[Step, ...]

    @property
    def words(self) -> str:
        """In one line, as on a badge."""
        if Stage.SEQUENCED not in self.reached:
            return "Waiting for the trail's seal"
        further = [WORDS[stage].lower() for stage in (Stage.WITNESSED, Stage.TIMESTAMPED) if stage in self.reached]
        return ", ".join(["Sealed in the trail", *further])

    @property
    def is_sealed(self) -> bool:
        return Stage.SEQUENCED in self.reached

    @property
    def further(self) -> tuple[Step, ...]:
        """The stages after it was written down."""
        return self.steps[1:]

    @property
    def reached(self) -> set[Stage]:
        return {step.stage for step in self.steps if step.at}

    def has(self, need: str) -> bool:
        """Whether a stage is behind it, named as TRAIL_ISSUE_NEEDS names it."""
        return Stage[need.upper()] in self.reached


def state_of(place: int | None, *, committed_at: datetime) -> State:
    """The state of what has this place in the log; None as long as it has none.

    A policy that cannot be used proves nothing: then it counts as not witnessed.
    """
    steps = [Step(Stage.COMMITTED, committed_at)]
    covering = None if place is None else Checkpoint.objects.filter(size__gt=place).order_by("size").first()
    steps.append(Step(Stage.SEQUENCED, covering.signed_at, size=covering.size) if covering else Step(Stage.SEQUENCED))
    first = {} if place is None else _first_anchors(place)
    steps.append(_witnessed([anchor for anchor in first.values() if anchor.kind == Anchor.Kind.WITNESS]))
    stamps = [anchor for anchor in first.values() if anchor.kind == Anchor.Kind.TIMESTAMP]
    steps.append(_stamped(stamps))
    return State(tuple(step for step in steps if step.at or step.stage in _configured_stages()))


def state_of_case(case_id: UUID, *, up_to: int | None = None) -> State:
    """The state of a case's newest entry, and so of all of them; `up_to` is the number of the last one that counts."""
    events = Event.objects.filter(case_id=case_id)
    if up_to is not None:
        events = events.filter(case_seq__lte=up_to)
    newest = events.order_by("-case_seq").first()
    if newest is None:
        raise ValueError(f"nothing was written down about a case {case_id}")
    return state_of(_last_place(case_id, newest.case_seq or 0), committed_at=newest.occurred_at)


def _last_place(case_id: UUID, up_to: int) -> int | None:
    """The last place that an entry of the case has; None while one of them has none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN count(*) = count(l.idx) THEN max(l.idx) END FROM audit_event e"
            " LEFT JOIN audit_leaf l ON l.event_id = e.id WHERE e.case_id = %s AND e.case_seq <= %s",
            [case_id, up_to],
        )
        return cursor.fetchone()[0]


def _first_anchors(place: int) -> dict[tuple[str, str], Anchor]:
    """Of each party the first anchor that covers a place."""
    anchors = Anchor.objects.filter(size__gt=place).order_by("kind", "party", "size").distinct("kind", "party")
    return {(anchor.kind, anchor.party): anchor for anchor in anchors.defer("token")}


def _witnessed(cosigned: list[Anchor]) -> Step:
    """Reached with the witness that completes the quorum of the policy."""
    met: list[Anchor] = []
    for anchor in sorted(cosigned, key=lambda anchor: anchor.obtained_at):
        met.append(anchor)
        if witnesses.quorum_is_met({anchor.party for anchor in met}):
            names = tuple(sorted(anchor.party for anchor in met))
            return Step(Stage.WITNESSED, anchor.obtained_at, names, max(anchor.size for anchor in met))
    return Step(Stage.WITNESSED)


def _stamped(stamps: list[Anchor]) -> Step:
    """Of several authorities, the one that states the earliest time."""
    first = min(stamps, key=lambda anchor: (anchor.stated_at, anchor.party), default=None)
    return Step(Stage.TIMESTAMPED, first.stated_at, (first.party,), first.size) if first else Step(Stage.TIMESTAMPED)


def _configured_stages() -> set[Stage]:
    stages = {Stage.COMMITTED, Stage.SEQUENCED}
    if settings.TRAIL_POLICY_FILE:
        stages.add(Stage.WITNESSED)
    if settings.TRAIL_TIMESTAMP_URLS:
        stages.add(Stage.TIMESTAMPED)
    return stages


# --- the parties -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """One party, as the trail's page shows it."""

    name: str
    kind: str
    last: Anchor | None
    known: AnchorParty | None
    is_behind: bool  # there is something newer than its last anchor, and its time has come

    @property
    def is_well(self) -> bool:
        return not self.sentence

    @property
    def sentence(self) -> str:
        """What is wrong, and what casemgr does about it."""
        if self.known and self.known.failing_since:
            is_due = self.known.due_at <= timezone.now()
            again = "is asking again" if is_due else f"asks again at {_clock(self.known.due_at)}"
            since = _clock(self.known.failing_since)
            return f"{self.kind} {self.name} has given nothing since {since}: {self.known.problem} casemgr {again}."
        if self.is_behind:
            return (
                f"{self.kind} {self.name} is not being asked: `manage.py anchors` does that, and it does not seem to "
                "run. Start it."
            )
        return ""


def standings() -> list[Standing]:
    """How it goes with every party that the settings name. Raises ImproperlyConfigured."""
    found = parties.configured()
    if not found:
        return []
    known = AnchorParty.objects.in_bulk([party.names[0] for party in found])
    newest = Checkpoint.objects.order_by("-number").first()
    last = Anchor.objects.order_by("kind", "party", "-size").distinct("kind", "party").defer("token")
    anchors = {(anchor.kind, anchor.party): anchor for anchor in last}

    def standing(party: Party) -> Standing:
        of_party = [anchors[party.kind, name] for name in party.names if (party.kind, name) in anchors]
        newest_of_party = max(of_party, key=lambda anchor: anchor.size, default=None)
        is_behind = _is_behind(party, newest, newest_of_party)
        kind = Anchor.Kind(party.kind).label
        return Standing(party.names[0], kind, newest_of_party, known.get(party.names[0]), is_behind)

    return [standing(party) for party in found]


def _is_behind(party: Party, newest: Checkpoint | None, last: Anchor | None) -> bool:
    if newest is None or (last and last.size >= newest.size):
        return False
    since = last.obtained_at + party.every if last else newest.signed_at
    return timezone.now() > max(since, newest.signed_at) + OVERDUE


@dataclass(frozen=True)
class Outside:
    """All parties together, or why the settings that name them cannot be used."""

    parties: list[Standing]
    problem: str = ""


def outside() -> Outside:
    try:
        parties.needs()
        return Outside(standings())
    except ImproperlyConfigured as error:
        return Outside([], str(error))


def problems() -> list[str]:
    """What is wrong with whom, in sentences."""
    known = outside()
    return [known.problem] if known.problem else [party.sentence for party in known.parties if not party.is_well]


def _clock(moment: datetime) -> str:
    is_today = moment.date() == timezone.now().date()
    return f"{moment:%H:%M} UTC" if is_today else f"{moment:%Y-%m-%d %H:%M} UTC"
