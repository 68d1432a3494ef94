"""What casemgr made and nobody touched is never suspected: bags and exports of many kinds, by the offline verifier."""

import io
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from apps.audit.log import merkle, notes
from apps.audit.models import Checkpoint
from apps.cases import actions as cases
from apps.cases.models import Case
from apps.disclosures import actions
from apps.disclosures.bundle import assembly, verifier
from apps.disclosures.models import Bundle
from apps.evidence import actions as evidence
from apps.evidence.models import Item
from tests.disclosures.bundle.conftest import sequence, work

SOAK = pytest.param(1000, marks=pytest.mark.soak)
A_CASE = 8  # bags of one case, each with all that happened before
WORDS = [
    "Müller & Söhne",
    "=SUM(A1)",
    "a: b",
    "line\nbreak",
    "tab\there",
    "Ω\u2028",
    '"quoted"',
    "%0A",
    "../..",
    "证据",
    "x",
]
FILES = [
    "log.json",
    "two words.csv",
    "../../etc/passwd",
    "Bericht Süd.txt",
    ".hidden",
    "noending",
    "a.tar.gz",
    "%0A.txt",
]


@pytest.fixture
def rng() -> Random:
    seed = int(os.environ.get("FUZZ_SEED") or secrets.randbits(32))
    print(f"FUZZ_SEED={seed}")
    return Random(seed)


class Desk:
    """People who work on one case after the other, at random, and hand over bags of it."""

    def __init__(self, rng: Random, people: Any, first: Case, add_exhibit: Callable[..., Any]) -> None:
        self.rng, self.people, self.case, self.add_exhibit = rng, people, first, add_exhibit
        self.kept: list[str] = []  # checkpoints of earlier bags of the case

    def words(self, most: int = 3) -> str:
        return " ".join(self.rng.choices(WORDS, k=self.rng.randint(1, most))).strip()

    def open_another(self) -> None:
        self.case = cases.open_case(title=self.words()[:80], severity=self.rng.randrange(5), by=self.people.analyst)
        self.kept.clear()
        self.show()

    def act(self) -> None:
        self.rng.choice([self.show, self.show_a_copy, self.note, self.describe, self.measure])()

    def show(self) -> None:
        item = evidence.collect(
            kind="other",
            title=self.words()[:80],
            origin=self.words(),
            filename=self.rng.choice(FILES),
            chunks=self.rng.randbytes(self.rng.choice((1, 30, 5000))),
            by=self.people.analyst,
        )
        if item.state == Item.State.QUARANTINED:
            evidence.clear_item(item, reason="It is what it is", by=self.people.counsel)
        self.add_exhibit(self.case, item=item, group=self.words(1), shows=self.words(6))

    def show_a_copy(self) -> None:
        self.add_exhibit(self.case, group=f"group {self.rng.random()}", lr=self.rng.choice((None, 1.5)))

    def note(self) -> None:
        privileged = self.rng.random() < 0.5
        cases.add_note(self.case, body=self.words(20), is_privileged=privileged, by=self.people.counsel)

    def describe(self) -> None:
        cases.describe(self.case, summary=self.words(20), by=self.people.analyst)

    def measure(self) -> None:
        evidence.verify_item(self.rng.choice(list(self.case.exhibits.all())).item, by=self.people.analyst)

    def bag(self) -> Bundle:
        rng, audience = self.rng, self.rng.choice(Bundle.Audience.values)
        exhibits, documents = list(self.case.exhibits.all()), actions.bundles.documents_for(self.case, audience)
        bundle = actions.compile_bundle(
            self.case,
            audience=audience,
            recipient=self.words(),
            legal_basis=self.words(),
            purpose=self.words(8),
            exhibits=rng.sample(exhibits, rng.randint(1, len(exhibits))),
            documents=rng.sample(documents, rng.randint(0, len(documents))),
            by=self.people.counsel,
        )
        sequence()
        work()
        bundle.refresh_from_db()
        assert bundle.state == Bundle.State.READY, bundle.problem
        sequence()
        return bundle

    def outside(self, bundle: Bundle, policy: str) -> verifier.Outside:
        """What an expert may have from elsewhere."""
        has, checkpoints = lambda: self.rng.random() < 0.5, self.rng.sample(self.kept, min(2, len(self.kept)))
        if has():
            checkpoints.append(Checkpoint.objects.order_by("?").first().note)
        return verifier.Outside(policy if has() else "", assembly.receipt(bundle) if has() else "", checkpoints)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("times", [6, SOAK])
def test_no_clean_bag_is_suspected(rich, people, add_exhibit, quick_paper, rng, times):
    work()
    desk, seen = Desk(rng, people, rich, add_exhibit), set[str]()
    for number in range(1, times + 1):
        for _ in range(rng.randrange(4)):
            desk.act()
        bundle = desk.bag()
        bag = verifier.Archive(io.BytesIO(b"".join(assembly.archive(bundle))))
        report = verifier.check_bundle(bag, desk.outside(bundle, bag.read("proof/policy").decode()))
        assert report.faults == [], (number, bundle.audience)
        assert {"proved"} == {verdict.word for verdict in report.verdicts[:2]}
        desk.kept.append(bag.read("proof/checkpoint").decode())
        seen.add(bundle.audience)
        if number % A_CASE == 0:
            desk.open_another()
    assert len(seen) > 1


@pytest.mark.parametrize("times", [30, SOAK])
def test_no_clean_export_is_suspected(tmp_path, rng, times):
    """Logs of many shapes, with cases that are numbered in the order of their acts and not of the log."""
    keys = [notes.Signer.generate("trail.example", kind) for kind in (notes.ED25519, notes.ML_DSA_44)]
    for number in range(times):
        size = rng.choice((1, 2, rng.randrange(1, 40), rng.randrange(250, 262), rng.randrange(1, 700)))
        signers = rng.sample(keys, rng.randint(1, 2))
        bodies, kept = log_of(size, rng), sorted(rng.sample(range(1, size + 1), min(size, rng.randint(1, 6))))
        signed = [sign(bodies[:at], signers) for at in kept]
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "entries.ndjson").write_bytes(b"".join(body + b"\n" for body in bodies))
        (folder / "checkpoints.ndjson").write_text("".join(f"{json.dumps(note)}\n" for note in signed))
        policy = verifier.Policy.parse("".join(f"log {key.verifier}\n" for key in keys) + "quorum none\n")
        report = verifier.check_full(Path(folder), policy, rng.sample(signed, rng.randint(0, len(signed))))
        assert report.faults == [], number


def log_of(size: int, rng: Random) -> list[bytes]:
    numbers: dict[str, int] = {}
    bodies = []
    for _ in range(size):
        name = rng.choice(("", "a", "b", "c"))
        numbers[name] = numbers.get(name, 0) + 1
        case = [name, numbers[name]] if name else None
        bodies.append(json.dumps({"case": case, "reason": rng.choice(WORDS)}, ensure_ascii=rng.random() < 0.5).encode())
    rng.shuffle(bodies)
    return bodies


def sign(bodies: list[bytes], keys: list[notes.Signer]) -> str:
    text = str(notes.Head("trail.example", len(bodies), merkle.root([merkle.leaf_hash(body) for body in bodies])))
    return text + "\n" + "".join(key.line(text) for key in keys)
