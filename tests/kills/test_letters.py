"""Thousands of letters while worker, web server, mail server and PostgreSQL are killed again and again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

LETTERS = 2000


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_each_of_two_thousand_letters_is_there_once_and_leaves_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.kills.letters", "--letters", str(LETTERS), "--pause", "15"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"VAR_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(done.stdout)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["first_faults"] == []
    assert found["letters"] == LETTERS
    assert {"the worker", "the mail", "PostgreSQL"} <= found["killed"].keys()
