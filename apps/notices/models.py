"""Letters: what is said to whom, on the ground of which decision. An issued letter never changes.

A mailing is the same letter to each account of a decision, with the facts of that account.
"""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.cases.models import Case, Decision, Party
from apps.cases.models.drill import never_leaves
from apps.core.constraints import both_or_neither, different


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
        VICTIM = "victim", "Notice to somebody whose card or identity was used"
        APPEAL_DECISION = "appeal_decision", "Answer to an appeal"
        REINSTATEMENT = "reinstatement", "Reinstatement notice"

    class Language(models.TextChoices):
        ENGLISH = "en", "English"
        GERMAN = "de", "German"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    kind = models.CharField(max_length=20, choices=Kind)
    language = models.CharField(max_length=2, choices=Language, default=Language.ENGLISH)
    version = models.PositiveSmallIntegerField()
    content = models.TextField(help_text="the text with its placeholders, as `letter.read` takes it")
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    effective_from = models.DateField(help_text="the first day (UTC) on which drafts take it")
    proposed_by = models.ForeignKey(
        "staff.User", on_delete=models.PROTECT, null=True, related_name="+", help_text="none: it came with casemgr"
    )
    proposed_at = models.DateTimeField()
    reviewed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    declined_why = models.TextField(blank=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "language", "version"], name="one_wording_per_kind_language_version"
            ),
            models.CheckConstraint(
                condition=different("proposed_by", "reviewed_by"),
                name="a_wording_is_approved_by_another_person",
                violation_error_message="Another person approves a wording than the one who proposed it.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("reviewed_by", "reviewed_at"), name="a_review_of_a_wording_has_its_time"
            ),
            models.CheckConstraint(
                condition=models.Q(state="proposed")
                | models.Q(reviewed_by__isnull=False)
                | models.Q(state="approved", proposed_by__isnull=True),
                name="a_proposed_wording_counts_once_it_was_reviewed",
            ),
        ]
        triggers = [
            *AuditedModel.Meta.triggers,
            pgtrigger.Trigger(
                name="a_reviewed_wording_is_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=~pgtrigger.Q(old__state="proposed"),
                func="""
                    RAISE EXCEPTION 'a wording never changes once it was approved or declined'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'a_reviewed_wording_is_frozen';
                """,
            ),
            pgtrigger.Trigger(
                name="words_are_approved_as_proposed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__content__df=pgtrigger.F("new__content"))
                | pgtrigger.Q(old__sha256__df=pgtrigger.F("new__sha256")),
                func="""
                    RAISE EXCEPTION 'the words of a wording do not change: propose another version'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'words_are_approved_as_proposed';
                """,
            ),
        ]

    def __str__(self) -> str:
        named = f"{self.get_kind_display()}, version {self.version}"
        return named if self.language == self.Language.ENGLISH else f"{named} in {self.get_language_display()}"


class Notice(AuditedModel):
    PRIVATE = frozenset({"recipient", "facts", "accounts_csv", "appeal_code"})

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
    mailing = models.ForeignKey("Mailing", on_delete=models.PROTECT, null=True, related_name="notices")
    recipient = models.TextField(help_text="lines of the address block")
    facts = models.JSONField(help_text="everything the letter says, frozen, each with its source")
    accounts_csv = models.TextField(
        blank=True, help_text="the accounts that its annex lists, frozen as they are attached"
    )
    listed_count = models.PositiveIntegerField(null=True, help_text="accounts in its annex; none: it has no annex")
    listed_why = models.TextField(blank=True, help_text="why its recipient has to know which accounts they are")
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
            models.CheckConstraint(
                condition=models.Q(listed_count__isnull=True, listed_why="")
                | models.Q(listed_count__gt=0, party__isnull=False) & ~models.Q(listed_why=""),
                name="accounts_are_listed_to_a_party_for_a_reason",
                violation_error_message="Say why this party has to know which accounts they are.",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["issuing", "issued"])
                | models.Q(listed_count__isnull=True)
                | ~models.Q(accounts_csv=""),
                name="an_issued_notice_has_the_list_it_speaks_of",
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
                                   WHERE id = NEW.template_id AND kind = NEW.kind AND state = 'approved') THEN
                        RAISE EXCEPTION 'the wording is not approved, or that of another kind of letter'
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


class Mailing(AuditedModel):
    """The same letter to each account of a decision: drafted for all, looked at in a sample, approved by another
    person, and issued part by part."""

    class State(models.TextChoices):
        DRAFTING = "drafting", "Being drafted"
        REVIEW = "review", "In review"
        APPROVED = "approved", "Approved"
        ISSUING = "issuing", "Being issued"
        DONE = "done", "Issued"
        CANCELLED = "cancelled", "Cancelled"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="mailings")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="mailings")
    kind = models.CharField(max_length=20, choices=NoticeTemplate.Kind)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFTING)
    is_paused = models.BooleanField(default=False)
    count = models.PositiveIntegerField(help_text="accounts, as counted when it was started")
    sha256 = models.CharField(max_length=64, help_text="over the ids of the accounts in order, 16 bytes each")
    parts = models.PositiveIntegerField()
    parts_asked = models.PositiveIntegerField(default=0, help_text="of the present step: parts that were given out")
    at_most = models.FloatField(help_text="the share of wrong letters that a sample without one rules out, at 95 %")
    started_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    approved_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancelled_why = models.TextField(blank=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "kind"],
                condition=~models.Q(state__in=["done", "cancelled"]),
                name="one_mailing_of_a_kind_at_a_time",
                violation_error_message="A mailing of this letter is under way for this decision already.",
            ),
            models.CheckConstraint(condition=models.Q(count__gt=0), name="a_mailing_has_accounts"),
            models.CheckConstraint(
                condition=models.Q(at_most__gt=0, at_most__lt=1),
                name="a_mailings_sample_rules_out_a_share",
                violation_error_message="Give a share above 0 % and below 100 %.",
            ),
            models.CheckConstraint(
                condition=models.Q(parts_asked__lte=models.F("parts")), name="no_part_of_a_mailing_is_asked_for_twice"
            ),
            models.CheckConstraint(
                condition=different("started_by", "approved_by"),
                name="a_mailing_is_approved_by_another_person",
                violation_error_message="Another person approves a mailing than the one who started it.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("approved_by", "approved_at"), name="an_approved_mailing_has_its_time"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "issuing", "done"]) | models.Q(approved_by__isnull=False),
                name="an_approved_mailing_has_its_approver",
            ),
            models.CheckConstraint(
                condition=both_or_neither("released_by", "released_at"), name="a_released_mailing_has_its_time"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["issuing", "done"]) | models.Q(released_by__isnull=False),
                name="a_mailing_goes_out_once_it_was_released",
            ),
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="mailing_newest_first")]
        triggers = [*AuditedModel.Meta.triggers, never_leaves("a_mailing_is_of_no_drill", ("issuing", "done"))]

    @property
    def case_id_of_event(self):
        return self.case_id

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.DRAFTING, self.State.ISSUING)

    @property
    def at_most_percent(self) -> str:
        return f"{self.at_most * 100:g}\N{NO-BREAK SPACE}%"

    def get_absolute_url(self) -> str:
        return reverse("notices:mailing", args=[self.pk])

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.count:,} accounts"


class MailingPart(AuditedModel):
    """Some accounts of a mailing, in order: whose letters are drafted, numbered and set in one transaction each."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DRAFTED = "drafted", "Drafted"
        NUMBERED = "numbered", "Numbered"
        DONE = "done", "Issued"
        WITHDRAWN = "withdrawn", "Withdrawn"

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="pieces")
    ordinal = models.PositiveIntegerField()
    account_ids = ArrayField(models.UUIDField())
    template = models.ForeignKey(
        NoticeTemplate, on_delete=models.PROTECT, related_name="parts", help_text="its wording: a part has one language"
    )
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    problem = models.TextField(blank=True, help_text="what keeps letters of it from being set, in sentences")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["mailing", "ordinal"], name="parts_of_a_mailing_are_numbered_once"),
        ]

    @property
    def case_id_of_event(self):
        return self.mailing.case_id

    def __str__(self) -> str:
        return f"part {self.ordinal} of {self.mailing_id}"


class SampledLetter(AuditedModel):
    """A letter of a mailing that was drawn for somebody to read, and what they said of it."""

    class Mark(models.TextChoices):
        RIGHT = "right", "Can go out"
        WRONG = "wrong", "Is wrong"

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="sample")
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="samples")
    position = models.PositiveIntegerField(help_text="in the order in which they were drawn, from 1")
    mark = models.CharField(max_length=5, choices=Mark, blank=True)
    note = models.CharField(max_length=300, blank=True)
    marked_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    marked_at = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["mailing", "position"], name="sampled_letters_are_numbered_once"),
            models.UniqueConstraint(fields=["mailing", "notice"], name="a_letter_is_drawn_once"),
            models.CheckConstraint(
                condition=models.Q(mark="", marked_at__isnull=True, marked_by__isnull=True)
                | ~models.Q(mark="") & models.Q(marked_at__isnull=False, marked_by__isnull=False),
                name="a_mark_has_its_reader_and_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(mark="wrong") | ~models.Q(note=""),
                name="a_wrong_letter_says_what_is_wrong",
                violation_error_message="Say what is wrong with it.",
            ),
        ]

    @property
    def case_id_of_event(self):
        return self.mailing.case_id

    def get_absolute_url(self) -> str:
        return reverse("notices:sampled_letter", args=[self.mailing_id, self.position])

    def __str__(self) -> str:
        return f"letter {self.position} of the sample"
