"""How many alerts a second the intake takes over HTTP, and what each costs in processor time.

    make bench NAME=intake ARGS="--batch 1 100 1000 --seconds 5"

A server of its own on an empty database; two clients post NDJSON batches of new alerts as fast as they are answered.
The clients run on the same machine, so trust the processor time per alert more than the rate.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django
import httpx
import msgspec

from casemgr.run.crew import answers, commands
from casemgr.run.paths import BASE, HOST, MANAGE
from casemgr.supervisor import processes

CLIENTS = 2
TICKS = os.sysconf("SC_CLK_TCK")
ALERT = {
    "schema": "casemgr.alert/1",
    "source": "bench",
    "detector": {"name": "bench", "version": "1", "rule_id": "bench-1", "known_false_positives": []},
    "title": "Queries follow a template",
    "kind": "template",
    "severity": 2,
    "detected_at": "2026-06-05T10:00:03Z",
    "window": {"start": "2026-06-04T00:00:00Z", "end": "2026-06-05T00:00:00Z"},
    "measure": {"queries": 5412, "distinct_templates": 7, "topic_entropy_bits": 3.2},
    "score": {"value": 4.1, "type": "z"},
}


@dataclass
class Run:
    """What one batch size did."""

    taken: int = 0
    refused: str = ""
    milliseconds: list[float] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 100, 1000], help="alerts in one request")
    parser.add_argument("--seconds", type=float, default=3 if os.environ.get("QUICK") else 5)
    options = parser.parse_args()
    key = prepare()
    with server() as (url, pid):
        print(
            f"{'batch':>6} {'alerts/s':>10} {'p50 ms':>8} {'p99 ms':>8} {'web us':>8} {'database us':>12}   per alert"
        )
        figures = {size: report(size, url, key, options.seconds, pid) for size in options.batch}
    print(json.dumps({"benchmark": "intake", "clients": CLIENTS, "batches": figures}))
    return 0


def prepare() -> str:
    """Tables and a detector; returns its API key."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "WARNING"}
    subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], check=True)
    django.setup()
    from apps.alerts import actions as alerts
    from apps.audit.principals import System
    from apps.staff import actions as staff

    person = staff.bootstrap(email="bench@example.com", name="Bench", password=uuid.uuid4().hex, by=System())
    detector = alerts.register_detector(slug="bench", name="Bench", kind="template", owner="bench", by=person)
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


def report(size: int, url: str, key: str, seconds: float, web: int) -> dict[str, float]:
    """Post for so many seconds, print one line, return its figures."""
    run, before, began = Run(), (tree_ticks(web), database_ticks()), time.monotonic()
    clients = [threading.Thread(target=post, args=(run, size, url, key, began + seconds)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    took, after = time.monotonic() - began, (tree_ticks(web), database_ticks())
    if run.refused:
        sys.exit(f"An alert was refused: {run.refused}")
    web_us, database_us = ((now - then) / TICKS * 1e6 / run.taken for then, now in zip(before, after, strict=True))
    p50, p99 = statistics.median(run.milliseconds), statistics.quantiles([*run.milliseconds, 0], n=100)[98]
    rate = run.taken / took
    print(f"{size:>6} {rate:>10,.0f} {p50:>8.1f} {p99:>8.1f} {web_us:>8.1f} {database_us:>12.1f}", flush=True)
    figures = {"alerts_per_s": rate, "p50_ms": p50, "p99_ms": p99, "web_us": web_us, "database_us": database_us}
    return {name: round(value, 1) for name, value in figures.items()}


def post(run: Run, size: int, url: str, key: str, until: float) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        for number in itertools.count():
            if time.monotonic() > until:
                return
            body = alerts(size, number)
            began = time.monotonic()
            answer = client.post("/api/v1/alerts", content=body)
            run.milliseconds.append((time.monotonic() - began) * 1000)
            created = answer.json()["created"] if answer.is_success else 0
            run.taken += created
            if created < size:
                run.refused = answer.text[:500]
                return


def alerts(size: int, number: int) -> bytes:
    """A batch of alerts that nobody has posted before, about a thousand accounts in turn."""
    mark = uuid.uuid4().hex
    rows = (
        ALERT | {"source_ref": f"{mark}-{i}", "subject": {"type": "account", "accounts": [account(number * size + i)]}}
        for i in range(size)
    )
    return b"\n".join(map(msgspec.json.encode, rows))


def account(number: int) -> str:
    return f"acct_{number % 1000:012x}"


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
