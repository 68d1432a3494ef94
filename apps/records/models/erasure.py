from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither, different


class Erasure(AuditedModel):
    """That somebody's personal data is to go, and what became of that. It names the subject by its row alone, so that
    it can be kept for ever."""

    class State(models.TextChoices):
        REQUESTED = "requested", "Requested"
        CARRIED_OUT = "carried_out", "Carried out"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Basis(models.TextChoices):
        """Regulation (EU) 2016/679 (GDPR), Article 17(1)."""

        NOT_NEEDED = "not_needed", "No longer needed for what it was collected for, Art. 17(1)(a)"
        CONSENT = "consent", "Consent was withdrawn, Art. 17(1)(b)"
        OBJECTION = "objection", "The person objects, Art. 17(1)(c)"
        UNLAWFUL = "unlawful", "It was processed unlawfully, Art. 17(1)(d)"
        OBLIGATION = "obligation", "The law asks for its erasure, Art. 17(1)(e)"

    ref = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, help_text="of subject, as `subjects.SUBJECTS` calls it")
    table_name = models.CharField(max_length=63)
    row_id = models.UUIDField()
    basis = models.CharField(max_length=12, choices=Basis)
    reason = models.TextField(help_text="what was asked, without personal data: this stays")
    received_on = models.DateField(help_text="when the person asked; the answer is due within a month, Art. 12(3)")
    state = models.CharField(max_length=12, choices=State, default=State.REQUESTED)
    requested_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(blank=True)
    result = models.JSONField(null=True, help_text="how many values, keys and rows were erased, and what was kept")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_erasure_per_reference"),
            models.UniqueConstraint(
                fields=["table_name", "row_id"],
                condition=models.Q(state="requested"),
                name="one_request_at_a_time_for_a_subject",
                violation_error_message="A request about this subject is waiting already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""),
                name="an_erasure_gives_its_reason",
                violation_error_message="Say what was asked.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("decided_by", "decided_at")
                & (
                    models.Q(state="requested", decided_by__isnull=True)
                    | ~models.Q(state="requested") & models.Q(decided_by__isnull=False)
                ),
                name="a_decided_erasure_says_by_whom",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="carried_out") | different("requested_by", "decided_by"),
                name="an_erasure_is_carried_out_by_another_person",
                violation_error_message="Another person carries an erasure out than the one who requested it.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["refused", "withdrawn"]) | ~models.Q(decision_note=""),
                name="a_refused_erasure_says_why",
                violation_error_message="Say why: the person is told (Art. 12(4)).",
            ),
            models.CheckConstraint(
                condition=models.Q(state="carried_out", result__isnull=False)
                | ~models.Q(state="carried_out") & models.Q(result__isnull=True),
                name="a_carried_out_erasure_says_what_went",
            ),
        ]
        indexes = [models.Index(fields=["-requested_at", "-id"], name="erasure_newest_first")]

    def get_absolute_url(self) -> str:
        return reverse("records:erasure", args=[self.ref])

    def __str__(self) -> str:
        return self.ref
