"""Nothing acknowledged is lost, nothing is half there, whatever dies: each once always, fifty kills in the soak."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings


def prove(directory: Path, *options: str) -> dict[str, Any]:
    """In a process of its own, on servers of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.kills", *options],
        cwd=settings.BASE_DIR,
        env=os.environ | {"VAR_DIR": str(directory)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(done.stdout)
    return json.loads(done.stdout.splitlines()[-1])


VICTIMS = 7
ACTS = {"alerts.dismiss", "cases.open_case", "cases.add_note", "evidence.collect", "records.issue_hold"}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_was_acknowledged_survives_the_death_of_each(tmp_path: Path) -> None:
    found = prove(tmp_path, "--kills", str(VICTIMS), "--seed", "20260605", "--fast")
    assert found["first_faults"] == []
    assert len(found["killed"]) == VICTIMS
    assert found["alerts"] >= 100
    assert sum(found["acts"].values()) >= 20


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_what_was_acknowledged_survives_fifty_kills(tmp_path: Path) -> None:
    found = prove(tmp_path, "--kills", "50", "--seed", str(secrets.randbits(32)))
    assert found["first_faults"] == []
    assert sum(found["killed"].values()) == 50
    assert found["answers"]["acknowledged"] > 10_000
    assert sum(found["acts"].values()) > 100
    assert set(found["acts"]) == ACTS
