"""Something to hold, and somebody to erase."""

from datetime import date
from typing import Any

import pytest

from apps.audit.log import sequencer
from apps.audit.verify import Report, verify
from apps.records import actions
from apps.records.models import Erasure, LegalHold
from tests.architecture.world import World


@pytest.fixture
def world(db) -> World:
    return World()


def hold(world: World, *things: Any, **more: Any) -> LegalHold:
    return actions.issue_hold(
        matter="Northlight v. Quarry Lane",
        reason="Counsel expects a claim.",
        scope=things,
        by=world.people.counsel,
        **more,
    )


def release(found: LegalHold, world: World) -> None:
    actions.ask_release(found, reason="Settled.", by=world.people.counsel)
    actions.release_hold(found, reason="The settlement is signed.", by=world.people.approver)


def request(world: World, subject: Any) -> Erasure:
    return actions.request_erasure(
        subject=subject,
        basis="objection",
        reason="Letter of 3 March",
        received_on=date(2026, 3, 3),
        by=world.people.counsel,
    )


def verified() -> Report:
    while sequencer.sequence():
        pass
    return verify()
