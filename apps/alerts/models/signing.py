"""Keys that a detector signs its messages with, and the messages that were refused."""

from django.db import models
from django.utils import timezone

from apps.alerts.models.detector import Detector
from apps.audit.models import AuditedModel
from apps.core.sealed import unseal

SECRET = b"message signature"  # what a detector's secret is sealed for


class SigningKey(AuditedModel):
    """A key under which a detector's messages are checked: in force from when it was made until it ends.

    The newest has no end. The one before it may stay in force beside it, so that a detector changes over without a gap.
    """

    PRIVATE = frozenset({"sealed_secret"})

    class Method(models.TextChoices):
        HMAC = "hmac", "HMAC-SHA256"
        ED25519 = "ed25519", "Ed25519"

    detector = models.ForeignKey(Detector, on_delete=models.PROTECT, related_name="signing_keys", db_index=False)
    method = models.CharField(max_length=10, choices=Method)
    sealed_secret = models.CharField(max_length=200, blank=True, help_text="of HMAC: made here, and shown once")
    public_key = models.CharField(max_length=60, blank=True, help_text="of Ed25519, as its owner gave it: whpk_…")
    fingerprint = models.CharField(max_length=16, help_text="the first 64 bits of the key's SHA-256, to tell keys by")
    since = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(method="hmac", public_key="") & ~models.Q(sealed_secret="")
                | models.Q(method="ed25519", sealed_secret="") & ~models.Q(public_key=""),
                name="a_signing_key_is_of_its_method",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gte=models.F("since")),
                name="a_signing_key_ends_after_it_began",
            ),
            models.UniqueConstraint(
                fields=["detector"],
                condition=models.Q(ends_at__isnull=True),
                name="a_detector_has_one_signing_key_without_end",
            ),
            models.UniqueConstraint(
                fields=["detector", "fingerprint"],
                name="a_signing_key_is_given_once",
                violation_error_message="This detector has, or had, this very key: make a new one.",
            ),
        ]

    def __str__(self) -> str:
        return self.fingerprint

    @property
    def secret(self) -> str:
        """As the detector has it: `whsec_` and base64."""
        return unseal(self.sealed_secret, SECRET)

    @property
    def is_in_force(self) -> bool:
        return self.ends_at is None or self.ends_at > timezone.now()


class SignatureRefusals(models.Model):
    """Messages of a detector that were refused for their signature: how many, and the last. One row a detector,
    written by `signatures` only and not audited: whoever holds a key could fill the trail with them."""

    detector = models.OneToOneField(
        Detector, on_delete=models.PROTECT, primary_key=True, related_name="signature_refusals"
    )
    total = models.PositiveBigIntegerField()
    last_at = models.DateTimeField()
    last_reason = models.TextField()

    def __str__(self) -> str:
        return f"{self.detector_id}: {self.total}"
