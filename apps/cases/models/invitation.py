from django.db import models

from apps.cases.models.case import OfCase, Party


class Invitation(OfCase):
    """A party was asked for its side before anybody names it in public, or somebody signs why it was not (R13).

    Silence is "no response", never an admission.
    """

    PRIVATE = frozenset({"response"})

    class State(models.TextChoices):
        AWAITING = "awaiting", "Awaits a response"
        RESPONDED = "responded", "Responded"
        NO_RESPONSE = "no_response", "No response; silence is not an admission"
        NOT_INVITED = "not_invited", "Not invited, for a signed reason"

    class Channel(models.TextChoices):
        POST = "post", "Post"
        EMAIL = "email", "E-mail"
        COUNSEL = "counsel", "Through counsel"
        FORM = "form", "Contact form"
        OTHER = "other", "Other"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="invitations")
    state = models.CharField(max_length=12, choices=State, default=State.AWAITING)
    channel = models.CharField(max_length=10, choices=Channel, blank=True)
    invited_on = models.DateField(null=True)
    respond_by = models.DateField(null=True)
    response = models.TextField(blank=True, help_text="what the party said, point by point")
    responded_on = models.DateField(null=True)
    reason = models.TextField(blank=True, help_text="why it is not invited")
    recorded_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta(OfCase.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(fields=["party"], name="a_party_is_invited_once"),
            models.CheckConstraint(
                condition=models.Q(state="not_invited", invited_on__isnull=True) & ~models.Q(reason="")
                | ~models.Q(state="not_invited") & models.Q(invited_on__isnull=False, respond_by__isnull=False),
                name="an_invitation_or_a_signed_reason",
                violation_error_message="Say when the party was invited, until when it may answer, or why not. (R13)",
            ),
            models.CheckConstraint(
                condition=models.Q(respond_by__isnull=True) | models.Q(respond_by__gt=models.F("invited_on")),
                name="an_invitation_leaves_time",
                violation_error_message="The deadline lies after the invitation.",
            ),
            models.CheckConstraint(
                condition=models.Q(state="responded", responded_on__isnull=False) & ~models.Q(response="")
                | ~models.Q(state="responded") & models.Q(responded_on__isnull=True, response=""),
                name="a_response_is_recorded_as_it_came",
                violation_error_message="Say when the response came, and what it said.",
            ),
        ]

    @property
    def case_id_of_event(self):
        return self.party.case_id

    @property
    def case(self):
        return self.party.case

    def __str__(self) -> str:
        return f"invitation of {self.party_id}"
