from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from apps.core.ids import uuid7
from apps.core.sealed import unseal


class Counter(models.Model):
    """The last number given out, by kind of reference and year. Written by `ids.next_reference` only."""

    kind = models.CharField(max_length=16)
    year = models.PositiveIntegerField()
    value = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="one_counter_per_kind_and_year")]

    def __str__(self) -> str:
        return f"{self.kind}-{self.year}-{self.value}"


class CacheEntry(models.Model):
    """What all processes remember for a while. Written by `cache.SharedCache` only."""

    key = models.TextField(primary_key=True)
    value = models.JSONField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="cache_entry_expiry")]

    def __str__(self) -> str:
        return self.key


class Job(models.Model):
    """Work to do after a commit. The row is the queue; see `jobs`."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=200, help_text="what it is about; a kind is done once for a key")
    actor = models.CharField(max_length=100, help_text="on whose behalf")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    waits_for = models.CharField(max_length=32, blank=True, help_text="what it was put back for; see `jobs.Later`")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="a_job_is_done_once_for_its_key"),
            models.CheckConstraint(
                condition=models.Q(state="waiting") ^ models.Q(finished_at__isnull=False),
                name="a_finished_job_has_its_time",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="job_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Endpoint(models.Model):
    """An address outside, and the secret that messages to it are signed with; see `outbox`."""

    SEALED_FOR: ClassVar[bytes]  # the purpose that its secrets are sealed for

    url = models.CharField(max_length=500)
    sealed_secret = models.CharField(max_length=200)
    sealed_previous = models.CharField(max_length=200, blank=True)
    previous_until = models.DateTimeField(null=True, help_text="messages are signed with the secret before as well")
    is_active = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.url

    @property
    def secret(self) -> str:
        """As the receiver has it: `whsec_` and base64."""
        return unseal(self.sealed_secret, self.SEALED_FOR)

    def secrets_at(self, moment: datetime) -> list[str]:
        """What a message of that moment is signed with: the newest first, and the one before until its end."""
        if self.previous_until is None or moment >= self.previous_until:
            return [self.secret]
        return [self.secret, unseal(self.sealed_previous, self.SEALED_FOR)]


class Outgoing(models.Model):
    """One message to an endpoint: the row is the queue, see `outbox`. Its attempts are its `tries`."""

    TO: ClassVar[str]  # name of the field that refers to its endpoint

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    body = models.TextField(help_text="exactly these bytes are signed and sent, each time")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="since it was asked for, or replayed")
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    tries: Any

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.message_id

    @property
    def endpoint(self) -> Endpoint:
        return getattr(self, self.TO)

    @property
    def message_id(self) -> str:
        """The same for every attempt, so that a receiver can tell a repeat."""
        return f"msg_{self.id.hex}"


class Try(models.Model):
    """One try to deliver: written before it is made, so that one that killed its worker is seen."""

    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="of HTTP; none where nothing answered")
    problem = models.CharField(max_length=300, blank=True, help_text="why it counts as failed, in words")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.status or 'no answer'}"
