"""Events, and the lists of rows that a batch wrote.

An event is one thing that one actor did to one object, or a batch of rows it wrote at once. Only `Event.body` is
hashed: the other columns are an index of it, and `verify_trail` checks that they say the same.
"""

from django.db import models

from apps.audit.models.audited import append_only
from apps.audit.reads.table import READS
from apps.core.constraints import both_or_neither


class Event(models.Model):
    """One entry. Holds no foreign key: history outlives rows."""

    event_uuid = models.UUIDField(unique=True)
    xid = models.PositiveBigIntegerField(
        db_default=models.Func(function="audit_current_xid", output_field=models.PositiveBigIntegerField()),
        help_text="the transaction that wrote it; the sequencer reads by it",
    )
    occurred_at = models.DateTimeField()
    act_uuid = models.UUIDField(help_text="the call of an action that wrote it; several events may belong to one")
    actor = models.CharField(max_length=100)
    actor_kind = models.CharField(max_length=10)
    on_behalf_of = models.CharField(max_length=100, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=100)
    object_type = models.CharField(max_length=63, blank=True, help_text="table of the object")
    object_id = models.UUIDField(null=True)
    tables = models.JSONField(null=True, help_text="tables of a batch; their rows are in its manifests")
    case_id = models.UUIDField(null=True)
    case_seq = models.PositiveIntegerField(null=True)
    reason = models.TextField(blank=True)
    schema_version = models.PositiveSmallIntegerField(default=1)
    body = models.BinaryField(help_text="canonical JSON; exactly these bytes are the leaf")
    body_sha256 = models.BinaryField()
    seal = models.BinaryField(help_text="HMAC of the body under a key that the database does not hold")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(actor=""), name="an_event_names_its_actor"),
            models.CheckConstraint(condition=~models.Q(action=""), name="an_event_names_its_verb"),
            models.UniqueConstraint(fields=["case_id", "case_seq"], name="case_events_are_numbered_once"),
            models.CheckConstraint(
                condition=both_or_neither("case_id", "case_seq"),
                name="a_case_event_has_its_number",
            ),
        ]
        indexes = [
            models.Index(fields=["xid", "id"], name="event_in_log_order"),
            models.Index(
                fields=["object_type", "object_id", "id"],
                name="event_of_object",
                condition=models.Q(object_id__isnull=False),
            ),
            models.Index(fields=["xid"], name="event_of_batch", condition=models.Q(tables__isnull=False)),
            models.Index(fields=["actor", "-id"], name="event_of_actor"),
            # Counts of reads over days; other events pay nothing for it.
            models.Index(fields=["occurred_at"], name="event_that_reads", condition=models.Q(action__in=sorted(READS))),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.action} by {self.actor} at {self.occurred_at:%Y-%m-%d %H:%M:%S}"


class Manifest(models.Model):
    """The rows that a batch wrote: 16 bytes of id and 32 of SHA-256 over `to_jsonb(row)::text`, sorted by id.

    `content` holds the rows themselves (see contents). It can be erased, and everything else stays as it is.
    """

    pk = models.CompositePrimaryKey("event_uuid", "ordinal")
    event_uuid = models.UUIDField()
    ordinal = models.PositiveSmallIntegerField()
    table_name = models.CharField(max_length=63)
    rows = models.BinaryField()
    content = models.BinaryField(null=True)

    class Meta:
        indexes = [models.Index(fields=["table_name"], name="manifest_of_table")]
        triggers = append_only(columns=["event_uuid", "ordinal", "table_name", "rows"])

    def __str__(self) -> str:
        return f"{len(self.rows) // 48} rows of {self.table_name}"


class CaseCounter(models.Model):
    """The last event number of a case. A hole in the numbers is a missing event."""

    case_id = models.UUIDField(primary_key=True)
    seq = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.case_id}: {self.seq}"
