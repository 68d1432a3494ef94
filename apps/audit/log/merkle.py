"""The Merkle tree of RFC 6962 (and RFC 9162), kept in tiles of 256 hashes as C2SP tlog-tiles lays them out.

Pure: bytes in, bytes out. A *leaf* is the hash of an entry. The *edge* of a tree is the last, partial tile of every
level, level 0 first; it is all that is needed to append and to know the root.
"""

import hashlib
from collections.abc import Callable, Sequence

HASH = 32
TILE = 256
EMPTY_ROOT = hashlib.sha256(b"").digest()

Edge = list[list[bytes]]
Tiles = dict[tuple[int, int], bytes]  # (level, number): up to 256 hashes side by side
RangeHash = Callable[[int, int], bytes]  # root of the leaves from start up to, not including, end


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes: MTH of RFC 6962, 2.1."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def append(size: int, edge: Edge, leaves: Sequence[bytes]) -> tuple[Edge, Tiles]:
    """Add leaves to a tree of `size`. Returns the new edge and every tile that is new or has grown.

    A partial tile is never hashed upward: only what can no longer change reaches the next level.
    """
    grown: Edge = []
    tiles: Tiles = {}
    level, rising = 0, list(leaves)
    while rising:
        row = (edge[level] if level < len(edge) else []) + rising
        first = (size >> 8 * level) // TILE
        parts = [row[start : start + TILE] for start in range(0, len(row), TILE)]
        tiles.update({(level, first + n): b"".join(part) for n, part in enumerate(parts)})
        grown.append(parts.pop() if len(parts[-1]) < TILE else [])
        rising = [root(part) for part in parts]
        level += 1
    return grown + edge[level:], tiles


def edge_root(edge: Edge) -> bytes:
    """The root of the tree that has this edge."""
    subtrees: list[bytes] = []  # perfect ones, largest first
    for row in reversed(edge):
        start = 0
        for width in (128, 64, 32, 16, 8, 4, 2, 1):
            if len(row) & width:
                subtrees.append(root(row[start : start + width]))
                start += width
    if not subtrees:
        return EMPTY_ROOT
    result = subtrees.pop()
    while subtrees:
        result = node_hash(subtrees.pop(), result)
    return result


def edge_tiles(size: int) -> list[tuple[int, int, int]]:
    """Level, number and width of the partial tile of each level of a tree of `size`; width 0 where there is none."""
    places: list[tuple[int, int, int]] = []
    while count := size >> 8 * len(places):
        places.append((len(places), count // TILE, count % TILE))
    return places


def hashes(tile: bytes) -> list[bytes]:
    return [tile[start : start + HASH] for start in range(0, len(tile), HASH)]


def from_tiles(tile: Callable[[int, int], bytes]) -> RangeHash:
    """Roots of ranges, read from stored tiles (level, number), for the proofs below."""

    def range_hash(start: int, end: int) -> bytes:
        width, level = end - start, 0
        if width & (width - 1) or start % width:  # only a perfect subtree lies within one tile
            middle = start + _split(width)
            return node_hash(range_hash(start, middle), range_hash(middle, end))
        while width >= TILE:
            width, level = width // TILE, level + 1
        number, place = divmod(start >> 8 * level, TILE)
        return root(hashes(tile(level, number)[place * HASH : (place + width) * HASH]))

    return range_hash


def tiles_of_proof(index: int, size: int) -> list[tuple[int, int]]:
    """Level and number of each tile that an inclusion proof reads."""
    edge = edge_tiles(size)
    path = [(level, index >> 8 * (level + 1)) for level, _, _ in edge]
    return sorted({*path, *((level, number) for level, number, width in edge if width)})


def inclusion_proof(index: int, size: int, range_hash: RangeHash) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, 2.1.1."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(middle, end))
            end = middle
        else:
            path.append(range_hash(start, middle))
            start = middle
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether the proof shows the leaf at its place under the expected root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node_hash(sibling, result)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and result == expected


def consistency_proof(old: int, new: int, range_hash: RangeHash) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 6962, 2.1.2."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} does not continue one of {old}")
    proof, start, end, is_whole = [], 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_hash(middle, end))
            end = middle
        else:
            proof.append(range_hash(start, middle))
            start, is_whole = middle, False
    if not is_whole:
        proof.append(range_hash(start, end))
    return proof[::-1]


def continues(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the proof shows that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _split(size: int) -> int:
    """The largest power of two below size."""
    return 1 << (size - 1).bit_length() - 1
