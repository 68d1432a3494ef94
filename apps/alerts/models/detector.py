"""Programs that post alerts."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither


class Kind(models.TextChoices):
    VOLUME = "volume", "Volume"
    SYNCHRONY = "synchrony", "Synchrony"
    TEMPLATE = "template", "Prompt template"
    DISTRIBUTION = "distribution", "Query distribution"
    LINKAGE = "linkage", "Linkage"
    WATERMARK = "watermark", "Watermark"
    FINGERPRINT = "fingerprint", "Fingerprint"
    CANARY = "canary", "Canary"
    PAYMENT = "payment", "Payment"
    KYC = "kyc", "Identity check"
    REGION = "region", "Region"
    EXTERNAL_REPORT = "external_report", "External report"


class Severity(models.IntegerChoices):
    """Impact if true, not how sure anyone is."""

    INFO = 0, "Info"
    LOW = 1, "Low"
    MEDIUM = 2, "Medium"
    HIGH = 3, "High"
    CRITICAL = 4, "Critical"


class Detector(AuditedModel):
    """A program that posts alerts, with what is known about how often it is wrong."""

    slug = models.SlugField(max_length=64)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=Kind)
    owner = models.CharField(max_length=100, help_text="team that answers for it")
    service_account = models.OneToOneField("staff.ServiceAccount", on_delete=models.PROTECT, related_name="detector")
    version = models.CharField(max_length=64, blank=True)
    threshold = models.FloatField(null=True)
    calibration_set = models.CharField(max_length=100, blank=True)
    calibration_n = models.PositiveIntegerField(null=True, help_text="benign cases it was tried on")
    calibration_false_positives = models.PositiveIntegerField(null=True)
    calibrated_on = models.DateField(null=True)
    declared_rate = models.FloatField(
        null=True, help_text="0 to 1: at most so much of what it reports is false, as its owner declares"
    )
    demoted_at = models.DateTimeField(null=True)
    demotion = models.CharField(max_length=300, blank=True, help_text="why it counts less, with the figures")
    weighed_from = models.DateTimeField(null=True, help_text="decisions before that speak for no demotion any more")
    known_false_positives = models.JSONField(default=list, blank=True, help_text="kinds of honest use that it mistakes")
    is_active = models.BooleanField(default=True)
    refuses_repeats = models.BooleanField(
        default=False, help_text="a known reference is an error for its TheHive or IRIS client, as in those systems"
    )
    signing_changed_at = models.DateTimeField(
        null=True, help_text="when it last got, or lost, a key to sign with; empty where it never had one"
    )
    requires_signature = models.BooleanField(
        default=False, help_text="its messages are refused unless they are signed under a key in force"
    )
    requests_per_second = models.PositiveIntegerField(null=True, help_text="per key; the setting's where empty")
    items_per_day = models.PositiveBigIntegerField(null=True, help_text="per key; the setting's where empty")
    max_body_bytes = models.PositiveBigIntegerField(null=True, help_text="of one request; the setting's where empty")
    registered_at = models.DateTimeField(auto_now_add=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                name="one_detector_per_slug",
                violation_error_message="There is a detector of this name.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("calibration_n", "calibration_false_positives", "calibrated_on"),
                name="a_calibration_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(calibration_n__isnull=True)
                | models.Q(calibration_false_positives__lte=models.F("calibration_n")),
                name="no_more_false_positives_than_cases",
            ),
            models.CheckConstraint(
                condition=models.Q(declared_rate__isnull=True)
                | models.Q(declared_rate__gte=0) & models.Q(declared_rate__lte=1),
                name="a_declared_rate_is_a_share",
                violation_error_message="A declared rate lies between 0 and 1.",
            ),
            models.CheckConstraint(
                condition=models.Q(demoted_at__isnull=True) ^ ~models.Q(demotion=""),
                name="a_demotion_says_why",
            ),
        ]
        ordering = ["slug"]

    @property
    def stands_alone(self) -> bool:
        """Whether its word is enough to take a group into a case: it was calibrated, and is not demoted."""
        return self.calibration_n is not None and self.demoted_at is None

    @property
    def body_limit(self) -> int:
        """The most bytes that one request of it may have, as it comes."""
        return min(self.max_body_bytes or settings.INTAKE_MAX_BYTES, settings.INTAKE_MAX_BYTES)

    def get_absolute_url(self) -> str:
        return reverse("alerts:detector", args=[self.pk])

    def __str__(self) -> str:
        return self.slug


class Calibration(AuditedModel):
    """One trial of a detector on innocent cases. The detector's own columns hold the newest; the earlier ones stay."""

    detector = models.ForeignKey(Detector, on_delete=models.PROTECT, related_name="calibrations")
    version = models.CharField(max_length=64, blank=True, help_text="of the detector, then")
    threshold = models.FloatField(null=True)
    calibration_set = models.CharField(max_length=100, blank=True)
    n = models.PositiveIntegerField()
    false_positives = models.PositiveIntegerField()
    calibrated_on = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta(AuditedModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(n__gt=0) & models.Q(false_positives__lte=models.F("n")),
                name="a_calibration_has_cases_enough",
            )
        ]

    def __str__(self) -> str:
        return f"{self.false_positives} of {self.n} on {self.calibrated_on}"
