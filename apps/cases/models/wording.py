from django.db import models

from apps.cases.models.case import Case, OfCase


class AllowedWording(OfCase):
    """Words that counsel lets stand in what is written about a case, though the check objects, and why (R8)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="allowed_wordings")
    words = models.CharField(max_length=100, help_text="as they are written, in small letters")
    reason = models.TextField(help_text="what carries them")
    allowed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    allowed_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["case", "words"],
                name="words_are_allowed_once",
                violation_error_message="These words are allowed in this case already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""),
                name="words_are_allowed_for_a_reason",
                violation_error_message="Say what carries the words. (R8)",
            ),
        ]

    def __str__(self) -> str:
        return f"“{self.words}”"
