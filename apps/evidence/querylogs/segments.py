"""One Parquet file written in segments: each is on the disk by itself, and together they are the file, byte for byte.

A segment begins with a hole as long as all before it, so that its row groups are where they will be in the whole, and
ends with the list of them. Put together, the row groups are copied as they are and the lists become one: nothing is
unpacked and packed again. How many segments there were leaves no trace in the whole.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

MAGIC = b"PAR1"
TAIL = 4 + len(MAGIC)  # the length of the list, and the mark that ends the file
CHUNK = 1024 * 1024


class Writer:
    """Writes the segment that follows another one, or the first."""

    def __init__(self, path: Path, before: Path | None, schema: pa.Schema, **options: Any) -> None:
        self.file = _File(path)
        self.sink = pa.PythonFile(self.file, mode="w")
        self.writer = pq.ParquetWriter(self.sink, schema, store_schema=False, **options)
        if before:
            self._leave_hole(_end(before) - len(MAGIC))

    def _leave_hole(self, length: int) -> None:
        """Move on through Arrow, which counts by itself where it is, without writing to the disk."""
        self.file.is_hole = True
        nothing = bytes(CHUNK)
        for at in range(0, length, CHUNK):
            self.sink.write(nothing[: length - at])
        self.file.is_hole = False

    def write(self, batch: pa.RecordBatch) -> None:
        """As one row group."""
        self.writer.write_table(pa.Table.from_batches([batch]), row_group_size=batch.num_rows)

    def close(self) -> None:
        self.writer.close()
        self.file.close()


class _File(io.BufferedWriter):
    """What is written while it `is_hole` takes room in the file and none on the disk."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path, "wb"))
        self.is_hole = False

    def write(self, data: Any) -> int:
        if not self.is_hole:
            return super().write(data)
        self.seek(len(data), io.SEEK_CUR)
        return len(data)


def _end(segment: Path) -> int:
    """Where its row groups end."""
    size = segment.stat().st_size
    with segment.open("rb") as file:
        file.seek(size - TAIL)
        return size - TAIL - int.from_bytes(file.read(4), "little")


def join(segments: Sequence[Path], whole: Path) -> None:
    """Put all segments together, in their order."""
    told = pq.read_metadata(segments[0])
    with whole.open("wb") as out:
        out.write(MAGIC)
        for segment in segments:
            with segment.open("rb") as file:
                file.seek(out.tell())
                _copy(file, out, _end(segment) - out.tell())
        for segment in segments[1:]:
            told.append_row_groups(pq.read_metadata(segment))
        listed = io.BytesIO()
        told.write_metadata_file(listed)
        out.write(listed.getvalue()[len(MAGIC) :])


def _copy(source: Any, target: Any, length: int) -> None:
    while length and (chunk := source.read(min(length, CHUNK))):
        target.write(chunk)
        length -= len(chunk)
