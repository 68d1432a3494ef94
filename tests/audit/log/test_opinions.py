"""Two other implementations judge the same trees and proofs: pymerkle makes and verifies both kinds of proof, sigstore
verifies inclusion as Rekor's clients do. What one accepts all accept; what was tampered with all refuse."""

import random
from types import SimpleNamespace

import pymerkle
import pytest
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore.errors import VerificationError

from apps.audit.log import merkle

LARGEST = 1200


class Grove:
    """One long log; every size of it is a tree."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.entries = [self.rng.randbytes(self.rng.randrange(100)) for _ in range(LARGEST)]
        self.other = pymerkle.InmemoryTree(algorithm="sha256")
        self.other.append_entries(self.entries)
        leaves = [merkle.leaf_hash(entry) for entry in self.entries]
        _, tiles = merkle.append(0, [], leaves)
        self.range_hash = merkle.from_tiles(lambda level, n: tiles[level, n])
        self.leaves = leaves

    def sizes(self) -> tuple[int, int]:
        """Often about a power of two, where the shapes of trees change."""
        near = 2 ** self.rng.randrange(1, 11) + self.rng.randrange(-2, 3)
        new = self.rng.choice([near, self.rng.randrange(1, LARGEST)])
        new = min(max(new, 1), LARGEST)
        return self.rng.randrange(1, new + 1), new

    def spoiled(self, proof: list[bytes]) -> list[list[bytes]]:
        """The proof with one thing wrong with it."""
        if not proof:
            return [[bytes(32)]]
        at, bit = self.rng.randrange(len(proof)), 1 << self.rng.randrange(8)
        flipped = bytes([proof[at][0] ^ bit]) + proof[at][1:]
        wrong = [[*proof[:at], flipped, *proof[at + 1 :]], proof[:at] + proof[at + 1 :], [*proof, proof[at]]]
        return wrong + ([proof[::-1]] if proof != proof[::-1] else [])


def sigstore_accepts(entry: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    shown = SimpleNamespace(log_index=index, tree_size=size, hashes=proof, root_hash=root)
    try:
        verify_merkle_inclusion(
            SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=shown, canonicalized_body=entry))
        )
    except VerificationError:
        return False
    return True


def pymerkle_accepts(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    rule = pymerkle.core._inclusion_path_layout(index + 1, size)[0]
    shown = pymerkle.InclusionProof("sha256", True, size, index + 1, rule, [leaf, *proof])
    try:
        shown.verify(leaf, root, index=index + 1, size=size)
    except pymerkle.InvalidProof:
        return False
    return True


def agree_on_inclusion(grove: Grove) -> None:
    _, size = grove.sizes()
    index = grove.rng.randrange(size)
    entry, leaf, root = grove.entries[index], grove.leaves[index], grove.range_hash(0, size)
    assert root == grove.other.get_root(size)
    proof = merkle.inclusion_proof(index, size, grove.range_hash)
    assert [leaf, *proof] == grove.other.prove_inclusion(index + 1, size).path

    def verdicts(proof: list[bytes], index: int = index, size: int = size, root: bytes = root) -> set[bool]:
        return {
            merkle.includes(leaf, index, size, proof, root),
            sigstore_accepts(entry, index, size, proof, root),
            pymerkle_accepts(leaf, index, size, proof, root),
        }

    assert verdicts(proof) == {True}
    for wrong in grove.spoiled(proof):
        assert verdicts(wrong) == {False}
    assert verdicts(proof, root=root[::-1]) == {False}
    if size > 1:
        assert verdicts(proof, index=(index + 1) % size) == {False}


def agree_on_consistency(grove: Grove) -> None:
    old, new = grove.sizes()
    roots = grove.range_hash(0, old), grove.range_hash(0, new)
    other = grove.other.prove_consistency(old, new)
    other.verify(*roots, prior_size=old, later_size=new)
    proof = merkle.consistency_proof(old, new, grove.range_hash)
    assert merkle.continues(old, new, proof, *roots)
    for wrong in grove.spoiled(proof):
        assert not merkle.continues(old, new, wrong, *roots)
    for false_roots in ((roots[0][::-1], roots[1]), (roots[0], roots[1][::-1])):
        assert not merkle.continues(old, new, proof, *false_roots)
        with pytest.raises(pymerkle.InvalidProof):
            other.verify(*false_roots, prior_size=old, later_size=new)
    if old < new:  # and a proof is for its two sizes only
        assert not merkle.continues(old + 1, new, proof, *roots)
        assert not merkle.continues(old, new, proof, roots[1], roots[0])


def judge(seed: int, times: int) -> None:
    grove = Grove(seed)
    for _ in range(times):
        agree_on_inclusion(grove)
        agree_on_consistency(grove)


def test_they_agree():
    judge(20261121, 40)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_they_agree_on_thousands(seed):
    judge(seed, 400)
