"""What parties outside have confirmed of the log."""

from django.db import models

from apps.audit.models.audited import append_only


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
