import pgtrigger
from django.db import models

from apps.cases.models.case import Case, OfCase
from apps.cases.models.drill import stays_apart
from apps.cases.standards import alternatives
from apps.cases.standards.families import FAMILIES
from apps.core.constraints import both_or_neither
from apps.evidence.models.runs import RESTS_ON_A_FIT_RUN

ONLY_SAYS = pgtrigger.Trigger(
    name="a_capture_carries_no_strength",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Q(new__log10_lr__isnull=False),
    func="""
        IF EXISTS (SELECT FROM evidence_item WHERE id = NEW.item_id AND kind = 'capture') THEN
            RAISE EXCEPTION 'a capture proves only that something was said (R12)'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_capture_carries_no_strength';
        END IF;
        RETURN NEW;
    """,
)


class Exhibit(OfCase):
    """An evidence item in the file of a case, with what it is meant to show."""

    class Element(models.TextChoices):
        """What has to be shown, one by one: harvesting proven does not prove training."""

        ACCESS = "access", "Access: these accounts used the service"
        COORDINATION = "coordination", "Coordination: they acted together"
        HARVESTING = "harvesting", "Harvesting: output was collected at scale"
        CIRCUMVENTION = "circumvention", "Circumvention: a control was got round"
        TRAINING = "training", "Training: output was used to train a model"
        BENEFIT = "benefit", "Benefit: somebody gained by it"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="exhibits")
    number = models.PositiveSmallIntegerField(help_text="E1, E2, …")
    item = models.ForeignKey("evidence.Item", on_delete=models.PROTECT, related_name="exhibits")
    shows = models.CharField(max_length=300, help_text="one sentence")
    element = models.CharField(max_length=15, choices=Element)
    family = models.CharField(max_length=20, choices=FAMILIES, help_text="what kind of evidence it is")
    dependency_group = models.CharField(max_length=60, help_text="exhibits from one source are not counted twice")
    log10_lr = models.FloatField(null=True, help_text="as reported, after its cap; none where it cannot be said")
    log10_lr_cap = models.FloatField(null=True)
    added_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        triggers = [
            *OfCase.Meta.triggers,
            RESTS_ON_A_FIT_RUN,
            ONLY_SAYS,
            stays_apart(
                "an_exhibit_stays_in_its_drill",
                "SELECT o.drill FROM cases_exhibit e JOIN cases_case o ON o.id = e.case_id"
                " WHERE e.item_id = NEW.item_id",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="exhibits_are_numbered_once"),
            models.UniqueConstraint(
                fields=["case", "item"],
                name="an_item_is_an_exhibit_once",
                violation_error_message="This item is an exhibit of the case already.",
            ),
        ]
        ordering = ["case", "number"]

    @property
    def label(self) -> str:
        return f"E{self.number}"

    def __str__(self) -> str:
        return f"E{self.number} {self.shows}"


class Explanation(OfCase):
    """Another explanation, from the register, that has to be considered before anything is concluded.

    It is tested, or it says plainly that it is not excluded, and why nobody could test it.
    """

    class Status(models.TextChoices):
        UNTESTED = "untested", "Not tested"
        REFUTED = "refuted", "Tested: does not fit"
        NOT_EXCLUDED = "not_excluded", "Tested: not excluded"
        SUPPORTED = "supported", "Tested: fits"
        OPEN = "open", "Not tested: not excluded"

    TESTED = frozenset({Status.REFUTED, Status.NOT_EXCLUDED, Status.SUPPORTED})

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="explanations")
    hypothesis = models.CharField(max_length=25, choices=alternatives.CHOICES)
    status = models.CharField(max_length=15, choices=Status, default=Status.UNTESTED)
    conclusion = models.TextField(blank=True, help_text="what was looked at and what it showed")
    assessed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    assessed_at = models.DateTimeField(null=True)
    raised_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["case", "hypothesis"], name="an_explanation_is_raised_once"),
            models.CheckConstraint(
                condition=models.Q(status="untested") | models.Q(assessed_by__isnull=False) & ~models.Q(conclusion=""),
                name="an_assessment_says_who_and_what",
                violation_error_message="Say what was looked at and what it showed.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("assessed_by", "assessed_at"), name="an_assessment_has_its_time"
            ),
        ]

    @property
    def register(self) -> alternatives.Alternative:
        """What the register says of it: its question, and what would tell it apart."""
        return alternatives.ALTERNATIVES[self.hypothesis]

    @property
    def is_tested(self) -> bool:
        return self.status in self.TESTED

    def __str__(self) -> str:
        return self.get_hypothesis_display()


class Assessment(OfCase):
    """One cell of the matrix: does this exhibit fit this explanation? Without one: does it fit what is suspected?"""

    class Rating(models.TextChoices):
        CONSISTENT = "C", "Consistent"
        INCONSISTENT = "I", "Inconsistent"
        NOT_APPLICABLE = "N/A", "Not applicable"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assessments")
    explanation = models.ForeignKey(Explanation, on_delete=models.PROTECT, null=True, related_name="assessments")
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="assessments")
    rating = models.CharField(max_length=3, choices=Rating)
    rated_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    rated_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["explanation", "exhibit"],
                nulls_distinct=False,
                name="one_rating_per_explanation_and_exhibit",
            )
        ]

    def __str__(self) -> str:
        return self.rating
