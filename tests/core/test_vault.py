import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import tasks, vault
from casemgr.celery import app


@pytest.fixture(autouse=True)
def own_vault(settings, tmp_path):
    settings.VAULT_DIR = tmp_path / "vault"
    return settings.VAULT_DIR


def files(root):
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_file_lies_under_its_hash_and_cannot_be_written(own_vault):
    stored = vault.put(b"some evidence")
    path = vault.path_of(stored.sha256)
    assert stored.sha256 == hashlib.sha256(b"some evidence").hexdigest()
    assert path.name == stored.sha256
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(own_vault.stat().st_mode) & 0o077 in (0, 0o055)  # only what the umask of the parents gives
    assert vault.read(stored.sha256) == b"some evidence"


@given(parts=st.lists(st.binary(max_size=3000), max_size=8))
def test_however_it_streams_in_the_hashes_are_those_of_the_whole(parts):
    stored = vault.put(iter(parts))
    whole = b"".join(parts)
    assert (stored.sha256, stored.sha512) == (hashlib.sha256(whole).hexdigest(), hashlib.sha512(whole).hexdigest())
    assert (stored.size, stored.head) == (len(whole), whole[:4096])
    assert b"".join(vault.chunks(stored.sha256)) == whole
    assert b"".join(vault.chunks(stored.sha256, len(whole) // 2)) == whole[len(whole) // 2 :]
    assert vault.measure(stored.sha256) == stored.sha256


def test_the_same_content_at_once_is_one_file(own_vault):
    content = [b"x" * 1000] * 50
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: vault.put(iter(content)), range(16)))
    assert len({s.sha256 for s in stored}) == 1
    assert len(files(own_vault)) == 1


def test_above_the_limit_nothing_is_kept(own_vault):
    with pytest.raises(vault.TooLarge, match="more than 10 bytes"):
        vault.put(iter([b"12345", b"67890", b"1"]), limit=10)
    assert files(own_vault) == []
    assert vault.put(iter([b"12345", b"67890"]), limit=10).size == 10


def test_a_stream_that_breaks_off_leaves_nothing(own_vault):
    def broken():
        yield b"half of it"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        vault.put(broken())
    assert files(own_vault) == []


INTERRUPTED = """
import sys, time
from pathlib import Path
from django.conf import settings
settings.configure(VAULT_DIR=Path(sys.argv[1]))
from apps.core import vault

def endless():
    while True:
        yield bytes(vault.CHUNK)
        print("arrives", flush=True)
        time.sleep(60)

vault.put(endless())
"""


def test_what_a_killed_process_left_is_swept_after_a_day(own_vault):
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(own_vault)], stdout=subprocess.PIPE, cwd=vault.settings.BASE_DIR
    )
    assert process.stdout.readline() == b"arrives\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    (left,) = files(own_vault)
    kept = vault.path_of(vault.put(b"some evidence").sha256)
    for path in (left, kept):
        os.utime(path, times=(time.time() - 23 * 3600,) * 2)
    tasks.sweep_vault()
    assert left.exists()
    for path in (left, kept):
        os.utime(path, times=(time.time() - 25 * 3600,) * 2)
    tasks.sweep_vault()
    assert files(own_vault) == [kept]


def test_what_is_held_is_no_file_of_the_vault_and_goes_by_itself(own_vault):
    name = vault.hold(b"perhaps")
    assert vault.held(name) == b"perhaps"
    assert vault.measure(hashlib.sha256(b"perhaps").hexdigest()) == ""
    vault.let_go(name)
    vault.let_go(name)
    with pytest.raises(vault.Missing):
        vault.held(name)
    old = own_vault / "incoming" / vault.hold(b"forgotten")
    os.utime(old, times=(time.time() - 25 * 3600,) * 2)
    tasks.sweep_vault()
    assert files(own_vault) == []


@pytest.mark.parametrize("name", ["", "tmpabc", "held-../../secret", "../held-x", "/etc/passwd", "held-/x"])
def test_only_names_of_the_vault_are_held(own_vault, name):
    with pytest.raises(ValueError, match="not a name"):
        vault.held(name)


def test_the_worker_sweeps_by_itself():
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {"core.work", "core.sweep_vault"} <= scheduled <= app.tasks.keys()


def test_an_empty_vault_is_swept_too():
    assert vault.sweep(tasks.ABANDONED) == 0


def test_a_stream_is_never_held_whole(own_vault):
    """Sixty-four megabytes pass through a few."""
    import tracemalloc

    tracemalloc.start()
    vault.put(bytes(vault.CHUNK) for _ in range(64))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * vault.CHUNK


def test_damage_and_loss_are_measured():
    stored = vault.put(b"whole")
    path = vault.path_of(stored.sha256)
    path.chmod(0o600)
    path.write_bytes(b"wh0le")
    assert vault.measure(stored.sha256) == hashlib.sha256(b"wh0le").hexdigest()
    path.unlink()
    assert vault.measure(stored.sha256) == ""
    with pytest.raises(vault.Missing):
        vault.read(stored.sha256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "g" * 64, "/" * 64])
def test_a_path_is_made_from_a_hash_only(name):
    with pytest.raises(ValueError, match="not a SHA-256"):
        vault.path_of(name)
