import pgtrigger
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither
from apps.evidence.models.once import REFUSE
from apps.evidence.models.registry import ModelVersion, SuspectModel, WatermarkKey


class TestPlan(AuditedModel):
    """What will be tested and how, before anybody looks at the suspect: pre-registration. Registered, it never changes.

    A run that keeps to it is confirmatory; any other is exploratory and says why (R2).
    """

    __test__ = False  # not a test for pytest to collect

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        REGISTERED = "registered", "Registered"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Stopping(models.TextChoices):
        FIXED = "fixed", "Once, when the planned number is reached"
        SEQUENTIAL = "sequential", "At any time up to the planned number, each look counted"

    ref = models.CharField(max_length=20)
    test_id = models.CharField(max_length=60)
    test_version = models.CharField(max_length=20)
    suspect = models.ForeignKey(SuspectModel, on_delete=models.PROTECT, null=True, related_name="plans")
    protected = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, related_name="plans")
    key = models.ForeignKey(WatermarkKey, on_delete=models.PROTECT, null=True, related_name="plans")
    question = models.TextField(help_text="what the test is to decide")
    collection = models.TextField(help_text="which inputs are collected, how, and from where")
    fixed_inputs = models.JSONField(default=dict, help_text="inputs that are settled now, by name")
    planned_n = models.PositiveBigIntegerField(help_text="how many are scored")
    stopping = models.CharField(max_length=12, choices=Stopping, default=Stopping.FIXED)
    alpha = models.FloatField(help_text="level of the test")
    effect = models.FloatField(help_text="smallest effect that matters; the power is stated for it")
    controls = models.JSONField(default=list, help_text="names of the models that are tested in the same way")
    is_blind = models.BooleanField(default=False, help_text="who scores does not know which one is the suspect")
    is_primary = models.BooleanField(default=False, help_text="it speaks for its dependency group")
    dependency_group = models.CharField(max_length=60, help_text="runs of one group are not multiplied")
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    sha256 = models.CharField(max_length=64, blank=True, help_text="of the plan as canonical JSON (RFC 8785)")
    drafted_at = models.DateTimeField()
    drafted_by = models.CharField(max_length=100, help_text="actor")
    registered_at = models.DateTimeField(null=True)
    registered_by = models.CharField(max_length=100, null=True, help_text="actor")

    class Meta(AuditedModel.Meta):
        triggers = [
            *AuditedModel.Meta.triggers,
            pgtrigger.Trigger(
                name="a_registered_plan_stays_as_it_is",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.state = 'withdrawn'
                       OR OLD.state = 'registered' AND to_jsonb(OLD) - 'state' <> to_jsonb(NEW) - 'state' THEN
                        RAISE EXCEPTION 'the plan % is registered: nothing of it changes any more', OLD.ref
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_registered_plan_stays_as_it_is';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(name="a_plan_stays", when=pgtrigger.Before, operation=pgtrigger.Delete, func=REFUSE),
        ]
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_plan_per_reference"),
            models.CheckConstraint(
                condition=both_or_neither("registered_at", "registered_by"), name="a_registration_says_when_and_by_whom"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="registered")
                | (models.Q(registered_at__isnull=False) & ~models.Q(sha256="")),
                name="a_registered_plan_has_its_hash",
            ),
            models.CheckConstraint(
                condition=models.Q(alpha__gt=0, alpha__lt=1),
                name="the_level_of_a_plan_is_a_probability",
                violation_error_message="The level lies between 0 and 1.",
            ),
            models.CheckConstraint(
                condition=models.Q(planned_n__gt=0),
                name="a_plan_scores_something",
                violation_error_message="Say how many are scored: at least one.",
            ),
        ]
        indexes = [models.Index(fields=["-drafted_at", "-id"], name="plan_newest_first")]

    def get_absolute_url(self) -> str:
        return reverse("evidence:plan", args=[self.ref])

    def __str__(self) -> str:
        return self.ref
