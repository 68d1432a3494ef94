"""Signed notes to the letter: the example that the format's own documentation signs has to verify here."""

import stat
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.log import notes

VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
ROOT = "A" * 43 + "="
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n— PeterNeumann {SIGNATURE}\n"


def test_the_documented_example():
    assert notes.Signer.parse(SKEY).sign(TEXT) == NOTE
    verifier = notes.Verifier.parse(VKEY)
    assert verifier.open(NOTE) == TEXT
    assert str(verifier) == VKEY
    assert notes.Signer.parse(SKEY).export() == SKEY
    assert SKEY[-20:] not in str(notes.Signer.parse(SKEY))


def test_signatures_of_others_stand_beside():
    other = notes.Signer.parse(SKEY)
    witnessed = NOTE + f"— witness.example {NOTE.split()[-1]}\n"
    assert other.verifier.open(witnessed) == TEXT


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda note: note.replace("answer", "Answer"), "signature by PeterNeumann is wrong"),
        (lambda note: note.replace("PeterNeumann", "PeterNewmann"), "no signature by PeterNeumann"),
        (lambda note: note.replace("— ", "- "), "signature lines is malformed"),
        (lambda note: note.replace("x08go/", "x08gp/"), "no signature by PeterNeumann"),
        (lambda note: note[:-1], "not a signed note"),
        (lambda note: note.replace("\n\n", "\n"), "not a signed note"),
        (lambda note: note.replace("you", "y\x07u", 1), "not a signed note"),
        (lambda note: "", "not a signed note"),
    ],
)
def test_damaged_notes_are_refused(damage, why):
    with pytest.raises(notes.BadNote, match=why):
        notes.Verifier.parse(VKEY).open(damage(NOTE))


@pytest.mark.parametrize(
    "key",
    [
        "",
        VKEY.replace("c74f20a3", "c74f20a4"),
        VKEY.replace("Peter", "Petra"),
        VKEY[:-4],
        VKEY.replace("+A", "+B"),
        SKEY,
    ],
)
def test_damaged_keys_are_refused(key):
    with pytest.raises(notes.BadNote):
        notes.Verifier.parse(key)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    st.integers(0, 2**63),
    st.binary(min_size=32, max_size=32),
)
def test_checkpoints_come_back_as_they_went(extra, size, root):
    head = notes.Head("log.example/trail", size, root)
    assert notes.Head.parse(str(head)) == head
    if extra:
        assert notes.Head.parse(f"{head}{extra}\n") == head


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        f"a\n01\n{ROOT}\n",
        "a\n1\nAAAA\n",
        f"a\n-1\n{ROOT}\n",
        "a\n1\nnot base64!\n",
        f"a\n1\n{ROOT}",
        f"a\n1\n{ROOT}\n\n",
        f"\n1\n{ROOT}\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(notes.BadNote):
        notes.Head.parse(text)


@given(st.text(max_size=200))
def test_nothing_makes_the_parsers_stumble(text):
    for parse in (notes.Verifier.parse, notes.Signer.parse, notes.Head.parse, notes.Verifier.parse(VKEY).open):
        with pytest.raises(notes.BadNote):
            parse(text)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "trail.key"
    assert notes.load_verifier(path) is None
    made = notes.load_or_make_signer(path, "log.example/trail")
    assert notes.load_or_make_signer(path, "log.example/trail").export() == made.export()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert notes.load_verifier(path) == made.verifier
    notes.public_file(path).unlink()
    assert notes.load_verifier(path) == made.verifier
    assert sorted(p.name for p in path.parent.iterdir()) == ["trail.key"]
    with pytest.raises(notes.BadNote, match=r"log\.example/trail"):
        notes.load_or_make_signer(path, "another.example")


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "last"
    notes.replace(path, "one")
    notes.replace(path, "two")
    assert path.read_text() == "two"
    assert list(tmp_path.iterdir()) == [path]


# --- several types of signature --------------------------------------------------------------------------------------

# The example of signed-note, "Verifier keys".
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# The example of tlog-cosignature: a checkpoint with the signature of its log and a cosignature of March 2023.
COSIGNED = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa \
Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 \
jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
# An ML-DSA-44 log made from a published seed, and its checkpoint as another implementation signed it: the test of
# litewitness (filippo.io/torchwood, ISC licence, cmd/litewitness/testdata/mldsa.txt).
ML_DSA_SEED = bytes.fromhex("2886adc2b0eabfce67c0472939127998bf886cf256bfee8ba76a253fce1146e0")
ML_DSA_NOTE = (Path(__file__).parent / "vectors" / "ml-dsa-44-checkpoint.txt").read_text()

HEAD = notes.Head("log.example/trail", 20_852_163, b"\x0a" * 32)
KINDS = [notes.COSIGNATURE, notes.ML_DSA_44]


def test_the_example_of_the_format():
    assert notes.Verifier.parse(EXAMPLE_KEY).open(EXAMPLE) == "This is an example message.\n"


def test_an_ml_dsa_44_checkpoint_of_another_implementation():
    name = "example.com/mldsa-log"
    signer = notes.Signer(name, MLDSA44PrivateKey.from_seed_bytes(ML_DSA_SEED), notes.ML_DSA_44)
    assert signer.verifier.id.hex() == "b5df45c5"
    root = sha256(b"\x00testonly").digest()
    assert signer.verifier.open(ML_DSA_NOTE) == str(notes.Head(name, 1, root))
    with pytest.raises(notes.BadNote, match="is wrong"):
        signer.verifier.open(ML_DSA_NOTE.replace("\n1\n", "\n2\n"))
    with pytest.raises(notes.BadNote, match="does not say when"):
        notes.CosignatureVerifier.parse(str(signer.verifier)).open(ML_DSA_NOTE)
    assert notes.Signer.parse(signer.export()).export() == signer.export()


def test_the_lines_of_a_documented_cosignature():
    (log, log_id, log_mark), (witness, _, mark) = notes.signatures(COSIGNED)
    assert (log, log_id.hex(), len(log_mark)) == ("example.com/behind-the-sofa", "033de0ae", 64)
    assert (witness, int.from_bytes(mark[:8], "big"), len(mark)) == ("witness.example.com/w1", 1_679_315_147, 72)


def test_what_a_cosignature_signs_is_what_the_format_says():
    """tlog-cosignature, "Ed25519 signed message", its example; and "ML-DSA-44 signed message", byte by byte."""
    text = COSIGNED.partition("\n\n")[0] + "\n"
    assert notes.keys.message(notes.COSIGNATURE, "witness.example.com/w1", text, 1_679_315_147) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )
    assert notes.keys.message(notes.ML_DSA_44, "w1", f"{HEAD}extension\n", 1_679_315_147) == (
        b"subtree/v1\n\0\x02w1\x00\x00\x00\x00\x64\x18\x50\xcb\x11log.example/trail"
        + bytes(8)
        + (20_852_163).to_bytes(8, "big")
        + b"\x0a" * 32
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_cosignature_says_what_was_seen_and_when(kind):
    witness = notes.Cosigner.generate("witness.example/w1", kind)
    log = notes.files.generate(HEAD.origin)
    note = log.sign(str(HEAD))
    whole = notes.with_signatures(note, witness.cosign(note, at=1_679_315_147))
    verifier = notes.CosignatureVerifier.parse(str(witness.verifier))
    assert verifier.open(whole) == (HEAD, datetime(2023, 3, 20, 12, 25, 47, tzinfo=UTC))
    assert log.verifier.open(whole) == str(HEAD)
    assert notes.Cosigner.parse(witness.export()).export() == witness.export()
    with pytest.raises(notes.BadNote, match=r"no signature by witness\.example/w1"):
        verifier.open(note)
    later = whole.replace(notes.b64(witness.verifier.id + (1_679_315_147).to_bytes(8, "big"))[:14], "A" * 14)
    with pytest.raises(notes.BadNote):
        verifier.open(later)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cosignature_of_another_time_tree_or_witness_is_refused(kind):
    witness = notes.Cosigner.generate("witness.example/w1", kind)
    note = f"{HEAD}\n" + witness.cosign(f"{HEAD}\n— x {'A' * 8}\n", at=1_679_315_147)
    name, identity, mark = notes.signatures(note)[0]
    wrong = {
        "time": notes.signature_line(name, identity, (1_679_315_148).to_bytes(8, "big") + mark[8:]),
        "year": notes.signature_line(name, identity, b"\xff" * 8 + mark[8:]),
        "byte": notes.signature_line(name, identity, mark[:-1] + bytes([mark[-1] ^ 1])),
        "short": notes.signature_line(name, identity, mark[:7]),
    }
    for line in wrong.values():
        with pytest.raises(notes.BadNote):
            witness.verifier.open(f"{HEAD}\n{line}")
    with pytest.raises(notes.BadNote, match="is wrong"):
        witness.verifier.open(note.replace("20852163", "20852164"))


def test_a_witness_is_no_log_and_a_log_no_ed25519_witness():
    log = notes.Signer.generate("log.example", notes.ED25519)
    witness = notes.Cosigner.generate("witness.example", notes.COSIGNATURE)
    for parse, key in ((notes.Verifier.parse, witness.verifier), (notes.CosignatureVerifier.parse, log.verifier)):
        with pytest.raises(notes.BadNote, match="does not sign this"):
            parse(str(key))
    for parse, secret in ((notes.Signer.parse, witness.export()), (notes.Cosigner.parse, log.export())):
        with pytest.raises(notes.BadNote, match="does not sign this"):
            parse(secret)


def test_a_checkpoint_bears_both_signatures_and_either_is_enough():
    log = notes.files.generate(HEAD.origin)
    note = log.sign(str(HEAD))
    both = notes.Verifiers.parse(str(log.verifier))
    assert [key for _, key, _ in notes.signatures(note)] == [key.id for key in both.keys]
    for key in both.keys:
        assert notes.Verifiers((key,)).open(note) == str(HEAD)
    first, second = (line + "\n" for line in note.split("\n\n")[1].splitlines())
    other = log.sign(str(notes.Head(HEAD.origin, 1, HEAD.root))).split("\n\n")[1].splitlines()
    for lines in (first, second):
        assert both.open(f"{HEAD}\n{lines}") == str(HEAD)
    for lines in (first + other[1] + "\n", other[0] + "\n" + second, first + other[0] + "\n"):
        with pytest.raises(notes.BadNote, match="is wrong"):
            both.open(f"{HEAD}\n{lines}")
    with pytest.raises(notes.BadNote, match="no signature by"):
        notes.files.generate(HEAD.origin).verifier.open(note)


def test_signature_lines_are_added_once():
    log = notes.files.generate(HEAD.origin)
    witness = notes.Cosigner.generate("witness.example", notes.COSIGNATURE)
    note, line = log.sign(str(HEAD)), witness.cosign(log.sign(str(HEAD)))
    whole = notes.with_signatures(note, line + line)
    assert whole == note + line
    assert notes.with_signatures(whole, line) == whole
    for lines in ("", "no line\n", line[:-1], line + "\n" + line):
        with pytest.raises(notes.BadNote):
            notes.with_signatures(note, lines)


def test_a_note_may_have_sixteen_signatures_and_not_without_end():
    line = "— a.example AAAAAAAA\n"
    assert len(notes.signatures("text\n\n" + line * 16)) == 16
    with pytest.raises(notes.BadNote, match="more than 64"):
        notes.signatures("text\n\n" + line * 65)


def test_a_key_file_holds_a_key_of_each_type(tmp_path):
    made = notes.load_or_make_signer(tmp_path / "trail.key", "log.example/trail")
    assert [key.kind for key in made.keys] == [notes.ED25519, notes.ML_DSA_44]
    assert (tmp_path / "trail.key.pub").read_text() == f"{made.verifier}\n"
    assert made.export() not in str(made)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\u2003b"])
def test_what_cannot_name_a_key(name):
    with pytest.raises(notes.BadNote, match="cannot name a key"):
        notes.Signer.generate(name, notes.ED25519)
