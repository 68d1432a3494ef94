"""The long form: what the database acknowledged is there after however many crashes. Run by `make soak`."""

import os
import signal
import threading
import time
from pathlib import Path

import psycopg
import pytest

from casemgr.supervisor import Services

CRASHES = 25


@pytest.mark.soak
def test_every_acknowledged_row_survives_every_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    services = Services(tmp_path, valkey=False)
    try:
        acknowledged: list[int] = []
        ask(services.start()["DATABASE_URL"], "CREATE TABLE kept (number bigint PRIMARY KEY)")
        for _crash in range(CRASHES):
            writer = threading.Thread(target=write, args=(services.start()["DATABASE_URL"], acknowledged))
            writer.start()
            time.sleep(0.4)
            pid = services.postgres.pid()
            assert pid
            os.kill(pid, signal.SIGKILL)
            writer.join()
        url = services.start()["DATABASE_URL"]
        with psycopg.connect(url) as connection:
            kept = {number for (number,) in connection.execute("SELECT number FROM kept")}
        assert len(acknowledged) > CRASHES
        assert set(acknowledged) - kept == set()
    finally:
        services.erase()


def ask(url: str, query: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(query)


def write(url: str, acknowledged: list[int]) -> None:
    """One row a transaction until the server is gone; a number counts once its commit was answered."""
    number = (acknowledged[-1] if acknowledged else 0) + 2  # the one before may have been committed unanswered
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            while True:
                connection.execute("INSERT INTO kept VALUES (%s)", [number])
                acknowledged.append(number)
                number += 1
    except psycopg.OperationalError:
        return
