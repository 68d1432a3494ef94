"""Linkage on Spark beside the embedded engine, on the same evidence: seconds, and whether the rings are equal.

    make bench NAME=linkage_spark ARGS="--master local-cluster[2,1,1024]"
    make bench NAME=linkage_spark ARGS=--handed-over   evidence from the worker's memory, as where SPARK_MASTER is set
    QUICK=1 make bench NAME=linkage_spark              the demo, in this process

Only stages 1 to 3: the rhythm is not on Spark. Processor seconds and memory are of the processes that Spark started,
which are looked at once a second: at the peak of the largest, and of all together. The last line is JSON.
"""

import argparse
import json
import os
import pickle
import sys
import time
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import django
import numpy as np
import pyarrow.parquet as pq

from apps.accounts import linkage
from benchmarks import simulated
from benchmarks.linkage import FOLDER, prepared


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="demo" if quick else "incident")
    parser.add_argument("--style", default="mixed")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--data", default=FOLDER, type=type(FOLDER), help="folder with PRESET-STYLE-SEED")
    parser.add_argument("--master", default="local[1]" if quick else "local-cluster[2,1,1024]")
    parser.add_argument("--handed-over", action="store_true", help="by the worker, rather than read from files")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casemgr.settings")
    django.setup()
    sim = pickle.loads(prepared(options.data, options.preset, options.style, options.seed).read_bytes())  # noqa: S301
    found = measure(sim, options.master, quick, options.handed_over)
    print(json.dumps({"benchmark": "linkage_spark", "preset": options.preset, "seed": options.seed} | found))
    return 0


class Watched(Thread):
    """Looks at the processes below this one: by their number what they used, in seconds and in MB at their peak."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.cpu: dict[int, float] = {}
        self.peak: dict[int, int] = {}
        self.at_once = 0  # MB of all together, at most
        self.over = Event()

    def run(self) -> None:
        while not self.over.wait(1.0):
            self.look()

    def look(self) -> None:
        parent, used, size = {}, {}, {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
                status = stat.with_name("status").read_text()
            except OSError:
                continue  # it has ended
            pid = int(stat.parent.name)
            parent[pid] = int(fields[1])
            used[pid] = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
            size[pid] = [_mb(status, name) for name in ("VmRSS", "VmHWM")]
        ours = {os.getpid()}
        while more := {pid for pid, above in parent.items() if above in ours} - ours:
            ours |= more
        for pid in ours - {os.getpid()}:
            self.cpu[pid], self.peak[pid] = used[pid], max(size[pid][1], self.peak.get(pid, 0))
        self.at_once = max(self.at_once, sum(size[pid][0] for pid in ours - {os.getpid()}))


def _mb(status: str, name: str) -> int:
    found = status.partition(f"{name}:")[2].split()
    return int(found[0]) // 1024 if found else 0  # a process that is ending has no memory any more


def _by_first(names: list[str], ring: np.ndarray) -> set[tuple[str, str]]:
    """(account, first account of its ring) of everybody in one."""
    inside = np.flatnonzero(ring >= 0)
    first = dict(zip(ring[inside][::-1].tolist(), inside[::-1].tolist(), strict=True))
    return {(names[i], names[first[int(ring[i])]]) for i in inside.tolist()}


def _on_disk(spark: Any, sim: simulated.Simulated) -> list[Any]:
    """Accounts and edges as a cluster has them: in files that its workers read, each a part."""
    from apps.accounts.linkage import spark as on_spark

    frames = []
    for name, table in zip(("accounts", "edges"), on_spark.tables(sim.evidence), strict=True):
        file = FOLDER.absolute() / f"spark-{name}.parquet"
        pq.write_table(table, file, row_group_size=250_000)
        frames.append(spark.read.parquet(str(file)))
    return frames


def measure(sim: simulated.Simulated, master: str, small: bool, handed_over: bool) -> dict[str, object]:
    """Seconds of both, and how many accounts are in another ring."""
    from apps.accounts.linkage import spark as on_spark
    from apps.core.spark import SMALL, session

    begun = time.perf_counter()
    ring = linkage.find(sim.evidence).ring
    embedded = time.perf_counter()
    spark = session(master, **(SMALL if small else {}))
    started = time.perf_counter()
    watched, stages = Watched(), [("Handing over", started)]
    watched.start()

    def stage(words: str) -> None:
        stages.append((words, time.perf_counter()))
        print(f"{stages[-1][1] - started:8.1f} s  {words}", file=sys.stderr, flush=True)

    names = [bytes(row).hex() for row in sim.evidence.accounts]
    if handed_over:
        again = linkage.find(sim.evidence, progress=stage, join=partial(on_spark.join, session=spark)).ring
        there = _by_first(names, again)
    else:
        accounts, edges = _on_disk(spark, sim)
        rows = on_spark.find(accounts, edges, progress=stage).toArrow().to_pylist()
        there = {(row["account"], row["ring"]) for row in rows}
    stage("done")
    done = stages[-1][1]
    watched.look()
    watched.over.set()
    spark.stop()
    here = _by_first(names, ring)
    return {
        "accounts": len(names),
        "edges": len(sim.evidence.holder),
        "master": master,
        "embedded_s": round(embedded - begun, 2),
        "session_s": round(started - embedded, 1),
        "spark_s": round(done - started, 1),
        "stages_s": {words: round(stages[i + 1][1] - at, 1) for i, (words, at) in enumerate(stages[:-1])},
        "cpu_s": round(sum(watched.cpu.values()), 1),
        "largest_mb": max(watched.peak.values(), default=0),
        "together_mb": watched.at_once,
        "in_rings": len(here),
        "different": len(here ^ there),
    }


if __name__ == "__main__":
    sys.exit(main())
