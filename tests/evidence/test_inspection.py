"""What is kept apart, and that nothing else is: archives are judged without being unpacked."""

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evidence.files.inspection import Limits, suspicions, zstd


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return held.getvalue()


def tarred(*entries: tuple[str, bytes], link: tuple[str, str] | None = None, mode: str = "w") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        if link:
            entry = tarfile.TarInfo(link[0])
            entry.type, entry.linkname = tarfile.SYMTYPE, link[1]
            archive.addfile(entry)
    return held.getvalue()


def with_symlink() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        entry = zipfile.ZipInfo("innocent.txt")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return held.getvalue()


def encrypted() -> bytes:
    """A zip whose directory says that its file is encrypted."""
    content = bytearray(zipped(("a.txt", b"secret"), method=zipfile.ZIP_STORED))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def overlapping() -> bytes:
    """Two entries of the directory whose bytes are the same ones, as in Fifield's zip bomb."""
    content = zipped(("a.bin", os.urandom(4000)))
    start, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    directory = content[start:end]
    tail = bytearray(content[end:])
    tail[8:12] = (3).to_bytes(2, "little") * 2
    tail[12:16] = (3 * len(directory)).to_bytes(4, "little")
    return content[:start] + directory * 3 + bytes(tail)


def found(content: bytes, name: str = "archive.zip", **limits: int) -> str:
    return " ".join(suspicions(io.BytesIO(content), name, Limits(**limits)))


ROW = b"acct_1,12\n"
CLEAN = {
    "log.csv": ROW,
    "log.jsonl": b'{"a":1}\n{"a":2}\n',
    "page.html": b"<!doctype html><script>alert(1)</script>",
    "many.zip": zipped(*((f"logs/{n}.csv", ROW * n) for n in range(50))),
    "nested.zip": zipped(("inner.zip", zipped(("a.csv", ROW)))),
    "log.csv.gz": gzip.compress(ROW * 5000),
    "logs.tar": tarred(("logs/a.csv", ROW)),
    "logs.tgz": tarred(("logs/a.csv", ROW), mode="w:gz"),
    "logs.tar.zst": zstd.compress(tarred(("logs/a.csv", ROW))),
    "log.bz2": bz2.compress(ROW),
    "log.xz": lzma.compress(ROW),
    "empty.zip": zipped(),
    "unknown.bin": b"\x00\x01\x02",
}


@pytest.mark.parametrize("name", CLEAN)
def test_nothing_speaks_against_ordinary_files(name):
    assert suspicions(io.BytesIO(CLEAN[name]), name) == []


BAD = {
    "a name that lies": (b"MZ\x90\x00", "report.pdf", "ends in .pdf"),
    "a program": (b"\x7fELF\x02", "tool", "It is a program"),
    "a path upwards": (zipped(("../../etc/cron.d/x", b"x")), "a.zip", "leads out of it"),
    "an absolute path": (tarred(("/etc/passwd", b"x")), "a.tar", "leads out of it"),
    "a path of Windows": (zipped(("C:\\Windows\\x.dll", b"x")), "a.zip", "leads out of it"),
    "a link in a zip": (with_symlink(), "a.zip", "symbolic link"),
    "a link in a tar": (tarred(link=("a", "/etc/passwd")), "a.tar", "holds a link"),
    "a link in a tgz": (tarred(link=("a", "/etc/passwd"), mode="w:gz"), "a.tgz", "holds a link"),
    "a zip that bursts": (zipped(("zeros", bytes(8 << 20))), "a.zip", "more than 200 times its size"),
    "a gzip that bursts": (gzip.compress(bytes(32 << 20)), "a.gz", "more than 200 times its size"),
    "a zstd that bursts": (zstd.compress(bytes(32 << 20)), "a.zst", "more than 200 times its size"),
    "files over each other": (overlapping(), "a.zip", "lie over each other"),
    "an encrypted zip": (encrypted(), "a.zip", "encrypted"),
    "a bad path two deep": (zipped(("in.zip", zipped(("../x", b"x")))), "a.zip", "in.zip, inside the archive"),
    "a bad path in a zip in a tgz": (tarred(("i.zip", zipped(("../x", b"x"))), mode="w:gz"), "a.tgz", "leads out"),
    "a zip that is cut off": (zipped(("a", ROW))[:-10], "a.zip", "cannot be read"),
    "a gzip that is cut off": (gzip.compress(os.urandom(5000))[:-100], "a.gz", "cannot be read"),
    "an archive nobody looks into": (b"7z\xbc\xaf\x27\x1c\x00\x04", "a.7z", "cannot look into it"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_speaks_against_a_file_is_said(what):
    content, name, says = BAD[what]
    assert says in found(content, name)


def test_the_number_of_files_is_limited_over_all_depths():
    inner = zipped(*((f"{n}.txt", b"x") for n in range(8)))
    assert found(zipped(("a.zip", inner), ("b.txt", b"x")), entries=10) == ""
    assert "more than 9 files" in found(zipped(("a.zip", inner), ("b.txt", b"x")), entries=9)


def test_the_unpacked_size_is_limited_before_anything_is_unpacked():
    content = zipped(*((f"{n}.bin", os.urandom(1000)) for n in range(3)))
    assert found(content, unpacked=3000) == ""
    assert "more than 2,999 bytes" in found(content, unpacked=2999)


def test_archives_in_archives_end_somewhere():
    content = zipped(("a.txt", b"x"))
    for depth in range(5):
        content = zipped((f"{depth}.zip", content))
    assert "more than 3 deep" in found(content)
    assert found(content, depth=9) == ""


def test_a_directory_that_is_too_large_is_not_read():
    content = bytearray(zipped(("a", b"x")))
    end = content.index(b"PK\x05\x06")
    content[end + 12 : end + 16] = (1 << 30).to_bytes(4, "little")
    assert "directory of more than" in found(bytes(content))


STARTS = [b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", bytes(257) + b"ustar\x0000"]


@given(
    st.binary(max_size=400), st.sampled_from(["a.zip", "a.tar", "a.gz", "a.zst", "a.xz", "a"]), st.sampled_from(STARTS)
)
def test_whatever_the_bytes_are_the_answer_is_sentences(noise, name, start):
    assert all(isinstance(sentence, str) and sentence for sentence in suspicions(io.BytesIO(start + noise), name))
