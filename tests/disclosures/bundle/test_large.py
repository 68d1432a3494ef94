"""A bundle of 20 GB in flat memory, from the vault to the verdict, over the death of the worker.

`BUNDLE_GIGABYTES` makes it larger or smaller. The disk needs a quarter of it: all but the beginnings is zeros, which
are given back to the file system as soon as they were written.
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core import vault
from apps.core.models import Job
from apps.disclosures import actions
from apps.disclosures.bundle import assembly
from apps.disclosures.models import Bundle
from apps.evidence import actions as evidence
from apps.evidence.models import CustodyEvent, Item
from tests.disclosures.bundle.conftest import sequence

GIGABYTES = float(os.environ.get("BUNDLE_GIGABYTES") or 20)
EXHIBITS = 5
MB = 1 << 20
FLAT_MB = 200  # Django, its models and WeasyPrint for the certificate take most of it, whatever the size

TOLD = """
import atexit, sys
@atexit.register
def tell():
    lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print("peak", int(lines["VmHWM"].split()[0]) // 1024, file=sys.stderr)
"""
WORKS = "import django; django.setup(); from apps.core import jobs; jobs.work_off()"
DIES = """
import os, django; django.setup()
from apps.core import jobs
from apps.evidence import custody
measure, seen = custody.vault.measure, []
def measured(sha256):  # dies while the third exhibit is measured
    seen.append(sha256)
    return os.kill(os.getpid(), 9) if len(seen) == 3 else measure(sha256)
custody.vault.measure = measured
jobs.work_off()
"""
TAKES = """
import sys, django; django.setup()
from apps.disclosures.bundle import assembly
from apps.disclosures.models import Bundle
zeros = bytes(1 << 20)
with open(sys.argv[1], "wb") as file:
    for part in assembly.archive(Bundle.objects.get()):
        if part == zeros[: len(part)]:
            file.seek(len(part), 1)
        else:
            file.write(part)
    file.truncate()
"""
VERIFIES = (
    "import runpy, sys; sys.argv = ['verify.py', 'case', sys.argv[1]]; runpy.run_path({path!r}, run_name='__main__')"
)


def peak_mb(code: str, environment: dict[str, str], *arguments: object) -> int:
    """Run it in a process of its own; returns the most memory that it took."""
    command = [sys.executable, "-c", TOLD + code, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    found = int(done.stderr.rsplit("peak ", 1)[1])
    print(f"{code.strip().splitlines()[-1].strip()[:60]}: {found} MB")
    return found


def mostly_zeros(size: int) -> Iterator[bytes]:
    yield secrets.token_bytes(MB)
    for _ in range(size // MB - 1):
        yield bytes(MB)


@pytest.fixture
def vault_dir(settings, tmp_path) -> Path:
    """A vault of this test alone, which is removed at once."""
    settings.VAULT_DIR = tmp_path / "vault"
    yield settings.VAULT_DIR
    shutil.rmtree(settings.VAULT_DIR)


def collect(person, size: int, number: int) -> Item:
    item = evidence.collect(
        kind="query_log",
        title=f"Requests, part {number}",
        origin="The gateway",
        filename=f"part-{number}.bin",
        chunks=mostly_zeros(size),
        by=person,
    )
    subprocess.run(["fallocate", "--dig-holes", vault.path_of(item.sha256)], check=False)
    return item


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_twenty_gigabytes_take_no_more_memory(
    vault_dir, committed_db, people, case, add_exhibit, environment, settings, tmp_path
):
    size = int(GIGABYTES * 1024 / EXHIBITS) * MB
    settings.UPLOAD_MAX_BYTES = 2 * size
    assert shutil.disk_usage(tmp_path).free > 2 * size, "there is no room for one exhibit"
    for number in range(EXHIBITS):
        add_exhibit(case, item=collect(people.analyst, size, number), group=f"part {number}")
    bundle = actions.compile_bundle(
        case,
        audience="court",
        recipient="Dr Ruth Expert",
        legal_basis="Order of 3 May",
        purpose="Opinion",
        exhibits=case.exhibits.all(),
        by=people.counsel,
    )
    sequence()
    assert subprocess.run([sys.executable, "-c", DIES], env=environment, check=False).returncode == -9
    Job.objects.update(due_at=bundle.compiled_at)
    sequence()
    assert peak_mb(WORKS, environment) < FLAT_MB
    bundle.refresh_from_db()
    assert bundle.state == Bundle.State.READY, bundle.problem
    assert CustodyEvent.objects.filter(kind="export").count() == EXHIBITS  # none was measured and recorded twice
    archive = tmp_path / "taken.tar"
    assert peak_mb(TAKES, environment, archive) < FLAT_MB
    assert archive.stat().st_size == assembly.archive_size(bundle) > GIGABYTES * 1000**3
    assert peak_mb(VERIFIES.format(path=str(assembly.VERIFIER)), {}, archive) < FLAT_MB
    archive.unlink()
