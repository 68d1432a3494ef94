import pgtrigger
from django.db import models
from django.urls import reverse

from apps.accounts.models import Account
from apps.audit.models import AuditedModel
from apps.core.constraints import refers_to
from apps.evidence.fingerprints.wording import p_text
from apps.evidence.models.items import Item
from apps.evidence.models.once import WRITTEN_ONCE
from apps.evidence.models.plans import TestPlan
from apps.evidence.models.registry import ModelVersion, SuspectModel, WatermarkKey
from apps.evidence.models.trials import BlindTrial

CONTROLS_NEEDED = 19  # with them the suspect is one of twenty: chance alone points at it in one case of twenty (R3)


class TestRun(AuditedModel):
    """One run of a fingerprint test, recomputed here from its inputs. Immutable; failed and negative runs stay (R7)."""

    __test__ = False  # not a test for pytest to collect

    class Outcome(models.TextChoices):
        SUPPORTS = "supports", "Supports"
        NEUTRAL = "neutral", "Supports neither"
        AGAINST = "against", "Speaks against"
        UNINFORMATIVE = "uninformative", "Says nothing"
        WITHHELD = "withheld", "Withheld"
        FAILED = "failed", "Failed"

    ref = models.CharField(max_length=20)
    test_id = models.CharField(max_length=60)
    test_version = models.CharField(max_length=20, help_text="with which it was computed here")
    suspect = models.ForeignKey(SuspectModel, on_delete=models.PROTECT, null=True, related_name="runs")
    protected = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, related_name="runs")
    key = models.ForeignKey(WatermarkKey, on_delete=models.PROTECT, null=True, related_name="runs")
    plan = models.ForeignKey(TestPlan, on_delete=models.PROTECT, null=True, related_name="runs")
    trial = models.OneToOneField(BlindTrial, on_delete=models.PROTECT, null=True, related_name="run")
    source = models.ForeignKey(
        Item, on_delete=models.PROTECT, null=True, related_name="scored_in", help_text="item that the inputs are from"
    )
    account_count = models.PositiveIntegerField(null=True, help_text="accounts that it tested one by one")
    inputs = models.JSONField(help_text="long lists by their length and digest; whole in the file")
    inputs_sha256 = models.CharField(max_length=64)
    declared = models.JSONField(help_text="what its submitter stands for: version, n, controls, assumptions")
    result = models.JSONField(
        null=True, help_text="statistic, p, effect, interval, power, likelihood ratio, assumptions, sentence"
    )
    submitted = models.JSONField(null=True, help_text="figures that came with the inputs")
    discrepancies = models.JSONField(default=list, help_text="sentences: where a submitted figure differs from ours")
    failure = models.TextField(blank=True, help_text="why nothing was computed")
    withheld = models.JSONField(default=list, help_text="sentences: why neither p nor LR is reported (R1)")
    custody = models.JSONField(null=True, help_text="who held the watermark key, as on record at the run (R14)")
    not_blind_because = models.CharField(max_length=300, blank=True)
    p_value = models.FloatField(null=True)
    log10_p = models.FloatField(null=True, help_text="of p-values below the smallest float, too")
    p_floor = models.FloatField(null=True, help_text="the smallest p-value that its inputs could have given")
    log10_lr = models.FloatField(null=True)
    lr_route = models.CharField(max_length=20, blank=True, help_text="by which the ratio was computed")
    log10_lr_cap = models.FloatField(null=True)
    log10_lr_reported = models.FloatField(null=True, help_text="what may be said")
    outcome = models.CharField(max_length=14, choices=Outcome)
    dependency_group = models.CharField(max_length=60, help_text="runs of one group are not multiplied")
    collected_from = models.DateTimeField(null=True, help_text="when collecting from the suspect began")
    collected_until = models.DateTimeField(null=True)
    is_exploratory = models.BooleanField(default=True)
    exploratory_because = models.JSONField(default=list, help_text="sentences: why it confirms nothing (R2)")
    is_primary = models.BooleanField(default=False, help_text="it speaks for its dependency group, as planned")
    is_fit = models.BooleanField(help_text="whether it may be put on an exhibit")
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="test_run", help_text="the run, as a file")
    submission = models.CharField(max_length=300, null=True, help_text="by which a program sends it again")
    submission_sha256 = models.CharField(max_length=64, blank=True, help_text="of what it sent")
    run_at = models.DateTimeField()
    run_by = models.CharField(max_length=100)

    class Meta(AuditedModel.Meta):
        triggers = [
            *WRITTEN_ONCE,
            pgtrigger.Trigger(
                name="a_planned_run_follows_its_plan",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__is_exploratory=False),
                func="""
                    IF NOT EXISTS (SELECT FROM evidence_testplan WHERE id = NEW.plan_id AND state = 'registered'
                                   AND registered_at < NEW.collected_from) THEN
                        RAISE EXCEPTION 'the plan of % was not registered before its data were collected', NEW.ref
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_planned_run_follows_its_plan';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_run_per_reference"),
            models.UniqueConstraint(
                fields=["run_by", "submission"],
                name="a_submission_is_taken_once",
                violation_error_message="This submission was taken already.",
            ),
            models.CheckConstraint(
                condition=models.Q(p_value__isnull=True) | models.Q(p_value__gte=0) & models.Q(p_value__lte=1),
                name="p_is_a_probability",
            ),
            models.CheckConstraint(
                condition=models.Q(suspect__isnull=False) | models.Q(account_count__isnull=False),
                name="a_run_is_about_a_model_or_accounts",
            ),
            models.CheckConstraint(
                condition=models.Q(failure="", result__isnull=False) & ~models.Q(outcome="failed")
                | ~models.Q(failure="") & models.Q(result__isnull=True, outcome="failed"),
                name="a_failed_run_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(withheld=[], failure="")
                | models.Q(p_value__isnull=True, log10_lr__isnull=True, log10_lr_reported__isnull=True, is_fit=False),
                name="nothing_is_reported_without_its_declarations",
            ),
            models.CheckConstraint(
                condition=models.Q(is_exploratory=True) & ~models.Q(exploratory_because=[])
                | models.Q(is_exploratory=False, exploratory_because=[], plan__isnull=False),
                name="an_exploratory_run_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(is_primary=False) | models.Q(is_exploratory=False),
                name="what_is_primary_was_planned",
            ),
            models.CheckConstraint(
                condition=models.Q(account_count__isnull=False)
                | models.Q(trial__isnull=False)
                | ~models.Q(not_blind_because=""),
                name="a_run_is_blind_or_says_why_not",
            ),
            models.CheckConstraint(
                condition=models.Q(collected_from__isnull=True)
                | models.Q(collected_until__isnull=True)
                | models.Q(collected_until__gte=models.F("collected_from")),
                name="collecting_ends_after_it_began",
                violation_error_message="Collecting ended before it began.",
            ),
        ]
        indexes = [
            models.Index(fields=["-run_at", "-id"], name="run_newest_first"),
            models.Index(fields=["suspect", "-run_at"], name="run_of_suspect"),
            models.Index(fields=["test_id", "-run_at"], name="run_of_test"),
        ]

    @property
    def subject(self) -> str:
        """What was tested, in words."""
        accounts = "" if self.account_count is None else f"{self.account_count:,} accounts"
        return " and ".join(filter(None, (str(self.suspect) if self.suspect_id else "", accounts)))

    @property
    def is_blind(self) -> bool:
        return self.trial_id is not None

    @property
    def controls(self) -> list[dict]:
        return self.declared["controls"]

    @property
    def further_figures(self) -> dict[str, float]:
        """What else the test computed, by its name in words."""
        return {name.replace("_", " "): value for name, value in (self.result or {}).get("figures", {}).items()}

    @property
    def unfit_because(self) -> list[str]:
        """Why it may not be put on an exhibit, and what would make it fit."""
        if self.failure:
            return [f"{self.ref} failed, so nothing rests on it. {self.failure}"]
        if self.withheld:
            return [
                f"{self.ref} reports nothing, because it does not say what its figures rest on."
                f" {' '.join(self.withheld)} (R1)"
            ]
        if self.is_fit:
            return []
        return [
            f"{self.ref} found a watermark with a key of which nobody is on record as holding it, so anybody may have"
            " made it. Register the key and who held it, then run the test again. (R14)"
        ]

    @property
    def warnings(self) -> list[str]:
        """What weakens it although nothing is wrong with it (R3)."""
        if self.account_count is not None:
            return []
        few = len(self.controls) < CONTROLS_NEEDED
        found = [] if self.is_blind else ["Who scored knew which model is the suspect."]
        if few:
            found.append(f"It was one of {len(self.controls) + 1}, not one of {CONTROLS_NEEDED + 1} or more.")
        return found

    def get_absolute_url(self) -> str:
        return reverse("evidence:run", args=[self.ref])

    def __str__(self) -> str:
        return f"{self.ref} {self.test_id}"


# For what names an item as an exhibit: where a run may not be relied upon, nothing is put on it (R1, R14).
RESTS_ON_A_FIT_RUN = pgtrigger.Trigger(
    name="an_exhibit_rests_on_a_run_that_is_fit",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
        IF EXISTS (SELECT FROM evidence_testrun WHERE item_id = NEW.item_id AND NOT is_fit) THEN
            RAISE EXCEPTION 'the run of this item may not be put on an exhibit' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'an_exhibit_rests_on_a_run_that_is_fit';
        END IF;
        RETURN NEW;
    """,
)


class AccountResult(AuditedModel):
    """What a run over many accounts found of one of them; smallest p first."""

    run = models.ForeignKey(TestRun, on_delete=models.PROTECT, related_name="results", db_constraint=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="results", db_constraint=False)
    n = models.PositiveBigIntegerField(help_text="how many were scored")
    k = models.PositiveBigIntegerField(null=True, help_text="of them hits, where the test counts")
    score = models.FloatField(null=True, help_text="where it measures")
    p_value = models.FloatField(null=True)
    p_holm = models.FloatField(null=True, help_text="adjusted over everything tested (Holm)")
    p_bh = models.FloatField(null=True, help_text="adjusted (Benjamini-Hochberg)")
    p_by = models.FloatField(null=True, help_text="adjusted (Benjamini-Yekutieli)")
    log10_lr = models.FloatField(null=True, help_text="computed")
    log10_lr_cap = models.FloatField(null=True, help_text="what the validation carries")
    outcome = models.CharField(max_length=14, choices=TestRun.Outcome)

    class Meta(AuditedModel.Meta):
        triggers = [
            *WRITTEN_ONCE,
            *refers_to("a_result_has_its_run", "run_id", "evidence_testrun"),
            *refers_to("a_result_has_its_account", "account_id", "accounts_account"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "account"], name="one_result_per_run_and_account"),
            models.CheckConstraint(
                condition=models.Q(k__isnull=True) | models.Q(k__lte=models.F("n")), name="no_more_hits_than_scored"
            ),
            models.CheckConstraint(
                condition=models.Q(p_value__isnull=True, p_holm__isnull=True, p_bh__isnull=True, p_by__isnull=True)
                | models.Q(
                    p_value__gte=0,
                    p_value__lte=models.F("p_bh"),
                    p_bh__lte=models.F("p_by"),
                    p_holm__gte=models.F("p_bh"),
                    p_holm__lte=1,
                    p_by__lte=1,
                ),
                name="adjusting_makes_no_p_smaller",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "run"], name="result_of_account"),
            models.Index(fields=["run", "id"], name="result_smallest_first"),
        ]

    @property
    def log10_lr_reported(self) -> float | None:
        if self.log10_lr is None or self.log10_lr_cap is None:
            return None
        return min(self.log10_lr, self.log10_lr_cap)

    @property
    def printed(self) -> dict[str, str]:
        """The p-values as they may be printed (R15)."""
        figures = {"p": self.p_value, "holm": self.p_holm, "bh": self.p_bh, "by": self.p_by}
        return {name: "" if p is None else p_text(p, 0.0) for name, p in figures.items()}

    def __str__(self) -> str:
        return f"{self.run} of {self.account}"
