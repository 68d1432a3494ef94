from typing import Any

from django.db import models

from apps.alerts.models import Severity
from apps.audit.models import AuditedModel
from apps.cases.models.drill import STAYS_A_DRILL, stays_apart
from apps.core.constraints import both_or_neither
from apps.evidence.models import Tlp


class Case(AuditedModel):
    class State(models.TextChoices):
        TRIAGE = "triage", "Triage"
        INVESTIGATION = "investigation", "Investigation"
        FINDING = "finding", "Finding"
        DECISION = "decision", "Decision"
        NOTICE = "notice", "Notice"
        CLOSED = "closed", "Closed"

    class Kind(models.TextChoices):
        EXTRACTION = "extraction", "Model extraction"
        INTRUSION = "intrusion", "Intrusion or insider"
        LICENCE = "licence", "Licence breach"
        REGION = "region", "Region policy"

    class Closure(models.TextChoices):
        ACTED = "acted", "Acted on"
        UNSUBSTANTIATED = "unsubstantiated", "Not substantiated"
        BENIGN = "benign", "Ordinary use"
        MERGED = "merged", "Continued in another case"

    ref = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.EXTRACTION)
    state = models.CharField(max_length=15, choices=State, default=State.TRIAGE)
    severity = models.PositiveSmallIntegerField(choices=Severity, default=Severity.MEDIUM)
    tlp = models.CharField(max_length=12, choices=Tlp, default=Tlp.AMBER)
    drill = models.CharField(max_length=100, blank=True)
    assignee = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="assigned_cases")
    opened_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="target of the present state")
    closed_at = models.DateTimeField(null=True)
    closure = models.CharField(max_length=20, choices=Closure, blank=True)
    closure_note = models.TextField(blank=True)

    class Meta(AuditedModel.Meta):
        triggers = [*AuditedModel.Meta.triggers, STAYS_A_DRILL]
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_case_per_reference"),
            models.CheckConstraint(
                condition=models.Q(state="closed", closed_at__isnull=False) & ~models.Q(closure="")
                | ~models.Q(state="closed") & models.Q(closed_at__isnull=True, closure=""),
                name="a_closed_case_says_when_and_why",
                violation_error_message="Say how the case ends.",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-opened_at", "-id"], name="case_by_state"),
            models.Index(fields=["-opened_at", "-id"], name="case_newest_first"),
            models.Index(fields=["assignee", "state"], name="case_of_assignee"),
        ]

    @property
    def case_id_of_event(self):
        return self.pk

    def __str__(self) -> str:
        return self.ref


class OfCase(AuditedModel):
    """A row that belongs to a case file."""

    case_id: Any

    class Meta(AuditedModel.Meta):
        abstract = True

    @property
    def case_id_of_event(self):
        return self.case_id


class CaseGroup(OfCase):
    """An alert group that the case is about."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="groups")
    group = models.OneToOneField("alerts.AlertGroup", on_delete=models.PROTECT, related_name="in_case")
    added_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        triggers = [
            *OfCase.Meta.triggers,
            stays_apart("a_group_stays_in_its_drill", "SELECT drill FROM alerts_alertgroup WHERE id = NEW.group_id"),
        ]

    def __str__(self) -> str:
        return f"{self.case}: {self.group}"


class CaseAccount(OfCase):
    """A member of the case's set of accounts: how it came in, and if it was taken out, why."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="members")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="in_cases")
    added_how = models.CharField(max_length=300, help_text="the group or query that brought it in, in words")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    excluded_at = models.DateTimeField(null=True)
    excluded_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    excluded_why = models.CharField(max_length=300, blank=True)
    # What brought it in was undone: as if it had never been in the case, and the row can be taken up again.
    taken_back_at = models.DateTimeField(null=True)

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                condition=models.Q(taken_back_at__isnull=True) | models.Q(excluded_at__isnull=False),
                name="what_was_taken_back_is_out",
            ),
            models.UniqueConstraint(fields=["case", "account"], name="an_account_is_in_a_case_once"),
            models.CheckConstraint(
                condition=models.Q(excluded_at__isnull=True, excluded_by__isnull=True, excluded_why="")
                | models.Q(excluded_at__isnull=False, excluded_by__isnull=False) & ~models.Q(excluded_why=""),
                name="an_exclusion_says_who_and_why",
                violation_error_message="Say why the accounts are taken out.",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="member_of_case"),
            models.Index(fields=["case"], condition=models.Q(excluded_at__isnull=True), name="present_member_of_case"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.account_id}"


class Party(OfCase):
    """An organisation or person that the case is about, beside the accounts. Roles are alleged until adjudicated."""

    PRIVATE = frozenset({"name", "address"})

    class Role(models.TextChoices):
        OPERATOR = "operator", "Operator of the accounts"
        BENEFICIARY = "beneficiary", "Beneficiary"
        RESELLER = "reseller", "Reseller or proxy"
        INFRASTRUCTURE = "infrastructure", "Infrastructure owner"
        IDENTITY_VICTIM = "identity_victim", "Person whose identity was used"
        COUNSEL = "counsel", "Counsel of a party"

    class Status(models.TextChoices):
        ALLEGED = "alleged", "Alleged"
        ASSESSED = "assessed", "Assessed"
        ADJUDICATED = "adjudicated", "Adjudicated"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="parties")
    name = models.CharField(max_length=200)
    address = models.TextField(blank=True)
    role = models.CharField(max_length=20, choices=Role)
    status = models.CharField(max_length=12, choices=Status, default=Status.ALLEGED)
    basis = models.TextField(help_text="what this rests on")
    added_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        verbose_name_plural = "parties"

    def __str__(self) -> str:
        return self.name


class Task(OfCase):
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    title = models.CharField(max_length=200)
    assignee = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="tasks")
    due_on = models.DateField(null=True)
    added_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(condition=both_or_neither("done_at", "done_by"), name="a_done_task_says_by_whom")
        ]
        indexes = [
            models.Index(fields=["assignee", "due_on"], condition=models.Q(done_at__isnull=True), name="task_to_do")
        ]

    def __str__(self) -> str:
        return self.title


class CaseNote(OfCase):
    # The trail says that a note was written, not what it says: legal advice may not leak through it.
    PRIVATE = frozenset({"body"})

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    body = models.TextField()
    is_privileged = models.BooleanField(default=False, help_text="legal advice: for legal roles only, never exported")
    written_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.body[:60]
