"""How long the linkage takes in the database: a run over all accounts, and one over what came since.

    make bench NAME=relink                                  an incident of 100,000 accounts, 1,000 of them new
    make bench NAME=relink ARGS="--data FOLDER"             records that the simulator wrote in Parquet before
    QUICK=1 make bench NAME=relink                          the demo's accounts

Accounts and identifiers come by COPY past the ledger; runs go the usual way. The rhythm is left out: benchmarks.linkage
has it. Seconds are of processors, this process and its database session together; `wall_s` is what a person waits. The
last line is JSON.
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

from casemgr.run.paths import MANAGE

FOLDER = Path("var/bench/relink")
TABLES = ("link", "ringmember", "tie", "ring", "linkagerun", "activity", "identifier", "account")
ACCOUNT, IDENTIFIER = range(1, 3)


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="demo" if quick else "incident")
    parser.add_argument("--data", type=Path, help="folder with accounts.parquet and identifiers.parquet")
    parser.add_argument("--new", type=int, default=100 if quick else 1000)
    parser.add_argument("--run", choices=("full", "new"), help="one run alone (used by the benchmark itself)")
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "ERROR", "DEBUG": "false"}
    if options.run:
        django.setup()
        print(json.dumps(run(options.run)))
        return 0
    subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], check=True)
    django.setup()
    print(json.dumps({"benchmark": "relink"} | measure(options.data or simulated(options.preset), options.new)))
    return 0


def simulated(preset: str) -> Path:
    folder = FOLDER / preset
    if not folder.exists():
        command = ["simulate", "--preset", preset, "--out", str(folder), "--format", "parquet"]
        subprocess.run([*MANAGE, *command, "--no-log", "--no-alerts"], check=True)
    return folder


def measure(folder: Path, new: int) -> dict[str, Any]:
    """`full` and `new`: seconds by step, accounts looked at, peak memory in MB; and how many rings there are."""
    from apps.accounts.models import Ring

    refs = column(folder, "accounts", "ref")
    late = set(random.Random(1).sample(refs, new))  # noqa: S311 - a sample, no secret
    empty()
    fill(folder, [ref for ref in refs if ref not in late], first=0)
    found: dict[str, Any] = {"accounts": len(refs), "full": alone("full")}
    fill(folder, sorted(late), first=len(refs))
    return found | {"new_accounts": new, "new": alone("new"), "rings": Ring.objects.exclude(state="dissolved").count()}


# --- a run, step by step ----------------------------------------------------------------------------------------------


def alone(scope: str) -> dict[str, Any]:
    """A run in a process of its own, whose memory is the run's."""
    command = [sys.executable, "-m", "benchmarks.relink", "--run", scope]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(f"{scope}: {said}", file=sys.stderr)
    found: dict[str, Any] = json.loads(said)
    return found


def run(scope: str) -> dict[str, Any]:
    from apps.accounts import actions, linkage
    from apps.accounts.relinking import news, reading, searching, surroundings
    from apps.audit.principals import System
    from apps.core.models import Job

    by = System("linkage")
    found: dict[str, Any] = {}
    begun = time.perf_counter()
    steps = ((news, "touched"), (reading, "read"), (surroundings, "added"), (linkage, "find"))
    with watched(found, steps):
        started = actions.start_linkage(scope=scope, by=by)
        Job.objects.filter(kind="accounts.link").delete()  # done here instead
        with timed(found, "search"):
            kept = searching.search(started)
    with timed(found, "write"):
        actions.keep_found(started, searched=kept, by=by)
        actions.write_rings(started, by=by)
    found["wall_s"] = round(time.perf_counter() - begun, 2)
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024
    return found | {"looked_at": kept.accounts, "peak_mb": peak}


@contextmanager
def watched(found: dict[str, Any], steps: Iterable[tuple[Any, str]]) -> Iterator[None]:
    """Each of these functions says how long it took, while this lasts."""
    real = [(module, name, getattr(module, name)) for module, name in steps]

    def timing(name: str, function: Any) -> Any:
        def measured(*args: Any, **kwargs: Any) -> Any:
            with timed(found, name):
                return function(*args, **kwargs)

        return measured

    for module, name, function in real:
        setattr(module, name, timing(name, function))
    yield
    for module, name, function in real:
        setattr(module, name, function)


@contextmanager
def timed(found: dict[str, Any], name: str) -> Iterator[None]:
    begun = cpu_seconds()
    yield
    found[f"{name}_s"] = round(cpu_seconds() - begun, 2)


def cpu_seconds() -> float:
    """Of this process, and of its database session where that is on this machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    theirs = 0.0
    if session.exists():
        theirs = sum(map(int, session.read_text().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")
    return time.process_time() + theirs


# --- records past the ledger ------------------------------------------------------------------------------------------


def empty() -> None:
    with past_the_ledger() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM accounts_{table}")  # noqa: S608 - ours


def fill(folder: Path, refs: list[str], first: int) -> None:
    """These accounts with what they hold; their ids, and their identifiers', are behind those of fills before."""
    ids = {ref: key(ACCOUNT, number) for number, ref in enumerate(refs, start=first)}
    names = ("ref", "organisation", "contract", "payer_verified", "created_at")
    accounts = zip(*(column(folder, "accounts", name) for name in names), strict=True)
    columns = "id, ref, product, plan, country, organisation, contract, payer_verified, status, opened_at, recorded_at"
    with past_the_ledger() as cursor:
        with cursor.copy(f"COPY accounts_account ({columns}) FROM STDIN") as copy:
            for ref, organisation, contract, verified, opened in accounts:
                if ref in ids:
                    row = (ids[ref], ref, "", "", "", organisation or "", contract or "", bool(verified), "active")
                    copy.write_row((*row, opened, opened))
        with cursor.copy(
            "COPY accounts_identifier (id, account_id, kind, value_hmac, key_id, masked) FROM STDIN"
        ) as copy:
            for number, (ref, kind, digest) in enumerate(held(folder, ids), start=first << 8):
                copy.write_row((key(IDENTIFIER, number), ids[ref], kind, digest, "bench", "m"))
    with past_the_ledger() as cursor:
        cursor.execute("ANALYZE accounts_account, accounts_identifier")


def held(folder: Path, refs: Iterable[str]) -> list[tuple[str, str, str]]:
    """(account, kind, hash of the value) of these accounts, each once; of an e-mail address its domain as well."""
    from apps.accounts.models import Identifier

    kinds, wanted = set(Identifier.Kind.values), set(refs)
    found: dict[tuple[str, str, str], None] = {}
    for ref, kind, value in zip(
        *(column(folder, "identifiers", name) for name in ("account_ref", "kind", "value")), strict=True
    ):
        if ref in wanted and kind in kinds:
            found[ref, kind, digest(kind, value)] = None
            if kind == "email":
                found[ref, "email_domain", digest("email_domain", value.rpartition("@")[2])] = None
    return list(found)


def digest(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}\0{value}".encode()).hexdigest()


def key(table: int, number: int) -> str:
    """A UUID of version 7, ascending with the number."""
    bits = f"{0x01A2 << 112 | 0x7 << 76 | 0x8 << 60 | table << 48 | number:032x}"
    return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"


def column(folder: Path, table: str, name: str) -> list[Any]:
    import pyarrow.parquet as pq

    return pq.read_table(folder / f"{table}.parquet", columns=[name])[name].to_pylist()


@contextmanager
def past_the_ledger() -> Iterator[Any]:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE accounts_{table} DISABLE TRIGGER USER")
        yield cursor
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE accounts_{table} ENABLE TRIGGER USER")


if __name__ == "__main__":
    raise SystemExit(main())
