"""What takes two people: one asks, the other does it, or says why not."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core import jobs, vault
from apps.core.vault import naming
from apps.evidence import custody
from apps.evidence.models import CustodyEvent, Item, Proposal, StoredFile
from apps.records.holds import refuse_if_held

Kind = CustodyEvent.Kind
Asked = Proposal.State
State = Item.State


@action
def hand_over(item: Item, *, to, reason: str, by, authority: str = "") -> Proposal:
    """Hand an item over to another person, who has it as soon as they accept it."""
    if not to.has_perm("evidence.accept_item"):
        raise ValidationError({"to": f"{to} cannot be a custodian: that takes a role that accepts items."})
    found = _propose(item, Asked.TRANSFER, by, to=to, reason=reason, authority=authority)
    custody.record(item, Kind.OFFER, by, purpose=reason, authority=authority, recipient=str(to))
    return found


@action
def propose_unsealing(item: Item, *, reason: str, by, authority: str = "") -> Proposal:
    """Ask another person to unseal an item."""
    return _propose(item, Asked.UNSEAL, by, reason=reason, authority=authority)


@action
def propose_release(item: Item, *, recipient: str, reason: str, by, authority: str = "") -> Proposal:
    """Ask another person to release an item for good to somebody outside. Never one that was made for a drill."""
    _refuse_drill(item)
    return _propose(item, Asked.RELEASE, by, recipient=recipient, reason=reason, authority=authority)


@action
def propose_disposal(item: Item, *, reason: str, by, authority: str = "") -> Proposal:
    """Ask another person to dispose of an item. Never of one that is held, nor of a test run."""
    _refuse_held(item)
    if item.kind == Item.Kind.TEST_RUN and item.parent_id is None:
        raise ValidationError(
            f"{item.ref} is the file of a test run. Runs stay, whatever came out: leaving out those that found nothing"
            " would make the others look stronger than they are. (R7)"
        )
    return _propose(item, Asked.DISPOSE, by, reason=reason, authority=authority)


def _propose(item: Item, kind: str, by, **fields: Any) -> Proposal:
    words = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    return ledger.create(
        Proposal, item=item, kind=kind, state=kind, proposed_by=by, proposed_at=timezone.now(), **words
    )


# --- answers ----------------------------------------------------------------------------------------------------------


@action
def accept_item(proposal: Proposal, *, by) -> CustodyEvent:
    """Take an item that was handed over: from now on this person answers for it."""
    item = _locked(proposal)
    event = custody.record(
        item, Kind.ACCEPT, by, purpose=proposal.reason, authority=proposal.authority, recipient=str(by)
    )
    custody.require_intact(event, "accepted. Refuse it and tell the administrator")
    ledger.change(item, custodian=by.actor)
    _answer(proposal, Asked.DONE, by)
    return event


@action
def unseal(proposal: Proposal, *, by) -> CustodyEvent:
    """Open a sealed item again, as another person asked."""
    item = _locked(proposal)
    ledger.change(item, state=State.KEPT)
    _answer(proposal, Asked.DONE, by)
    return _record(item, Kind.UNSEAL, proposal, by, changes=vault.unlock(item.sha256))


@action
def release(proposal: Proposal, *, by) -> CustodyEvent:
    """Release an item for good to somebody outside, as another person asked. A copy stays in the vault until it is
    disposed of."""
    item = _locked(proposal)
    _refuse_drill(item)
    ledger.change(item, state=State.RELEASED)
    _answer(proposal, Asked.DONE, by)
    event = _record(item, Kind.RELEASE, proposal, by)
    custody.require_intact(event, "released")
    return event


@action
def dispose(proposal: Proposal, *, by) -> CustodyEvent:
    """Dispose of an item, as another person asked: the file goes, the record of it and its custody stay.

    Raises ValidationError under a legal hold. The file is removed after the commit, where nothing else is that file.
    """
    item = _locked(proposal)
    _refuse_held(item)
    event = _record(item, Kind.DISPOSE, proposal, by)
    ledger.change(item, state=State.DISPOSED)
    _answer(proposal, Asked.DONE, by)
    jobs.after_commit("evidence.remove_file", item.pk, by=by)
    return event


@action
def refuse(proposal: Proposal, *, reason: str, by) -> None:
    """Say why what was asked for is not done."""
    if proposal.kind == Proposal.Kind.TRANSFER:
        custody.record(proposal.item, Kind.REFUSE, by, purpose=reason, recipient=str(by))
    _answer(proposal, Asked.REFUSED, by, answer=reason.strip())


@action
def withdraw(proposal: Proposal, *, by) -> None:
    """Ask no longer."""
    _answer(proposal, Asked.WITHDRAWN, by)


@action
def remove_file(item: Item, *, by) -> CustodyEvent:
    """Take the file of an item that was disposed of out of the vault, unless another record is the same file."""
    with vault.alone_with(item.sha256):
        if others := naming.whose(item.sha256):
            words = f"The file stays: it is also {', and '.join(others)}"
            return custody.record(item, Kind.REMOVE, by, purpose=words)
        event = custody.record_removal(item, by, purpose="The file was removed from the vault")
        StoredFile.objects.filter(pk=item.sha256).delete()
        vault.remove(item.sha256)
        return event


def _locked(proposal: Proposal) -> Item:
    """The proposal's item, as it is now, and nobody else's until the commit."""
    return Item.objects.select_for_update(no_key=True).get(pk=proposal.item_id)


def _answer(proposal: Proposal, state: str, by, answer: str = "") -> None:
    ledger.change(proposal, state=state, answered_by=by, answered_at=timezone.now(), answer=answer)


def _record(item: Item, kind: str, proposal: Proposal, by, **facts: str) -> CustodyEvent:
    words = {"purpose": proposal.reason, "authority": proposal.authority, "recipient": proposal.recipient}
    return custody.record(item, kind, by, **words, **facts)


def _refuse_drill(item: Item) -> None:
    """Exhibits belong to cases, a room below this one: they are asked through the item itself."""
    if drilled := item.exhibits.exclude(case__drill="").select_related("case").first():  # type: ignore[attr-defined]
        raise ValidationError(
            f"{item.ref} is {drilled.label} of the drill {drilled.case.ref}: what was invented for a drill never "
            "leaves the house, because whoever reads it would act on it. Only items of real cases are released. (R18)"
        )


def _refuse_held(item: Item) -> None:
    refuse_if_held(item, "disposed of")
    if lock := vault.locked(item.sha256):
        raise ValidationError(f"The store keeps the file of {item.ref} by {lock}: it cannot be disposed of before.")
