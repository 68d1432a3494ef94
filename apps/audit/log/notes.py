"""Signed notes and checkpoints to the letter of C2SP signed-note and tlog-checkpoint, and the log's key.

A note is text that ends in a newline, an empty line, and one signature line:

    casemgr.example/trail
    1042
    Fa1kk…root in base64…=

    — casemgr.example/trail base64(key id ‖ Ed25519 signature of the text)

The key lies in one file of its own, in the usual form `PRIVATE+KEY+<name>+<id>+<key>`; beside it, in `.pub`, what
others verify with: `<name>+<id>+<key>`.
"""

import os
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"


class BadNote(ValueError):
    """A note, checkpoint or key is malformed, or is not signed by the key it should be signed by."""


@dataclass(frozen=True)
class Verifier:
    """Checks the notes of one key."""

    name: str
    key: bytes

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Read `<name>+<id>+<key>`. Raises BadNote."""
        name, key = _parse_key(text.strip())
        return cls(name, key)

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.key)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_b64(ED25519 + self.key)}"

    def open(self, note: str) -> str:
        """The text of a note that this key has signed. Raises BadNote."""
        text, mark, signatures = note.rpartition("\n\n")
        text += "\n"
        if not mark or not signatures.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", note):
            raise BadNote("it is not a signed note")
        for line in signatures[:-1].split("\n"):
            name, signature = _parse_signature(line)
            if name != self.name or signature[:4] != self.id:
                continue  # of a key we do not know, such as a witness's
            try:
                Ed25519PublicKey.from_public_bytes(self.key).verify(signature[4:], text.encode())
            except InvalidSignature:
                raise BadNote(f"its signature by {self.name} is wrong") from None
            return text
        raise BadNote(f"it has no signature by {self.name} with key {self.id.hex()}")


@dataclass(frozen=True)
class Signer:
    """Signs notes with one key."""

    name: str
    private: Ed25519PrivateKey

    @classmethod
    def parse(cls, text: str) -> "Signer":
        """Read `PRIVATE+KEY+<name>+<id>+<key>`. Raises BadNote."""
        head, mark, rest = text.strip().partition("PRIVATE+KEY+")
        if head or not mark:
            raise BadNote("it is not a private key of signed notes")
        name, identity, data = _split_key(rest)
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(data))
        if signer.verifier.id != identity:
            raise BadNote("the key's id does not belong to its name and key")
        return signer

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.private.public_key().public_bytes_raw())

    def __str__(self) -> str:
        return f"Signer({self.verifier})"

    def export(self) -> str:
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{_b64(ED25519 + self.private.private_bytes_raw())}"

    def sign(self, text: str) -> str:
        if not text.endswith("\n"):
            raise BadNote("the text of a note ends in a newline")
        return f"{text}\n— {self.name} {_b64(self.verifier.id + self.private.sign(text.encode()))}\n"


def key_id(name: str, key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + key).digest()[:4]


@dataclass(frozen=True)
class Head:
    """What a checkpoint says: a log of this name has this many entries under this root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Read the text of a checkpoint; lines after the third are extensions and are left alone. Raises BadNote."""
        match = re.match(r"([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]+={0,2})\n([^\n]+\n)*\Z", text)
        if not match:
            raise BadNote("it is not a checkpoint: name, size and root in a line each")
        return cls(match[1], int(match[2]), _unb64(match[3]))


# --- the key file ----------------------------------------------------------------------------------------------------


def load_or_make_signer(path: Path, name: str) -> Signer:
    """The key in the file; made now, for its owner alone, when there is none. Raises BadNote, OSError."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(path, Signer(name, Ed25519PrivateKey.generate()).export(), 0o600)
    signer = Signer.parse(path.read_text())
    if signer.name != name:
        raise BadNote(f"{path} is the key of {signer.name}, and the trail is called {name}")
    if not public_file(path).exists():
        _write_once(public_file(path), str(signer.verifier), 0o644)
    return signer


def load_verifier(path: Path) -> Verifier | None:
    """What verifies the notes of the key in the file, or None when no key has been made yet. Raises BadNote."""
    if public_file(path).exists():
        return Verifier.parse(public_file(path).read_text())
    return Signer.parse(path.read_text()).verifier if path.exists() else None


def public_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.pub")


def replace(path: Path, text: str) -> None:
    """Put text into a file so that a reader, or a crash, sees the old or the new, never half of it."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def _write_once(path: Path, text: str, mode: int) -> None:
    """The first of two processes wins; both then read the same."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "w") as file:
        file.write(f"{text}\n")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _parse_key(text: str) -> tuple[str, bytes]:
    name, identity, key = _split_key(text)
    if key_id(name, key) != identity:
        raise BadNote("the key's id does not belong to its name and key")
    return name, key


def _split_key(text: str) -> tuple[str, bytes, bytes]:
    match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})", text)
    data = _unb64(match[3]) if match else b""
    if not match or len(data) != 33 or data[:1] != ED25519:
        raise BadNote("it is not an Ed25519 key of signed notes: name+id+key")
    return match[1], bytes.fromhex(match[2]), data[1:]


def _parse_signature(line: str) -> tuple[str, bytes]:
    match = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})", line)
    data = _unb64(match[2]) if match else b""
    if not match or len(data) < 5:
        raise BadNote("one of its signature lines is malformed")
    return match[1], data


def _b64(data: bytes) -> str:
    return b64encode(data).decode()


def _unb64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise BadNote("its base64 is damaged") from error
