"""From files on disk to an opened case with rings, a profiled query log and its charts, and how right it is.

    make bench NAME=incident ARGS="--preset incident --style mixed --seed 101"

A simulated incident (seed 101: never used for tuning) is written before the clock starts. Then two worker processes do
what is asked for, as in production: accounts, identifiers and activity imported, the query log read, sorted and
profiled, all accounts linked; an analyst opens the case from the largest ring that nothing explains and adds the other
ones; its campaign is drawn. The truth is read when all is over. The last line is JSON: seconds of the whole and of each
step (they overlap), peak memory of a worker, precision and recall of the case's accounts.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

from casemgr.run.paths import MANAGE

WORKERS = 2
CHUNK = 1 << 20
PATIENCE = 900.0  # seconds for one step


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="demo" if quick else "incident")
    parser.add_argument("--style", default="mixed")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--work", action="store_true", help="be a worker (used by the benchmark itself)")
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "ERROR", "DEBUG": "false"}
    os.environ["CELERY_BROKER_URL"] = ""  # the workers look themselves
    if options.work:
        return work()
    subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], check=True)
    django.setup()
    print(json.dumps({"benchmark": "incident"} | measure(options.preset, options.style, options.seed)))
    return 0


def work() -> int:
    """Do what is due until the parent closes our input."""
    import select

    django.setup()
    from apps.core import jobs

    while not select.select([sys.stdin], [], [], 0)[0]:
        if not jobs.work_off(limit=1):
            time.sleep(0.05)
    return 0


def measure(preset: str = "incident", style: str = "mixed", seed: int = 101) -> dict[str, Any]:
    from apps.cases.models import Case

    folder = simulated(preset, style, seed)
    analyst, clerk = people()
    found: dict[str, Any] = {"preset": preset, "style": style, "seed": seed}
    with workers() as peak:
        began = time.perf_counter()

        def at(name: str) -> None:
            found[name] = round(time.perf_counter() - began, 1)
            print(f"{name:20} {found[name]:8}", file=sys.stderr)

        imported(begin(folder, "accounts", clerk))
        at("accounts_at_s")
        activity = begin(folder, "activity", clerk)
        imported(begin(folder, "identifiers", clerk))
        log = read_log(folder, analyst)  # by the worker that has nothing else to do until the activity is in
        imported(activity)
        at("records_at_s")
        run = link(analyst)
        at("linked_at_s")
        found["linkage_s"] = round((run.ended_at - run.started_at).total_seconds(), 1)
        case = open_case(analyst)
        at("case_at_s")
        wait(lambda: is_ready(log), "the query log is profiled")
        at("profiled_at_s")
        exhibit(case, log, analyst)
        wait(lambda: is_drawn(case, analyst), "the campaign is drawn")
        at("incident_to_case_s")
        found["peak_mb"] = peak()
    case = Case.objects.get(pk=case.pk)
    return found | {"profile_s": profile_seconds(log), "rows": log_rows(log)} | right(case, folder)


def simulated(preset: str, style: str, seed: int) -> Path:
    """The files of a scenario, made unless they are there."""
    from fixtures.simulate import Wanted, simulate

    out = Path(os.environ.get("VAR_DIR", "var")) / "simulations" / f"{preset}-{style}-{seed}"
    truth = out.with_name(out.name + "-truth")
    if not (truth / "truth.json").exists():
        simulate(Wanted(preset, seed, style, "parquet", log=True, alerts=False), out, truth)
    return out


@contextmanager
def workers() -> Iterator[Callable[[], int]]:
    """Worker processes; yields a function that tells the peak memory of the largest so far, in MB."""
    command = [sys.executable, "-m", "benchmarks.incident", "--work"]
    crew = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(WORKERS)]

    def peak() -> int:
        status = [Path(f"/proc/{one.pid}/status").read_text() for one in crew]
        return max(int(text.partition("VmHWM:")[2].split()[0]) for text in status) // 1024

    try:
        yield peak
    finally:
        for one in crew:
            assert one.stdin
            one.stdin.close()
            one.wait(timeout=60)


def people() -> tuple[Any, Any]:
    from apps.audit.principals import System
    from apps.staff import actions as staff
    from apps.staff.models import User

    name = uuid.uuid4().hex[:8]
    admin = User.objects.filter(roles__contains=["admin"]).first() or staff.bootstrap(
        email=f"admin-{name}@example.com", name="Admin", password=uuid.uuid4().hex, by=System()
    )
    analyst = staff.invite(
        email=f"analyst-{name}@example.com", name="Analyst", roles=["analyst"], password=uuid.uuid4().hex, by=admin
    )
    return analyst, analyst


def wait(is_so: Callable[[], bool], what: str) -> None:
    from apps.core.models import Job

    until = time.monotonic() + PATIENCE
    while not is_so():
        troubled = Job.objects.exclude(last_error="").exclude(state=Job.State.DONE).filter(waits_for="").first()
        if troubled or time.monotonic() > until:
            raise SystemExit(f"It did not come about that {what}: {troubled and troubled.last_error}")
        time.sleep(0.1)


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def begin(folder: Path, kind: str, by: Any) -> Any:
    """A file into the vault, its rows by the workers."""
    from apps.accounts import actions

    path = folder / f"{kind}.parquet"
    return actions.start_import(kind=kind, filename=path.name, chunks=chunks(path), by=by)


def imported(record: Any) -> None:
    def is_over() -> bool:
        record.refresh_from_db()
        return record.finished_at is not None

    wait(is_over, f"{record.kind} are imported")
    if record.failure or record.rejected:
        raise SystemExit(f"{record}: {record.failure or f'{record.rejected} rows were refused'}")


def read_log(folder: Path, by: Any) -> Any:
    """The query log as an item, its columns confirmed as they are proposed."""
    from apps.evidence import actions

    path = folder / "query-log.parquet"
    item = actions.collect(
        kind="query_log", title="Requests of the campaign", origin="The provider's gateway", filename=path.name,
        chunks=chunks(path), by=by,
    )  # fmt: skip
    log = actions.open_log(item, by=by)
    actions.map_log(log, columns=log.columns, time_form=log.time_form, zone="UTC", by=by)
    return log


def is_ready(log: Any) -> bool:
    log.refresh_from_db()
    if log.state in ("failed", "given_up"):
        raise SystemExit(f"The log: {log.problem}")
    return log.state == "ready"


def link(by: Any) -> Any:
    from apps.accounts import actions

    run = actions.start_linkage(by=by)

    def is_done() -> bool:
        run.refresh_from_db()
        return run.state != run.State.RUNNING

    wait(is_done, "accounts are linked")
    return run


def open_case(by: Any) -> Any:
    """A case of every ring that nothing explains, as an analyst would who believes the list."""
    from apps.accounts.models import Ring
    from apps.cases import actions

    rings = [r for r in Ring.objects.filter(state="found").order_by("-size", "id") if not r.measures.get("explained")]
    case = actions.open_case_from_ring(rings[0], title="Harvesting of answers", severity=4, by=by)
    for ring in rings[1:]:
        actions.add_ring(case, ring=ring, by=by)
    return case


def exhibit(case: Any, log: Any, by: Any) -> None:
    from apps.cases import actions

    actions.add_exhibit(
        case,
        item=log.profile,
        shows="How much was asked, by whom and when",
        element="harvesting",
        dependency_group="gateway log",
        by=by,
    )


def is_drawn(case: Any, by: Any) -> bool:
    """Asked as the page asks."""
    from apps.cases import queries

    return not queries.campaign_figures(case, by=by)[1]


def profile_seconds(log: Any) -> float:
    return round(sum(log.figures.filter(again_of=None).values_list("seconds", flat=True)), 1)


def log_rows(log: Any) -> int:
    return log.rows_kept


def right(case: Any, folder: Path) -> dict[str, Any]:
    """Precision and recall of the case's accounts, and of pairs in one ring, against the truth."""
    from apps.accounts.models import RingMember
    from apps.cases.models import CaseAccount
    from fixtures.truth import read_truth, score_rings

    members = CaseAccount.objects.filter(case=case, excluded_at=None).values_list("account__ref", flat=True)
    rings = dict(RingMember.objects.filter(until_run=None).values_list("account__ref", "ring__ref"))
    sure = dict(RingMember.objects.filter(until_run=None).values_list("account__ref", "probability"))
    rows = [{"ref": ref, "ring": rings.get(ref, "none"), "probability": sure.get(ref)} for ref in members]
    score = score_rings(read_truth(folder.with_name(folder.name + "-truth")), rows)
    return {
        "accounts": len(rows),
        "account_precision": score.precision,
        "account_recall": score.recall,
        "pair_precision": score.pair_precision,
        "pair_recall": score.pair_recall,
        "wrongful": len(score.wrongful),
    }


if __name__ == "__main__":
    raise SystemExit(main())
