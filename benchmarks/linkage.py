"""How well and how fast accounts are linked, beside plain union-find and Splink, on simulated campaigns.

    make bench NAME=linkage                            incident, mixed and evasive, a seed that nothing was tuned on
    make bench NAME=linkage ARGS="--seed 102"          another one
    QUICK=1 make bench NAME=linkage                    the demo

Every method runs in a process of its own on the same evidence, read before its clock starts; memory is that process's
peak, with the evidence in it. Accounts count as found if they are in a ring that nothing explains. The last
line is JSON. Precision on simulated accounts is no promise: the innocent are as odd as somebody thought of making them.
"""

import argparse
import json
import os
import pickle
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from apps.accounts import linkage
from apps.accounts.linkage import graph
from benchmarks import simulated
from casemgr.run.paths import MANAGE

FOLDER = Path("var/bench/linkage")
LEAST = linkage.Settings().least


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="demo" if quick else "incident")
    parser.add_argument("--seed", type=int, default=101, help="100 and above: never used for tuning")
    parser.add_argument("--styles", nargs="+", default=["mixed", "evasive"])
    parser.add_argument("--methods", nargs="+", choices=sorted(METHODS), default=list(METHODS))
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder with PRESET-STYLE-SEED of the simulator")
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one[0], Path(options.one[1]))))
        return 0
    rows = []
    for style in options.styles:
        kept = prepared(options.data, options.preset, style, options.seed)
        for method in options.methods:
            row = {"style": style, "method": method} | _apart(method, kept)
            print(json.dumps(row), file=sys.stderr)
            rows.append(row)
    best = next((r for r in rows if r["method"] == "linkage"), rows[0])
    keys = ("account_precision", "account_recall", "linkage_s", "peak_mb")
    figures = {"benchmark": "linkage", "preset": options.preset, "seed": options.seed} | {k: best[k] for k in keys}
    print(json.dumps(figures | {"methods": rows}))
    return 0


def prepared(folder: Path, preset: str, style: str, seed: int) -> Path:
    """Evidence and truth in one file, made from the simulator's if it is not there."""
    files, kept = folder / f"{preset}-{style}-{seed}", FOLDER / f"{preset}-{style}-{seed}.pickle"
    FOLDER.mkdir(parents=True, exist_ok=True)
    if preset in ("tiny", "demo"):
        from fixtures.campaign import build

        kept.write_bytes(pickle.dumps(simulated.from_world(build(preset, seed, style))))
        return kept
    if not files.exists():
        command = ["simulate", "--preset", preset, "--seed", str(seed), "--style", style, "--out", str(files)]
        subprocess.run([*MANAGE, *command, "--no-log", "--no-alerts"], check=True)
    if not kept.exists() or kept.stat().st_mtime < files.stat().st_mtime:
        kept.write_bytes(pickle.dumps(simulated.from_files(files)))
    return kept


def _apart(method: str, kept: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.linkage", "--one", method, str(kept)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"failed": done.returncode}


def measure(method: str, kept: Path) -> dict[str, Any]:
    """Seconds, processor seconds, peak memory and how right the rings of one method are."""
    sim = pickle.loads(kept.read_bytes())  # noqa: S301 (our own file)
    begun, used = time.perf_counter(), time.process_time()
    ring, more = METHODS[method](sim)
    taken = {"linkage_s": round(time.perf_counter() - begun, 2), "cpu_s": round(time.process_time() - used, 2)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = more.pop("found", None)
    return taken | {"peak_mb": peak} | score(sim, ring, found) | more


# Methods: int[A], the ring of every account or -1, and what else is to be said


def whole(sim: simulated.Simulated) -> tuple[np.ndarray, dict[str, Any]]:
    found = linkage.find(sim.evidence, rhythm=sim.rhythm)
    return found.ring, {"found": found}


def without_rhythm(sim: simulated.Simulated) -> tuple[np.ndarray, dict[str, Any]]:
    found = linkage.find(sim.evidence)
    return found.ring, {"found": found}


def union_of(kinds: tuple[str, ...]) -> Callable[[simulated.Simulated], tuple[np.ndarray, dict[str, Any]]]:
    def run(sim: simulated.Simulated) -> tuple[np.ndarray, dict[str, Any]]:
        evidence = sim.evidence
        of = np.isin(evidence.kind, [linkage.KINDS.index(kind) for kind in kinds])[evidence.value]
        return _rings(graph.components(len(evidence), evidence.holder[of], evidence.value[of])), {}

    return run


def splink(sim: simulated.Simulated) -> tuple[np.ndarray, dict[str, Any]]:
    """Splink with u and term frequencies from accounts that were there before, m by expectation maximisation."""
    from benchmarks.peers import splinked

    one, other = splinked.pairs(sim.evidence, 0.95)
    label = graph.join(np.arange(len(sim.evidence)), one, other)
    return _rings(label), {"pairs": len(one)}


METHODS: dict[str, Callable[[simulated.Simulated], tuple[np.ndarray, dict[str, Any]]]] = {
    "linkage": whole,
    "without_rhythm": without_rhythm,
    "strong_union": union_of(linkage.STRONG),
    "any_union": union_of((*linkage.STRONG, "email_pattern", "email_domain", "template", "tool_schema", "ip_prefix")),
    "splink": splink,
}


def _rings(label: np.ndarray) -> np.ndarray:
    """Components of the least size or more, numbered."""
    _, place, count = np.unique(label, return_inverse=True, return_counts=True)
    number = np.where(count >= LEAST, np.cumsum(count >= LEAST) - 1, -1)
    return number[place]


def score(sim: simulated.Simulated, ring: np.ndarray, found: linkage.Found | None) -> dict[str, Any]:
    """Precision and recall of accounts and of pairs, who was swept in by kind, and calibration."""
    truth = sim.truth or {"rings": {}, "kinds": {}}
    names = {name: i for i, name in enumerate(sorted(set(truth["rings"].values())))}
    true = np.array([names.get(truth["rings"].get(ref), -1) for ref in sim.refs.tolist()])
    open_ = np.array([m["explained"] is None for m in found.measures] if found else [True] * (ring.max(initial=-1) + 1))
    acted = ring >= 0
    acted[acted] = open_[ring[acted]]
    pair, of = ring[acted], true[acted]
    both = Counter(zip(pair[of >= 0].tolist(), of[of >= 0].tolist(), strict=True))
    right, told, there = _pairs(both.values()), _pairs(np.bincount(pair)), _pairs(np.bincount(true[true >= 0]))
    kinds = Counter(truth["kinds"].get(ref) for ref in sim.refs.tolist())
    swept = Counter(truth["kinds"].get(ref) for ref in sim.refs[acted & (true < 0)].tolist())
    out = {
        "account_precision": round(float((of >= 0).mean()), 5) if len(of) else None,
        "account_recall": round(float((acted & (true >= 0)).sum() / max(1, (true >= 0).sum())), 4),
        "pair_precision": round(right / told, 4) if told else None,
        "pair_recall": round(right / max(1, there), 4),
        "rings": len(np.unique(pair)),
        "swept_in": dict(swept.most_common()),
        "of_kind": {k: kinds[k] for k in swept},
        "explained": int((ring >= 0).sum() - acted.sum()),
    }
    return out | (_calibration(found, true, acted) if found and len(found.ring) == len(ring) else {})


def _pairs(counts: Any) -> int:
    return sum(int(n) * (int(n) - 1) // 2 for n in counts)


def _calibration(found: linkage.Found, true: np.ndarray, acted: np.ndarray) -> dict[str, Any]:
    """Brier score, wrongful actions expected and actual, and by cell of the table (right, all)."""
    from apps.accounts.linkage.calibration import cells

    commonest = np.full(found.rings, -1)
    for r in range(found.rings):
        of = true[found.ring == r]
        names, count = np.unique(of, return_counts=True)
        commonest[r] = names[count.argmax()]
    who = np.flatnonzero(acted & (found.ring >= 0))
    right = (true[who] >= 0) & (true[who] == commonest[found.ring[who]])
    said = found.probability[who]
    cell = cells(found.ring, found.how, found.links)[who]
    table = {
        f"{linkage.HOWS[c // 4]} {c % 4}": [int(right[cell == c].sum()), int((cell == c).sum())]
        for c in np.unique(cell)
    }
    return {
        "brier": round(float(((said - right) ** 2).mean()), 5) if len(who) else None,
        "wrongful_expected": round(float((1 - said).sum()), 1),
        "wrongful_actual": int((~right).sum()),
        "cells": table,
    }


if __name__ == "__main__":
    sys.exit(main())
