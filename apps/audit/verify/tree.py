"""The Merkle tree grown a second time, leaf by leaf: what the sequencer stored is held against another hand's work.

RFC 6962, 2.1; tiles as C2SP tlog-tiles lays them out.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from apps.audit.log.merkle import EMPTY_ROOT, TILE

Tile = tuple[int, int, bytes]  # level, number, up to 256 hashes side by side


class Tree:
    """Keeps the partial tile of each level, and the perfect subtrees that the leaves make up: one hash a leaf."""

    def __init__(self, size: int = 0, rows: Sequence[Sequence[bytes]] = ()) -> None:
        """A tree of `size` whose partial tiles, level 0 first, are known."""
        self.size = size
        self.rows: list[list[bytes]] = [list(row) for row in rows]
        self.peaks: list[bytes] = []  # roots of perfect subtrees, largest first
        for row in reversed(self.rows):
            start = 0
            for width in (128, 64, 32, 16, 8, 4, 2, 1):
                if len(row) & width:
                    self.peaks.append(_perfect(row[start : start + width]))
                    start += width

    def append(self, leaf: bytes) -> list[Tile]:
        """Add a leaf; returns the tiles that it filled."""
        node, count, height = leaf, self.size, 0
        filled: list[Tile] = []
        self._row(0).append(leaf)
        while count & 1:
            node = sha256(b"\x01" + self.peaks.pop() + node).digest()
            count >>= 1
            height += 1
            if not height & 7:  # 256 hashes have become one of the next level
                level = height // 8 - 1
                filled.append((level, count, b"".join(self.rows[level])))
                self.rows[level] = []
                self._row(level + 1).append(node)
        self.peaks.append(node)
        self.size += 1
        return filled

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = sha256(b"\x01" + peak + node).digest()
        return node

    def partial(self) -> Iterator[Tile]:
        for level, row in enumerate(self.rows):
            if row:
                yield level, (self.size >> 8 * level) // TILE, b"".join(row)

    def _row(self, level: int) -> list[bytes]:
        while len(self.rows) <= level:
            self.rows.append([])
        return self.rows[level]


def _perfect(hashes: Sequence[bytes]) -> bytes:
    row = list(hashes)
    while len(row) > 1:
        row = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
    return row[0]


tile_root = _perfect
