"""Account records as the provider has them: who they are only as keyed hashes, what they did only as counts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.core.constraints import belongs_to, refers_to
from apps.records.guards import refuse_held


class Import(AuditedModel):
    """A file of records that somebody brought in."""

    class Kind(models.TextChoices):
        ACCOUNTS = "accounts", "Accounts"
        IDENTIFIERS = "identifiers", "Identifiers"
        ACTIVITY = "activity", "Daily activity"
        ACCEPTANCES = "acceptances", "Acceptances of terms"

    kind = models.CharField(max_length=12, choices=Kind)
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, help_text="of the file as it came")
    size = models.PositiveBigIntegerField(default=0, help_text="bytes of the file as it came")
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    derived = models.PositiveIntegerField(
        default=0, help_text="identifiers that no row names: domains and patterns of e-mail addresses"
    )
    imported_at = models.DateTimeField(auto_now_add=True)
    imported_by = models.CharField(max_length=100)
    finished_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True, help_text="why the file could not be read to its end")
    part = models.PositiveIntegerField(default=0, help_text="how many parts of it are written")
    position = models.PositiveBigIntegerField(default=0, help_text="where the next part begins; see importing.Position")
    line = models.PositiveBigIntegerField(default=0, help_text="the last line, or row, of the parts that are written")
    idempotency_key = models.CharField(max_length=255, null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    rows=models.F("created") + models.F("updated") + models.F("unchanged") + models.F("rejected")
                ),
                name="every_row_is_counted",
            ),
            models.CheckConstraint(
                condition=models.Q(failure="") | models.Q(finished_at__isnull=False), name="a_failed_import_is_over"
            ),
            models.UniqueConstraint(
                fields=["imported_by", "idempotency_key"],
                name="an_import_has_its_idempotency_key_once",
                violation_error_message="An import with this idempotency key is there already.",
            ),
        ]
        indexes = [
            models.Index(fields=["-imported_at", "-id"], name="import_newest_first"),
            models.Index(fields=["imported_by"], name="import_at_work", condition=models.Q(finished_at__isnull=True)),
        ]

    @property
    def state(self) -> str:
        return "running" if self.finished_at is None else "failed" if self.failure else "done"

    def get_absolute_url(self) -> str:
        return reverse("accounts:import_result", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.filename} ({self.get_kind_display()})"


class ImportRejection(AuditedModel):
    """A row that was not taken, with why, as it came."""

    source = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="rejections")
    line = models.PositiveIntegerField()
    reason = models.TextField()
    raw = models.TextField()

    class Meta(AuditedModel.Meta):
        ordering = ["source", "line"]
        triggers = [
            *AuditedModel.Meta.triggers,
            refuse_held("a_held_row_is_not_emptied", "OLD.raw IS DISTINCT FROM NEW.raw"),
        ]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class Account(AuditedModel):
    """One account at the provider, known by the provider's own reference."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        LIMITED = "limited", "Limited"
        SUSPENDED = "suspended", "Suspended"
        TERMINATED = "terminated", "Terminated"
        UNKNOWN = "unknown", "Unknown"

    ref = models.CharField(max_length=128)
    product = models.CharField(max_length=128, blank=True)
    plan = models.CharField(max_length=64, blank=True)
    country = models.CharField(max_length=2, blank=True)
    organisation = models.CharField(max_length=200, blank=True)
    contract = models.CharField(max_length=64, blank=True, help_text="e.g. reseller, research, enterprise")
    payer_verified = models.BooleanField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.UNKNOWN)
    opened_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(auto_now_add=True, help_text="when casemgr first heard of it")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_account_per_reference"),
            models.CheckConstraint(condition=~models.Q(ref=""), name="an_account_has_a_reference"),
        ]
        indexes = [models.Index(fields=["-recorded_at", "-id"], name="account_newest_first")]
        triggers = [
            *AuditedModel.Meta.triggers,
            refuse_held("a_held_account_is_not_erased", "OLD.ref IS DISTINCT FROM NEW.ref"),
        ]

    def get_absolute_url(self) -> str:
        return reverse("accounts:account", args=[self.pk])

    def __str__(self) -> str:
        return self.ref


class Identifier(AuditedModel):
    """Something that several accounts may share. Only a keyed hash and a masked form are kept."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail address"
        EMAIL_DOMAIN = "email_domain", "E-mail domain"
        EMAIL_PATTERN = "email_pattern", "Pattern of e-mail addresses"
        PHONE = "phone", "Telephone number"
        PAYMENT = "payment", "Payment instrument"
        DEVICE = "device", "Device"
        API_KEY = "api_key", "API key"
        IP_PREFIX = "ip_prefix", "Address block"
        ASN = "asn", "Autonomous system"
        USER_AGENT = "user_agent", "User agent"
        TEMPLATE = "template", "Prompt template"
        TOOL_SCHEMA = "tool_schema", "Tool schema"
        OTHER = "other", "Other"

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="identifiers", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=16, choices=Kind)
    value_hmac = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16, help_text="which pepper the hash was made with")
    masked = models.CharField(max_length=120)
    first_seen = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["account", "kind", "value_hmac"], name="an_account_has_an_identifier_once")
        ]
        indexes = [models.Index(fields=["kind", "value_hmac"], name="identifier_by_value")]
        triggers = [
            *AuditedModel.Meta.triggers,
            *refers_to("an_identifier_has_its_account", "account_id", "accounts_account"),
            refuse_held("a_held_identifier_is_not_erased", "OLD.value_hmac IS DISTINCT FROM NEW.value_hmac"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.masked}"


class Activity(AuditedModel):
    """What an account did with one model on one day, UTC."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="activity", db_index=False, db_constraint=False
    )
    day = models.DateField()
    model = models.CharField(max_length=100)
    queries = models.PositiveBigIntegerField(help_text="requests answered")
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    active_hours = models.PositiveSmallIntegerField(null=True, help_text="hours of the day with a request, 0 to 24")
    by_hour = ArrayField(
        models.PositiveIntegerField(), null=True, help_text="requests in each hour of the day, UTC: 24 numbers"
    )
    distinct_templates = models.PositiveIntegerField(null=True)
    topic_entropy_bits = models.FloatField(null=True)

    class Meta(AuditedModel.Meta):
        verbose_name_plural = "activities"
        constraints = [
            models.UniqueConstraint(fields=["account", "day", "model"], name="one_activity_per_account_day_model"),
            models.CheckConstraint(
                condition=models.Q(active_hours__isnull=True) | models.Q(active_hours__lte=24),
                name="a_day_has_24_hours",
            ),
            models.CheckConstraint(
                condition=models.Q(by_hour__isnull=True) | models.Q(by_hour__len=24),
                name="a_day_is_counted_by_its_24_hours",
            ),
        ]
        indexes = [models.Index(fields=["day"], name="activity_by_day")]
        triggers = [
            *AuditedModel.Meta.triggers,
            *refers_to("activity_has_its_account", "account_id", "accounts_account"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.day} {self.model}"


class Acceptance(AuditedModel):
    """That an account accepted a document of the terms, when, and in which version where the record says so."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="acceptances", db_index=False)
    document = models.ForeignKey("policies.Document", on_delete=models.PROTECT, related_name="acceptances")
    version = models.ForeignKey("policies.Version", on_delete=models.PROTECT, null=True, related_name="acceptances")
    accepted_at = models.DateTimeField()
    method = models.CharField(max_length=40, blank=True, help_text="how, e.g. checkbox, signed_contract")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["account", "document", "accepted_at"], name="an_acceptance_is_recorded_once"
            )
        ]
        triggers = [
            *AuditedModel.Meta.triggers,
            *belongs_to("an_accepted_version_is_of_the_document", "version_id", "policies_version", "document_id"),
        ]

    def __str__(self) -> str:
        return f"{self.account} accepted {self.document} on {self.accepted_at:%Y-%m-%d}"
