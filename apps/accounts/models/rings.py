"""Rings: accounts that belong together, why we think so, and what people said about it."""

from django.db import models
from django.urls import reverse

from apps.accounts.models.records import Account, Identifier
from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither, refers_to

# Stages of the linkage as a column of a table has them.
STAGES = {
    "strong": "strong identifier",
    "merged": "merged part",
    "attached": "rare values",
    "synchrony": "rhythm",
    "confirmed": "a person",
}

# Kinds of edges as they stand in a sentence.
THINGS = {
    "email": "e-mail address",
    "email_domain": "e-mail domain",
    "email_pattern": "pattern of e-mail address",
    "phone": "telephone number",
    "payment": "payment instrument",
    "device": "device",
    "api_key": "API key",
    "ip_prefix": "address block",
    "asn": "autonomous system",
    "user_agent": "user agent",
    "template": "prompt template",
    "tool_schema": "tool schema",
    "other": "other identifier",
    "synchrony": "rhythm of requests",
}


class LinkageRun(AuditedModel):
    """One search for rings: among all accounts, or among those that are new and whatever they touch."""

    class Scope(models.TextChoices):
        FULL = "full", "All accounts"
        NEW = "new", "New accounts and what they touch"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    number = models.PositiveIntegerField()
    scope = models.CharField(max_length=4, choices=Scope, default=Scope.FULL)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    settings = models.JSONField(default=dict, help_text="method, its version, and every threshold it used")
    stage = models.CharField(max_length=80, blank=True, help_text="what it does at the moment, in words")
    input_sha256 = models.CharField(max_length=64, blank=True, help_text="of what it looked at, in a fixed order")
    newest = models.UUIDField(null=True, help_text="the youngest identifier that it looked at: what is younger is news")
    held = models.CharField(max_length=64, blank=True, help_text="the file with what it found, until that is written")
    accounts = models.PositiveIntegerField(default=0)
    identifiers = models.PositiveIntegerField(default=0)
    changes = models.JSONField(default=dict, blank=True, help_text="counts of what is different from the run before")
    asked_by = models.CharField(max_length=100, help_text="actor")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    stopped_why = models.CharField(max_length=300, blank=True)

    class Meta(AuditedModel.Meta):
        verbose_name = "linkage run"
        constraints = [
            models.UniqueConstraint(fields=["number"], name="one_linkage_run_per_number"),
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state="running"),
                name="one_linkage_run_at_a_time",
                violation_error_message="A run is under way: wait for it, or stop it.",
            ),
            models.CheckConstraint(
                condition=models.Q(state="running", ended_at__isnull=True)
                | ~models.Q(state="running") & models.Q(ended_at__isnull=False),
                name="a_linkage_run_that_is_over_has_its_end",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="stopped") | ~models.Q(stopped_why=""),
                name="a_stopped_linkage_run_says_why",
                violation_error_message="Say why it is stopped.",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("accounts:linkage_run", args=[self.pk])

    def __str__(self) -> str:
        return f"Run {self.number}"


class Ring(AuditedModel):
    """Accounts that seem to be operated together. It keeps its reference from run to run."""

    class State(models.TextChoices):
        FOUND = "found", "Found"
        SUSPECTED = "suspected", "Suspected"
        INNOCENT = "innocent", "Explained"
        DISSOLVED = "dissolved", "Dissolved"

    ref = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State, default=State.FOUND)
    size = models.PositiveIntegerField()
    measures = models.JSONField(default=dict, help_text="of the ring as a whole; see linkage.measures")
    first_run = models.ForeignKey(LinkageRun, on_delete=models.PROTECT, related_name="found")
    last_run = models.ForeignKey(LinkageRun, on_delete=models.PROTECT, related_name="seen")
    went_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="took_in")
    judged_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(null=True)
    judged_why = models.CharField(max_length=500, blank=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_ring_per_reference"),
            models.CheckConstraint(
                condition=both_or_neither("judged_by", "judged_at"), name="a_judgement_has_its_time"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["suspected", "innocent"])
                | models.Q(judged_by__isnull=False) & ~models.Q(judged_why=""),
                name="a_judged_ring_says_by_whom_and_why",
                violation_error_message="Say why.",
            ),
            models.CheckConstraint(
                condition=models.Q(went_into__isnull=True) | models.Q(state="dissolved"),
                name="only_a_dissolved_ring_went_into_another",
            ),
        ]
        indexes = [models.Index(fields=["state", "-size", "-id"], name="ring_by_state")]

    def get_absolute_url(self) -> str:
        return reverse("accounts:ring", args=[self.pk])

    def __str__(self) -> str:
        return self.ref


class RingMember(AuditedModel):
    """That an account belongs to a ring, by which stage of the linkage, from which run to which."""

    class How(models.TextChoices):
        STRONG = "strong", "Shares a strong identifier"
        MERGED = "merged", "Its part was joined by rare evidence of several families"
        ATTACHED = "attached", "Attached by several rare values"
        SYNCHRONY = "synchrony", "Attached by the rhythm of its requests"
        CONFIRMED = "confirmed", "Joined by a person"

    ring = models.ForeignKey(Ring, on_delete=models.PROTECT, related_name="members", db_constraint=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="in_rings", db_constraint=False)
    how = models.CharField(max_length=10, choices=How)
    probability = models.FloatField(help_text="that it belongs here, 0 to 1, as calibrated on simulated campaigns")
    since_run = models.ForeignKey(
        LinkageRun, on_delete=models.PROTECT, related_name="joined", db_index=False, db_constraint=False
    )
    until_run = models.ForeignKey(
        LinkageRun, on_delete=models.PROTECT, null=True, related_name="left", db_index=False, db_constraint=False
    )

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(until_run__isnull=True), name="an_account_is_in_one_ring"
            ),
            models.CheckConstraint(
                condition=models.Q(probability__gte=0, probability__lte=1), name="a_probability_is_from_0_to_1"
            ),
        ]
        indexes = [
            models.Index(fields=["ring", "id"], condition=models.Q(until_run__isnull=True), name="member_of_ring")
        ]
        triggers = [
            *AuditedModel.Meta.triggers,
            *refers_to("a_member_is_an_account", "account_id", "accounts_account"),
            *refers_to("a_member_has_its_ring", "ring_id", "accounts_ring"),
            *refers_to("a_member_has_its_run", "since_run_id", "accounts_linkagerun"),
            *refers_to("a_member_left_in_a_run", "until_run_id", "accounts_linkagerun"),
        ]

    @property
    def stage(self) -> str:
        """The stage of the linkage in a word or two, for tables."""
        return STAGES[self.how]

    def __str__(self) -> str:
        return f"{self.ring} {self.account_id}"


class Link(AuditedModel):
    """An edge of a ring: one of its accounts holds a value that others of the ring hold as well.

    An account is linked to values and values to accounts, so that a card of a thousand accounts makes a thousand edges
    and not half a million. Its rhythm links an account to the ring itself: kind "synchrony", no value.
    """

    SYNCHRONY = "synchrony"

    ring = models.ForeignKey(Ring, on_delete=models.PROTECT, related_name="links", db_index=False, db_constraint=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="links", db_constraint=False)
    family = models.CharField(max_length=20, help_text="kinds of evidence that stand or fall together")
    kind = models.CharField(max_length=14)
    value_hmac = models.CharField(max_length=64, blank=True)
    members = models.PositiveIntegerField(help_text="accounts of the ring that hold the value")
    background_rate = models.FloatField(help_text="share of the accounts outside suspected rings that hold it, 0 to 1")
    weight = models.FloatField(help_text="bits, log2 of how much more often it is shared in the ring than by chance")
    since_run = models.ForeignKey(
        LinkageRun, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    until_run = models.ForeignKey(
        LinkageRun, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["account", "ring", "kind", "value_hmac"],
                condition=models.Q(until_run__isnull=True),
                name="an_edge_is_there_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["ring", "kind", "value_hmac"], condition=models.Q(until_run__isnull=True), name="edge_of_ring"
            )
        ]
        triggers = [
            *AuditedModel.Meta.triggers,
            *refers_to("an_edge_has_its_account", "account_id", "accounts_account"),
            *refers_to("an_edge_has_its_ring", "ring_id", "accounts_ring"),
            *refers_to("an_edge_has_its_run", "since_run_id", "accounts_linkagerun"),
            *refers_to("an_edge_ended_in_a_run", "until_run_id", "accounts_linkagerun"),
        ]

    @property
    def thing(self) -> str:
        """What is shared, in words: "payment instrument"."""
        return THINGS.get(self.kind, self.kind.replace("_", " "))

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind}"


class CommonValue(models.Model):
    """A value of a weak kind that so many accounts outside rings hold that sharing it says nothing, as the last look at
    everything found: a look at what is new passes over it.

    Follows from accounts, identifiers and rings, and is found again every night, so it has no events.
    """

    kind = models.CharField(max_length=14, choices=Identifier.Kind)
    prefix = models.CharField(max_length=16, help_text="the beginning of its keyed hash")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "prefix"], name="a_value_is_common_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.prefix}"


class Tie(AuditedModel):
    """What a person said about an edge, for every later run: it links (confirmed) or it does not (cut).

    Of one account and a value, or of a value and everybody who holds it.
    """

    class Verdict(models.TextChoices):
        CUT = "cut", "Cut"
        CONFIRMED = "confirmed", "Confirmed"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="ties")
    kind = models.CharField(max_length=14, choices=[*Identifier.Kind.choices, (Link.SYNCHRONY, "Rhythm of requests")])
    value_hmac = models.CharField(max_length=64, blank=True)
    masked = models.CharField(max_length=120, help_text="the value as people may see it")
    verdict = models.CharField(max_length=9, choices=Verdict)
    why = models.CharField(max_length=500)
    judged_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    judged_at = models.DateTimeField()
    undone_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "value_hmac"],
                condition=models.Q(undone_at__isnull=True),
                nulls_distinct=False,
                name="an_edge_is_judged_once",
                violation_error_message="Somebody has judged this edge: undo that first.",
            ),
            models.CheckConstraint(
                condition=~models.Q(why=""), name="a_tie_says_why", violation_error_message="Say why."
            ),
            models.CheckConstraint(condition=both_or_neither("undone_by", "undone_at"), name="an_undoing_has_its_time"),
            models.CheckConstraint(
                condition=models.Q(account__isnull=False) | ~models.Q(value_hmac=""),
                name="a_tie_names_what_it_is_about",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.get_kind_display()} {self.masked}"
