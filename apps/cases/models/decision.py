import pgtrigger
from django.db import models

from apps.cases.models.case import Case
from apps.cases.models.finding import Finding
from apps.cases.models.review import Proposed, two_people


class Decision(Proposed):
    """What the provider does about a confirmed finding."""

    class Action(models.TextChoices):
        WARN = "warn", "Warn"
        LIMIT = "limit", "Limit"
        VERIFY_IDENTITY = "verify_identity", "Ask for identity verification"
        SUSPEND = "suspend", "Suspend"
        TERMINATE = "terminate", "Terminate"
        CEASE_AND_DESIST = "cease_and_desist", "Demand to cease and desist"
        PRESERVE = "preserve", "Demand preservation"
        REFER = "refer", "Refer to an authority"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="decisions")
    ref = models.CharField(max_length=20)
    action = models.CharField(max_length=20, choices=Action)
    scope = models.CharField(max_length=300, help_text="what exactly, where")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, help_text="none: until further notice")
    reasoning = models.TextField(help_text="fit for the letter")
    account_count = models.PositiveIntegerField(help_text="as counted when it was proposed")
    expected_wrongful = models.FloatField(help_text="accounts wrongly acted on that the error rates let expect")
    expected_wrongful_basis = models.TextField(help_text="how that was computed")
    acknowledged_wrongful = models.FloatField(null=True, help_text="the number as whoever proposed it wrote it down")
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)

    class Meta(Proposed.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_decision_per_reference"),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gt=models.F("starts_on")),
                name="a_measure_ends_after_it_starts",
                violation_error_message="The measure ends before it starts.",
            ),
            *two_people(
                "proposed_by",
                without_review=models.Q(state="proposed"),
                others="a_decision_is_approved_by_another_person",
                timed="an_approval_has_its_time",
                signed="an_approved_decision_has_its_approver",
                message="Another person approves a decision than the one who proposed it.",
            ),
            models.CheckConstraint(condition=models.Q(expected_wrongful__gte=0), name="wrongful_actions_are_counted"),
            models.CheckConstraint(
                condition=models.Q(account_count__lte=1) | models.Q(acknowledged_wrongful__isnull=False),
                name="wrongful_actions_are_acknowledged",
                violation_error_message="Whoever proposes to act on many accounts writes down how many are expected to"
                " be hit wrongly. (R16)",
            ),
        ]
        triggers = [
            *Proposed.Meta.triggers,
            pgtrigger.Trigger(
                name="decision_rests_on_finding",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF NOT EXISTS (SELECT FROM cases_finding
                                   WHERE id = NEW.finding_id AND case_id = NEW.case_id AND state = 'confirmed') THEN
                        RAISE EXCEPTION 'a decision rests on a confirmed finding of its case'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_rests_on_finding';
                    END IF;
                    RETURN NEW;
                """,
            ),
            # R5: nobody is cut off for standing near others.
            pgtrigger.Trigger(
                name="no_termination_on_membership_alone",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__action="terminate"),
                func="""
                    IF EXISTS (SELECT FROM cases_findingaccount f JOIN cases_caseaccount m USING (account_id)
                               WHERE f.finding_id = NEW.finding_id AND m.case_id = NEW.case_id
                                 AND m.excluded_at IS NULL AND NOT f.stands_alone) THEN
                        RAISE EXCEPTION 'no termination on cluster membership or network evidence alone'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'no_termination_on_membership_alone';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.get_action_display()}"
