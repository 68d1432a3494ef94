"""One alert, and the accounts it is about."""

import json
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from apps.alerts.models.batch import Batch
from apps.alerts.models.detector import Detector, Kind, Severity
from apps.alerts.models.group import AlertGroup
from apps.alerts.models.suppression import Suppression
from apps.audit.models import AuditedModel, DerivedModel
from apps.core.constraints import refers_to


class Alert(AuditedModel):
    """One alert: the latest of what the detector said under its reference."""

    detector = models.ForeignKey(
        Detector, on_delete=models.PROTECT, related_name="alerts", db_index=False, db_constraint=False
    )
    source_ref = models.CharField(max_length=200)
    variant = models.PositiveSmallIntegerField(default=0, help_text="above 0: its short reference was taken already")
    batch = models.ForeignKey(
        Batch,
        on_delete=models.PROTECT,
        related_name="alerts",
        help_text="that last touched it",
        db_index=False,
        db_constraint=False,
    )
    group = models.ForeignKey(AlertGroup, on_delete=models.PROTECT, null=True, related_name="alerts", db_index=False)
    key = models.CharField(max_length=250, help_text="what it would be grouped by, were it alone; see grouping")
    content_sha256 = models.CharField(max_length=64)
    earlier = models.JSONField(
        default=list,
        blank=True,
        help_text="hashes of what was said under this reference before, so that a late repeat is known as one",
    )
    is_open = models.BooleanField(default=True, help_text="false once the detector closed it")
    occurrences = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=250)
    kind = models.CharField(max_length=20, choices=Kind)
    severity = models.PositiveSmallIntegerField(choices=Severity)
    stage = models.CharField(max_length=20)
    window_start = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True)
    detected_at = models.DateTimeField()
    received_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    account_ids = ArrayField(models.UUIDField(), default=list, help_text="accounts that it named, at any time")
    account_count = models.PositiveIntegerField(default=0)
    joined = models.CharField(max_length=200, blank=True, help_text="why it is in its group, when not by its own key")
    suppressed_by = models.ForeignKey(
        Suppression, on_delete=models.PROTECT, null=True, related_name="alerts", db_index=False
    )
    log10_lr = models.FloatField(null=True, help_text="as the detector states it")
    p_value = models.FloatField(null=True, help_text="times the number of things tested, at most 1")
    new_model_share = models.FloatField(null=True, help_text="0 to 1, of its requests, to a model out for 24 hours")
    drill = models.CharField(max_length=100, blank=True)
    payload = models.TextField(help_text="the alert as validated, whole: the canonical JSON that is hashed")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["detector", "source_ref", "variant"], name="one_alert_per_source_reference"
            ),
            models.CheckConstraint(
                condition=models.Q(window_start__isnull=True) | models.Q(window_start__lte=models.F("window_end")),
                name="a_window_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(fields=["group", "-detected_at", "-id"], name="alert_of_group"),
            models.Index(fields=["-updated_at", "-id"], name="alert_newest_first"),
            models.Index(fields=["detector", "-updated_at", "-id"], name="alert_of_detector"),
            models.Index(
                fields=["suppressed_by", "-received_at", "-id"],
                condition=models.Q(suppressed_by__isnull=False),
                name="alert_that_a_rule_hid",
            ),
        ]
        triggers = [
            *AuditedModel.Meta.triggers,
            *refers_to("an_alert_has_its_detector", "detector_id", "alerts_detector"),
            *refers_to("an_alert_has_its_batch", "batch_id", "alerts_batch"),
        ]

    @property
    def said(self) -> dict[str, Any]:
        """The alert as the detector sent it last."""
        return json.loads(self.payload)

    @property
    def ref_collision(self) -> bool:
        return self.variant > 0

    def get_absolute_url(self) -> str:
        return reverse("alerts:alert", args=[self.pk])

    def __str__(self) -> str:
        return self.title


class AlertAccount(DerivedModel):
    """That an alert is about an account: `Alert.account_ids` the other way round."""

    SOURCE = "SELECT unnest(account_ids), id FROM alerts_alert"

    pk = models.CompositePrimaryKey("account_id", "alert_id")
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="alerted", db_index=False, db_constraint=False
    )
    alert = models.ForeignKey(
        Alert, on_delete=models.PROTECT, related_name="about", db_index=False, db_constraint=False
    )

    def __str__(self) -> str:
        return f"{self.alert_id} {self.account_id}"
