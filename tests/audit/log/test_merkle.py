"""Held to the vectors of Certificate Transparency, and to a second implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from apps.audit.log import merkle

# The eight leaves and their roots that implementations of RFC 6962 test with.
LEAVES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# Inclusion (leaf from 0, size) and consistency (old, new) proofs over the same leaves.
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}

sizes = st.integers(1, 700)


def leaves_of(size: int) -> list[bytes]:
    return [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(size)]


MANY = leaves_of(700)


def range_hash(start: int, end: int) -> bytes:
    return merkle.root(MANY[start:end])


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size):
    leaves = [merkle.leaf_hash(entry) for entry in LEAVES[:size]]
    assert merkle.root(leaves).hex() == ROOTS[size]
    assert merkle.edge_root(merkle.append(0, [], leaves)[0]).hex() == ROOTS[size]


@pytest.mark.parametrize(("place", "proof"), INCLUSION.items())
def test_published_inclusion_proofs(place, proof):
    index, size = place
    leaves = [merkle.leaf_hash(entry) for entry in LEAVES]
    made = merkle.inclusion_proof(index, size, lambda start, end: merkle.root(leaves[start:end]))
    assert [step.hex() for step in made] == proof
    assert merkle.includes(leaves[index], index, size, made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("pair", "proof"), CONSISTENCY.items())
def test_published_consistency_proofs(pair, proof):
    old, new = pair
    leaves = [merkle.leaf_hash(entry) for entry in LEAVES]
    made = merkle.consistency_proof(old, new, lambda start, end: merkle.root(leaves[start:end]))
    assert [step.hex() for step in made] == proof
    assert merkle.continues(old, new, made, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))


def test_another_implementation_agrees_on_every_root():
    other = InmemoryTree(algorithm="sha256")
    edge: merkle.Edge = []
    for size in range(1, 601):
        entry = (size - 1).to_bytes(4, "big")
        other.append_entry(entry)
        edge, _ = merkle.append(size - 1, edge, [merkle.leaf_hash(entry)])
        assert merkle.edge_root(edge) == other.get_root()


@given(st.lists(st.integers(1, 300), max_size=8))
def test_leaves_may_come_in_any_portions(portions):
    size, edge, tiles = 0, [], {}
    for portion in portions:
        edge, grown = merkle.append(size, edge, leaves_of(size + portion)[size:])
        tiles |= grown
        size += portion
    everything = leaves_of(size)
    assert merkle.edge_root(edge) == merkle.root(everything)
    assert [(level, number) for level, number, width in merkle.edge_tiles(size) if width] == [
        (level, size >> 8 * level + 8) for level, row in enumerate(edge) if row
    ]
    stored = merkle.from_tiles(lambda level, number: tiles[level, number])
    if size:
        assert stored(0, size) == merkle.root(everything)
        assert b"".join(tiles[0, n] for n in range((size + 255) // 256)) == b"".join(everything)


def test_a_partial_tile_is_never_hashed_upward():
    _, tiles = merkle.append(0, [], MANY[:511])
    assert len(tiles[1, 0]) == merkle.HASH
    assert tiles[1, 0] == merkle.root(MANY[:256])


def test_three_levels_of_tiles():
    size = 65_536 + 256 + 3
    leaves = leaves_of(size)
    edge, tiles = merkle.append(0, [], leaves)
    assert [len(row) for row in edge] == [3, 1, 1]
    assert tiles[2, 0] == merkle.root(leaves[:65_536])
    stored = merkle.from_tiles(lambda level, number: tiles[level, number])
    proof = merkle.inclusion_proof(40_000, size, stored)
    assert merkle.includes(leaves[40_000], 40_000, size, proof, merkle.edge_root(edge))


@given(sizes, st.data())
def test_inclusion_is_shown_and_nothing_else_is(size, data):
    index = data.draw(st.integers(0, size - 1))
    root, proof = range_hash(0, size), merkle.inclusion_proof(index, size, range_hash)
    assert merkle.includes(MANY[index], index, size, proof, root)
    assert not merkle.includes(MANY[index][::-1], index, size, proof, root)
    assert not merkle.includes(MANY[index], index, size, [*proof, root], root)
    assert not merkle.includes(MANY[index], size, size, proof, root)
    if proof:
        assert not merkle.includes(MANY[index], index, size, proof[:-1], root)
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not merkle.includes(MANY[index], index, size, [*proof[:at], root, *proof[at + 1 :]], root)


@given(sizes, st.data())
def test_consistency_is_shown_and_nothing_else_is(new, data):
    old = data.draw(st.integers(1, new))
    roots, proof = (range_hash(0, old), range_hash(0, new)), merkle.consistency_proof(old, new, range_hash)
    assert merkle.continues(old, new, proof, *roots)
    assert not merkle.continues(old, new, proof, roots[0][::-1], roots[1])
    assert not merkle.continues(old, new, proof, roots[0], roots[1][::-1])
    assert not merkle.continues(old, new, [*proof, roots[0]], *roots)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not merkle.continues(old, new, [*proof[:at], proof[at][::-1], *proof[at + 1 :]], *roots)


def test_impossible_proofs_are_refused():
    with pytest.raises(ValueError, match="no leaf 5"):
        merkle.inclusion_proof(5, 5, range_hash)
    with pytest.raises(ValueError, match="does not continue"):
        merkle.consistency_proof(6, 5, range_hash)
