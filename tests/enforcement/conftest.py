"""Orders that go out to the reference receiver, over HTTP on this machine, as whoever builds one would run it."""

import importlib.util
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings as project
from django.utils import timezone

from apps.enforcement import actions, tasks
from apps.enforcement.models import Instruction, Message, Order
from tests.cases.conftest import (  # noqa: F401 - fixtures
    add_exhibit,
    case,
    collect,
    confirmed,
    finding,
    propose,
    ready,
    terms,
)
from tests.notices.conftest import decide  # noqa: F401 - fixture


def _reference() -> ModuleType:
    path = Path(project.BASE_DIR) / "docs" / "enforcement_receiver.py"
    spec = importlib.util.spec_from_file_location("enforcement_receiver", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = _reference()


class Troubled(reference.Server):
    """The reference receiver behind a network and beside systems that do what networks and systems do.

    `plan` says for each request what becomes of it, the last of it for ever; `acted` is what was done to accounts.
    """

    def __init__(self) -> None:
        self.acted: list[tuple[str, str, bool]] = []
        self.refuses: dict[str, str] = {}
        self.plan: list[Callable[[Any, str], None]] = [answers]
        self.kept: list[str] = []
        super().__init__(("127.0.0.1", 0), None)

    def begin(self, secret: str) -> None:
        self.receiver = reference.Receiver(secret, ":memory:", self._act)

    def _act(self, account: str, order: dict[str, Any], *, undo: bool) -> str:
        if account in self.refuses:
            return self.refuses[account]
        self.acted.append((order["decision"], account, undo))
        return ""

    def taken(self, handler: Any, answer: str) -> None:
        step = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
        self.kept.append(answer)
        step(handler, answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/orders"


def answers(handler: Any, answer: str) -> None:
    handler.answer(200, answer)


def breaks(handler: Any, answer: str) -> None:
    """It was carried out, and then the system broke."""
    handler.answer(500, "{}")


def hangs_up(handler: Any, answer: str) -> None:
    """The answer is lost on its way."""
    handler.connection.close()


def answers_later(handler: Any, answer: str) -> None:
    handler.answer(202, "")


def answers_partly(handler: Any, answer: str) -> None:
    results = json.loads(answer)["results"]
    handler.answer(200, json.dumps({"results": results[::2]}))


def answers_nonsense(handler: Any, answer: str) -> None:
    handler.answer(200, '{"results": [{"order": 5}]}')


@pytest.fixture
def receiver(settings: Any, people: Any) -> Iterator[Troubled]:
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    server = Troubled()
    server.begin(actions.set_receiver(url=server.url, by=people.admin))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def suspended(receiver: Troubled, decide: Callable[..., Any]) -> Any:  # noqa: F811
    """A decision that holds, about five accounts."""
    return decide()


@pytest.fixture
def applied(suspended: Any, people: Any) -> Order:
    return actions.carry_out(suspended, by=people.lead)


@pytest.fixture
def machine(people: Any, api: Any) -> Any:
    """The receiver's own key."""
    from apps.staff import actions as staff

    return api(
        staff.create_service_account(
            slug="gatekeeper", name="Gatekeeper", roles=["enforcement_system"], by=people.admin
        )
    )


@pytest.fixture
def tell(machine: Any) -> Callable[..., Any]:
    """Post results; returns the outcomes."""

    def go(results: Any) -> Any:
        body = results if isinstance(results, str) else json.dumps({"results": results})
        answer = machine.post("/api/v1/enforcement/results", body, "application/json")
        assert answer.status_code == 200, answer.content
        return [one["outcome"] for one in answer.json()["results"]]

    return go


def send() -> int:
    """Let a worker send what waits, due or not."""
    Message.objects.filter(state="waiting").update(due_at=timezone.now() - timedelta(seconds=1))
    return tasks.OUTBOX.deliver_due()


def states(order: Order) -> dict[str, str]:
    return dict(order.instructions.order_by("account__ref").values_list("account__ref", "state"))


def rows(order: Order) -> list[tuple[Any, ...]]:
    """Everything that is known of its accounts."""
    known = order.instructions.order_by("account__ref")
    return list(known.values_list("account__ref", "state", "attempt", "sequence", "reason", "effective_at", "told_at"))


def all_in(order: Order, state: str) -> bool:
    return set(Instruction.objects.filter(order=order).values_list("state", flat=True)) == {state}
