from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel


class Confirmation(AuditedModel):
    """That a person looked at what a rule of the retention schedule would do, and wants it done from now on.

    It is of the rule as it read then: a rule that is changed needs another one.
    """

    rule = models.SlugField(max_length=40)
    days = models.PositiveIntegerField()
    terms = models.TextField(help_text="the rule in words, as it was confirmed")
    due = models.PositiveIntegerField(help_text="records that the preview said would go")
    held = models.PositiveIntegerField(help_text="records that a hold kept from it")
    confirmed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()

    class Meta(AuditedModel.Meta):
        verbose_name = "confirmation of a retention rule"
        verbose_name_plural = "confirmations of retention rules"
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "days", "terms"],
                name="a_rule_is_confirmed_once",
                violation_error_message="This rule is confirmed already.",
            ),
            models.CheckConstraint(condition=models.Q(days__gt=0), name="a_rule_keeps_for_some_time"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}, {self.days} days"


class RetentionRun(AuditedModel):
    """One run of a rule: so many records at a time, each part in a transaction of its own, so that it can be stopped
    at any moment, and carries on where it was."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    rule = models.SlugField(max_length=40)
    days = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    before = models.DateTimeField(help_text="what is older than this is due")
    due = models.PositiveIntegerField(help_text="records that were due when it started")
    held = models.PositiveIntegerField(help_text="records that a hold kept from it, then")
    gone = models.PositiveIntegerField(default=0, help_text="records that it dealt with so far")
    started_by = models.CharField(max_length=100, help_text="actor")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    stopped_why = models.CharField(max_length=300, blank=True)

    class Meta(AuditedModel.Meta):
        verbose_name = "retention run"
        constraints = [
            models.UniqueConstraint(
                fields=["rule"],
                condition=models.Q(state="running"),
                name="a_rule_runs_once_at_a_time",
                violation_error_message="This rule is running.",
            ),
            models.CheckConstraint(
                condition=models.Q(state="running", ended_at__isnull=True)
                | ~models.Q(state="running") & models.Q(ended_at__isnull=False),
                name="a_run_that_is_over_has_its_end",
            ),
            models.CheckConstraint(
                condition=models.Q(state="stopped", stopped_by__isnull=False) & ~models.Q(stopped_why="")
                | ~models.Q(state="stopped") & models.Q(stopped_by__isnull=True, stopped_why=""),
                name="a_stopped_run_says_by_whom_and_why",
                violation_error_message="Say why it is stopped.",
            ),
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="retention_run_newest_first")]

    def get_absolute_url(self) -> str:
        return reverse("records:run", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.rule} of {self.started_at:%Y-%m-%d}"
