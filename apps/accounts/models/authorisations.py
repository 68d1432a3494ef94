"""Permissions that a provider gave: contracts and research programmes under which conduct is allowed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from apps.accounts.models.records import Account
from apps.audit.models import AuditedModel
from apps.core.constraints import both_or_neither, different
from apps.policies.tags import KINDS, Conduct

CONDUCT = [(kind.value, KINDS[kind].title) for kind in Conduct]


class Authorisation(AuditedModel):
    """That a party may do what the terms forbid others: recorded by one person, in force once another confirmed it."""

    class Basis(models.TextChoices):
        CONTRACT = "contract", "Contract"
        RESEARCH = "research", "Research programme"
        SECURITY = "security", "Security test"
        PERMISSION = "permission", "Written permission"

    class State(models.TextChoices):
        RECORDED = "recorded", "Waits for another person"
        ACTIVE = "active", "Active"
        REFUSED = "refused", "Refused"
        REVOKED = "revoked", "Revoked"

    party = models.CharField(max_length=200, help_text="who is allowed to")
    basis = models.CharField(max_length=12, choices=Basis)
    conduct = ArrayField(models.CharField(max_length=20, choices=CONDUCT))
    scope = models.TextField(help_text="what exactly is allowed, and within which limits")
    organisation = models.CharField(max_length=200, blank=True, help_text="covers the accounts of this organisation")
    contract = models.CharField(max_length=64, blank=True, help_text="covers the accounts under this contract")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="the last day; empty: until it is revoked")
    document_ref = models.CharField(max_length=64, help_text="the item of evidence that shows it, e.g. EV-2026-0001")
    document_sha256 = models.CharField(max_length=64, blank=True, help_text="of that document")
    state = models.CharField(max_length=10, choices=State, default=State.RECORDED)
    recorded_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    reviewed_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    review_note = models.TextField(blank=True)
    revoked_from = models.DateField(null=True, help_text="the first day on which it no longer holds")
    revoked_by = models.ForeignKey("staff.User", on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revocation_reason = models.TextField(blank=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(conduct__len__gt=0)
                & models.Q(conduct__contained_by=[kind.value for kind in Conduct]),
                name="an_authorisation_allows_known_conduct",
                violation_error_message="Choose at least one kind of conduct that is allowed.",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
                name="an_authorisation_ends_after_it_starts",
                violation_error_message="The last day is before the first: correct one of them.",
            ),
            models.CheckConstraint(
                condition=different("recorded_by", "reviewed_by"),
                name="an_authorisation_is_confirmed_by_another_person",
                violation_error_message="Another person confirms an authorisation than the one who recorded it.",
            ),
            models.CheckConstraint(
                condition=both_or_neither("reviewed_by", "reviewed_at"),
                name="an_authorisation_review_has_its_person_and_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state="recorded") | models.Q(reviewed_by__isnull=False),
                name="an_authorisation_holds_once_reviewed",
            ),
            models.CheckConstraint(
                condition=both_or_neither("revoked_from", "revoked_by", "revoked_at"),
                name="a_revocation_has_its_day_person_and_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state="revoked", revoked_from__isnull=False)
                | (~models.Q(state="revoked") & models.Q(revoked_from__isnull=True)),
                name="a_revoked_authorisation_has_its_day",
            ),
            models.CheckConstraint(
                condition=~models.Q(party="") & ~models.Q(scope="") & ~models.Q(document_ref=""),
                name="an_authorisation_says_who_what_and_by_what",
                violation_error_message="Say who is allowed, what exactly, and which document shows it.",
            ),
        ]
        indexes = [models.Index(fields=["-recorded_at", "-id"], name="authorisation_newest_first")]

    def get_absolute_url(self) -> str:
        return reverse("accounts:authorisation", args=[self.pk])

    @property
    def allowed(self) -> list[str]:
        """The kinds of conduct in words."""
        return [KINDS[Conduct(kind)].title for kind in self.conduct]

    def __str__(self) -> str:
        return f"{self.get_basis_display()} with {self.party}"


class AuthorisedAccount(AuditedModel):
    """An account that an authorisation names."""

    authorisation = models.ForeignKey(Authorisation, on_delete=models.PROTECT, related_name="named")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="authorised")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["authorisation", "account"], name="an_authorisation_names_an_account_once")
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.authorisation}"
