"""Documents of terms, their exact texts, the versions that these make, and when each was seen."""

from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither


class Document(AuditedModel):
    """One document of one service as one collection records it: two collections may hold it differently."""

    collection = models.CharField(max_length=64)
    service = models.CharField(max_length=128, help_text="the product the terms are for")
    name = models.CharField(max_length=128)
    slug = models.SlugField(max_length=200)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "service", "name"], name="one_document_per_collection_service_name"
            ),
            models.UniqueConstraint(fields=["slug"], name="one_document_per_slug"),
        ]
        ordering = ["service", "name", "collection"]

    def get_absolute_url(self) -> str:
        return reverse("policies:document", args=[self.slug])

    def __str__(self) -> str:
        return f"{self.service}: {self.name}"


class Text(AuditedModel):
    """An exact text, held once however many versions show it."""

    sha256 = models.CharField(max_length=64, help_text="of the bytes as recorded")
    normalised_sha256 = models.CharField(max_length=64, help_text="of the text without link targets and white space")
    content = models.TextField()
    byte_size = models.PositiveIntegerField()

    class Meta(AuditedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["sha256"], name="a_text_is_held_once")]
        indexes = [models.Index(fields=["normalised_sha256"], name="text_by_normalised_hash")]

    def __str__(self) -> str:
        return self.sha256[:12]


class Version(AuditedModel):
    """A wording as seen from a moment on, until another one is seen. Records that say the same are its sightings."""

    class Kind(models.TextChoices):
        FIRST = "first_record", "First record"
        CHANGE = "change", "Change"
        TECHNICAL = "technical_upgrade", "Technical upgrade: the recording changed, not the provider"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="versions")
    seen_at = models.DateTimeField(help_text="when it was first seen, not when it took effect")
    kind = models.CharField(max_length=20, choices=Kind)
    commit = models.CharField(max_length=64, blank=True)
    source_file = models.CharField(max_length=300)
    effective_from = models.DateField(null=True, blank=True, help_text="as its text says, or as a person corrected it")
    effective_words = models.TextField(blank=True, help_text="the words of the text that say so")
    effective_reason = models.TextField(blank=True, help_text="why a person set another date than these words")
    effective_decided_by = models.ForeignKey("staff.User", null=True, on_delete=models.PROTECT, related_name="+")
    effective_decided_at = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["document", "seen_at"], name="one_version_per_document_and_moment"),
            models.CheckConstraint(
                condition=both_or_neither("effective_decided_by", "effective_decided_at"),
                name="a_decided_date_has_its_person_and_time",
            ),
            models.CheckConstraint(
                condition=models.Q(effective_reason="") | models.Q(effective_decided_by__isnull=False),
                name="a_date_is_corrected_by_a_person",
            ),
        ]
        ordering = ["document", "-seen_at"]

    @property
    def wording_sha256(self) -> str:
        """Equal for versions that say the same; reads the text's row."""
        return self.text.normalised_sha256

    @property
    def label(self) -> str:
        return (self.effective_from or self.seen_at.date()).isoformat()

    def get_absolute_url(self) -> str:
        return reverse("policies:version", args=[self.document.slug, self.pk])

    def __str__(self) -> str:
        return f"{self.document}, {self.label}"


class Sighting(AuditedModel):
    """That a version was seen at a moment, in the exact text that was seen then."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="sightings")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="sightings")
    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="sightings")
    seen_at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Version.Kind)
    commit = models.CharField(max_length=64, blank=True)
    source_file = models.CharField(max_length=300)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["document", "seen_at"], name="a_document_is_seen_once_at_a_moment")
        ]
        ordering = ["document", "-seen_at"]

    def __str__(self) -> str:
        return f"{self.document}, seen {self.seen_at:%Y-%m-%d %H:%M}"


class RejectedRecord(AuditedModel):
    """A line of a history that was not taken, with why, and what was recorded where it could be read."""

    class Kind(models.TextChoices):
        NO_TERMS = "no_terms", "Not the terms: a redirect, an empty page or an error"
        DAMAGED = "damaged", "Not what the index says"

    kind = models.CharField(max_length=10, choices=Kind)
    collection = models.CharField(max_length=64, blank=True)
    service = models.CharField(max_length=128, blank=True)
    document_name = models.CharField(max_length=128, blank=True)
    recorded_at = models.CharField(max_length=64, blank=True, help_text="as the index has it")
    source_file = models.CharField(max_length=300, blank=True)
    line = models.PositiveIntegerField(help_text="of the index, when it was first rejected")
    reason = models.TextField()
    content = models.TextField(blank=True, help_text="the text as recorded, its beginning if it is long")
    digest = models.CharField(max_length=64, help_text="of what the index says and the reason")
    rejected_at = models.DateTimeField(auto_now_add=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="a_record_is_rejected_once_for_a_reason"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_rejection_has_a_reason"),
        ]
        indexes = [models.Index(fields=["-rejected_at", "-id"], name="rejected_record_newest_first")]

    def __str__(self) -> str:
        return f"{self.source_file or f'line {self.line}'}: {self.reason}"
