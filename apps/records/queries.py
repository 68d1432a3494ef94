"""What a person may see of holds, erasures and retention."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from apps.core.links import url_if_any
from apps.records import reach, subjects
from apps.records.models import Confirmation, Custodian, Erasure, HoldScope, LegalHold, RetentionRun
from apps.records.schedule import RULES, Rule

ANSWER_WITHIN = timedelta(days=30)  # GDPR Art. 12(3): one month


def visible_holds(user) -> QuerySet[LegalHold]:
    if not user.has_perm("records.view"):
        return LegalHold.objects.none()
    return LegalHold.objects.select_related("issued_by", "release_asked_by", "released_by")


def with_figures(holds: QuerySet[LegalHold]) -> QuerySet[LegalHold]:
    return holds.annotate(
        told=Count("custodians", distinct=True),
        acknowledged=Count("custodians", filter=Q(custodians__acknowledged_at__isnull=False), distinct=True),
        things=Count("scopes", distinct=True),
    )


@dataclass(frozen=True)
class Scope:
    """What a hold was put on, as it is called now."""

    scope: HoldScope
    title: str
    name: str
    url: str


def scopes(hold: LegalHold) -> list[Scope]:
    return [_scope(scope) for scope in hold.scopes.select_related("added_by").order_by("added_at", "id")]


def _scope(scope: HoldScope) -> Scope:
    kind = reach.HOLDABLE.get(scope.kind)
    row = kind.model._base_manager.filter(pk=scope.row_id).first() if kind else None
    return Scope(scope, kind.title if kind else scope.kind, str(row or scope.called), _address(row, kind))


def _address(row: Any, kind: reach.Holdable | None = None) -> str:
    if hasattr(row, "get_absolute_url"):
        return row.get_absolute_url()
    return url_if_any(kind.page, getattr(row, kind.field)) if row and kind and kind.page else ""


def visible_custodies(user) -> QuerySet[Custodian]:
    """One's own, for everybody: who was told of a hold has to be able to read it."""
    return Custodian.objects.filter(person_id=user.pk).select_related("hold", "told_by").order_by("-told_at")


def visible_erasures(user) -> QuerySet[Erasure]:
    if not user.has_perm("records.view"):
        return Erasure.objects.none()
    return Erasure.objects.select_related("requested_by", "decided_by")


def subject_of(erasure: Erasure) -> tuple[str, str, str]:
    """Kind, name and address of the page of an erasure's subject, as it is now."""
    kind = subjects.SUBJECTS.get(erasure.kind)
    row = kind.row(erasure.row_id) if kind else None
    return (kind.title if kind else erasure.kind), str(row or erasure.row_id), _address(row)


def due_on(erasure: Erasure) -> date:
    return erasure.received_on + ANSWER_WITHIN


@dataclass(frozen=True)
class Planned:
    """A rule, what it would do now, and how far it is."""

    rule: Rule
    before: datetime
    due: int
    held: int
    confirmation: Confirmation | None
    running: RetentionRun | None


def is_confirmed(rule: Rule) -> bool:
    return _confirmations(rule).exists()


def planned(rule: Rule) -> Planned:
    before = rule.before()
    due, held = rule.counts(before)
    running = RetentionRun.objects.filter(rule=rule.slug, state=RetentionRun.State.RUNNING).first()
    confirmation = _confirmations(rule).select_related("confirmed_by").first()
    return Planned(rule, before, due, held, confirmation, running)


def schedule() -> list[Planned]:
    return [planned(rule) for rule in RULES.values()]


def _confirmations(rule: Rule) -> QuerySet[Confirmation]:
    return Confirmation.objects.filter(rule=rule.slug, days=rule.days, terms=rule.terms)


def visible_runs(user) -> QuerySet[RetentionRun]:
    if not user.has_perm("records.view_retention"):
        return RetentionRun.objects.none()
    return RetentionRun.objects.select_related("stopped_by")
