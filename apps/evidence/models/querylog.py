from typing import Any

from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither
from apps.evidence.models.items import Item
from apps.evidence.models.once import WRITTEN_ONCE
from apps.evidence.querylogs import columns
from apps.evidence.querylogs.figures import FIGURES

AT_WORK = ("proposed", "reading", "assembling", "profiling")


class QueryLog(AuditedModel):
    """One reading of an item as a query log: what its columns mean, its rows in one shape, and its figures.

    The item stays as it is. Nothing of the log's content stands here: samples are read from the file again, and rows
    that could not be read lie in an item of their own.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Columns to confirm"
        READING = "reading", "Being read"
        ASSEMBLING = "assembling", "Being sorted"
        PROFILING = "profiling", "Being counted"
        READY = "ready", "Profiled"
        FAILED = "failed", "Failed"
        GIVEN_UP = "given_up", "Given up"

    ref = models.CharField(max_length=20)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="query_logs")
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    shape = models.JSONField(help_text="format, packing, separator and names of columns, as told by the file's content")
    columns = models.JSONField(help_text="role -> column: proposed, then as confirmed")
    time_form = models.CharField(max_length=8, blank=True, help_text="how it says times: iso, native or a unit")
    zone = models.CharField(max_length=60, blank=True, help_text="of times that name none, as a person said")
    asked = models.JSONField(default=dict, help_text="what a person added: prices, releases, rule of bursts")
    benchmark = models.ForeignKey(
        Item, on_delete=models.PROTECT, null=True, related_name="compared_with", help_text="list of known prompts"
    )
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=100, help_text="actor")
    mapped_at = models.DateTimeField(null=True)
    mapped_by = models.CharField(max_length=100, null=True, help_text="actor who confirmed the columns")
    step = models.PositiveIntegerField(default=0, help_text="how often work on it went on")
    parts = models.PositiveIntegerField(default=0, help_text="parts that were read")
    next_at = models.PositiveBigIntegerField(default=0, help_text="where reading goes on: byte, or row group")
    rows_read = models.PositiveBigIntegerField(default=0)
    rows_kept = models.PositiveBigIntegerField(default=0)
    rows_rejected = models.PositiveBigIntegerField(default=0)
    reasons = models.JSONField(default=dict, help_text="reason -> rejected rows")
    normalised = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, related_name="+", help_text="as Parquet")
    rejects = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, related_name="+", help_text="rejected rows")
    profile = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, related_name="+", help_text="the figures")
    problem = models.TextField(blank=True, help_text="why it failed or was given up")
    finished_at = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_query_log_per_reference"),
            models.UniqueConstraint(
                fields=["item"],
                condition=models.Q(state__in=AT_WORK),
                name="one_reading_of_a_log_at_a_time",
                violation_error_message="This log is being read already. Wait for it, or give that reading up.",
            ),
            models.CheckConstraint(
                condition=models.Q(rows_read=models.F("rows_kept") + models.F("rows_rejected")),
                name="rows_in_are_rows_out_and_rejected",
            ),
            models.CheckConstraint(
                condition=both_or_neither("mapped_at", "mapped_by")
                & (models.Q(mapped_at__isnull=False) | models.Q(state__in=("proposed", "given_up"))),
                name="a_person_confirms_columns_before_they_are_read",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("failed", "given_up")) ^ models.Q(problem=""),
                name="a_log_that_was_not_read_says_why",
                violation_error_message="Say why.",
            ),
            models.CheckConstraint(
                condition=models.Q(normalised__isnull=False) | ~models.Q(state__in=("profiling", "ready")),
                name="figures_are_of_a_normalised_log",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("ready", "failed", "given_up")) ^ models.Q(finished_at__isnull=True),
                name="a_finished_log_has_its_time",
            ),
        ]
        indexes = [models.Index(fields=["-opened_at", "-id"], name="query_log_newest_first")]

    def __str__(self) -> str:
        return f"{self.ref} {self.item.title}"

    def get_absolute_url(self) -> str:
        name = "evidence:map_log" if self.state == self.State.PROPOSED else "evidence:log"
        return reverse(name, args=[self.ref])

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK and self.state != self.State.PROPOSED

    @property
    def roles(self) -> tuple[str, ...]:
        """The columns it has, by what they mean."""
        return tuple(role.name for role in columns.ROLES if self.columns.get(role.name))

    @property
    def missing(self) -> list[str]:
        """What it has no column for, in words."""
        return [columns.BY_NAME[name].title for name in columns.missing(self.columns)]

    @property
    def progress(self) -> str:
        """How far it is, in words."""
        match self.state:
            case self.State.READING:
                of = f" of {self.shape['rows']:,}" if self.shape.get("rows") else ""
                return f"{self.rows_read:,}{of} rows read so far, {self.rows_rejected:,} of them rejected."
            case self.State.ASSEMBLING:
                return f"{self.rows_kept:,} rows are being sorted by time and written as one file."
            case self.State.PROFILING:
                return f"{self.figures.filter(again_of=None).count()} of {len(FIGURES)} figures computed."
            case self.State.READY:
                return f"{self.rows_kept:,} rows counted, {self.rows_rejected:,} rejected."
        return ""


class Figure(AuditedModel):
    """One figure of a query log, with all that is needed to compute it again. Written once; computing it again makes
    another, which says whether it is the same."""

    PRIVATE = frozenset({"value"})  # it names accounts

    log = models.ForeignKey(QueryLog, on_delete=models.PROTECT, related_name="figures")
    name = models.CharField(max_length=40)
    again_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="again")
    sql = models.TextField(blank=True, help_text="exactly as it was run; `log` is the input")
    input_sha256 = models.CharField(max_length=64, help_text="of the normalised log")
    engine = models.CharField(max_length=60, help_text="name and version")
    settings = models.JSONField(help_text="of the engine and of the rule")
    counting = models.TextField(help_text="what is counted how, in words")
    value = models.JSONField(null=True, help_text="sentence, numbers and a table")
    why_not = models.CharField(max_length=300, blank=True, help_text="why there is no value")
    differs = models.JSONField(default=list, help_text="sentences: how it differs from the figure it repeats")
    seconds = models.FloatField(help_text="that it took")
    computed_at = models.DateTimeField()

    class Meta(AuditedModel.Meta):
        triggers = WRITTEN_ONCE
        constraints = [
            models.UniqueConstraint(
                fields=["log", "name"], condition=models.Q(again_of__isnull=True), name="one_first_value_of_a_figure"
            ),
            models.CheckConstraint(
                condition=models.Q(value__isnull=False) ^ ~models.Q(why_not=""),
                name="a_figure_has_a_value_or_says_why_not",
            ),
        ]
        indexes = [models.Index(fields=["log", "computed_at", "id"], name="figures_of_log")]

    def __str__(self) -> str:
        return f"{self.title} of {self.log.ref}"

    def get_absolute_url(self) -> str:
        return reverse("evidence:figure", args=[self.log.ref, self.name])

    @property
    def title(self) -> str:
        return FIGURES[self.name].title if self.name in FIGURES else self.name

    @property
    def sentence(self) -> str:
        found: dict[str, Any] = self.value or {}
        return str(found.get("sentence") or self.why_not)
