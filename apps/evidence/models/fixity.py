from django.db import models

from apps.audit.models import AuditedModel


class FixityRun(AuditedModel):
    """Files of the vault measured one after the other, those first whose last measurement is oldest."""

    class Kind(models.TextChoices):
        SAMPLE = "sample", "Nightly sample"
        FULL = "full", "Every file"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    store = models.CharField(max_length=200, help_text="where the files lay")
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=100, help_text="actor")
    finished_at = models.DateTimeField(null=True)
    step = models.PositiveIntegerField(default=0, help_text="how often it went on")
    total = models.PositiveIntegerField(help_text="files to measure")
    measured = models.PositiveIntegerField(default=0)
    byte_count = models.PositiveBigIntegerField(default=0)
    damaged = models.JSONField(default=list, help_text="hashes of files that are not what they were")
    missing = models.JSONField(default=list, help_text="hashes of files that are not there")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["store"],
                condition=models.Q(state="running"),
                name="one_fixity_run_at_a_time",
                violation_error_message="The files are being measured already.",
            ),
            models.CheckConstraint(
                condition=models.Q(state="done") ^ models.Q(finished_at__isnull=True), name="a_done_run_has_its_time"
            ),
            models.CheckConstraint(
                condition=models.Q(measured__lte=models.F("total")), name="no_more_is_measured_than_there_is"
            ),
        ]
        indexes = [models.Index(fields=["-started_at"], name="fixity_newest_first")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.started_at:%Y-%m-%d %H:%M}"


class StoredFile(models.Model):
    """A file that records name, and what the last measurement of it found. The runs are what is audited."""

    class Outcome(models.TextChoices):
        INTACT = "intact", "Intact"
        DAMAGED = "damaged", "Not what it was"
        MISSING = "missing", "Not there"

    sha256 = models.CharField(max_length=64, primary_key=True)
    measured_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(measured_at__isnull=True) ^ ~models.Q(outcome=""),
                name="a_measurement_has_its_outcome",
            )
        ]
        indexes = [
            models.Index(models.F("measured_at").asc(nulls_first=True), name="file_measured_longest_ago"),
            models.Index(
                fields=["sha256"], name="file_not_intact", condition=models.Q(outcome__in=("damaged", "missing"))
            ),
        ]

    def __str__(self) -> str:
        return self.sha256
