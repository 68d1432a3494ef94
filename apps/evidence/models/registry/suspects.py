from django.db import models
from django.urls import reverse

from apps.evidence.models.registry.base import Registered


class SuspectModel(Registered):
    """Somebody else's model that may have been made from ours. Its endpoint is a note: it is never called from here."""

    name = models.CharField(max_length=200, help_text="with its version, as its publisher calls it")
    publisher = models.CharField(max_length=200, blank=True, help_text="empty where nobody knows")
    endpoint = models.CharField(max_length=500, blank=True, help_text="where it was reached, as text")
    first_seen_at = models.DateTimeField(null=True, help_text="when we first saw it, not when it came out")
    aliases = models.JSONField(default=list, help_text="other names that it goes by")
    notes = models.TextField(blank=True)

    class Meta(Registered.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["name", "publisher"],
                name="one_suspect_per_name_and_publisher",
                violation_error_message="This model of this publisher is registered already.",
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="a_suspect_has_a_name"),
        ]
        indexes = [models.Index(fields=["-registered_at", "-id"], name="suspect_newest_first")]

    def get_absolute_url(self) -> str:
        return reverse("evidence:suspect", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.name} ({self.publisher})" if self.publisher else self.name
