import pgtrigger
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel, Guard
from apps.core.constraints import both_or_neither, different


class LegalHold(AuditedModel):
    """A duty to preserve: while it is in force, nothing that it covers is erased, disposed of or retired.

    The duty begins when litigation can reasonably be expected (FRCP 37(e)). It ends when two different people say so
    (ASVS 5.0.0, 2.3.5).
    """

    class State(models.TextChoices):
        IN_FORCE = "in_force", "In force"
        RELEASE_REQUESTED = "release_requested", "Release asked for"
        RELEASED = "released", "Released"

    ref = models.CharField(max_length=20)
    matter = models.CharField(max_length=200, help_text="the dispute or inquiry that it is for")
    reason = models.TextField(help_text="why it has to be kept, and who said so")
    state = models.CharField(max_length=20, choices=State, default=State.IN_FORCE)
    issued_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    release_asked_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    release_asked_at = models.DateTimeField(null=True)
    release_reason = models.TextField(blank=True)
    released_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    release_note = models.TextField(blank=True)

    class Meta(AuditedModel.Meta):
        verbose_name = "legal hold"
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_hold_per_reference"),
            models.CheckConstraint(
                condition=~models.Q(matter="") & ~models.Q(reason=""),
                name="a_hold_says_what_it_is_for",
                violation_error_message="Say which matter the hold is for, and why.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("release_asked_by", "release_asked_at")
                & (models.Q(release_asked_by__isnull=True, release_reason="") | ~models.Q(release_reason="")),
                name="who_asks_for_a_release_says_why",
                violation_error_message="Say why the hold may end.",
            ),
            models.CheckConstraint(
                condition=models.Q(state="in_force", release_asked_by__isnull=True)
                | ~models.Q(state="in_force") & models.Q(release_asked_by__isnull=False),
                name="a_release_is_asked_for_first",
            ),
            models.CheckConstraint(
                condition=models.Q(state="released", released_by__isnull=False, released_at__isnull=False)
                & ~models.Q(release_note="")
                | ~models.Q(state="released")
                & models.Q(released_by__isnull=True, released_at__isnull=True, release_note=""),
                name="a_released_hold_says_by_whom_and_why",
                violation_error_message="Say why the release is right.",
            ),
            models.CheckConstraint(
                condition=different("release_asked_by", "released_by"),
                name="a_hold_is_released_by_another_person",
                violation_error_message="Another person releases a hold than the one who asked for it.",
            ),
        ]
        indexes = [models.Index(fields=["-issued_at", "-id"], name="hold_newest_first")]

    @property
    def is_in_force(self) -> bool:
        """Until it is released: that somebody asked for its release ends nothing."""
        return self.state != self.State.RELEASED

    @property
    def called(self) -> str:
        return f"{self.ref} ({self.matter})"

    def get_absolute_url(self) -> str:
        return reverse("records:hold", args=[self.ref])

    def __str__(self) -> str:
        return self.ref


class HoldScope(AuditedModel):
    """What a hold is put on by name: a case, an account, an item. What belongs to that is covered with it, see `reach`.

    A scope grows and never shrinks: who wants less releases the hold and issues another.
    """

    hold = models.ForeignKey(LegalHold, on_delete=models.PROTECT, related_name="scopes")
    kind = models.CharField(max_length=20, help_text="of what is held, as `reach.HOLDABLE` calls it")
    table_name = models.CharField(max_length=63)
    row_id = models.UUIDField()
    called = models.CharField(max_length=250, blank=True, help_text="its reference then; empty where that is personal")
    added_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta(AuditedModel.Meta):
        verbose_name = "scope of a hold"
        verbose_name_plural = "scopes of holds"
        constraints = [
            models.UniqueConstraint(
                fields=["hold", "table_name", "row_id"],
                name="a_hold_names_a_thing_once",
                violation_error_message="The hold covers this already.",
            ),
        ]
        indexes = [models.Index(fields=["table_name", "row_id"], name="scope_of_row")]
        triggers = [
            *AuditedModel.Meta.triggers,
            Guard(
                "audit_refuse",
                name="a_scope_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
            pgtrigger.Trigger(
                name="a_scope_waits_for_erasures",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="PERFORM pg_advisory_xact_lock(hashtext('records.holds')); RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.called}"


class Custodian(AuditedModel):
    """A person who was told of a hold because records are in their care, and has to say that they understood."""

    hold = models.ForeignKey(LegalHold, on_delete=models.PROTECT, related_name="custodians")
    person = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="custodies")
    told_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    told_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["hold", "person"],
                name="a_custodian_is_told_once",
                violation_error_message="This person was told already.",
            ),
            models.CheckConstraint(
                condition=models.Q(acknowledged_at__isnull=True) | models.Q(acknowledged_at__gte=models.F("told_at")),
                name="nobody_acknowledges_before_being_told",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("records:acknowledge_hold", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.person} for {self.hold}"
