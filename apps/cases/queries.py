"""What a person may see of cases, and the figures of a case. Nothing here writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from apps.accounts.models import Account, Activity
from apps.alerts.models import Alert, Detector
from apps.audit.models import Checkpoint, Event, Leaf
from apps.cases.models import (
    Case,
    CaseAccount,
    CaseGroup,
    CaseNote,
    Decision,
    Exhibit,
    Explanation,
    Finding,
    FindingAccount,
    FindingExhibit,
    Independence,
    Task,
)
from apps.cases.selection import Selection
from apps.cases.strength import Combined, Weighed, combine
from apps.cases.wrongful import Calibration, Expected, expected
from apps.evidence.models import Item
from apps.evidence.queries import visible_items
from apps.policies import queries as policies
from apps.policies.models import Clause, Document, Version
from apps.staff.models import User
from apps.staff.roles import ROLES


def visible_cases(user) -> QuerySet[Case]:
    return Case.objects.all() if user.has_perm("cases.view") else Case.objects.none()


def visible_findings(user) -> QuerySet[Finding]:
    return Finding.objects.filter(case__in=visible_cases(user)).select_related("case", "proposed_by", "reviewed_by")


def visible_decisions(user) -> QuerySet[Decision]:
    return Decision.objects.filter(case__in=visible_cases(user)).select_related(
        "case", "finding", "proposed_by", "reviewed_by"
    )


def visible_explanations(user) -> QuerySet[Explanation]:
    return Explanation.objects.filter(case__in=visible_cases(user)).select_related("case")


def visible_independences(user) -> QuerySet[Independence]:
    return Independence.objects.filter(case__in=visible_cases(user)).select_related("case")


def visible_tasks(user) -> QuerySet[Task]:
    return Task.objects.filter(case__in=visible_cases(user)).select_related("case", "assignee")


def visible_notes(user, case: Case) -> QuerySet[CaseNote]:
    """Newest first. Legal advice is for legal roles; nobody else learns how much of it there is."""
    notes = case.notes.select_related("written_by").order_by("-written_at")
    return notes if user.has_perm("cases.view_privileged") else notes.filter(is_privileged=False)


def people_with(verb: str) -> QuerySet[User]:
    """Active people whose roles have the verb, by name: whom a case or a task can be given to."""
    roles = [name for name, role in ROLES.items() if verb in role.verbs]
    return User.objects.filter(is_active=True, roles__overlap=roles).order_by("name")


# --- the set of accounts ----------------------------------------------------------------------------------------------


def members(case: Case, *, excluded: bool = False) -> QuerySet[CaseAccount]:
    """The case's accounts, in the order in which they came; or those taken out."""
    return case.members.filter(excluded_at__isnull=not excluded).select_related("account", "added_by", "excluded_by")


def members_picked(case: Case, query: dict[str, Any], *, excluded: bool) -> QuerySet[CaseAccount]:
    """Members that a query picks; all of them when it says nothing."""
    found = members(case, excluded=excluded)
    return found.filter(account__in=Selection.read(query).of(Account.objects.order_by())) if query else found


def accounts_of(case: Case) -> QuerySet[Account]:
    return Account.objects.filter(in_cases__case=case, in_cases__excluded_at__isnull=True)


def accounts_of_finding(finding: Finding) -> QuerySet[FindingAccount]:
    """Those the finding is about and that nobody has taken out of the case since: whom a measure may meet."""
    return FindingAccount.objects.filter(
        finding=finding, account__in_cases__case=finding.case_id, account__in_cases__excluded_at__isnull=True
    ).select_related("account")


@dataclass(frozen=True)
class Figures:
    """What the case amounts to, over its present members. Days are UTC; `queries` is None where none are known."""

    accounts: int
    excluded: int
    queries: int | None
    output_tokens: int | None
    first_day: date | None
    last_day: date | None
    exhibits: int
    elements: int
    countries: int


def figures(case: Case) -> Figures:
    counts = case.members.aggregate(
        present=Count("id", filter=Q(excluded_at__isnull=True)), out=Count("id", filter=Q(excluded_at__isnull=False))
    )
    done = _activity(case).aggregate(
        queries=Sum("queries"), tokens=Sum("output_tokens"), first=Min("day"), last=Max("day")
    )
    carried = case.exhibits.aggregate(exhibits=Count("id"), elements=Count("element", distinct=True))
    places = accounts_of(case).exclude(country="").aggregate(n=Count("country", distinct=True))
    return Figures(
        accounts=counts["present"],
        excluded=counts["out"],
        queries=done["queries"],
        output_tokens=done["tokens"],
        first_day=done["first"],
        last_day=done["last"],
        exhibits=carried["exhibits"],
        elements=carried["elements"],
        countries=places["n"],
    )


def _activity(case: Case) -> QuerySet[Activity]:
    present = CaseAccount.objects.filter(case=case, excluded_at__isnull=True).values("account")
    return Activity.objects.filter(account__in=present)


def activity_per_day(case: Case) -> list[dict[str, Any]]:
    """`day`, `queries`, `accounts` (active that day), oldest first, over the members together."""
    rows = _activity(case).values("day").annotate(total=Sum("queries"), accounts=Count("account", distinct=True))
    return [{"day": r["day"], "queries": r["total"], "accounts": r["accounts"]} for r in rows.order_by("day")]


def per_country(case: Case) -> list[dict[str, Any]]:
    """`country`, `accounts`, `queries`, largest first; unknown countries are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.country, count(*), coalesce(sum(done.queries), 0) FROM cases_caseaccount m"
            " JOIN accounts_account a ON a.id = m.account_id"
            " LEFT JOIN (SELECT account_id, sum(queries) AS queries FROM accounts_activity GROUP BY 1) done"
            " ON done.account_id = a.id"
            " WHERE m.case_id = %s AND m.excluded_at IS NULL AND a.country <> '' GROUP BY 1 ORDER BY 2 DESC, 1",
            [case.pk],
        )
        return [{"country": c, "accounts": n, "queries": int(q)} for c, n, q in cursor.fetchall()]


def by_provenance(case: Case) -> list[dict[str, Any]]:
    """How many members each group or query brought in, and how many of these are out again."""
    return list(
        case.members.order_by()
        .values("added_how")
        .annotate(
            accounts=Count("id"),
            excluded=Count("id", filter=Q(excluded_at__isnull=False)),
            since=Min("added_at"),
        )
        .order_by("since")
    )


def with_contract(case: Case) -> int:
    """Members with a contract on record, which may allow what looks like extraction."""
    return accounts_of(case).exclude(contract="").count()


def products(case: Case) -> list[str]:
    """The products that the members use, as far as they are known."""
    return list(accounts_of(case).exclude(product="").order_by("product").values_list("product", flat=True).distinct())


# --- evidence ---------------------------------------------------------------------------------------------------------


NEWEST_ITEMS = 200


def items_on_offer(user, case: Case) -> QuerySet[Item]:
    """Items that may become an exhibit: the newest ones that are none yet, as many as a choice list can hold."""
    free = visible_items(user).exclude(exhibits__case=case).order_by("-collected_at")
    return Item.objects.filter(pk__in=list(free.values_list("pk", flat=True)[:NEWEST_ITEMS])).order_by("-collected_at")


def groups(case: Case) -> QuerySet[CaseGroup]:
    return case.groups.select_related("group", "added_by").order_by("added_at")


def exhibits(case: Case) -> QuerySet[Exhibit]:
    return case.exhibits.select_related("item", "item__test_run", "added_by").order_by("number")


def explanations(case: Case) -> QuerySet[Explanation]:
    return case.explanations.select_related("assessed_by").prefetch_related("assessments").order_by("raised_at")


def exhibits_of_finding(finding: Finding) -> QuerySet[FindingExhibit]:
    return finding.exhibits.select_related("exhibit__item__test_run").order_by("exhibit__number")


def weighed(found: list[Exhibit]) -> list[Weighed]:
    return [Weighed(e.label, e.dependency_group, e.log10_lr, e.log10_lr_cap, planned=_is_planned(e)) for e in found]


def _is_planned(exhibit: Exhibit) -> bool:
    run = getattr(exhibit.item, "test_run", None)
    return run is not None and not run.is_exploratory


def strength_rows(found: list[Exhibit]) -> list[dict[str, Any]]:
    """Rows of the strength chart."""
    return [
        {"label": f"{e.label} {e.item.title}", "value": e.log10_lr, "cap": e.log10_lr_cap, "note": _note(e)}
        for e in found
    ]


def _note(exhibit: Exhibit) -> str:
    if exhibit.log10_lr is None or exhibit.log10_lr_cap is None or exhibit.log10_lr < exhibit.log10_lr_cap:
        return ""
    return "capped by its validation"


def dependency_groups(case: Case) -> list[str]:
    """What the exhibits that have a likelihood ratio depend on, in order."""
    numbered = case.exhibits.filter(log10_lr__isnull=False)
    return list(numbered.order_by("dependency_group").values_list("dependency_group", flat=True).distinct())


def independence(case: Case) -> Independence | None:
    """The argument that stands, accepted or still to be reviewed."""
    standing = case.independences.exclude(state=Independence.State.REFUSED)
    return standing.select_related("argued_by", "reviewed_by").first()


def combined(case: Case, found: list[Exhibit]) -> Combined:
    """The exhibits together, by what was accepted about their independence."""
    argument = independence(case)
    accepted = argument.groups if argument and argument.state == Independence.State.ACCEPTED else ()
    return combine(weighed(found), accepted)


# What is shown about the accounts themselves, and not about what became of the output.
ABOUT_ACCOUNTS = frozenset(Exhibit.Element) - {Exhibit.Element.TRAINING, Exhibit.Element.BENEFIT}


def calibrations(case: Case) -> list[Calibration]:
    """The detectors whose alerts the case is made of, as far as they have been calibrated."""
    found = Detector.objects.filter(alerts__group__in_case__case=case, calibration_n__isnull=False).distinct()
    return [Calibration(d.name, d.calibration_n, d.calibration_false_positives) for d in found if d.calibration_n]


def expected_wrongful(case: Case, accounts: int, found: list[Exhibit] | None = None) -> Expected:
    """What a measure against so many accounts would hit wrongly; by these exhibits, or by all of the case."""
    carrying = [e for e in (exhibits(case) if found is None else found) if e.element in ABOUT_ACCOUNTS]
    return expected(accounts, combined(case, carrying).log10_lr, calibrations(case))


# --- terms ------------------------------------------------------------------------------------------------------------


def findings(case: Case) -> QuerySet[Finding]:
    """Newest first, with everything a reviewer reads."""
    return (
        case.findings.select_related("case", "proposed_by", "reviewed_by")
        .prefetch_related(
            "clauses__version__document", "clauses__clause", "exhibits__exhibit__item", "explanations__explanation"
        )
        .order_by("-proposed_at")
    )


def decisions(case: Case) -> QuerySet[Decision]:
    return case.decisions.select_related("case", "finding", "proposed_by", "reviewed_by").order_by("-proposed_at")


def terms_in_force(case: Case, start: date) -> list[Version]:
    """The version in force on a day of every document for the members' products (of every product if none is known)."""
    documents = Document.objects.all()
    if used := products(case):
        documents = documents.filter(service__in=used)
    found = [policies.in_force(document, start) for document in documents]
    return [version for version in found if version]


def versions_during(document: Document, start: date, end: date) -> list[Version]:
    """The versions in force, as seen, from day `start` to `end`, oldest first. Empty when none was on `start`."""
    first, last = policies.moment_of(start), policies.moment_of(end)
    found = [
        interval.version
        for interval in policies.intervals(document)
        if interval.since <= last and (interval.until is None or interval.until > first)
    ]
    return found if found and found[0].recorded_at <= first else []


def same_clause(version: Version, clause: Clause) -> Clause | None:
    """The clause of the same address in another version."""
    return Clause.objects.filter(text=version.text_id, address=clause.address).first()


CUES = ("extract", "compet", "train", "distil", "automat", "scrap", "bot")  # what clauses about this speak of


def clauses_on_offer(case: Case, start: date, end: date, words: str = "") -> list[tuple[Version, Clause]]:
    """Clauses of the terms in force from `start` to `end` that hold all the words, or one of the usual cues."""
    during = [v for first in terms_in_force(case, start) for v in versions_during(first.document, start, end)]
    if words.strip():
        return policies.clauses_saying(during, words)[:CLAUSES_SHOWN]
    cue = Q()
    for word in CUES:
        cue |= Q(content__icontains=word)
    found: dict[Any, list[Clause]] = {}
    for clause in Clause.objects.filter(cue, text__in={v.text_id for v in during}).order_by("ordinal"):
        found.setdefault(clause.text_id, []).append(clause)
    return [(version, clause) for version in during for clause in found.get(version.text_id, [])][:CLAUSES_SHOWN]


CLAUSES_SHOWN = 60


def is_citation(choice: str) -> bool:
    """Whether this is "version:clause", two UUIDs."""
    try:
        version, clause = choice.split(":")
        UUID(version), UUID(clause)
    except ValueError:
        return False
    return True


def cited(choices: list[str]) -> list[tuple[Version, Clause]]:
    """Clauses as a form names them, "version:clause"; unknown ones are left out."""
    pairs = [choice.split(":") for choice in choices]
    versions = Version.objects.select_related("document", "text").in_bulk([version for version, _ in pairs])
    clauses = Clause.objects.in_bulk([clause for _, clause in pairs])
    keys = [(UUID(version), UUID(clause)) for version, clause in pairs]
    return [(versions[v], clauses[c]) for v, c in keys if v in versions and c in clauses]


# --- the matrix -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """An exhibit with its rating under each explanation, "" where nobody rated it."""

    exhibit: Exhibit
    cells: list[tuple[Explanation, str]]


@dataclass(frozen=True)
class Matrix:
    """Exhibits against explanations; `refuted_by` counts the inconsistent exhibits of each explanation."""

    columns: list[Explanation]
    rows: list[Row]
    refuted_by: list[int]


def matrix(case: Case) -> Matrix:
    columns = list(explanations(case))
    rated = {(a.exhibit_id, a.explanation_id): a.rating for e in columns for a in e.assessments.all()}
    rows = [Row(x, [(e, rated.get((x.pk, e.pk), "")) for e in columns]) for x in exhibits(case)]
    refuted = [sum(1 for row in rows if rated.get((row.exhibit.pk, e.pk)) == "I") for e in columns]
    return Matrix(columns, rows, refuted)


# --- time -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """Something that happened, on one of four lanes. `at` is a day or a time (UTC); an anchor divides the story."""

    at: datetime
    lane: str
    text: str
    anchor: bool = False


# What a verb means on the timeline; those that are not here are in the trail alone.
ON_THE_TIMELINE = {
    "cases.open_case": ("response", "Case opened"),
    "cases.open_case_from_group": ("response", "Case opened"),
    "cases.start_investigation": ("response", "Investigation begun"),
    "cases.add_exhibit": ("response", "Exhibit added"),
    "cases.propose_finding": ("legal", "Finding proposed"),
    "cases.confirm_finding": ("legal", "Finding confirmed"),
    "cases.reject_finding": ("legal", "Finding not confirmed"),
    "cases.withdraw_finding": ("legal", "Finding withdrawn"),
    "cases.propose_decision": ("legal", "Decision proposed"),
    "cases.approve_decision": ("legal", "Decision approved"),
    "cases.reject_decision": ("legal", "Decision not approved"),
    "cases.close_case": ("response", "Case closed"),
    "cases.reopen_case": ("response", "Case opened again"),
    "notices.approve_notice": ("legal", "Notice approved"),
    "notices.issue_notice": ("legal", "Notice issued"),
    "disclosures.release_report": ("legal", "Report released"),
}
LANES = ("adversary", "detection", "response", "legal")


def timeline(case: Case) -> list[Moment]:
    """What happened, oldest first: activity, detection, and what the trail says was done. One line an act."""
    figures_ = figures(case)
    told = []
    if figures_.first_day and figures_.last_day:
        told += [
            Moment(_midnight(figures_.first_day), "adversary", "First activity of the accounts", anchor=True),
            Moment(_midnight(figures_.last_day), "adversary", "Last activity recorded"),
        ]
    alerts = Alert.objects.filter(group__in_case__case=case).aggregate(
        first=Min("detected_at"), last=Max("detected_at")
    )
    if alerts["first"]:
        told.append(Moment(alerts["first"], "detection", "First detection", anchor=True))
    if alerts["last"] and alerts["last"] != alerts["first"]:
        told.append(Moment(alerts["last"], "detection", "Latest detection"))
    acts = Event.objects.filter(case_id=case.pk, action__in=ON_THE_TIMELINE).order_by("act_uuid", "case_seq")
    for at, verb in acts.distinct("act_uuid").values_list("occurred_at", "action"):
        lane, text = ON_THE_TIMELINE[verb]
        told.append(Moment(at, lane, text, anchor=verb in ANCHORS))
    return sorted(told, key=lambda moment: moment.at)


ANCHORS = {"cases.open_case", "cases.open_case_from_group", "cases.approve_decision", "cases.close_case"}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


# --- the trail --------------------------------------------------------------------------------------------------------


def events(case: Case) -> QuerySet[Event]:
    """The case's entries in the trail, newest first when ordered by `-case_seq`."""
    return Event.objects.filter(case_id=case.pk).defer("body", "seal", "body_sha256")


def is_sealed(case: Case) -> bool:
    """Whether the newest entry of the case is in the log under a signed checkpoint."""
    newest = events(case).order_by("-case_seq").values("pk")[:1]
    leaf = Leaf.objects.filter(event_id=newest).values("idx")[:1]
    return Checkpoint.objects.filter(size__gt=leaf).exists()


# --- lists ------------------------------------------------------------------------------------------------------------


def with_holder(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.select_related("assignee")


def account_counts(cases: Iterable[Case]) -> dict[UUID, int]:
    """How many accounts each of these cases is about, in one query."""
    present = CaseAccount.objects.filter(case__in=[case.pk for case in cases], excluded_at__isnull=True)
    return dict(present.order_by().values_list("case").annotate(n=Count("id")))


def open_for_group(user) -> QuerySet[Case]:
    """Open cases that a group can be added to, newest first."""
    return visible_cases(user).exclude(state=Case.State.CLOSED).order_by("-opened_at")[:50]
