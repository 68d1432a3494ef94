"""How long a campaign of 24,000 accounts keeps people waiting: from files to its case, its page, and steps on it.

    make bench NAME=campaign                                 an incident (see benchmarks.incident), then the page
    make bench NAME=campaign ARGS="--accounts 24000 --days 30 --page"         the page and the steps alone

For the page, accounts, rings, identifiers and activity come by SQL past the ledger; freezing and the steps go the usual
way, part by part as the worker does them. A real server answers over HTTP, and Chromium opens the page each time anew.
The last line is JSON.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

from benchmarks import incident, intake
from benchmarks.case_evidence import ask, sign_in, statements
from casemgr.run.paths import MANAGE

RINGS = 19
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--no-first-run",
]
FILLED = (
    "accounts_account",
    "accounts_identifier",
    "accounts_activity",
    "accounts_linkagerun",
    "accounts_ring",
    "accounts_ringmember",
)


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=4_000 if quick else 24_000)
    parser.add_argument("--days", type=int, default=10 if quick else 30)
    parser.add_argument("--page", action="store_true", help="no incident before it")
    parser.add_argument("--seed", type=int, default=101, help="of the incident")
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "ERROR", "DEBUG": "false"}
    os.environ |= {"CELERY_BROKER_URL": "", "DJANGO_ALLOW_ASYNC_UNSAFE": "true"}  # its workers look themselves
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        subprocess.run([*MANAGE, *command, "--verbosity", "0"], check=True)
    django.setup()
    found: dict[str, Any] = {"benchmark": "campaign"}
    if not options.page:
        found |= incident.measure("demo" if quick else "incident", "mixed", options.seed)
    print(json.dumps(found | measure(options.accounts, options.days)))
    return 0


def measure(accounts: int = 24_000, days: int = 30) -> dict[str, Any]:
    """Seconds of freezing, adding, taking out and undoing; p50 and p95 in ms of the pages, and their statements."""
    from apps.cases.campaign import figures

    person, case, name = prepare(accounts, days)
    found: dict[str, Any] = {"page_accounts": accounts, "page_days": days} | steps(person, case, name)
    with timed(found, "figures_s"):
        figures.draw(case)
    last = case.sets.order_by("-number").first()
    addresses = {
        "campaign_page": f"/cases/{case.ref}/campaign/",
        "accounts_page": f"/cases/{case.ref}/accounts/",
        "set_page": last.get_absolute_url(),
    }
    found |= {f"{key}_statements": statements(person, address) for key, address in addresses.items()}
    cookie = sign_in(person)
    with intake.server() as (url, _):
        for key, address in addresses.items():
            times = ask(url, address, cookie)
            found[f"{key}_p50_ms"] = round(times[len(times) // 2], 1)
            found[f"{key}_p95_ms"] = round(times[math.ceil(0.95 * len(times)) - 1], 1)
        found |= pictures(url, addresses["campaign_page"], cookie)
    return found


def pictures(url: str, address: str, cookie: str) -> dict[str, float]:
    """Milliseconds in a browser that has nothing cached, from the click until the page with its pictures is painted,
    until scripts let them be looked at, and until one can point at them: medians of five."""
    from playwright.sync_api import sync_playwright

    names = {"first_picture_ms": "[data-picture] svg", "live_picture_ms": "[data-picture] .live canvas"}
    seen: dict[str, list[float]] = {name: [] for name in ("first_paint_ms", *names)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for _ in range(5):
            context = browser.new_context(
                extra_http_headers={"Cookie": cookie}, viewport={"width": 1440, "height": 900}
            )
            page = context.new_page()
            page.goto(url + address, wait_until="commit")
            for name, selector in names.items():
                page.locator(selector).first.wait_for(state="visible")
                seen[name].append(page.evaluate("performance.now()"))
            painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            seen["first_paint_ms"].append(page.evaluate(painted))
            context.close()
        browser.close()
    return {name: round(statistics.median(times)) for name, times in seen.items()}


def steps(person: Any, case: Any, name: str) -> dict[str, float]:
    """Each step with its freezing: what passes from the click until all of its parts are done."""
    from apps.cases import actions
    from apps.cases.models import BulkStep

    found: dict[str, float] = {}

    def go(key: str, pool: str, kind: str, query: dict[str, Any]) -> BulkStep:
        with timed(found, key):
            members = actions.freeze_members(case, pool=pool, query=query, by=person)
            step = actions.start_step(members, kind=kind, why="Measured", typed=str(members.count), by=person)
            carry_on(step)
        return step

    everyone = {"everyone": True}
    go("add_s", "new", "add", {"product": name})
    out = go("exclude_s", "present", "exclude", everyone)
    with timed(found, "undo_exclude_s"):
        actions.undo_step(BulkStep.objects.get(pk=out.pk), by=person)
        carry_on(out)
    go("dry_run_s", "present", "suspend", everyone)
    return found


def carry_on(step: Any) -> None:
    """What the worker does: a part after the other, each in a transaction of its own."""
    from apps.audit.principals import System
    from apps.cases import actions

    step.refresh_from_db()
    while step.is_under_way:
        actions.carry_on_step(step, by=System("worker"))


@contextmanager
def timed(found: dict[str, float], key: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    found[key] = round(time.perf_counter() - started, 2)


def prepare(accounts: int, days: int) -> tuple[Any, Any, str]:
    """An analyst, an empty case, and so many accounts of a product of their own in 19 rings."""
    from apps.audit.principals import System
    from apps.cases import actions as cases
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
    fill(name, accounts, days)
    return person, case, name


def fill(name: str, accounts: int, days: int) -> None:
    from django.db import connection

    values: dict[str, int | str] = {"name": name, "accounts": accounts, "days": days, "rings": RINGS}
    with connection.cursor() as cursor:
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in FILL:
            cursor.execute(statement, values)
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute(f"VACUUM ANALYZE {', '.join(FILLED)}")


FILL: tuple[str, ...] = (
    """INSERT INTO accounts_account (id, ref, product, plan, country, organisation, contract, payer_verified, status,
        opened_at, recorded_at)
    SELECT core_uuid7(), %(name)s || '_' || n, %(name)s, 'payg', (ARRAY['DE', 'US', 'SG', 'BR', 'IN'])[n %% 5 + 1], '',
        CASE WHEN n %% 500 = 0 THEN 'reseller' ELSE '' END, n %% 97 = 0, 'active', now() - interval '60 days', now()
    FROM generate_series(1, %(accounts)s) n""",
    """INSERT INTO accounts_linkagerun (id, number, scope, state, settings, stage, input_sha256, accounts, identifiers,
        changes, asked_by, started_at, ended_at, stopped_why, held)
    SELECT core_uuid7(), coalesce(max(number), 0) + 1, 'full', 'done', '{}', '', '', 0, 0, '{}', 'system:bench', now(),
        now(), '', '' FROM accounts_linkagerun""",
    """INSERT INTO accounts_ring (id, ref, state, size, measures, first_run_id, last_run_id, judged_why)
    SELECT core_uuid7(), %(name)s || '-' || n, 'found', %(accounts)s / %(rings)s, '{}', run.id, run.id, ''
    FROM generate_series(0, %(rings)s - 1) n, (SELECT id FROM accounts_linkagerun ORDER BY number DESC LIMIT 1) run""",
    # Nine of ten are in a ring.
    """INSERT INTO accounts_ringmember (id, ring_id, account_id, how, probability, since_run_id)
    SELECT core_uuid7(), r.id, a.id, 'strong', 0.9 + (n %% 10) / 100.0, r.first_run_id
    FROM (SELECT id, split_part(ref, '_', 2)::int AS n FROM accounts_account WHERE product = %(name)s) a
    JOIN accounts_ring r ON r.ref = %(name)s || '-' || n %% %(rings)s WHERE n %% 10 > 0""",
    # Cards of twelve and devices of nine within a ring, some blocks of addresses across rings.
    """INSERT INTO accounts_identifier (id, account_id, kind, value_hmac, key_id, masked)
    SELECT core_uuid7(), a.id, k.kind, encode(sha256(convert_to(%(name)s || k.kind || k.value, 'UTF8')), 'hex'),
        'k', '***'
    FROM (SELECT id, split_part(ref, '_', 2)::int AS n FROM accounts_account WHERE product = %(name)s) a,
    LATERAL (VALUES ('payment', (n %% %(rings)s) || '/' || n / (12 * %(rings)s)),
        ('device', (n %% %(rings)s) || '/' || n / (9 * %(rings)s)), ('ip_prefix', (n * 7919 %% 3000)::text),
        ('email_domain', (n %% 23)::text), ('template', (n %% %(rings)s)::text)) k (kind, value)""",
    """INSERT INTO accounts_activity (id, account_id, day, model, queries, input_tokens, output_tokens, by_hour)
    SELECT core_uuid7(), a.id, current_date - d, 'model-1', 23 + n %% 9, 100, 400,
        (SELECT array_agg(CASE WHEN (h + n) %% 24 < 16 THEN 1 + (n + h) %% 2 ELSE 0 END) FROM generate_series(0, 23) h)
    FROM (SELECT id, split_part(ref, '_', 2)::int AS n FROM accounts_account WHERE product = %(name)s) a,
        generate_series(1, %(days)s) d""",
)


if __name__ == "__main__":
    raise SystemExit(main())
