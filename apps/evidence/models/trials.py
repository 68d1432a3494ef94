import pgtrigger
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither
from apps.evidence.models.items import Item
from apps.evidence.models.once import written_once
from apps.evidence.models.plans import TestPlan
from apps.evidence.models.registry import ModelVersion, SuspectModel, WatermarkKey

OPENED = ("state", "measured_at", "measured_by", "scores", "item", "opened_at", "opened_by", "order", "secret")


class BlindTrial(AuditedModel):
    """A test in which who scores cannot know which of the labels is the suspect.

    Commit and reveal: the order of the labels is drawn, and only its hash is kept here; every label is measured; then
    the order is opened and has to have that hash. Nobody can have chosen it after seeing the scores.
    """

    class State(models.TextChoices):
        COMMITTED = "committed", "Order sealed"
        MEASURED = "measured", "Measured"
        OPENED = "opened", "Opened"
        ABANDONED = "abandoned", "Abandoned"

    ref = models.CharField(max_length=20)
    test_id = models.CharField(max_length=60)
    test_version = models.CharField(max_length=20)
    suspect = models.ForeignKey(SuspectModel, on_delete=models.PROTECT, related_name="trials")
    protected = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, related_name="trials")
    key = models.ForeignKey(WatermarkKey, on_delete=models.PROTECT, null=True, related_name="trials")
    plan = models.ForeignKey(TestPlan, on_delete=models.PROTECT, null=True, related_name="trials")
    labels = models.JSONField(help_text="under which the models are scored; one of them is the suspect")
    order_sha256 = models.CharField(max_length=64, help_text="SHA-256 of the sealed order")
    few_because = models.CharField(max_length=300, blank=True, help_text="why fewer than nineteen controls")
    state = models.CharField(max_length=12, choices=State, default=State.COMMITTED)
    committed_at = models.DateTimeField()
    committed_by = models.CharField(max_length=100, help_text="actor")
    measured_at = models.DateTimeField(null=True)
    measured_by = models.CharField(max_length=100, null=True, help_text="actor")
    scores = models.JSONField(null=True, help_text="by label: n, statistic, alarm")
    item = models.OneToOneField(
        Item, on_delete=models.PROTECT, null=True, related_name="trial", help_text="what was measured, as a file"
    )
    opened_at = models.DateTimeField(null=True)
    opened_by = models.CharField(max_length=100, null=True, help_text="actor")
    order = models.JSONField(null=True, help_text="label: name")
    secret = models.CharField(max_length=64, blank=True, help_text="random, so that the order cannot be guessed")

    class Meta(AuditedModel.Meta):
        triggers = [
            *written_once(but=OPENED),
            pgtrigger.Trigger(
                name="a_measured_trial_keeps_its_scores",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.scores IS NOT NULL AND (OLD.scores, OLD.measured_at, OLD.measured_by, OLD.item_id)
                       IS DISTINCT FROM (NEW.scores, NEW.measured_at, NEW.measured_by, NEW.item_id) THEN
                        RAISE EXCEPTION 'the scores of % are on record and stay', OLD.ref
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_measured_trial_keeps_its_scores';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_trial_per_reference"),
            models.UniqueConstraint(
                fields=["order_sha256"],
                name="an_order_is_sealed_once",
                violation_error_message="This order was sealed before: draw a new one.",
            ),
            models.CheckConstraint(
                condition=models.Q(order_sha256__regex=r"^[0-9a-f]{64}$"),
                name="a_commitment_is_a_hash",
                violation_error_message="The seal is a SHA-256 in 64 hexadecimal digits.",
            ),
            models.CheckConstraint(
                condition=models.Q(measured_by__isnull=True) | ~models.Q(measured_by=models.F("committed_by")),
                name="who_sealed_an_order_does_not_score",
                violation_error_message="Who sealed the order has seen it. Another person scores. (R3)",
            ),
            models.CheckConstraint(
                condition=both_or_neither("measured_at", "measured_by", "scores", "item"),
                name="a_measured_trial_has_its_scores",
            ),
            models.CheckConstraint(
                condition=both_or_neither("opened_at", "opened_by", "order"), name="an_opened_trial_has_its_order"
            ),
            models.CheckConstraint(
                condition=models.Q(opened_at__isnull=True) | models.Q(measured_at__lte=models.F("opened_at")),
                name="an_order_is_opened_after_the_scores",
            ),
        ]
        indexes = [models.Index(fields=["-committed_at", "-id"], name="trial_newest_first")]

    def get_absolute_url(self) -> str:
        return reverse("evidence:trial", args=[self.ref])

    def __str__(self) -> str:
        return self.ref
