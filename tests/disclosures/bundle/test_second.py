"""Another implementation, in another language, comes to the same verdict about every proof."""

import json
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from apps.disclosures.bundle import verifier
from tests.disclosures.bundle.conftest import unpack

NODE = shutil.which("node")


def seconds(folder: Path) -> dict[int, bool]:
    assert NODE
    script = Path(__file__).with_name("second.mjs")
    done = subprocess.run([NODE, script, folder], capture_output=True, text=True, check=True)
    return {int(index): proved for index, proved in json.loads(done.stdout).items()}


def ours(folder: Path) -> dict[int, bool]:
    check = verifier.CaseCheck(verifier.Folder(folder), verifier.Outside())
    check.run()
    listed = json.loads((folder / "data" / "events.json").read_text())["events"]
    return {line["index"]: line["index"] in check.entries for line in listed}


@pytest.mark.skipif(NODE is None, reason="there is no Node.js on this machine")
@pytest.mark.slow
def test_both_agree_on_clean_and_on_mutated_proofs(made, tmp_path, monkeypatch):
    """Up to the end of the Ed25519 signature, which both can check; Node 20 knows no ML-DSA."""
    monkeypatch.setattr(verifier, "MLDSA44PublicKey", None)
    folder, random = unpack(made(audience="regulator"), tmp_path), Random(11)
    clean = seconds(folder)
    assert set(clean.values()) == {True}
    assert clean == ours(folder)
    for _ in range(40):
        names = [*(folder / "proof").glob("*.tlog-proof"), *(folder / "data" / "events").iterdir()]
        path = random.choice(sorted(names))
        kept = path.read_bytes()
        data = bytearray(kept)
        end = kept.rfind("\n— ".encode()) if path.suffix == ".tlog-proof" else len(kept)
        data[random.randrange(end)] ^= 1 << random.randrange(8)
        path.write_bytes(data)
        assert seconds(folder) == ours(folder), path.name
        assert seconds(folder)[int(path.name[:12])] is False, path.name
        path.write_bytes(kept)
