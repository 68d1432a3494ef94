"""How long a query log of 16.5 million rows takes: read, sorted and profiled, beside a bare scan and hash of the file.

`ARGS=path/to/log.parquet` profiles a log that is there; without, one is made. `QUICK=1` makes a small one. Prints one
line of JSON last: seconds, seconds of the processors and peak memory of each stage, each in a process of its own.
"""

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS = 300_000 if os.environ.get("QUICK") else 16_550_000
ACCOUNTS, TEMPLATES, DAYS = 24_000, 3_000, 45


def make(path: Path, rows: int = ROWS) -> None:
    """A campaign's log, by time: accounts with even shares behind a load balancer, templates with numbers in them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    chance = np.random.default_rng(7)
    weights = chance.gamma(8, size=ACCOUNTS)
    weights /= weights.sum()
    words = [f"w{n:x}" for n in range(800)]
    frames = [" ".join(chance.choice(words, 24)) for _ in range(TEMPLATES)]
    accounts = pa.array([f"acct_{n:06x}" for n in range(ACCOUNTS)])
    topics = pa.array(["code", "maths", "law", "medicine", "style", "tools"])
    addresses = pa.array([f"198.51.{n // 256}.{n % 256}" for n in range(6000)])
    models = pa.array(["model-a", "model-b", "model-c"])
    begin, span = 1_767_225_600_000_000, DAYS * 86_400_000_000
    step = 500_000
    writer = None
    for start in range(0, rows, step):
        n = min(step, rows - start)
        at = begin + np.sort((start + chance.random(n) * n) / rows * span).astype("int64")
        is_new = at > begin + span * 6 // 10
        frame, number = chance.integers(TEMPLATES, size=n), chance.integers(1000, size=n)
        table = pa.table(
            {
                "timestamp": pa.array(at, pa.timestamp("us", "UTC")),
                "account": accounts.take(pa.array(chance.choice(ACCOUNTS, n, p=weights))),
                "model": models.take(pa.array(np.where(is_new, 2, chance.integers(2, size=n)))),
                "input_tokens": pa.array(chance.poisson(420, n)),
                "output_tokens": pa.array(chance.poisson(900, n)),
                "prompt": pa.array([f"{frames[f]} case {i}" for f, i in zip(frame, number, strict=True)]),
                "topic": topics.take(pa.array(chance.integers(6, size=n))),
                "ip": addresses.take(pa.array(chance.integers(6000, size=n))),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer:
        writer.close()


def read(path: Path, work: Path) -> dict[str, Any]:
    """Into one shape, in parts, and sorted: what a worker does before it counts."""
    from apps.evidence.querylogs import shape, staging
    from apps.evidence.querylogs.normal import Times
    from apps.evidence.querylogs.reading import Place

    stage, began = staging.Staging(work), time.perf_counter()
    with path.open("rb") as file:
        look = shape.look(file, 1 << 40)
        form = look.forms[look.proposal["timestamp"]].form
        start, parts, kept, rejected = Place(), 0, 0, 0
        while True:
            part = stage.read_part(
                parts, file, look.shape, look.proposal, Times(form, "UTC"), limit=1 << 40, start=start, seconds=20
            )
            parts, kept, rejected, start = parts + 1, kept + part.kept, rejected + part.rejected, part.after
            if part.is_last:
                break
    middle = time.perf_counter()
    whole = stage.assemble(parts)
    ended = time.perf_counter()
    return {
        "read_s": round(middle - began, 1),
        "sort_s": round(ended - middle, 1),
        "rows": kept,
        "rejected": rejected,
        "bytes": whole.stat().st_size,
        "file": str(whole),
        "columns": sorted(look.proposal),
    }


def profile(path: Path, work: Path, columns: list[str]) -> dict[str, Any]:
    """Every figure, one after the other, as a worker does."""
    from apps.evidence.querylogs import profile as profiles
    from apps.evidence.querylogs.figures import FIGURES, Asked

    asked = Asked(tuple(columns), prices={"*": ("3", "15")}, benchmark=["Translate the sentence into French."])
    began, each = time.perf_counter(), {}
    for name in FIGURES:
        found = profiles.compute(name, path, work, asked)
        each[name] = found.seconds
    return {"profile_s": round(time.perf_counter() - began, 1), "figures_s": each}


def bare(path: Path, work: Path) -> dict[str, Any]:
    """Every column read once by DuckDB, and the file hashed: what no profile can be faster than."""
    from apps.evidence.querylogs import engine

    began = time.perf_counter()
    with engine.on_log(work, path) as con:
        names = [row[0] for row in con.execute("DESCRIBE log").fetchall()]
        con.execute(f"SELECT {', '.join(f'bit_xor(hash({name}))' for name in names)} FROM log").fetchall()  # noqa: S608
    scanned = time.perf_counter()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return {"bare_scan_s": round(scanned - began, 1), "hash_s": round(time.perf_counter() - scanned, 1)}


def apart(stage: str, *args: str) -> dict[str, Any]:
    """A stage in a process of its own, with its peak memory."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.querylog", stage, *args], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    if len(sys.argv) > 2 and sys.argv[1] in ("read", "profile", "bare", "make"):
        stage, path, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
        if stage == "make":
            make(path)
            found: dict[str, Any] = {}
        elif stage == "profile":
            found = profile(path, work, json.loads(sys.argv[4]))
        else:
            found = {"read": read, "bare": bare}[stage](path, work)
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = {
            f"{stage}_peak_mb": round(used.ru_maxrss / 1024),
            f"{stage}_cpu_s": round(used.ru_utime + used.ru_stime, 1),
        }
        print(json.dumps(found | spent))
        return
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as scratch:
        work = Path(scratch) / "work"
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch) / "log.parquet"
        if len(sys.argv) == 1:
            print(f"making {ROWS:,} rows", file=sys.stderr)
            apart("make", str(path), str(work))
        result = apart("read", str(path), str(work))
        file, columns = result.pop("file"), result.pop("columns")
        result |= apart("profile", file, str(work), json.dumps(columns))
        result |= apart("bare", file, str(work))
        print(json.dumps(result))


if __name__ == "__main__":
    main()
