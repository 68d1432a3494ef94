"""What detectors say, and how it folds into groups that a person can decide about."""

from django.db import models
from django.urls import reverse
from django.utils import timezone

from apps.alerts.priority import SEVERITY_SAYS
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
    known_false_positives = models.JSONField(default=list, blank=True, help_text="kinds of honest use that it mistakes")
    is_active = models.BooleanField(default=True)
    refuses_repeats = models.BooleanField(
        default=False, help_text="a known reference is an error for its TheHive or IRIS client, as in those systems"
    )
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
        ]
        ordering = ["slug"]

    def get_absolute_url(self) -> str:
        return reverse("alerts:detector", args=[self.pk])

    def __str__(self) -> str:
        return self.slug


class Batch(AuditedModel):
    """One request of a detector: what came, byte for byte, and what became of it."""

    detector = models.ForeignKey(Detector, on_delete=models.PROTECT, related_name="batches", db_index=False)
    received_at = models.DateTimeField()
    raw_sha256 = models.CharField(max_length=64, help_text="the request body, in the vault")
    raw_bytes = models.PositiveBigIntegerField()
    idempotency_key = models.CharField(max_length=255, null=True)
    items = models.PositiveIntegerField()
    created = models.PositiveIntegerField()
    updated = models.PositiveIntegerField()
    duplicates = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    verdicts = models.JSONField(help_text="the answer per item, so that a repeated request gets the same one")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["detector", "idempotency_key"], name="an_idempotency_key_is_used_once"),
            models.CheckConstraint(
                condition=models.Q(
                    items=models.F("created") + models.F("updated") + models.F("duplicates") + models.F("rejected")
                ),
                name="every_item_has_a_verdict",
            ),
        ]
        indexes = [models.Index(fields=["-received_at", "-id"], name="batch_newest_first")]

    def get_absolute_url(self) -> str:
        return reverse("alerts:batch", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.detector} {self.received_at:%Y-%m-%d %H:%M:%S}"


class AlertGroup(AuditedModel):
    """Alerts that belong together, by a key that says why."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLAIMED = "claimed", "Claimed"
        DISMISSED = "dismissed", "Dismissed"
        ESCALATED = "escalated", "In a case"

    class Dismissal(models.TextChoices):
        BENIGN = "benign", "Ordinary use"
        AUTHORISED = "authorised", "Allowed by contract or programme"
        DETECTOR_FAULT = "detector_fault", "The detector is wrong"
        DUPLICATE = "duplicate", "Handled elsewhere"
        TOO_WEAK = "too_weak", "Too weak to go on"

    key = models.CharField(max_length=250, help_text="campaign:…, model:…, cluster:…, template:…, account:…")
    title = models.CharField(max_length=250)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    severity = models.PositiveSmallIntegerField(choices=Severity, default=Severity.INFO)
    priority = models.PositiveSmallIntegerField(default=0, help_text="0 to 100; the reasons say why")
    reasons = models.JSONField(default=list, blank=True, help_text="sentences, strongest first, with their points")
    kinds = models.JSONField(default=list, blank=True)
    detectors = models.JSONField(default=list, blank=True)
    alert_count = models.PositiveIntegerField(default=0)
    account_count = models.PositiveIntegerField(default=0)
    window_start = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True)
    first_received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="when somebody should have looked")
    drill = models.CharField(max_length=100, blank=True)
    claimed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="claimed_groups")
    claimed_at = models.DateTimeField(null=True)
    dismissal = models.CharField(max_length=20, choices=Dismissal, blank=True)
    dismissal_note = models.TextField(blank=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(state__in=["open", "claimed"]),
                name="one_undecided_group_per_key",
                violation_error_message="A newer group of the same alerts waits in the queue: work on that one.",
            ),
            models.CheckConstraint(condition=both_or_neither("claimed_by", "claimed_at"), name="a_claim_has_its_time"),
            models.CheckConstraint(
                condition=~models.Q(state="claimed") | models.Q(claimed_by__isnull=False),
                name="a_claimed_group_has_its_holder",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="dismissed") | ~models.Q(dismissal=""),
                name="a_dismissal_has_its_reason",
                violation_error_message="Say why it is dismissed.",
            ),
            models.CheckConstraint(
                condition=models.Q(priority__lte=100),
                name="priority_is_at_most_100",
                violation_error_message="Priority goes from 0 to 100.",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-priority", "-id"], name="group_queue"),
            models.Index(fields=["key"], name="group_by_key"),
        ]

    @property
    def is_late(self) -> bool:
        return self.state in (self.State.OPEN, self.State.CLAIMED) and self.due_at < timezone.now()

    @property
    def strongest(self) -> list[str]:
        """The two reasons with the most points, in words; severity has a sign of its own."""
        said = [r["text"] for r in self.reasons if r["points"] >= 0 and not r["text"].startswith(SEVERITY_SAYS)]
        return said[:2]

    def get_absolute_url(self) -> str:
        return reverse("alerts:group", args=[self.pk])

    def __str__(self) -> str:
        return self.title


class Alert(AuditedModel):
    """One alert: the latest of what the detector said under its reference."""

    detector = models.ForeignKey(Detector, on_delete=models.PROTECT, related_name="alerts", db_index=False)
    source_ref = models.CharField(max_length=200)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="alerts", help_text="that last touched it")
    group = models.ForeignKey(AlertGroup, on_delete=models.PROTECT, null=True, related_name="alerts", db_index=False)
    key = models.CharField(max_length=250, help_text="what it would be grouped by, were it alone; see grouping")
    content_sha256 = models.CharField(max_length=64)
    contents = models.JSONField(
        default=list,
        blank=True,
        help_text="hashes of what was said under this reference, so that a late repeat is known as one",
    )
    is_open = models.BooleanField(default=True, help_text="false once the detector closed it")
    occurrences = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=250)
    kind = models.CharField(max_length=20, choices=Kind)
    severity = models.PositiveSmallIntegerField(choices=Severity)
    stage = models.CharField(max_length=20)
    window_start = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True)
    detected_at = models.DateTimeField()
    received_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    account_count = models.PositiveIntegerField(default=0)
    log10_lr = models.FloatField(null=True, help_text="as the detector states it")
    p_value = models.FloatField(null=True, help_text="times the number of things tested, at most 1")
    new_model_share = models.FloatField(null=True, help_text="0 to 1, of its requests, to a model out for 24 hours")
    alternatives = models.JSONField(default=list, blank=True, help_text="innocent explanations: h, status, note")
    drill = models.CharField(max_length=100, blank=True)
    payload = models.JSONField(help_text="the alert as validated, whole")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["detector", "source_ref"], name="one_alert_per_source_reference"),
            models.CheckConstraint(
                condition=models.Q(window_start__isnull=True) | models.Q(window_start__lte=models.F("window_end")),
                name="a_window_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(fields=["group", "-received_at", "-id"], name="alert_of_group"),
            models.Index(fields=["-received_at", "-id"], name="alert_newest_first"),
            models.Index(fields=["key"], name="alert_by_key"),
        ]

    def get_absolute_url(self) -> str:
        return reverse("alerts:alert", args=[self.pk])

    def __str__(self) -> str:
        return self.title


class AlertAccount(AuditedModel):
    """That an alert is about an account."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="about", db_index=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="alerted")

    class Meta(AuditedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["alert", "account"], name="an_alert_names_an_account_once")]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.account_id}"


class Rejection(AuditedModel):
    """An item that was not taken: why, and its bytes."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="rejections")
    position = models.PositiveIntegerField(help_text="place in the request, from 0")
    source_ref = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40)
    reason = models.TextField()
    raw = models.BinaryField(help_text="the item as it came, up to the size limit")
    received_at = models.DateTimeField()

    class Meta(AuditedModel.Meta):
        indexes = [models.Index(fields=["-received_at", "-id"], name="rejection_newest_first")]

    def get_absolute_url(self) -> str:
        return reverse("alerts:rejection", args=[self.pk])

    def __str__(self) -> str:
        return self.reason
