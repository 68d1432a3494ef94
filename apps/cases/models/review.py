"""The two-person rule in columns: what one person puts forward counts when another one has reviewed it."""

from django.db import models

from apps.cases.models.case import OfCase
from apps.core.constraints import both_or_neither, different


class Reviewed(OfCase):
    """Who reviewed it, when, and what they said; all empty while it waits."""

    reviewed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    review_note = models.TextField(blank=True)

    class Meta(OfCase.Meta):
        abstract = True


class Proposed(Reviewed):
    """What one person proposes and another one reviews."""

    proposed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()

    class Meta(Reviewed.Meta):
        abstract = True


def two_people(
    author: str, *, without_review: models.Q, others: str, timed: str, signed: str, message: str
) -> list[models.CheckConstraint]:
    """The rule as constraints: the reviewer is not the `author`, and there is one in all states but `without_review`.

    `others`, `timed` and `signed` are the constraints' names; `message` explains the first to whoever meets it.
    """
    return [
        models.CheckConstraint(
            condition=different(author, "reviewed_by"), name=others, violation_error_message=message
        ),
        models.CheckConstraint(condition=both_or_neither("reviewed_by", "reviewed_at"), name=timed),
        models.CheckConstraint(condition=without_review | models.Q(reviewed_by__isnull=False), name=signed),
    ]
