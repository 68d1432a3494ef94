"""Which case files, findings and papers a person may see, and lists of them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, QuerySet

from apps.cases.models import (
    Case,
    CaseAccount,
    CaseNote,
    Decision,
    Exhibit,
    Explanation,
    Finding,
    Independence,
    Invitation,
    Party,
    Task,
)
from apps.staff.models import User
from apps.staff.roles import ROLES


def visible_cases(user) -> QuerySet[Case]:
    return Case.objects.all() if user.has_perm("cases.view") else Case.objects.none()


def visible_findings(user) -> QuerySet[Finding]:
    return Finding.objects.filter(case__in=visible_cases(user)).select_related("case", "proposed_by", "reviewed_by")


def visible_decisions(user) -> QuerySet[Decision]:
    return Decision.objects.filter(case__in=visible_cases(user)).select_related(
        "case", "finding", "proposed_by", "reviewed_by", "overrides"
    )


def visible_explanations(user) -> QuerySet[Explanation]:
    return Explanation.objects.filter(case__in=visible_cases(user)).select_related("case")


def visible_exhibits(user) -> QuerySet[Exhibit]:
    return Exhibit.objects.filter(case__in=visible_cases(user)).select_related("case", "item")


def visible_invitations(user) -> QuerySet[Invitation]:
    return Invitation.objects.filter(party__case__in=visible_cases(user)).select_related("party__case")


def visible_independences(user) -> QuerySet[Independence]:
    return Independence.objects.filter(case__in=visible_cases(user)).select_related("case")


def visible_tasks(user) -> QuerySet[Task]:
    return Task.objects.filter(case__in=visible_cases(user)).select_related("case", "assignee")


def visible_parties(user) -> QuerySet[Party]:
    return Party.objects.filter(case__in=visible_cases(user)).select_related("case")


def notes(case: Case) -> QuerySet[CaseNote]:
    """Newest first, without legal advice."""
    return case.notes.filter(is_privileged=False).select_related("written_by").order_by("-written_at")


def visible_advice(user, case: Case) -> QuerySet[CaseNote]:
    """Newest first. Legal advice is for legal roles; nobody else learns how much of it there is."""
    advice = case.notes.filter(is_privileged=True).select_related("written_by", "case").order_by("-written_at")
    return advice if user.has_perm("cases.view_privileged") else advice.none()


def people_with(verb: str) -> QuerySet[User]:
    """Active people whose roles have the verb, by name: whom a case or a task can be given to."""
    roles = [name for name, role in ROLES.items() if verb in role.verbs]
    return User.objects.filter(is_active=True, roles__overlap=roles).order_by("name")


def findings(case: Case) -> QuerySet[Finding]:
    """Newest first, with everything a reviewer reads."""
    return (
        case.findings.select_related("case", "proposed_by", "reviewed_by")
        .prefetch_related(
            "clauses__version__document",
            "clauses__clause",
            "exhibits__exhibit__item",
            "explanations__explanation",
            "elements",
            "levels__party",
        )
        .order_by("-proposed_at")
    )


def decisions(case: Case) -> QuerySet[Decision]:
    """Newest first, with who took part and what became of them."""
    found = case.decisions.select_related("case", "finding", "proposed_by", "reviewed_by", "released_by", "overrides")
    return found.prefetch_related("overridden_by").order_by("-proposed_at")


def with_holder(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.select_related("assignee")


def account_counts(cases: Iterable[Case]) -> dict[UUID, int]:
    """How many accounts each of these cases is about, in one query."""
    present = CaseAccount.objects.filter(case__in=[case.pk for case in cases], excluded_at__isnull=True)
    return dict(present.order_by().values_list("case").annotate(n=Count("id")))


def open_for_group(user) -> QuerySet[Case]:
    """Open cases that a group can be added to, newest first."""
    return visible_cases(user).exclude(state=Case.State.CLOSED).order_by("-opened_at")[:50]
