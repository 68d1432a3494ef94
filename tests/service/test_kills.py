"""Kill -9 while a letter is being sent: it left once, or nobody knows, and it never leaves twice."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.audit import ledger
from apps.audit.principals import System
from apps.service import sending
from apps.service.models import Attempt

SEND = "import django; django.setup(); from apps.service.sending import send_due; send_due()"


def send_and_die(environment: dict[str, str], server: Any, settings: Any, at: str) -> None:
    """A worker that is killed by the time the mail server has all of the letter, or none of it."""
    mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(settings.EMAIL_PORT), "EMAIL_TLS": "none"}
    worker = subprocess.Popen([sys.executable, "-c", SEND], env=environment | mail, stderr=subprocess.DEVNULL)
    setattr(server, at, lambda: os.kill(worker.pid, signal.SIGKILL))
    assert worker.wait(60) == -signal.SIGKILL
    setattr(server, at, lambda: None)


def end_lease(attempt: Attempt) -> None:
    from django.db import transaction

    with transaction.atomic(), ledger.act("service.begin_sending", System("worker")):
        ledger.change(attempt, due_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.slow
@pytest.mark.parametrize(("at", "taken"), [("before_rcpt", 0), ("before_answer", 1)])
def test_a_worker_that_dies_never_sends_a_letter_twice(committed_db, environment, emailed, server, settings, at, taken):
    send_and_die(environment, server, settings, at)
    emailed.refresh_from_db()
    assert emailed.state == "sending"
    assert sending.send_due() == 0  # its lease runs
    end_lease(emailed)
    assert sending.send_due() == 0
    emailed.refresh_from_db()
    assert emailed.state == "unknown"
    assert len(server.taken) == taken
