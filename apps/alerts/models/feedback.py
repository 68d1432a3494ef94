"""What became of alerts, and how their detectors are told."""

from django.db import models
from django.urls import reverse

from apps.alerts.models.alert import Alert
from apps.alerts.models.detector import Detector
from apps.alerts.models.group import AlertGroup
from apps.audit.models import AuditedModel
from apps.core.models import Endpoint, Outgoing, Try

SECRET = b"webhook"  # what a webhook's secret is sealed for


class Verdict(AuditedModel):
    """What was decided about a group, for one of the detectors in it. A later one about the same supersedes it."""

    class Outcome(models.TextChoices):
        DISMISSED = "dismissed", "Dismissed"
        IN_CASE = "in_case", "In a case"
        REOPENED = "reopened", "Looked at again"

    group = models.ForeignKey(AlertGroup, on_delete=models.PROTECT, related_name="verdicts")
    detector = models.ForeignKey(Detector, on_delete=models.PROTECT, related_name="verdicts", db_index=False)
    outcome = models.CharField(max_length=10, choices=Outcome)
    dismissal = models.CharField(max_length=20, choices=AlertGroup.Dismissal, blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.CharField(max_length=100, help_text="the actor, as the trail names it")
    alert_count = models.PositiveIntegerField(help_text="alerts of the detector in the group at that time")
    supersedes = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="superseded_by", db_index=False
    )
    drill = models.CharField(max_length=100, blank=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome="dismissed") ^ models.Q(dismissal=""),
                name="a_dismissal_alone_has_its_reason",
            )
        ]
        indexes = [models.Index(fields=["detector", "-decided_at"], name="verdict_of_detector")]

    def __str__(self) -> str:
        said = f": {self.get_dismissal_display()}" if self.dismissal else ""
        return f"{self.get_outcome_display()}{said}"


class VerdictAlert(models.Model):
    """One alert that a verdict is about: a line of the feed. Follows from the verdict and the group's alerts at that
    time, so it is not audited.

    `position` is the line's place in the feed, given by `verdicts.publish` after the commit of the decision: lines are
    numbered in the order in which they can be seen, so that a reader who goes on behind a position misses none.
    """

    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="lines")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="verdicts")
    detector = models.ForeignKey(Detector, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveBigIntegerField(null=True, unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["verdict", "alert"], name="one_line_per_verdict_and_alert")]
        indexes = [
            models.Index(fields=["detector", "position"], name="feed_of_detector"),
            models.Index(fields=["verdict"], condition=models.Q(position__isnull=True), name="verdict_unpublished"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict_id} {self.alert_id}"


class Webhook(Endpoint, AuditedModel):
    """Where a detector wants to be told, and the secret that its messages are signed with."""

    PRIVATE = frozenset({"sealed_secret", "sealed_previous"})
    SEALED_FOR = SECRET

    detector = models.OneToOneField(Detector, on_delete=models.PROTECT, related_name="webhook")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(previous_until__isnull=True) ^ ~models.Q(sealed_previous=""),
                name="a_secret_before_has_its_end",
            )
        ]


class Delivery(Outgoing):
    """One message to a webhook. What it tells is audited, that it was told is not."""

    TO = "webhook"

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="deliveries", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "verdict"], name="a_webhook_is_told_once_of_a_verdict"),
            models.CheckConstraint(
                condition=models.Q(state="waiting") ^ models.Q(finished_at__isnull=False),
                name="a_finished_delivery_has_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="delivery_due"),
            models.Index(fields=["webhook", "-created_at", "-id"], name="delivery_newest_first"),
        ]

    def get_absolute_url(self) -> str:
        return reverse("alerts:delivery", args=[self.webhook.detector_id, self.pk])


class Attempt(Try):
    """One try to deliver."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="tries")
