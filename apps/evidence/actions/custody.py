"""What one person does with an item alone."""

from django.core.exceptions import ValidationError

from apps.audit import ledger
from apps.audit.action import action
from apps.audit.reads.look import reading
from apps.core import vault
from apps.evidence import custody
from apps.evidence.models import CustodyEvent, Item, Tlp
from apps.evidence.queries import last_look

Kind = CustodyEvent.Kind
State = Item.State


def _asks(item: Item, by) -> bool:
    """Whether who looks has to say why: at what is sealed, and at the most confidential of others."""
    return item.state == State.SEALED or (item.tlp == Tlp.RED and item.collected_by != by.actor)


@reading(asks=_asks, earlier=last_look)
def open_item(item: Item, *, by, reason: str = "") -> CustodyEvent | None:
    """Record that somebody looked at it; of what was disposed of there is only the record to look at."""
    if item.state == State.DISPOSED:
        ledger.note(item)
        return None
    return custody.record(item, Kind.VIEW, by, purpose=reason)


@action
def verify_item(item: Item, *, by) -> CustodyEvent:
    """Measure the file again. The event says whether it is still what was collected."""
    return custody.record(item, Kind.VERIFY, by)


@action
def export_item(item: Item, *, purpose: str, by, recipient: str = "", authority: str = "") -> CustodyEvent:
    """Record that a copy leaves, and what for. The event's `intact` says whether it may: a damaged file stays."""
    return custody.record(item, Kind.EXPORT, by, purpose=purpose, recipient=recipient, authority=authority)


@action
def break_off(item: Item, *, sent: int, by) -> CustodyEvent:
    """Record that a copy which was on its way did not arrive whole."""
    words = f"The copy broke off after {sent:,} of {item.byte_size:,} bytes"
    return custody.record(item, Kind.BROKEN, by, purpose=words)


@reading
def print_sheet(item: Item, *, by) -> None:
    """Record that somebody took its custody sheet."""
    ledger.note(item)


@action
def seal(item: Item, *, reason: str, by, authority: str = "") -> CustodyEvent:
    """Close an item: it can be measured, but no copy taken and nothing made from it, until two people unseal it.

    Where the store has locks it is told to keep the file. Raises ValidationError when the file is not intact.
    """
    ledger.change(item, state=State.SEALED)
    event = custody.record(item, Kind.SEAL, by, purpose=reason, authority=authority, changes=vault.lock(item.sha256))
    custody.require_intact(event, "sealed")
    return event


@action
def take_over(item: Item, *, reason: str, by) -> CustodyEvent:
    """Answer for an item whose custodian cannot hand it over any more."""
    if item.custodian == by.actor:
        raise ValidationError("You have it already.")
    ledger.change(item, custodian=by.actor)
    return custody.record(item, Kind.TAKE_OVER, by, purpose=reason)


@action
def clear_item(item: Item, *, reason: str, by) -> CustodyEvent:
    """Let an item out of quarantine: a person looked at what spoke against it, and says why it may be worked with."""
    ledger.change(item, state=State.KEPT)
    return custody.record(item, Kind.CLEAR, by, purpose=reason)
