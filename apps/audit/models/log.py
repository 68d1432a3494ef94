"""The Merkle log. Its tables have no surrogate keys, so that every column of every row says something to be checked."""

from django.db import models

from apps.audit.models.audited import append_only


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
