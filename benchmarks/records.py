"""How many account records a second an import writes, beside raw COPY of the very same rows in the same run.

    make bench NAME=records ARGS="--accounts 1000000 --identifiers 5 --days 0"

Files lie on disk before the clock starts: accounts as NDJSON, identifiers and daily activity as Parquet. Each is put
into the vault and imported part by part, as a worker does it; then the same file again, of which every row is
unchanged. Raw COPY writes the rows into a table with the same columns, indexes and checks, but no triggers and no
trail. The last line is JSON: rows a second, microseconds of processor time a row (of the importing process and of the
database's), the importing process's peak memory, and seconds for all three files. `--verify` then has the trail
verified.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import django
import pyarrow as pa
from pyarrow import parquet as pq

from casemgr.run.crew import MANAGE

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
STEP = 50_000  # accounts that are made at once
TABLES = {"accounts": "accounts_account", "identifiers": "accounts_identifier", "activity": "accounts_activity"}
KINDS = ("email", "payment", "device", "ip_prefix", "user_agent", "phone", "asn", "template")


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=5_000 if quick else 100_000)
    parser.add_argument("--identifiers", type=int, default=5, help=f"of each account, up to {len(KINDS)}")
    parser.add_argument("--days", type=int, default=4 if quick else 14, help="with activity, of each account")
    parser.add_argument("--verify", action="store_true", help="verify the trail afterwards")
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "WARNING"}
    subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], check=True)
    django.setup()
    person = _person()
    figures: dict[str, Any] = {"benchmark": "records", "accounts": options.accounts}
    with tempfile.TemporaryDirectory() as folder:
        files = dict(_files(Path(folder), options))
        began = time.perf_counter()
        for kind, path in files.items():
            figures |= _measured(kind, path, person, "")
        figures["all_s"] = round(time.perf_counter() - began, 1)
        figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        for kind, path in files.items():
            figures |= _measured(kind, path, person, "_again")
            figures |= _copied(kind)
    if options.verify:
        subprocess.run([*MANAGE, "verify_trail"], check=True)
    print(json.dumps(figures))
    return 0


def _person() -> Any:
    from apps.audit.principals import System
    from apps.staff import actions as staff
    from apps.staff.models import User

    name = f"bench-{uuid.uuid4().hex[:8]}"
    admin = User.objects.filter(email="bench@example.com").first() or staff.bootstrap(
        email="bench@example.com", name="Bench", password=uuid.uuid4().hex, by=System()
    )
    return staff.invite(email=f"{name}@example.com", name=name, roles=["analyst"], password=uuid.uuid4().hex, by=admin)


# --- files -----------------------------------------------------------------------------------------------------------


def _files(folder: Path, options: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    prefix = uuid.uuid4().hex[:6]  # accounts that nobody knows yet, however often this runs
    refs = [f"acct_{prefix}_{number:07d}" for number in range(options.accounts)]
    yield "accounts", _accounts(folder / "accounts.ndjson", refs)
    if options.identifiers:
        yield "identifiers", _written(folder / "identifiers.parquet", refs, _identifiers(prefix, options.identifiers))
    if options.days:
        yield "activity", _written(folder / "activity.parquet", refs, _activity(options.days))


def _accounts(path: Path, refs: list[str]) -> Path:
    with path.open("w") as file:
        for number, ref in enumerate(refs):
            opened = (BEGAN + timedelta(minutes=number % 100_000)).isoformat()
            row = {"ref": ref, "opened_at": opened, "product": "api", "plan": "free", "country": "FR"}
            file.write(json.dumps(row | {"payer_verified": number % 3 == 0, "status": "active"}) + "\n")
    return path


def _written(path: Path, refs: list[str], make: Callable[[list[str], int], pa.Table]) -> Path:
    first = make(refs[:1], 0)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        for start in range(0, len(refs), STEP):
            writer.write_table(make(refs[start : start + STEP], start), row_group_size=100_000)
    return path


def _identifiers(prefix: str, each: int) -> Callable[[list[str], int], pa.Table]:
    chance = random.Random(prefix)  # noqa: S311 - makes test data

    def value(kind: str, number: int) -> str:
        if kind == "email":
            return f"{chance.choice(('kestrel', 'maria', 'ops', 'jo.ann'))}{number % 9999}@mail{number % 300}.example"
        if kind == "ip_prefix":
            return f"10.{number % 12}.{number % 250}.0/24"
        shared = number % 1000 if kind in ("user_agent", "template", "asn") else number - number % 3
        return f"AS{shared}" if kind == "asn" else f"+49{prefix}{shared:09d}" if kind == "phone" else f"{kind}_{shared}"

    def make(refs: list[str], start: int) -> pa.Table:
        count = len(refs)
        seen = [BEGAN + timedelta(seconds=number) for number in range(count) for _ in range(each)]
        return pa.table(
            {
                "account_ref": [ref for ref in refs for _ in range(each)],
                "kind": [KINDS[at] for _ in range(count) for at in range(each)],
                "value": [value(KINDS[at], start + number) for number in range(count) for at in range(each)],
                "first_seen": pa.array(seen, pa.timestamp("us", "UTC")),
                "last_seen": pa.array([moment + timedelta(days=3) for moment in seen], pa.timestamp("us", "UTC")),
            }
        )

    return make


def _activity(days: int) -> Callable[[list[str], int], pa.Table]:
    chance = random.Random(1)  # noqa: S311 - makes test data
    by_hour = [[chance.choice((0, 0, 1, 3, 17)) for _ in range(24)] for _ in range(500)]

    def make(refs: list[str], start: int) -> pa.Table:
        rows = [by_hour[(start + at) % 500] for at in range(len(refs) * days)]
        totals = [sum(row) for row in rows]
        return pa.table(
            {
                "account_ref": [ref for ref in refs for _ in range(days)],
                "day": pa.array([date(2026, 1, 1) + timedelta(days=at) for _ in refs for at in range(days)]),
                "model": ["model-x"] * len(rows),
                "queries": totals,
                "input_tokens": [total * 310 for total in totals],
                "output_tokens": [total * 800 for total in totals],
                "active_hours": pa.nulls(len(rows), pa.int8()),
                "by_hour": pa.array(rows, pa.list_(pa.int32())),
                "distinct_templates": [7] * len(rows),
                "topic_entropy_bits": [3.25] * len(rows),
            }
        )

    return make


# --- measuring -------------------------------------------------------------------------------------------------------


def _measured(kind: str, path: Path, person: Any, again: str) -> dict[str, float]:
    """Import a file as a worker does, and say what it took."""
    from apps.accounts import actions
    from apps.audit.principals import System

    before, began = (time.process_time(), _backend_s()), time.perf_counter()
    with path.open("rb") as file:
        record = actions.start_import(
            kind=kind, filename=path.name, chunks=iter(lambda: file.read(1 << 20), b""), by=person
        )
    while actions.carry_on_import(record, by=System()):
        pass
    took = time.perf_counter() - began
    spent = [now - then for now, then in zip((time.process_time(), _backend_s()), before, strict=True)]
    if record.failure or record.rejected or bool(again) != bool(record.unchanged):
        sys.exit(f"{record}: {record.failure} {record.rejected} rejected, {record.unchanged} unchanged")
    written = record.rows + (record.derived if not again else 0)
    own, database = (round(seconds / written * 1e6, 1) for seconds in spent)
    print(f"{kind + again:<18}{written:>10,} rows {written / took:>8,.0f}/s", flush=True)
    return {
        f"{kind}{again}_per_s": round(written / took),
        f"{kind}{again}_s": round(took, 1),
        f"{kind}{again}_us": own,
        f"{kind}{again}_database_us": database,
    }


def _backend_s() -> float:
    """Processor time of this connection's server process, in seconds; 0 where it runs on another machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _copied(kind: str) -> dict[str, float]:
    """Rows a second of nothing but COPY, from a file into a table that is alike."""
    from django.db import connection

    table = TABLES[kind]
    with tempfile.TemporaryFile() as file, connection.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT") as out:  # noqa: S608 - ours
            for part in out:
                file.write(part)
        cursor.execute(f"DROP TABLE IF EXISTS bench_{table}; CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
        file.seek(0)
        began = time.perf_counter()
        with cursor.copy(f"COPY bench_{table} FROM STDIN") as into:
            while part := file.read(1 << 16):
                into.write(part)
        took = time.perf_counter() - began
        cursor.execute(f"SELECT count(*) FROM bench_{table}")  # noqa: S608 - ours
        count = cursor.fetchone()[0]
        cursor.execute(f"DROP TABLE bench_{table}")
    return {f"{kind}_copy_per_s": round(count / took)}


if __name__ == "__main__":
    sys.exit(main())
