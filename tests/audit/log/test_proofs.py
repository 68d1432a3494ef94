"""The tlog-proof of an event: what the verifier accepts and what it weighs."""

import pytest
from django.utils import timezone

from apps.audit.log import notes, proofs, sequencer
from apps.audit.models import Anchor, Checkpoint, Event
from apps.disclosures.bundle import verifier
from tests.audit.planting import plant


@pytest.fixture
def log(committed_db, people):
    _ = people.admin
    plant(0)
    while sequencer.sequence():
        pass


def policy(*more: str) -> verifier.Policy:
    own = notes.load_verifier(proofs_key())
    return verifier.Policy.parse("".join(f"log {key}\n" for key in own.keys) + "".join(more) + "quorum none\n")


def proofs_key():
    from django.conf import settings

    return settings.TRAIL_KEY_FILE


def test_the_verifier_accepts_the_proof_of_every_event(log):
    for event in Event.objects.all():
        text = proofs.proof_of(event)
        report = verifier.check_proof(text, bytes(event.body), policy())
        assert report.faults == []
        assert verifier.check_proof(text, bytes(event.body) + b" ", policy()).faults != []
        ed25519_alone = text[: text.rindex("— ")]
        assert len(ed25519_alone.encode()) < 2048
        assert len(text.encode()) < 10 * 1024


def test_an_event_without_a_place_has_no_proof(log, people):
    _ = people.lead
    with pytest.raises(proofs.NotSequenced):
        proofs.proof_of(Event.objects.latest("id"))


def test_a_witnessed_checkpoint_is_preferred_and_its_cosignatures_go_along(log, people):
    """Though a later one has been signed, which nobody outside has seen."""
    seen = Checkpoint.objects.latest("size")
    witness = notes.Cosigner.generate("witness.example", notes.COSIGNATURE)
    now = timezone.now()
    cosigned = witness.cosign(seen.note, int(now.timestamp()))
    line = cosigned[cosigned.rindex("— ") :]
    Anchor.objects.create(
        size=seen.size,
        kind="witness",
        party="witness",
        token=line.encode(),
        stated_at=now,
        obtained_at=now,
        verified_at=now,
    )
    _ = people.lead
    while sequencer.sequence():
        pass
    event = Event.objects.earliest("id")
    report = verifier.check_proof(proofs.proof_of(event), bytes(event.body), policy(f"witness w {witness.verifier}\n"))
    assert report.faults == []
    assert report.time.proved[0].startswith("The witness w had seen it by")
