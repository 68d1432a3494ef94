"""A whole case as plain data at one moment: what reports are compiled from.

The shape is held by the room that reports (its `snapshot.check`). Dates and times are ISO 8601, likelihood
ratios log10, hashes hexadecimal. Only confirmed findings and approved decisions are in it,
never a note.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Max, Min, Q, Sum
from django.utils import timezone

from apps.accounts.models import Account
from apps.alerts.models import Alert
from apps.cases import queries, strength
from apps.cases.findings import wording
from apps.cases.models import Case, Decision, Exhibit, Finding, FindingClause
from apps.cases.strength import disclosed, sentences
from apps.core import bound
from apps.evidence.models import TestRun
from apps.policies.queries import lead_in
from apps.staff.queries import names_of

T = TypeVar("T")


def snapshot(case: Case, *, until: date | None = None) -> dict[str, Any]:
    """Everything that may be reported of a case, now; of activity up to a day, the last one on record if none is given.
    The caller's transaction makes it one moment.

    `measurements` holds the queries that its numbers come from, so that they can be asked again (R19).
    """
    until = until or queries.figures(case).last_day
    measured = Measured()
    figures = measured.by("figures", lambda: queries.figures(case, until))
    evidence = measured.by("evidence", lambda: strength.of(case))
    findings = list(case.findings.filter(state=Finding.State.CONFIRMED).order_by("proposed_at"))
    decisions = list(case.decisions.filter(state=Decision.State.APPROVED).order_by("proposed_at"))
    return {
        "reference": case.ref,
        "taken_at": timezone.now().isoformat(),
        "provider": _provider(),
        "case": {
            "ref": case.ref,
            "title": case.title,
            "state": case.get_state_display(),
            "opened_on": case.opened_at.date().isoformat(),
            "lead": str(case.assignee or case.opened_by),
        },
        "active_from": _day(figures.first_day),
        "active_until": _day(figures.last_day),
        "summary": _summary(case, figures, findings),
        "method": _method(case, evidence, findings),
        "limits": _limits(case, findings),
        "figures": _figures(figures),
        "activity": [
            {"day": _day(row["day"]), "exchanges": row["queries"], "accounts": row["accounts"]}
            for row in measured.by("activity", lambda: queries.activity_per_day(case, until))
        ],
        "marks": _marks(case, decisions),
        "findings": [_finding(number, finding) for number, finding in enumerate(findings, 1)],
        "exhibits": _exhibits(list(queries.exhibits(case)), evidence),
        "strength": disclosed.whole(evidence),
        "runs": disclosed.runs(evidence, measured.by("runs", lambda: _runs(case, evidence, findings))),
        "decisions": [_decision(decision) for decision in decisions],
        "countries": [
            {"country": row["country"], "accounts": row["accounts"], "exchanges": row["queries"]}
            for row in measured.by("countries", lambda: queries.per_country(case, until))
        ],
        "parties": [
            {"name": p.name, "role": f"{p.get_role_display()} ({p.get_status_display().lower()})", "country": None}
            for p in case.parties.order_by("added_at")
        ],
        "techniques": [],
        "accounts": measured.by("accounts", lambda: _accounts(case, until)),
        "measurements": measured.rows,
    }


class Measured:
    """Answers, and the statements that each was asked by."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def by(self, what: str, ask: Callable[[], T]) -> T:
        with bound.statements() as made:
            answer = ask()
        self.rows.append({"what": what, "statements": list(made), "sha256": made.sha256})
        return answer


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _provider() -> dict[str, str]:
    provider = settings.PROVIDER
    return {
        "name": provider["name"],
        "address": ", ".join(provider["address"]),
        "contact": provider["contact"],
    }


def _summary(case: Case, figures: queries.Figures, findings: Iterable[Finding]) -> list[str]:
    told = [line.strip() for line in case.summary.splitlines() if line.strip()]
    return [*told, *(finding.conduct for finding in findings)] or [case.title]


def _method(case: Case, evidence: strength.Strength, findings: list[Finding]) -> list[str]:
    lines = [
        f"{_weighing(case, len(evidence.exhibits))} Findings were proposed by one person and confirmed by another.",
        "Exhibits that depend on one another count as one line of evidence. Each ratio is no larger than the validation"
        f" of its method carries. {sentences.CAVEAT}",
    ]
    if findings:
        lines.append(
            "Figures of accounts are sums of their recorded daily activity (in days of UTC) over all days on record."
        )
    return lines


def _weighing(case: Case, exhibits: int) -> str:
    pairs, weighed_ = exhibits * case.explanations.count(), case.assessments.count()
    if weighed_ >= pairs:
        return "Each exhibit was weighed against every explanation that was raised."
    return f"Of {pairs} pairs of an exhibit and an explanation that was raised, {weighed_} were weighed one by one."


def _limits(case: Case, findings: Iterable[Finding]) -> list[str]:
    lines = list(dict.fromkeys(finding.limits for finding in findings))
    carried = {exhibit.element for exhibit in case.exhibits.all()}
    bare = [str(label).partition(":")[0].lower() for value, label in Exhibit.Element.choices if value not in carried]
    if bare:
        lines.append(f"No exhibit speaks about: {', '.join(bare)}.")
    return lines or ["Only what the exhibits listed show was looked at."]


def _figures(figures: queries.Figures) -> list[dict[str, Any]]:
    rows = [
        ("accounts", "Accounts concerned", figures.accounts, "accounts", "members of the case, after exclusions"),
        ("exchanges", "Exchanges", figures.queries, "exchanges", "recorded daily activity of the members"),
        ("output_tokens", "Output", figures.output_tokens, "tokens", "recorded daily activity of the members"),
        ("excluded", "Accounts set aside", figures.excluded, "accounts", "taken out of the case, each with a reason"),
    ]
    return [
        {"key": key, "label": label, "value": int(value), "unit": unit, "source": source}
        for key, label, value, unit, source in rows
        if value is not None
    ]


# What a report calls the first day of a measure that the activity is read against.
BEGUN: dict[str, str] = {
    Decision.Action.LIMIT: "limits begin",
    Decision.Action.SUSPEND: "suspension begins",
    Decision.Action.TERMINATE: "accounts end",
}


def _marks(case: Case, decisions: list[Decision]) -> list[dict[str, str]]:
    """The days that the activity is read against, oldest first."""
    first = Alert.objects.filter(group__in_case__case=case).aggregate(first=Min("detected_at"))["first"]
    days = [(first.astimezone(UTC).date(), "first alert")] if first else []
    days.append((case.opened_at.astimezone(UTC).date(), "case opened"))
    days += [(d.starts_on, BEGUN[d.action]) for d in decisions if d.action in BEGUN]
    return [{"day": day.isoformat(), "label": label} for day, label in sorted(set(days))]


def _finding(number: int, finding: Finding) -> dict[str, Any]:
    return {
        "number": number,
        "text": finding.conduct,
        "likelihood": wording.term(finding.confidence),
        "limits": finding.limits,
        "clauses": [_clause(row) for row in queries.clauses_of_finding(finding)],
        "exhibits": [row.exhibit.label for row in queries.exhibits_of_finding(finding)],
        "alternatives": [
            {"text": f"{row.explanation}.", "outcome": f"{row.get_status_display()}. {_sentence(row.conclusion)}"}
            for row in finding.explanations.select_related("explanation")
        ],
        "confirmed_on": _day(finding.reviewed_at and finding.reviewed_at.date()),
        "proposed_by": str(finding.proposed_by),
        "confirmed_by": str(finding.reviewed_by),
    }


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _clause(cited: FindingClause) -> dict[str, str]:
    return {
        "document": cited.version.document.name,
        "address": cited.clause.place,
        "lead_in": lead_in(cited.clause),
        "text": cited.quote,
        "version_date": cited.version.label,
        "sha256": cited.version.text.sha256,  # of the whole document, as the letter says it
    }


def _exhibits(exhibits: list[Exhibit], evidence: strength.Strength) -> list[dict[str, Any]]:
    names = names_of({exhibit.item.collected_by for exhibit in exhibits})
    return [
        {
            "ref": exhibit.label,
            "title": exhibit.item.title,
            "kind": exhibit.item.get_kind_display(),
            "shows": exhibit.shows,
            "collected_on": exhibit.item.collected_at.date().isoformat(),
            "collected_by": names[exhibit.item.collected_by],
            "sha256": exhibit.item.sha256,
            "file_name": exhibit.item.filename,
        }
        | disclosed.exhibit(evidence, evidence.by_number[exhibit.number])
        for exhibit in exhibits
    ]


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "action": decision.get_action_display(),
        "scope": decision.extent,
        "decided_on": _day(decision.reviewed_at and decision.reviewed_at.date()),
        "accounts": decision.account_count,
        "proposed_by": str(decision.proposed_by),
        "approved_by": str(decision.reviewed_by),
    }


def _runs(case: Case, evidence: strength.Strength, findings: Iterable[Finding]) -> list[TestRun]:
    """All runs on the suspects of the exhibits, and on those that the text names."""
    texts = [case.title, case.summary, *(text for finding in findings for text in (finding.conduct, finding.limits))]
    return list(queries.runs_on_suspects(evidence, named_in=texts).order_by("run_at", "id"))


def _accounts(case: Case, until: date | None) -> list[dict[str, Any]]:
    """The members with their own figures, in order of reference."""
    known = Q() if until is None else Q(activity__day__lte=until)
    rows = (
        Account.objects.filter(in_cases__case=case, in_cases__excluded_at__isnull=True)
        .annotate(
            total=Sum("activity__queries", filter=known),
            first=Min("activity__day", filter=known),
            last=Max("activity__day", filter=known),
        )
        .order_by("ref")
    )
    return [
        {
            "ref": account.ref,
            "holder": None,
            "organisation": account.organisation or None,
            "country": account.country or None,
            "plan": account.plan,
            "created_on": (account.opened_at or account.recorded_at).date().isoformat(),
            "first_active": _day(account.first),
            "last_active": _day(account.last),
            "exchanges": int(account.total or 0),
            "ring": None,
        }
        for account in rows
    ]
