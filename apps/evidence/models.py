"""The raw material of exhibits: what was collected, who touched it, and what was computed from it."""

import pgtrigger
from django.db import models

from apps.audit.models import AuditedModel

# What was collected, seen and computed is never corrected, only added to.
WRITTEN_ONCE = [
    *AuditedModel.Meta.triggers,
    pgtrigger.Trigger(
        name="evidence_is_written_once",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func="""
            RAISE EXCEPTION 'evidence is written once: % of % refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_is_written_once';
        """,
    ),
]


class Tlp(models.TextChoices):
    """Traffic Light Protocol 2.0."""

    CLEAR = "clear", "TLP:CLEAR"
    GREEN = "green", "TLP:GREEN"
    AMBER = "amber", "TLP:AMBER"
    AMBER_STRICT = "amber+strict", "TLP:AMBER+STRICT"
    RED = "red", "TLP:RED"


class Item(AuditedModel):
    """A collected file: immutable, in the vault under its hash."""

    class Kind(models.TextChoices):
        QUERY_LOG = "query_log", "Query log"
        TEST_RUN = "test_run", "Fingerprint test run"
        SIMILARITY = "behavioural_similarity", "Behavioural similarity"
        EXPERT = "expert_assessment", "Expert assessment"
        CAPTURE = "capture", "Capture of a public page"
        CORRESPONDENCE = "correspondence", "Correspondence"
        OTHER = "other", "Other"

    ref = models.CharField(max_length=20)
    kind = models.CharField(max_length=30, choices=Kind)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    origin = models.CharField(max_length=300, help_text="where it comes from and how it was obtained")
    filename = models.CharField(max_length=255, help_text="as given; never used as a path")
    media_type = models.CharField(max_length=100, help_text="as sniffed from its bytes")
    byte_size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    sha512 = models.CharField(max_length=128)
    tlp = models.CharField(max_length=12, choices=Tlp, default=Tlp.AMBER)
    collected_at = models.DateTimeField()
    collected_by = models.CharField(max_length=100, help_text="actor")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="derivatives")
    derivation = models.JSONField(null=True, help_text="tool, version and parameters that made it from its parent")

    class Meta(AuditedModel.Meta):
        triggers = WRITTEN_ONCE
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_item_per_reference"),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True, derivation__isnull=True)
                | models.Q(parent__isnull=False, derivation__isnull=False),
                name="a_derivative_says_how_it_was_made",
            ),
        ]
        indexes = [
            models.Index(fields=["-collected_at", "-id"], name="item_newest_first"),
            models.Index(fields=["sha256"], name="item_by_hash"),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"


class CustodyEvent(AuditedModel):
    """Somebody collected, verified, opened or took out an item; its hash was measured again."""

    class Kind(models.TextChoices):
        COLLECT = "collect", "Collected"
        VERIFY = "verify", "Verified"
        VIEW = "view", "Viewed"
        EXPORT = "export", "Exported"

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="custody")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    purpose = models.CharField(max_length=300, blank=True)
    measured_sha256 = models.CharField(
        max_length=64, blank=True, help_text="as read from the vault then; empty when nothing was there"
    )
    intact = models.BooleanField(help_text="whether it equalled the item's hash")

    class Meta(AuditedModel.Meta):
        triggers = WRITTEN_ONCE
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kind="export") | ~models.Q(purpose=""),
                name="an_export_has_a_purpose",
                violation_error_message="Say what the copy is for.",
            )
        ]
        indexes = [models.Index(fields=["item", "at", "id"], name="custody_of_item")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class TestRun(AuditedModel):
    """One run of a fingerprint test, recomputed here from its inputs. Immutable; negative runs stay."""

    __test__ = False  # not a test for pytest to collect

    class Outcome(models.TextChoices):
        SUPPORTS = "supports", "Supports"
        NEUTRAL = "neutral", "Supports neither"
        AGAINST = "against", "Speaks against"

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
    p_value = models.FloatField()
    log10_lr = models.FloatField()
    log10_lr_cap = models.FloatField()
    outcome = models.CharField(max_length=10, choices=Outcome)
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
    def log10_lr_reported(self) -> float:
        """What may be said: never more than the validated error rates carry."""
        return self.result["log10_lr_reported"]

    def __str__(self) -> str:
        return f"{self.ref} {self.test_id}"
