"""R13: invitation to respond before public naming, or a signed reason why not."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.cases.models import Case, Invitation, Party

# Whom a case says something against. A victim and somebody's counsel are accused of nothing.
ACCUSED = (Party.Role.OPERATOR, Party.Role.BENEFICIARY, Party.Role.RESELLER, Party.Role.INFRASTRUCTURE)

# Who acts for a party on a day, whoever is written to first at the head: a room below knows it, and says so here.
ACTING: list[Callable[[Party, date], Sequence[Any]]] = []


def acting_for(party: Party, on: date) -> list[Any]:
    """Lawyers through whom a party is invited, if it has any on that day."""
    return [counsel for known in ACTING for counsel in known(party, on)]


def why_not_nameable(party: Party) -> str:
    """What is still owed to a party before anybody names it in public; "" where nothing is."""
    if party.role not in ACCUSED:
        return ""
    invitation = Invitation.objects.filter(party=party).first()
    if invitation is None:
        return "it was not invited to respond, and nobody signed why not"
    if invitation.state == Invitation.State.AWAITING:
        over = invitation.respond_by and invitation.respond_by < timezone.now().date()
        return "that it did not respond is not on record" if over else f"it may respond until {invitation.respond_by}"
    return ""


def refuse_unheard(case: Case) -> None:
    """Raise ValidationError with each party of the case that may not be named in public yet."""
    owed = [(party, why) for party in case.parties.order_by("added_at") if (why := why_not_nameable(party))]
    if owed:
        raise ValidationError(
            [
                f"{party.get_role_display()} {party.name} is not named in public yet: {why}. Invite it on the case's"
                " page and wait for its answer, or have counsel sign why it is not asked. (R13)"
                for party, why in owed
            ]
        )
