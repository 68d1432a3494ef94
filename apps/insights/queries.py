"""What waits for a person, what is late, and what came in. Each section is one query, however much there is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum, Window
from django.urls import reverse
from django.utils import timezone

from apps.alerts.models import AlertGroup
from apps.alerts.queries import visible_detectors, visible_groups
from apps.alerts.queries import waiting as groups_waiting
from apps.appeals import queries as appeals
from apps.appeals.models import Appeal
from apps.cases.models import Case, Decision, Finding
from apps.cases.queries import visible_cases, visible_decisions, visible_findings, visible_tasks
from apps.core import counting
from apps.core.models import Job
from apps.disclosures.models import Bundle, Report
from apps.disclosures.queries import visible_bundles, visible_reports
from apps.evidence import queries as evidence
from apps.evidence.models import Item, Proposal, StoredFile
from apps.notices.actions import WITH_LETTER
from apps.notices.models import Mailing, Notice
from apps.notices.queries import visible_mailings, visible_notices
from apps.records.models import Custodian, Erasure, LegalHold
from apps.records.queries import due_on, visible_custodies, visible_erasures, visible_holds
from apps.service import queries as service
from apps.service.models import Attempt, Deadline, Return

SHOWN = 5  # lines of a section; the rest is behind its link
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One thing to do: where it is done, what it is, since when it waits and until when it should be done."""

    url: str
    name: str
    detail: str = ""
    since: datetime | None = None
    due: datetime | date | None = None

    @property
    def is_late(self) -> bool:
        if self.due is None:
            return False
        return self.due < timezone.now() if isinstance(self.due, datetime) else self.due < timezone.now().date()


@dataclass(frozen=True)
class Section:
    title: str
    icon: str
    lines: list[Line]
    total: int
    url: str = ""  # where all of them are listed

    @property
    def more(self) -> int:
        return self.total - len(self.lines)


def waiting(user) -> list[Section]:
    """What this person can do next. Sections with nothing in them are left out."""
    sections = [
        _section("Alert groups you hold", "inbox", _held_groups(user), _of_group, reverse("alerts:queue")),
        _section("Findings to review", "scale", _findings_to_review(user), _of_finding),
        _section("Decisions to approve", "gavel", _decisions_to_approve(user), _of_decision),
        _section("Decisions to propose", "gavel", _decisions_to_propose(user), _of_decidable),
        _section("Notices to draft", "writing", _notices_to_draft(user), _of_decision_without_notice),
        _section("Notices returned to you", "arrow-back-up", _notices_returned(user), _of_notice),
        _section("Notices to approve", "mail", _notices_to_approve(user), _of_notice, reverse("notices:list")),
        _section("Notices to issue", "mail-forward", _notices_to_issue(user), _of_notice, reverse("notices:list")),
        _section("Letters to many", "users", _mailings_that_wait(user), _of_mailing),
        _section("Letters to serve", "send", _letters_to_serve(user), _of_deadline, reverse("service:calendar")),
        _section("E-mails that may have been sent", "question-mark", _uncertain(user), _of_attempt),
        _section("E-mails to look at", "inbox", _returns_to_file(user), _of_return, reverse("service:returns")),
        _section("Appeals to answer", "message-report", appeals.to_answer(user), _of_appeal, reverse("appeals:list")),
        _section("Reports returned to you", "arrow-back-up", _reports_returned(user), _of_report),
        _section(
            "Reports to release", "file-export", _reports_to_release(user), _of_report, reverse("disclosures:list")
        ),
        _section(
            "Bundles to release", "package", _bundles_to_release(user), _of_bundle, reverse("disclosures:bundles")
        ),
        _section("Evidence that waits for you", "fingerprint", evidence.to_answer(user), _of_proposal),
        _section("Evidence in quarantine", "hand-stop", _quarantined(user), _of_item, reverse("evidence:quarantined")),
        _section("Legal holds to acknowledge", "shield-lock", _holds_to_acknowledge(user), _of_custody),
        _section("Releases of holds to decide", "lock-open", _releases_to_decide(user), _of_release),
        _section("Erasures to answer", "eraser", _erasures_to_answer(user), _of_erasure),
        _section("Tasks", "checklist", _tasks(user), _of_task),
        _section("Your cases", "briefcase", _own_cases(user), _of_case, reverse("cases:list")),
    ]
    return [section for section in sections if section.total]


def late(user) -> list[Section]:
    """What is past its target, whoever holds it: oldest target first."""
    now = timezone.now()
    sections = [
        _section("Alert groups", "inbox", _undecided(user).filter(due_at__lt=now).order_by("due_at"), _of_group),
        _section("Cases", "briefcase", _open_cases(user).filter(due_at__lt=now).order_by("due_at"), _of_case),
        _section("Letters to serve", "send", _letters_overdue(user), _of_deadline, reverse("service:calendar")),
        _section("No response", "message", _silent(user), _of_deadline, reverse("service:calendar")),
        _section("Appeals", "message-report", appeals.overdue(user), _of_appeal, reverse("appeals:list")),
        _section("Tasks", "checklist", _open_tasks(user).filter(due_on__lt=now.date()).order_by("due_on"), _of_task),
        _section(
            "Files that are not intact",
            "alert-triangle",
            evidence.not_intact(user),
            _of_file,
            reverse("evidence:fixity"),
        ),
        _section("Work in the background that failed", "robot", _failed_jobs(user), _of_job),
    ]
    return [section for section in sections if section.total]


def came_in(user) -> QuerySet:
    """Detectors with what they posted in the last 24 hours; `last` is when they were last heard of."""
    lately = Q(batches__received_at__gte=timezone.now() - DAY)
    return (
        visible_detectors(user)
        .filter(is_active=True)
        .annotate(
            last=Max("batches__received_at"),
            new=Sum("batches__created", filter=lately, default=0),
            again=Sum(F("batches__updated") + F("batches__duplicates"), filter=lately, default=0),
            refused=Sum("batches__rejected", filter=lately, default=0),
        )
        .order_by("-new", "slug")
    )


def counts(user) -> dict[str, counting.Count]:
    """How much waits in each room, by URL name, for the rail. One query."""
    waiting_in = [
        ("alerts:queue", visible_groups(user).filter(groups_waiting())),
        ("cases:list", _own_cases(user)),
        ("notices:list", _notices_to_approve(user) | _notices_to_issue(user)),
        ("appeals:list", appeals.to_answer(user)),
        ("disclosures:list", _reports_to_release(user)),
    ]
    counted = counting.count({place: rows for place, rows in waiting_in if user.has_perm(_VIEW[place])})
    return {place: number for place, number in counted.items() if number}


_VIEW = {
    "appeals:list": "appeals.view",
    "alerts:queue": "alerts.view",
    "cases:list": "cases.view",
    "notices:list": "notices.view",
    "disclosures:list": "disclosures.view",
}


# --- what waits -------------------------------------------------------------------------------------------------------


def _undecided(user) -> QuerySet[AlertGroup]:
    return visible_groups(user).filter(groups_waiting() | Q(state=AlertGroup.State.CLAIMED))


def _held_groups(user) -> QuerySet[AlertGroup]:
    return visible_groups(user).filter(state=AlertGroup.State.CLAIMED, claimed_by=user).order_by("due_at")


def _holds_to_acknowledge(user) -> QuerySet[Custodian]:
    mine = visible_custodies(user).filter(acknowledged_at__isnull=True)
    return mine.exclude(hold__state=LegalHold.State.RELEASED).order_by("told_at")


def _of_custody(custodian: Custodian) -> Line:
    hold = custodian.hold
    return Line(
        custodian.get_absolute_url(), f"{hold.ref} {hold.matter}", "Keep what is in your care", custodian.told_at
    )


def _releases_to_decide(user) -> QuerySet[LegalHold]:
    if not user.has_perm("records.release_hold"):
        return LegalHold.objects.none()
    asked = visible_holds(user).filter(state=LegalHold.State.RELEASE_REQUESTED)
    return asked.exclude(release_asked_by=user).order_by("release_asked_at")


def _of_release(hold: LegalHold) -> Line:
    return Line(hold.get_absolute_url(), f"{hold.ref} {hold.matter}", hold.release_reason, hold.release_asked_at)


def _erasures_to_answer(user) -> QuerySet[Erasure]:
    if not user.has_perm("records.erase_subject"):
        return Erasure.objects.none()
    waiting = visible_erasures(user).filter(state=Erasure.State.REQUESTED)
    return waiting.exclude(requested_by=user).order_by("received_on")


def _of_erasure(erasure: Erasure) -> Line:
    return Line(
        erasure.get_absolute_url(), erasure.ref, erasure.get_basis_display(), erasure.requested_at, due_on(erasure)
    )


def _open_cases(user) -> QuerySet[Case]:
    return visible_cases(user).exclude(state=Case.State.CLOSED)


def _own_cases(user) -> QuerySet[Case]:
    return _open_cases(user).filter(assignee=user).order_by("due_at")


def _open_tasks(user) -> QuerySet:
    return visible_tasks(user).filter(done_at=None)


def _tasks(user) -> QuerySet:
    return _open_tasks(user).filter(assignee=user).order_by(F("due_on").asc(nulls_last=True), "added_at")


def _findings_to_review(user) -> QuerySet[Finding]:
    found = visible_findings(user).filter(state=Finding.State.PROPOSED).exclude(proposed_by=user)
    return _if(user, "cases.confirm_finding", found.order_by("proposed_at"))


def _decisions_to_approve(user) -> QuerySet[Decision]:
    """As a second person, or as a third one where they are held."""
    waits = Q(state=Decision.State.PROPOSED)
    if user.has_perm("cases.release_decision"):
        waits |= Q(state=Decision.State.HELD) & ~Q(reviewed_by=user)
    found = visible_decisions(user).filter(waits).exclude(proposed_by=user)
    return _if(user, "cases.approve_decision", found.order_by("proposed_at"))


def _decisions_to_propose(user) -> QuerySet[Finding]:
    decided = Decision.objects.filter(finding=OuterRef("pk")).exclude(state=Decision.State.REJECTED)
    found = visible_findings(user).filter(state=Finding.State.CONFIRMED, case__state=Case.State.DECISION)
    return _if(user, "cases.propose_decision", found.exclude(Exists(decided)).order_by("reviewed_at"))


def _notices_to_draft(user) -> QuerySet[Decision]:
    written = Notice.objects.filter(decision=OuterRef("pk")).exclude(state=Notice.State.DISCARDED)
    found = visible_decisions(user).filter(
        state=Decision.State.APPROVED, case__state=Case.State.NOTICE, action__in=WITH_LETTER
    )
    return _if(user, "notices.draft_notice", found.exclude(Exists(written)).order_by("reviewed_at"))


def _drafts(user) -> QuerySet[Notice]:
    """Those of a mailing wait with it."""
    return visible_notices(user).filter(state=Notice.State.DRAFT, mailing=None).order_by("drafted_at")


def _notices_returned(user) -> QuerySet[Notice]:
    return _drafts(user).filter(drafted_by=user).exclude(returned_why="")


def _notices_to_approve(user) -> QuerySet[Notice]:
    return _if(user, "notices.approve_notice", _drafts(user).filter(returned_why="").exclude(drafted_by=user))


def _notices_to_issue(user) -> QuerySet[Notice]:
    found = visible_notices(user).filter(state=Notice.State.APPROVED).order_by("approved_at")
    return _if(user, "notices.issue_notice", found)


def _mailings_that_wait(user) -> QuerySet[Mailing]:
    """Their letters to be read and approved, by another person than who started them; or to be released."""
    steps = Q()
    if user.has_perm("notices.approve_mailing"):
        steps |= Q(state=Mailing.State.REVIEW) & ~Q(started_by=user)
    if user.has_perm("notices.release_mailing"):
        steps |= Q(state=Mailing.State.APPROVED)
    return visible_mailings(user).filter(steps).order_by("started_at") if steps else Mailing.objects.none()


def _report_drafts(user) -> QuerySet[Report]:
    return visible_reports(user).filter(state=Report.State.DRAFT).order_by("compiled_at")


def _reports_returned(user) -> QuerySet[Report]:
    return _report_drafts(user).filter(compiled_by=user).exclude(returned_why="")


def _reports_to_release(user) -> QuerySet[Report]:
    found = _report_drafts(user).filter(returned_why="").exclude(compiled_by=user)
    return _if(user, "disclosures.release_report", found)


def _bundles_to_release(user) -> QuerySet[Bundle]:
    found = visible_bundles(user).filter(state=Bundle.State.READY).exclude(compiled_by=user)
    return _if(user, "disclosures.release_bundle", found.order_by("compiled_at"))


def _failed_jobs(user) -> QuerySet[Job]:
    """Those who look after the installation have to know; the people whose work it was see it where they asked."""
    return _if(user, "staff.view", Job.objects.filter(state=Job.State.FAILED).order_by("created_at"))


def _quarantined(user) -> QuerySet[Item]:
    return _if(user, "evidence.clear_item", evidence.in_quarantine(user).order_by("collected_at"))


def _if(user, verb: str, rows: QuerySet) -> QuerySet:
    return rows if user.has_perm(verb) else rows.none()


def _section(title: str, icon: str, rows: QuerySet, line: Callable[[Any], Line], url: str = "") -> Section:
    found = list(rows.annotate(total=Window(Count("pk")))[:SHOWN])
    return Section(title, icon, [line(row) for row in found], total=found[0].total if found else 0, url=url)


# --- its lines --------------------------------------------------------------------------------------------------------


def _of_group(group: AlertGroup) -> Line:
    url = reverse("alerts:group", args=[group.pk])
    return Line(url, group.title, f"priority {group.priority}", since=group.first_received_at, due=group.due_at)


def _of_case(case: Case) -> Line:
    url = reverse("cases:case", args=[case.ref])
    return Line(url, f"{case.ref} {case.title}", case.get_state_display(), since=case.opened_at, due=case.due_at)


def _of_task(task) -> Line:
    url = reverse("cases:case", args=[task.case.ref])
    holder = f", {task.assignee}" if task.assignee else ", nobody's"
    return Line(url, task.title, f"{task.case.ref}{holder}", since=task.added_at, due=task.due_on)


def _of_finding(finding: Finding) -> Line:
    url = reverse("cases:finding", args=[finding.ref])
    return Line(
        url, f"{finding.ref} {finding.conduct}", f"{finding.case.ref}, by {finding.proposed_by}", finding.proposed_at
    )


def _of_decision(decision: Decision) -> Line:
    url = reverse("cases:decisions", args=[decision.case.ref])
    detail = f"{decision.case.ref}, {decision.account_count} accounts, by {decision.proposed_by}"
    return Line(url, f"{decision.ref} {decision.get_action_display()}: {decision.scope}", detail, decision.proposed_at)


def _of_decidable(finding: Finding) -> Line:
    url = reverse("cases:decisions", args=[finding.case.ref])
    return Line(url, f"{finding.ref} {finding.conduct}", f"{finding.case.ref}, confirmed", finding.reviewed_at)


def _of_decision_without_notice(decision: Decision) -> Line:
    url = reverse("cases:decisions", args=[decision.case.ref])
    return Line(
        url, f"{decision.ref} {decision.get_action_display()}", f"{decision.case.ref}, approved", decision.reviewed_at
    )


def _letters_to_serve(user) -> QuerySet[Deadline]:
    found = service.to_serve(user)
    return found if user.has_perm("service.email_letter") else found.none()


def _letters_overdue(user) -> QuerySet[Deadline]:
    return _letters_to_serve(user).filter(ends_at__lt=timezone.now())


def _silent(user) -> QuerySet[Deadline]:
    found = service.silent(user)
    return found if user.has_perm("service.email_letter") else found.none()


def _uncertain(user) -> QuerySet[Attempt]:
    found = service.uncertain(user)
    return found if user.has_perm("service.give_up") else found.none()


def _returns_to_file(user) -> QuerySet[Return]:
    found = service.to_file(user)
    return found if user.has_perm("service.file_return") else found.none()


def _of_deadline(deadline: Deadline) -> Line:
    return Line(
        url=reverse("service:of_notice", args=[deadline.notice_id]),
        name=str(deadline.notice.ref),
        detail=deadline.get_kind_display().lower(),
        since=deadline.notice.issued_at,
        due=deadline.ends_at,
    )


def _of_attempt(attempt: Attempt) -> Line:
    return Line(
        url=attempt.get_absolute_url(), name=str(attempt.notice.ref), detail=str(attempt), since=attempt.prepared_at
    )


def _of_return(returned: Return) -> Line:
    detail = returned.get_kind_display().lower()
    return Line(url=reverse("service:returns"), name="An e-mail", detail=detail, since=returned.received_at)


def _of_appeal(appeal: Appeal) -> Line:
    return Line(
        url=reverse("appeals:appeal", args=[appeal.ref]),
        name=f"{appeal.ref} {appeal.notice.account}",
        detail=f"against {appeal.notice.decision.get_action_display().lower()}, {appeal.get_state_display().lower()}",
        since=appeal.filed_at,
        due=appeal.answer_by,
    )


def _of_mailing(mailing: Mailing) -> Line:
    return Line(
        mailing.get_absolute_url(),
        str(mailing),
        f"{mailing.case.ref}, {mailing.get_state_display().lower()}, by {mailing.started_by}",
        mailing.approved_at or mailing.started_at,
    )


def _of_notice(notice: Notice) -> Line:
    url = reverse("notices:notice", args=[notice.pk])
    name = f"{notice.template.get_kind_display()} to {notice.account or notice.party}"
    return Line(url, name, f"{notice.case.ref}, by {notice.drafted_by}", notice.approved_at or notice.drafted_at)


def _of_report(report: Report) -> Line:
    url = reverse("disclosures:report", args=[report.pk])
    detail = f"{report.case.ref}, {report.get_audience_display()}, by {report.compiled_by}"
    return Line(url, report.title, detail, report.compiled_at)


def _of_bundle(bundle: Bundle) -> Line:
    url = reverse("disclosures:bundle", args=[bundle.pk])
    detail = f"{bundle.case.ref}, {bundle.get_audience_display()}, by {bundle.compiled_by}"
    return Line(url, f"{bundle.ref} for {bundle.recipient}", detail, bundle.compiled_at)


def _of_proposal(proposal: Proposal) -> Line:
    url = reverse("evidence:item", args=[proposal.item.ref])
    name = f"{proposal.item.ref} {proposal.item.title}"
    return Line(url, name, f"{proposal.get_state_display()}, asked by {proposal.proposed_by}", proposal.proposed_at)


def _of_item(item: Item) -> Line:
    url = reverse("evidence:item", args=[item.ref])
    return Line(url, f"{item.ref} {item.title}", item.suspicions[0], item.collected_at)


def _of_file(file: StoredFile) -> Line:
    return Line(
        reverse("evidence:fixity"),
        f"A file of the vault: {file.get_outcome_display().lower()}",
        "What rests on it may not be used before that is explained",
        file.measured_at,
    )


def _of_job(job: Job) -> Line:
    what = job.kind.partition(".")[2].replace("_", " ").capitalize()
    return Line("", what, job.last_error, job.created_at)


def total(sections: Iterable[Section]) -> int:
    return sum(section.total for section in sections)
