"""Clauses of a text, what kinds of conduct they speak of, and which clauses of two versions are the same."""

from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither
from apps.policies.clauses import label_of
from apps.policies.models.texts import Document, Text, Version
from apps.policies.tags import KINDS, Conduct, Polarity


class Clause(AuditedModel):
    """A part of a text with an address that stays the same while the text around it changes."""

    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="clauses")
    address = models.CharField(max_length=300)
    number = models.CharField(max_length=40, blank=True)
    heading = models.CharField(max_length=500, blank=True)
    path = models.JSONField(default=list, blank=True, help_text="headings above it, outermost first")
    lead_in = models.TextField(
        blank=True,
        help_text="what introduces the list it is an item of: a paragraph a line, outermost first, “[…]” where words "
        "are left out. No part of the clause and its hash; without it an item forbids nothing",
    )
    content = models.TextField()
    ordinal = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    said_sha256 = models.CharField(max_length=64, help_text="of what it says with its lead-in and headings")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["text", "address"], name="one_clause_per_address"),
            models.UniqueConstraint(fields=["text", "ordinal"], name="clauses_are_in_one_order"),
        ]
        indexes = [models.Index(fields=["said_sha256"], name="clause_by_what_it_says")]
        ordering = ["text", "ordinal"]

    @property
    def label(self) -> str:
        return label_of(self.number, self.heading, self.content)

    @property
    def place(self) -> str:
        """Where it stands, for a citation: its number, else its heading, else those of the sections around it."""
        return self.number or self.heading or ", ".join(f"“{part}”" for part in self.path) or self.label

    @property
    def title(self) -> str:
        """The line that stands alone above the text, as a section has it; "" where the heading is part of the text."""
        first, _, _ = self.content.partition("\n\n")
        return first if self.heading and len(first) <= len(self.number) + len(self.heading) + 4 else ""

    @property
    def body(self) -> str:
        """The text without its title."""
        return self.content.removeprefix(self.title).lstrip("\n")

    def address_in(self, version: Version) -> str:
        """Its page, as a clause of a version that shows its text."""
        return reverse("policies:clause", args=[version.document.slug, version.pk, self.address])

    def __str__(self) -> str:
        return self.number or self.heading or self.address


class Tagging(AuditedModel):
    """That a wording of a document speaks of a kind of conduct: proposed by its words, decided by a person.

    It holds for every clause of the document that says exactly the same, in whatever version.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        CONFIRMED = "confirmed", "Confirmed"
        REJECTED = "rejected", "Rejected"

    class Origin(models.TextChoices):
        WORDS = "words", "Found by its words"
        CARRIED = "carried", "Carried over from the wording before"
        PERSON = "person", "Added by a person"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="taggings")
    clause = models.ForeignKey(Clause, on_delete=models.PROTECT, related_name="+", help_text="one that says so")
    said_sha256 = models.CharField(max_length=64)
    conduct = models.CharField(max_length=20, choices=[(kind.value, KINDS[kind].title) for kind in Conduct])
    polarity = models.CharField(max_length=10, choices=[(one.value, one.value.capitalize()) for one in Polarity])
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    origin = models.CharField(max_length=10, choices=Origin)
    cues = models.JSONField(default=list, blank=True, help_text="the matching words: part, start, end, what they show")
    carried_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    decided_by = models.ForeignKey("staff.User", null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["document", "said_sha256", "conduct", "polarity"],
                name="a_wording_is_tagged_once",
                violation_error_message="This wording has this tag already: confirm or reject that one.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("decided_by", "decided_at"), name="a_decided_tag_has_its_person_and_time"
            ),
            models.CheckConstraint(
                condition=models.Q(state="proposed", decided_by__isnull=True)
                | (~models.Q(state="proposed") & models.Q(decided_by__isnull=False)),
                name="a_tag_is_decided_by_a_person",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="rejected") | ~models.Q(note=""), name="a_tag_is_rejected_for_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["said_sha256"], name="tagging_by_what_it_says")]

    def get_absolute_url(self) -> str:
        return reverse("policies:tagging", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.get_conduct_display()} ({self.get_polarity_display().lower()})"


class Succession(AuditedModel):
    """A person's word on whether a clause of one version is the same as one of the next, whatever its number is."""

    class State(models.TextChoices):
        CONFIRMED = "confirmed", "The same clause"
        REJECTED = "rejected", "Different clauses"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="successions")
    earlier = models.ForeignKey(Clause, on_delete=models.PROTECT, related_name="+")
    later = models.ForeignKey(Clause, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State)
    note = models.TextField(blank=True)
    decided_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["document", "earlier", "later"], name="a_pair_of_clauses_is_decided_once"),
            models.CheckConstraint(
                condition=~models.Q(earlier=models.F("later")), name="a_clause_does_not_succeed_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.earlier} → {self.later}: {self.get_state_display().lower()}"
