from typing import Any

import pgtrigger
from django.db import models

from apps.cases.models.case import Case, OfCase
from apps.cases.models.exhibit import Exhibit, Explanation
from apps.cases.models.review import Proposed, two_people


class Confidence(models.TextChoices):
    """Likelihood terms of ICD 203, with their ranges in per cent. Never mixed with another scale in one document."""

    ROUGHLY_EVEN = "roughly_even", "roughly even chance (45-55 %)"
    LIKELY = "likely", "likely (55-80 %)"
    VERY_LIKELY = "very_likely", "very likely (80-95 %)"
    ALMOST_CERTAIN = "almost_certain", "almost certain (95-99 %)"


class Finding(Proposed):
    """What was concluded: conduct of accounts, under clauses in force, carried by exhibits, with alternatives."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        CONFIRMED = "confirmed", "Confirmed"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="findings")
    ref = models.CharField(max_length=20)
    conduct = models.TextField(help_text="what was done, in a sentence fit for a letter")
    conduct_from = models.DateField()
    conduct_to = models.DateField()
    confidence = models.CharField(max_length=15, choices=Confidence)
    limits = models.TextField(help_text="what the evidence does not show")
    account_count = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)

    class Meta(Proposed.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_finding_per_reference"),
            models.CheckConstraint(
                condition=models.Q(conduct_from__lte=models.F("conduct_to")),
                name="conduct_ends_after_it_begins",
                violation_error_message="The conduct ends before it begins.",
            ),
            *two_people(
                "proposed_by",
                without_review=~models.Q(state__in=["confirmed", "rejected"]),
                others="a_finding_is_reviewed_by_another_person",
                timed="a_review_has_its_time",
                signed="a_reviewed_finding_has_its_reviewer",
                message="Another person reviews a finding than the one who proposed it.",
            ),
        ]
        # In words: no finding without a clause, an account, an exhibit and a considered explanation.
        triggers = [
            *Proposed.Meta.triggers,
            pgtrigger.Trigger(
                name="finding_is_grounded",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                func="""
                    IF NOT EXISTS (SELECT FROM cases_findingclause WHERE finding_id = NEW.id)
                    OR NOT EXISTS (SELECT FROM cases_findingaccount WHERE finding_id = NEW.id)
                    OR NOT EXISTS (SELECT FROM cases_findingexhibit WHERE finding_id = NEW.id)
                    OR NOT EXISTS (SELECT FROM cases_findingexplanation WHERE finding_id = NEW.id) THEN
                        RAISE EXCEPTION 'a finding needs a clause, an account, an exhibit and a considered explanation'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'finding_is_grounded';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    @property
    def period(self) -> str:
        return f"{self.conduct_from:%-d %B %Y} to {self.conduct_to:%-d %B %Y}"

    def __str__(self) -> str:
        return self.ref


class OfFinding(OfCase):
    finding: Any

    class Meta(OfCase.Meta):
        abstract = True

    @property
    def case_id_of_event(self):
        return self.finding.case_id


class FindingClause(OfFinding):
    """A clause of a version that was in force during the conduct, quoted and frozen."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="clauses")
    version = models.ForeignKey("policies.Version", on_delete=models.PROTECT, related_name="+")
    clause = models.ForeignKey("policies.Clause", on_delete=models.PROTECT, related_name="+")
    quote = models.TextField()
    quote_sha256 = models.CharField(max_length=64)

    class Meta(OfFinding.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["finding", "version", "clause"], name="a_clause_is_cited_once")]

    def __str__(self) -> str:
        return f"{self.version} {self.clause}"


class FindingAccount(OfFinding):
    """An account that the finding is about, with its own figures of the period."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="accounts")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="findings")
    queries = models.PositiveBigIntegerField(null=True, help_text="in the period, as recorded; none if not known")
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)

    class Meta(OfFinding.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["finding", "account"], name="an_account_is_found_once")]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.account_id}"


class FindingExhibit(OfFinding):
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="exhibits")
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="findings")

    class Meta(OfFinding.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["finding", "exhibit"], name="an_exhibit_carries_a_finding_once")]

    def __str__(self) -> str:
        return str(self.exhibit)


class FindingExplanation(OfFinding):
    """What the finding says about an explanation, frozen as it was assessed then."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="explanations")
    explanation = models.ForeignKey(Explanation, on_delete=models.PROTECT, related_name="findings")
    status = models.CharField(max_length=15, choices=Explanation.Status)
    conclusion = models.TextField()

    class Meta(OfFinding.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["finding", "explanation"], name="an_explanation_is_considered_once"),
            models.CheckConstraint(
                condition=~models.Q(status="untested"),
                name="a_considered_explanation_was_tested",
                violation_error_message="An explanation that nobody tested was not considered.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.explanation)
