"""Terms of service: documents, their versions as seen, their exact texts and clauses."""

from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.policies.clauses import label_of


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
    """A text as seen from a moment on; in force, as seen, until the next version of the document."""

    class Kind(models.TextChoices):
        FIRST = "first_record", "First record"
        CHANGE = "change", "Change"
        TECHNICAL = "technical_upgrade", "Technical upgrade: the recording changed, not the provider"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="versions")
    recorded_at = models.DateTimeField(help_text="when it was seen, not when it took effect")
    effective_from = models.DateField(null=True, blank=True, help_text="as the text itself says, when it does")
    kind = models.CharField(max_length=20, choices=Kind)
    commit = models.CharField(max_length=64, blank=True)
    source_file = models.CharField(max_length=300)
    is_stub = models.BooleanField(default=False, help_text="a redirect or an empty page was recorded, not the terms")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["document", "recorded_at"], name="one_version_per_document_and_moment")
        ]
        ordering = ["document", "-recorded_at"]

    @property
    def wording_sha256(self) -> str:
        """Equal for versions that say the same; reads the text's row."""
        return self.text.normalised_sha256

    @property
    def label(self) -> str:
        return (self.effective_from or self.recorded_at.date()).isoformat()

    def get_absolute_url(self) -> str:
        return reverse("policies:version", args=[self.document.slug, self.pk])

    def __str__(self) -> str:
        return f"{self.document}, {self.label}"


class Clause(AuditedModel):
    """A part of a text with an address that stays the same while the text around it changes."""

    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="clauses")
    address = models.CharField(max_length=300)
    number = models.CharField(max_length=40, blank=True)
    heading = models.CharField(max_length=500, blank=True)
    path = models.JSONField(default=list, blank=True, help_text="headings above it, outermost first")
    content = models.TextField()
    ordinal = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["text", "address"], name="one_clause_per_address"),
            models.UniqueConstraint(fields=["text", "ordinal"], name="clauses_are_in_one_order"),
        ]
        ordering = ["text", "ordinal"]

    @property
    def label(self) -> str:
        return label_of(self.number, self.heading, self.content)

    @property
    def place(self) -> str:
        """Where it stands, for a citation: its number, else its heading, else those of the sections around it."""
        return self.number or self.heading or ", ".join(f"“{part}”" for part in self.path) or self.label

    @property
    def title(self) -> str:
        """The line that stands alone above the text, as a section has it; "" where the heading is part of the text."""
        first, _, _ = self.content.partition("\n\n")
        return first if self.heading and len(first) <= len(self.number) + len(self.heading) + 4 else ""

    @property
    def body(self) -> str:
        """The text without its title."""
        return self.content.removeprefix(self.title).lstrip("\n")

    def __str__(self) -> str:
        return self.number or self.heading or self.address
