from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.cases.models import CaseAccount, Decision
from apps.core.models import Job
from apps.notices.models import Notice, NoticeTemplate
from apps.transparency.models import Batch, Export, Statement
from apps.transparency.statement.mapping import REPORTED, Told
from apps.transparency.statement.schema import TERRITORY

State, Kind = Statement.State, NoticeTemplate.Kind

# Letters that tell of a measure that restricts something; a warning does not.
KINDS = (Kind.LIMIT, Kind.SUSPENSION, Kind.TERMINATION)

CARRY_ON = "transparency.carry_on"


def is_possible() -> bool:
    """Whether the settings name a database to send to."""
    return bool(settings.TRANSPARENCY_URL and settings.TRANSPARENCY_TOKEN)


def visible_exports(user) -> QuerySet[Export]:
    exports = Export.objects.select_related("started_by", "sent_by")
    return exports if user.has_perm("transparency.view") else exports.none()


def visible_batches(user) -> QuerySet[Batch]:
    batches = Batch.objects.select_related("export")
    return batches if user.has_perm("transparency.view") else batches.none()


# --- what is exported ------------------------------------------------------------------------------------------------


def in_force(prefix: str = "") -> Q:
    """That a letter's measure stands for its account: nobody overrode the decision, and nobody took the account out of
    the case since, as a reviewer does when an appeal was right."""
    present = CaseAccount.objects.filter(
        case=OuterRef(f"{prefix}case"), account=OuterRef(f"{prefix}account"), excluded_at=None
    )
    return Q(Exists(present), **{f"{prefix}decision__state": Decision.State.APPROVED})


def to_export(first: date, last: date) -> QuerySet[Notice]:
    """Letters of a period (days of UTC, both included) of which no statement was made, and one has to be."""
    begin = datetime.combine(first, time(), UTC)
    somewhere_here = Q(decision__territory=[]) | Q(decision__territory__overlap=sorted(TERRITORY))
    return Notice.objects.filter(
        in_force(),
        somewhere_here,
        ~Exists(Statement.objects.filter(notice=OuterRef("pk"))),
        state=Notice.State.ISSUED,
        kind__in=KINDS,
        account__isnull=False,
        case__drill="",
        issued_at__gte=begin,
        issued_at__lt=datetime.combine(last, time(), UTC) + timedelta(days=1),
        facts__profile="eu",
        facts__restriction__in=REPORTED,
    )


def first_day_to_export() -> date | None:
    """The day of the oldest letter of which a statement has still to be made."""
    oldest = to_export(date(2000, 1, 1), timezone.now().date()).order_by("issued_at").first()
    return oldest.issued_at.date() if oldest and oldest.issued_at else None


@dataclass(frozen=True)
class Letter:
    """A letter as far as its statement needs it."""

    notice_id: UUID
    case_id: UUID
    decision_id: UUID
    told: Told


OF_A_LETTER = (
    "pk", "case_id", "decision_id", "account__opened_at", "facts__restriction", "facts__starts_on", "facts__ends_on",
    "facts__clauses", "facts__detected_automatically", "facts__decided_automatically",
)  # fmt: skip


def letters(notices: QuerySet[Notice]) -> Iterator[Letter]:
    for row in notices.values_list(*OF_A_LETTER):
        pk, case_id, decision_id, opened_at, restriction, starts_on, ends_on, clauses, is_detected, decided = row
        yield Letter(
            pk,
            case_id,
            decision_id,
            Told(
                restriction=restriction,
                starts_on=date.fromisoformat(starts_on),
                ends_on=date.fromisoformat(ends_on) if ends_on else None,
                clauses=tuple(
                    (clause["document"], clause["address"], date.fromisoformat(clause["version_date"]))
                    for clause in clauses
                ),
                is_detected_automatically=is_detected,
                decided_automatically=decided,
                opened_on=opened_at.date() if opened_at else None,
            ),
        )


def to_write(export: Export) -> QuerySet[Statement]:
    """Statements that wait for a file, in their order."""
    return export.statements.filter(state=State.READY).order_by("id")


def lapsed(batch: Batch) -> list[UUID]:
    """Statements of a file whose measure does not stand any more."""
    return list(batch.statements.exclude(standing()).values_list("pk", flat=True))


def standing() -> Q:
    """Of statements: that the measure is in force."""
    return in_force("notice__")


def has_files_to_send(export: Export) -> bool:
    return export.batches.filter(state__in=Batch.DUE).exists()


# --- sending ---------------------------------------------------------------------------------------------------------


def due(*states: str) -> QuerySet[Batch]:
    """Files to send, or to ask after, now."""
    now = timezone.now()
    found = Batch.objects.filter(state__in=states, due_at__lte=now, export__state=Export.State.SENDING)
    resting = Q(export__rests_until__gt=now)
    return found.filter(export__is_paused=False).exclude(resting).order_by("due_at", "export", "number")


def to_end() -> QuerySet[Export]:
    """Exports of which nothing is left to be sent."""
    left = Batch.objects.filter(export=OuterRef("pk"), state__in=Batch.DUE)
    unwritten = Statement.objects.filter(export=OuterRef("pk"), state=State.READY)
    return Export.objects.filter(~Exists(left), ~Exists(unwritten), state=Export.State.SENDING)


# --- how far it is ---------------------------------------------------------------------------------------------------


def by_state(exports: list[Export]) -> dict[UUID, dict[str, int]]:
    """How many statements of each export are in which state."""
    return _counted(Statement.objects.filter(export__in=exports), exports)


def batches_by_state(exports: list[Export]) -> dict[UUID, dict[str, int]]:
    return _counted(Batch.objects.filter(export__in=exports), exports)


def _counted(rows: QuerySet, exports: list[Export]) -> dict[UUID, dict[str, int]]:
    counts: dict[UUID, dict[str, int]] = {export.pk: {} for export in exports}
    for export, state, number in rows.order_by().values_list("export", "state").annotate(n=Count("id")):
        counts[export][state] = number
    return counts


def withheld(export: Export) -> list[Any]:
    """Why statements are withheld: decision, what was found, how many; the most first."""
    found = export.statements.filter(state=State.WITHHELD).order_by()
    rows = found.values("decision_id", "decision__ref", "case__ref", "found").annotate(n=Count("id"))
    return list(rows.order_by("-n", "decision__ref"))


def withheld_of(decision: Decision) -> QuerySet[Statement]:
    """Statements about a decision that are withheld, the last export's first."""
    found = Statement.objects.filter(decision=decision, state=State.WITHHELD).select_related("export")
    return found.order_by("-export__started_at")


def given_up(export: Export) -> list[Job]:
    """Work on it that failed for good."""
    failed = Job.objects.filter(kind=CARRY_ON, state=Job.State.FAILED, key__startswith=f"{export.pk}/")
    return list(failed)
