from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, CharField, Count, Exists, Func, OuterRef, Q, QuerySet, TextChoices, Value, When
from django.forms import Form
from django.utils import timezone

from apps.cases.queries import visible_cases
from apps.core.models import Job
from apps.notices.models import Mailing, Notice
from apps.notices.queries import visible_notices
from apps.service.models import Attempt, Deadline, Dispatch, DispatchPart, Return

Kind, Outcome, State = Deadline.Kind, Deadline.Outcome, Attempt.State

# What a worker does of a dispatch.
CARRY_ON, WITHDRAW = "service.carry_on_dispatch", "service.withdraw_dispatch_part"


def visible_attempts(user) -> QuerySet[Attempt]:
    """Attempts to serve letters of the cases that this person may see."""
    attempts = Attempt.objects.select_related("notice__case", "prepared_by")
    return attempts.filter(notice__case__in=visible_cases(user)) if user.has_perm("service.view") else attempts.none()


def visible_deadlines(user) -> QuerySet[Deadline]:
    deadlines = Deadline.objects.select_related("notice__case", "notice__account", "notice__party")
    found = deadlines.filter(notice__case__in=visible_cases(user))
    return found if user.has_perm("service.view") else deadlines.none()


def visible_returns(user) -> QuerySet[Return]:
    """What came back about letters that this person may see, and what belongs to none."""
    returns = Return.objects.select_related("attempt__notice", "filed_by")
    found = returns.filter(Q(attempt=None) | Q(attempt__notice__case__in=visible_cases(user)))
    return found if user.has_perm("service.view") else returns.none()


def to_file(user) -> QuerySet[Return]:
    """Returns that say nothing by themselves, and that nobody has looked at."""
    found = visible_returns(user).filter(filed_at=None)
    strange = Q(attempt=None) | Q(kind__in=[Return.Kind.OTHER, Return.Kind.AUTOMATIC])
    return found.filter(strange).order_by("-received_at", "-id")


def to_serve(user) -> QuerySet[Deadline]:
    """Letters that have not left yet, or came back; the most urgent first."""
    return (
        visible_deadlines(user)
        .filter(kind=Kind.SERVE, outcome__in=[Outcome.OPEN, Outcome.OVERDUE])
        .order_by("ends_at", "id")
    )


def silent(user) -> QuerySet[Deadline]:
    """Letters that asked for a response by a day, and got none."""
    found = visible_deadlines(user).filter(kind=Kind.RESPOND, outcome=Outcome.SILENCE)
    return found.order_by("ends_at", "id")


def uncertain(user) -> QuerySet[Attempt]:
    """E-mails that may have been sent: a person finds out, or decides."""
    return visible_attempts(user).filter(state=State.UNKNOWN).order_by("prepared_at", "id")


def without_deadlines() -> QuerySet[Notice]:
    """Issued letters whose deadlines are not in the calendar yet."""
    known = Deadline.objects.filter(notice=OuterRef("pk"))
    issued = Notice.objects.filter(state=Notice.State.ISSUED).filter(~Exists(known))
    return issued.select_related("account", "decision").order_by("issued_at", "id")


def deadlines_of(notice: Notice) -> QuerySet[Deadline]:
    return notice.deadlines.order_by("ends_at", "kind")


def attempts_of(notice: Notice) -> QuerySet[Attempt]:
    """With their proofs and what came back about them, newest first."""
    found = notice.attempts.select_related("prepared_by").prefetch_related("proofs__item", "returns")
    return found.order_by("-prepared_at", "-id")


def shown_by_code(notice: Notice) -> Attempt | None:
    """The attempt by which whoever knows a letter's code must have got it: the only one that left, if there is one."""
    left = list(notice.attempts.exclude(state__in=[State.PREPARED, State.FAILED])[:2])
    return left[0] if len(left) == 1 else None


def letters_of(user) -> QuerySet[Notice]:
    return visible_notices(user).filter(state=Notice.State.ISSUED)


class Settled(NamedTuple):
    """A deadline, and what has become of it since anybody looked."""

    id: str
    outcome: str


def unsettled(limit: int) -> list[Settled]:
    """Deadlines whose outcome is another than the one on record."""
    with connection.cursor() as cursor:
        cursor.execute(UNSETTLED, {"now": timezone.now(), "limit": limit})
        return [Settled(str(pk), outcome) for pk, outcome in cursor.fetchall()]


# Only what is open, missed, or was met by an attempt that came back since: the rest is over.
UNSETTLED = """
    WITH open AS (
        SELECT d.id, d.notice_id, d.kind, d.ends_at, d.outcome FROM service_deadline d
        WHERE d.outcome IN ('', 'overdue', 'silence')
        UNION ALL
        SELECT DISTINCT d.id, d.notice_id, d.kind, d.ends_at, d.outcome FROM service_attempt a
        JOIN service_deadline d ON d.notice_id = a.notice_id AND d.kind = 'serve' AND d.outcome IN ('met', 'late')
        WHERE a.state IN ('bounced', 'refused', 'failed')
    ), met AS (
        SELECT open.*, CASE WHEN kind = 'serve'
            THEN (SELECT min(coalesce(a.sent_at, a.ended_at)) FROM service_attempt a
                  WHERE a.notice_id = open.notice_id AND a.state IN ('sent', 'delivered', 'acknowledged'))
            ELSE (SELECT min(r.received_at) FROM service_answer r
                  WHERE r.notice_id = open.notice_id AND (open.kind = 'respond' OR r.kind = 'appeal')) END AS at
        FROM open
    ), judged AS (
        SELECT id, outcome AS was, CASE WHEN at <= ends_at THEN 'met' WHEN at > ends_at THEN 'late'
            WHEN ends_at >= %(now)s THEN '' WHEN kind = 'serve' THEN 'overdue' ELSE 'silence' END AS outcome
        FROM met
    )
    SELECT id, outcome FROM judged WHERE outcome <> was ORDER BY id LIMIT %(limit)s"""


class Span(NamedTuple):
    """How many letters are to be served in a stretch of time, for the tiles over the list."""

    title: str
    letters: int
    tone: str


def spans(user, now: datetime) -> list[Span]:
    """What is to be served: overdue, within a day, within a week; and the silence of recipients."""
    counted = visible_deadlines(user).aggregate(
        overdue=Count("pk", filter=Q(kind=Kind.SERVE, outcome__in=[Outcome.OPEN, Outcome.OVERDUE], ends_at__lt=now)),
        day=Count("pk", filter=_between(now, timedelta(days=1))),
        week=Count("pk", filter=_between(now, timedelta(days=7))),
        silent=Count("pk", filter=Q(kind=Kind.RESPOND, outcome=Outcome.SILENCE)),
    )
    return [
        Span("overdue", counted["overdue"], "stop" if counted["overdue"] else "dim"),
        Span("to serve within a day", counted["day"], "warn" if counted["day"] else "dim"),
        Span("within a week", counted["week"], "dim"),
        Span("no response", counted["silent"], "dim"),
    ]


def _between(now: datetime, length: timedelta) -> Q:
    return Q(kind=Kind.SERVE, outcome=Outcome.OPEN, ends_at__gte=now, ends_at__lt=now + length)


def narrowed(user, form: Form) -> QuerySet[Deadline]:
    """Deadlines as the filters ask; without any, those that are open or missed."""
    found, asked = visible_deadlines(user), form.cleaned_data if form.is_valid() else {}
    if kind := asked.get("kind"):
        found = found.filter(kind=kind)
    if words := asked.get("q", "").strip():
        by_name = Q(notice__ref__iexact=words) | Q(notice__case__ref__iexact=words)
        found = found.filter(by_name | Q(notice__account__ref__iexact=words))
    state = asked.get("state")
    if state == "any" or (words and not state):
        return found
    if state:
        return found.filter(outcome="" if state == "open" else state)
    return found.filter(outcome__in=[Outcome.OPEN, Outcome.OVERDUE, Outcome.SILENCE])


# --- letters of a mailing --------------------------------------------------------------------------------------------


class Standing(TextChoices):
    """How far the service of one letter is: what is furthest of its attempts."""

    DELIVERED = "delivered", "Delivered"
    SENT = "sent", "Sent"
    UNKNOWN = "unknown", "May have been sent"
    WAITING = "waiting", "Waits to be sent"
    CAME_BACK = "came_back", "Came back"
    FAILED = "failed", "Failed"
    WITHOUT = "without", "Without address"


# By which states of its attempts a letter counts as what; the first that fits.
_STANDINGS = {
    Standing.DELIVERED: (State.DELIVERED, State.ACKNOWLEDGED),
    Standing.SENT: (State.SENT,),
    Standing.UNKNOWN: (State.UNKNOWN,),
    Standing.WAITING: (State.PREPARED, State.SENDING),
    Standing.CAME_BACK: (State.BOUNCED, State.REFUSED),
    Standing.FAILED: (State.FAILED,),
}


def mailed_letters(mailing: Mailing) -> Any:
    """The issued letters of a mailing, each with its `standing`."""
    attempts = Attempt.objects.filter(notice=OuterRef("pk"))
    parts = DispatchPart.objects.filter(dispatch__mailing=mailing, state=DispatchPart.State.WAITING)
    in_parts = parts.values(notice=Func("notice_ids", function="unnest"))
    found = {standing: Q(Exists(attempts.filter(state__in=states))) for standing, states in _STANDINGS.items()}
    found[Standing.WAITING] |= Q(pk__in=in_parts)
    cases = [When(condition, then=Value(standing.value)) for standing, condition in found.items()]
    standing = Case(*cases, default=Value(Standing.WITHOUT.value), output_field=CharField())
    issued = Notice.objects.filter(mailing=mailing, state=Notice.State.ISSUED)
    return issued.annotate(standing=standing)


def addressable(mailing: Mailing) -> QuerySet[Notice]:
    """Issued letters of a mailing that no attempt has on its way or there: the others are not sent once more."""
    over = (State.BOUNCED, State.REFUSED, State.FAILED)
    under_way = Attempt.objects.filter(notice=OuterRef("pk")).exclude(state__in=over)
    issued = Notice.objects.filter(mailing=mailing, state=Notice.State.ISSUED)
    return issued.filter(~Exists(under_way))


def standings(mailing: Mailing) -> dict[str, int]:
    """How many letters of a mailing stand where."""
    counted = dict(mailed_letters(mailing).order_by().values_list("standing").annotate(Count("id")))
    return {standing: counted.get(standing, 0) for standing in Standing}


def visible_dispatches(user) -> QuerySet[Dispatch]:
    """Dispatches of mailings of the cases that this person may see."""
    dispatches = Dispatch.objects.select_related("mailing__case", "started_by")
    found = dispatches.filter(mailing__case__in=visible_cases(user))
    return found if user.has_perm("service.view") else dispatches.none()


def given_up(mailing: Mailing) -> list[Job]:
    """Work on a dispatch that goes on no more because it failed for good: handing over its next part, or forgetting
    the addresses of those that are not sent."""
    running = mailing.dispatches.filter(state=Dispatch.State.RUNNING)
    left = DispatchPart.objects.filter(
        dispatch__mailing=mailing, dispatch__state=Dispatch.State.CANCELLED, state=DispatchPart.State.WAITING
    )
    about = {str(pk) for rows in (running, left) for pk in rows.values_list("pk", flat=True)}
    failed = Job.objects.filter(kind__in=(CARRY_ON, WITHDRAW), state=Job.State.FAILED)
    return [job for job in failed if job.key.partition("/")[0] in about]


def last_dispatch(mailing: Mailing) -> Dispatch | None:
    return mailing.dispatches.select_related("started_by").order_by("-started_at").first()
