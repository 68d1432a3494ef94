"""Two sequencers and a signer, each killed again and again while events are written: nothing is lost, nothing is twice,
and the signer never signs two trees."""

import contextlib
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings as project
from django.db import connection, connections

from apps.audit.log import merkle, sequencer
from apps.audit.models import Checkpoint, Event, Leaf, Tile
from apps.audit.principals import System
from apps.audit.verify import verify
from apps.staff import actions

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.slow]


class Company:
    """Processes by name, started again after each kill."""

    def __init__(self, environment: dict[str, str], socket_path: Path) -> None:
        self.environment = environment | {"TRAIL_SIGNER_SOCKET": str(socket_path), "LOG_LEVEL": "WARNING"}
        self.running: dict[str, subprocess.Popen] = {}

    def start(self, name: str) -> None:
        command = [sys.executable, "manage.py", name.split("-")[0]]
        self.running[name] = subprocess.Popen(command, cwd=project.BASE_DIR, env=self.environment)

    def kill(self, name: str) -> None:
        self.running[name].kill()
        self.running[name].wait(timeout=20)
        self.start(name)

    def end(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait(timeout=20)


@contextlib.contextmanager
def written_meanwhile() -> Iterator[list[int]]:
    """Events are written in the background; yields how many so far."""
    stop, written = threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            actions.sign_in_failed(email_hmac=str(written[0]), by=System("sign-in"))
            written[0] += 1
            time.sleep(0.005)
        connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        stop.set()
        thread.join()


def within(seconds: float, holds) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return False


def all_signed() -> bool:
    last = Checkpoint.objects.order_by("-number").first()
    return bool(last) and last.size == Event.objects.count()


def prove_the_whole_log() -> None:
    """Each event has one place, each checkpoint continues the one before, and the signer remembers the last."""
    assert Leaf.objects.count() == Event.objects.count() == Leaf.objects.values("event_id").distinct().count()
    tiles = {(tile.level, tile.n): bytes(tile.hashes) for tile in Tile.objects.all()}
    range_hash = merkle.from_tiles(lambda level, n: tiles[level, n])
    notes_in_order = Checkpoint.objects.order_by("number").values_list("note", flat=True)
    heads = [sequencer.head_of(note, "A checkpoint") for note in notes_in_order]
    for old, new in pairwise(heads):
        proof = merkle.consistency_proof(old.size, new.size, range_hash)
        assert merkle.continues(old.size, new.size, proof, old.root, new.root)
    assert heads[-1] == sequencer.head_of(sequencer.local_signer().last(), "The memory")
    report = verify()
    assert report.holds, [finding.sentence for finding in report.findings]


def survive(environment: dict[str, str], path: Path, kills: int) -> None:
    rng = random.Random(20261121)
    company = Company(environment, path)
    names = ["signer", "sequencer-1", "sequencer-2"]
    try:
        for name in names:
            company.start(name)
        assert within(60, Leaf.objects.exists) or not Event.objects.exists()
        with written_meanwhile() as written:
            for turn in range(kills):
                before = Checkpoint.objects.count()
                assert within(60, lambda before=before: Checkpoint.objects.count() > before + 1), "signing goes on"
                time.sleep(rng.random() / 2)
                company.kill(names[turn % 3])
        assert written[0] > 20 * kills
        assert within(60, all_signed)
    finally:
        company.end()
    prove_the_whole_log()


def test_six_kills(people, environment, tmp_path):
    _ = people.admin
    survive(environment, tmp_path / "s", 6)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_sixty_kills(people, environment, tmp_path):
    _ = people.admin
    survive(environment, tmp_path / "s", 60)


def test_a_leader_that_was_only_held_up_does_no_harm(people, environment, tmp_path):
    """Its session is ended while it sleeps; another leads; when it wakes it finds that it leads no more."""
    _ = people.admin
    company = Company(environment, tmp_path / "s")
    try:
        for name in ("signer", "sequencer-1"):
            company.start(name)
        assert within(60, all_signed)
        with written_meanwhile():
            time.sleep(0.5)
            company.running["sequencer-1"].send_signal(signal.SIGSTOP)
            company.start("sequencer-2")
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                    " AND ((classid::bigint << 32) | objid::bigint) = %s",
                    [sequencer.LOCK],
                )
            count = Checkpoint.objects.count()
            assert within(60, lambda: Checkpoint.objects.count() > count + 2)
            company.running["sequencer-1"].send_signal(signal.SIGCONT)
            time.sleep(1)
        assert within(60, all_signed)
        assert company.running["sequencer-1"].poll() is None
    finally:
        company.end()
    prove_the_whole_log()


def test_an_older_copy_of_the_database_is_not_signed_any_further(people, environment):
    """A copy, more events, the copy in its place: the sequencer refuses it, and the newer database still goes on."""
    _ = people.admin
    sequencer.sequence()
    with copy_of_the_database() as name:
        people.all()
        assert sequencer.sequence() > 0
        older = environment | {"DATABASE_URL": environment["DATABASE_URL"].rpartition("/")[0] + f"/{name}"}
        write = "from apps.staff import actions; from apps.audit.principals import System;"
        write += "actions.sign_in_failed(email_hmac='a', by=System('sign-in'));"
        said = shell(older, f"{write} sequencer.sequence()")
        assert "is an older copy, or its end was cut off. Restore the newer one." in said
        memory = sequencer.local_signer().memory_file
        kept = memory.read_text()
        memory.unlink()  # as the sentence says, when the older one is meant to go on
        assert shell(older, "print(sequencer.sequence())").endswith("1\n")
        memory.write_text(kept)
    actions.sign_out(people.analyst, by=people.analyst)
    assert sequencer.sequence() == 1
    prove_the_whole_log()


@contextlib.contextmanager
def copy_of_the_database() -> Iterator[str]:
    """As it is now; yields the copy's name."""
    name, source = f"{connection.settings_dict['NAME']}_older", connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source])
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    try:
        yield name
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def shell(environment: dict[str, str], code: str) -> str:
    """What Python says to this."""
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); from apps.audit.log import sequencer; {code}"],
        cwd=project.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout
