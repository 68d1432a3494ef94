"""Rules that keep known noise out of the queue for a while."""

from datetime import timedelta

from django.db import models
from django.urls import reverse
from django.utils import timezone

from apps.alerts.models.detector import Detector, Kind
from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither

LONGEST = timedelta(days=90)


def _names(scope: str, *fields: str) -> models.Q:
    """The rule is of this scope, and says what that needs and nothing else."""
    blank = {"key": "", "kind": "", "account_ref": "", "identifier_type": ""}
    said = models.Q(scope=scope, detector__isnull="detector" not in fields)
    for name, nothing in blank.items():
        same = models.Q(**{name: nothing})
        said &= ~same if name in fields else same
    return said


class Suppression(AuditedModel):
    """A rule that hides alerts until it expires; they are taken and kept as all others are."""

    class Scope(models.TextChoices):
        KEY = "key", "What a group is grouped by"
        DETECTOR = "detector", "A kind of alert of one detector"
        ACCOUNT = "account", "An account"
        IDENTIFIER = "identifier", "A type of indicator, when an alert has no other"

    scope = models.CharField(max_length=10, choices=Scope)
    key = models.CharField(max_length=250, blank=True)
    detector = models.ForeignKey(Detector, on_delete=models.PROTECT, null=True, related_name="suppressions")
    kind = models.CharField(max_length=20, choices=Kind, blank=True)
    account_ref = models.CharField(max_length=200, blank=True)
    identifier_type = models.CharField(max_length=64, blank=True)
    reason = models.TextField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=_names("key", "key")
                | _names("detector", "detector", "kind")
                | _names("account", "account_ref")
                | _names("identifier", "identifier_type"),
                name="a_rule_names_what_it_hides",
                violation_error_message="Name what the rule hides, and nothing else.",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("made_at"))
                & models.Q(expires_at__lte=models.F("made_at") + LONGEST),
                name="a_rule_expires_within_90_days",
                violation_error_message="A rule ends within 90 days; make it anew if it is still needed then.",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""),
                name="a_rule_has_its_reason",
                violation_error_message="Say why these alerts need nobody's attention.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("ended_at", "ended_by"), name="an_end_of_a_rule_has_its_person"
            ),
        ]
        indexes = [models.Index(fields=["-made_at", "-id"], name="suppression_newest_first")]

    @property
    def is_in_force(self) -> bool:
        return self.ended_at is None and self.expires_at > timezone.now()

    @property
    def what(self) -> str:
        """What it hides, in words."""
        if self.scope == self.Scope.KEY:
            return f"Alerts of the key {self.key}"
        if self.scope == self.Scope.DETECTOR:
            return f"{self.get_kind_display()} alerts of {self.detector}"
        if self.scope == self.Scope.ACCOUNT:
            return f"Alerts that name the account {self.account_ref} alone"
        return f"Alerts whose only indicators are of the type {self.identifier_type}"

    def get_absolute_url(self) -> str:
        return reverse("alerts:suppression", args=[self.pk])

    def __str__(self) -> str:
        return self.what
