from typing import Any

import pgtrigger
from django.db import models

from apps.cases.models.case import Case, OfCase, Party
from apps.cases.models.exhibit import Exhibit, Explanation
from apps.cases.models.review import Proposed, two_people
from apps.cases.standards.families import SAID
from apps.cases.standards.theories import STANDARDS


class Confidence(models.TextChoices):
    """Likelihood terms of ICD 203, with their ranges in per cent. Never mixed with another scale in one document."""

    ROUGHLY_EVEN = "roughly_even", "roughly even chance (45-55 %)"
    LIKELY = "likely", "likely (55-80 %)"
    VERY_LIKELY = "very_likely", "very likely (80-95 %)"
    ALMOST_CERTAIN = "almost_certain", "almost certain (95-99 %)"


class Level(models.TextChoices):
    """To whom conduct is attributed, each level a claim of its own that the next one needs (R10)."""

    ACCOUNT = "account", "These accounts"
    CLUSTER = "cluster", "One cluster"
    OPERATOR = "operator", "One operator"
    ORGANISATION = "organisation", "An organisation"
    STATE = "state", "A state"


def place(column: str) -> str:
    """In SQL: how high a likelihood stands on the scale, 0 for none."""
    return f"coalesce(array_position(ARRAY{Confidence.values}, {column}::text), 0)"


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
    despite_authorisation = models.TextField(
        blank=True, help_text="why authorisations of its accounts do not cover the conduct"
    )
    standards = models.JSONField(default=dict, help_text="versions of the register and of the theories it goes by")
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
                message="Another person reviews a finding than the one who proposed it. (R4)",
            ),
        ]
        triggers = [
            *Proposed.Meta.triggers,
            # In words: no finding without a clause, an account, an exhibit and a considered explanation.
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
            # R4: "substantiated" needs two independent families of evidence, and an alternative that was tested.
            pgtrigger.Trigger(
                name="finding_is_substantiated",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__state="confirmed") & ~pgtrigger.Q(new__confidence="roughly_even"),
                func=f"""
                    IF NOT EXISTS (
                        SELECT FROM cases_findingexhibit x JOIN cases_exhibit a ON a.id = x.exhibit_id,
                                    cases_findingexhibit y JOIN cases_exhibit b ON b.id = y.exhibit_id
                        WHERE x.finding_id = NEW.id AND y.finding_id = NEW.id AND a.family <> b.family
                          AND a.family NOT IN {SAID} AND b.family NOT IN {SAID}
                          AND a.dependency_group <> b.dependency_group
                          AND coalesce(a.log10_lr, 1) > 0 AND coalesce(b.log10_lr, 1) > 0)
                    OR NOT EXISTS (
                        SELECT FROM cases_findingexplanation WHERE finding_id = NEW.id
                        AND status IN ('refuted', 'not_excluded', 'supported')) THEN
                        RAISE EXCEPTION 'substantiated: two independent families of evidence, one tested alternative'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'finding_is_substantiated';
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - our own words
            ),
            # R11: a finding is no surer than its weakest necessary link. A gap is worth a roughly even chance at most.
            pgtrigger.Trigger(
                name="finding_is_no_surer_than_its_links",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                func=f"""
                    IF EXISTS (
                        SELECT FROM cases_findingelement
                        WHERE finding_id = NEW.id AND is_necessary
                          AND greatest({place("confidence")}, 1) < {place("NEW.confidence")}) THEN
                        RAISE EXCEPTION 'a finding is no surer than its weakest necessary link'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'finding_is_no_surer_than_its_links';
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
    """An account that the finding is about, with its own evidence and the clauses in force for it, frozen (R6)."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="accounts")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="findings")
    queries = models.PositiveBigIntegerField(null=True, help_text="in the period, as recorded; none if not known")
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    evidence = models.JSONField(help_text="what speaks about this account itself: its activity, alerts, test runs")
    clauses = models.JSONField(help_text="which version of which cited clause bound it, from when to when")
    basis_sha256 = models.CharField(max_length=64, help_text="of evidence and clauses as they are stored")
    stands_alone = models.BooleanField(help_text="something beyond its place in a cluster or network speaks against it")

    class Meta(OfFinding.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["finding", "account"], name="an_account_is_found_once"),
            models.CheckConstraint(
                condition=~models.Q(evidence={}) & ~models.Q(clauses=[]),
                name="an_account_has_its_own_evidence_and_clause",
                violation_error_message="Each account has its own evidence and its own clause. (R6)",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.account_id}"


class FindingOmission(OfFinding):
    """A member of the case that the finding is not about, because nothing speaks about it or it may do what it did."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="omissions")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=300)

    class Meta(OfFinding.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["finding", "account"], name="an_account_is_left_out_once")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.why}"


class FindingExhibit(OfFinding):
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="exhibits")
    exhibit = models.ForeignKey(Exhibit, on_delete=models.PROTECT, related_name="findings")

    class Meta(OfFinding.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["finding", "exhibit"], name="an_exhibit_carries_a_finding_once")]

    def __str__(self) -> str:
        return str(self.exhibit)


class FindingElement(OfFinding):
    """What has to be shown for a clause or a legal theory, how sure it is, and by which exhibits; or a gap."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="elements")
    theory = models.CharField(max_length=40)
    element = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    standard = models.CharField(max_length=20, choices=[(one.id, one.name) for one in STANDARDS.values()])
    is_necessary = models.BooleanField()
    confidence = models.CharField(max_length=15, choices=Confidence, blank=True, help_text="empty: nothing shows it")
    exhibits = models.JSONField(default=list, help_text="numbers of the exhibits that show it")
    ordinal = models.PositiveSmallIntegerField()

    class Meta(OfFinding.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["finding", "theory", "element"], name="an_element_is_weighed_once"),
            models.CheckConstraint(
                condition=models.Q(confidence="", exhibits=[]) | ~models.Q(confidence="") & ~models.Q(exhibits=[]),
                name="an_element_is_shown_by_exhibits",
                violation_error_message="What is shown is shown by exhibits. (R11)",
            ),
        ]
        ordering = ["finding", "ordinal"]

    @property
    def is_gap(self) -> bool:
        return not self.confidence

    @property
    def is_met(self) -> bool:
        """Whether it is as sure as its standard of proof asks."""
        return STANDARDS[self.standard].is_met(self.confidence)

    def __str__(self) -> str:
        return self.name


class FindingLevel(OfFinding):
    """One level of attribution with a confidence of its own."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="levels")
    level = models.CharField(max_length=15, choices=Level)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="attributions")
    confidence = models.CharField(max_length=15, choices=Confidence)
    basis = models.TextField(help_text="what this level rests on")

    class Meta(OfFinding.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["finding", "level"], name="a_level_is_concluded_once"),
            models.CheckConstraint(
                condition=~models.Q(level="organisation") | models.Q(party__isnull=False),
                name="an_organisation_is_a_party",
                violation_error_message="Name the organisation as a party of the case first.",
            ),
            models.CheckConstraint(
                condition=~models.Q(basis=""),
                name="a_level_has_its_basis",
                violation_error_message="Say what this level rests on.",
            ),
        ]
        triggers = [
            *OfFinding.Meta.triggers,
            # R10: confidence does not rise from the account to the state.
            pgtrigger.Trigger(
                name="confidence_falls_along_the_chain",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                func=f"""
                    IF EXISTS (
                        SELECT FROM cases_findinglevel a JOIN cases_findinglevel b USING (finding_id)
                        WHERE finding_id = NEW.finding_id
                          AND {place("a.confidence")} < {place("b.confidence")}
                          AND array_position(ARRAY{Level.values}, a.level::text)
                              < array_position(ARRAY{Level.values}, b.level::text))
                    OR EXISTS (
                        SELECT FROM cases_findinglevel l JOIN cases_finding f ON f.id = l.finding_id
                        WHERE f.id = NEW.finding_id AND {place("l.confidence")} > {place("f.confidence")}) THEN
                        RAISE EXCEPTION 'confidence does not rise from the account to the state'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'confidence_falls_along_the_chain';
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - our own scale
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()}: {self.get_confidence_display()}"


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

    @property
    def is_tested(self) -> bool:
        return self.status in Explanation.TESTED

    def __str__(self) -> str:
        return str(self.explanation)
