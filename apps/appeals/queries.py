from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.appeals.models import Appeal
from apps.cases.queries import visible_cases
from apps.notices.models import Notice, NoticeTemplate

State = Appeal.State


def visible_appeals(user) -> QuerySet[Appeal]:
    """Appeals about letters of the cases that this person may see."""
    appeals = Appeal.objects.select_related("notice__case", "notice__account", "notice__decision", "reviewer")
    return appeals.filter(notice__case__in=visible_cases(user)) if user.has_perm("appeals.view") else appeals.none()


# Of a letter: who found, decided, wrote, approved and sent what it says.
PARTS = (
    *("drafted_by", "approved_by", "issued_by"),
    *("decision__proposed_by", "decision__reviewed_by", "decision__released_by"),
    *("decision__finding__proposed_by", "decision__finding__reviewed_by"),
)


def took_part(notice: Notice) -> set[UUID]:
    """Everybody who had one of the PARTS in a letter."""
    return set(Notice.objects.filter(pk=notice.pk).values_list(*PARTS).get()) - {None}


def appeal_of(notice: Notice) -> Appeal | None:
    """The appeal about a letter that counts, or the last one that was withdrawn."""
    return notice.appeals.order_by("-filed_at", "-id").first()


def answer_to(appeal: Appeal) -> Notice | None:
    """The letter that answers an appeal, unless its draft was discarded."""
    letters = Notice.objects.filter(decision=appeal.notice.decision_id, account=appeal.notice.account_id)
    return (
        letters.filter(kind=NoticeTemplate.Kind.APPEAL_DECISION, facts__appeal_ref=appeal.ref)
        .exclude(state=Notice.State.DISCARDED)
        .order_by("-drafted_at")
        .first()
    )


def to_answer(user) -> QuerySet[Appeal]:
    """What this person may review, or reviews; the most urgent first."""
    found = visible_appeals(user)
    if not user.has_perm("appeals.take_appeal"):
        return found.none()
    waits = Q(state=State.WAITING) | Q(state=State.REVIEW, reviewer=user)
    had_part = Q(*((f"notice__{part}", user) for part in PARTS), _connector=Q.OR)
    return found.filter(waits).exclude(had_part).order_by("answer_by", "id")


def overdue(user) -> QuerySet[Appeal]:
    """Open ones whose answer was promised for an earlier day, whoever reviews them."""
    late = visible_appeals(user).filter(state__in=Appeal.OPEN, answer_by__lt=timezone.now().date())
    return late.order_by("answer_by", "id")


class Record(NamedTuple):
    """What appeals say of a detector: letters to accounts that it had pointed at, and what became of them (R17)."""

    name: str
    slug: str
    letters: int
    appealed: int
    upheld: int
    reversed: int
    median: timedelta | None  # from appeal to reversal

    @property
    def share(self) -> float | None:
        """Of the decided appeals, how many reversed the decision."""
        decided = self.upheld + self.reversed
        return self.reversed / decided if decided else None

    @property
    def percent(self) -> str:
        return f"{self.share or 0:.0%}"


def records() -> Iterator[Record]:
    """Detectors with letters to accounts of their alerts, those with most reversals first. Drills do not count."""
    with connection.cursor() as cursor:
        cursor.execute(RECORDS)
        for row in cursor.fetchall():
            yield Record(*row)


RECORDS = """
    WITH pointed AS (
        SELECT DISTINCT a.detector_id, n.id AS notice_id
        FROM notices_notice n
        JOIN cases_case c ON c.id = n.case_id AND c.drill = ''
        JOIN cases_casegroup g ON g.case_id = n.case_id
        JOIN alerts_alertaccount x ON x.account_id = n.account_id
        JOIN alerts_alert a ON a.id = x.alert_id AND a.group_id = g.group_id
        WHERE n.state = 'issued' AND n.kind <> 'appeal_decision'
          AND NOT EXISTS (  -- of a chain of decisions the last one counts that the account was told of
              SELECT FROM notices_notice later JOIN cases_decision d ON d.id = later.decision_id
              WHERE d.overrides_id = n.decision_id AND d.state IN ('approved', 'overridden')
                AND later.account_id = n.account_id AND later.state = 'issued' AND later.kind <> 'appeal_decision')
    )
    SELECT d.name, d.slug, count(*), count(p.id),
        count(*) FILTER (WHERE p.state = 'upheld'), count(*) FILTER (WHERE p.state = 'reversed'),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY p.decided_at - p.filed_at) FILTER (WHERE p.state = 'reversed')
    FROM pointed
    JOIN alerts_detector d ON d.id = pointed.detector_id
    LEFT JOIN appeals_appeal p ON p.notice_id = pointed.notice_id AND p.state <> 'withdrawn'
    GROUP BY d.id ORDER BY 6 DESC, 4 DESC, d.name"""


def with_words(appeal: Appeal) -> QuerySet:
    """What was said, in order, with the files that came with it."""
    messages = appeal.messages.select_related("author").prefetch_related("enclosures__item")
    return messages.order_by("sent_at", "id")


def narrowed(appeals: QuerySet[Appeal], words: str) -> QuerySet[Appeal]:
    found = Q(ref__iexact=words) | Q(notice__ref__iexact=words) | Q(notice__case__ref__iexact=words)
    return appeals.filter(found | Q(notice__account__ref__iexact=words))
