"""What leaves the house: reports of a case for an audience, from one frozen snapshot, and evidence bundles."""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func

from apps.audit.models import AuditedModel
from apps.cases.models import Case
from apps.cases.models.drill import never_leaves
from apps.core.constraints import both_or_neither, different
from apps.disclosures.bates import numbering
from apps.evidence.models import Tlp


class Report(AuditedModel):
    class Audience(models.TextChoices):
        REGULATOR = "regulator", "Regulator or authority"
        PARTNER = "partner", "Partner organisation"
        PUBLIC = "public", "Public"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        RELEASING = "releasing", "Being released"
        RELEASED = "released", "Released"
        DISCARDED = "discarded", "Discarded"

    ref = models.CharField(max_length=20, null=True, help_text="the number, taken at release")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    audience = models.CharField(max_length=10, choices=Audience)
    title = models.CharField(max_length=200)
    recipient = models.CharField(max_length=200)
    legal_basis = models.CharField(max_length=300, help_text="why this may be shared with them")
    tlp = models.CharField(max_length=12, choices=Tlp)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    snapshot_sha256 = models.CharField(max_length=64, help_text="the frozen state of the case, in the vault")
    content = models.JSONField(help_text="the snapshot after withholding: all that the report may say")
    withheld = models.JSONField(help_text="what was withheld, by which rule, and how often")
    compiled_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    compiled_at = models.DateTimeField()
    returned_why = models.TextField(blank=True)
    released_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    files = models.JSONField(
        default=list,
        help_text="name, media type, bytes and SHA-256 of the PDF and its annexes; the PDF first, with its signature",
    )

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_report_per_number"),
            models.CheckConstraint(
                condition=different("compiled_by", "released_by"),
                name="a_report_is_released_by_another_person",
                violation_error_message="Another person releases a report than the one who compiled it.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["releasing", "released"])
                | models.Q(released_by__isnull=False, released_at__isnull=False),
                name="a_released_report_says_by_whom",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="released") | models.Q(ref__isnull=False) & ~models.Q(files=[]),
                name="a_released_report_has_number_and_files",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="released")
                | models.Q(
                    files__0__has_keys=["signature_level", "signed_with", "unsigned_sha256"],
                    files__0__signature_level__in=["B-B", "B-LTA"],
                ),
                name="a_released_report_is_signed",
            ),
            models.CheckConstraint(
                condition=~models.Q(audience="public") | models.Q(tlp="clear"), name="a_public_report_is_tlp_clear"
            ),
        ]
        indexes = [models.Index(fields=["-compiled_at", "-id"], name="report_newest_first")]
        triggers = [
            *AuditedModel.Meta.triggers,
            never_leaves("a_report_is_of_no_drill", ("releasing", "released")),
            pgtrigger.Trigger(
                name="released_report_is_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="released"),
                func="""
                    RAISE EXCEPTION 'a released report never changes'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'released_report_is_frozen';
                """,
            ),
        ]

    @property
    def case_id_of_event(self):
        return self.case_id

    def __str__(self) -> str:
        return self.ref or self.title


class Bundle(AuditedModel):
    """An evidence bundle: a BagIt bag of exhibits, custody and events with their proofs, for one recipient."""

    class Audience(models.TextChoices):
        COURT = "court", "Court and the parties' experts"
        REGULATOR = "regulator", "Regulator or authority"
        PARTNER = "partner", "Partner organisation"

    class State(models.TextChoices):
        ASSEMBLING = "assembling", "Being assembled"
        READY = "ready", "Ready for release"
        FAILED = "failed", "Could not be made"
        RELEASED = "released", "Released"
        DISCARDED = "discarded", "Discarded"

    class Confidentiality(models.TextChoices):
        NONE = "", "None"
        CONFIDENTIAL = "CONF", "Confidential (CONF)"
        EYES_ONLY = "AEO", "Attorneys' eyes only (AEO)"

    ref = models.CharField(max_length=20)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="bundles")
    audience = models.CharField(max_length=10, choices=Audience)
    recipient = models.CharField(max_length=200)
    legal_basis = models.CharField(max_length=300, help_text="why this may be handed over to them")
    purpose = models.CharField(max_length=300, help_text="what it is for")
    exhibits = models.JSONField(help_text="those chosen, each with its item and the hashes of its file")
    documents = models.JSONField(default=list, blank=True, help_text="notices and reports that go along")
    state = models.CharField(max_length=10, choices=State, default=State.ASSEMBLING)
    compiled_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    compiled_at = models.DateTimeField()
    problem = models.TextField(blank=True, help_text="why it could not be made, or was discarded")
    checkpoint_size = models.PositiveBigIntegerField(null=True, help_text="entries of the log that its proofs are of")
    made_sha256 = models.CharField(max_length=64, blank=True, help_text="what was made for the bag, in the vault")
    made_bytes = models.PositiveBigIntegerField(null=True)
    made_files = models.PositiveIntegerField(null=True)
    tagmanifest_sha256 = models.CharField(
        max_length=64, blank=True, help_text="of the bag: stands for every file in it"
    )
    verdict = models.JSONField(null=True, help_text="what our own run of the verifier said of it")
    released_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    released_why = models.CharField(max_length=300, blank=True)
    bates_prefix = models.CharField(max_length=10, blank=True, help_text="of the numbers on the copies, if any")
    confidentiality = models.CharField(max_length=4, choices=Confidentiality, blank=True, help_text="after each number")
    bates_first = models.PositiveIntegerField(
        null=True, help_text="taken once the pages are counted, and kept for ever"
    )
    bates_last = models.PositiveIntegerField(null=True)
    numbered = models.JSONField(
        default=list, blank=True, help_text="each original with its hash and its numbers, or why one page stands for it"
    )

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_bundle_per_number"),
            ExclusionConstraint(
                name="a_bates_number_is_used_once",
                expressions=[(Func("bates_prefix", "bates_first", "bates_last", function="bates_span"), "&&")],
                condition=models.Q(bates_first__isnull=False),
            ),
            models.CheckConstraint(
                condition=models.Q(bates_prefix="") | models.Q(bates_prefix__regex=rf"^{numbering.PREFIX.pattern}$"),
                name="a_bates_prefix_is_of_capitals_and_digits",
                violation_error_message="A prefix has 2 to 10 capital letters or digits.",
            ),
            models.CheckConstraint(
                condition=~models.Q(bates_prefix="") | models.Q(bates_first__isnull=True, confidentiality=""),
                name="numbers_and_designation_need_a_prefix",
            ),
            models.CheckConstraint(
                condition=both_or_neither("bates_first", "bates_last")
                & (
                    models.Q(bates_first__isnull=True, numbered=[])
                    | models.Q(
                        bates_first__isnull=False,
                        bates_first__gte=1,
                        bates_last__gte=F("bates_first"),
                        bates_last__lte=numbering.LAST,
                    )
                ),
                name="bates_numbers_are_a_range",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["ready", "released"])
                | models.Q(bates_prefix="")
                | models.Q(bates_first__isnull=False),
                name="a_ready_bundle_has_its_numbers",
            ),
            models.CheckConstraint(
                condition=different("compiled_by", "released_by"),
                name="a_bundle_is_released_by_another_person",
                violation_error_message="Another person releases a bundle than the one who compiled it.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["ready", "released"])
                | models.Q(made_bytes__gt=0, made_files__gt=0, checkpoint_size__gt=0, verdict__isnull=False)
                & ~models.Q(made_sha256="")
                & ~models.Q(tagmanifest_sha256=""),
                name="a_ready_bundle_has_its_content",
            ),
            models.CheckConstraint(
                condition=models.Q(state="released", released_by__isnull=False, released_at__isnull=False)
                & ~models.Q(released_why="")
                | ~models.Q(state="released")
                & models.Q(released_by__isnull=True, released_at__isnull=True, released_why=""),
                name="a_released_bundle_says_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["failed", "discarded"]) | ~models.Q(problem=""),
                name="a_bundle_that_is_none_says_why",
            ),
        ]
        indexes = [models.Index(fields=["-compiled_at", "-id"], name="bundle_newest_first")]
        triggers = [
            *AuditedModel.Meta.triggers,
            never_leaves("a_bundle_is_of_no_drill", ("ready", "released")),
            pgtrigger.Trigger(
                name="released_bundle_is_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="released"),
                func="""
                    RAISE EXCEPTION 'a released bundle never changes'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'released_bundle_is_frozen';
                """,
            ),
            pgtrigger.Trigger(
                name="bates_numbers_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__bates_first__isnull=False),
                func="""
                    IF TG_OP = 'UPDATE' AND (NEW.bates_prefix, NEW.confidentiality, NEW.bates_first, NEW.bates_last)
                        IS NOT DISTINCT FROM (OLD.bates_prefix, OLD.confidentiality, OLD.bates_first, OLD.bates_last)
                        AND NEW.numbered = OLD.numbered THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'numbers that were taken stay taken'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'bates_numbers_stay';
                """,
            ),
        ]

    @property
    def case_id_of_event(self):
        return self.case_id

    @property
    def bates_span(self) -> str:
        """Its numbers, or nothing."""
        return self.bates(self.bates_first, self.bates_last) if self.bates_first and self.bates_last else ""

    def bates(self, first: int, last: int) -> str:
        return numbering.span(self.bates_prefix, first, last, self.confidentiality)

    @property
    def was_never_produced(self) -> bool:
        """Whether it has numbers that will not be on any page."""
        return self.bates_first is not None and self.state in (self.State.FAILED, self.State.DISCARDED)

    def __str__(self) -> str:
        return self.ref
