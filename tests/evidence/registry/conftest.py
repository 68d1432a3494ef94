from datetime import UTC, date, datetime
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest

from apps.accounts.models import Account
from apps.evidence import actions
from tests.cases.conftest import make_accounts

SHARD = "sha256:" + "ab" * 32
OTHER = "sha256:" + "cd" * 32
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
JULY = datetime(2026, 7, 1, tzinfo=UTC)
AUGUST = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.fixture
def model(people) -> Any:
    return actions.register_model(name="Harbour", owner="Model desk", family="Harbour", by=people.lead)


@pytest.fixture
def version(model, people) -> Any:
    return actions.register_version(
        model, version="2", released_on=date(2026, 5, 18), weights=f"{SHARD}  weights.bin", by=people.analyst
    )


@pytest.fixture
def suspect(people) -> Any:
    return actions.register_suspect(
        name="Lantern 7B", publisher="Quarry Lane", endpoint="https://lantern.example/v1", by=people.analyst
    )


@pytest.fixture
def scheme(people) -> Any:
    return actions.register_scheme(
        name="green",
        version="1",
        method="Green list (Kirchenbauer et al., 2023)",
        parameters={"gamma": 0.25, "context": 1, "tokenizer": SHARD},
        detector="greenlist",
        detector_version="2.1",
        by=people.lead,
    )


@pytest.fixture
def key(scheme, people) -> Any:
    return actions.register_key(
        scheme, key_id="wm-2026-a", holder="Watermark service", storage="HSM 2", held_from=JUNE, by=people.lead
    )


@pytest.fixture
def account(db) -> Account:
    make_accounts(1)
    return Account.objects.get()


@pytest.fixture
def register(model, version, suspect, scheme, key, account) -> Any:
    """One of everything but a canary."""
    return SimpleNamespace(model=model, version=version, suspect=suspect, scheme=scheme, key=key, account=account)


def told(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())
