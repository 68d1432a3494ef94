"""Service: how an issued letter reached its recipient, or did not, and by when what had to happen."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from apps.audit.models import AuditedModel
from apps.core.sealed import unseal
from apps.evidence.models import Item
from apps.notices.models import Mailing, Notice

ADDRESS = b"address of service"  # what addresses are sealed for


class Dispatch(AuditedModel):
    """The issued letters of a mailing sent by e-mail: to the addresses of one list, part by part, so many a minute."""

    class State(models.TextChoices):
        RUNNING = "running", "Being sent"
        DONE = "done", "All handed over"
        CANCELLED = "cancelled", "Cancelled"

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="dispatches")
    state = models.CharField(max_length=9, choices=State, default=State.RUNNING)
    is_paused = models.BooleanField(default=False)
    count = models.PositiveIntegerField(help_text="letters, as counted when it was started")
    parts = models.PositiveIntegerField()
    parts_done = models.PositiveIntegerField(default=0)
    per_minute = models.PositiveIntegerField(help_text="letters that are handed to the mail server in a minute")
    next_at = models.DateTimeField(help_text="no part is handed over before")
    started_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    cancelled_why = models.TextField(blank=True)

    class Meta(AuditedModel.Meta):
        verbose_name_plural = "dispatches"
        constraints = [
            models.UniqueConstraint(
                fields=["mailing"],
                condition=models.Q(state="running"),
                name="one_dispatch_of_a_mailing_at_a_time",
                violation_error_message="Letters of this mailing are being sent already.",
            ),
            models.CheckConstraint(
                condition=models.Q(count__gt=0, per_minute__gt=0), name="a_dispatch_has_letters_and_a_rate"
            ),
            models.CheckConstraint(
                condition=models.Q(parts_done__lte=models.F("parts")), name="no_part_of_a_dispatch_is_done_twice"
            ),
            models.CheckConstraint(
                condition=models.Q(state="running", ended_at__isnull=True)
                | ~models.Q(state="running") & models.Q(ended_at__isnull=False),
                name="a_dispatch_that_ended_has_its_time",
            ),
        ]

    @property
    def case_id_of_event(self):
        return self.mailing.case_id

    @property
    def is_under_way(self) -> bool:
        return self.state == self.State.RUNNING and not self.is_paused

    def get_absolute_url(self) -> str:
        return reverse("service:of_mailing", args=[self.mailing_id])

    def __str__(self) -> str:
        return f"{self.count:,} letters by e-mail"


class DispatchPart(AuditedModel):
    """Letters of a dispatch, in order, and where to, until attempts were made of them: in one transaction each."""

    PRIVATE = frozenset({"sealed_addresses"})

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Handed over"
        WITHDRAWN = "withdrawn", "Withdrawn"

    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, related_name="pieces")
    ordinal = models.PositiveIntegerField()
    notice_ids = ArrayField(models.UUIDField())
    sealed_addresses = models.TextField(blank=True, help_text="a JSON object, letter to address, sealed; then empty")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "ordinal"], name="parts_of_a_dispatch_are_numbered_once"),
            models.CheckConstraint(
                condition=models.Q(state="waiting") | models.Q(sealed_addresses=""),
                name="addresses_of_a_part_go_with_it",
            ),
        ]

    @property
    def case_id_of_event(self):
        return self.dispatch.mailing.case_id

    def __str__(self) -> str:
        return f"part {self.ordinal} of {self.dispatch_id}"


class Attempt(AuditedModel):
    """One try to serve a letter, by one method, at one address. An e-mail is sent at most once for its row."""

    PRIVATE = frozenset({"sealed_address", "secret_sha256", "note"})

    class Method(models.TextChoices):
        IN_APP = "in_app", "In the account"
        EMAIL = "email", "E-mail"
        POST = "registered_post", "Registered post"
        COURIER = "courier", "Courier"
        COUNSEL = "counsel", "Counsel"
        PROCESS_SERVER = "process_server", "Process server"
        CENTRAL_AUTHORITY = "central_authority", "Central authority (Hague Service Convention)"

    class State(models.TextChoices):
        PREPARED = "prepared", "Waits to be sent"
        SENDING = "sending", "Being sent"
        UNKNOWN = "unknown", "May have been sent"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        BOUNCED = "bounced", "Came back"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    # Those by which a letter counts as on its way or there; of the others somebody has to try again.
    REACHING = (State.SENDING, State.SENT, State.DELIVERED, State.ACKNOWLEDGED)

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="attempts")
    method = models.CharField(max_length=20, choices=Method)
    number = models.PositiveSmallIntegerField(help_text="of the letter's attempts by this method")
    dispatch = models.ForeignKey(Dispatch, on_delete=models.PROTECT, null=True, related_name="attempts")
    state = models.CharField(max_length=12, choices=State, default=State.PREPARED)
    sealed_address = models.TextField(blank=True, help_text="where to, sealed; empty once it was erased")
    carrier_ref = models.CharField(max_length=100, blank=True, help_text="by which the carrier knows it")
    message_id = models.CharField(max_length=120, null=True, help_text="of the e-mail, fixed before it is sent")
    tries = models.PositiveSmallIntegerField(default=0, help_text="conversations with the mail server so far")
    due_at = models.DateTimeField(null=True, help_text="an e-mail: not sent before; while it is sent: lost after")
    secret_sha256 = models.CharField(max_length=64, blank=True, help_text="of the one-time link in the e-mail")
    link_until = models.DateTimeField(null=True)
    link_used_at = models.DateTimeField(null=True)
    prepared_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="delivered, come back, acknowledged, or given up")
    status = models.CharField(max_length=12, blank=True, help_text="of mail servers, such as 5.1.1 (RFC 3463)")
    note = models.TextField(blank=True, help_text="what the carrier, the server or the person serving said")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["notice", "method", "number"], name="one_attempt_per_method_and_number"),
            models.UniqueConstraint(fields=["message_id"], name="one_attempt_per_message"),
            models.UniqueConstraint(
                fields=["secret_sha256"], condition=~models.Q(secret_sha256=""), name="one_attempt_per_link"
            ),
            models.CheckConstraint(
                condition=models.Q(method="email", message_id__isnull=False)
                | ~models.Q(method="email") & models.Q(message_id__isnull=True, secret_sha256="", tries=0),
                name="an_email_has_its_message",
            ),
            models.CheckConstraint(
                condition=models.Q(method="email") | ~models.Q(state__in=["prepared", "sending", "unknown"]),
                name="only_email_waits_to_be_sent",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["sent", "refused"]) | models.Q(sent_at__isnull=False),
                name="what_was_sent_has_its_time",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["delivered", "acknowledged", "bounced", "refused", "failed"], ended_at__isnull=False
                )
                | models.Q(state__in=["prepared", "sending", "unknown", "sent"], ended_at__isnull=True),
                name="an_attempt_that_ended_has_its_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["prepared", "sending"], due_at__isnull=False)
                | ~models.Q(state__in=["prepared", "sending"]) & models.Q(due_at__isnull=True),
                name="what_waits_is_due",
            ),
            models.CheckConstraint(
                condition=models.Q(link_used_at__isnull=True) | ~models.Q(secret_sha256=""),
                name="a_used_link_was_there",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="attempt_due", condition=models.Q(state__in=["prepared", "sending"])),
            models.Index(fields=["state", "prepared_at"], name="attempts_by_state"),
        ]

    @property
    def case_id_of_event(self):
        return self.notice.case_id

    @property
    def address(self) -> str:
        return unseal(self.sealed_address, ADDRESS) if self.sealed_address else ""

    @property
    def is_email(self) -> bool:
        return self.method == self.Method.EMAIL

    def __str__(self) -> str:
        return f"{self.get_method_display()}, attempt {self.number}"

    def get_absolute_url(self) -> str:
        return f"{reverse('service:of_notice', args=[self.notice_id])}#attempt-{self.pk}"


class Proof(AuditedModel):
    """A file that shows what became of an attempt, such as a receipt of the post; an item of evidence."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="proofs")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")

    class Meta(AuditedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["item"], name="a_proof_is_an_item_of_its_own")]

    @property
    def case_id_of_event(self):
        return self.attempt.notice.case_id

    def __str__(self) -> str:
        return f"proof {self.item_id}"


class Return(AuditedModel):
    """An e-mail that came back: a report of a server, a receipt, an automatic answer, or somebody's words."""

    PRIVATE = frozenset({"sender", "subject", "says"})

    class Kind(models.TextChoices):
        FAILED = "failed", "Could not be delivered"
        DELAYED = "delayed", "Is delayed"
        DELIVERED = "delivered", "Was delivered"
        RELAYED = "relayed", "Was passed on to a server that sends no reports"
        DISPLAYED = "displayed", "Was displayed"
        AUTOMATIC = "automatic", "An automatic answer"
        OTHER = "other", "Something else"

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, null=True, related_name="returns")
    kind = models.CharField(max_length=10, choices=Kind)
    received_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64, help_text="of the message as it came, in the vault")
    byte_size = models.PositiveIntegerField()
    status = models.CharField(max_length=12, blank=True)
    sender = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    says = models.TextField(blank=True, help_text="what the server gave as its reason")
    filed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    filed_at = models.DateTimeField(null=True, help_text="a person looked at what belonged to nothing")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["sha256"], name="a_message_comes_back_once"),
            models.CheckConstraint(
                condition=models.Q(filed_by__isnull=True, filed_at__isnull=True)
                | models.Q(filed_by__isnull=False, filed_at__isnull=False),
                name="a_return_is_filed_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["-received_at", "-id"], name="return_newest_first")]

    @property
    def case_id_of_event(self):
        return self.attempt.notice.case_id if self.attempt else None

    def __str__(self) -> str:
        return f"{self.get_kind_display().lower()}, {self.received_at:%Y-%m-%d %H:%M}"


class Answer(AuditedModel):
    """That the recipient of a letter answered it: by an appeal, or in any other way."""

    PRIVATE = frozenset({"words"})

    class Kind(models.TextChoices):
        APPEAL = "appeal", "Appeal"
        RESPONSE = "response", "Response"

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="answers")
    kind = models.CharField(max_length=10, choices=Kind)
    received_at = models.DateTimeField()
    words = models.TextField(help_text="what they said, in short, or where it stands")

    class Meta(AuditedModel.Meta):
        constraints = [models.CheckConstraint(condition=~models.Q(words=""), name="an_answer_says_something")]

    @property
    def case_id_of_event(self):
        return self.notice.case_id

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.notice}"


class Deadline(AuditedModel):
    """By when something about a letter has to happen: the end of a day, where its recipient is.

    Silence is recorded as no response. It is never an admission.
    """

    class Kind(models.TextChoices):
        SERVE = "serve", "Serve by"
        RESPOND = "respond", "Respond by"
        APPEAL = "appeal", "Appeal until"

    class Outcome(models.TextChoices):
        OPEN = "", "Open"
        MET = "met", "Done in time"
        LATE = "late", "Done late"
        OVERDUE = "overdue", "Overdue"
        SILENCE = "silence", "No response"

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deadlines")
    kind = models.CharField(max_length=10, choices=Kind)
    stated_on = models.DateField(help_text="as the letter, or our own rule, says it")
    falls_on = models.DateField(help_text="the last day, once moved off days on which no period ends")
    moved_by = models.CharField(max_length=200, blank=True, help_text="why it was moved")
    zone = models.CharField(max_length=64, help_text="of the IANA database, in which the day ends")
    calendar = models.CharField(max_length=12, blank=True, help_text="whose holidays count: a country, or US-CA")
    ends_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN, blank=True)
    outcome_at = models.DateTimeField(null=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["notice", "kind"], name="one_deadline_of_a_kind_per_letter"),
            models.CheckConstraint(
                condition=models.Q(outcome="", outcome_at__isnull=True)
                | ~models.Q(outcome="") & models.Q(outcome_at__isnull=False),
                name="an_outcome_has_its_time",
            ),
            models.CheckConstraint(
                condition=models.Q(falls_on=models.F("stated_on"), moved_by="")
                | models.Q(falls_on__gt=models.F("stated_on")) & ~models.Q(moved_by=""),
                name="a_deadline_moves_later_and_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="serve", outcome__in=["", "met", "late", "overdue"])
                | ~models.Q(kind="serve") & models.Q(outcome__in=["", "met", "late", "silence"]),
                name="silence_is_the_recipients",
            ),
        ]
        indexes = [
            models.Index(fields=["ends_at", "id"], name="deadline_by_end"),
            models.Index(
                fields=["kind", "ends_at"],
                name="deadline_open",
                condition=models.Q(outcome__in=["", "overdue", "silence"]),
            ),
        ]

    @property
    def case_id_of_event(self):
        return self.notice.case_id

    def __str__(self) -> str:
        return f"{self.get_kind_display().lower()} {self.falls_on}"
