"""How long evidence takes: a test of 24,000 accounts, an import of terms, the evidence page of a large case.

    make bench NAME=evidence ARGS="--accounts 24000"

The accounts come as one body to `POST /api/v1/test-runs`, in this process with all middleware: read, checked, computed,
adjusted over everything tested, the file put into the vault, a row each written and committed. Half of the accounts are
new to casemgr the first time. The median of several runs counts; each later run is adjusted over the earlier ones, too.
The terms and the page are measured by `benchmarks.terms` and `benchmarks.case_evidence`. The last line is JSON.
"""

import argparse
import importlib
import importlib.util
import json
import os
import statistics
import subprocess
import time
import uuid
from typing import Any

import django

from casemgr.run.paths import MANAGE

KEY, SUSPECT = "wm-bench", "Bench suspect"
BESIDE = ("terms", "case_evidence")


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=24_000)
    parser.add_argument("--times", type=int, default=2 if quick else 5)
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "ERROR", "DEBUG": "false"}
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        subprocess.run([*MANAGE, *command, "--verbosity", "0"], check=True)
    django.setup()
    figures: dict[str, Any] = {"benchmark": "evidence", "accounts": options.accounts}
    for name in BESIDE:
        if importlib.util.find_spec(f"benchmarks.{name}"):
            figures |= importlib.import_module(f"benchmarks.{name}").measure(**SMALLER.get(name, {}) if quick else {})
    figures |= measure(options.accounts, options.times)
    print(json.dumps(figures))
    return 0


SMALLER: dict[str, dict[str, int]] = {"case_evidence": {"exhibits": 200, "runs": 50}}


def measure(accounts: int = 24_000, times: int = 5) -> dict[str, Any]:
    """Seconds for a run over so many accounts, the median and the slowest, and how many rows were written."""
    from django.test import Client

    from apps.evidence.models import AccountResult

    client = Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {_key()}"})
    taken = []
    for number in range(times):
        body = json.dumps(_body(accounts, number))
        began = time.perf_counter()
        answer = client.post("/api/v1/test-runs", body, content_type="application/json")
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 201, answer.content[:500]
        said = answer.json()
        assert said["outcome"] != "failed", said["failure"]
        passes = said["result"]["accounts"]["passes"]
        print(f"run {number + 1}: {taken[-1]:.2f} s; {passes['holm']} pass Holm, {passes['bh']} pass BH", flush=True)
    run = said["ref"]
    assert AccountResult.objects.filter(run__ref=run).count() == accounts
    return {
        f"accounts_{accounts // 1000}k_s": round(statistics.median(taken), 2),
        f"accounts_{accounts // 1000}k_slowest_s": round(max(taken), 2),
    }


def _body(accounts: int, number: int) -> dict[str, Any]:
    """One account in a hundred wrote what a key of ours coloured; the others are chance."""
    import numpy as np

    from apps.evidence.fingerprints import TESTS

    chance = np.random.default_rng(number)
    rate = np.where(np.arange(accounts) % 100 == 0, 0.32, 0.25)
    green = chance.binomial(2000, rate)
    rows = [{"account": f"bench_{at:06d}", "scored": 2000, "green": int(k)} for at, k in enumerate(green)]
    return {
        "test": "green-list",
        "test_version": TESTS["green-list"].version,
        "suspect": SUSPECT,
        "inputs": {"gamma": 0.25, "distinct": True, "key_id": KEY},
        "n": accounts,
        "controls": [{"name": f"Control {n}", "result": 500, "alarm": False} for n in range(1000)],
        "assumptions": {name: {"status": "unverified"} for name in TESTS["green-list"].assumptions},
        "accounts": rows,
    }


def _key() -> str:
    """The API key of a laboratory's service account; models and key are registered, and half of the accounts known."""
    from datetime import UTC, datetime

    from apps.accounts import actions as accounts
    from apps.audit.principals import System
    from apps.evidence import actions as evidence
    from apps.evidence.models import WatermarkKey
    from apps.staff import actions as staff
    from apps.staff.models import User

    name = uuid.uuid4().hex[:8]
    admin = User.objects.filter(roles__contains=["admin"]).first() or staff.bootstrap(
        email=f"admin-{name}@example.com", name="Admin", password=uuid.uuid4().hex, by=System()
    )
    lead = staff.invite(
        email=f"lead-{name}@example.com", name="Lead", roles=["lead"], password=uuid.uuid4().hex, by=admin
    )
    if not WatermarkKey.objects.filter(key_id=KEY).exists():
        evidence.register_suspect(name=SUSPECT, by=lead)
        scheme = evidence.register_scheme(
            name="bench", version="1", method="x", parameters={}, detector="x", detector_version="1", by=lead
        )
        since = datetime(2026, 1, 1, tzinfo=UTC)
        evidence.register_key(scheme, key_id=KEY, holder="Bench", storage="Bench", held_from=since, by=lead)
    accounts.record_seen(refs=[f"bench_{at:06d}" for at in range(0, 24_000, 2)], by=System("intake"))
    service = staff.create_service_account(slug=f"bench-{name}", name="Laboratory", roles=["detector"], by=admin)
    _, text = staff.issue_api_key(service, by=admin)
    return text


if __name__ == "__main__":
    raise SystemExit(main())
