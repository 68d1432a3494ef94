from django.db import models

from apps.audit.models import AuditedModel
from apps.evidence.models.items import Item
from apps.evidence.models.once import WRITTEN_ONCE


class TestRun(AuditedModel):
    """One run of a fingerprint test, recomputed here from its inputs. Immutable; negative runs stay."""

    __test__ = False  # not a test for pytest to collect

    class Outcome(models.TextChoices):
        SUPPORTS = "supports", "Supports"
        NEUTRAL = "neutral", "Supports neither"
        AGAINST = "against", "Speaks against"
        UNINFORMATIVE = "uninformative", "Says nothing"

    ref = models.CharField(max_length=20)
    test_id = models.CharField(max_length=60)
    test_version = models.CharField(max_length=20)
    suspect = models.CharField(max_length=200, help_text="model that was tested")
    inputs = models.JSONField()
    inputs_sha256 = models.CharField(max_length=64)
    result = models.JSONField(
        help_text="statistic, p, effect, interval, power, likelihood ratio, assumptions, sentence"
    )
    submitted = models.JSONField(null=True, help_text="figures that came with the inputs")
    discrepancies = models.JSONField(default=list, help_text="sentences: where a submitted figure differs from ours")
    p_value = models.FloatField(null=True, help_text="none where the test has no p-value")
    log10_lr = models.FloatField(null=True, help_text="none where the test has no likelihood ratio")
    log10_lr_cap = models.FloatField(null=True)
    outcome = models.CharField(max_length=15, choices=Outcome)
    key_id = models.CharField(max_length=64, blank=True, help_text="name of the watermark key; never the key")
    dependency_group = models.CharField(max_length=60, help_text="runs of one group are not multiplied")
    is_exploratory = models.BooleanField(default=True, help_text="not planned before the data were seen")
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="test_run", help_text="the run, as a file")
    run_at = models.DateTimeField()
    run_by = models.CharField(max_length=100)

    class Meta(AuditedModel.Meta):
        triggers = WRITTEN_ONCE
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_run_per_reference"),
            models.CheckConstraint(
                condition=models.Q(p_value__gte=0) & models.Q(p_value__lte=1), name="p_is_a_probability"
            ),
        ]
        indexes = [models.Index(fields=["-run_at", "-id"], name="run_newest_first")]

    @property
    def log10_lr_reported(self) -> float | None:
        """What may be said: never more than the validated error rates carry."""
        return self.result["log10_lr_reported"]

    def __str__(self) -> str:
        return f"{self.ref} {self.test_id}"
