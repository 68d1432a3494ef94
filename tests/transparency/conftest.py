"""Issued letters about measures, and a receiver on this machine that behaves like the Transparency Database."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.audit import ledger
from apps.audit.principals import System
from apps.core import vault
from apps.notices import actions as notices
from apps.transparency import actions, sending
from apps.transparency.models import Batch, Export
from apps.transparency.statement.schema import problems
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
from tests.notices.conftest import decide, quick_paper, suspended, work_off  # noqa: F401 - fixtures
from tests.notices.test_mailings import approve, release, worked_off

TOKEN = "a-token-that-nobody-sees"


@pytest.fixture
def mailed(suspended: Any, people: Any, quick_paper: list[str]) -> Any:  # noqa: F811
    """A suspension whose letters went out to all five accounts."""
    return mail(suspended, people)


def mail(decision: Any, people: Any, kind: str = "suspension") -> Any:
    mailing = worked_off(notices.start_mailing(decision, kind=kind, by=people.counsel))
    worked_off(release(approve(mailing, people), people))
    return decision


@pytest.fixture
def start(people: Any) -> Callable[[], Export]:
    """Start an export of the last days, and let a worker do its parts."""

    def go() -> Export:
        today = timezone.now().date()
        made = actions.start_export(first_day=today - timedelta(days=3), last_day=today, by=people.counsel)
        return finished(made)

    return go


def finished(export: Export) -> Export:
    while work_off():
        pass
    export.refresh_from_db()
    return export


@pytest.fixture
def export(mailed: Any, start: Callable[[], Export]) -> Export:
    return start()


def states(export: Export) -> dict[str, int]:
    counts: dict[str, int] = {}
    for state in export.statements.values_list("state", flat=True):
        counts[state] = counts.get(state, 0) + 1
    return counts


def arrange(row: Any, **values: Any) -> None:
    """Records as if they had always been so."""
    with transaction.atomic(), ledger.act("tests.arrange", System("tests")):
        ledger.change(row, **values)


def content(batch: Batch) -> list[dict[str, Any]]:
    return json.loads(vault.read(batch.sha256))["statements"]


# --- the database ----------------------------------------------------------------------------------------------------

Answer = Callable[[Any, int, dict[str, Any]], None]


class Database(ThreadingHTTPServer):
    """Takes one to a hundred statements or none of them, knows each puid for ever, and asks for its token.

    `plan` says for each file what becomes of the answer, the last of it for ever; `asked` are the puids asked after.
    """

    daemon_threads = True

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, Any]] = {}
        self.requests: list[list[str]] = []
        self.asked: list[str] = []
        self.refuses: set[str] = set()
        self.plan: list[Callable[[Any, bytes], None]] = [answers]
        self.before_taking: Callable[[], None] = lambda: None
        self.before_answer: Callable[[], None] = lambda: None
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, statements: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        self.requests.append([one["puid"] for one in statements])
        if not 1 <= len(statements) <= 100:
            return 422, {"message": "between 1 and 100 statements"}
        errors: dict[str, Any] = {}
        for at, one in enumerate(statements):
            wrong = {problem.field: [problem.says] for problem in problems(one)}
            if one["puid"] in self.refuses:
                wrong["decision_facts"] = ["The decision facts field is not accepted."]
            if one["puid"] in self.taken:
                wrong["puid"] = ["The identifier given is not unique within this platform."]
            if wrong:
                errors[f"statement_{at}"] = wrong
        existing = [one["puid"] for one in statements if one["puid"] in self.taken]
        if errors:
            return 422, {"errors": errors} | ({"existing": existing} if existing else {})
        self.taken |= {one["puid"]: one for one in statements}
        return 201, {"statements": statements}


class Handler(BaseHTTPRequestHandler):
    server: Database
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.is_allowed() or self.path != "/api/v1/statements":
            return
        step = self.server.plan.pop(0) if len(self.server.plan) > 1 else self.server.plan[0]
        step(self, body)

    def do_GET(self) -> None:
        if not self.is_allowed():
            return
        puid = self.path.removeprefix("/api/v1/statement/existing-puid/")
        self.server.asked.append(puid)
        known = puid in self.server.taken
        self.answer(302 if known else 404, {"message": "found" if known else "not found"}, Location="/statement/1")

    def is_allowed(self) -> bool:
        if self.headers["Authorization"] != f"Bearer {TOKEN}" or self.headers["Accept"] != "application/json":
            self.answer(401, {"message": "Unauthenticated."})
            return False
        return True

    def answer(self, status: int, said: Any, **headers: str) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *about: Any) -> None:
        pass


def answers(handler: Handler, body: bytes) -> None:
    handler.server.before_taking()
    status, said = handler.server.take(json.loads(body)["statements"])
    handler.server.before_answer()
    handler.answer(status, said)


def loses_the_answer(handler: Handler, body: bytes) -> None:
    """It took the file, and the answer is lost on its way."""
    handler.server.take(json.loads(body)["statements"])
    handler.close_connection = True
    handler.connection.close()


def breaks_before(handler: Handler, body: bytes) -> None:
    handler.answer(500, {"message": "Server Error"})


def breaks_after(handler: Handler, body: bytes) -> None:
    handler.server.take(json.loads(body)["statements"])
    handler.answer(502, {"message": "Bad Gateway"})


def is_busy(handler: Handler, body: bytes) -> None:
    handler.answer(429, {"message": "Too Many Attempts."}, Retry_After="900")


def talks_nonsense(handler: Handler, body: bytes) -> None:
    handler.answer(422, ["no", "words"])


@pytest.fixture
def database(settings: Any) -> Iterator[Database]:
    server = Database()
    settings.TRANSPARENCY_URL, settings.TRANSPARENCY_TOKEN = server.url, TOKEN
    settings.TRANSPARENCY_NETWORKS = ["127.0.0.0/8"]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def send(export: Export, *, soon: bool = True) -> int:
    """Let a worker hand in what waits, due or not; returns how many files it tried."""
    if soon:
        for batch in export.batches.filter(state__in=Batch.DUE):
            arrange(batch, due_at=timezone.now() - timedelta(seconds=1))
    tried = sending.send_due()
    export.refresh_from_db()
    return tried
