"""What the trail costs those who write, beside the same writes without a trail and under other people's trails.

    make bench NAME=trail

Eight processes change rows of one table, each its own rows, one row a transaction: found, locked, read again, checked
and saved through the ORM. All kinds take turns in every round, and ratios are of the same round. The sequencer is at
work all the time, on the same processors, and the log was a million events long before; that is verified first. Proofs
are made, and a backlog is sequenced, at the end. The last line is JSON.
"""

import argparse
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import django

from benchmarks import verification
from casemgr.run.paths import BASE, MANAGE

WRITERS = 8
ROWS = 20  # of each writer
WAYS = ("save", "bulk_create", "queryset.update", "bulk_update", "raw SQL")


@dataclass(frozen=True)
class Writer:
    """Who changes our rows; may do it all."""

    actor: str = "system:bench"
    actor_kind: str = "system"

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return True


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.5 if quick else 8)
    parser.add_argument("--rounds", type=int, default=2 if quick else 5)
    parser.add_argument("--events", type=int, default=20_000 if quick else 1_000_000, help="in the log before")
    parser.add_argument("--backlog", type=int, default=10_000 if quick else 100_000)
    options = parser.parse_args()
    prepare()
    from apps.audit.models import Leaf

    verified = verification.measure(options.events)
    with sequencer():
        rows("casemgr", 1)
        caught_up()  # it takes seconds to start
        begun = Leaf.objects.count()
        rates = in_rounds(options.rounds, options.seconds)
        caught_up()
    ratios = {kind: statistics.median(map(ratio, rates[kind], rates["plain"])) for kind in kinds()}
    print(f"{'':<24}{'transactions/s':>16}{'to plain':>10}{'statements':>12}   recorded of each way to write")
    for kind, table in kinds().items():
        found = ", ".join(f"{way} {share}" for way, share in recorded(kind, table).items())
        rate = statistics.median(rates[kind])
        print(f"{kind:<24}{rate:>16,.0f}{ratios[kind]:>10.2f}{statements(kind):>12}   {found}", flush=True)
    lag, proof, drained = lag_p99(begun), proof_p95(), drain(options.backlog)
    print(f"checkpoint lag p99 {lag:.2f} s while {WRITERS} write; proof p95 {proof:.1f} ms")
    print(f"{options.backlog:,} events in {drained:.1f} s: {options.backlog / drained:,.0f} sequenced a second")
    figures = {"benchmark": "trail", f"audited_to_plain_{WRITERS}_writers": round(ratios["casemgr"], 2)}
    figures |= {f"{kind}_to_plain": round(ratios[kind], 2) for kind in ratios if kind not in ("plain", "casemgr")}
    figures |= {"lag_p99_s": round(lag, 2), "sequenced_per_s": round(options.backlog / drained)}
    figures |= {"proof_p95_ms": round(proof, 1), "verify_events_per_s": verified["verify_events_per_s"]}
    figures |= {"events": verified["events"], "verify_s": verified["seconds"]}
    print(json.dumps(figures))
    return 0


def prepare() -> None:
    verification.own_keys()
    os.environ |= {"LOG_LEVEL": "ERROR", "DEBUG": "false"}
    for settings, *command in (
        ("casemgr", "migrate"),  # before the tables without migrations, whose triggers need its functions
        ("benchmarks.peers", "migrate", "--run-syncdb"),
    ):
        os.environ["DJANGO_SETTINGS_MODULE"] = f"{settings}.settings"
        subprocess.run([*MANAGE, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    django.setup()


def kinds() -> dict[str, Any]:
    from benchmarks.peers import models

    return {
        "plain": models.Plain,
        "casemgr": models.Ours,
        "django-pghistory": models.Triggered,
        "django-simple-history": models.Historical,
        "django-auditlog": models.Logged,
    }


@contextmanager
def sequencer() -> Iterator[None]:
    process = subprocess.Popen([*MANAGE, "sequencer"], cwd=BASE)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def ratio(one: float, other: float) -> float:
    return one / other


# --- throughput ------------------------------------------------------------------------------------------------------


def in_rounds(rounds: int, seconds: float) -> dict[str, list[float]]:
    """Transactions a second of each kind, round by round; one more round comes first, to warm up."""
    rates: dict[str, list[float]] = {kind: [] for kind in kinds()}
    keys = {kind: [rows(kind) for _ in range(WRITERS)] for kind in rates}
    for number in range(rounds + 1):
        for kind in rates:
            rate = measure(kind, keys[kind], seconds if number else 1)
            if number:
                rates[kind].append(rate)
    return rates


def rows(kind: str, count: int = ROWS) -> list[Any]:
    """Keys of new rows."""
    from django.utils import timezone

    from apps.core.ids import uuid7
    from benchmarks.peers import actions

    values = {"title": "Queries follow a template", "state": "open", "summary": "x" * 400, "severity": 2}
    made = [values | {"id": uuid7(), "changed_at": timezone.now()} for _ in range(count)]
    if kind == "casemgr":
        actions.add(rows=made, by=Writer())
    else:
        for one in made:
            kinds()[kind](**one).save(force_insert=True)
    return [one["id"] for one in made]


def measure(kind: str, keys: list[list[Any]], seconds: float) -> float:
    from django.db import connections

    connections.close_all()
    context = multiprocessing.get_context("fork")
    start, done = context.Barrier(len(keys) + 1), context.Queue()
    writers = [context.Process(target=write, args=(kind, own, seconds, start, done)) for own in keys]
    for writer in writers:
        writer.start()
    start.wait()
    began = time.perf_counter()
    total = sum(done.get() for _ in writers)
    took = time.perf_counter() - began
    for writer in writers:
        writer.join()
    return total / took


def write(kind: str, keys: list[Any], seconds: float, start: Any, done: Any) -> None:
    change = changer(kind)
    change(keys[0], "warm")
    start.wait()
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        change(keys[count % len(keys)], str(count))
        count += 1
    done.put(count)


def changer(kind: str) -> Callable[[Any, str], None]:
    """One transaction of a kind: the same steps in the same order, with and without a trail."""
    from django.db import transaction
    from django.utils import timezone

    from benchmarks.peers import actions

    model, by = kinds()[kind], Writer()

    def values(word: str) -> dict[str, Any]:
        return {"state": f"state {word}"[:20], "severity": len(word), "changed_at": timezone.now()}

    def with_ours(key: Any, word: str) -> None:
        actions.change(model.objects.get(pk=key), values=values(word), by=by)

    def through_the_orm(key: Any, word: str) -> None:
        row, new = model.objects.get(pk=key), values(word)
        with transaction.atomic():
            row.refresh_from_db(from_queryset=model.objects.select_for_update(no_key=True))
            if not by.has_perm("peers.change", row):
                raise PermissionError
            for name, value in new.items():
                setattr(row, name, value)
            row.clean_fields(exclude={field.name for field in model._meta.fields} - set(new))
            row.save(update_fields=list(new))

    return with_ours if kind == "casemgr" else through_the_orm


def statements(kind: str) -> int:
    """Of one transaction, without BEGIN and COMMIT."""
    from django.db import connection

    change, key = changer(kind), rows(kind, 1)[0]
    change(key, "warm")
    made: list[str] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        made.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        change(key, "counted")
    return len([sql for sql in made if "SAVEPOINT" not in sql])


# --- what is recorded ------------------------------------------------------------------------------------------------


def recorded(kind: str, model: Any) -> dict[str, str]:
    """Of rows written in each of the usual ways, how many left a record; "refused" where the write does not happen."""
    return {way: of_way(kind, model, way) for way in WAYS} if kind != "plain" else dict.fromkeys(WAYS, "0 of 5")


def of_way(kind: str, model: Any, way: str) -> str:
    from django.db import IntegrityError, connection, transaction

    from apps.audit.fence import WriteOutsideLedger

    keys = rows(kind, 5)
    before = records(kind)
    with suppress(WriteOutsideLedger, IntegrityError):
        with transaction.atomic(), connection.cursor() as cursor:
            write_in(way, model, keys, cursor)
        return f"{records(kind) - before} of 5"
    return "refused"


def write_in(way: str, model: Any, keys: list[Any], cursor: Any) -> None:
    from apps.core.ids import uuid7

    found = list(model.objects.filter(pk__in=keys))
    for row in found:
        row.state = way
    if way == "save":
        for row in found:
            row.save()
    elif way == "bulk_create":
        for row in found:
            row.pk = uuid7()
        model.objects.bulk_create(found)
    elif way == "queryset.update":
        model.objects.filter(pk__in=keys).update(state=way)
    elif way == "bulk_update":
        model.objects.bulk_update(found, ["state"])
    else:
        cursor.execute(f"UPDATE {model._meta.db_table} SET state = %s WHERE id = ANY(%s)", [way, keys])  # noqa: S608 - ours


def records(kind: str) -> int:
    """How many entries the trail has of this table."""
    from auditlog.models import LogEntry

    from apps.audit.models import Event
    from benchmarks.peers import models

    return {
        "casemgr": lambda: Event.objects.filter(object_type="peers_ours").count(),
        "django-pghistory": lambda: models.TriggeredEvent.objects.count(),  # type: ignore[attr-defined]
        "django-simple-history": lambda: models.Historical.history.count(),
        "django-auditlog": lambda: LogEntry.objects.count(),
    }[kind]()


# --- the log ---------------------------------------------------------------------------------------------------------


def caught_up() -> None:
    """Waits until everything that was written is signed."""
    from django.db import connection

    left = "SELECT count(*) FROM audit_event e WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id)"
    with connection.cursor() as cursor:
        while cursor.execute(left).fetchone() != (0,):
            time.sleep(0.2)
        time.sleep(1)


def lag_p99(begun: int) -> float:
    """Seconds from an event to the checkpoint that covers it, of those that were written meanwhile."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM c.signed_at - e.occurred_at))"
            " FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id CROSS JOIN LATERAL"
            " (SELECT signed_at FROM audit_checkpoint WHERE size > l.idx ORDER BY size LIMIT 1) c WHERE l.idx >= %s",
            [begun],
        )
        return float(cursor.fetchone()[0])


def proof_p95(count: int = 200) -> float:
    """Milliseconds for the proof of an event anywhere in the log."""
    from apps.audit.log import proofs
    from apps.audit.models import Event, Leaf

    size, times = Leaf.objects.count(), []
    chosen = random.Random(7).choices(range(size), k=count)  # noqa: S311 - no secret
    ids = Leaf.objects.filter(idx__in=chosen).values_list("event_id", flat=True)
    for event in Event.objects.filter(pk__in=ids):
        began = time.perf_counter()
        proofs.proof_of(event)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(times, n=20)[-1]


def drain(backlog: int) -> float:
    """Seconds in which a sequencer and signer deal with events that have waited. Last: the events are copies of others,
    which no verification would take for true."""
    from django.db import connection

    from apps.audit.log import sequencer as log

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (event_uuid, occurred_at, act_uuid, actor, actor_kind, on_behalf_of, request_id,"
            " action, object_type, object_id, tables, reason, schema_version, body, body_sha256, seal)"
            " SELECT gen_random_uuid(), occurred_at, act_uuid, actor, actor_kind, on_behalf_of, request_id, action,"
            " object_type, object_id, NULL, reason, schema_version, body, body_sha256, seal FROM"
            " (SELECT * FROM audit_event WHERE case_id IS NULL ORDER BY id DESC LIMIT 1000) e, generate_series(1, %s)",
            [backlog // 1000],
        )
    began = time.perf_counter()
    while log.sequence():
        pass
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
