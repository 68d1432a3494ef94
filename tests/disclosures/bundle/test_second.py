"""Another implementation, in another language and on other libraries, comes to the same verdicts about the proofs."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.conf import settings as project

from apps.audit.log import notes
from apps.disclosures.bundle import verifier
from tests.audit.anchors.conftest import attend, clock, name_in_policy  # noqa: F401 - a fixture
from tests.audit.anchors.outside import Witness
from tests.disclosures.bundle.conftest import sequence, unpack, work

NODE = shutil.which("node")
LIBRARIES = Path(project.BASE_DIR) / "node_modules" / "@noble"
Verdict = dict[str, Any]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NODE is None, reason="there is no Node.js on this machine"),
    pytest.mark.skipif(not LIBRARIES.is_dir(), reason="the libraries are not installed: run `npm ci`"),
]


class Second:
    """The other implementation, in one process."""

    def __init__(self, process: Any) -> None:
        self.process = process

    def __call__(self, folder: Path, *checkpoints: str, policy: str = "") -> Verdict:
        asked = {"folder": str(folder), "policy": policy, "checkpoints": checkpoints}
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def second() -> Iterator[Second]:
    script = Path(__file__).with_name("second.mjs")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([NODE, script], text=True, **pipes) as process:
        yield Second(process)
        process.stdin.close()


def first(folder: Path, *checkpoints: str, policy: str = "") -> Verdict:
    check = verifier.CaseCheck(verifier.Folder(folder), verifier.Outside(policy=policy))
    faults = {(fault.kind, fault.where) for fault in check.run().faults}
    damages = {"bag-damaged", "file-missing", "file-added", "file-changed"}
    continued = [_continued(check, note) for note in checkpoints]
    return {
        "whole": not damages.intersection(kind for kind, _ in faults),
        "usable": not faults & {("policy-unusable", "proof/policy"), ("file-unreadable", "proof/policy")},
        "entries": list(check.entries),
        "heads": [
            {"size": signed.head.size, "witnesses": signed.witnesses, "quorum_at": signed.quorum_at}
            for signed in check.opened.values()
        ],
        "continued": continued,
    }


def _continued(check: verifier.CaseCheck, note: str) -> bool | None:
    """What the report says of one checkpoint from elsewhere."""
    check.outside.checkpoints = [note]
    before = len(check.integrity.proved), len(check.integrity.faults)
    check.earlier()
    return {(1, 0): True, (0, 1): False, (0, 0): None}[
        len(check.integrity.proved) - before[0], len(check.integrity.faults) - before[1]
    ]


@pytest.fixture
def bag(rich, made, order, settings, tmp_path) -> tuple[Path, str]:
    """The folder of a witnessed bundle that continues an earlier one, and the checkpoint of that."""
    kinds = {"one": notes.COSIGNATURE, "two": notes.ML_DSA_44, "three": notes.COSIGNATURE}
    seen = [Witness(f"witness.example/{name}", tmp_path / name, kind) for name, kind in kinds.items()]
    earlier = made(audience="partner")
    names = " ".join(one.name for one in seen)
    name_in_policy(settings, tmp_path, *seen, quorum=f"group most 2 {names}\nquorum most\n")
    later = order()
    sequence()
    assert attend() == [True, True, True]
    work()
    later.refresh_from_db()
    assert later.state == "ready", later.problem
    kept = (unpack(earlier, tmp_path) / "proof" / "checkpoint").read_text()
    return unpack(later, tmp_path), kept


STRANGERS = [notes.Signer.generate(project.TRAIL_ORIGIN, kind) for kind in (notes.ED25519, notes.ML_DSA_44)]
SPACES = (" ", "  ", "\t", "\x0b", "\x85", "\xa0", "\u2003", "\ufeff", "")


def flip(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def respell(data: bytes, random: Random) -> bytes:
    """The same bytes in another base64, which nobody may accept."""
    places = [at for at, byte in enumerate(data) if byte == ord("=") and data[at - 1] != byte]
    at = random.choice(places or [1]) - 1
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def reorder_lines(data: bytes, random: Random) -> bytes:
    """A line is removed, doubled, or changes places: hashes of a proof, signatures, lines of a policy."""
    lines = data.decode().split("\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    how = random.randrange(3)
    if how == 0:
        del lines[one]
    elif how == 1:
        lines.insert(other, lines[one])
    else:
        lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines).encode()


def respace(data: bytes, random: Random) -> bytes:
    parts = data.decode().split(" ")
    if len(parts) == 1:
        return flip(data, random)
    at = random.randrange(1, len(parts))
    return (" ".join(parts[:at]) + random.choice(SPACES) + " ".join(parts[at:])).encode()


def number(data: bytes, random: Random) -> bytes:
    """An index, a size, an old size, a quorum."""
    lines = data.decode().split("\n")
    places = [(n, w) for n, line in enumerate(lines) for w, word in enumerate(line.split(" ")) if word.isdecimal()]
    if not places:
        return flip(data, random)
    line, at = random.choice(places)
    words = lines[line].split(" ")
    words[at] = str(random.choice([0, 1, 2, 3, int(words[at]) - 1, int(words[at]) + 1, 2**63, 2**64, 10**30]))
    lines[line] = " ".join(words)
    return "\n".join(lines).encode()


def resign(data: bytes, random: Random) -> bytes:
    """A stranger signs, under a name that is known."""
    text, mark, _ = data.decode().rpartition("\n\n")
    text = f"{text}\n".partition("\n\n")[2] or f"{text}\n"
    if not mark or not text.startswith(project.TRAIL_ORIGIN):
        return flip(data, random)
    return data + random.choice(STRANGERS).line(text).encode()


MUTATIONS = (flip, flip, respell, reorder_lines, respace, number, resign)


@pytest.mark.parametrize("times", [25, pytest.param(2000, marks=pytest.mark.soak)])
def test_both_agree_on_clean_and_on_mutated_bags(bag, second, times):
    folder, kept = bag
    clean = second(folder, kept)
    assert clean == first(folder, kept)
    assert clean["whole"]
    assert clean["continued"] == [True]
    assert len(clean["entries"]) > 30
    assert [len(head["witnesses"]) for head in clean["heads"]] == [3, 0]
    assert clean["heads"][0]["quorum_at"]
    random, places = Random(11), mutable(folder)
    for _ in range(times):
        path, how = random.choice(random.choice(places)), random.choice(MUTATIONS)
        was = path.read_bytes()
        path.write_bytes(how(was, random))
        assert second(folder, kept) == first(folder, kept), (how.__name__, path.name, path.read_bytes())
        assert path.read_bytes() == was or not second(folder, kept)["whole"]
        path.write_bytes(was)


def mutable(folder: Path) -> list[list[Path]]:
    """What proofs are made of, kind by kind."""
    proof = folder / "proof"
    kinds = [proof.glob("*.tlog-proof"), (folder / "data" / "events").iterdir(), (proof / "consistency").iterdir()]
    return [*(sorted(kind) for kind in kinds), [proof / "policy"], [folder / "data" / "events.json"]]
