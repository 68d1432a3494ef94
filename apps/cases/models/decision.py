import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models

from apps.cases.models.case import Case
from apps.cases.models.finding import Finding
from apps.cases.models.review import Proposed, two_people
from apps.cases.standards.measures import AGAINST_NOBODY, MEASURES, WEIGHTY, Measure
from apps.core.constraints import both_or_neither, different


class Decision(Proposed):
    """What the provider does about a confirmed finding. A later one may override it; the last of such a chain counts.

    What has little effect holds once a second person approved it. What weighs more is held then, until a third person
    released it.
    """

    PRIVATE = frozenset({"private_notes"})

    class Action(models.TextChoices):
        WARN = "warn", "Warn"
        CHALLENGE = "challenge", "Challenge requests"
        LIMIT = "limit", "Limit"
        DEGRADE = "degrade", "Degrade output"
        VERIFY_IDENTITY = "verify_identity", "Ask for identity verification"
        SUSPEND = "suspend", "Suspend"
        TERMINATE = "terminate", "Terminate"
        REGION_BLOCK = "region_block", "Block a region"
        CEASE_AND_DESIST = "cease_and_desist", "Demand to cease and desist"
        PRESERVE = "preserve", "Demand preservation"
        REFER = "refer", "Refer to an authority"
        NO_VIOLATION = "no_violation", "No violation"
        INVALID_REPORT = "invalid_report", "Invalid report"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        HELD = "held", "Held"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        OVERRIDDEN = "overridden", "Overridden"

    OPEN = (State.PROPOSED, State.HELD)  # waits for somebody

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="decisions")
    ref = models.CharField(max_length=20)
    action = models.CharField(max_length=20, choices=Action)
    scope = models.CharField(max_length=300, help_text="what exactly, where")
    territory = ArrayField(
        models.CharField(max_length=2, validators=[RegexValidator(r"\A[A-Z]{2}\Z")]),
        default=list,
        blank=True,
        help_text="countries (ISO 3166-1, two letters); none: worldwide",
    )
    requests_per_day = models.PositiveIntegerField(null=True, help_text="of an account, where it is a limit")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, help_text="its last day; none: until further notice")
    rollback = models.CharField(max_length=300, blank=True, help_text="how it is undone")
    reasoning = models.TextField(help_text="fit for the letter")
    private_notes = models.TextField(blank=True, help_text="for colleagues; in no letter, report or bundle")
    overrides = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="overridden_by")
    account_count = models.PositiveIntegerField(help_text="as counted when it was proposed")
    expected_wrongful = models.FloatField(help_text="accounts wrongly acted on that the error rates let expect")
    expected_wrongful_basis = models.TextField(help_text="how that was computed")
    acknowledged_wrongful = models.FloatField(null=True, help_text="the number as whoever proposed it wrote it down")
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    held_for = models.CharField(max_length=200, blank=True, help_text="why a third person has to release it")
    released_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True, help_text="or refused, as the state says")
    release_note = models.TextField(blank=True)

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
                condition=models.Q(account_count__lte=1)
                | models.Q(acknowledged_wrongful__isnull=False)
                | models.Q(action__in=AGAINST_NOBODY),
                name="wrongful_actions_are_acknowledged",
                violation_error_message="Whoever proposes to act on many accounts writes down how many are expected to"
                " be hit wrongly. (R16)",
            ),
            models.CheckConstraint(
                condition=models.Q(action="limit") ^ models.Q(requests_per_day__isnull=True),
                name="a_limit_alone_has_a_number",
                violation_error_message="A limit, and nothing else, says how many requests a day are answered.",
            ),
            models.CheckConstraint(
                condition=~models.Q(action="region_block") | ~models.Q(territory=[]),
                name="a_region_block_names_its_region",
                violation_error_message="Name the countries that are blocked.",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["proposed", "rejected"])
                | ~models.Q(action__in=WEIGHTY)
                | ~models.Q(held_for=""),
                name="a_weighty_decision_is_held",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "overridden"])
                | models.Q(held_for="")
                | models.Q(released_by__isnull=False),
                name="a_held_decision_has_its_releaser",
            ),
            models.CheckConstraint(
                condition=different("proposed_by", "released_by") & different("reviewed_by", "released_by"),
                name="a_decision_is_released_by_a_third_person",
                violation_error_message="A third person releases what two others agreed on.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("released_by", "released_at"), name="a_release_has_its_time"
            ),
            models.UniqueConstraint(
                fields=["overrides"],
                condition=~models.Q(state="rejected"),
                name="a_decision_is_overridden_once",
                violation_error_message="Another decision overrides it already: override that one.",
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
            pgtrigger.Trigger(
                name="an_override_stays_in_its_case",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__overrides__isnull=False),
                func="""
                    IF NOT EXISTS (SELECT FROM cases_decision
                                   WHERE id = NEW.overrides_id AND case_id = NEW.case_id AND state = 'approved') THEN
                        RAISE EXCEPTION 'a decision overrides one of its case that holds'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_override_stays_in_its_case';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="what_is_overridden_has_its_override",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__state="overridden"),
                func="""
                    IF NOT EXISTS (SELECT FROM cases_decision
                                   WHERE overrides_id = NEW.id AND state IN ('approved', 'overridden')) THEN
                        RAISE EXCEPTION 'a decision is overridden by one that holds'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'what_is_overridden_has_its_override';
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

    @property
    def measure(self) -> Measure:
        return MEASURES[self.action]

    @property
    def where(self) -> str:
        return ", ".join(self.territory) or "worldwide"

    @property
    def extent(self) -> str:
        """What exactly is done, with the number where it has one."""
        if self.requests_per_day is None:
            return self.scope
        return f"{self.scope.rstrip(' .')}, to {self.requests_per_day:,} requests a day"

    def __str__(self) -> str:
        return f"{self.ref} {self.get_action_display()}"
