"""How long a browser waits for the evidence of a case with thousands of exhibits, and how many statements that takes.

    make bench NAME=case_evidence ARGS="--exhibits 2000 --runs 500"

One item, one run and one exhibit come the usual way, the others are copies of them by SQL past the ledger. A real
server answers over HTTP; each address is asked for once to warm up and then so many times. The last line is JSON.
"""

import argparse
import http.client
import json
import math
import os
import subprocess
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import django

from benchmarks import intake
from casemgr.run.paths import MANAGE

LINES = 40  # dependency groups
TIMES = 30
TEST = "canary"
FILLED = ("evidence_item", "evidence_testrun", "cases_exhibit")


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exhibits", type=int, default=200 if quick else 2000)
    parser.add_argument("--runs", type=int, default=50 if quick else 500, help="of the exhibits, so many are test runs")
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "ERROR", "DEBUG": "false"}
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        subprocess.run([*MANAGE, *command, "--verbosity", "0"], check=True)
    django.setup()
    print(json.dumps({"benchmark": "case_evidence"} | measure(options.exhibits, options.runs)))
    return 0


def measure(exhibits: int = 2000, runs: int = 500) -> dict[str, Any]:
    """p95 and median in ms of the evidence page and of its narrower views, and the statements of the page."""
    person, case = prepare(exhibits, runs)
    page = f"/cases/{case.ref}/evidence/"
    addresses = {"evidence_page": page, "evidence_group": f"{page}?group=line+7", "evidence_runs": f"{page}runs/"}
    found: dict[str, Any] = {"exhibits": exhibits, "runs": runs, "evidence_page_statements": statements(person, page)}
    cookie = sign_in(person)
    with intake.server() as (url, _):
        for name, address in addresses.items():
            times = ask(url, address, cookie)
            found |= {f"{name}_p50_ms": round(times[len(times) // 2], 1)}
            found |= {f"{name}_p95_ms": round(times[math.ceil(0.95 * len(times)) - 1], 1)}
    return found


# --- the case --------------------------------------------------------------------------------------------------------


def prepare(exhibits: int, runs: int) -> tuple[Any, Any]:
    """An analyst, and a case with so many exhibits in 40 lines of evidence."""
    from apps.audit.principals import System
    from apps.cases import actions as cases
    from apps.evidence import actions as evidence
    from apps.staff import actions as staff
    from apps.staff.models import User

    name = uuid.uuid4().hex[:8]
    admin = User.objects.filter(roles__contains=["admin"]).first() or staff.bootstrap(
        email=f"admin-{name}@example.com", name="Admin", password=uuid.uuid4().hex, by=System()
    )
    person = staff.invite(
        email=f"analyst-{name}@example.com", name="Analyst", roles=["analyst"], password=uuid.uuid4().hex, by=admin
    )
    case = cases.open_case(title="Measured", severity=3, by=person)
    suspect = evidence.register_suspect(name=f"Lantern {name}", by=person)
    run = evidence.run_test(
        test_id=TEST, suspect=suspect, by=person, not_blind_because="Measured here", **declared_example()
    )
    exhibit = cases.add_exhibit(
        case, item=run.item, shows="A run.", element="training", dependency_group="line 0", by=person
    )
    _copy(exhibit, run, exhibits, runs)
    return person, case


def declared_example() -> dict[str, Any]:
    """Inputs that the test can be computed from, and all that their submitter has to stand for."""
    from apps.evidence import fingerprints

    test = fingerprints.TESTS[TEST]
    controls = [{"name": f"Control {n}", "result": 0.0, "alarm": False} for n in range(200)]
    return {
        "inputs": dict(test.example),
        "declared": {
            "test_version": test.version,
            "n": fingerprints.recompute(TEST, test.example).n,
            "controls": controls,
            "assumptions": {name: {"status": "unverified"} for name in test.assumptions},
        },
    }


def _copy(exhibit: Any, run: Any, exhibits: int, runs: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(ITEMS, [exhibits - 1, exhibit.item_id])
        cursor.execute(RUNS, [exhibit.item_id, runs - 1, run.pk])
        cursor.execute(EXHIBITS, [LINES, exhibit.item_id, exhibits - 1, exhibit.pk])
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE evidence_item, evidence_testrun, cases_exhibit")


# A copy is found again by its hash, which says of what it is a copy and the how many-th.
ITEMS = """
INSERT INTO evidence_item
SELECT (jsonb_populate_record(i, jsonb_build_object('id', core_uuid7(), 'ref', i.ref || '-' || n,
    'title', 'Copy ' || n, 'sha256', left(i.ref || '-' || n || repeat('0', 64), 64)))).*
FROM evidence_item i CROSS JOIN generate_series(1, %s) n WHERE i.id = %s
"""
RUNS = """
INSERT INTO evidence_testrun
SELECT (jsonb_populate_record(r, jsonb_build_object('id', core_uuid7(), 'ref', r.ref || '-' || n, 'item_id', c.id,
    'p_value', power(10, -(n %% 9)), 'log10_p', -(n %% 9)))).*
FROM (SELECT i.id, i.ref FROM evidence_item i WHERE i.id = %s) first CROSS JOIN generate_series(1, %s) n
JOIN evidence_item c ON c.ref = first.ref || '-' || n JOIN evidence_testrun r ON r.id = %s
"""
EXHIBITS = """
INSERT INTO cases_exhibit
SELECT (jsonb_populate_record(e, jsonb_build_object('id', core_uuid7(), 'number', n + 1, 'item_id', c.id,
    'shows', 'What copy ' || n || ' shows.', 'dependency_group', 'line ' || n %% v.lines,
    'log10_lr', CASE WHEN n %% 3 < 2 THEN (n %% 50) / 10.0 - 1 END,
    'log10_lr_cap', CASE WHEN n %% 3 < 2 THEN 4.0 END))).*
FROM (VALUES (%s::int)) v (lines) CROSS JOIN (SELECT i.ref FROM evidence_item i WHERE i.id = %s) first
CROSS JOIN generate_series(1, %s) n
JOIN evidence_item c ON c.ref = first.ref || '-' || n JOIN cases_exhibit e ON e.id = %s
"""


# --- the clock -------------------------------------------------------------------------------------------------------


def statements(person: Any, address: str) -> int:
    """Of one request, the second."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def sign_in(person: Any) -> str:
    from django.test import Client

    client = Client()
    client.force_login(person)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def ask(url: str, address: str, cookie: str) -> list[float]:
    """How many ms each answer took, sorted; on one connection, as a browser has it."""
    where = urlsplit(url)
    line = http.client.HTTPConnection(where.hostname or "", where.port)
    times = []
    for _ in range(TIMES + 2):  # each of the server's processes has been asked once before it counts
        began = time.perf_counter()
        line.request("GET", address, headers={"Cookie": cookie})
        answer = line.getresponse()
        answer.read()
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, answer.status
    return sorted(times[2:])


if __name__ == "__main__":
    raise SystemExit(main())
