"""Sets of accounts that never change once they are frozen, steps on all of their accounts, and samples of them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.cases.models.case import Case, OfCase
from apps.core.constraints import both_or_neither
from apps.evidence.models.once import WRITTEN_ONCE


class MemberSet(OfCase):
    """Accounts as they were picked at one moment: how many, which, and by what. A step meets exactly these."""

    class Pool(models.TextChoices):
        PRESENT = "present", "Accounts in the case"
        EXCLUDED = "excluded", "Accounts taken out of the case"
        NEW = "new", "Accounts that are not in the case yet"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="sets")
    number = models.PositiveIntegerField(help_text="S1, S2, …")
    pool = models.CharField(max_length=8, choices=Pool)
    how = models.CharField(max_length=300, help_text="what picked them, in words")
    query = models.JSONField(default=dict, blank=True, help_text="what picked them, see `selection.Selection`")
    count = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, help_text="over the ids of the accounts in order, 16 bytes each")
    unknown = ArrayField(
        models.CharField(max_length=128), default=list, blank=True, help_text="references of a file that nobody knows"
    )
    frozen_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        verbose_name = "frozen set"
        triggers = WRITTEN_ONCE
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="frozen_sets_are_numbered_once"),
            models.CheckConstraint(
                condition=models.Q(count__gt=0),
                name="a_frozen_set_has_accounts",
                violation_error_message="No account is picked by this: nothing was frozen.",
            ),
        ]

    @property
    def label(self) -> str:
        return f"S{self.number}"

    @property
    def fitting(self) -> list[str]:
        """The steps that make sense on it, by where its accounts were when it was frozen."""
        if self.pool == self.Pool.PRESENT:
            return [BulkStep.Kind.EXCLUDE, *(kind for kind in BulkStep.Kind if kind in BulkStep.MEASURES)]
        return [BulkStep.Kind.ADD if self.pool == self.Pool.NEW else BulkStep.Kind.RESTORE]

    def get_absolute_url(self) -> str:
        return reverse("cases:member_set", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.label}, {self.count:,} accounts"


class MemberPart(AuditedModel):
    """Some thousand accounts of a frozen set, in order: what is dealt with in one transaction."""

    members = models.ForeignKey(MemberSet, on_delete=models.PROTECT, related_name="parts")
    ordinal = models.PositiveIntegerField()
    account_ids = ArrayField(models.UUIDField())

    class Meta(AuditedModel.Meta):
        triggers = WRITTEN_ONCE
        constraints = [models.UniqueConstraint(fields=["members", "ordinal"], name="parts_of_a_set_are_numbered_once")]

    def __str__(self) -> str:
        return f"part {self.ordinal} of {self.members}"


class BulkStep(OfCase):
    """One step on all accounts of a frozen set, part by part; it can be undone, and then it is as it was before.

    A measure is a dry run: it is written down whom it would meet, and nothing leaves casemgr.
    """

    class Kind(models.TextChoices):
        ADD = "add", "Add to the case"
        EXCLUDE = "exclude", "Take out of the case"
        RESTORE = "restore", "Put back into the case"
        WARN = "warn", "Warn"
        LIMIT = "limit", "Limit"
        VERIFY_IDENTITY = "verify_identity", "Ask for identity verification"
        SUSPEND = "suspend", "Suspend"

    class State(models.TextChoices):
        RUNNING = "running", "Under way"
        DONE = "done", "Done"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"

    MEASURES = frozenset({Kind.WARN, Kind.LIMIT, Kind.VERIFY_IDENTITY, Kind.SUSPEND})

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps")
    members = models.ForeignKey(MemberSet, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=15, choices=Kind)
    why = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    parts = models.PositiveIntegerField()
    parts_done = models.PositiveIntegerField(default=0)
    met = models.PositiveIntegerField(default=0, help_text="accounts that it changed, or would meet")
    put_back = models.PositiveIntegerField(default=0, help_text="of these, as they were before, once it was undone")
    expected_wrongful = models.FloatField(
        null=True, help_text="sum of 1 - probability over members of rings; none where no account is in a ring"
    )
    without_probability = models.PositiveIntegerField(default=0, help_text="accounts of no ring, not in that sum")
    started_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True, help_text="when somebody asked for it")

    class Meta(OfCase.Meta):
        abstract = False
        verbose_name = "step on many accounts"
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(state__in=["running", "undoing"]),
                name="one_step_on_many_at_a_time",
                violation_error_message="Another step on many accounts is under way in this case: wait until it ended.",
            ),
            models.CheckConstraint(condition=models.Q(parts_done__lte=models.F("parts")), name="no_part_is_done_twice"),
            models.CheckConstraint(
                condition=~models.Q(why=""),
                name="a_step_on_many_says_why",
                violation_error_message="Say why: it stays beside each of them.",
            ),
            models.CheckConstraint(condition=both_or_neither("undone_by", "undone_at"), name="an_undo_has_its_time"),
            models.CheckConstraint(
                condition=models.Q(state__in=["running", "done"]) | models.Q(undone_at__isnull=False),
                name="an_undone_step_says_by_whom",
            ),
        ]

    @property
    def is_dry_run(self) -> bool:
        return self.kind in self.MEASURES

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.RUNNING, self.State.UNDOING)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, set {self.members_id}"


class BulkPart(AuditedModel):
    """What a step found and did in one part, so that it is put back exactly."""

    step = models.ForeignKey(BulkStep, on_delete=models.PROTECT, related_name="done")
    ordinal = models.PositiveIntegerField()
    at = models.DateTimeField(help_text="stands in every row that it wrote")
    account_ids = ArrayField(models.UUIDField(), help_text="those that it met; the others were so already")
    before = models.JSONField(
        default=list, blank=True, help_text="of those put back: account, when, by whom and why they had been taken out"
    )

    class Meta(AuditedModel.Meta):
        triggers = WRITTEN_ONCE
        constraints = [models.UniqueConstraint(fields=["step", "ordinal"], name="a_part_is_dealt_with_once")]

    def __str__(self) -> str:
        return f"part {self.ordinal} of {self.step_id}"


class Sample(OfCase):
    """Accounts drawn from a frozen set by a seed, for people to look at; see `sampling`."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="samples")
    members = models.ForeignKey(MemberSet, on_delete=models.PROTECT, related_name="samples")
    seed = models.CharField(max_length=64)
    at_most = models.FloatField(help_text="share of wrong accounts that it is to rule out, when none is found")
    confidence = models.FloatField(default=0.95)
    account_ids = ArrayField(models.UUIDField(), help_text="in the order in which they were drawn")
    drawn_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        triggers = WRITTEN_ONCE
        constraints = [
            models.CheckConstraint(
                condition=models.Q(at_most__gt=0, at_most__lt=1, confidence__gt=0, confidence__lt=1),
                name="a_share_lies_between_0_and_1",
                violation_error_message="Give a share above 0 % and below 100 %.",
            )
        ]

    def get_absolute_url(self) -> str:
        return reverse("cases:sample", args=[self.pk])

    def __str__(self) -> str:
        return f"sample of {len(self.account_ids)} accounts"


class SampleMark(AuditedModel):
    """What a person found of one account of a sample. A later mark of the same account stands instead."""

    class Verdict(models.TextChoices):
        RIGHT = "right", "Belongs here"
        WRONG = "wrong", "Does not belong"
        UNSURE = "unsure", "Cannot be said"

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="marks")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=6, choices=Verdict)
    note = models.CharField(max_length=300, blank=True)
    marked_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField()

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["sample", "account"], name="an_account_of_a_sample_is_marked_once")
        ]

    @property
    def case_id_of_event(self):
        return self.sample.case_id

    def __str__(self) -> str:
        return f"{self.account_id}: {self.get_verdict_display()}"


class CampaignFigures(models.Model):
    """What the campaign page shows, computed when accounts, rings or activity changed; see `campaign.figures`.

    Follows from other tables and can be computed again at any time, so it has no events.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True, related_name="campaign_figures")
    basis = models.CharField(max_length=64, help_text="of what it was computed: members, linkage run, import")
    figures = models.JSONField()
    computed_at = models.DateTimeField()
    seconds = models.FloatField()

    def __str__(self) -> str:
        return f"figures of {self.case_id}"
