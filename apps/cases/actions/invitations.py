"""The other side is heard: a party is invited to respond before anybody names it in public (R13)."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.cases.models import Invitation, Party

State = Invitation.State


@action
def invite_party(party: Party, *, channel: str, invited_on: date, respond_by: date, by) -> Invitation:
    """Record that a party was asked for its side, how, and until when it may answer."""
    if invited_on > timezone.now().date():
        raise ValidationError({"invited_on": "Record the invitation once it was sent. (R13)"})
    if respond_by <= invited_on:
        raise ValidationError({"respond_by": "Leave the party time: the deadline lies after the invitation. (R13)"})
    return _record(party, by, channel=channel, invited_on=invited_on, respond_by=respond_by)


@action
def waive_invitation(party: Party, *, reason: str, by) -> Invitation:
    """Sign that a party is not invited, and why; it may then be named without having been heard."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why the party is not invited, and sign for it. (R13)"})
    return _record(party, by, state=State.NOT_INVITED, reason=reason.strip())


def _record(party: Party, by, **values) -> Invitation:
    return ledger.create(Invitation, party=party, recorded_by=by, recorded_at=timezone.now(), **values)


@action
def record_response(invitation: Invitation, *, response: str, responded_on: date, by) -> None:
    """What the party answered, as it came, also after its deadline."""
    if not response.strip():
        raise ValidationError({"response": "Say what the party answered, point by point."})
    ledger.change(invitation, state=State.RESPONDED, response=response.strip(), responded_on=responded_on)


@action
def record_silence(invitation: Invitation, *, by) -> None:
    """That the deadline passed without a response. Silence is kept as silence: it admits nothing."""
    if invitation.respond_by and timezone.now().date() <= invitation.respond_by:
        raise ValidationError(f"The party may still answer: it has until {invitation.respond_by:%-d %B %Y}. (R13)")
    ledger.change(invitation, state=State.NO_RESPONSE)
