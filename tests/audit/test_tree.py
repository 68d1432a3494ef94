"""The tree that the verification grows is the one that the sequencer keeps."""

from hashlib import sha256

import pytest

from apps.audit.log import merkle
from apps.audit.verify.tree import Tree, tile_root

LEAVES = [sha256(b"%d" % number).digest() for number in range(70_000)]
SIZES = [1, 2, 3, 255, 256, 257, 700, 1023, 65_535, 65_536, 65_537, 70_000]


def test_both_hands_build_the_same_tree() -> None:
    tree, edge, size = Tree(), [], 0
    for stop in SIZES:
        edge, grown = merkle.append(size, edge, LEAVES[size:stop])
        filled = [tile for leaf in LEAVES[size:stop] for tile in tree.append(leaf)]
        size = stop
        assert tree.root() == merkle.edge_root(edge)
        assert {(level, number): hashes for level, number, hashes in filled} == {
            place: hashes for place, hashes in grown.items() if len(hashes) == 256 * 32
        }
        assert {(level, number): hashes for level, number, hashes in tree.partial()}.items() <= {
            (level, size // 256 ** (level + 1)): b"".join(row) for level, row in enumerate(edge) if row
        }.items()


@pytest.mark.parametrize("size", SIZES)
def test_a_tree_goes_on_from_its_partial_tiles(size: int) -> None:
    edge, _ = merkle.append(0, [], LEAVES[:size])
    tree = Tree(size, edge)
    assert tree.root() == merkle.edge_root(edge)
    tree.append(LEAVES[0])
    edge, _ = merkle.append(size, edge, LEAVES[:1])
    assert tree.root() == merkle.edge_root(edge)


def test_the_root_of_a_tile_is_that_of_its_leaves() -> None:
    assert tile_root(LEAVES[:256]) == merkle.root(LEAVES[:256])


def test_an_empty_tree_has_the_root_of_nothing() -> None:
    assert Tree().root() == sha256(b"").digest()
