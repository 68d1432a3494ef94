"""The keys of notes: what verifies them, `<name>+<id>+<key>`, and what signs, `PRIVATE+KEY+<name>+<id>+<key>`."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from apps.audit.log.notes.text import BadNote, Head, b64, signature_line, split, unb64

ED25519, COSIGNATURE, ML_DSA_44 = 0x01, 0x04, 0x06  # signed-note, "Signature types"
PUBLIC_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
SEED_BYTES = 32
TIME_BYTES = 8
LATEST = 253_402_300_799  # the last second of the year 9999; the formats allow more, the calendar does not
KEY_NAME = re.compile(r"[^\s+]+")


@dataclass(frozen=True)
class _PublicKey:
    """One key that others sign with."""

    name: str
    key: bytes
    kind: int = ED25519

    KINDS: ClassVar[frozenset[int]] = frozenset(PUBLIC_BYTES)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `<name>+<id>+<key>`. Raises BadNote."""
        name, identity, kind, key = _split_key(text.strip())
        if kind not in cls.KINDS:
            raise BadNote(f"the key of {name} is of type {kind:#04x}, which does not sign this")
        if len(key) != PUBLIC_BYTES[kind]:
            raise BadNote(f"the key of {name} has {len(key)} bytes instead of {PUBLIC_BYTES[kind]}")
        public = cls(name, key, kind)
        if public.id != identity:
            raise BadNote("the key's id does not belong to its name and key")
        return public

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.key)}"

    def signed(self, note: str) -> tuple[str, datetime | None] | None:
        """The text of a note and when this key says that it signed; None when it did not. Raises BadNote.

        Lines of other keys are passed over; every one of this key has to be right.
        """
        text, lines = split(note)
        times = [self._check(text, mark) for name, key, mark in lines if (name, key) == (self.name, self.id)]
        return (text, times[0]) if times else None

    def _open(self, note: str) -> tuple[str, datetime | None]:
        if (found := self.signed(note)) is None:
            raise BadNote(f"it has no signature by {self.name} with key {self.id.hex()}")
        return found

    def _check(self, text: str, signature: bytes) -> datetime | None:
        seconds = None
        if self.kind != ED25519:
            seconds, signature = int.from_bytes(signature[:TIME_BYTES], "big"), signature[TIME_BYTES:]
        try:
            _public(self.kind, self.key).verify(signature, message(self.kind, self.name, text, seconds))
        except (InvalidSignature, ValueError):
            raise BadNote(f"its signature by {self.name} is wrong") from None
        return datetime.fromtimestamp(seconds, UTC) if seconds else None


class Verifier(_PublicKey):
    """Checks the notes of one key of a log."""

    KINDS = frozenset({ED25519, ML_DSA_44})

    def open(self, note: str) -> str:
        """The text of a note that this key has signed. Raises BadNote."""
        return self._open(note)[0]


class CosignatureVerifier(_PublicKey):
    """Checks what one key of a witness says about checkpoints."""

    KINDS = frozenset({COSIGNATURE, ML_DSA_44})

    def open(self, note: str) -> tuple[Head, datetime]:
        """What the witness has seen, and when. Raises BadNote."""
        text, moment = self._open(note)
        if moment is None:
            raise BadNote(f"{self.name} does not say when it signed, so it is no witness's cosignature")
        return Head.parse(text), moment


@dataclass(frozen=True)
class Verifiers:
    """All keys of one log: its Ed25519 and its ML-DSA-44 key, and those of earlier years."""

    keys: tuple[Verifier, ...]

    @classmethod
    def parse(cls, text: str) -> "Verifiers":
        """Read one key a line. Raises BadNote."""
        keys = tuple(Verifier.parse(line) for line in text.split("\n") if line.strip())
        if not keys:
            raise BadNote("there is no key in it")
        return cls(keys)

    def __str__(self) -> str:
        return "\n".join(map(str, self.keys))

    @property
    def name(self) -> str:
        return self.keys[0].name

    @property
    def ids(self) -> str:
        """The keys by name and id alone, for people: an ML-DSA-44 key fills a page."""
        return ", ".join(f"{key.name}+{key.id.hex()}" for key in self.keys)

    def open(self, note: str) -> str:
        """The text of a note that at least one of the keys has signed, and none wrongly. Raises BadNote."""
        found = [signed for key in self.keys if (signed := key.signed(note))]
        if not found:
            names = ", ".join(f"{key.name} with key {key.id.hex()}" for key in self.keys)
            raise BadNote(f"it has no signature by {names}")
        return found[0][0]


@dataclass(frozen=True)
class Signer:
    """Signs notes with one key."""

    name: str
    private: Ed25519PrivateKey | MLDSA44PrivateKey
    kind: int = ED25519

    VERIFIER: ClassVar[type[_PublicKey]] = Verifier

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `PRIVATE+KEY+<name>+<id>+<key>`. Raises BadNote."""
        head, mark, rest = text.strip().partition("PRIVATE+KEY+")
        if head or not mark:
            raise BadNote("it is not a private key of signed notes")
        name, identity, kind, seed = _split_key(rest)
        if kind not in cls.VERIFIER.KINDS or len(seed) != SEED_BYTES:
            raise BadNote(f"the private key of {name} is of a type or length that does not sign this")
        signer = cls(name, _private(kind, seed), kind)
        if signer._public.id != identity:
            raise BadNote("the key's id does not belong to its name and key")
        return signer

    @classmethod
    def generate(cls, name: str, kind: int) -> Self:
        if not KEY_NAME.fullmatch(name):
            raise BadNote(f"{name!r} cannot name a key: spaces and + have a meaning in notes")
        return cls(name, MLDSA44PrivateKey.generate() if kind == ML_DSA_44 else Ed25519PrivateKey.generate(), kind)

    @property
    def _public(self) -> _PublicKey:
        return self.VERIFIER(self.name, self.private.public_key().public_bytes_raw(), self.kind)

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.private.public_key().public_bytes_raw(), self.kind)

    def __str__(self) -> str:
        return f"{type(self).__name__}({self._public})"

    def export(self) -> str:
        seed = self.private.private_bytes_raw()
        return f"PRIVATE+KEY+{self.name}+{self._public.id.hex()}+{b64(bytes([self.kind]) + seed)}"

    def line(self, text: str, at: int | None = None) -> str:
        """The signature line under a text; `at`, seconds since 1970, is now unless given."""
        seconds = None if self.kind == ED25519 else int(time.time()) if at is None else at
        mark = b"" if seconds is None else seconds.to_bytes(TIME_BYTES, "big")
        signature = self.private.sign(message(self.kind, self.name, text, seconds))
        return signature_line(self.name, self._public.id, mark + signature)

    def sign(self, text: str) -> str:
        return Signers((self,)).sign(text)


class Cosigner(Signer):
    """A witness's key."""

    VERIFIER = CosignatureVerifier

    @property
    def verifier(self) -> CosignatureVerifier:  # type: ignore[override] # a witness is no log
        return CosignatureVerifier(self.name, self.private.public_key().public_bytes_raw(), self.kind)

    def cosign(self, note: str, at: int | None = None) -> str:
        """The signature line that says: at this time this was the largest consistent tree. Raises BadNote."""
        text, _ = split(note)
        Head.parse(text)
        return self.line(text, at)


@dataclass(frozen=True)
class Signers:
    """All keys that a log signs with: one note bears the signature of each."""

    keys: tuple[Signer, ...]

    @property
    def name(self) -> str:
        return self.keys[0].name

    @classmethod
    def parse(cls, text: str) -> "Signers":
        """Read one key a line. Raises BadNote."""
        keys = tuple(Signer.parse(line) for line in text.split("\n") if line.strip())
        if not keys:
            raise BadNote("there is no key in it")
        return cls(keys)

    def export(self) -> str:
        return "\n".join(key.export() for key in self.keys)

    @property
    def verifier(self) -> Verifiers:
        return Verifiers(tuple(key.verifier for key in self.keys))

    def __str__(self) -> str:
        return f"Signers({', '.join(str(key.verifier) for key in self.keys)})"

    def sign(self, text: str) -> str:
        if not text.endswith("\n"):
            raise BadNote("the text of a note ends in a newline")
        return f"{text}\n{''.join(key.line(text) for key in self.keys)}"


def message(kind: int, name: str, text: str, seconds: int | None) -> bytes:
    """What is signed: signed-note for 0x01, tlog-cosignature, "Ed25519 signed message" and "ML-DSA-44 signed message".

    Raises BadNote, for ML-DSA-44 also when the text is not a checkpoint.
    """
    if seconds is None:
        return text.encode()
    if not 0 <= seconds <= LATEST:
        raise BadNote(f"its signature by {name} names a time that does not exist")
    if kind == COSIGNATURE:
        return f"cosignature/v1\ntime {seconds}\n{text}".encode()
    head = Head.parse(text)
    start = 0  # the whole tree; other subtrees have no checkpoint
    numbers = [number.to_bytes(8, "big") for number in (seconds, start, head.size)]
    return b"subtree/v1\n\0" + _opaque(name) + numbers[0] + _opaque(head.origin) + b"".join(numbers[1:]) + head.root


def _opaque(text: str) -> bytes:
    """`opaque<1..2^8-1>` of RFC 8446, section 3.4."""
    data = text.encode()
    if not 0 < len(data) < 256:
        raise BadNote(f"a name of {len(data)} bytes cannot be signed with ML-DSA-44; 255 are allowed")
    return bytes([len(data)]) + data


def duplicates(keys: Sequence[_PublicKey]) -> list[_PublicKey]:
    """Keys that wrap a public key again, even under another name or type (tlog-policy, "Public key representation")."""
    return [key for place, key in enumerate(keys) if key.key in {other.key for other in keys[:place]}]


def _public(kind: int, key: bytes) -> Ed25519PublicKey | MLDSA44PublicKey:
    return (MLDSA44PublicKey if kind == ML_DSA_44 else Ed25519PublicKey).from_public_bytes(key)


def _private(kind: int, seed: bytes) -> Ed25519PrivateKey | MLDSA44PrivateKey:
    if kind == ML_DSA_44:
        return MLDSA44PrivateKey.from_seed_bytes(seed)
    return Ed25519PrivateKey.from_private_bytes(seed)


def _split_key(text: str) -> tuple[str, bytes, int, bytes]:
    match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})", text)
    data = unb64(match[3]) if match else b""
    if not match or len(data) < 2 or data[0] not in PUBLIC_BYTES:
        raise BadNote("it is not a key of signed notes, of a known type: name+id+key")
    return match[1], bytes.fromhex(match[2]), data[0], data[1:]
