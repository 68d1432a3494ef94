"""What was sent, and the items of it that were not taken."""

from collections.abc import Iterator

from django.conf import settings
from django.db import models
from django.urls import reverse

from apps.alerts.models.detector import Detector
from apps.audit.models import AuditedModel
from apps.core import vault
from apps.core.constraints import both_or_neither
from apps.records.guards import refuse_held

# Before the id of a signed message, which is the idempotency key of its request. A client's own key holds no tab.
SIGNED = "webhook-id\t"

READ_AS = {
    "document": "JSON",
    "lines": "JSON lines",
    "ocsf": "OCSF",
    "stix": "STIX",
    "table": "CSV",
    "thehive": "alert for TheHive",
    "iris": "alert for DFIR-IRIS",
}


class Batch(AuditedModel):
    """One request of a detector, or a part of a long one: what came, byte for byte, and what became of it."""

    detector = models.ForeignKey(Detector, on_delete=models.PROTECT, related_name="batches", db_index=False)
    received_at = models.DateTimeField()
    part = models.PositiveIntegerField(
        default=0, help_text="of a long request that was written in several transactions"
    )
    is_last = models.BooleanField(default=True, help_text="no further part of the request follows")
    format = models.CharField(max_length=20, help_text="how the body was read")
    encoding = models.CharField(max_length=20, default="identity", help_text="how it was compressed")
    raw_sha256 = models.CharField(max_length=64, help_text="the request body: in the vault, or here when it is small")
    raw = models.BinaryField(null=True, help_text="a body of at most 32 KiB")
    raw_bytes = models.PositiveBigIntegerField()
    idempotency_key = models.CharField(max_length=255, null=True)
    sent_by = models.CharField(
        max_length=100, blank=True, help_text="the person who sent it in the detector's name; empty for its own key"
    )
    items = models.PositiveIntegerField()
    created = models.PositiveIntegerField()
    updated = models.PositiveIntegerField()
    duplicates = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    verdicts = models.TextField(help_text="JSON: the answer per item, so that a repeated request gets the same one")

    class Meta(AuditedModel.Meta):
        verbose_name_plural = "batches"
        constraints = [
            models.UniqueConstraint(
                fields=["detector", "idempotency_key", "part"], name="an_idempotency_key_is_used_once"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    items=models.F("created") + models.F("updated") + models.F("duplicates") + models.F("rejected")
                ),
                name="every_item_has_a_verdict",
            ),
        ]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="batch_newest_first"),
            models.Index(fields=["detector", "-received_at", "-id"], name="batch_of_detector"),
            # When a detector last sent a signed message; holds nothing of the others.
            models.Index(
                fields=["detector", "-received_at"],
                condition=models.Q(idempotency_key__startswith=SIGNED),
                name="batch_signed_newest_first",
            ),
        ]

    @property
    def message_id(self) -> str:
        """Of the signed message that it came in; else ""."""
        key = self.idempotency_key or ""
        return key.removeprefix(SIGNED).partition("\t")[0] if key.startswith(SIGNED) else ""

    @property
    def read_as(self) -> str:
        """Its format, in words."""
        return READ_AS.get(self.format, self.format)

    def body(self) -> Iterator[bytes]:
        """The request as it came, in chunks. Raises vault.Missing."""
        return iter([bytes(self.raw)]) if self.raw is not None else vault.chunks(self.raw_sha256)

    def get_absolute_url(self) -> str:
        return reverse("alerts:batch", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.detector} {self.received_at:%Y-%m-%d %H:%M:%S}"


class Replay(AuditedModel):
    """Rejections that are sent in again together, because the detector or the way it is read was put right."""

    asked_by = models.CharField(max_length=100)
    asked_at = models.DateTimeField()
    about = models.CharField(max_length=300, help_text="what was chosen, in words")
    total = models.PositiveIntegerField()

    class Meta(AuditedModel.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(total__gt=0), name="a_replay_has_something_to_send"),
        ]

    def get_absolute_url(self) -> str:
        return reverse("alerts:replayed", args=[self.pk])

    def __str__(self) -> str:
        return f"replay of {self.about}"


class Rejection(AuditedModel):
    """An item that was not taken: why, its bytes, and what became of them when a person sent them in again."""

    class Became(models.TextChoices):
        CREATED = "created", "A new alert"
        UPDATED = "updated", "An update"
        DUPLICATE = "duplicate", "Known already"
        REJECTED = "rejected", "Rejected again"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="rejections")
    position = models.PositiveIntegerField(help_text="place in the request, from 0")
    source_ref = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40)
    field = models.CharField(max_length=200, blank=True, help_text="the field that is to blame, where one is")
    reason = models.TextField()
    raw = models.BinaryField(help_text="the item as it came, up to the size limit")
    received_at = models.DateTimeField()
    replay = models.ForeignKey(
        Replay, on_delete=models.PROTECT, null=True, related_name="rejections", help_text="that it waits for, or was in"
    )
    sent_again_in = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="sends_again")
    sent_again_at = models.DateTimeField(null=True)
    sent_again_by = models.CharField(max_length=100, blank=True)
    became = models.CharField(max_length=10, choices=Became, blank=True)
    became_id = models.UUIDField(null=True, help_text="of the alert, or of the rejection that followed")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=both_or_neither("sent_again_in", "sent_again_at", "became_id"),
                name="what_was_sent_again_became_something",
            ),
        ]
        indexes = [models.Index(fields=["-received_at", "-id"], name="rejection_newest_first")]
        triggers = [
            *AuditedModel.Meta.triggers,
            refuse_held("a_held_rejection_is_not_emptied", "OLD.raw IS DISTINCT FROM NEW.raw"),
        ]

    @property
    def is_whole(self) -> bool:
        """Whether all of the item is here: one that was too long was cut, of an empty body there is nothing."""
        return 0 < len(self.raw) < settings.ALERT_MAX_BYTES

    @property
    def became_url(self) -> str:
        room = "alerts:rejection" if self.became == self.Became.REJECTED else "alerts:alert"
        return reverse(room, args=[self.became_id]) if self.became_id else ""

    def get_absolute_url(self) -> str:
        return reverse("alerts:rejection", args=[self.pk])

    def __str__(self) -> str:
        return self.reason
