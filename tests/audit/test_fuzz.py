"""A thousand times something is done to a trail at random, and every time it is found and rightly named; and of a
thousand trails that only casemgr wrote none is suspected. `FUZZ_SEED` has a run again.
"""

import json
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction

from apps.audit import actions, ledger
from apps.audit.log import merkle, notes, sequencer
from apps.audit.log.notes.files import generate
from apps.audit.models import Checkpoint, LogState, Verification
from apps.audit.principals import System
from apps.audit.verify import Report, anchors, integrity, portions, runs, verify
from apps.audit.verify.reading import Reader
from apps.core import vault
from apps.evidence import actions as evidence
from apps.staff import actions as staff
from tests.audit.anchors.conftest import attend, clock, store, witness  # noqa: F401 - fixtures
from tests.audit.findings import sentences
from tests.audit.mutations import Session, mutate, session
from tests.audit.planting import plant
from tests.evidence.conftest import collect  # noqa: F401 - fixture

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.slow, pytest.mark.timeout(3600)]

TIMES = [40, pytest.param(1000, marks=pytest.mark.soak)]
FEW = [8, pytest.param(200, marks=pytest.mark.soak)]
CLEAN = [12, pytest.param(1000, marks=pytest.mark.soak)]
WORKER = System("worker")


@pytest.fixture
def rng() -> Random:
    seed = int(os.environ.get("FUZZ_SEED") or secrets.randbits(32))
    print(f"FUZZ_SEED={seed}")
    return Random(seed)


@pytest.fixture
def kept(family, witness, store, collect) -> str:  # noqa: F811
    """The checkpoint that somebody keeps of a trail of people, cases, batches and evidence; a little came after it."""
    plant(1, by_batch=True)
    collect()
    _sequence()
    assert all(attend())
    note = Checkpoint.objects.latest("number").note
    plant(2)
    _sequence()
    assert verify(outside=[note]).holds
    return note


def _sequence() -> None:
    while sequencer.sequence():
        pass


def judged(run: Session, *outside: str) -> Report:
    """What verify_trail says of the database as that session sees it."""
    with (
        patch.object(portions, "snapshot", lambda *asked: nullcontext(Reader(run.database))),
        patch.object(anchors, "_signed_since", lambda size: None),  # would look past that session
    ):
        return verify(outside=list(outside))


@pytest.mark.parametrize("times", TIMES)
def test_every_mutation_is_found_and_rightly_named(kept, rng, times):
    done: Counter[str] = Counter()
    with session() as run:
        for _ in range(times):
            with run.undone():
                expected = mutate(run, rng)
                report = judged(run, kept)
                assert expected.is_named(report), f"{expected}: {report.findings[:5]}"
                done[min(expected.tables)] += 1
        with run.undone():
            assert sentences(judged(run, kept)) == []
    assert len(done) > times // 8 or times > 100


# --- the tree made anew ----------------------------------------------------------------------------------------------

Entry = tuple[int, int, bytes, bytes]  # event, transaction, body, seal


def entries(run: Session) -> list[Entry]:
    return run(
        "SELECT e.id, e.xid, e.body, e.seal FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id ORDER BY l.idx"
    )


def change(run: Session, rng: Random, log: list[Entry], seal: Callable[[bytes], bytes]) -> None:
    """Another reason for something that was done."""
    at = rng.randrange(len(log))
    event_id, xid, body, _ = log[at]
    body = ledger.canonical(json.loads(body) | {"reason": f"another {rng.random()}"})
    log[at] = (event_id, xid, body, seal(body))
    run(
        "UPDATE audit_event SET body = %s, body_sha256 = %s, seal = %s, reason = %s WHERE id = %s",
        *(body, sha256(body).digest(), seal(body), json.loads(body)["reason"], event_id),
    )


def reorder(run: Session, rng: Random, log: list[Entry], seal: Callable[[bytes], bytes]) -> None:
    one, other = rng.sample(range(len(log)), 2)
    log[one], log[other] = log[other], log[one]


def remove(run: Session, rng: Random, log: list[Entry], seal: Callable[[bytes], bytes]) -> None:
    event_id, *_ = log.pop(rng.randrange(len(log)))
    run("DELETE FROM audit_event WHERE id = %s", event_id)


def cut(run: Session, rng: Random, log: list[Entry], seal: Callable[[bytes], bytes]) -> None:
    left = rng.randrange(1, len(log))
    run("DELETE FROM audit_event WHERE id = ANY(%s)", [entry[0] for entry in log[left:]])
    del log[left:]


TABLES = ("audit_event", "audit_leaf", "audit_tile", "audit_checkpoint", "audit_logstate", "audit_anchor")


def rebuild(run: Session, rng: Random, covered: int, signer: Any, seal: Callable[[bytes], bytes]) -> str:
    """Another history of the first `covered` entries, with leaves, tiles, checkpoint and state to go with it; returns
    the checkpoint."""
    log = entries(run)
    past, since = log[:covered], log[covered:]
    with run.guards_off(*TABLES):
        how = rng.choice((change, reorder, remove, cut))
        how(run, rng, past, seal)
        if how is cut:
            run("DELETE FROM audit_event WHERE id = ANY(%s)", [entry[0] for entry in since])
            since = []
        log = past + since
        leaves = [merkle.leaf_hash(body) for _, _, body, _ in log]
        edge, tiles = merkle.append(0, [], leaves)
        for table in ("audit_leaf", "audit_tile", "audit_checkpoint", "audit_anchor"):
            run(f"DELETE FROM {table}")
        for index, ((event_id, xid, *_), leaf) in enumerate(zip(log, leaves, strict=True)):
            run("INSERT INTO audit_leaf (idx, event_id, xid, hash) VALUES (%s, %s, %s, %s)", index, event_id, xid, leaf)
        for (level, number), hashes in tiles.items():
            run("INSERT INTO audit_tile (level, n, hashes) VALUES (%s, %s, %s)", level, number, hashes)
        note = signer.sign(str(notes.Head(signer.name, len(log), merkle.edge_root(edge))))
        signed_at = Checkpoint.objects.latest("number").signed_at
        checkpoint = Checkpoint(number=1, size=len(log), note=note, signed_at=signed_at)
        run(
            "INSERT INTO audit_checkpoint (number, size, note, signed_at, seal) VALUES (1, %s, %s, %s, %s)",
            *(len(log), note, signed_at, seal(checkpoint.sealed_text)),
        )
        state = LogState.objects.get()
        state.size = state.signed = len(log)
        state.checkpoints = 1
        run(
            "UPDATE audit_logstate SET size = %s, signed = %s, checkpoints = 1, seal = %s",
            *(len(log), len(log), seal(state.sealed_text)),
        )
    return note


@pytest.mark.parametrize("times", FEW)
def test_a_tree_rebuilt_with_every_key_is_found_by_what_is_outside(kept, rng, times, settings):
    """The forger holds the database, the seal key, the log's key and the signer's memory; a checkpoint was kept."""
    signer = notes.load_or_make_signer(settings.TRAIL_KEY_FILE, settings.TRAIL_ORIGIN)
    covered = notes.Head.parse(notes.split(kept)[0]).size
    with session() as run:
        for _ in range(times):
            with run.undone():
                note = rebuild(run, rng, covered, signer, ledger.seal)
                with forged_memory(note):
                    report = judged(run, kept)
            integrity_, *_, time = report.verdicts
            assert sum("checkpoint from outside" in found.sentence for found in integrity_.findings) == 1
            assert any(found.sentence.startswith("The store") for found in time.findings)


@contextmanager
def forged_memory(note: str) -> Iterator[None]:
    head = notes.Head.parse(notes.split(note)[0])
    with patch.object(integrity.Memory, "ask", lambda: integrity.Memory(head)):
        yield


@pytest.mark.parametrize("times", FEW)
def test_a_tree_rebuilt_without_the_keys_is_found_in_the_database_alone(kept, rng, times, settings):
    covered = notes.Head.parse(notes.split(kept)[0]).size
    stranger = generate(settings.TRAIL_ORIGIN)
    with session() as run:
        for _ in range(times):
            with run.undone():
                rebuild(run, rng, covered, stranger, lambda data: sha256(data).digest())
                report = judged(run)
            assert any("Checkpoint 1 cannot be trusted" in sentence for sentence in sentences(report))
            assert any("signer remembers" in sentence for sentence in sentences(report))


# --- beside the log --------------------------------------------------------------------------------------------------


def test_a_copy_that_was_changed_in_its_store_is_found(kept, rng, store):  # noqa: F811
    (file,) = store.iterdir()
    was = file.read_bytes()
    file.chmod(0o600)
    for _ in range(10):
        at = rng.randrange(was.index(b"\n\n"))
        file.write_bytes(was[:at] + bytes([was[at] ^ 1 << rng.randrange(7)]) + was[at + 1 :])
        assert any(file.name in sentence for sentence in sentences(verify())), at
    file.write_bytes(was)
    assert verify().holds


def test_a_file_that_was_swapped_in_the_vault_is_found_and_stays(kept, rng, people, collect):  # noqa: F811
    one, other = collect(), collect(title="Another log", chunks=b"account,requests\nacct_3,9\n")
    path = vault.path_of(one.sha256)
    was = path.read_bytes()
    path.chmod(0o600)
    forged = bytearray(was)
    forged[rng.randrange(len(was))] ^= 1
    for content in (bytes(forged), vault.path_of(other.sha256).read_bytes(), was[:-1], b""):
        path.write_bytes(content)
        assert not evidence.verify_item(one, by=people.analyst).intact
        assert evidence.verify_item(other, by=people.analyst).intact
    path.write_bytes(was)
    assert evidence.verify_item(one, by=people.analyst).intact


FAKES = (
    "state = jsonb_set(state, '{mark,size}', '1')",
    "state = jsonb_set(state, '{xmin}', '999999999')",
    "started_at = started_at + interval '1 microsecond'",
    "finished_at = finished_at + interval '1 day'",
    "is_full = NOT is_full",
    "seconds = seconds + 1",
    "actor = 'user:somebody'",
    "number = number + 1",
    "seal = sha256(seal)",
)


@pytest.mark.parametrize("fake", FAKES)
def test_a_faked_record_hides_nothing(family, people, fake):
    """A row is changed, and a verification that is said to have held is made up over it."""
    assert actions.verify_trail(is_full=True, by=WORKER).holds
    assert runs.last_base()
    with session() as run:
        with run.guards_off("staff_user"):
            run("UPDATE staff_user SET roles = '{lead}' WHERE id = %s", people.admin.pk)
        run(f"UPDATE audit_verification SET {fake}")
        run.database.commit()
    assert runs.last_base() is None
    assert any(str(people.admin.pk) in sentence for sentence in sentences(actions.verify_trail(by=WORKER)))
    assert not Verification.objects.latest("number").holds


# --- no false alarm --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", CLEAN)
def test_no_clean_trail_is_suspected(kept, rng, people, collect, times):  # noqa: F811
    """After each act of somebody, sequenced or not yet; all of it, or what came since."""
    outside = [kept]

    def undone() -> None:
        with transaction.atomic():
            staff.sign_out(people.analyst, by=people.analyst)
            transaction.set_rollback(True)

    acts = [
        lambda: staff.sign_in(people.analyst, methods=["password"], by=people.analyst),
        lambda: staff.change_roles(people.lead, roles=[rng.choice(["lead", "analyst"])], by=people.admin),
        lambda: evidence.verify_item(collect(chunks=rng.randbytes(30)), by=people.analyst),
        undone,
    ]
    for number in range(times):
        rng.choice(acts)()
        if rng.random() < 0.8:
            _sequence()
            outside = [kept, Checkpoint.objects.latest("number").note]
        report = actions.verify_trail(by=WORKER) if rng.random() < 0.3 else verify(outside=outside)
        assert sentences(report) == [], number
