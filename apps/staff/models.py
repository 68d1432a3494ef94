from typing import cast

import rules
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from apps.audit.models import AuditedModel, AuditedQuerySet
from apps.core.constraints import both_or_neither
from apps.staff.roles import ROLES

MACHINE_ROLES = ["detector", "account_system", "enforcement_system", "monitor"]
PEOPLE_ROLES = [slug for slug in ROLES if slug not in (*MACHINE_ROLES, "recipient", "system")]


class UserQuerySet(AuditedQuerySet):
    def get_by_natural_key(self, email: str | None) -> "User":
        return cast("User", self.get(email__iexact=email))


class User(AuditedModel, AbstractBaseUser):
    """A person who signs in. Roles are data in `roles.py`; nobody has all permissions."""

    PRIVATE = frozenset({"email", "name", "password"})
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    email = models.EmailField()
    name = models.CharField(max_length=100)
    roles = ArrayField(models.CharField(max_length=30), default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_login = None  # the trail says when somebody signed in

    objects = UserQuerySet.as_manager()  # type: ignore[misc]

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="one_user_per_email", violation_error_message="Somebody has this e-mail address."
            ),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=PEOPLE_ROLES),
                name="roles_are_known",
                violation_error_message="A role is not one of those in roles.py.",
            ),
        ]

    @property
    def actor(self) -> str:
        return f"user:{self.pk}"

    actor_kind = "person"

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and rules.has_perm(perm, self, obj)

    def check_password(self, raw_password: str | None) -> bool:
        # Without Django's silent re-hash on sign-in, which would write outside the ledger.
        from django.contrib.auth.hashers import check_password

        return check_password(raw_password, self.password)

    @property
    def role_titles(self) -> str:
        return ", ".join(ROLES[role].title for role in self.roles if role in ROLES)

    def __str__(self) -> str:
        return self.name


class ServiceAccount(AuditedModel):
    """A program that signs in with an API key, such as one detector."""

    slug = models.SlugField(max_length=64)
    name = models.CharField(max_length=100)
    roles = ArrayField(models.CharField(max_length=30), default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                name="one_service_account_per_slug",
                violation_error_message="There is a service account of this name.",
            ),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=MACHINE_ROLES), name="service_accounts_have_machine_roles"
            ),
        ]

    is_authenticated = True
    actor_kind = "detector"

    @property
    def actor(self) -> str:
        return f"service:{self.slug}"

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and rules.has_perm(perm, self, obj)

    def __str__(self) -> str:
        return self.name


class ApiKey(AuditedModel):
    """A key of a service account. The secret is shown once; only its SHA-256 is kept (it has 256 random bits)."""

    PRIVATE = frozenset({"secret_sha256"})

    service_account = models.ForeignKey(ServiceAccount, on_delete=models.PROTECT, related_name="keys")
    prefix = models.CharField(max_length=12)
    secret_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(AuditedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["prefix"], name="one_key_per_prefix"),
            models.CheckConstraint(
                condition=both_or_neither("revoked_at", "revoked_by"),
                name="a_revoked_key_says_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"cmk_{self.prefix}_…"
