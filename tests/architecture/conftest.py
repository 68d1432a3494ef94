from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests import paper as on
from tests.architecture.world import World


@pytest.fixture(scope="module")
def begun(made_once: Callable[..., Any]) -> World:
    """What nearly everything else needs: everybody, a few accounts, terms in force."""

    def make() -> World:
        world = World()
        assert all((world.people.all(), world.account, world.clause))
        return world

    return made_once(make)


@pytest.fixture
def world(begun: World, db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    on.as_html(monkeypatch)  # how it looks is tested elsewhere
    return deepcopy(begun)
