"""A log while it is read: parts on the disk, each whole or not there, and in the end one sorted Parquet file.

A part is written under another name first, so that a process killed at any moment leaves the parts it said it wrote.
"""

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from apps.evidence.querylogs import engine, native, normal, segments
from apps.evidence.querylogs.normal import Step, Times
from apps.evidence.querylogs.reading import Place
from apps.evidence.querylogs.shape import Shape
from apps.evidence.querylogs.sources import Unreadable

PART_ROWS = 2_000_000
ROW_GROUP = 122_880
CHUNK = 1024 * 1024
DICTIONARIES = (*native.REPEATING, "input_tokens", "output_tokens")  # say the same few things again and again


class Gone(Exception):
    """Parts that were read are not on this disk, or older ones are."""


@dataclass(frozen=True)
class Part:
    """What one step read: `read` = `kept` + `rejected` rows, why they were rejected, and where the next step begins."""

    read: int
    kept: int
    reasons: dict[str, int]
    after: Place
    is_last: bool

    @property
    def rejected(self) -> int:
        return sum(self.reasons.values())


class Staging:
    """The directory of one log."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def clear(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def rows(self, number: int) -> Path:
        return self.root / f"rows-{number:05}.parquet"

    def segment(self, number: int) -> Path:
        return self.root / f"rows-{number:05}.segment"

    def rejects(self, number: int) -> Path:
        return self.root / f"rejects-{number:05}.jsonl"

    def has(self, parts: int) -> bool:
        """Whether the first `parts` parts are here: another machine may have read them."""
        return all(
            (self.rows(n).is_file() or self.segment(n).is_file()) and self.rejects(n).is_file() for n in range(parts)
        )

    def read_part(
        self,
        number: int,
        file: IO[bytes],
        shape: Shape,
        mapping: dict[str, str],
        times: Times,
        *,
        limit: int,
        start: Place,
        seconds: float,
    ) -> Part:
        """Read on from `start` for a while and keep what it gave. Raises Unreadable where the file is damaged."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        source = native.opened(file, mapping, times) if shape.format == "parquet" else None
        before = self.segment(number - 1) if number else None
        writer: segments.Writer | _Rows
        if source and (before is None or before.is_file()):
            rows, steps = self.segment(number), source.batches(start)
            writer = segments.Writer(rows.with_suffix(".tmp"), before, source.schema, **_layout(source.schema))
        else:
            rows, steps = self.rows(number), normal.steps(file, shape, mapping, times, limit, start)
            writer = _Rows(rows.with_suffix(".tmp"))
        part = self._keep(steps, writer, start, time.monotonic() + seconds)
        rows.with_suffix(".tmp").replace(rows)
        (self.root / "rejects.tmp").replace(self.rejects(number))
        return part

    def _keep(self, steps: Iterable[Step], writer: "segments.Writer | _Rows", start: Place, until: float) -> Part:
        """Write what was read, the rejected rows apart, until it is time to commit."""
        read, kept, reasons, after, is_last = 0, 0, Counter[str](), start, True
        with (self.root / "rejects.tmp").open("w", encoding="utf-8") as refused:
            for step in steps:
                if step.rows.num_rows:
                    writer.write(step.rows)
                for one in step.rejects:
                    told = {"row": one.row, "reason": one.reason, "text": one.raw}
                    refused.write(json.dumps(told, ensure_ascii=False) + "\n")
                    reasons[one.reason] += 1
                read, kept = read + step.rows.num_rows + len(step.rejects), kept + step.rows.num_rows
                after = step.after
                if after.at >= 0 and (read >= PART_ROWS or time.monotonic() > until):
                    is_last = False
                    break
        writer.close()
        return Part(read, kept, dict(reasons), after, is_last)

    def assemble(self, parts: int) -> Path:
        """All parts as one Parquet file: by time, and by the row's number in the file where times are equal."""
        whole, joined = self.root / "whole.parquet", self.root / "joined.parquet"
        paths = [self.rows(n) for n in range(parts)]
        if parts and self.segment(0).is_file():
            segments.join([self.segment(n) for n in range(parts)], joined)
            paths = [joined]
        # A part in which every row was rejected has no columns.
        paths = [path for path in paths if pq.read_metadata(path).num_rows]
        if not paths:
            raise Unreadable("Every row was rejected: nothing is left to count. Look at the reasons, and map it anew.")
        is_sorted = is_in_order(paths)
        if is_sorted and paths == [joined]:
            joined.replace(whole)
        elif is_sorted:
            _write(whole, (batch for path in paths for batch in pq.ParquetFile(path).iter_batches(ROW_GROUP)))
        else:
            listed = ", ".join(f"'{path}'" for path in paths)
            with engine.opened(self.root, paths) as con:
                ordered = con.sql(f"SELECT * FROM read_parquet([{listed}]) ORDER BY asked_at, row")  # noqa: S608 - ours
                _write(whole, ordered.to_arrow_reader(ROW_GROUP))
        return whole

    def refused(self, parts: int) -> Iterator[bytes]:
        """The rejected rows of all parts, as JSON Lines."""
        for number in range(parts):
            with self.rejects(number).open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk


class _Rows:
    """A part of a log that is read row by row: quickly written, since it is written again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        self.writer = self.writer or pq.ParquetWriter(self.path, table.schema, compression="lz4", use_dictionary=False)
        self.writer.write_table(table)

    def close(self) -> None:
        (self.writer or pq.ParquetWriter(self.path, pa.schema([]))).close()


def is_in_order(paths: Sequence[Path]) -> bool:
    """Whether times never go back, file after file: most logs are written as things happen, and need no sorting."""
    last = np.iinfo(np.int64).min
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches(ROW_GROUP, columns=["asked_at"]):
            micros = batch.column(0).view(pa.int64()).to_numpy()
            if micros[0] < last or (micros[1:] < micros[:-1]).any():
                return False
            last = micros[-1]
    return True


def _layout(schema: pa.Schema) -> dict[str, Any]:
    """How columns are packed: what repeats by a dictionary, what grows by its steps."""
    repeating = [one.name for one in schema if pa.types.is_dictionary(one.type) or one.name in DICTIONARIES]
    steps = dict.fromkeys(("asked_at", "row"), "DELTA_BINARY_PACKED")
    return {"compression": "zstd", "use_dictionary": repeating, "column_encoding": steps}


def _write(path: Path, batches: Iterable[pa.RecordBatch]) -> None:
    """Row groups of the same length whatever the batches were, so that the same rows are the same bytes."""
    writer: pq.ParquetWriter | None = None
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        while rows + batch.num_rows >= ROW_GROUP:
            waiting.append(batch.slice(0, ROW_GROUP - rows))
            batch = batch.slice(ROW_GROUP - rows)
            writer = _write_group(writer, path, waiting)
            waiting, rows = [], 0
        if batch.num_rows:
            waiting.append(batch)
            rows += batch.num_rows
    if waiting:
        writer = _write_group(writer, path, waiting)
    if writer:
        writer.close()


def _write_group(writer: pq.ParquetWriter | None, path: Path, batches: list[pa.RecordBatch]) -> pq.ParquetWriter:
    table = pa.Table.from_batches(batches).combine_chunks()
    if writer is None:
        writer = pq.ParquetWriter(path, table.schema, **_layout(table.schema))
    writer.write_table(table, row_group_size=ROW_GROUP)
    return writer


def rows_in(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
