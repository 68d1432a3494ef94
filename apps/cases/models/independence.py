from django.db import models

from apps.cases.models.case import Case, OfCase
from apps.core.constraints import both_or_neither, different


class Independence(OfCase):
    """Why some lines of evidence do not depend on one another: argued by one person, reviewed by another.

    Only such lines may have their likelihood ratios multiplied (see `strength`).
    """

    class State(models.TextChoices):
        ARGUED = "argued", "Argued"
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="independences")
    groups = models.JSONField(help_text="dependency groups of exhibits that the argument is about")
    argument = models.TextField(help_text="why an error in one line would not bring the same error into the others")
    state = models.CharField(max_length=10, choices=State, default=State.ARGUED)
    argued_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    argued_at = models.DateTimeField()
    reviewed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    review_note = models.TextField(blank=True)

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(state__in=["argued", "accepted"]),
                name="one_independence_argument_stands",
                violation_error_message="An argument stands already: it is refused before another one is made.",
            ),
            models.CheckConstraint(
                condition=different("argued_by", "reviewed_by"),
                name="independence_is_reviewed_by_another_person",
                violation_error_message="Another person reviews the argument than the one who made it.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("reviewed_by", "reviewed_at"), name="an_independence_review_has_its_time"
            ),
            models.CheckConstraint(
                condition=models.Q(state="argued") | models.Q(reviewed_by__isnull=False),
                name="a_reviewed_independence_has_its_reviewer",
            ),
        ]

    def __str__(self) -> str:
        return f"independence of {', '.join(self.groups)}"
