"""Letters: what is said to whom, on the ground of which decision. An issued letter never changes."""

import pgtrigger
from django.db import models

from apps.audit.models import AuditedModel
from apps.cases.models import Case, Decision, Party
from apps.cases.models.drill import never_leaves
from apps.core.constraints import different


class NoticeTemplate(AuditedModel):
    """A version of a letter's wording: data with typed placeholders, see `letter`."""

    class Kind(models.TextChoices):
        WARNING = "warning", "Warning"
        LIMIT = "limit", "Rate limit notice"
        VERIFICATION = "verification", "Request for identity verification"
        SUSPENSION = "suspension", "Suspension notice"
        TERMINATION = "termination", "Termination notice"
        CEASE_AND_DESIST = "cease_and_desist", "Cease-and-desist letter"
        PRESERVATION = "preservation", "Preservation demand"
        APPEAL_DECISION = "appeal_decision", "Answer to an appeal"

    kind = models.CharField(max_length=20, choices=Kind)
    language = models.CharField(max_length=8, default="en")
    version = models.PositiveSmallIntegerField()
    content = models.TextField(help_text="the text with its placeholders, as `letter.read` takes it")
    sha256 = models.CharField(max_length=64)
    adopted_at = models.DateTimeField()

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "language", "version"], name="one_wording_per_kind_language_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, version {self.version}"


class Notice(AuditedModel):
    PRIVATE = frozenset({"recipient", "facts", "appeal_code"})

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        ISSUING = "issuing", "Being issued"
        ISSUED = "issued", "Issued"
        DISCARDED = "discarded", "Discarded"

    ref = models.CharField(max_length=20, null=True, help_text="the number, taken when it is issued")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notices")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=20, choices=NoticeTemplate.Kind)
    template = models.ForeignKey(NoticeTemplate, on_delete=models.PROTECT, related_name="notices")
    account = models.ForeignKey("accounts.Account", on_delete=models.PROTECT, null=True, related_name="notices")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="notices")
    recipient = models.TextField(help_text="lines of the address block")
    facts = models.JSONField(help_text="everything the letter says, frozen, each with its source")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    appeal_code = models.CharField(max_length=20, blank=True)
    drafted_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    returned_why = models.TextField(blank=True)
    approved_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    issued_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    issued_at = models.DateTimeField(null=True, help_text="date of the letter")
    pdf_sha256 = models.CharField(max_length=64, blank=True)
    pdf_bytes = models.PositiveIntegerField(null=True)
    verification_ref = models.CharField(
        max_length=11, null=True, help_text="printed on it: by this anybody can ask whether it was issued"
    )
    unsigned_sha256 = models.CharField(
        max_length=64, blank=True, help_text="of the rendering, which is the same whenever it is made again"
    )
    signature_level = models.CharField(max_length=5, blank=True, help_text="of PAdES: B-B, or B-T with a time stamp")
    signed_with = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the signer's certificate")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["ref"], name="one_notice_per_number"),
            models.CheckConstraint(
                condition=models.Q(account__isnull=False, party__isnull=True)
                | models.Q(account__isnull=True, party__isnull=False),
                name="a_notice_has_one_recipient",
            ),
            models.CheckConstraint(
                condition=different("drafted_by", "approved_by"),
                name="a_notice_is_approved_by_another_person",
                violation_error_message="Another person approves a notice than the one who drafted it.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "issuing", "issued"]) | models.Q(approved_by__isnull=False),
                name="an_approved_notice_has_its_approver",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="issued")
                | models.Q(ref__isnull=False, issued_at__isnull=False, issued_by__isnull=False, pdf_bytes__gt=0)
                & ~models.Q(pdf_sha256=""),
                name="an_issued_notice_has_number_date_and_file",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="issued")
                | models.Q(verification_ref__isnull=False)
                & ~models.Q(unsigned_sha256="")
                & ~models.Q(signed_with="")
                & models.Q(signature_level__in=["B-B", "B-T"])
                & ~models.Q(unsigned_sha256=models.F("pdf_sha256")),
                name="an_issued_notice_is_signed",
            ),
            models.UniqueConstraint(fields=["verification_ref"], name="one_notice_per_verification_reference"),
            models.UniqueConstraint(
                fields=["decision", "account", "kind"],
                condition=~models.Q(state="discarded"),
                name="one_notice_of_a_kind_per_decision_and_account",
                violation_error_message="There is a notice to this account about this decision already.",
            ),
            models.UniqueConstraint(
                fields=["decision", "party", "kind"],
                condition=~models.Q(state="discarded"),
                name="one_notice_of_a_kind_per_decision_and_party",
                violation_error_message="There is a notice to this party about this decision already.",
            ),
        ]
        indexes = [models.Index(fields=["-drafted_at", "-id"], name="notice_newest_first")]
        triggers = [
            *AuditedModel.Meta.triggers,
            never_leaves("a_letter_is_of_no_drill", ("issuing", "issued"), drafts=True),
            pgtrigger.Trigger(
                name="issued_notice_is_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="issued"),
                func="""
                    RAISE EXCEPTION 'an issued notice never changes'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'issued_notice_is_frozen';
                """,
            ),
            pgtrigger.Trigger(
                name="notice_rests_on_decision",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (SELECT FROM cases_decision
                                   WHERE id = NEW.decision_id AND case_id = NEW.case_id AND state = 'approved') THEN
                        RAISE EXCEPTION 'a notice rests on an approved decision of its case'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_rests_on_decision';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="a_notice_has_a_wording_of_its_kind",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF NOT EXISTS (SELECT FROM notices_noticetemplate
                                   WHERE id = NEW.template_id AND kind = NEW.kind) THEN
                        RAISE EXCEPTION 'the wording is that of another kind of letter'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'a_notice_has_a_wording_of_its_kind';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    @property
    def case_id_of_event(self):
        return self.case_id

    def __str__(self) -> str:
        return self.ref or f"draft of {self.drafted_at:%Y-%m-%d}"
