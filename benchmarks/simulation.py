"""How long a large simulation takes to write, what it weighs, and how much memory it needs.

    make bench NAME=simulation ARGS="--preset incident"

Each part runs in a process of its own, as `manage.py simulate` does. Processor seconds stand beside the clock's,
because a shared machine's clock says little. The last line is JSON.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from casemgr.run.paths import MANAGE

PARTS = {
    "records": ["--no-log", "--no-alerts"],
    "log": ["--log", "--no-alerts"],  # goes on in the same folder: only the log is new
    "alerts": ["--log", "--alerts"],
}


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="demo" if quick else "incident")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=["records"] if quick else list(PARTS))
    options = parser.parse_args()
    found: dict[str, object] = {"benchmark": "simulation", "preset": options.preset, "seed": options.seed}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "simulation"
        for part in options.parts:
            found |= _measured(part, options.preset, options.seed, out)
        found["megabytes"] = {p.name: round(p.stat().st_size / 1e6, 1) for p in sorted(out.glob("*.*"))}
    print(json.dumps(found))
    return 0


def _measured(part: str, preset: str, seed: int, out: Path) -> dict[str, float]:
    """Seconds by the clock and of the processor; peak memory is the largest of the processes so far."""
    where = ["--preset", preset, "--seed", str(seed), "--out", str(out), "--format", "parquet"]
    choices = [] if preset in ("tiny", "demo") else PARTS[part]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([*MANAGE, "simulate", *where, *choices], check=True, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        f"{part}_s": round(time.monotonic() - start, 1),
        f"{part}_cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        f"{part}_peak_mb": round(after.ru_maxrss / 1024),
    }


if __name__ == "__main__":
    sys.exit(main())
