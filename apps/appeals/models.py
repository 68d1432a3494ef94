"""Appeals: what the recipient of a measure says against it, and what somebody answers who took no part in it."""

import pgtrigger
from django.db import models

from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither
from apps.evidence.models import Item
from apps.notices.models import Notice


class Appeal(AuditedModel):
    """An objection to the measure that a letter tells of (Art. 20 DSA); a letter has one that counts."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for a reviewer"
        REVIEW = "in_review", "In review"
        UPHELD = "upheld", "Decision upheld"
        REVERSED = "reversed", "Decision reversed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    OPEN = (State.WAITING, State.REVIEW)
    DECIDED = (State.UPHELD, State.REVERSED)

    ref = models.CharField(max_length=20)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="appeals")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    filed_at = models.DateTimeField()
    answer_by = models.DateField(help_text="the day that the letter promised an answer by")
    reviewer = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)
    reasons = models.TextField(blank=True, help_text="as the answer gives them")
    decided_at = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_appeal_per_reference"),
            models.UniqueConstraint(
                fields=["notice"],
                condition=~models.Q(state="withdrawn"),
                name="one_appeal_per_letter",
                violation_error_message="There is an appeal about this letter already.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("reviewer", "taken_at"), name="a_review_of_an_appeal_has_its_time"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["in_review", "upheld", "reversed"]) | models.Q(reviewer__isnull=False),
                name="a_review_of_an_appeal_has_its_reviewer",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["upheld", "reversed"], decided_at__isnull=False) & ~models.Q(reasons="")
                | ~models.Q(state__in=["upheld", "reversed"]) & models.Q(decided_at__isnull=True, reasons=""),
                name="an_appeal_is_decided_with_reasons",
                violation_error_message="An appeal is decided with reasons. (Art. 20(4) and (5) DSA)",
            ),
        ]
        indexes = [
            models.Index(fields=["-filed_at", "-id"], name="appeal_newest_first"),
            models.Index(
                fields=["answer_by"], name="appeal_due", condition=models.Q(state__in=["waiting", "in_review"])
            ),
        ]
        triggers = [
            *AuditedModel.Meta.triggers,
            pgtrigger.Trigger(
                name="an_appeal_is_about_an_issued_measure",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (SELECT FROM notices_notice WHERE id = NEW.notice_id AND state = 'issued'
                                   AND account_id IS NOT NULL AND facts->>'appeal_until' IS NOT NULL) THEN
                        RAISE EXCEPTION 'an appeal is about a measure against an account whose letter was issued'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_appeal_is_about_an_issued_measure';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="a_reviewer_took_no_part",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__reviewer__isnull=False),
                func="""
                    IF EXISTS (SELECT FROM notices_notice n JOIN cases_decision d ON d.id = n.decision_id
                               JOIN cases_finding f ON f.id = d.finding_id
                               WHERE n.id = NEW.notice_id AND NEW.reviewer_id IN (
                                   n.drafted_by_id, n.approved_by_id, n.issued_by_id, d.proposed_by_id,
                                   d.reviewed_by_id, d.released_by_id, f.proposed_by_id, f.reviewed_by_id)) THEN
                        RAISE EXCEPTION 'whoever took part in a decision does not review it'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_reviewer_took_no_part';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="a_decided_appeal_is_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["upheld", "reversed", "withdrawn"]),
                func="""
                    RAISE EXCEPTION 'an appeal that is over never changes'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'a_decided_appeal_is_frozen';
                """,
            ),
        ]

    @property
    def case_id_of_event(self):
        return self.notice.case_id

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_decided(self) -> bool:
        return self.state in self.DECIDED

    def __str__(self) -> str:
        return self.ref


class Message(AuditedModel):
    """What was said in an appeal: by the recipient, where no author is named, or by the reviewer who asks."""

    PRIVATE = frozenset({"words"})

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    words = models.TextField()
    sent_at = models.DateTimeField()

    class Meta(AuditedModel.Meta):
        constraints = [models.CheckConstraint(condition=~models.Q(words=""), name="a_message_says_something")]
        indexes = [models.Index(fields=["appeal", "sent_at"], name="messages_of_an_appeal")]

    @property
    def case_id_of_event(self):
        return self.appeal.notice.case_id

    def __str__(self) -> str:
        return f"message of {self.sent_at:%Y-%m-%d %H:%M}"


class Enclosure(AuditedModel):
    """A file that came with a message; it lies in the vault, apart from the others until somebody cleared it."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="enclosures")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")

    class Meta(AuditedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["item"], name="an_enclosure_is_an_item_of_its_own")]

    @property
    def case_id_of_event(self):
        return self.message.appeal.notice.case_id

    def __str__(self) -> str:
        return f"enclosure {self.item_id}"
