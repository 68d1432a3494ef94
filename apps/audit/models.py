"""The trail's tables, and the fence around every audited model.

An event is one thing that one actor did to one object, or a batch of rows it wrote at once. Only `Event.body` is
hashed: the other columns are an index of it, and `verify_trail` checks that they say the same. Tables of the log have
no surrogate keys, so that every column of every row says something that can be checked.
"""

import json
from collections.abc import Sequence
from datetime import UTC

import pgtrigger
from django.apps import apps
from django.db import models

from apps.audit import fence
from apps.audit.reads.table import READS
from apps.core.constraints import both_or_neither
from apps.core.ids import uuid7


class AuditedQuerySet(models.QuerySet):
    """Refuses to write outside the ledger, by every door the ORM has."""

    def _insert(self, *args, **kwargs):
        fence.require_open(self.model)
        return super()._insert(*args, **kwargs)  # type: ignore[misc] # private to the ORM

    def _update(self, values):
        fence.require_open(self.model)
        return super()._update(values)  # type: ignore[misc]

    def _raw_delete(self, using):
        fence.require_open(self.model)
        return super()._raw_delete(using)

    def update(self, **kwargs):
        fence.require_open(self.model)
        return super().update(**kwargs)

    def delete(self):
        fence.require_open(self.model)
        return super().delete()

    def bulk_create(self, *args, **kwargs):
        fence.require_open(self.model)
        return super().bulk_create(*args, **kwargs)

    def bulk_update(self, *args, **kwargs):
        fence.require_open(self.model)
        return super().bulk_update(*args, **kwargs)

    for _writes in (update, delete, bulk_create, bulk_update):
        _writes.alters_data = True  # type: ignore[attr-defined] # templates may not call them


class Guard(pgtrigger.Trigger):
    """A trigger that runs a function of the first migration, so that `pgtrigger.ignore` cannot switch it off."""

    def __init__(self, function: str, **options) -> None:
        super().__init__(func="RETURN NULL;", **options)
        self.function = function

    def render_execute(self, model: models.Model) -> str:
        return f"{self.function}()"


# Functions that guards ask and no migration has, since they follow from what rooms register: name -> what it says.
GUARD_FUNCTIONS: dict[str, str] = {}


class AuditedModel(models.Model):
    """A row that changes only through `ledger`, inside an `@action`.

    `PRIVATE` names columns with personal data or secrets: the trail holds a commitment to them, and the value lies in
    `PrivateValue`, where it can be erased. `case_id_of_event` says whose case file an event belongs to.
    """

    PRIVATE: frozenset[str] = frozenset()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    objects = AuditedQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        triggers: list[pgtrigger.Trigger] = [
            *(
                Guard(
                    "audit_guard",
                    name=f"needs_event_{name}",
                    level=pgtrigger.Statement,
                    when=pgtrigger.After,
                    operation=operation,
                    referencing=pgtrigger.Referencing(**{rows: "touched_rows"}),
                )
                for name, operation, rows in (
                    ("insert", pgtrigger.Insert, "new"),
                    ("update", pgtrigger.Update, "new"),
                    ("delete", pgtrigger.Delete, "old"),
                )
            ),
            Guard(
                "audit_refuse",
                name="no_truncate",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
            ),
            Guard("audit_refuse_held", name="what_is_held_stays", when=pgtrigger.Before, operation=pgtrigger.Delete),
        ]

    @property
    def case_id_of_event(self):
        return None

    def save_base(self, *args, **kwargs):
        fence.require_open(type(self))
        return super().save_base(*args, **kwargs)

    def delete(self, *args, **kwargs):
        fence.require_open(type(self))
        return super().delete(*args, **kwargs)


class DerivedModel(models.Model):
    """Rows that follow from audited rows and are kept only so that they are found fast.

    They have no events of their own: `verify` holds them against SOURCE, a query of audited tables that gives their
    columns in order. Where `IS_WHOLE`, all that it gives has to be there; else what is there has to be among it. So
    they need no foreign keys, which would cost more than the rows themselves.
    """

    SOURCE: str
    IS_WHOLE = True

    class Meta:
        abstract = True


def derived_models() -> list[type[DerivedModel]]:
    return [model for model in apps.get_models() if issubclass(model, DerivedModel)]


def audited_models() -> list[type[AuditedModel]]:
    """Every table that the trail answers for."""
    return [model for model in apps.get_models() if issubclass(model, AuditedModel) and not model._meta.proxy]


def append_only(name: str = "append_only", columns: Sequence[str] = ()) -> list[pgtrigger.Trigger]:
    """Seat belts against update (of these columns, if given), delete and truncate. The Merkle log is what detects those
    who take them off."""
    update = pgtrigger.UpdateOf(*columns) if columns else pgtrigger.Update
    return [
        Guard("audit_refuse", name=name, when=pgtrigger.Before, operation=update | pgtrigger.Delete),
        Guard(
            "audit_refuse",
            name=f"{name}_table",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
        ),
    ]


def erased_on_record(*guards: str) -> list[pgtrigger.Trigger]:
    """Personal data goes by an erasure or by retention, which say in the trail what went, and in no other way. Each of
    `guards` is a function that may refuse it before."""
    return [
        Guard("audit_refuse", name="stays_as_it_is", when=pgtrigger.Before, operation=pgtrigger.Update),
        Guard(
            "audit_refuse",
            name="not_emptied_at_once",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
        ),
        *(
            Guard(function, name=function.removeprefix("audit_"), when=pgtrigger.Before, operation=pgtrigger.Delete)
            for function in guards
        ),
        Guard(
            "audit_require_erasure",
            name="erased_on_record",
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            timing=pgtrigger.Deferred,
        ),
    ]


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


class SubjectKey(models.Model):
    """The data key of one subject, wrapped. Without it the subject's private values cannot be read by anyone."""

    subject = models.CharField(max_length=100, primary_key=True)
    wrapped = models.BinaryField()

    class Meta:
        triggers = erased_on_record("audit_key_goes_last")

    def __str__(self) -> str:
        return self.subject


class PrivateValue(models.Model):
    """A value to which an event's body holds only a commitment. Erasing it leaves every proof valid."""

    pk = models.CompositePrimaryKey("event_uuid", "field")
    event_uuid = models.UUIDField()
    field = models.CharField(max_length=80, help_text="column, with .new")
    subject = models.CharField(max_length=100)
    nonce = models.BinaryField()
    ciphertext = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["subject"], name="private_value_of_subject")]
        triggers = erased_on_record("audit_refuse_held_value")

    def __str__(self) -> str:
        return f"{self.subject} {self.field}"


class Leaf(models.Model):
    """The event's place in the log. Written by the sequencer alone, like everything below."""

    idx = models.PositiveBigIntegerField(primary_key=True)
    event_id = models.PositiveBigIntegerField(unique=True)
    xid = models.PositiveBigIntegerField(help_text="the event's transaction, which its body does not say")
    hash = models.BinaryField()

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return f"leaf {self.idx}"


class Tile(models.Model):
    """256 hashes of a level, side by side (C2SP tlog-tiles); the last one of a level may be partial and grows."""

    pk = models.CompositePrimaryKey("level", "n")
    level = models.PositiveSmallIntegerField()
    n = models.PositiveBigIntegerField()
    hashes = models.BinaryField()

    def __str__(self) -> str:
        return f"tile {self.level}/{self.n}"


class LogState(models.Model):
    """One row: how far the sequencer is."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.PositiveBigIntegerField(default=0)
    signed = models.PositiveBigIntegerField(
        default=0, help_text="size of the last checkpoint; entries from here on wait for their signature"
    )
    checkpoints = models.PositiveBigIntegerField(default=0, help_text="number of the last checkpoint")
    low_xid = models.PositiveBigIntegerField(default=0, help_text="no unsequenced event is older than this transaction")
    low_id = models.PositiveBigIntegerField(
        default=0, help_text="of that transaction, events up to this number are in the log"
    )
    system_identifier = models.CharField(
        max_length=20, blank=True, help_text="the database cluster; transaction numbers of another mean nothing here"
    )
    seal = models.BinaryField(help_text="HMAC of the other columns, as of an event")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_log"),
            models.CheckConstraint(
                condition=models.Q(signed__lte=models.F("size")), name="what_is_signed_is_in_the_log"
            ),
        ]

    def __str__(self) -> str:
        return f"log of {self.size}"

    @property
    def sealed_text(self) -> bytes:
        mark = f"{self.low_xid} {self.low_id}"
        return f"{self.size} {self.signed} {self.checkpoints} {mark} {self.system_identifier}".encode()


class Checkpoint(models.Model):
    """A signed statement of size and root (C2SP tlog-checkpoint as a signed-note)."""

    number = models.PositiveBigIntegerField(primary_key=True, help_text="from 1 without holes")
    size = models.PositiveBigIntegerField(unique=True)
    note = models.TextField()
    signed_at = models.DateTimeField()
    seal = models.BinaryField(help_text="HMAC of the other columns, as of an event")

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return f"checkpoint {self.size}"

    @property
    def sealed_text(self) -> bytes:
        return f"{self.number} {self.size} {self.signed_at:%Y-%m-%dT%H:%M:%S.%f} {self.note}".encode()


class Anchor(models.Model):
    """What an outside party said about a checkpoint: a witness's cosignature, a time stamp, a stored copy.

    Kept only once it was verified. It proves itself, by the party's own signature, so it needs no seal.
    """

    class Kind(models.TextChoices):
        WITNESS = "witness", "Witness"
        TIMESTAMP = "timestamp", "Time-stamping authority"
        COPY = "copy", "Write-once store"

    size = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    party = models.CharField(max_length=200)
    token = models.BinaryField(help_text="signature lines; DER of a TimeStampResp; the copy word for word")
    stated_at = models.DateTimeField(null=True, help_text="the time that the party itself put into the token")
    obtained_at = models.DateTimeField()
    verified_at = models.DateTimeField(help_text="its signature was right, or the copy read again was the same")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "party", "size"], name="a_party_anchors_a_checkpoint_once"),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="an_anchor_holds_something"),
            models.CheckConstraint(condition=~models.Q(party=""), name="an_anchor_names_its_party"),
            models.CheckConstraint(
                condition=models.Q(kind="copy") | models.Q(stated_at__isnull=False),
                name="a_witness_and_an_authority_state_the_time",
            ),
        ]
        indexes = [models.Index(fields=["size"], name="anchor_of_checkpoint")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_kind_display().lower()} {self.party} of {self.size}"


class AnchorParty(models.Model):
    """How it goes with one outside party: when it last answered, why not since, and when it is asked again."""

    name = models.CharField(max_length=200, primary_key=True)
    tried_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(help_text="it is not asked earlier")
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(failing_since__isnull=True, failures=0, problem="")
                | (models.Q(failing_since__isnull=False, failures__gt=0) & ~models.Q(problem="")),
                name="a_party_that_fails_says_since_when_and_why",
            )
        ]

    def __str__(self) -> str:
        return self.name


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
