"""The verifier's own primitives against published vectors and other libraries; and that it stands alone."""

import ast
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.audit.log import merkle, notes
from apps.disclosures.bundle import assembly, verifier

# RFC 8032, 7.1: tests 1 to 3: key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_ed25519_agrees_with_rfc_8032(key, message, signature):
    key, message, signature = map(bytes.fromhex, (key, message, signature))
    assert verifier.ed25519_in_python(key, signature, message)
    assert not verifier.ed25519_in_python(key, signature, message + b"x")


@settings(max_examples=25)
@given(st.binary(max_size=200), st.integers(0, 511), st.integers(0, 255))
def test_ed25519_agrees_with_the_library(message, bit, key_bit):
    private = Ed25519PrivateKey.generate()
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert verifier.ed25519_in_python(key, signature, message)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    other = bytearray(key)
    other[key_bit // 8] ^= 1 << key_bit % 8
    for one_key, one in ((key, bytes(flipped)), (bytes(other), signature)):
        assert verifier.ed25519_in_python(one_key, one, message) is verifier.ed25519(one_key, one, message) is False


def test_a_signature_in_another_form_is_refused():
    """The order of the group added to S: the same signature to whoever does not look (RFC 8032, 5.1.7)."""
    private = Ed25519PrivateKey.generate()
    key, signature = private.public_key().public_bytes_raw(), private.sign(b"x")
    s = int.from_bytes(signature[32:], "little") + verifier.L
    assert not verifier.ed25519_in_python(key, signature[:32] + s.to_bytes(32, "little"), b"x")


@settings(max_examples=60)
@given(st.integers(1, 700), st.data())
def test_trees_and_proofs_agree_with_those_of_the_log(size, data):
    leaves = [merkle.leaf_hash(b"%d" % n) for n in range(size)]
    tree = verifier.Tree()
    for leaf in leaves:
        tree.append(leaf)
    root = merkle.root(leaves)
    assert tree.root == root
    stored = lambda start, end: merkle.root(leaves[start:end])  # noqa: E731
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path = merkle.inclusion_proof(index, size, stored)
    assert verifier.includes(leaves[index], index, size, path, root)
    assert not verifier.includes(leaves[index], (index + 1) % size, size, path, root) or size == 1
    assert not verifier.includes(leaves[index], index, size, [*path, root], root)
    step = merkle.consistency_proof(old, size, stored)
    assert verifier.continues(old, size, step, merkle.root(leaves[:old]), root)
    assert not verifier.continues(old, size, step, merkle.root(leaves[:old]), b"\0" * 32)


def checkpoint(*keys):
    text = "trail.example\n5\n" + notes.b64(bytes(32)) + "\n"
    return text, text + "\n" + "".join(key.line(text) for key in keys)


def test_every_kind_of_signature_is_checked(monkeypatch):
    """Ed25519 and ML-DSA-44 of a log and of a witness; a policy of two witnesses asks for both."""
    log = [notes.Signer.generate("trail.example", kind) for kind in (notes.ED25519, notes.ML_DSA_44)]
    seen = [
        notes.Cosigner.generate(f"w{number}.example", kind)
        for number, kind in enumerate((notes.COSIGNATURE, notes.ML_DSA_44))
    ]
    policy = verifier.Policy.parse(
        "".join(f"log {key.verifier}\n" for key in log)
        + "".join(f"witness w{number} {key.verifier}\n" for number, key in enumerate(seen))
        + "group both all w0 w1\nquorum both\n"
    )
    text, note = checkpoint(*log)
    assert policy.open(note).quorum_at is None
    at = int(datetime(2026, 5, 3, 10, tzinfo=UTC).timestamp())
    note += "".join(key.line(text, at) for key in seen)
    signed = policy.open(note)
    assert signed.witnesses == {"w0": at, "w1": at}
    assert signed.quorum_at == at
    with pytest.raises(verifier.Bad, match="wrong"):
        policy.open(note.replace("\n5\n", "\n6\n"))
    monkeypatch.setattr(verifier, "MLDSA44PublicKey", None)
    bare = policy.open(note)
    assert bare.witnesses == {"w0": at}
    assert len(bare.unable) == 2
    assert "needs the Python package cryptography" in bare.unable[0]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no quorum"),
        ("quorum nobody\n", "not defined"),
        ("quorum none\nquorum none\n", "not expected"),
        ("group g 2 a\nquorum none\n", "not defined"),
        ("lag x\nquorum none\n", "not expected"),
        ("log x+00000000+AAAA\nquorum none\n", "kind"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(text, what):
    with pytest.raises(verifier.Bad, match=what):
        verifier.Policy.parse(text)


def test_it_stands_alone():
    """It imports the standard library, and `cryptography` only where that is there."""
    tree = ast.parse(assembly.VERIFIER.read_text())
    imported = {
        (node.module or "").partition(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}
    assert ast.parse(assembly.VERIFIER.read_text(), feature_version=(3, 9))


def test_it_says_what_it_cannot_read(tmp_path):
    nothing = tmp_path / "nothing.tar"
    nothing.write_bytes(b"not a tar")
    command = [sys.executable, "-I", "-S", assembly.VERIFIER, "case", nothing]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("It could not be checked: the archive is damaged")


def test_its_hash_is_published(settings):
    """Whoever changes the verifier publishes its new hash."""
    assert assembly.verifier_sha256() in (settings.BASE_DIR / "docs" / "verifying.md").read_text()
