"""Witnesses over real HTTP: what they cosign is kept once it is verified, what they refuse is said."""

import time

import pytest
from django.utils import timezone

from apps.audit.anchors import witnesses
from apps.audit.log import notes
from apps.audit.models import Anchor, AnchorParty
from tests.audit.anchors.conftest import attend, name_in_policy
from tests.audit.anchors.outside import Witness, drip, redirect
from tests.audit.tampering import guards_off, sql

pytestmark = pytest.mark.usefixtures("committed_db")


def problem() -> str:
    return AnchorParty.objects.get().problem


def test_a_witness_cosigns_what_is_sealed(seal, witness):
    checkpoint = seal()
    assert attend() == [True]
    anchor = Anchor.objects.get()
    assert (anchor.kind, anchor.party, anchor.size) == ("witness", "witness.example/w1", checkpoint.size)
    cosigned = notes.with_signatures(checkpoint.note, bytes(anchor.token).decode())
    assert witness.key.verifier.open(cosigned)[1] == anchor.stated_at
    assert attend() == [False], "there is nothing new"


def test_each_new_checkpoint_comes_with_its_proof(seal, witness):
    sizes = []
    for _ in range(5):
        sizes.append(seal().size)
        assert attend() == [True]
    assert [int(body.split()[1]) for body in witness.got] == [0, *sizes[:-1]]
    assert list(Anchor.objects.order_by("size").values_list("size", flat=True)) == sizes


def test_many_entries_between_two_cosignatures(seal, witness):
    """Proofs that reach over a full tile."""
    attend() if seal() else None
    for _ in range(300):
        seal()
    assert attend() == [True]


def test_a_witness_with_two_keys_is_a_line_of_the_policy_for_each(seal, settings, tmp_path):
    """Ed25519 and ML-DSA-44, of which either suffices."""
    witness = Witness("witness.example/two", tmp_path / "two", notes.COSIGNATURE, notes.ML_DSA_44)
    either = "witness.example/two witness.example/two-6"
    name_in_policy(settings, tmp_path, witness, quorum=f"group two any {either}\nquorum two\n")
    seal()
    assert attend() == [True], "it is asked once for both"
    assert len(witness.got) == 1
    assert [len(bytes(anchor.token).splitlines()) for anchor in Anchor.objects.all()] == [1, 1]
    assert [anchor.party for anchor in Anchor.objects.order_by("party")] == either.split()


def test_a_lost_answer_is_made_good(seal, witness):
    """The witness has seen more than we know of: it says so, and is asked again from there."""
    seal()
    witness.plan = [(500, b"")]
    assert attend() == [False]
    seal()
    assert attend(after=10) == [True]
    with guards_off():
        sql("DELETE FROM audit_anchor")
    seal()
    assert attend() == [True]
    assert witness.got[-2].startswith(b"old 0\n")
    assert not witness.got[-1].startswith(b"old 0\n")


def test_a_witness_that_lost_its_memory_is_asked_from_the_start(seal, witness):
    seal()
    attend()
    witness.forget()
    seal()
    assert attend() == [True]


def another_history(witness, settings, size: int) -> None:
    """The witness is shown another log of this size, signed with the log's own key."""
    signer = notes.load_or_make_signer(settings.TRAIL_KEY_FILE, settings.TRAIL_ORIGIN)
    note = signer.sign(str(notes.Head(settings.TRAIL_ORIGIN, size, b"\1" * 32)))
    witness.forget()
    assert witness.answer(f"old 0\n\n{note}".encode())[0] == 200


def test_a_rewritten_log_gets_no_cosignature(seal, witness, settings):
    """Even one that is signed with the log's own key."""
    checkpoint = seal()
    attend()
    another_history(witness, settings, checkpoint.size)
    seal()
    assert attend() == [False]
    assert "does not continue what it has seen before (422)" in problem()
    assert Anchor.objects.count() == 1


def test_an_older_copy_of_the_database_is_named(seal, witness, settings):
    checkpoint = seal()
    another_history(witness, settings, checkpoint.size + 7)
    assert attend() == [False]
    assert f"has seen {checkpoint.size + 7} entries, and the log here has {checkpoint.size}" in problem()


def test_a_log_that_the_witness_does_not_know(seal, witness, settings):
    seal()
    witness.know(())
    assert attend() == [False]
    assert f"does not know a log called {settings.TRAIL_ORIGIN} (404)" in problem()
    key = notes.load_verifier(settings.TRAIL_KEY_FILE)
    assert str(key).split()[0] in problem(), "its operator needs the key"


def test_a_key_that_the_witness_does_not_know(seal, witness, settings):
    seal()
    witness.know([notes.Signer.generate(settings.TRAIL_ORIGIN, notes.ED25519).verifier])
    assert attend() == [False]
    assert "does not accept the log's signature (403)" in problem()


def cosignature_of(witness, note: str) -> bytes:
    return witness.key.cosign(note).encode()


def test_nothing_is_kept_that_does_not_hold(seal, witness, settings):
    checkpoint = seal()
    stranger = notes.Cosigner.generate(witness.key.name, notes.COSIGNATURE)
    another_tree = str(notes.Head(settings.TRAIL_ORIGIN, checkpoint.size, b"\1" * 32)) + "\n— x AAAAAAAA\n"
    right = cosignature_of(witness, checkpoint.note).decode()
    broken = right[:-10] + ("A" if right[-10] != "A" else "B") + right[-9:]
    answers = [
        ((200, cosignature_of(witness, another_tree)), "signature by witness.example/w1 is wrong"),
        ((200, stranger.cosign(checkpoint.note).encode()), "by none of the keys of witness.example/w1"),
        ((200, broken.encode()), "does not hold"),
        ((200, b""), "does not hold"),
        ((200, b"\xff\xfe"), "does not hold"),
        ((200, b"thank you\n"), "does not hold"),
        ((200, b"x" * 200_000), "more than 65536 bytes"),
        ((204, b""), "does not hold"),
        ((409, b"many"), "409 without the size"),
        ((409, b"1" * 40), "409 without the size"),
        ((418, b""), "Answered 418"),
        (redirect, "redirects are not followed"),
    ]
    for answer, why in answers:
        witness.plan = [answer]
        AnchorParty.objects.update(due_at=timezone.now())
        assert attend() == [False]
        assert why in problem(), why
    assert not Anchor.objects.exists()
    assert AnchorParty.objects.get().failures == len(answers)


def test_lines_of_other_keys_are_passed_over(seal, witness):
    checkpoint = seal()
    other = notes.Cosigner.generate("witness.example/w2", notes.COSIGNATURE)
    mine = witness.key.cosign(checkpoint.note)
    witness.plan = [(200, (other.cosign(checkpoint.note) + mine).encode())]
    assert attend() == [True]
    assert bytes(Anchor.objects.get().token).decode() == mine


def test_a_witness_whose_clock_is_wrong(seal, witness):
    checkpoint = seal()
    witness.plan = [(200, witness.key.cosign(checkpoint.note, int(time.time()) + 3600).encode())]
    assert attend() == [False]
    assert "one of the two is wrong" in problem()


def test_a_witness_that_takes_for_ever(seal, witness, monkeypatch):
    seal()
    monkeypatch.setattr(witnesses, "SECONDS", 0.5)
    witness.plan = [drip]
    assert attend() == [False]
    assert "No answer within 0.5 seconds" in problem()


def test_only_networks_that_the_settings_allow(seal, witness, settings):
    settings.TRAIL_NETWORKS = []
    seal()
    assert attend() == [False]
    assert "TRAIL_NETWORKS says what may be called there" in problem()
    assert witness.got == []


def test_a_quorum_of_two_of_three(seal, settings, tmp_path):
    three = [Witness(f"witness.example/{n}", tmp_path / n) for n in "abc"]
    names = " ".join(w.name for w in three)
    name_in_policy(settings, tmp_path, *three, quorum=f"group some 2 {names}\nquorum some\n")
    three[0].is_down = True
    checkpoint = seal()
    assert attend() == [False, True, True]
    assert set(Anchor.objects.values_list("size", flat=True)) == {checkpoint.size}, "all are asked about the same"
    assert witnesses.quorum_is_met({three[1].key.name, three[2].key.name})
    assert not witnesses.quorum_is_met({three[1].key.name})
