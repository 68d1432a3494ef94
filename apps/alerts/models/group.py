"""Alerts that belong together, and how the next one finds its place among them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils import timezone

from apps.alerts.models.detector import Severity
from apps.alerts.priority import SEVERITY_SAYS
from apps.audit.models import AuditedModel, DerivedModel
from apps.core.constraints import both_or_neither, different


class AlertGroup(AuditedModel):
    """Alerts that belong together, by a key that says why."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLAIMED = "claimed", "Claimed"
        DISMISSED = "dismissed", "Dismissed"
        ESCALATED = "escalated", "In a case"
        MERGED = "merged", "Merged"

    class Dismissal(models.TextChoices):
        BENIGN = "benign", "Ordinary use"
        AUTHORISED = "authorised", "Allowed by contract or programme"
        DETECTOR_FAULT = "detector_fault", "The detector is wrong"
        DUPLICATE = "duplicate", "Handled elsewhere"
        TOO_WEAK = "too_weak", "Too weak to go on"

    key = models.CharField(max_length=250, help_text="campaign:…, model:…, cluster:…, template:…, account:…")
    title = models.CharField(max_length=250)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    severity = models.PositiveSmallIntegerField(choices=Severity, default=Severity.INFO)
    priority = models.PositiveSmallIntegerField(default=0, help_text="0 to 100; the reasons say why")
    reasons = models.JSONField(default=list, blank=True, help_text="sentences, strongest first, with their points")
    kinds = models.JSONField(default=list, blank=True)
    detectors = models.JSONField(default=list, blank=True)
    alert_count = models.PositiveIntegerField(default=0)
    account_count = models.PositiveIntegerField(default=0)
    window_start = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True)
    first_received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="when somebody should have looked")
    drill = models.CharField(max_length=100, blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text="what its alerts say, counted up; see facts")
    claimed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="claimed_groups")
    claimed_at = models.DateTimeField(null=True)
    dismissal = models.CharField(max_length=20, choices=Dismissal, blank=True)
    dismissal_note = models.TextField(blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="merged", db_index=False)
    split_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts", db_index=False)
    snoozed_until = models.DateTimeField(null=True, help_text="kept once it is over, until somebody claims the group")
    snoozed_severity = models.PositiveSmallIntegerField(null=True, help_text="above it, the snooze ends early")
    snoozed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    snooze_count = models.PositiveIntegerField(default=0)
    hidden_until = models.DateTimeField(null=True, help_text="while rules hide all its alerts")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(state__in=["open", "claimed"]),
                name="one_undecided_group_per_key",
                violation_error_message="A newer group of the same alerts waits in the queue: work on that one.",
            ),
            models.CheckConstraint(condition=both_or_neither("claimed_by", "claimed_at"), name="a_claim_has_its_time"),
            models.CheckConstraint(
                condition=~models.Q(state="claimed") | models.Q(claimed_by__isnull=False),
                name="a_claimed_group_has_its_holder",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="dismissed") | ~models.Q(dismissal=""),
                name="a_dismissal_has_its_reason",
                violation_error_message="Say why it is dismissed.",
            ),
            models.CheckConstraint(
                condition=models.Q(state="merged", merged_into__isnull=False)
                | (~models.Q(state="merged") & models.Q(merged_into__isnull=True)),
                name="a_merged_group_says_where_it_went",
            ),
            models.CheckConstraint(
                condition=both_or_neither("snoozed_until", "snoozed_severity", "snoozed_by"),
                name="a_snooze_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(priority__lte=100),
                name="priority_is_at_most_100",
                violation_error_message="Priority goes from 0 to 100.",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-priority", "-id"], name="group_queue"),
            models.Index(fields=["key"], name="group_by_key"),
            models.Index(fields=["due_at"], condition=models.Q(state__in=["open", "claimed"]), name="group_due"),
            models.Index(
                fields=["snoozed_until"],
                condition=models.Q(state="open", snoozed_until__isnull=False),
                name="group_snoozed",
            ),
            models.Index(
                fields=["hidden_until"],
                condition=models.Q(state="open", hidden_until__isnull=False),
                name="group_hidden",
            ),
        ]

    @property
    def is_late(self) -> bool:
        return self.state in (self.State.OPEN, self.State.CLAIMED) and self.due_at < timezone.now()

    @property
    def is_snoozed(self) -> bool:
        return self._was_snoozed and not self.is_back

    @property
    def is_back(self) -> bool:
        """Whether its snooze is over: its time is up, or its severity rose above what it was then."""
        if not self._was_snoozed or self.snoozed_until is None:
            return False
        return self.is_back_early or self.snoozed_until <= timezone.now()

    @property
    def is_back_early(self) -> bool:
        return self._was_snoozed and self.severity > (self.snoozed_severity or 0)

    @property
    def _was_snoozed(self) -> bool:
        return self.state == self.State.OPEN and self.snoozed_until is not None

    @property
    def is_hidden(self) -> bool:
        """Whether rules keep it out of the queue now."""
        return self.state == self.State.OPEN and self.hidden_until is not None and self.hidden_until > timezone.now()

    @property
    def strongest(self) -> list[str]:
        """The two reasons with the most points, in words; severity has a sign of its own."""
        said = [r["text"] for r in self.reasons if r["points"] >= 0 and not r["text"].startswith(SEVERITY_SAYS)]
        return said[:2]

    def get_absolute_url(self) -> str:
        return reverse("alerts:group", args=[self.pk])

    def __str__(self) -> str:
        return self.title


class GroupKey(DerivedModel):
    """Which group the next alert of a key joins: one that has an alert of that key."""

    SOURCE = "SELECT key, group_id FROM alerts_alert UNION SELECT key, id FROM alerts_alertgroup"
    IS_WHOLE = False

    key = models.CharField(max_length=250, primary_key=True)
    group = models.ForeignKey(AlertGroup, on_delete=models.PROTECT, related_name="keys", db_constraint=False)

    def __str__(self) -> str:
        return self.key


class GroupAccount(DerivedModel):
    """That a group's alerts name an account."""

    SOURCE = "SELECT unnest(account_ids), group_id FROM alerts_alert"

    pk = models.CompositePrimaryKey("account_id", "group_id")
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    group = models.ForeignKey(AlertGroup, on_delete=models.PROTECT, related_name="members", db_constraint=False)

    def __str__(self) -> str:
        return f"{self.account_id} {self.group_id}"


class Merge(AuditedModel):
    """That a group went into another, and what came with it: so that exactly this can go back."""

    group = models.ForeignKey(AlertGroup, on_delete=models.PROTECT, related_name="merges")
    into = models.ForeignKey(AlertGroup, on_delete=models.PROTECT, related_name="taken_in")
    alert_ids = ArrayField(models.UUIDField())
    keys = ArrayField(models.CharField(max_length=250), default=list, help_text="that led to the group before")
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["group"], condition=models.Q(undone_at__isnull=True), name="a_group_is_merged_into_one"
            ),
            models.CheckConstraint(condition=different("group", "into"), name="a_group_is_merged_into_another"),
            models.CheckConstraint(
                condition=both_or_neither("undone_at", "undone_by"), name="an_undone_merge_has_its_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} into {self.into_id}"
