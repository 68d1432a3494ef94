"""Signed notes to the letter: the example that the format's own documentation signs has to verify here."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.log import notes

VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
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
        "a\n01\nAAAA\n",
        "a\n-1\nAAAA\n",
        "a\n1\nnot base64!\n",
        "a\n1\nAAAA",
        "a\n1\nAAAA\n\n",
        "\n1\nAAAA\n",
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
