"""Legal holds: issued by one person, ended by two."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.audit.models import AuditedModel
from apps.core.ids import next_reference
from apps.records import reach
from apps.records.models import Custodian, HoldScope, LegalHold
from apps.staff.models import User


@action
def issue_hold(
    *, matter: str, reason: str, scope: Iterable[AuditedModel], by, custodians: Iterable[User] = ()
) -> LegalHold:
    """Put a hold on things and all that belongs to them, from the moment this commits, and tell the custodians.

    Raises ValidationError when it is on nothing, or on something of which no hold is possible.
    """
    things = list(scope)
    if not things:
        raise ValidationError("Say what the hold is on: a hold on nothing keeps nothing.")
    now = timezone.now()
    hold = ledger.create(
        LegalHold,
        ref=next_reference("H", now.year),
        matter=matter.strip(),
        reason=reason.strip(),
        issued_by=by,
        issued_at=now,
    )
    _cover(hold, things, by)
    _tell(hold, custodians, by)
    return hold


@action
def widen_hold(hold: LegalHold, *, scope: Iterable[AuditedModel], by, reason: str = "") -> int:
    """Put the hold on more things; returns how many it was not on before. It cannot be narrowed."""
    on = set(hold.scopes.values_list("table_name", "row_id"))
    added = [thing for thing in scope if (thing._meta.db_table, thing.pk) not in on]
    if not added:
        raise ValidationError("The hold is on all of this already.")
    _cover(hold, added, by)
    return len(added)


@action
def tell_custodians(hold: LegalHold, *, people: Iterable[User], by) -> int:
    """Tell people of the hold who have records in their care; returns how many were not told before."""
    told = set(hold.custodians.values_list("person_id", flat=True))
    new = [person for person in people if person.pk not in told]
    if not new:
        raise ValidationError("Everybody named here was told already.")
    _tell(hold, new, by)
    return len(new)


@action
def acknowledge_hold(custodian: Custodian, *, by) -> None:
    """A custodian says that they have read the hold and will keep what it covers."""
    ledger.change(custodian, acknowledged_at=timezone.now())


@action
def ask_release(hold: LegalHold, *, reason: str, by) -> None:
    """Ask for the end of the hold. It stays in force until another person agrees."""
    ledger.change(
        hold,
        state=LegalHold.State.RELEASE_REQUESTED,
        release_asked_by=by,
        release_asked_at=timezone.now(),
        release_reason=reason.strip(),
    )


@action
def refuse_release(hold: LegalHold, *, reason: str, by) -> None:
    """The hold stays."""
    ledger.change(hold, state=LegalHold.State.IN_FORCE, release_asked_by=None, release_asked_at=None, release_reason="")


@action
def release_hold(hold: LegalHold, *, reason: str, by) -> None:
    """End the hold: from now on erasure, disposal and retention may take what no other hold covers."""
    ledger.change(
        hold,
        state=LegalHold.State.RELEASED,
        released_by=by,
        released_at=timezone.now(),
        release_note=reason.strip(),
    )


def _cover(hold: LegalHold, things: Iterable[AuditedModel], by: User) -> None:
    kinds = {kind.model: kind for kind in reach.HOLDABLE.values()}
    for thing in things:
        kind = kinds.get(thing.__class__)
        if kind is None:
            raise ValidationError(
                f"A hold is put on {', '.join(k.title.lower() for k in kinds.values())}: not on this."
            )
        ledger.create(
            HoldScope,
            hold=hold,
            kind=kind.kind,
            table_name=kind.table,
            row_id=thing.pk,
            called="" if kind.field in thing.PRIVATE else str(getattr(thing, kind.field)),
            added_by=by,
            added_at=timezone.now(),
        )


def _tell(hold: LegalHold, people: Iterable[User], by: User) -> None:
    for person in people:
        ledger.create(Custodian, hold=hold, person=person, told_by=by, told_at=timezone.now())
