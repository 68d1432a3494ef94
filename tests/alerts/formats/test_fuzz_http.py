"""Spoiled bodies over HTTP to a web server of its own process: some hundred always, thousands by `make soak`."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from casemgr.run.crew import answers, commands, kill_group
from casemgr.run.paths import HOST
from casemgr.supervisor import processes
from tests.alerts.formats import fuzz_http


@pytest.fixture
def web(environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """The address and the process id of the site as it is served in life, on this test's database."""
    port = processes.choose_port(Path(os.devnull))
    process = subprocess.Popen(
        commands(port)["web"], cwd=settings.BASE_DIR, env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        assert processes.wait_until(lambda: answers(f"http://{HOST}:{port}/healthz"), seconds=60)
        yield f"http://{HOST}:{port}", process.pid
    finally:
        process.terminate()
        processes.wait_until(lambda: process.poll() is not None, seconds=10)
        kill_group(process.pid)
        process.wait()


@pytest.fixture
def key(register: Any, people: Any) -> str:
    from apps.staff import actions

    detector = register(fuzz_http.SOURCE, kind="linkage")
    return actions.issue_api_key(detector.service_account, by=people.admin)[1]


@pytest.mark.slow
def test_some_hundred_spoiled_bodies_are_answered(web: tuple[str, int], key: str) -> None:
    found = fuzz_http.run(web[0], key, web[1], 400, seed=20260605)
    assert found["answers"][201] > 10
    assert found["answers"][400] > 10
    assert found["answers"][422] > 10


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_thousands_of_spoiled_bodies_are_answered(web: tuple[str, int], key: str) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    print(fuzz_http.run(web[0], key, web[1], 10_000, seed))
