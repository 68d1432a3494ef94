"""Statements of reasons for the DSA Transparency Database: each letter's one, in files of a hundred."""

import pgtrigger
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.cases.models import Case, Decision
from apps.cases.models.case import OfCase
from apps.cases.models.drill import never_leaves
from apps.core.constraints import refers_to
from apps.notices.models import Notice


class Export(AuditedModel):
    """One run: the statements about letters of a period that none was made of before."""

    class State(models.TextChoices):
        COLLECTING = "collecting", "Being collected"
        WRITING = "writing", "Being written"
        READY = "ready", "Ready to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"

    ref = models.CharField(max_length=20)
    first_day = models.DateField(help_text="of the letters' days (UTC)")
    last_day = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.COLLECTING)
    is_paused = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, blank=True, help_text="why casemgr paused it by itself")
    collected_to = models.UUIDField(null=True, help_text="the last letter that was looked at")
    rests_until = models.DateTimeField(null=True, help_text="the database asked for a rest until then")
    started_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    sent_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, help_text="the last of its files was taken")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_export_per_reference"),
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state="collecting"),
                name="one_export_collects_at_a_time",
                violation_error_message="Another export is being collected: wait until it has its statements.",
            ),
            models.CheckConstraint(
                condition=models.Q(first_day__lte=models.F("last_day")),
                name="an_exports_period_ends_after_it_begins",
                violation_error_message="The last day is before the first: correct one of them.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["sending", "sent"]) | models.Q(sent_by__isnull=False),
                name="an_export_is_sent_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(state="sent") ^ models.Q(ended_at__isnull=True), name="a_sent_export_has_its_time"
            ),
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="export_newest_first")]

    def get_absolute_url(self) -> str:
        return reverse("transparency:export", args=[self.ref])

    @property
    def is_being_made(self) -> bool:
        return self.state in (self.State.COLLECTING, self.State.WRITING)

    @property
    def is_under_way(self) -> bool:
        return self.is_being_made or self.state == self.State.SENDING

    @property
    def period(self) -> str:
        last = f"{self.last_day:%-d %B %Y}"
        return last if self.first_day == self.last_day else f"{self.first_day:%-d %B %Y} to {last}"

    def __str__(self) -> str:
        return self.ref


class Batch(AuditedModel):
    """A file of at most a hundred statements, exactly as it is handed in: all of them are taken, or none.

    What may have arrived is asked after before it is handed in again.
    """

    class State(models.TextChoices):
        READY = "ready", "Waits to be sent"
        SENDING = "sending", "Being sent"
        UNCERTAIN = "unknown", "May have arrived"
        ACCEPTED = "accepted", "Taken"
        REPLACED = "replaced", "Replaced"
        FAILED = "failed", "Given up"

    DUE = (State.READY, State.SENDING, State.UNCERTAIN)

    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="batches")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    count = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64)
    byte_size = models.PositiveIntegerField()
    written_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0, help_text="to hand it in, or to ask after it")
    due_at = models.DateTimeField(null=True, help_text="not before; while it is sent: nobody heard an answer after")
    problem = models.CharField(max_length=500, blank=True, help_text="what became of the last attempt")
    ended_at = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        verbose_name_plural = "batches"
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="batches_of_an_export_are_numbered_once"),
            models.CheckConstraint(condition=models.Q(count__range=(1, 100)), name="a_batch_has_a_hundred_at_most"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["ready", "sending", "unknown"], due_at__isnull=False, ended_at__isnull=True
                )
                | models.Q(state__in=["accepted", "replaced", "failed"], due_at__isnull=True, ended_at__isnull=False),
                name="a_batch_is_due_or_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="batch_due", condition=models.Q(state__in=["ready", "sending", "unknown"])
            )
        ]

    @property
    def name(self) -> str:
        return f"{self.export.ref}-{self.number:04d}"

    def __str__(self) -> str:
        return f"batch {self.number} of {self.export_id}"


class Statement(OfCase):
    """The statement about one letter. Its `puid` is what the database knows it by, for ever; it says nothing."""

    class State(models.TextChoices):
        READY = "ready", "Waits for a file"
        BATCHED = "batched", "In a file"
        SENT = "sent", "In the database"
        WITHHELD = "withheld", "Withheld"
        REFUSED = "refused", "Refused by the database"
        LAPSED = "lapsed", "Measure no longer in force"

    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="statements", db_constraint=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="statements", db_constraint=False)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="statements", db_constraint=False)
    puid = models.CharField(max_length=36)
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    found = models.JSONField(default=list, blank=True, help_text="why it is withheld: a field, and what is in it")
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, related_name="statements", db_constraint=False
    )
    position = models.PositiveSmallIntegerField(null=True, help_text="in the file, from 0")
    refused_why = models.CharField(max_length=500, blank=True, help_text="as the database says it")

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["notice"], name="one_statement_per_letter"),
            models.UniqueConstraint(fields=["puid"], name="one_statement_per_puid"),
            models.UniqueConstraint(fields=["batch", "position"], name="one_statement_per_place_in_a_file"),
            models.CheckConstraint(condition=models.Q(puid__regex=r"\A[a-zA-Z0-9_-]+\Z"), name="a_puid_is_plain"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["batched", "sent", "refused"], batch__isnull=False, position__isnull=False
                )
                | models.Q(state__in=["ready", "withheld", "lapsed"], batch__isnull=True, position__isnull=True),
                name="a_statement_has_its_place_in_a_file",
            ),
            models.CheckConstraint(
                condition=models.Q(state="withheld") ^ models.Q(found=[]), name="a_withheld_statement_says_why"
            ),
            models.CheckConstraint(
                condition=models.Q(state="refused") ^ models.Q(refused_why=""), name="a_refused_statement_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["export", "state"], name="statements_by_state"),
            models.Index(fields=["decision"], name="withheld_by_decision", condition=models.Q(state="withheld")),
        ]
        triggers = [
            *OfCase.Meta.triggers,
            *refers_to("a_statement_has_its_export", "export_id", "transparency_export"),
            *refers_to("a_statement_has_its_batch", "batch_id", "transparency_batch"),
            never_leaves("a_statement_is_of_no_drill"),
            pgtrigger.Trigger(
                name="a_statement_is_about_an_issued_letter",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (SELECT FROM notices_notice WHERE id = NEW.notice_id AND state = 'issued'
                                   AND account_id IS NOT NULL AND case_id = NEW.case_id
                                   AND decision_id = NEW.decision_id) THEN
                        RAISE EXCEPTION 'a statement is about a letter that was issued to an account'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_statement_is_about_an_issued_letter';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="a_puid_never_changes",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__puid__df=pgtrigger.F("new__puid"))
                | pgtrigger.Q(old__notice_id__df=pgtrigger.F("new__notice_id")),
                func="""
                    RAISE EXCEPTION 'the database knows a statement by its puid for ever'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'a_puid_never_changes';
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.puid


class GeneralText(OfCase):
    """What statements about a decision say instead of the finding's own words, which name somebody."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    facts = models.TextField(help_text="decision_facts")
    explanation = models.TextField(help_text="incompatible_content_explanation")
    written_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["decision"], name="one_general_text_per_decision"),
            models.CheckConstraint(
                condition=~models.Q(facts="") & ~models.Q(explanation=""), name="a_general_text_says_something"
            ),
        ]
        triggers = [*OfCase.Meta.triggers, never_leaves("a_general_text_is_of_no_drill")]

    def __str__(self) -> str:
        return f"general text of {self.decision_id}"
