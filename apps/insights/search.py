"""One box for everything: a whole reference leads to the thing itself, words to what has them in its name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.accounts.queries import visible_accounts
from apps.alerts.queries import visible_groups
from apps.cases.queries import visible_cases, visible_decisions, visible_findings
from apps.disclosures.queries import visible_reports
from apps.evidence.queries import visible_items, visible_runs
from apps.evidence.registry.register import visible_canaries, visible_keys, visible_models, visible_suspects
from apps.notices.queries import visible_notices
from apps.policies.queries import documents

SHOWN = 8


@dataclass(frozen=True)
class Hit:
    url: str
    ref: str
    title: str
    detail: str


@dataclass(frozen=True)
class Found:
    """What one room has; `more` when it has more than is shown."""

    room: str
    hits: list[Hit]
    more: bool


def exact(user, words: str) -> str:
    """The address of what has exactly this reference, or "" when nothing that the person may see has it."""
    for rows, column, hit in _by_reference(user):
        if row := rows.filter(**{f"{column}__iexact": words}).first():
            return hit(row).url
    return ""


def search(user, words: str) -> list[Found]:
    """Up to eight hits of every room, newest first. One query a room."""
    rooms: list[tuple[str, QuerySet, Callable[[Any], Hit]]] = [
        ("Cases", visible_cases(user).filter(_has(words, "ref", "title")), _case),
        ("Findings", visible_findings(user).filter(_has(words, "ref", "conduct")), _finding),
        ("Decisions", visible_decisions(user).filter(_has(words, "ref", "scope")), _decision),
        ("Alert groups", visible_groups(user).filter(_has(words, "title", "key")), _group),
        ("Accounts", visible_accounts(user).filter(_has(words, "ref", "organisation")), _account),
        ("Evidence", visible_items(user).filter(_has(words, "ref", "title", "filename")), _item),
        ("Test runs", visible_runs(user).filter(_has(words, "ref", "suspect__name", "key__key_id")), _run),
        ("Models", visible_models(user).filter(_has(words, "name", "family")), _named),
        ("Suspect models", visible_suspects(user).filter(_has(words, "name", "publisher", "notes")), _named),
        ("Watermark keys", visible_keys(user).filter(_has(words, "key_id")), _named),
        ("Notices", visible_notices(user).filter(_has(words, "ref", "account__ref")), _notice),
        ("Reports", visible_reports(user).filter(_has(words, "ref", "title", "recipient")), _report),
        ("Terms", documents(user).filter(_has(words, "name", "service")), _document),
    ]
    found = [(room, list(rows.order_by("-pk")[: SHOWN + 1]), hit) for room, rows, hit in rooms]
    return [Found(room, [hit(row) for row in rows[:SHOWN]], len(rows) > SHOWN) for room, rows, hit in found if rows]


def _has(words: str, *columns: str) -> Q:
    condition = Q()
    for column in columns:
        condition |= Q(**{f"{column}__icontains": words})
    return condition


def _by_reference(user) -> list[tuple[QuerySet, str, Callable[[Any], Hit]]]:
    return [
        (visible_cases(user), "ref", _case),
        (visible_items(user), "ref", _item),
        (visible_runs(user), "ref", _run),
        (visible_canaries(user), "ref", _named),
        (visible_keys(user), "key_id", _named),
        (visible_findings(user), "ref", _finding),
        (visible_decisions(user), "ref", _decision),
        (visible_notices(user), "ref", _notice),
        (visible_reports(user), "ref", _report),
        (visible_accounts(user), "ref", _account),
    ]


def _case(case) -> Hit:
    return Hit(reverse("cases:case", args=[case.ref]), case.ref, case.title, case.get_state_display())


def _finding(finding) -> Hit:
    url = reverse("cases:finding", args=[finding.ref])
    return Hit(url, finding.ref, finding.conduct, f"{finding.case.ref}, {finding.get_state_display().lower()}")


def _decision(decision) -> Hit:
    url = reverse("cases:decisions", args=[decision.case.ref])
    title = f"{decision.get_action_display()}: {decision.scope}"
    return Hit(url, decision.ref, title, f"{decision.case.ref}, {decision.get_state_display().lower()}")


def _group(group) -> Hit:
    return Hit(reverse("alerts:group", args=[group.pk]), "", group.title, group.get_state_display())


def _account(account) -> Hit:
    detail = ", ".join(filter(None, [account.product, account.plan, account.country, account.get_status_display()]))
    return Hit(reverse("accounts:account", args=[account.pk]), account.ref, account.organisation, detail)


def _item(item) -> Hit:
    return Hit(reverse("evidence:item", args=[item.ref]), item.ref, item.title, item.get_kind_display())


def _run(run) -> Hit:
    return Hit(reverse("evidence:run", args=[run.ref]), run.ref, run.subject, run.get_outcome_display())


def _named(row) -> Hit:
    return Hit(row.get_absolute_url(), "", str(row), "")


def _notice(notice) -> Hit:
    title = f"{notice.template.get_kind_display()} to {notice.account or notice.party}"
    url = reverse("notices:notice", args=[notice.pk])
    return Hit(url, notice.ref or "", title, f"{notice.case.ref}, {notice.get_state_display().lower()}")


def _report(report) -> Hit:
    url = reverse("disclosures:report", args=[report.pk])
    return Hit(url, report.ref or "", report.title, f"{report.case.ref}, {report.get_state_display().lower()}")


def _document(document) -> Hit:
    return Hit(document.get_absolute_url(), "", f"{document.service}: {document.name}", document.collection)
