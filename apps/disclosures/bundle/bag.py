"""Writes a bag (BagIt, RFC 8493) as a .tar, piece by piece, in flat memory. Plain data in, bytes out.

What is made for the bag is one stream of tar entries, kept in the vault as one file; the exhibits stay in the vault as
they are, and are put between tar headers when somebody takes the bag. So a bag of 20 GB needs no second 20 GB.
"""

import hashlib
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

BLOCK = 512
RECORD = 20 * BLOCK  # a tar ends at a multiple of this
CHUNK = 1 << 20
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


@dataclass(frozen=True)
class Held:
    """A file of the bag that lies in the vault already."""

    path: str
    sha256: str
    sha512: str
    size: int


@dataclass
class Writer:
    """Makes the tar entries of a bag and remembers their hashes for the manifests."""

    root: str
    mtime: int
    hashes: dict[str, tuple[str, str]] = field(default_factory=dict)  # path: SHA-256, SHA-512
    octets: int = 0

    def held(self, file: Held) -> None:
        """A payload file that is not made here."""
        self._listed(file.path, file.size, (file.sha256, file.sha512))

    def file(self, path: str, data: bytes) -> bytes:
        """The tar entry of a file."""
        self._listed(path, len(data), (hashlib.sha256(data).hexdigest(), hashlib.sha512(data).hexdigest()))
        return header(f"{self.root}/{path}", len(data), self.mtime) + data + padding(len(data))

    def stream(self, path: str, source: Path) -> Iterator[bytes]:
        """The same, of a file that may be large."""
        hashes, size = (hashlib.sha256(), hashlib.sha512()), source.stat().st_size
        yield header(f"{self.root}/{path}", size, self.mtime)
        with source.open("rb") as file:
            while part := file.read(CHUNK):
                for one in hashes:
                    one.update(part)
                yield part
        self._listed(path, size, (hashes[0].hexdigest(), hashes[1].hexdigest()))
        yield padding(size)

    def close(self, info: dict[str, str]) -> Iterator[bytes]:
        """The tag files; those before they are written cannot be added to."""
        payload = {path for path in self.hashes if path.startswith("data/")}
        oxum = f"{self.octets}.{len(payload)}"
        lines = {"Bagging-Date": date.fromtimestamp(self.mtime).isoformat(), "Payload-Oxum": oxum, **info}
        text = "".join(f"{name}: {' '.join(value.split())}\n" for name, value in lines.items())
        yield self.file("bagit.txt", DECLARATION)
        yield self.file("bag-info.txt", text.encode())
        for place, algorithm in enumerate(("sha256", "sha512")):
            yield self.file(f"manifest-{algorithm}.txt", self._manifest(payload, place))
        tags = set(self.hashes) - payload
        for place, algorithm in enumerate(("sha256", "sha512")):
            yield self.file(f"tagmanifest-{algorithm}.txt", self._manifest(tags, place))

    def _listed(self, path: str, size: int, hashes: tuple[str, str]) -> None:
        if path in self.hashes:
            raise ValueError(f"the bag has {path} already")
        self.hashes[path] = hashes
        self.octets += size if path.startswith("data/") else 0

    def _manifest(self, paths: set[str], place: int) -> bytes:
        return "".join(f"{self.hashes[path][place]}  {_encoded(path)}\n" for path in sorted(paths)).encode()


def header(name: str, size: int, mtime: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, mtime, 0o644
    return entry.tobuf(tarfile.PAX_FORMAT)


def padding(size: int) -> bytes:
    return bytes(-size % BLOCK)


Reader = Callable[[int], Iterable[bytes]]  # the bytes of something, from an offset on
Piece = tuple[int, Reader]  # how long it is


def archive(
    root: str, mtime: int, held: Iterable[tuple[Held, Reader]], made: Piece, *, start: int = 0
) -> Iterator[bytes]:
    """The .tar from the byte `start` on: files of the vault, then what was made for the bag. What lies before is not
    read."""
    at = 0
    for size, read in _pieces(root, mtime, held, made):
        skipped = max(start - at, 0)
        if skipped < size:
            yield from _whole(read(skipped), size - skipped)
        at += size
    yield ending(at)[max(start - at, 0) :]


def _pieces(root: str, mtime: int, held: Iterable[tuple[Held, Reader]], made: Piece) -> Iterator[Piece]:
    for file, read in held:
        yield _bytes(header(f"{root}/{file.path}", file.size, mtime))
        yield file.size, read
        yield _bytes(padding(file.size))
    yield made


def _bytes(data: bytes) -> Piece:
    return len(data), lambda start: [data[start:]]


def _whole(parts: Iterable[bytes], size: int) -> Iterator[bytes]:
    for part in parts:
        size -= len(part)
        yield part
    if size:
        raise ValueError("a file of the bag is not as long as it was")


def archive_size(root: str, mtime: int, held: Iterable[Held], made: int) -> int:
    size = made + sum(
        len(header(f"{root}/{file.path}", file.size, mtime)) + file.size + -file.size % BLOCK for file in held
    )
    return size + len(ending(size))


def ending(written: int) -> bytes:
    """Two empty blocks, and up to a whole record (POSIX.1, pax)."""
    return bytes(2 * BLOCK + -(written + 2 * BLOCK) % RECORD)


def _encoded(path: str) -> str:
    """RFC 8493, 2.1.3: line ends and per cents in names."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")
