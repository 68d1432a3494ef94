"""What somebody says, kept apart from evidence: a claim proves that it was said, and nothing else.

Grades are those of the Admiralty system (NATO AJP-2.1): the source A to F and the information 1 to 6, each by itself.
"""

import pgtrigger
from django.db import models
from django.db.models.functions import Lower

from apps.cases.claims import quantities
from apps.cases.models.case import Case, OfCase
from apps.core.constraints import both_or_neither, different
from apps.evidence.models.once import WRITTEN_ONCE, written_once

BEST_OF_ONE_ORIGIN = 3  # R12: what a single origin says is possibly true, at best

UNCORROBORATED = """
    IF EXISTS (
        SELECT FROM cases_claim c
        WHERE c.id IN ({claims}) AND c.withdrawn_at IS NULL AND c.information < 3 AND NOT EXISTS (
            SELECT FROM cases_claimlink l
            JOIN cases_claim o ON o.id = CASE WHEN l.claim_id = c.id THEN l.other_id ELSE l.claim_id END
            WHERE c.id IN (l.claim_id, l.other_id) AND l.kind = 'repeats'
            AND l.withdrawn_at IS NULL AND o.withdrawn_at IS NULL AND o.origin <> c.origin)
    ) THEN
        RAISE EXCEPTION 'no independent origin says what the claim says (R12)'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_single_source_is_possibly_true_at_best';
    END IF;
    RETURN NULL;
"""

CLAIM_AND_THOSE_IT_CARRIES = """
    SELECT NEW.id UNION SELECT CASE WHEN k.claim_id = NEW.id THEN k.other_id ELSE k.claim_id END
    FROM cases_claimlink k WHERE NEW.id IN (k.claim_id, k.other_id)"""


def single_source_cap(claims: str) -> pgtrigger.Trigger:
    """R12, where it cannot be got round: looked at after each row, since a link or a withdrawal may take a
    corroboration away from another claim."""
    return pgtrigger.Trigger(
        name="a_single_source_is_possibly_true_at_best",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=UNCORROBORATED.format(claims=claims),
    )


class Claim(OfCase):
    """Words that somebody said or wrote in public, word for word. Only its grades change; a mistake is withdrawn."""

    class Role(models.TextChoices):
        PROVIDER = "provider", "Provider of the model"
        ACCUSED = "accused", "Organisation that is accused"
        GOVERNMENT = "government", "Government or authority"
        PRESS = "press", "Press"
        RESEARCHER = "researcher", "Researcher"
        CUSTOMER = "customer", "Customer or account holder"
        OTHER = "other", "Somebody else"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="claims")
    number = models.PositiveSmallIntegerField(help_text="C1, C2, …")
    topic = models.CharField(max_length=120, help_text="what it is about, in the same words for claims on one matter")
    speaker = models.CharField(max_length=200)
    role = models.CharField(max_length=12, choices=Role)
    source = models.CharField(max_length=500, help_text="where it was published: title, page, address")
    said_on = models.DateField(null=True, help_text="none: the source gives no date")
    text = models.TextField(help_text="word for word")
    text_sha256 = models.CharField(max_length=64, help_text="of the text in UTF-8")
    capture = models.ForeignKey(
        "evidence.Item", on_delete=models.PROTECT, null=True, related_name="claims", help_text="the page, as captured"
    )
    why_no_capture = models.CharField(max_length=300, blank=True)
    origin = models.CharField(
        max_length=200, help_text="where the story comes from in the end; one for a wire report, however often printed"
    )
    source_grade = models.CharField(max_length=1, default="F", help_text="A to F, see the scale admiralty-source")
    information = models.PositiveSmallIntegerField(default=6, help_text="1 to 6, see the scale admiralty-information")
    grading = models.TextField(blank=True, help_text="what the grades rest on")
    graded_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    graded_at = models.DateTimeField(null=True)
    recorded_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_why = models.CharField(max_length=300, blank=True)

    class Meta(OfCase.Meta):
        abstract = False
        ordering = ["case", "number"]
        triggers = [
            *written_once(
                but=(
                    "source_grade",
                    "information",
                    "grading",
                    "graded_by",
                    "graded_at",
                    "withdrawn_at",
                    "withdrawn_by",
                    "withdrawn_why",
                )
            ),
            single_source_cap(CLAIM_AND_THOSE_IT_CARRIES),
        ]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="claims_are_numbered_once"),
            models.CheckConstraint(
                condition=models.Q(capture__isnull=False, why_no_capture="")
                | models.Q(capture__isnull=True) & ~models.Q(why_no_capture=""),
                name="a_claim_has_its_capture_or_says_why_not",
                violation_error_message="Name the capture of the page, or say why there is none.",
            ),
            models.CheckConstraint(
                condition=models.Q(text_sha256__regex=r"^[0-9a-f]{64}$"), name="a_claim_has_the_digest_of_its_text"
            ),
            models.CheckConstraint(
                condition=models.Q(origin=Lower("origin")) & ~models.Q(origin=""), name="an_origin_is_written_one_way"
            ),
            models.CheckConstraint(
                condition=both_or_neither("graded_by", "graded_at")
                & (models.Q(graded_at__isnull=False) | models.Q(source_grade="F", information=6)),
                name="a_grade_says_by_whom",
            ),
            models.CheckConstraint(
                condition=models.Q(information__gte=1, information__lte=6), name="information_is_graded_1_to_6"
            ),
            models.CheckConstraint(
                condition=models.Q(source_grade__in=["A", "B", "C", "D", "E", "F"]), name="a_source_is_graded_a_to_f"
            ),
            models.CheckConstraint(
                condition=both_or_neither("withdrawn_at", "withdrawn_by")
                & (models.Q(withdrawn_at__isnull=True) | ~models.Q(withdrawn_why="")),
                name="a_withdrawn_claim_says_why",
                violation_error_message="Say why the claim is withdrawn.",
            ),
        ]

    @property
    def label(self) -> str:
        return f"C{self.number}"

    @property
    def grade(self) -> str:
        """As the Admiralty system writes it: B2."""
        return f"{self.source_grade}{self.information}"

    def __str__(self) -> str:
        return f"{self.label} {self.speaker}: {self.topic}"


class ClaimLink(OfCase):
    """That two claims of a case say the same, or cannot both be true. A mistake is withdrawn."""

    class Kind(models.TextChoices):
        REPEATS = "repeats", "says the same as"
        CONTRADICTS = "contradicts", "contradicts"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="claim_links")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="links")
    other = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="linked_from")
    kind = models.CharField(max_length=12, choices=Kind)
    on = models.CharField(max_length=300, help_text="in what they agree, or where they part")
    linked_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    linked_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(OfCase.Meta):
        abstract = False
        triggers = [
            *written_once(but=("withdrawn_at", "withdrawn_by")),
            single_source_cap("NEW.claim_id, NEW.other_id"),
            pgtrigger.Trigger(
                name="linked_claims_are_of_one_case",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__claim=pgtrigger.F("new__other")),
                func="""
                    IF (SELECT count(*) FROM cases_claim
                        WHERE id IN (NEW.claim_id, NEW.other_id) AND case_id = NEW.case_id) < 2 THEN
                        RAISE EXCEPTION 'the claims are not of one case' USING ERRCODE = 'check_violation',
                        CONSTRAINT = 'linked_claims_are_of_one_case';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "other"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="two_claims_are_linked_once",
                violation_error_message="These two claims are linked already.",
            ),
            models.CheckConstraint(
                condition=different("claim", "other"),
                name="a_claim_is_linked_to_another",
                violation_error_message="Choose another claim: none is linked to itself.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("withdrawn_at", "withdrawn_by"), name="a_withdrawn_link_says_by_whom"
            ),
        ]

    @property
    def pair(self) -> tuple[Claim, Claim]:
        return self.claim, self.other

    def __str__(self) -> str:
        return f"{self.claim.label} {self.get_kind_display()} {self.other.label}"


class Quantity(OfCase):
    """A number as somebody gave it: with its bounds, its unit and the word that stood in front of it."""

    class Qualifier(models.TextChoices):
        EXACTLY = "exactly", "exactly"
        ABOUT = "about", "about"
        OVER = "over", "over"
        AT_LEAST = "at_least", "at least"
        UNDER = "under", "under"
        AT_MOST = "at_most", "at most"
        BETWEEN = "between", "between"
        ORDER = "order", "in the order of"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="quantities")
    what = models.CharField(max_length=120, help_text="what is counted, in the same words for numbers on one matter")
    qualifier = models.CharField(max_length=10, choices=Qualifier)
    value = models.FloatField(null=True, help_text="none where only bounds are given")
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    unit = models.CharField(max_length=40)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, null=True, related_name="quantities")
    run = models.ForeignKey("evidence.TestRun", on_delete=models.PROTECT, null=True, related_name="quantities")
    recorded_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        verbose_name_plural = "quantities"
        triggers = [
            *WRITTEN_ONCE,
            pgtrigger.Trigger(
                name="a_quantity_is_of_a_claim_of_its_case",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__claim__isnull=False),
                func="""
                    IF NOT EXISTS (SELECT FROM cases_claim WHERE id = NEW.claim_id AND case_id = NEW.case_id) THEN
                        RAISE EXCEPTION 'the claim is one of another case' USING ERRCODE = 'check_violation',
                        CONSTRAINT = 'a_quantity_is_of_a_claim_of_its_case';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(claim__isnull=True) ^ models.Q(run__isnull=True),
                name="a_quantity_has_one_source",
                violation_error_message="Name the claim or the run that the number comes from: one of them.",
            ),
            models.CheckConstraint(
                condition=models.Q(value__isnull=False, qualifier__in=["exactly", "about"])
                | models.Q(value__isnull=False, lower=models.F("value"), upper=None, qualifier__in=["over", "at_least"])
                | models.Q(value__isnull=False, upper=models.F("value"), lower=None, qualifier__in=["under", "at_most"])
                | models.Q(value=None, lower__isnull=False, upper__isnull=False, qualifier="between")
                | models.Q(value=None, lower__isnull=False, upper=None, qualifier="order"),
                name="a_qualifier_has_its_bounds",
                violation_error_message="The bounds do not fit the word in front of the number.",
            ),
            models.CheckConstraint(
                condition=models.Q(lower__isnull=True)
                | models.Q(upper__isnull=True)
                | models.Q(lower__lte=models.F("upper")),
                name="a_lower_bound_is_the_smaller",
                violation_error_message="The lower bound is larger than the upper one.",
            ),
            models.CheckConstraint(
                condition=models.Q(value__isnull=True)
                | (models.Q(lower__isnull=True) | models.Q(lower__lte=models.F("value")))
                & (models.Q(upper__isnull=True) | models.Q(upper__gte=models.F("value"))),
                name="a_value_lies_within_its_bounds",
                violation_error_message="The value lies outside its bounds.",
            ),
        ]

    @property
    def words(self) -> str:
        """As it is printed everywhere: never without its qualifier."""
        return quantities.say(self.qualifier, value=self.value, lower=self.lower, upper=self.upper, unit=self.unit)

    def __str__(self) -> str:
        return f"{self.what}: {self.words}"
