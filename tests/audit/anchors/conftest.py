"""A sealed log, and parties outside that the settings name."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.audit.anchors import parties, rounds
from apps.audit.log import notes, sequencer
from apps.audit.models import Checkpoint
from apps.staff import actions
from tests.audit.anchors.outside import Authority, Witness


@pytest.fixture
def seal(people: Any) -> Callable[[], Checkpoint]:
    """Write an event down and seal it; returns the new checkpoint."""
    _ = people.admin

    def sealed() -> Checkpoint:
        actions.sign_out(people.admin, by=people.admin)
        while sequencer.sequence():
            pass
        return Checkpoint.objects.latest("number")

    return sealed


@pytest.fixture
def witness(committed_db: None, settings: Any, tmp_path: Path) -> Iterator[Witness]:
    """A witness that the settings name and that knows our log."""
    served = Witness("witness.example/w1", tmp_path / "w1")
    name_in_policy(settings, tmp_path, served)
    yield served
    served.shutdown()
    served.server_close()


def name_in_policy(settings: Any, tmp_path: Path, *witnesses: Witness, quorum: str = "") -> None:
    """Settings that name these witnesses; all have to agree unless a quorum says otherwise."""
    key = notes.load_or_make_signer(settings.TRAIL_KEY_FILE, settings.TRAIL_ORIGIN).verifier
    names = " ".join(w.name for w in witnesses)
    policy = "".join(w.lines for w in witnesses) + (quorum or f"group everybody all {names}\nquorum everybody\n")
    path = tmp_path / "policy.txt"
    path.write_text(policy)
    settings.TRAIL_POLICY_FILE = str(path)
    settings.TRAIL_NETWORKS = ["127.0.0.0/8"]
    for served in witnesses:
        served.know(key.keys)


@pytest.fixture
def authority(committed_db: None, settings: Any, tmp_path: Path) -> Iterator[Authority]:
    """A time-stamping authority that the settings name and trust."""
    if not shutil.which("openssl"):
        pytest.skip("the authority of this test is made with the openssl command, which is not installed")
    served = Authority(tmp_path / "authority")
    settings.TRAIL_TIMESTAMP_URLS = [f"{served.url}/stamp"]
    settings.TRAIL_TIMESTAMP_ROOTS = str(served.roots)
    settings.TRAIL_NETWORKS = ["127.0.0.0/8"]
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture
def made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature whose revision happens to end unclearly (one in some hundred) is made and stamped again: not where
    stamps are counted."""
    monkeypatch.setattr("apps.core.signing.revisions.ends_unclearly", lambda added: False)


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> Path:
    directory = tmp_path / "store"
    directory.mkdir()
    settings.TRAIL_COPIES = [str(directory)]
    return directory


_passed = [0.0]  # seconds by which the clock of a test is ahead


@pytest.fixture(autouse=True)
def clock() -> None:
    _passed[0] = 0


@contextmanager
def later(seconds: float) -> Iterator[None]:
    """So many seconds after what happened last."""
    _passed[0] += seconds
    with time_machine.travel(timezone.now() + timedelta(seconds=_passed[0]), tick=True):
        yield


def attend(after: float = rounds.SLOT + 0.5) -> list[bool]:
    """One pass over every party, so many seconds later."""
    with later(after):
        return [rounds.attend(party) for party in parties.configured()]
