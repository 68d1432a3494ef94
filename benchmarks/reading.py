"""How long the server takes for a page or an answer when a million alerts are stored, and how many statements it makes.

    make bench NAME=reading ARGS="--stored 1000000"

Time and statements are those of Django with all its middleware, in this process (no socket, no browser), on a database
of its own. Each address is asked for once to warm up and then so many times; p95 of these. Last, a body of 100 MB is
posted to a real server, plain and as gzip, and its processes tell their peak memory. The last line is JSON.
"""

import argparse
import http.client
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import django
import msgspec

from benchmarks import intake, stock
from casemgr.run.paths import MANAGE

MEGABYTE = 1024 * 1024
API = "/api/v1/alerts"


@dataclass
class Cost:
    """What an address costs."""

    name: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float  # processor time, web and database together
    statements: int
    slowest: tuple[float, str]  # statement of one request, in ms
    rows: str


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stored", type=int, default=10_000 if quick else 1_000_000, help="a multiple of 10,000")
    parser.add_argument("--times", type=int, default=3 if quick else 40, help="that each address is asked for")
    parser.add_argument("--body", type=int, default=4 if quick else 100, help="megabytes that are posted; 0 for none")
    parser.add_argument("--only", default="", help="measure what has this in its name")
    parser.add_argument("--explain", action="store_true", help="show the slowest statement of each address")
    options = parser.parse_args()
    house = prepare(options.stored)
    costs = []
    for name, client, address in addresses(house):
        if options.only in name:
            costs.append(cost := measure(name, client, address, options))
            print(
                f"{cost.name:<44}{cost.p50_ms:>8.1f}{cost.p95_ms:>8.1f} ms{cost.cpu_ms:>8.1f} ms of processors"
                f"{cost.statements:>4} statements  {cost.rows}",
                flush=True,
            )
            if options.explain:
                print(f"    {cost.slowest[0]:.1f} ms: {cost.slowest[1]}")
    figures = {"benchmark": "reading", "stored": options.stored} | summary(costs)
    if options.body and not options.only:
        figures |= bodies(house, options.body)
    print(json.dumps(figures))
    return 0


def prepare(stored: int) -> stock.Stock:
    """The house; the one that is there already, where there is one."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "ERROR", "DEBUG": "false"}
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        subprocess.run([*MANAGE, *command, "--verbosity", "0"], check=True)
    django.setup()
    return stock.found() or stock.build(stored, intake.ALERT)


# --- what is asked for -----------------------------------------------------------------------------------------------


def addresses(house: stock.Stock) -> Iterator[tuple[str, Any, str]]:
    """Name, client and address of all that is measured."""
    person = Browser(house.person)
    detector = Program(house.key)
    yield from _queue(person)
    yield from _rows(person, house)
    yield from _api("api", person, house)
    yield from _api("api of a detector", detector, house)


def _queue(person: "Browser") -> Iterator[tuple[str, Any, str]]:
    yield "queue", person, "/queue/"
    yield "queue, last page", person, f"/queue/?{last('group', before='free')}"
    for view in ("mine", "held", "late", "snoozed", "hidden", "dismissed", "in_case", "merged"):
        yield f"queue, view {view}", person, f"/queue/?view={view}"
    for name, value in (
        ("severity", 4),
        ("kind", "volume"),
        ("kind", stock.SELDOM),
        ("kind", "kyc"),
        ("detector", "volume"),
        ("detector", stock.SILENT),
        ("accounts", 1000),
        ("accounts", 10**7),
        ("drill", "none"),
        ("drill", "only"),
        ("q", "group 77"),
        ("q", "nowhere"),
    ):
        yield f"queue, {name}={value}", person, f"/queue/?{urlencode({name: value})}"


def _rows(person: "Browser", house: stock.Stock) -> Iterator[tuple[str, Any, str]]:
    from apps.alerts.models import Alert, AlertGroup, Batch

    small = AlertGroup.objects.filter(key="stored:7").get()
    large = AlertGroup.objects.order_by("-alert_count").first()
    alert = Alert.objects.filter(group=large).first()
    batch = Batch.objects.filter(created=stock.PER_BATCH).order_by("-received_at").first()
    assert large
    assert alert
    assert batch
    yield "group of 20", person, f"/queue/{small.pk}/"
    yield "group of a campaign", person, f"/queue/{large.pk}/"
    yield "group of a campaign, last page", person, f"/queue/{large.pk}/?{last('alert', group=large.pk)}"
    for name, value in (
        ("kind", "kyc"),
        ("detector", stock.SILENT),
        ("open", "false"),
        ("account", "acct_000000000007"),
    ):
        yield f"group of a campaign, {name}={value}", person, f"/queue/{large.pk}/?{name}={value}"
    yield "accounts of a campaign", person, f"/queue/{large.pk}/accounts/"
    yield "preview of a campaign", person, f"/queue/{large.pk}/preview/"
    yield "alert", person, f"/alerts/{alert.pk}/"
    yield "batches", person, "/batches/"
    yield "batches, last page", person, f"/batches/?{last('batch')}"
    for name, value in (("detector", "volume"), ("detector", stock.SILENT), ("rejected", "true")):
        yield f"batches, {name}={value}", person, f"/batches/?{name}={value}"
    yield "batch of 500", person, f"/batches/{batch.pk}/"
    yield "rejections", person, "/rejections/"
    yield "rejections, last page", person, f"/rejections/?{last('rejection')}"
    for name, value in (
        ("code", stock.CODES[0]),
        ("code", stock.CODES[-1]),
        ("detector", stock.SILENT),
        ("became", "created"),
        ("source_ref", "nowhere"),
    ):
        yield f"rejections, {name}={value}", person, f"/rejections/?{name}={value}"
    yield "detectors", person, "/detectors/"
    for kind in ("volume", stock.SILENT):
        yield f"detector {kind}", person, f"/detectors/{house.detectors[kind].pk}/"


def _api(name: str, client: Any, house: stock.Stock) -> Iterator[tuple[str, Any, str]]:
    yield name, client, API
    yield f"{name}, last page", client, f"{API}?cursor={oldest()}"
    for parameter, value in (
        ("source", "volume"),
        ("source", stock.SELDOM),
        ("source", stock.SILENT),
        ("kind", "volume"),
        ("kind", stock.SELDOM),
        ("kind", "kyc"),
        ("severity", 3),
        ("severity", 4),
        ("state", "open"),
        ("state", "dismissed"),
        ("state", "merged"),
        ("open", "false"),
        ("account", "acct_000000000007"),
        ("account", "nobody"),
        ("since", moment(1)),
        ("until", moment(150)),
        ("updated_since", moment(200)),
        ("updated_since", moment(1)),
        ("updated_since", moment(0)),
    ):
        yield f"{name}, {parameter}={value}", client, f"{API}?{urlencode({parameter: value})}"
    one = urlencode({"source": house.one.detector.slug, "source_ref": house.one.source_ref})
    yield f"{name}, by source and reference", client, f"{API}?{one}"
    yield f"{name}, HEAD by source and reference", client, f"HEAD {API}?{one}"
    yield f"{name}, by a reference that is not there", client, f"{API}?{one}-not"


def moment(days: int) -> str:
    from datetime import timedelta

    from django.utils import timezone

    return (timezone.now() - timedelta(days=days)).isoformat(timespec="seconds")


def last(what: str, **of: Any) -> str:
    """The cursor of the page before the end of a list."""
    from apps.alerts.models import Alert, AlertGroup, Batch, Rejection
    from apps.core import paging

    rows: Any
    rows, order = {
        "group": (AlertGroup.objects.filter(state="open"), ("priority", "id")),
        "alert": (Alert.objects.filter(group=of.get("group")), ("detected_at", "id")),
        "batch": (Batch.objects.all(), ("received_at", "id")),
        "rejection": (Rejection.objects.all(), ("received_at", "id")),
    }[what]
    edge = rows.order_by(*order)[30:31].get()
    return urlencode({"after": paging._encode([getattr(edge, column) for column in order])})


def oldest() -> str:
    from apps.alerts.api import listing
    from apps.alerts.models import Alert

    edge = Alert.objects.order_by("updated_at", "id")[30:31].get()
    return str(listing.Cursor(False, edge.updated_at, edge.pk))


# --- who asks --------------------------------------------------------------------------------------------------------


class Browser:
    """A person who is signed in."""

    def __init__(self, person: Any) -> None:
        from django.test import Client

        self.client = Client(headers={"host": "localhost"})
        self.client.force_login(person)

    def get(self, address: str) -> Any:
        method, _, where = address.rpartition(" ")
        return self.client.head(where) if method == "HEAD" else self.client.get(where)


class Program(Browser):
    """A detector with its key."""

    def __init__(self, key: str) -> None:
        from django.test import Client

        self.client = Client(headers={"host": "localhost", "authorization": f"Bearer {key}"})


def measure(name: str, client: Browser, address: str, options: argparse.Namespace) -> Cost:
    statements = counted(lambda: _ask(client, address))
    statements = counted(lambda: _ask(client, address))
    times = []
    used = time.process_time() + backend_seconds()
    for _ in range(options.times):
        began = time.perf_counter()
        answer = _ask(client, address)
        times.append((time.perf_counter() - began) * 1000)
    used = time.process_time() + backend_seconds() - used
    times.sort()
    p50, p95 = times[len(times) // 2], times[math.ceil(0.95 * len(times)) - 1]
    slowest = max(statements, default=(0.0, ""))
    rows = f"{len(answer.content):,} bytes"
    return Cost(name, p50, p95, used * 1000 / options.times, len(statements), slowest, rows)


def backend_seconds() -> float:
    """Processor time of the database's process for our connection; 0 when it runs on another machine."""
    from django.db import connection

    connection.ensure_connection()
    try:
        fields = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / intake.TICKS


def _ask(client: Browser, address: str) -> Any:
    answer = client.get(address)
    if answer.status_code not in (200, 404) or (answer.status_code == 404) != address.endswith("-not"):
        sys.exit(f"{address} answered {answer.status_code}: {answer.content[:300]!r}")
    return answer


def counted(ask: Callable[[], Any]) -> list[tuple[float, str]]:
    """The statements of a request, each with its time in ms."""
    from django.db import connection

    made: list[tuple[float, str]] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            made.append(((time.perf_counter() - began) * 1000, sql))

    with connection.execute_wrapper(watch):
        ask()
    return made


def summary(costs: list[Cost]) -> dict[str, Any]:
    by_name = {cost.name: cost for cost in costs}
    named = {
        "queue_p95_ms": "queue",
        "queue_last_p95_ms": "queue, last page",
        "api_p95_ms": "api",
        "api_last_p95_ms": "api, last page",
        "group_p95_ms": "group of a campaign",
        "source_ref_p95_ms": "api of a detector, by source and reference",
        "detectors_p95_ms": "detectors",
    }
    found: dict[str, Any] = {key: round(by_name[name].p95_ms, 1) for key, name in named.items() if name in by_name}
    if costs:
        slowest = max(costs, key=lambda cost: cost.p95_ms)
        found |= {"slowest": slowest.name, "slowest_p95_ms": round(slowest.p95_ms, 1)}
        found["statements"] = max(cost.statements for cost in costs)
    return found


# --- a large body ----------------------------------------------------------------------------------------------------


def bodies(house: stock.Stock, megabytes: int) -> dict[str, Any]:
    """Post a body of so many megabytes, plain and as gzip, each to a server that has just started."""
    found: dict[str, Any] = {"body_mb": megabytes}
    for encoding in ("identity", "gzip"):
        with intake.server() as (url, pid), body(megabytes, encoding) as (file, items, size):
            intake.answers(f"{url}/healthz")
            idle = peak_mb(pid)
            began = time.monotonic()
            answer = send(url, house.key, file, size, encoding)
            took, peak = time.monotonic() - began, peak_mb(pid)
            if answer["created"] != items or len(answer["items"]) != items:
                sys.exit(f"{items} were sent, of which {answer['created']} were created")
            name = "body" if encoding == "identity" else "body_gzip"
            found |= {f"{name}_peak_mb": peak, f"{name}_s": round(took, 1), "body_items": items}
            print(f"{megabytes} MB, {encoding:<10}{items:>9,} alerts  peak {peak} MB (idle {idle} MB)  {took:.1f} s")
    return found


@contextmanager
def body(megabytes: int, encoding: str) -> Iterator[tuple[Any, int, int]]:
    """A file with NDJSON of that size before it is packed; how many alerts and bytes are in it."""
    number = items = written = 0
    packer = zlib.compressobj(6, wbits=31) if encoding == "gzip" else None
    with tempfile.TemporaryFile() as file:
        while written < megabytes * MEGABYTE:
            line = _line(number := number + 1, encoding) + b"\n"
            written, items = written + len(line), items + 1
            file.write(packer.compress(line) if packer else line)
        file.write(packer.flush() if packer else b"")
        size = file.tell()
        file.seek(0)
        yield file, items, size


def _line(number: int, encoding: str) -> bytes:
    said = intake.ALERT | {"source": "volume", "kind": "volume", "source_ref": f"{encoding}-{number}"}
    subject = {"type": "account", "accounts": [f"acct_{encoding}_{number % 20_000}"]}
    subject["campaign_ref"] = f"{encoding}-{number % 50}"
    return msgspec.json.encode(said | {"subject": subject})


def send(url: str, key: str, file: Any, size: int, encoding: str) -> dict[str, Any]:
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=1800)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson", "Content-Length": str(size)}
    line.request("POST", API, file, headers | {"Content-Encoding": encoding})
    answer = line.getresponse()
    text = answer.read()
    if answer.status != 201:
        sys.exit(f"The body of {size:,} bytes was answered with {answer.status}: {text[:500]!r}")
    return msgspec.json.decode(text)


def peak_mb(pid: int) -> int:
    """The largest resident memory that a process of the server ever had."""
    children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _children(task)]
    return max(_high_water(one) for one in (pid, *children)) // 1024


def _children(task: Path) -> list[str]:
    return (task / "children").read_text().split()


def _high_water(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    sys.exit(main())
