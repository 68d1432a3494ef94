"""Whatever is done to a bag is found and named."""

import json
from random import Random

import pytest

from apps.audit.log import merkle, notes
from apps.audit.log.notes.files import generate
from apps.audit.log.notes.text import b64
from apps.audit.models import Event, Leaf
from apps.disclosures.bundle import assembly, verifier
from tests.disclosures.bundle import mutations
from tests.disclosures.bundle.conftest import sequence, unpack

SOAK = pytest.param(1000, marks=pytest.mark.soak)


@pytest.fixture
def bag(made, tmp_path):
    bundle = made()
    sequence()  # its own making, for the receipt
    return mutations.of_folder(unpack(bundle, tmp_path)), assembly.receipt(bundle)


def found(report, mutation) -> bool:
    """Whether a fault names the kind, and the place or a sentence that holds it."""
    return any(
        (not mutation.kinds or fault.kind in mutation.kinds)
        and ("manifest" in mutation.place or mutation.place in f"{fault.where} {fault.sentence}")
        for fault in report.faults
    )


@pytest.mark.slow
@pytest.mark.parametrize("times", [80, SOAK])
def test_every_mutation_is_found_and_rightly_named(bag, times):
    files, receipt = bag
    random = Random(4)
    assert mutations.judged(files).faults == []
    assert mutations.judged(mutations.with_new_manifests(files), receipt=receipt).faults == []
    done = set()
    for _ in range(times):
        for mutate in (mutations.plain, mutations.knowing):
            mutation = mutate(files, random)
            report = mutations.judged(mutation.files)
            assert found(report, mutation), (mutation.name, mutation.place, report.faults[:5])
            done.add(mutation.name)
        mutation = mutations.anything(files, random)
        report = mutations.judged(mutation.files, receipt=receipt)
        assert report.faults, mutation.place
        # Where the policy or the number of the bundle was changed, the receipt is no longer one of this bag.
        assert {fault.kind for fault in report.faults} & {"receipt-differs", "receipt-unusable"}, mutation.place
    assert len(done) > 12


@pytest.mark.parametrize("times", [40, SOAK])
def test_nothing_in_a_bag_trips_the_verifier(bag, times):
    """A report always comes out, with a fault wherever the list is one that the log speaks for."""
    files, receipt = bag
    random = Random(17)
    for _ in range(times):
        report = mutations.judged(mutations.odd(files, random), receipt=receipt)
        assert report.faults
        assert "Do not rely on it" in report.as_text()
        assert json.loads(json.dumps(report.as_dict()))["holds"] is False


def rewritten(files, signer):
    """The whole log made anew with one event changed: what whoever has the database and a key can do."""
    bodies = [bytes(event.body) for event in events_in_order()]
    name = sorted(name for name in files if name.startswith("data/events/"))[3]
    place = int(name[12:24])
    bodies[place] = bodies[place].replace(b'"actor_kind":"person"', b'"actor_kind":"system"')
    assert bodies[place] != files[name]
    leaves = list(map(merkle.leaf_hash, bodies))
    size = verifier.Proof.parse(files["proof/000000000002.tlog-proof"].decode()).note.split("\n")[1]
    leaves = leaves[: int(size)]
    note = signer.sign(str(notes.Head(signer.name, len(leaves), merkle.root(leaves))))
    _, tiles = merkle.append(0, [], leaves)
    stored = merkle.from_tiles(lambda level, number: tiles[level, number])
    files = dict(files) | {name: bodies[place], "proof/checkpoint": note.encode()}
    for proof in [name for name in files if name.endswith(".tlog-proof")]:
        index = int(proof[6:18])
        path = merkle.inclusion_proof(index, len(leaves), stored)
        lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *map(b64, path)]
        files[proof] = ("\n".join(lines) + f"\n\n{note}").encode()
    log = "".join(f"log {line}\n" for line in str(signer.verifier).splitlines())
    files["proof/policy"] = f"{log}quorum none\n".encode()
    return mutations.with_new_manifests(files)


def events_in_order():
    order = {event_id: idx for idx, event_id in Leaf.objects.values_list("idx", "event_id")}
    return sorted(Event.objects.filter(pk__in=order), key=lambda event: order[event.pk])


def test_a_forger_without_the_key_is_found_by_a_policy_from_elsewhere(bag, settings):
    files, _ = bag
    forged = rewritten(files, generate(settings.TRAIL_ORIGIN))
    assert mutations.judged(forged).faults == []  # a bag that brings its own key along: this is why it is said
    report = mutations.judged(forged, policy=files["proof/policy"].decode())
    assert {fault.kind for fault in report.faults} >= {"checkpoint-untrusted"}


def test_a_forger_with_the_key_is_found_by_a_checkpoint_from_elsewhere(bag, settings):
    files, _ = bag
    forged = rewritten(files, notes.load_or_make_signer(settings.TRAIL_KEY_FILE, settings.TRAIL_ORIGIN))
    policy, kept = files["proof/policy"].decode(), files["proof/checkpoint"].decode()
    assert mutations.judged(forged, policy=policy).faults == []
    report = mutations.judged(forged, policy=policy, checkpoints=[kept])
    assert [fault.kind for fault in report.faults] == ["history-rewritten"]


def test_a_checkpoint_from_an_earlier_bundle_is_continued(made, tmp_path):
    """The second bundle of a case proves that the log still begins as it did for the first."""
    first = mutations.of_folder(unpack(made(), tmp_path / "1"))
    second = mutations.of_folder(unpack(made(recipient="The other expert"), tmp_path / "2"))
    kept = first["proof/checkpoint"].decode()
    report = mutations.judged(second, policy=first["proof/policy"].decode(), checkpoints=[kept])
    assert report.faults == []
    assert any("still begins" in sentence for sentence in report.integrity.proved)
    name = next(name for name in second if name.startswith("proof/consistency/"))
    head, mark, note = second[name].decode().partition("\n\n")
    for other, kind in ((b64(bytes(32)), "history-rewritten"), ("no hash", "proof-damaged")):
        spoiled = "\n".join([*head.split("\n")[:-1], other])
        files = mutations.with_new_manifests({**second, name: f"{spoiled}{mark}{note}".encode()})
        assert [fault.kind for fault in mutations.judged(files, checkpoints=[kept]).faults] == [kind]
