from django.db import models
from django.urls import reverse

from apps.accounts.models import Account
from apps.core.constraints import both_or_neither
from apps.evidence.models.once import written_once
from apps.evidence.models.registry.base import Registered


class Canary(Registered):
    """A text that was served to one account and to nobody else, so that a copy of our output can be told by it.

    Its digest is what tests name. The words themselves are for those who need them: they are kept only where somebody
    has to look for them, and the trail never has them.
    """

    PRIVATE = frozenset({"text"})

    ref = models.CharField(max_length=20)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="canaries")
    text_sha256 = models.CharField(max_length=64, help_text="of its words in UTF-8")
    text = models.TextField(blank=True, help_text="the words; empty where they are kept elsewhere")
    candidates = models.PositiveBigIntegerField(null=True, help_text="as many texts it was drawn from, at random")
    placed = models.CharField(max_length=300, help_text="where in the answers it was served, and how often")
    planted_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, help_text="from then on it was served no more")
    retired_by = models.CharField(max_length=100, null=True, help_text="actor")
    retired_why = models.CharField(max_length=300, blank=True)

    class Meta(Registered.Meta):
        abstract = False
        triggers = written_once(but=("retired_at", "retired_by", "retired_why"))
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_canary_per_reference"),
            models.UniqueConstraint(
                fields=["text_sha256"],
                name="a_canary_is_planted_once",
                violation_error_message="These words were planted already: a canary is for one account alone.",
            ),
            models.CheckConstraint(
                condition=models.Q(text_sha256__regex=r"^[0-9a-f]{64}$"),
                name="a_canary_has_its_digest",
                violation_error_message="The digest is a SHA-256 in 64 hexadecimal digits.",
            ),
            models.CheckConstraint(
                condition=models.Q(candidates__isnull=True) | models.Q(candidates__gt=1),
                name="a_canary_is_drawn_from_several",
                violation_error_message="A canary is drawn from at least two texts.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("retired_at", "retired_by")
                & (models.Q(retired_at__isnull=True) | ~models.Q(retired_why="")),
                name="a_retired_canary_says_who_and_why",
                violation_error_message="Say why the canary is retired.",
            ),
            models.CheckConstraint(
                condition=models.Q(retired_at__isnull=True) | models.Q(retired_at__gte=models.F("planted_at")),
                name="a_canary_is_retired_after_it_was_planted",
                violation_error_message="The canary is retired before it was planted.",
            ),
        ]
        indexes = [models.Index(fields=["account", "planted_at"], name="canary_of_account")]
        verbose_name_plural = "canaries"

    def get_absolute_url(self) -> str:
        return reverse("evidence:canary", args=[self.ref])

    def __str__(self) -> str:
        return self.ref
