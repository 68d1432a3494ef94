"""Spoiled bodies for every decoder: a short run always, a million by `make soak`."""

import secrets

import pytest

from tests.alerts.formats import fuzz


@pytest.mark.parametrize("name", fuzz.decoders())
def test_a_few_spoiled_bodies_are_answered(name: str) -> None:
    assert fuzz.run(150, seed=20260605, only=name)["inputs"] == 150


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_million_spoiled_bodies_are_answered() -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    assert fuzz.run(1_000_000, seed)["inputs"] == 1_000_000
