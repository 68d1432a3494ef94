"""NDJSON and CSV: one row a line."""

import csv
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from apps.accounts.importing.files import BOM, NotReadable, Opened
from apps.accounts.importing.types import (
    ALIASES,
    TYPES,
    Refused,
    Slice,
    known_name,
    many,
    missing,
    nul,
    one,
    settled,
    wrong,
)

BLOCK = 1024 * 1024  # bytes that are read at once
MAX_LINE = 64 * 1024
RAW_KEPT = 2000

Lines = list[tuple[int, bytes]]  # (number from 1, line without its end)
Found = tuple[Slice, int, int]  # rows, and the byte and line behind them


def slices(kind: str, opened: Opened, at: int, line: int) -> Iterator[Found]:
    """The rows behind a place at which a slice ended. Raises NotReadable when the header says that it is no such
    file."""
    read: Callable[[Lines], Slice] | None = None
    for lines, end, last in _blocks(opened, at, line):
        if read is None and lines:
            lines, read = _reader(kind, opened.format, lines)
        rows = [pair for pair in lines if pair[0] > line] if line and lines and lines[0][0] <= line else lines
        if end > at and read is not None:
            yield read(rows), end, last
    if read is None:
        raise NotReadable("The file is empty.")


def _blocks(opened: Opened, at: int, line: int) -> Iterator[tuple[Lines, int, int]]:
    """Lines that are not empty, some thousand at a time, with the byte and the line that they end at: the first ones,
    and those behind the place. Of a line that is too long only the beginning is kept."""
    rest, waiting, read, number = b"", 0, 0, 0
    is_over = False
    while not is_over:
        piece = opened.stream.read(BLOCK)
        is_over = not piece
        *whole, rest = (rest + piece).split(b"\n")
        waiting = len(rest) if whole or is_over else waiting + len(piece)
        if is_over and rest:
            whole, rest, waiting = [*whole, rest], b"", 0
        rest = rest[: MAX_LINE + 1]
        read += len(piece)
        if whole:
            if not number:
                whole[0] = whole[0].removeprefix(BOM)
            yield (
                [pair for pair in enumerate(whole, number + 1) if pair[1].strip()],
                read - waiting,
                number + len(whole),
            )
            number += len(whole)
            if read - waiting < at:
                opened.skip(read, at)
                rest, waiting, read, number = b"", 0, at, line


def _reader(kind: str, format: str, lines: Lines) -> tuple[Lines, Callable[[Lines], Slice]]:
    """The lines without the header, and what makes rows of such lines."""
    if format == "ndjson":
        return lines, _Objects(kind).read
    return lines[1:], _Table(kind, lines[0][1]).read


def _shown(line: bytes) -> str:
    return line.rstrip(b"\r\n")[:RAW_KEPT].decode(errors="replace").replace("\x00", "�")


class _Read:
    """Rows that are looked at by the thousand, and one by one where that does not do."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def quickly(self, lines: Lines) -> list[Any]:
        """The typed row of each line, or None where it has to be looked at."""
        raise NotImplementedError

    def slowly(self, line: bytes) -> tuple[Any, str]:
        """The typed row, or None and why it is none."""
        raise NotImplementedError

    def read(self, lines: Lines) -> Slice:
        kept: Lines = []
        found = Slice(lambda at: _shown(kept[at][1]))
        for pair, value in zip(lines, self.quickly(lines), strict=True):
            reason = ""
            if value is None:
                too_long = len(pair[1]) > MAX_LINE
                value, reason = (
                    (None, f"the line has more than {MAX_LINE:,} bytes") if too_long else self.slowly(pair[1])
                )
            if value is None:
                found.refused.append(Refused(pair[0], reason, _shown(pair[1])))
            else:
                kept.append(pair)
                found.values.append(settled(self.kind, value))
        found.lines = [number for number, _ in kept]
        return found


class _Objects(_Read):
    """NDJSON."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self._decode = msgspec.json.Decoder(TYPES[kind]).decode
        self._aliases = [f'"{name}"'.encode() for name in ALIASES.get(kind, {})]

    def quickly(self, lines: Lines) -> list[Any]:
        return [self._decoded(line) for _, line in lines]

    def _decoded(self, line: bytes) -> Any:
        if len(line) > MAX_LINE or any(name in line for name in self._aliases):
            return None
        try:
            value = self._decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return None if wrong(self.kind, value) or (b"\\u0000" in line and nul(self.kind, value)) else value

    def slowly(self, line: bytes) -> tuple[Any, str]:
        try:
            line.decode()
            values = msgspec.json.decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return None, f"the line is not JSON: {error}"
        if not isinstance(values, dict):
            return None, "the line is JSON, but no object"
        return one(self.kind, values, strict=True)


class _Table(_Read):
    """CSV with a header, of which each line is a row."""

    def __init__(self, kind: str, header: bytes) -> None:
        super().__init__(kind)
        try:
            self.names = [name.strip() for name in next(csv.reader([header.decode()]))]
        except (UnicodeDecodeError, csv.Error, StopIteration) as error:
            raise NotReadable("The first line is neither a JSON object nor a CSV header in UTF-8.") from error
        if lacking := missing(kind, self.names):
            raise NotReadable(f"A file of {kind} needs the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}.")
        self.known = [known_name(kind, name) for name in self.names]

    def quickly(self, lines: Lines) -> list[Any]:
        found: list[Any] = [None] * len(lines)
        if len(set(self.known)) < len(self.known):
            return found
        cells = [self._cells(line) if len(line) <= MAX_LINE else None for _, line in lines]
        at = [place for place, row in enumerate(cells) if row is not None and len(row) == len(self.names)]
        whole = zip(*(cells[place] for place in at), strict=True)  # type: ignore[misc] # those are there
        columns: dict[str, Any] = dict(zip(self.known, whole, strict=False))
        if "by_hour" in columns:
            columns["by_hour"] = [hours.split() or None for hours in columns["by_hour"]]
        for place, value in zip(at, many(self.kind, columns, len(at), strict=False), strict=True):
            found[place] = value
        return found

    def _cells(self, line: bytes) -> list[str] | None:
        try:
            text = line.removesuffix(b"\r").decode()
            if b'"' in line:
                return next(csv.reader([text], strict=True))
        except (UnicodeDecodeError, csv.Error):
            return None
        return None if "\r" in text or "\0" in text else text.split(",")

    def slowly(self, line: bytes) -> tuple[Any, str]:
        try:
            cells = next(csv.reader([line.decode()], strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            return None, f"the line is not CSV in UTF-8: {error}"
        if len(cells) != len(self.names):
            return None, f"the line has {len(cells)} cells, the header {len(self.names)}"
        return one(self.kind, dict(zip(self.names, cells, strict=True)), strict=False)
