from django.db import models


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
