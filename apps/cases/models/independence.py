from django.db import models

from apps.cases.models.case import Case
from apps.cases.models.review import Reviewed, two_people


class Independence(Reviewed):
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

    class Meta(Reviewed.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(state__in=["argued", "accepted"]),
                name="one_independence_argument_stands",
                violation_error_message="An argument stands already: it is refused before another one is made.",
            ),
            *two_people(
                "argued_by",
                without_review=models.Q(state="argued"),
                others="independence_is_reviewed_by_another_person",
                timed="an_independence_review_has_its_time",
                signed="a_reviewed_independence_has_its_reviewer",
                message="Another person reviews the argument than the one who made it.",
            ),
        ]

    def __str__(self) -> str:
        return f"independence of {', '.join(self.groups)}"
