"""E-mail addresses as they are served at, and as we are written back to."""

import json
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from apps.core.sealed import seal, unseal
from apps.service.models import ADDRESS

LONGEST = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_is_email = EmailValidator()


def checked(address: str) -> str:
    """The address, trimmed. Raises ValidationError for what could be read as more than one address, or as a header."""
    address = address.strip()
    local, _, domain = address.rpartition("@")
    if not address.isascii() and local.isascii():
        try:
            address = f"{local}@{domain.encode('idna').decode()}"
        except UnicodeError:
            raise ValidationError({"address": "The part after the @ is no name of a domain."}) from None
    if not address.isascii() or not address.isprintable() or len(address) > LONGEST or '"' in address:
        raise ValidationError({"address": "Give one plain address, such as name@example.org."})
    try:
        _is_email(address)
    except ValidationError:
        raise ValidationError({"address": "This is no e-mail address."}) from None
    return address


def masked(address: str) -> str:
    """Enough of it to tell it from another, for lists."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}…{at}{domain}" if at else address.splitlines()[0] if address else ""


def sealed_list(addresses: Mapping[UUID, str]) -> str:
    """Where letters go, by their ids, as it lies in the database until they are sent."""
    return seal(json.dumps({str(pk): address for pk, address in addresses.items()}), ADDRESS)


def opened_list(sealed: str) -> dict[UUID, str]:
    """None are left once they were handed over or withdrawn."""
    return {UUID(pk): address for pk, address in json.loads(unseal(sealed, ADDRESS)).items()} if sealed else {}


def return_path(attempt_id: UUID) -> str:
    """Where reports about one attempt go (a variable envelope return path); "" where nobody reads returns."""
    local, at, domain = settings.RETURNS_ADDRESS.partition("@")
    return f"{local}+{attempt_id.hex}{at}{domain}" if at else ""


def attempt_of(address: str) -> UUID | None:
    """The attempt whose return path this is."""
    ours, _, domain = settings.RETURNS_ADDRESS.lower().partition("@")
    local, _, at = address.strip().strip("<>").lower().rpartition("@")
    name, _, found = local.rpartition("+")
    return as_uuid(found) if ours and (name, at) == (ours, domain) else None


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(hex=text) if len(text) == 32 else None
    except ValueError:
        return None
