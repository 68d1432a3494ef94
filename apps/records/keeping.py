"""Staff: they stand above this room and cannot register themselves."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError

from apps.records.reach import holdable
from apps.records.subjects import ERASED, Part, marker, subject
from apps.staff.models import User


def _has_left(person: User) -> None:
    if person.is_active:
        raise ValidationError("This person still has access: an administrator ends it first.")


def _end_sign_in(person: User) -> None:
    EmailAddress.objects.filter(user_id=person.pk).delete()
    Authenticator.objects.filter(user_id=person.pk).delete()


holdable(
    "person",
    User,
    title="A person of the staff",
    field="email",
    example="ada@northlight.example",
    covers="their record, and the addresses from which they acted",
)
subject(
    "person",
    User,
    title="A person of the staff",
    field="email",
    example="ada@northlight.example",
    actors=lambda person: [person.actor],
    checks=[_has_left],
    ends=[_end_sign_in],
    kept=[lambda person: ["What they did stays in the trail, under a number instead of a name (Art. 17(3)(b), (e))."]],
    parts=[
        Part(
            User,
            rows=lambda person: User.objects.filter(pk=person.pk),
            instead=lambda row, person: {
                "email": f"{marker(row)}@erased.invalid",
                "name": ERASED,
                "password": "!",
            },
            says="name, e-mail address and password",
        )
    ],
)
