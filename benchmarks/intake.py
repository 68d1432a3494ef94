"""How many alerts a second the intake acknowledges over HTTP, beside raw COPY of the very same rows in the same run.

    make bench NAME=intake ARGS="--stored 1000000 --seconds 10"

A server and a database of its own, which waits for the disk. Clients are processes on the same machine that post what
was prepared before the clock started. Alerts have about 1 KB and three identifiers each; half are about accounts that
are known already. A tenth has no campaign and finds its group by account or identifier. The last line is JSON.
"""

import argparse
import http.client
import itertools
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import msgspec
import psycopg

from benchmarks import preload
from casemgr.run.crew import answers, commands
from casemgr.run.paths import BASE, HOST, MANAGE
from casemgr.supervisor import processes

TICKS = os.sysconf("SC_CLK_TCK")
KNOWN_ACCOUNTS, CAMPAIGNS, BATCH = 20_000, 50, 1000
COPIED = ("accounts_account", "accounts_identifier", "alerts_alert", "alerts_alertaccount", "alerts_groupaccount")
ALERT: dict[str, Any] = {
    "schema": "casemgr.alert/1",
    "source": "bench",
    "detector": {
        "version": "2.3.1",
        "threshold": 0.95,
        "calibration": {"set_id": "benign-2026w20", "n": 10_000, "false_positives": 3, "as_of": "2026-05-20"},
        "known_false_positives": ["reseller", "ci-batch"],
    },
    "title": "Queries follow a template",
    "kind": "template",
    "technique": ["AML.T0024.002"],
    "stage": "harvesting",
    "severity": 2,
    "window": {"start": "2026-06-04T00:00:00Z", "end": "2026-06-05T00:00:00Z"},
    "detected_at": "2026-06-05T10:00:03Z",
    "target": {"model": "model-x", "version": "2026-05-01", "surface": "api"},
    "measure": {"queries": 5412, "input_tokens": 310_000, "distinct_templates": 7, "topic_entropy_bits": 3.2},
    "score": {"value": 4.1, "type": "z", "p": 2.1e-7, "p_floor": 1e-9, "n_tested": 24_000},
    "alternatives": [{"h": "reseller", "status": "not_tested"}],
    "handling": {"tlp": "AMBER", "contains_personal_data": True},
}


@dataclass
class Rates:
    """What some clients got done together."""

    alerts_per_s: float
    p50_ms: float
    p95_ms: float
    web_us: float  # processor time per alert
    database_us: float
    client_us: float


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4 if quick else 10)
    parser.add_argument("--stored", type=int, default=10_000, help="alerts that are there before the clock starts")
    parser.add_argument("--shared", type=int, default=0, help="of them, alerts whose accounts use one address")
    options = parser.parse_args()
    key = prepare(options)
    with server() as (url, pid):
        work = Work(url, key, pid)
        work.measure(2, BATCH, 1)  # connections, plans and caches
        batches = work.measure(2, BATCH, options.seconds)
        copied = copy_per_s(options.seconds)
        singles = work.measure(4, 1, options.seconds)
    for name, rates in (("1,000 a request, 2 clients", batches), ("one a request, 4 clients", singles)):
        print(
            f"{name:<28}{rates.alerts_per_s:>9,.0f}/s  p50 {rates.p50_ms:.1f} ms  p95 {rates.p95_ms:.1f} ms  "
            f" an alert: web {rates.web_us:.0f}, database {rates.database_us:.0f}, client {rates.client_us:.0f} us"
        )
    print(f"{'raw COPY of the same rows':<28}{copied:>9,.0f}/s")
    figures = {
        "benchmark": "intake",
        "stored": options.stored,
        "alerts_per_s": round(batches.alerts_per_s),
        "ratio_to_copy": round(batches.alerts_per_s / copied, 2),
        "single_per_s": round(singles.alerts_per_s),
        "p95_ms": round(batches.p95_ms),
        "web_us": round(batches.web_us),
        "database_us": round(batches.database_us),
        "single_web_us": round(singles.web_us),
        "single_database_us": round(singles.database_us),
    }
    print(json.dumps(figures))
    return 0


def prepare(options: argparse.Namespace) -> str:
    """Tables, a detector and what is stored already; returns the detector's API key."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "WARNING"}
    subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], check=True)
    django.setup()
    from apps.alerts import actions as alerts
    from apps.audit.principals import System
    from apps.staff import actions as staff

    person = staff.bootstrap(email="bench@example.com", name="Bench", password=uuid.uuid4().hex, by=System())
    detector = alerts.register_detector(slug="bench", name="Bench", kind="template", owner="bench", by=person)
    preload.fill(detector, ALERT, options.stored, KNOWN_ACCOUNTS, shared=options.shared)
    _key, text = staff.issue_api_key(detector.service_account, by=person)
    return text


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    port = processes.choose_port(Path(os.devnull))
    url = f"http://{HOST}:{port}"
    web = subprocess.Popen(commands(port)["web"], cwd=BASE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if not processes.wait_until(lambda: answers(f"{url}/healthz"), seconds=60):
            sys.exit("The server does not answer.")
        yield url, web.pid
    finally:
        web.terminate()
        web.wait()


# --- clients ---------------------------------------------------------------------------------------------------------


@dataclass
class Work:
    url: str
    key: str
    web: int

    def measure(self, clients: int, size: int, seconds: float) -> Rates:
        """So many clients post for so many seconds."""
        start = multiprocessing.Barrier(clients + 1)
        results: multiprocessing.Queue[dict[str, Any]] = multiprocessing.Queue()
        jobs = [
            multiprocessing.Process(target=post, args=(self.url, self.key, size, seconds, number, start, results))
            for number in range(clients)
        ]
        for job in jobs:
            job.start()
        start.wait()
        before, began = (tree_ticks(self.web), database_ticks()), time.monotonic()
        answers_ = [results.get() for _ in jobs]
        took, after = time.monotonic() - began, (tree_ticks(self.web), database_ticks())
        for job in jobs:
            job.join()
        if wrong := [one["refused"] for one in answers_ if one["refused"]]:
            sys.exit(f"An alert was refused: {wrong[0]}")
        taken = sum(len(one["ms"]) for one in answers_) * size
        waits = sorted(itertools.chain.from_iterable(one["ms"] for one in answers_))
        web_us, database_us = ((now - then) / TICKS * 1e6 / taken for then, now in zip(before, after, strict=True))
        client_us = sum(one["cpu"] for one in answers_) * 1e6 / taken
        p95 = waits[min(len(waits) - 1, int(0.95 * len(waits)))]
        return Rates(taken / took, statistics.median(waits), p95, web_us, database_us, client_us)


def post(url: str, key: str, size: int, seconds: float, number: int, start: Any, results: Any) -> None:
    """One client: prepares its bodies, waits for the others, posts over one connection until the time is up."""
    chance = random.Random(f"{number} {uuid.uuid4()}")  # noqa: S311 - makes test data
    enough = int(seconds * (40 if size > 1 else 1500)) + 5
    bodies = [b"\n".join(alert(chance) for _ in range(size)) for _ in range(enough)]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    start.wait()
    cpu, until, waits, refused = time.process_time(), time.monotonic() + seconds, [], ""
    for body in bodies:
        began = time.monotonic()
        if began > until:
            break
        line.request("POST", "/api/v1/alerts", body, headers)
        answer = line.getresponse()
        text = answer.read()
        waits.append((time.monotonic() - began) * 1000)
        if answer.status != 201 or b'"rejected":0' not in text:
            refused = text[:500].decode()
            break
    results.put({"ms": waits, "refused": refused, "cpu": time.process_time() - cpu})


def alert(chance: random.Random) -> bytes:
    """An alert that nobody has posted before."""
    known = chance.random() < 0.5
    number = chance.randrange(KNOWN_ACCOUNTS) if known else chance.randrange(10**6, 10**12)
    subject: dict[str, Any] = {"type": "account", "accounts": [preload.account(number)]}
    if chance.random() < 0.9:
        subject["campaign_ref"] = f"campaign-{chance.randrange(CAMPAIGNS)}"
    indicators = [{"type": kind, "value": value} for kind, value in preload.used(number)]
    ref = f"{chance.getrandbits(128):032x}"
    return msgspec.json.encode(ALERT | {"source_ref": ref, "subject": subject, "indicators": indicators})


# --- beside it -------------------------------------------------------------------------------------------------------


def copy_per_s(seconds: float) -> float:
    """Alerts a second when two connections do nothing but COPY the rows that the intake wrote for them, in batches of
    the same size, into tables with the same columns, indexes and checks (but no triggers and no foreign keys)."""
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as line:
        batches = rows_of_batches(line, int(seconds * 20))
        for table in COPIED:
            line.execute(f"DROP TABLE IF EXISTS bench_{table}; CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
    start = multiprocessing.Barrier(2)
    results: multiprocessing.Queue[float] = multiprocessing.Queue()
    jobs = [multiprocessing.Process(target=copy, args=(address, batches[half::2], start, results)) for half in range(2)]
    for job in jobs:
        job.start()
    spent = [results.get() for _ in jobs]
    for job in jobs:
        job.join()
    return len(batches) * BATCH / max(spent)


def rows_of_batches(line: psycopg.Connection, most: int) -> list[dict[str, bytes]]:
    """For each of the last batches the text that COPY would take, by table."""
    found = line.execute(
        "SELECT id FROM alerts_batch WHERE created = %s ORDER BY received_at DESC LIMIT %s", [BATCH, most]
    ).fetchall()
    # The answers of a batch name its alerts: no index leads from it to them.
    named = (
        "SELECT (said->>'id')::uuid FROM alerts_batch b CROSS JOIN jsonb_array_elements(b.verdicts::jsonb) said"
        " WHERE b.id = '{}'"
    )
    of = {
        "alerts_alert": f"SELECT * FROM alerts_alert WHERE id IN ({named})",  # noqa: S608 - see above
        "alerts_alertaccount": f"SELECT unnest(account_ids), id FROM alerts_alert WHERE id IN ({named})",  # noqa: S608
    }
    # What came with a batch is told by the event that wrote it: its manifests hold the ids of the rows.
    written = (
        "SELECT t.* FROM {table} t WHERE id IN (SELECT encode(substring(m.rows FROM n * 48 + 1 FOR 16), 'hex')::uuid"
        " FROM audit_event e JOIN audit_manifest m ON m.event_uuid = e.event_uuid"
        " CROSS JOIN generate_series(0, length(m.rows) / 48 - 1) n WHERE m.table_name = '{table}' AND"
        " convert_from(e.body, 'UTF8')::jsonb->'details'->>'batch' = '{batch}')"
    )
    events = line.execute("SELECT count(*) FROM audit_event").fetchone()
    batches = []
    for (batch,) in found[: most if events else 0]:
        rows = {table: copied(line, query.format(batch)) for table, query in of.items()}
        for table in ("accounts_account", "accounts_identifier"):
            rows[table] = copied(line, written.format(table=table, batch=batch))
        batches.append(rows)
    return batches


def copied(line: psycopg.Connection, query: str) -> bytes:
    with line.cursor().copy(f"COPY ({query}) TO STDOUT") as out:
        return b"".join(bytes(part) for part in out)


def copy(address: str, batches: list[dict[str, bytes]], start: Any, results: Any) -> None:
    with psycopg.connect(address) as line, line.cursor() as cursor:
        start.wait()
        began = time.monotonic()
        for rows in batches:
            for table, text in rows.items():
                with cursor.copy(f"COPY bench_{table} FROM STDIN") as into:
                    into.write(text)
            line.commit()
        results.put(time.monotonic() - began)


# --- processor time --------------------------------------------------------------------------------------------------


def tree_ticks(pid: int) -> int:
    """Processor time of a process and its children, in clock ticks."""
    members = {pid}
    times = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        times[int(stat.parent.name)] = (int(fields[1]), int(fields[11]) + int(fields[12]))
    for _depth in range(4):
        members |= {child for child, (parent, _) in times.items() if parent in members}
    return sum(times[member][1] for member in members if member in times)


def database_ticks() -> int:
    """Processor time of the database server and everything it started; 0 when it runs on another machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    try:
        postmaster = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
    reaped = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    return tree_ticks(postmaster) + int(reaped[13]) + int(reaped[14])


if __name__ == "__main__":
    sys.exit(main())
