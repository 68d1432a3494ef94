"""Who acts as a lawyer in a case, and what our own lawyers think of it.

The second is work product: every table of it is `Privileged`.
"""

from datetime import date

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.cases.models import Case, Party
from apps.cases.models.case import OfCase
from apps.cases.standards.theories import THEORIES
from apps.cases.standards.theories import Element as StandardElement
from apps.cases.standards.theories import Theory as StandardTheory
from apps.core.constraints import belongs_to, both_or_neither


class Counsel(OfCase):
    """A lawyer or a firm that acts in a case: for a party, who is then written to through them, or for us."""

    PRIVATE = frozenset({"name", "firm", "admitted", "reference", "email", "address"})

    class Role(models.TextChoices):
        LEAD = "lead", "Lead counsel"
        CO = "co", "Co-counsel"
        LOCAL = "local", "Local counsel"
        IN_HOUSE = "in_house", "In-house counsel"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="counsel")
    party = models.ForeignKey(
        Party, on_delete=models.PROTECT, null=True, related_name="counsel", help_text="for whom; none: for us"
    )
    role = models.CharField(max_length=10, choices=Role)
    name = models.CharField(max_length=200, blank=True)
    firm = models.CharField(max_length=200, blank=True)
    admitted = models.CharField(max_length=200, blank=True, help_text="jurisdiction, and the bar and number there")
    reference = models.CharField(max_length=100, blank=True, help_text="number of their file")
    email = models.EmailField(blank=True)
    address = models.TextField(blank=True, help_text="for letters, without the names")
    acts_from = models.DateField()
    acts_until = models.DateField(null=True, help_text="the first day on which they do not act any more")
    recorded_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        verbose_name_plural = "counsel"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name="", firm=""),
                name="counsel_is_somebody",
                violation_error_message="Name the lawyer, the firm, or both.",
            ),
            models.CheckConstraint(
                condition=models.Q(acts_until__isnull=True) | models.Q(acts_until__gte=models.F("acts_from")),
                name="an_engagement_ends_after_it_begins",
                violation_error_message="They cannot have stopped before they began.",
            ),
        ]
        triggers = [
            *OfCase.Meta.triggers,
            *belongs_to("counsel_acts_for_a_party_of_the_case", "party_id", "cases_party", "case_id"),
        ]

    @property
    def address_lines(self) -> tuple[str, ...]:
        """The block of a letter that goes to them, the person before the firm."""
        lines = (self.name, self.firm, *self.address.splitlines())
        return tuple(line.strip() for line in lines if line.strip())

    def acts_on(self, day: date) -> bool:
        return self.acts_from <= day and (self.acts_until is None or day < self.acts_until)

    def is_addressed_in(self, block: str) -> bool:
        """Whether an address block names the lawyer or the firm."""
        return any(name and name.casefold() in block.casefold() for name in (self.name, self.firm))

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.name, self.firm)))


class Privileged(AuditedModel):
    """What counsel thinks, for a dispute: read by those with `counsel.view_privileged` alone, and in no export (R20).

    The trail withholds its events from everybody else, and holds commitments alone to what is in PRIVATE.
    """

    IS_PRIVILEGED = True

    class Meta(AuditedModel.Meta):
        abstract = True


class Theory(Privileged, OfCase):
    """A ground on which a claim may be brought in a case, taken from the data of `cases.standards`."""

    PRIVATE = frozenset({"theory", "jurisdiction", "withdrawn_why"})

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="theories")
    theory = models.CharField(max_length=40)
    jurisdiction = models.CharField(max_length=100, help_text="whose law")
    version = models.CharField(max_length=20, help_text="of the data that its elements were taken from")
    adopted_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    adopted_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.TextField(blank=True)

    class Meta(OfCase.Meta):
        abstract = False
        verbose_name = "legal theory"
        verbose_name_plural = "legal theories"
        constraints = [
            models.UniqueConstraint(
                fields=["case", "theory", "jurisdiction"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="a_theory_is_adopted_once",
                violation_error_message="This theory is adopted for this jurisdiction already.",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_why="")
                | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~models.Q(withdrawn_why=""),
                name="a_withdrawn_theory_says_who_and_why",
                violation_error_message="Say why it is not pursued any more.",
            ),
        ]
        triggers = [
            *OfCase.Meta.triggers,
            pgtrigger.Trigger(
                name="a_withdrawn_theory_stays_so",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__withdrawn_at__isnull=False),
                func="""
                    RAISE EXCEPTION 'a theory that was withdrawn never changes'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'a_withdrawn_theory_stays_so';
                """,
            ),
        ]

    @property
    def standard(self) -> StandardTheory:
        """What the data says of it now."""
        return THEORIES[self.theory]

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    def get_absolute_url(self) -> str:
        return reverse("counsel:theory", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.standard.name} ({self.jurisdiction})"


WITHIN_THE_CASE = pgtrigger.Trigger(
    name="an_element_rests_on_exhibits_of_its_case",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        IF EXISTS (SELECT FROM unnest(NEW.supporting || NEW.opposing) AS said (number)
                   WHERE NOT EXISTS (SELECT FROM cases_exhibit e JOIN counsel_theory t ON t.case_id = e.case_id
                                     WHERE t.id = NEW.theory_id AND e.number = said.number)) THEN
            RAISE EXCEPTION 'an element rests on exhibits of its own case'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_element_rests_on_exhibits_of_its_case';
        END IF;
        RETURN NEW;
    """,
)


class Element(Privileged):
    """What has to be shown for a theory: which exhibits carry it, what speaks against it, and how strong that is."""

    PRIVATE = frozenset({"element", "title", "strength", "note", "against", "supporting", "opposing"})

    class Strength(models.TextChoices):
        STRONG = "strong", "Strong"
        ARGUABLE = "arguable", "Arguable"
        WEAK = "weak", "Weak"
        MISSING = "missing", "Missing"

    theory = models.ForeignKey(Theory, on_delete=models.PROTECT, related_name="elements")
    element = models.CharField(max_length=40)
    title = models.CharField(max_length=100)
    is_necessary = models.BooleanField()
    ordinal = models.PositiveSmallIntegerField()
    strength = models.CharField(max_length=10, choices=Strength, default=Strength.MISSING)
    note = models.TextField(blank=True, help_text="why it is as strong as that")
    against = models.TextField(blank=True, help_text="what the other side will say")
    supporting = ArrayField(models.PositiveSmallIntegerField(), default=list, help_text="numbers of exhibits")
    opposing = ArrayField(models.PositiveSmallIntegerField(), default=list, help_text="numbers of exhibits")
    weighed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    weighed_at = models.DateTimeField(null=True)

    class Meta(Privileged.Meta):
        abstract = False
        verbose_name = "element of a legal theory"
        verbose_name_plural = "elements of legal theories"
        constraints = [
            models.UniqueConstraint(fields=["theory", "element"], name="an_element_of_a_theory_is_there_once"),
            models.CheckConstraint(
                condition=models.Q(strength="missing") | ~models.Q(note=""),
                name="a_strength_has_its_note",
                violation_error_message="Say why it is as strong as that.",
            ),
            models.CheckConstraint(
                condition=~models.Q(strength="missing") | models.Q(supporting=[]),
                name="what_exhibits_carry_is_not_missing",
                violation_error_message="An exhibit carries it: say how strong it is, or take the exhibit out.",
            ),
            models.CheckConstraint(
                condition=~models.Q(supporting__overlap=models.F("opposing")),
                name="an_exhibit_is_on_one_side_of_an_element",
                violation_error_message="One exhibit cannot carry an element and speak against it.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("weighed_by", "weighed_at"), name="a_weighed_element_says_by_whom"
            ),
        ]
        triggers = [*Privileged.Meta.triggers, WITHIN_THE_CASE]
        ordering = ["theory", "ordinal"]

    @property
    def case(self) -> Case:
        return self.theory.case

    @property
    def case_id_of_event(self):
        return self.theory.case_id

    @property
    def standard(self) -> StandardElement | None:
        """What the data asks of it now; None when a later version has no such element."""
        return self.theory.standard.element(self.element)

    @property
    def is_open(self) -> bool:
        return self.strength == self.Strength.MISSING

    def __str__(self) -> str:
        return self.title


class Note(Privileged):
    """What counsel writes down about a theory. It is not changed or taken back."""

    PRIVATE = frozenset({"body"})

    theory = models.ForeignKey(Theory, on_delete=models.PROTECT, related_name="notes")
    body = models.TextField()
    written_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta(Privileged.Meta):
        abstract = False
        verbose_name = "note on a legal theory"
        verbose_name_plural = "notes on legal theories"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(body=""),
                name="a_note_on_a_theory_says_something",
                violation_error_message="Write something.",
            )
        ]

    @property
    def case_id_of_event(self):
        return self.theory.case_id

    def __str__(self) -> str:
        return f"note on {self.theory}"
