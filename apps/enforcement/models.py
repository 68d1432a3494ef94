"""Measures carried out: who carries them out, what was ordered of them, and what became of each account."""

import pgtrigger
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.cases.models import Case, Decision
from apps.cases.models.case import OfCase
from apps.cases.models.drill import never_leaves
from apps.core.constraints import refers_to
from apps.core.models import Endpoint, Outgoing, Try


class Receiver(Endpoint, AuditedModel):
    """The provider's own system that carries measures out. There is one."""

    PRIVATE = frozenset({"sealed_secret", "sealed_previous"})
    SEALED_FOR = b"enforcement"

    set_up_at = models.DateTimeField(help_text="decisions that hold since are ordered by themselves")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=models.Q(is_active=True), name="orders_go_to_one_receiver"
            ),
            models.CheckConstraint(
                condition=models.Q(previous_until__isnull=True) ^ ~models.Q(sealed_previous=""),
                name="a_receivers_secret_before_has_its_end",
            ),
        ]


class Order(OfCase):
    """A decision is to be applied to its accounts, or rolled back: for all of them, or for one.

    Orders of a decision are numbered: of two about the same account the one with the higher number counts, in whatever
    order they arrive.
    """

    class Direction(models.TextChoices):
        APPLY = "apply", "Apply"
        ROLL_BACK = "roll_back", "Roll back"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="orders")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="orders")
    number = models.PositiveSmallIntegerField()
    ref = models.CharField(max_length=24)
    direction = models.CharField(max_length=10, choices=Direction)
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, null=True, related_name="+", help_text="the only one it is about"
    )
    why = models.CharField(max_length=300)
    account_count = models.PositiveIntegerField()
    ordered_at = models.DateTimeField()
    ordered_by = models.CharField(max_length=100, help_text="the actor, as the trail names it")

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_order_per_reference"),
            models.UniqueConstraint(fields=["decision", "number"], name="orders_of_a_decision_are_numbered_once"),
            models.UniqueConstraint(
                fields=["decision"],
                condition=models.Q(direction="apply"),
                name="a_decision_is_applied_once",
                violation_error_message="It is ordered already.",
            ),
            models.UniqueConstraint(
                fields=["decision"],
                condition=models.Q(direction="roll_back", account__isnull=True),
                name="a_decision_is_rolled_back_once",
                violation_error_message="It is rolled back already.",
            ),
            models.UniqueConstraint(
                fields=["decision", "account"],
                condition=models.Q(account__isnull=False),
                name="an_account_is_let_off_once",
                violation_error_message="It is rolled back for this account already.",
            ),
            models.CheckConstraint(
                condition=models.Q(account__isnull=True) | models.Q(direction="roll_back", account_count=1),
                name="one_account_alone_is_only_let_off",
            ),
            models.CheckConstraint(condition=~models.Q(why=""), name="an_order_says_why"),
        ]
        indexes = [models.Index(fields=["case", "-ordered_at"], name="orders_of_a_case")]
        triggers = [
            *OfCase.Meta.triggers,
            never_leaves("an_order_is_of_no_drill"),
            pgtrigger.Trigger(
                name="an_order_rests_on_a_decision_that_holds",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__direction="apply"),
                func="""
                    IF NOT EXISTS (SELECT FROM cases_decision
                                   WHERE id = NEW.decision_id AND case_id = NEW.case_id AND state = 'approved') THEN
                        RAISE EXCEPTION 'an order rests on a decision of its case that holds'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'an_order_rests_on_a_decision_that_holds';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("enforcement:order", args=[self.ref])

    @property
    def is_rollback(self) -> bool:
        return self.direction == self.Direction.ROLL_BACK

    def __str__(self) -> str:
        return self.ref


class Instruction(OfCase):
    """One account of an order, and what is known of it.

    `attempt` counts how often it was sent out anew, `sequence` is the receiver's own number of its last word on that.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        IN_EFFECT = "in_effect", "In effect"
        ROLLED_BACK = "rolled_back", "Rolled back"
        FAILED = "failed", "Failed"
        OVERTAKEN = "overtaken", "Overtaken by a later order"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="instructions", db_constraint=False)
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="instructions", db_constraint=False
    )
    part = models.PositiveIntegerField(help_text="number of the message of this attempt that it is in")
    attempt = models.PositiveSmallIntegerField(default=1)
    sequence = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=300, blank=True, help_text="why it failed")
    effective_at = models.DateTimeField(null=True, help_text="since when, as the receiver says")
    told_at = models.DateTimeField(null=True, help_text="when casemgr last heard of it")

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["order", "account"], name="an_account_is_in_an_order_once"),
            models.CheckConstraint(
                condition=~models.Q(state="failed") | ~models.Q(reason=""), name="a_failure_has_its_reason"
            ),
        ]
        indexes = [models.Index(fields=["order", "state"], name="instructions_by_state")]
        triggers = [
            *OfCase.Meta.triggers,
            *refers_to("an_instruction_has_its_order", "order_id", "enforcement_order"),
            *refers_to("an_instruction_has_its_account", "account_id", "accounts_account"),
        ]

    @property
    def case_id_of_event(self):
        return self.order.case_id

    def __str__(self) -> str:
        return f"{self.order_id} {self.account_id}"


class Message(Outgoing):
    """Some accounts of an order on their way to the receiver. What became of them is audited, that it was sent is
    not."""

    TO = "receiver"

    receiver = models.ForeignKey(Receiver, on_delete=models.PROTECT, related_name="messages")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="messages")
    attempt = models.PositiveSmallIntegerField()
    part = models.PositiveIntegerField()
    account_count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "attempt", "part"], name="a_part_of_an_order_is_one_message"),
            models.CheckConstraint(
                condition=models.Q(state="waiting") ^ models.Q(finished_at__isnull=False),
                name="a_finished_message_has_its_time",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="message_due")]


class Attempt(Try):
    """One try to deliver a message."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="tries")
