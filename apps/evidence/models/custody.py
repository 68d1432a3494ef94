from django.conf import settings
from django.db import models

from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither, different
from apps.evidence.models.items import Item
from apps.evidence.models.once import WRITTEN_ONCE


class CustodyEvent(AuditedModel):
    """Somebody touched an item; its hash was measured again.

    The minimum record of ISO/IEC 27037:2012, 6.1: which item, who, when and where, why and on whose authority, and any
    change that could not be avoided, with its justification. casemgr itself changes no byte of an item.
    """

    class Kind(models.TextChoices):
        COLLECT = "collect", "Collected"
        VERIFY = "verify", "Verified"
        VIEW = "view", "Viewed"
        EXPORT = "export", "Copied"
        BROKEN = "broken", "Copy broke off"
        DERIVE = "derive", "Worked on"
        CLEAR = "clear", "Cleared from quarantine"
        OFFER = "offer", "Handed over"
        ACCEPT = "accept", "Accepted"
        REFUSE = "refuse", "Not accepted"
        TAKE_OVER = "take_over", "Taken over"
        SEAL = "seal", "Sealed"
        UNSEAL = "unseal", "Unsealed"
        RELEASE = "release", "Released"
        DISPOSE = "dispose", "Disposed of"
        REMOVE = "remove", "File removed"

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="custody")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    place = models.CharField(max_length=200, blank=True, help_text="where the file lay")
    purpose = models.CharField(max_length=300, blank=True)
    authority = models.CharField(max_length=200, blank=True, help_text="on whose authority")
    recipient = models.CharField(max_length=200, blank=True, help_text="whom it went to")
    changes = models.CharField(max_length=300, blank=True, help_text="what could not be left unchanged, and why")
    measured_sha256 = models.CharField(
        max_length=64, blank=True, help_text="as read from the vault then; empty when nothing was there"
    )
    measured_sha512 = models.CharField(max_length=128, blank=True)
    intact = models.BooleanField(help_text="whether it equalled the item's hashes")

    class Meta(AuditedModel.Meta):
        triggers = WRITTEN_ONCE
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kind="export") | ~models.Q(purpose=""),
                name="an_export_has_a_purpose",
                violation_error_message="Say what the copy is for.",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind__in=("clear", "take_over", "seal", "unseal", "release", "dispose"))
                | ~models.Q(purpose=""),
                name="a_step_of_custody_says_why",
                violation_error_message="Say why.",
            ),
        ]
        indexes = [models.Index(fields=["item", "at", "id"], name="custody_of_item")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


WAITING = ("transfer", "unseal", "release", "dispose")


class Proposal(AuditedModel):
    """A step of custody that takes two people: one asks for it, another does it or refuses."""

    class Kind(models.TextChoices):
        TRANSFER = "transfer", "Hand over"
        UNSEAL = "unseal", "Unseal"
        RELEASE = "release", "Release"
        DISPOSE = "dispose", "Dispose of"

    class State(models.TextChoices):
        TRANSFER = "transfer", "Waits to be accepted"
        UNSEAL = "unseal", "Waits to be unsealed"
        RELEASE = "release", "Waits to be released"
        DISPOSE = "dispose", "Waits to be disposed of"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    WAITING = WAITING

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State)
    reason = models.CharField(max_length=300)
    authority = models.CharField(
        max_length=200, blank=True, help_text="on whose authority: an order, a policy, a person"
    )
    recipient = models.CharField(max_length=200, blank=True, help_text="outside, whom it is released to")
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="who is to have it"
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["item"],
                condition=models.Q(state__in=WAITING),
                name="one_open_proposal_per_item",
                violation_error_message="Something is asked for this item already: answer that first.",
            ),
            models.CheckConstraint(
                condition=models.Q(state=models.F("kind")) | models.Q(state__in=("done", "refused", "withdrawn")),
                name="a_proposal_waits_for_what_it_is",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="a_proposal_says_why", violation_error_message="Say why."
            ),
            models.CheckConstraint(
                condition=models.Q(kind="transfer") ^ models.Q(to__isnull=True), name="a_transfer_alone_names_a_person"
            ),
            models.CheckConstraint(
                condition=different("to", "proposed_by"),
                name="nobody_hands_over_to_themselves",
                violation_error_message="Choose another person: nobody hands over to themselves.",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="release") | ~models.Q(recipient=""),
                name="a_release_names_its_recipient",
                violation_error_message="Say whom it is released to.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("answered_by", "answered_at")
                & (models.Q(state__in=WAITING) ^ models.Q(answered_at__isnull=False)),
                name="an_answer_has_its_person_and_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state="withdrawn") | different("answered_by", "proposed_by"),
                name="two_people_decide_about_an_item",
                violation_error_message="Another person has to do this.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="refused") | ~models.Q(answer=""),
                name="a_refusal_of_a_proposal_says_why",
                violation_error_message="Say why not.",
            ),
        ]
        indexes = [models.Index(fields=["-proposed_at"], name="proposal_waiting", condition=models.Q(answered_at=None))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reason}"
