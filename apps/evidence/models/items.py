import pgtrigger
from django.db import models

from apps.audit.models import AuditedModel
from apps.evidence.models.once import written_once
from apps.records.guards import refuse_held


class Tlp(models.TextChoices):
    """Traffic Light Protocol 2.0."""

    CLEAR = "clear", "TLP:CLEAR"
    GREEN = "green", "TLP:GREEN"
    AMBER = "amber", "TLP:AMBER"
    AMBER_STRICT = "amber+strict", "TLP:AMBER+STRICT"
    RED = "red", "TLP:RED"


class Item(AuditedModel):
    """A collected file: immutable, in the vault under its hash. Only where it stands and who has it change."""

    class Kind(models.TextChoices):
        QUERY_LOG = "query_log", "Query log"
        TEST_RUN = "test_run", "Fingerprint test run"
        SIGNATURE = "signature_check", "Check of a signature"
        SIMILARITY = "behavioural_similarity", "Behavioural similarity"
        EXPERT = "expert_assessment", "Expert assessment"
        CAPTURE = "capture", "Capture of a public page"
        CORRESPONDENCE = "correspondence", "Correspondence"
        OTHER = "other", "Other"

    MADE_HERE = (Kind.TEST_RUN, Kind.SIGNATURE)  # nobody brings them in

    class State(models.TextChoices):
        QUARANTINED = "quarantined", "In quarantine"
        KEPT = "kept", "In custody"
        SEALED = "sealed", "Sealed"
        RELEASED = "released", "Released"
        DISPOSED = "disposed", "Disposed of"

    class Derivation(models.TextChoices):
        REDACTED = "redacted", "Redacted"
        NORMALISED = "normalised", "Normalised"
        RENDERED = "rendered", "Rendered"
        EXCERPT = "excerpt", "Excerpt"

    ref = models.CharField(max_length=20)
    kind = models.CharField(max_length=30, choices=Kind)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    origin = models.CharField(max_length=300, help_text="where it comes from and how it was obtained")
    filename = models.CharField(max_length=255, help_text="as given; never used as a path")
    media_type = models.CharField(max_length=100, help_text="as sniffed from its bytes")
    byte_size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    sha512 = models.CharField(max_length=128)
    tlp = models.CharField(max_length=12, choices=Tlp, default=Tlp.AMBER)
    collected_at = models.DateTimeField()
    collected_by = models.CharField(max_length=100, help_text="actor")
    suspicions = models.JSONField(default=list, help_text="sentences: what spoke against the file when it came in")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="derivatives")
    derived = models.CharField(max_length=12, choices=Derivation, blank=True, help_text="what was done to its parent")
    derivation = models.JSONField(null=True, help_text="tool, version and parameters that made it from its parent")
    state = models.CharField(max_length=12, choices=State, default=State.QUARANTINED)
    custodian = models.CharField(max_length=100, help_text="actor who answers for it")

    class Meta(AuditedModel.Meta):
        triggers = [
            *written_once(but=("state", "custodian")),
            refuse_held("what_is_held_is_not_disposed_of", "OLD.state <> 'disposed' AND NEW.state = 'disposed'"),
            # Runs stay, failed and negative ones too (R7); what was made from their files may go.
            pgtrigger.Trigger(
                name="a_run_is_not_disposed_of",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__kind="test_run", old__parent__isnull=True, new__state="disposed"),
                func="""
                    RAISE EXCEPTION 'the file of a test run, %, stays', OLD.ref
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'a_run_is_not_disposed_of';
                """,
            ),
            # Cases lie below this room, so only the database can ask them (R18).
            pgtrigger.Trigger(
                name="what_is_of_a_drill_is_not_released",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__state="released"),
                func="""
                    IF EXISTS (SELECT FROM cases_exhibit e JOIN cases_case c ON c.id = e.case_id
                               WHERE e.item_id = NEW.id AND c.drill <> '') THEN
                        RAISE EXCEPTION '% is an exhibit of a drill', NEW.ref USING ERRCODE = 'check_violation',
                        CONSTRAINT = 'what_is_of_a_drill_is_not_released';
                    END IF;
                    RETURN NEW;
                """,
            ),
            # With this no chain of derivatives can close into a circle: a parent is there first, and never changes.
            pgtrigger.Trigger(
                name="a_derivative_comes_after_its_parent",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__parent__isnull=False),
                func="""
                    IF NOT EXISTS (SELECT FROM evidence_item WHERE id = NEW.parent_id) THEN
                        RAISE EXCEPTION 'the item % is to be made from is not there', NEW.ref
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_derivative_comes_after_its_parent';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_item_per_reference"),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True, derivation__isnull=True, derived="")
                | models.Q(parent__isnull=False, derivation__isnull=False) & ~models.Q(derived=""),
                name="a_derivative_says_how_it_was_made",
            ),
            models.CheckConstraint(condition=~models.Q(custodian=""), name="somebody_answers_for_an_item"),
        ]
        indexes = [
            models.Index(fields=["-collected_at", "-id"], name="item_newest_first"),
            models.Index(fields=["sha256"], name="item_by_hash"),
            models.Index(fields=["custodian"], name="item_of_custodian"),
            models.Index(fields=["-id"], name="item_in_quarantine", condition=models.Q(state="quarantined")),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    @property
    def is_within_reach(self) -> bool:
        """Whether copies may be taken and made of it: not in quarantine, not sealed, not gone."""
        return self.state in (self.State.KEPT, self.State.RELEASED)

    @property
    def only_says(self) -> bool:
        """Whether it proves no more than that something was said: what a page claims is no evidence of it (R12)."""
        return self.kind == self.Kind.CAPTURE

    @property
    def is_csv(self) -> bool:
        return self.media_type == "text/plain" and self.filename.lower().endswith(".csv")
