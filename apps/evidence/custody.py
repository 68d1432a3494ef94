"""A link of the chain of custody: the file measured, and what was found written down."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.core import vault
from apps.evidence.models import CustodyEvent, Item, StoredFile

Kind = CustodyEvent.Kind
Outcome = StoredFile.Outcome

# Where nothing more may change without notice both hashes are taken: the two would have to be forged together.
WITH_BOTH_HASHES = {Kind.COLLECT, Kind.VERIFY, Kind.SEAL, Kind.UNSEAL, Kind.RELEASE, Kind.DISPOSE}


def record(item: Item, kind: str, by, **facts: str) -> CustodyEvent:
    """Measure the item's file and write the event. Inside an action."""
    whole = vault.measure_whole(item.sha256) if kind in WITH_BOTH_HASHES else None
    sha256 = whole.sha256 if whole else vault.measure(item.sha256)
    intact = sha256 == item.sha256 and (whole is None or whole.sha512 == item.sha512)
    remember(item.sha256, Outcome.INTACT if intact else Outcome.DAMAGED if sha256 else Outcome.MISSING)
    return _write(item, kind, by, sha256, whole.sha512 if whole else "", intact, facts)


def record_removal(item: Item, by, **facts: str) -> CustodyEvent:
    """The link that follows the last one: nothing is there to be measured any more, as was decided."""
    return _write(item, Kind.REMOVE, by, "", "", True, facts)


def _write(item: Item, kind: str, by, sha256: str, sha512: str, intact: bool, facts: dict[str, str]) -> CustodyEvent:
    return ledger.create(
        CustodyEvent,
        item=item,
        kind=kind,
        at=timezone.now(),
        actor=by.actor,
        place=vault.name(),
        measured_sha256=sha256,
        measured_sha512=sha512,
        intact=intact,
        **{name: words.strip() for name, words in facts.items()},
    )


def remember(sha256: str, outcome: str) -> None:
    """What the last measurement found, by file: several items may be one file."""
    StoredFile.objects.bulk_create(
        [StoredFile(sha256=sha256, measured_at=timezone.now(), outcome=outcome)],
        update_conflicts=True,
        unique_fields=["sha256"],
        update_fields=["measured_at", "outcome"],
    )


def require_intact(event: CustodyEvent, done: str) -> None:
    """Raise ValidationError, which undoes the step, when the file is not what was collected."""
    if not event.intact:
        raise ValidationError(f"The file in the vault is not what was collected: it cannot be {done}.")
