"""Documents wait until the entries of their case are anchored as TRAIL_ISSUE_NEEDS says, and then resume by themselves.

An authority that is down never lets a document out unanchored, and never stops anything else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from apps.audit.anchors import parties, state
from apps.audit.models import Anchor, AuditedModel, Event
from apps.audit.reads.table import READS
from apps.core import jobs
from apps.core.models import Job

TOPIC = "anchors"
SOON = timedelta(seconds=20)  # a reader is told why, once it takes longer
NEED_OF = {Anchor.Kind.WITNESS: "witnessed", Anchor.Kind.TIMESTAMP: "timestamped"}
WORDS = {
    "sequenced": "sealed in the log",
    "witnessed": "witnessed outside",
    "timestamped": "time-stamped by an authority outside",
}


def require(row: AuditedModel) -> None:
    """Raise `jobs.Later` unless everything in the row's case, up to what was last done to the row, is anchored. Who
    reads it meanwhile does not hold it up."""
    done = Event.objects.filter(object_type=row._meta.db_table, object_id=row.pk).exclude(action__in=READS)
    last = done.order_by("-id").first()
    if last is None or last.case_id is None:
        raise ValueError(f"{row} belongs to no case, so nothing says what it waits for")
    if why := _missing(last):
        age = (timezone.now() - last.occurred_at).total_seconds()
        raise jobs.Later(why, waits_for=TOPIC, seconds=min(max(age / 10, 1), 15))


def _missing(last: Event) -> str:
    """What an entry and those before it in its case still need, in a sentence."""
    try:
        needs = parties.needs()
        reached = state.state_of_case(last.case_id, up_to=last.case_seq) if last.case_id and needs else None
    except ImproperlyConfigured as error:  # settings that went wrong let nothing out
        return str(error)
    missing = [WORDS[need] for need in needs if reached and not reached.has(need)]
    return f"Not yet {' and '.join(missing)}." if missing else ""


def is_awaited(kind: str) -> bool:
    """Whether a document waits for anchors of this kind: then they are fetched at once."""
    return (
        NEED_OF.get(Anchor.Kind(kind)) in parties.needs()
        and Job.objects.filter(waits_for=TOPIC, state=Job.State.WAITING).exists()
    )


@dataclass(frozen=True)
class Wait:
    """A document that is not out yet."""

    since: datetime
    why: str
    parties: list[str]  # what is wrong with whom, in sentences
    for_anchors: bool = True  # or for its signature

    @property
    def is_long(self) -> bool:
        return timezone.now() > self.since + SOON


def of(kind: str, key: object) -> Wait | None:
    """What the work of a kind about a key waits for; None when it is done, or under way."""
    job = Job.objects.filter(kind=kind, key=str(key), state=Job.State.WAITING).exclude(waits_for="").first()
    if job is None:
        return None
    for_anchors = job.waits_for == TOPIC
    return Wait(job.created_at, job.last_error, state.problems() if for_anchors else [], for_anchors)


def ring_if_due() -> None:
    """Wake a worker for what was put back and is due again: sooner than the sweep comes round."""
    if Job.objects.filter(waits_for=TOPIC, state=Job.State.WAITING, due_at__lte=timezone.now()).exists():
        jobs.ring()
