"""The rows of a file, slice by slice, from any place at which an earlier reading ended."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from apps.accounts.importing import parquet, texts
from apps.accounts.importing.files import NotReadable, Opened
from apps.accounts.importing.types import Slice
from apps.core.ahead import ahead

LIMIT = 8 * 1024**3
AHEAD = 4  # slices


class Position(NamedTuple):
    """How far a file was read: bytes of what is in it, or rows of Parquet; and its lines, or rows, up to there."""

    at: int = 0
    line: int = 0


BEGINNING = Position()


class Reader:
    """Iterates over the rows of a file in slices of some thousand. `position` is behind the slice that was given last;
    `is_over` says that none is left.

    Raises NotReadable, before or between slices. Flat memory.
    """

    def __init__(
        self,
        kind: str,
        stream: BinaryIO,
        *,
        start: Position = BEGINNING,
        limit: int = LIMIT,
        spare: BinaryIO | None = None,
        format: str = "",
    ) -> None:
        self.kind, self.position, self.is_over = kind, start, False
        self.opened = Opened(stream, limit=limit, spare=spare)
        if format and format != self.opened.format:
            raise NotReadable(f"The file is said to be {format}, but what is in it looks like {self.opened.format}.")

    def __iter__(self) -> Iterator[Slice]:
        read = parquet.slices if self.opened.format == "parquet" else texts.slices
        slices = read(self.kind, self.opened, self.position.at, self.position.line)
        for found, at, line in ahead(slices, AHEAD):
            self.position = Position(at, line)
            yield found
        self.is_over = True
