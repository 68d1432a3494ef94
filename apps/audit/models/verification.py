"""Verifications and what they found."""

import json
from datetime import UTC

from django.db import models

from apps.core.constraints import both_or_neither


class Verification(models.Model):
    """One verification of the trail: how far it is, or what it found. A verification that held is where the next one
    goes on from, so that nobody but casemgr may be able to write one: `seal` is an HMAC, as of an event."""

    number = models.PositiveIntegerField(primary_key=True, help_text="from 1")
    started_at = models.DateTimeField()
    told_at = models.DateTimeField(help_text="when it last said how far it is")
    finished_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=100)
    on_behalf_of = models.CharField(max_length=100, blank=True)
    is_full = models.BooleanField()
    seconds = models.FloatField(default=0)
    state = models.JSONField(help_text="what it goes on from, as portions.State")
    holds = models.BooleanField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=100, blank=True)
    acknowledgement = models.TextField(blank=True)
    seal = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=both_or_neither("finished_at", "holds"),
                name="a_finished_verification_has_its_verdict",
            ),
            models.CheckConstraint(
                condition=models.Q(acknowledged_at__isnull=True, acknowledged_by="", acknowledgement="")
                | (models.Q(acknowledged_at__isnull=False, holds=False) & ~models.Q(acknowledgement="")),
                name="findings_are_acknowledged_in_words",
                violation_error_message="Say what was found out and what is being done.",
            ),
        ]

    def __str__(self) -> str:
        return f"verification {self.number}"

    @property
    def sealed_text(self) -> bytes:
        columns = [f for f in self._meta.concrete_fields if f.name not in ("seal", "told_at")]
        values = {f.name: f.to_python(getattr(self, f.attname)) for f in columns}
        for name, value in values.items():
            if hasattr(value, "astimezone"):
                values[name] = value.astimezone(UTC).isoformat(timespec="microseconds")
        return b"verification " + json.dumps(values, sort_keys=True).encode()

    @property
    def share(self) -> int:
        """How much is done, in hundredths."""
        done, of = self.state.get("done", 0), self.state.get("of", 0)
        return 100 if self.finished_at else min(99, 100 * done // of) if of else 0
