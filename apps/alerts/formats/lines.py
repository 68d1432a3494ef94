"""Native NDJSON: one alert a line, split as it streams in. The hot path: whole chunks at a time, no work per byte."""

from collections.abc import Iterable, Iterator

from apps.alerts.formats.item import Item
from apps.alerts.wire import Refusal

LIMIT = 256 * 1024  # bytes of one alert
PIECE = 64 * 1024  # bytes that are split at once: what of a large chunk is in memory twice
BOM = b"\xef\xbb\xbf"
BLANK = b" \t\r"


def items(chunks: Iterable[bytes], *, source: str = "", limit: int = LIMIT) -> Iterator[Item]:
    """The lines of a body in order, each as it came. Blank lines are passed over, but counted.

    A line of more than `limit` bytes is refused without being kept whole, one that is no UTF-8 alone. Where the stream
    itself breaks (a Refusal raised by `chunks`), the last item says so.
    """
    lines = _Lines(limit)
    for piece in lines.pieces(chunks):
        first, *rest = piece.split(b"\n")
        lines.hold(first)
        if not rest:
            continue
        if item := lines.held_item():
            yield item
        lines.hold(rest.pop())
        number, clean = lines.number, _is_clean(piece)
        for number, line in enumerate(rest, number + 1):  # noqa: B020 - counting goes on where it stood
            text = line.strip(BLANK)
            if len(line) <= limit and (clean or _is_utf8(text)):
                if text:
                    yield Item(text, text)
            elif item := _item(line, len(line), number, limit):
                yield item
        lines.number = number
    if item := lines.last_item():
        yield item


class _Lines:
    """Where in the body we are, and the beginning of a line whose end has not come yet."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.number = 0  # of the last line that was handed on
        self.held = bytearray()  # never more than `limit` and a line end
        self.size = 0  # of the whole line so far
        self.broken: Refusal | None = None

    def pieces(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        try:
            for chunk in chunks:
                if len(chunk) <= PIECE:
                    yield bytes(chunk)
                else:
                    for start in range(0, len(chunk), PIECE):
                        yield bytes(chunk[start : start + PIECE])
        except Refusal as refusal:
            self.broken = refusal

    def hold(self, part: bytes) -> None:
        self.size += len(part)
        if room := self.limit + 2 - len(self.held):
            self.held += part[:room]

    def held_item(self) -> Item | None:
        """The line that is complete now; nothing if it is blank."""
        self.number += 1
        line, size = bytes(self.held), self.size
        self.held.clear()
        self.size = 0
        if self.number == 1 and line.startswith(BOM):
            line, size = line[len(BOM) :], size - len(BOM)
        return _item(line, size, self.number, self.limit)

    def last_item(self) -> Item | None:
        if self.broken is None:
            return self.held_item() if self.size else None
        reason = f"{self.broken.reason} Line {self.number + 1:,} and what follows it were not read."
        return Item(bytes(self.held[: self.limit]), refusal=Refusal(self.broken.code, reason))


def _item(line: bytes, size: int, number: int, limit: int) -> Item | None:
    """A line that is looked at closely. `size` is its full length, of which `line` holds the beginning."""
    text = line.strip(BLANK)
    if size - line.endswith(b"\r") > limit:
        reason = f"Line {number:,} has {size:,} bytes; at most {limit:,} are taken."
        return Item(line[:limit], refusal=Refusal("too_large", reason))
    if not text:
        return None
    try:
        text.decode()
    except UnicodeDecodeError as error:
        reason = f"Line {number:,} is not UTF-8: its byte {error.start + 1:,} cannot be read.{_hint(text)}"
        return Item(text, refusal=Refusal("not_utf8", reason))
    return Item(text, text)


def _hint(text: bytes) -> str:
    return " It looks like UTF-16; send UTF-8." if text[:2] in (b"\xff\xfe", b"\xfe\xff") else ""


def _is_clean(piece: bytes) -> bool:
    """Whether every whole line inside the piece is UTF-8."""
    return piece.isascii() or _is_utf8(memoryview(piece)[piece.find(b"\n") : piece.rfind(b"\n")])


def _is_utf8(text: bytes | memoryview) -> bool:
    try:
        str(text, "utf-8")
    except UnicodeDecodeError:
        return False
    return True
