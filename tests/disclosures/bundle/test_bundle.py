"""The bundle that leaves the house: whole, checked by others' programs, and by our verifier without us."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import bagit

from apps.disclosures.bundle import assembly
from tests.disclosures.bundle.conftest import unpack


def verify(*arguments, cwd):
    """A stranger's bare Python, without packages and without our code."""
    command = [sys.executable, "-I", "-S", "verify.py", *map(str, arguments), "--json"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def test_the_bag_library_finds_the_bag_valid(made, tmp_path):
    bag = bagit.Bag(str(unpack(made(), tmp_path)))
    bag.validate()
    assert bag.info["External-Identifier"].startswith("B-")


def test_a_stranger_verifies_it_with_nothing_but_the_bag(made, tmp_path):
    bundle = made()
    folder = unpack(bundle, tmp_path)
    code, report = verify("case", "..", cwd=folder / "verify")
    assert code == 0, report
    words = {verdict["name"]: verdict["verdict"] for verdict in report["verdicts"]}
    assert words == {"integrity": "proved", "completeness": "proved", "time": "not proved"}
    assert report["verifier_sha256"] == hashlib.sha256(assembly.VERIFIER.read_bytes()).hexdigest()


def test_case_validate_accepts_the_description(made, tmp_path):
    folder = unpack(made(), tmp_path)
    command = [Path(sys.executable).with_name("case_validate"), folder / "data" / "case.jsonld"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
