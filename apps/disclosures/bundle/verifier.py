#!/usr/bin/env python3
"""Checks a casemgr evidence bundle, offline and without casemgr. Python 3.9 or later, standard library only.

    python3 verify.py case B-2026-0001.tar            the bundle: as a .tar, or as the folder in it
    python3 verify.py proof 42.tlog-proof 42.json     one entry of the log
    python3 verify.py consistency OLD NEW PROOF       that a later checkpoint continues an earlier one
    python3 verify.py full EXPORT                     the whole log, derived again from an export

Exit code: 0 nothing is wrong, 1 something is wrong, 2 it could not be checked. What was not proved is said, too.
If the package `cryptography` is installed it checks the signatures; else what is below does, for Ed25519 alone.

What it implements: BagIt (RFC 8493), Merkle trees (RFC 6962, RFC 9162), Ed25519 (RFC 8032), time stamps (RFC 3161),
and of C2SP (https://c2sp.org) signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy and tlog-proof.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None  # type: ignore[assignment,misc]
try:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
except ImportError:
    MLDSA44PublicKey = None  # type: ignore[assignment,misc]

CHUNK = 1 << 20


class Bad(ValueError):
    """Something is not what it should be; the message says what."""


# === 1. Signatures ===================================================================================================
# Ed25519 as in RFC 8032, 5.1.7 and 6, without the factor of eight, as OpenSSL does it: points in extended coordinates.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def _add(p: Point, q: Point) -> Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: Point) -> Point:
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point, number = _add(point, point), number >> 1
    return result


def _x_of(y: int, sign: int) -> int:
    if y >= P:
        raise Bad("not a point of the curve")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        raise Bad("not a point of the curve")
    return P - x if x & 1 != sign else x


def _point(data: bytes) -> Point:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _x_of(y, sign)
    return x, y, 1, x * y % P


def _bytes_of(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = (lambda y: (_x_of(y, 0), y, 1, _x_of(y, 0) * y % P))(4 * pow(5, P - 2, P) % P)


def ed25519_in_python(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is one of the message by the key."""
    if len(key) != 32 or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    try:
        public = _point(key)
    except Bad:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    x, y, z, t = _times(challenge, public)
    return _bytes_of(_add(_times(s, BASE), (P - x, y, z, P - t))) == signature[:32]


def _by_library(public: Any, key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        public.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def ed25519(key: bytes, signature: bytes, message: bytes) -> bool:
    if Ed25519PublicKey is None:
        return ed25519_in_python(key, signature, message)
    return _by_library(Ed25519PublicKey, key, signature, message)


# === 2. The Merkle tree ==============================================================================================


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def includes(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    at, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node_hash(sibling, result)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def continues(old: int, new: int, path: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    """RFC 9162, 2.1.4.2."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


class Tree:
    """Grows leaf by leaf in the memory of one hash a level."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[tuple[int, bytes]] = []  # (leaves, hash) of perfect subtrees, largest first

    def append(self, leaf: bytes) -> None:
        self.size += 1
        width = 1
        while self.peaks and self.peaks[-1][0] == width:
            leaf, width = node_hash(self.peaks.pop()[1], leaf), width * 2
        self.peaks.append((width, leaf))

    @property
    def root(self) -> bytes:
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        result = self.peaks[-1][1]
        for _, peak in reversed(self.peaks[:-1]):
            result = node_hash(peak, result)
        return result


# === 3. Checkpoints, cosignatures and whom to trust =================================================================

ED25519, COSIGNATURE, MLDSA44 = 0x01, 0x04, 0x06
KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, MLDSA44: 1312}
LAST_SECOND = 253402300799  # of the year 9999, the last one that can be written down
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # what a policy may not hold


def unb64(text: str) -> bytes:
    """One value has one spelling: nobody can vary a proof or a signature that still counts."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    if b64encode(data).decode() != text:
        raise Bad("its base64 is damaged")
    return data


@dataclass(frozen=True)
class Head:
    """What a checkpoint says (C2SP tlog-checkpoint): a log of this name has so many entries under this root."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Head:
        match = re.match(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]+={0,2})\n([^\n]+\n)*\Z", text)
        root = unb64(match[3]) if match else b""
        if not match or len(root) != 32:
            raise Bad("it is not a checkpoint: name, size and root in a line each")
        return cls(match[1], int(match[2]), root)


@dataclass(frozen=True)
class Key:
    """A verifier key of C2SP signed-note: `<name>+<id>+<type and key>`."""

    name: str
    type: int
    key: bytes
    text: str

    @classmethod
    def parse(cls, text: str) -> Key:
        match = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})", text)
        data = unb64(match[3]) if match else b""
        if not match or len(data) < 2:
            raise Bad(f"it is not a key of signed notes: {text[:60]!r}")
        kind, key = data[0], data[1:]
        if KEY_BYTES.get(kind) != len(key):
            raise Bad(f"the key of {match[1]} is of a kind that is not known here ({kind:#04x})")
        found = cls(match[1], kind, key, text)
        if found.id.hex() != match[2]:
            raise Bad(f"the id of the key of {match[1]} does not belong to its name and key")
        return found

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.key).digest()[:4]

    def check(self, signature: bytes, text: str) -> int | None:
        """The time of a cosignature, 0 of a plain signature. Raises Bad when it is wrong, Unable when unknown here."""
        message = text.encode()
        if self.type == ED25519:
            if not ed25519(self.key, signature, message):
                raise Bad(f"the signature by {self.name} is wrong")
            return 0
        at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        if at > LAST_SECOND:
            raise Bad(f"the cosignature by {self.name} is of no possible time")
        if self.type == COSIGNATURE:
            if not ed25519(self.key, signature, b"cosignature/v1\ntime %d\n" % at + message):
                raise Bad(f"the cosignature by {self.name} is wrong")
            return at
        if MLDSA44PublicKey is None:
            raise Unable(f"the ML-DSA-44 cosignature by {self.name} needs the Python package cryptography, version 48+")
        if not _by_library(MLDSA44PublicKey, self.key, signature, self._subtree(at, Head.parse(text))):
            raise Bad(f"the cosignature by {self.name} is wrong")
        return at

    def _subtree(self, at: int, head: Head) -> bytes:
        """The message of C2SP tlog-cosignature for ML-DSA-44."""
        name, origin = self.name.encode(), head.origin.encode()
        if max(len(name), len(origin)) > 255:
            raise Bad("a name of more than 255 bytes cannot be signed with ML-DSA-44")
        return (
            b"subtree/v1\n\0"
            + bytes([len(name)])
            + name
            + struct.pack(">Q", at)
            + bytes([len(origin)])
            + origin
            + struct.pack(">QQ", 0, head.size)
            + head.root
        )


class Unable(Exception):
    """It cannot be checked on this machine."""


@dataclass
class Policy:
    """C2SP tlog-policy: which logs are known, which witnesses, and how many of them it takes."""

    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    quorum: str = ""

    @classmethod
    def parse(cls, text: str) -> Policy:
        policy = cls()
        for number, line in enumerate(text.split("\n"), start=1):
            words = re.split("[ \t]+", line.strip(" \t"))
            try:
                if CONTROL.search(line):
                    raise Bad("there is a control character in it")
                if words != [""] and not words[0].startswith("#"):
                    policy._read(words[0], words[1:])
            except Bad as error:
                raise Bad(f"line {number} of the policy: {error}") from None
        if not policy.quorum:
            raise Bad("the policy has no quorum line")
        return policy

    def _read(self, kind: str, rest: list[str]) -> None:
        if kind == "log" and len(rest) in (1, 2):
            self.logs.append(self._key(rest[0], self.logs, (ED25519, MLDSA44)))
        elif kind == "witness" and len(rest) in (2, 3):
            key = self._key(rest[1], self.witnesses.values(), (COSIGNATURE, MLDSA44))
            self._new(rest[0])
            self.witnesses[rest[0]] = key
        elif kind == "group" and len(rest) > 2:
            self._group(rest[0], rest[1], rest[2:])
        elif kind == "quorum" and len(rest) == 1 and not self.quorum:
            if rest[0] != "none":
                self._known(rest[0])
            self.quorum = rest[0]
        else:
            raise Bad(f"{kind!r} is not expected here")

    def _group(self, name: str, least: str, members: list[str]) -> None:
        used = [member for _, group in self.groups.values() for member in group]
        for place, member in enumerate(members):
            self._known(member)
            if member in used or member in members[:place]:
                raise Bad(f"{member!r} is a member twice: each can count in one way only")
        if not re.fullmatch("any|all|[1-9][0-9]{0,8}", least):
            raise Bad(f"{least!r} is neither any, all nor a number")
        needed = {"any": 1, "all": len(members)}.get(least) or int(least)
        if needed > len(members):
            raise Bad("a group needs at most all of its members")
        self._new(name)
        self.groups[name] = needed, members

    def _key(self, text: str, known: Iterable[Key], kinds: tuple[int, ...]) -> Key:
        key = Key.parse(text)
        if key.type not in kinds:
            raise Bad(f"the key of {key.name} is not of the kind that belongs here")
        if any(other.key == key.key for other in known):
            raise Bad(f"the key of {key.name} is there twice")
        return key

    def _new(self, name: str) -> None:
        if name == "none" or name in self.witnesses or name in self.groups:
            raise Bad(f"the name {name!r} is taken")

    def _known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise Bad(f"{name!r} is not defined before this line")

    def reached(self, name: str, by: dict[str, int]) -> int | None:
        """When enough of them had cosigned, or None when they have not."""
        if name == "none":
            return 0
        if name in self.witnesses:
            return by.get(name)
        needed, members = self.groups[name]
        times = sorted(at for at in (self.reached(member, by) for member in members) if at is not None)
        return times[needed - 1] if len(times) >= needed else None

    def open(self, note: str) -> Signed:
        """Check a signed checkpoint. Raises Bad unless a known log signed it and no known key signed wrongly."""
        text, lines = split_note(note)
        head = Head.parse(text)
        if not any(key.name == head.origin for key in self.logs):
            raise Bad(f"the log {head.origin} is none of those to be trusted")
        signed = Signed(head, text)
        for name, data in lines:
            for key in self.logs:
                if (key.name, key.id) == (name, data[:4]) and key.name == head.origin:
                    try:
                        key.check(data[4:], text)
                        signed.by_log = key
                    except Unable as error:
                        signed.unable.append(str(error))
            for local, key in self.witnesses.items():
                if (key.name, key.id) == (name, data[:4]):
                    try:
                        signed.witnesses[local] = key.check(data[4:], text) or 0
                    except Unable as error:
                        signed.unable.append(str(error))
        if signed.by_log is None:
            raise Bad("; ".join([f"it has no signature by a known key of {head.origin}", *signed.unable]))
        signed.quorum_at = self.reached(self.quorum, signed.witnesses) if self.quorum != "none" else None
        return signed


@dataclass
class Signed:
    """A checkpoint that a known log has signed, and who else has."""

    head: Head
    text: str
    by_log: Key | None = None
    witnesses: dict[str, int] = field(default_factory=dict)  # local name -> time of the cosignature
    unable: list[str] = field(default_factory=list)
    quorum_at: int | None = None


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a signed note with its last newline, and its signature lines as (name, key id and signature)."""
    text, mark, signatures = note.rpartition("\n\n")
    if not mark or not signatures.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", note):
        raise Bad("it is not a signed note")
    lines = []
    for line in signatures[:-1].split("\n"):
        match = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})", line)
        data = unb64(match[2]) if match else b""
        if not match or len(data) < 5:
            raise Bad("one of its signature lines is malformed")
        lines.append((match[1], data))
    return text + "\n", lines


@dataclass(frozen=True)
class Proof:
    """C2SP tlog-proof."""

    index: int
    path: list[bytes]
    note: str
    extra: bytes

    @classmethod
    def parse(cls, text: str) -> Proof:
        head, mark, note = text.partition("\n\n")
        lines = head.split("\n")
        if not mark or lines[0] != "c2sp.org/tlog-proof@v1" or len(lines) < 2:
            raise Bad("it is not a tlog-proof")
        extra = unb64(lines.pop(1)[6:]) if lines[1].startswith("extra ") else b""
        match = re.fullmatch(r"index (0|[1-9][0-9]*)", lines[1] if len(lines) > 1 else "")
        path = [unb64(line) for line in lines[2:]]
        if not match or any(len(one) != 32 for one in path):
            raise Bad("it is not a tlog-proof: index, then hashes")
        return cls(int(match[1]), path, note, extra)


def continuation(text: str) -> tuple[int, list[bytes], str]:
    """`old <size>`, consistency proof, empty line, checkpoint: as C2SP tlog-witness writes it."""
    head, mark, note = text.partition("\n\n")
    lines = head.split("\n")
    match = re.fullmatch(r"old (0|[1-9][0-9]*)", lines[0])
    path = [unb64(line) for line in lines[1:]]
    if not mark or not match or any(len(one) != 32 for one in path):
        raise Bad("it is not a consistency proof: old size, hashes, empty line, checkpoint")
    return int(match[1]), path, note


# === 4. Time stamps ==================================================================================================


@dataclass(frozen=True)
class Stamp:
    """What a time-stamp token says (RFC 3161, TSTInfo). Who signed it is for openssl to check."""

    algorithm: str
    imprint: bytes
    at: datetime
    is_bare: bool  # a TimeStampToken, not wrapped in the TimeStampResp that an authority answers with

    def command(self, name: str, authorities: str) -> list[str]:
        """What verifies it, by the certificates as they were when it was signed: a stamp outlives its certificate."""
        form = ["-token_in"] if self.is_bare else []
        when = ["-attime", str(int(self.at.timestamp()))]
        return [
            "openssl",
            "ts",
            "-verify",
            "-in",
            name,
            *form,
            "-digest",
            self.imprint.hex(),
            *when,
            "-CAfile",
            authorities,
        ]


OIDS = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
INTEGER, OCTETS, OID, GENERAL_TIME, SEQUENCE, CONTEXT_0 = 0x02, 0x04, 0x06, 0x18, 0x30, 0xA0
GRANTED = (INTEGER, b"\0"), (INTEGER, b"\1")  # as asked for, or with changes


def der(data: bytes) -> list[tuple[int, bytes]]:
    """The elements that the data consist of, each its tag and content (X.690, 10). Raises Bad."""
    at, found = 0, []
    while at < len(data):
        tag, length, at = data[at], data[at + 1] if at + 1 < len(data) else 0x80, at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count], "big"), at + count
            if not 0 < count < 5 or length < 0x80:
                raise Bad("it is not DER")
        if at + length > len(data) or tag & 0x1F == 0x1F:
            raise Bad("it is not DER")
        found.append((tag, data[at : at + length]))
        at += length
    return found


def only(data: bytes, tag: int) -> bytes:
    """The content of the one element that the data are. Raises Bad."""
    elements = der(data)
    if [found for found, _ in elements] != [tag]:
        raise Bad("its structure is not that of RFC 3161")
    return elements[0][1]


def stamp_of(data: bytes) -> Stamp:
    """Read a TimeStampResp or TimeStampToken, from the outside in: what looks like a token elsewhere in it counts for
    nothing. Raises Bad."""
    try:
        parts = der(only(data, SEQUENCE))
        is_bare = parts[0][0] == OID
        if not is_bare:
            (status_tag, status), (token_tag, token) = parts
            if (status_tag, token_tag) != (SEQUENCE, SEQUENCE) or der(status)[0] not in GRANTED:
                raise Bad("the authority did not grant it")
            parts = der(token)
        signed = der(only(_content(parts, SIGNED_DATA), SEQUENCE))  # version, digest algorithms, content, ...
        info = der(only(only(_content(der(signed[2][1]), TST_INFO), OCTETS), SEQUENCE))
        kinds = [tag for tag, _ in info[:5]]  # version, policy, messageImprint, serialNumber, genTime
        if kinds != [INTEGER, OID, SEQUENCE, INTEGER, GENERAL_TIME]:
            raise Bad("its structure is not that of RFC 3161")
        (_, algorithm), (_, imprint) = der(info[2][1])
        oid = _oid(der(algorithm)[0][1])
        at = re.fullmatch(r"(\d{14})(?:\.\d+)?Z", info[4][1].decode("ascii"))
        if not at:
            raise Bad("its time is malformed")
        moment = datetime.strptime(at[1], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
        return Stamp(OIDS.get(oid, oid), imprint, moment, is_bare)
    except (IndexError, ValueError) as error:
        raise Bad(f"it is not a time-stamp token: {error}") from None


def _content(parts: list[tuple[int, bytes]], kind: str) -> bytes:
    """What a ContentInfo of this type holds (RFC 5652, 3)."""
    if len(parts) != 2 or parts[0][0] != OID or _oid(parts[0][1]) != kind or parts[1][0] != CONTEXT_0:
        raise Bad("its structure is not that of RFC 3161")
    return parts[1][1]


def _oid(data: bytes) -> str:
    numbers, value = [], 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


# === 5. What is said in the end ======================================================================================


@dataclass
class Fault:
    """One thing that is wrong: a short name for programs, the place, and a sentence."""

    kind: str
    where: str
    sentence: str


@dataclass
class Verdict:
    """The answer to one question."""

    name: str
    question: str
    proved: list[str] = field(default_factory=list)
    not_proved: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def word(self) -> str:
        return "FAILED" if self.faults else "proved" if self.proved else "not proved"

    def wrong(self, kind: str, where: str, sentence: str) -> None:
        self.faults.append(Fault(kind, where, sentence))


class Report:
    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.integrity = Verdict("integrity", "Is what is here what was recorded?")
        self.completeness = Verdict("completeness", "Is everything here that should be?")
        self.time = Verdict("time", "Is it known from outside when it existed?")

    @property
    def verdicts(self) -> list[Verdict]:
        return [self.integrity, self.completeness, self.time]

    @property
    def faults(self) -> list[Fault]:
        return [fault for verdict in self.verdicts for fault in verdict.faults]

    @property
    def holds(self) -> bool:
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "holds": self.holds,
            "verifier_sha256": own_hash(),
            "verdicts": [
                {
                    "name": verdict.name,
                    "question": verdict.question,
                    "verdict": verdict.word,
                    "proved": verdict.proved,
                    "not_proved": verdict.not_proved,
                    "faults": [vars(fault) for fault in verdict.faults],
                }
                for verdict in self.verdicts
            ],
        }

    def as_text(self) -> str:
        lines = [self.subject, f"Checked by the verifier with SHA-256 {own_hash()}.", ""]
        for verdict in self.verdicts:
            lines.append(f"{verdict.name.upper()}: {verdict.word}. {verdict.question}")
            lines += [f"  ! WRONG     {fault.sentence}" for fault in verdict.faults[:100]]
            if len(verdict.faults) > 100:
                lines.append(f"  ! WRONG     and {len(verdict.faults) - 100} more (see --json)")
            lines += [f"  + proved    {sentence}" for sentence in verdict.proved]
            lines += [f"  - not shown {sentence}" for sentence in verdict.not_proved]
            lines.append("")
        lines.append("Nothing is wrong." if self.holds else f"{len(self.faults)} things are wrong. Do not rely on it.")
        return "\n".join(lines)


def own_hash() -> str:
    try:
        return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    except OSError:
        return "unknown"


def when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def many(number: int, one: str, more: str = "") -> str:
    return f"{number:,} {one if number == 1 else more or one + 's'}"


# === 6. The bag (BagIt, RFC 8493) ====================================================================================


class Bag:
    """The files of a bag by their path in it."""

    def names(self) -> list[str]:
        raise NotImplementedError

    def open(self, name: str) -> BinaryIO:
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        with self.open(name) as file:
            return file.read()

    def digests(self, name: str, algorithms: Iterable[str]) -> dict[str, str]:
        """Hashes of a file, all in one reading."""
        hashes = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}
        with self.open(name) as file:
            while True:
                part = file.read(CHUNK)
                if not part:
                    return {algorithm: one.hexdigest() for algorithm, one in hashes.items()}
                for one in hashes.values():
                    one.update(part)


class Folder(Bag):
    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> list[str]:
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if not path.is_dir())

    def open(self, name: str) -> BinaryIO:
        path = self.root / name
        if path.is_symlink() or not path.is_file():
            raise Bad(f"{name} is not a file")
        return path.open("rb")


class Archive(Bag):
    """A bag in a .tar, read where it lies: nothing is unpacked."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self.tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 - as long as the archive is read
            self.members: dict[str, tarfile.TarInfo] = {}
            for member in self.tar:
                _, _, name = member.name.partition("/")
                if name in self.members or not member.isfile() or ".." in name.split("/"):
                    raise Bad(f"the archive holds {member.name!r} twice, or as something other than a file")
                self.members[name] = member
        except (tarfile.TarError, UnicodeDecodeError) as error:
            raise Bad(f"the archive is damaged: {error}") from None
        if not self.members:
            raise Bad("the archive is empty")

    def names(self) -> list[str]:
        return sorted(self.members)

    def open(self, name: str) -> BinaryIO:
        if name not in self.members:
            raise Bad(f"{name} is not a file of the archive")
        return self.tar.extractfile(self.members[name])  # type: ignore[return-value]


ALGORITHMS = ("sha256", "sha512")

BATES = "data/bates"
LOAD_FILE = f"{BATES}/loadfile.csv"
LOAD_COLUMNS = [
    "BegBates",
    "EndBates",
    "BegAttach",
    "EndAttach",
    "Custodian",
    "DateCreated",
    "FileName",
    "SHA256",
    "Confidentiality",
]


class BagCheck:
    """Whether a bag is whole and unchanged by its own manifests. What they say is only as good as their source."""

    def __init__(self, bag: Bag, report: Report) -> None:
        self.bag, self.verdict, self.measured = bag, report.integrity, {}  # type: ignore[var-annotated]
        self.names = set(bag.names())

    def run(self) -> None:
        if self.text("bagit.txt") != "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
            self.verdict.wrong("bag-damaged", "bagit.txt", "bagit.txt is missing or is not that of BagIt 1.0.")
        payload = {name for name in self.names if name.startswith("data/")}
        tags = {name for name in self.names - payload if not name.startswith("tagmanifest-")}
        wrong = 0
        for manifest, expected in (("manifest", payload), ("tagmanifest", tags)):
            listed = {algorithm: self.listed(f"{manifest}-{algorithm}.txt") for algorithm in ALGORITHMS}
            for name in sorted(expected.union(*listed.values())):
                wrong += not self.compare(name, {algorithm: listed[algorithm].get(name) for algorithm in ALGORITHMS})
        self.payload_oxum(payload)
        if not wrong and not self.verdict.faults:
            self.verdict.proved.append(
                f"The bag is whole: {many(len(self.names), 'file')} match its manifests (SHA-256 and SHA-512), and none "
                "is missing or added."
            )

    def text(self, name: str) -> str:
        try:
            return self.bag.read(name).decode()
        except (Bad, OSError, UnicodeDecodeError, tarfile.TarError):
            return ""

    def listed(self, manifest: str) -> dict[str, str]:
        found: dict[str, str] = {}
        lines = self.text(manifest).split("\n")
        if lines.pop():
            self.verdict.wrong("bag-damaged", manifest, f"The last line of {manifest} does not end.")
        for line in lines:
            digest, _, name = line.partition("  ")
            if not re.fullmatch("[0-9a-f]+", digest) or not name or name in found:
                self.verdict.wrong("bag-damaged", manifest, f"{manifest} has a malformed line.")
                continue
            found[re.sub("%0[AaDd]|%25", lambda code: chr(int(code[0][1:], 16)), name)] = digest
        return found

    def compare(self, name: str, digests: dict[str, str | None]) -> bool:
        if name not in self.names:
            self.verdict.wrong("file-missing", name, f"{name} is listed in a manifest and is not here.")
        elif None in digests.values():
            self.verdict.wrong("file-added", name, f"{name} is here and a manifest does not list it.")
        else:
            try:
                self.measured[name] = self.bag.digests(name, ALGORITHMS)
            except (Bad, OSError, tarfile.TarError) as error:
                self.verdict.wrong("file-changed", name, f"{name} cannot be read: {error}.")
                return False
            if self.measured[name] == digests:
                return True
            self.verdict.wrong("file-changed", name, f"{name} is not the file that the manifests list.")
        return False

    def payload_oxum(self, payload: set) -> None:
        stated = re.search(r"^Payload-Oxum: (\d+)\.(\d+)$", self.text("bag-info.txt"), re.M)
        if not stated or int(stated[2]) != len(payload):
            self.verdict.wrong(
                "bag-damaged", "bag-info.txt", "The number of files that bag-info.txt states is not that of the bag."
            )


# === 7. A bundle of a case ===========================================================================================


@dataclass
class Entry:
    """An event of the bundle: its place in the log, and its body unless it is sealed."""

    index: int
    case_seq: int | None
    leaf: bytes
    body: dict[str, Any] | None
    why_sealed: str = ""
    name: str = ""


@dataclass
class Outside:
    """What the expert has from elsewhere than the bundle."""

    policy: str = ""
    receipt: str = ""
    checkpoints: list[str] = field(default_factory=list)
    authorities: str = ""  # file of certificates of time-stamping authorities


class CaseCheck:
    """Checks a bundle from the outside in: bag, entries against the log, and everything else against the entries."""

    def __init__(self, bag: Bag, outside: Outside, subject: str = "Evidence bundle") -> None:
        self.bag, self.outside, self.report, self.policy = bag, outside, Report(subject), Policy(quorum="none")
        self.integrity, self.completeness, self.time = self.report.verdicts
        self.opened: dict[str, Signed] = {}
        self.entries: dict[int, Entry] = {}
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.bodies: dict[tuple[str, str], list[Entry]] = {}
        self.info: dict[str, str] = {}
        self.row: dict[str, Any] = {}  # of the bundle itself, as it was ordered
        self.bound: set = set()  # files that entries of the log speak for

    def run(self) -> Report:
        check = BagCheck(self.bag, self.report)
        check.run()
        self.measured, self.names = check.measured, check.names
        self.info = dict(re.findall(r"^([\w-]+): (.*)$", check.text("bag-info.txt"), re.M))
        self.report.subject = f"Evidence bundle {self.info.get('External-Identifier', 'without a number')}"
        steps = [self.trust, self.log, self.replay, self.order, self.exhibits, self.custody, self.documents]
        for step in [*steps, self.bates, self.values, self.receipt, self.earlier, self.times]:
            try:
                step()
            except Unreadable as error:
                self.integrity.wrong("file-unreadable", error.name, f"{error.name} cannot be read: {error}.")
            except Exception as error:  # whatever a bag holds that trips a step is a fault of the bag
                where = f"data/{step.__name__}.json"
                self.integrity.wrong(
                    "file-unreadable", where, f"{where} is malformed ({type(error).__name__}: {error})."
                )
        self.unbound()
        return self.report

    def json(self, name: str) -> Any:
        try:
            return json.loads(self.bag.read(name).decode())
        except (Bad, OSError, ValueError, tarfile.TarError) as error:
            raise Unreadable(name, error) from None

    # --- whom to trust

    def trust(self) -> None:
        text = self.outside.policy
        if not text:
            try:
                text = self.bag.read("proof/policy").decode()
            except (Bad, OSError, UnicodeDecodeError, tarfile.TarError) as error:
                raise Unreadable("proof/policy", error) from None
            self.integrity.not_proved.append(
                "That the log's key is the provider's own: it came with the bundle. Compare it with the one that the "
                "provider has published, or give a policy from elsewhere with --policy."
            )
        try:
            self.policy = Policy.parse(text)
        except Bad as error:
            self.integrity.wrong("policy-unusable", "proof/policy", f"The policy cannot be used: {error}.")

    def signed(self, note: str) -> Signed:
        if note not in self.opened:
            self.opened[note] = self.policy.open(note)
        return self.opened[note]

    # --- entries

    def log(self) -> None:
        listed = self.json("data/events.json")
        proofs = {name for name in self.names if name.startswith("proof/") and name.endswith(".tlog-proof")}
        files = {name for name in self.names if name.startswith("data/events/")}
        for line in listed["events"]:
            try:
                self.entry(line, files, proofs)
            except (KeyError, TypeError, ValueError) as error:
                if not isinstance(error, Bad):
                    self.integrity.wrong(
                        "index-differs", "data/events.json", "A line of data/events.json is malformed."
                    )
        for name in sorted(files | proofs):
            self.integrity.wrong("file-unlisted", name, f"{name} belongs to no line of data/events.json.")
        if not self.entries:
            return
        heads = {(signed.head.size, signed.head.root) for signed in self.opened.values()}
        origin = next(iter(self.opened.values())).head.origin if self.opened else ""
        sealed = sum(entry.body is None for entry in self.entries.values())
        if len(heads) > 1:
            self.integrity.wrong("checkpoints-differ", "proof/", "The proofs are made against different checkpoints.")
        if self.opened:
            size = max(size for size, _ in heads)
            self.integrity.proved.append(
                f"{many(len(self.entries), 'entry', 'entries')} of the log {origin} are byte for byte what was recorded "
                f"at their place, under a signed checkpoint of {size:,} entries."
            )
        if sealed:
            self.integrity.not_proved.append(
                f"What {many(sealed, 'sealed entry', 'sealed entries')} say: their hash is proved to be in the log, "
                "their content is not handed over."
            )

    def entry(self, line: dict[str, Any], files: set, proofs: set) -> None:
        index, name = int(line["index"]), line.get("file", "")
        body, where = None, (name and f"data/{name}") or f"entry {index}"
        if name:
            files.discard(where)
            try:
                data = self.bag.read(where)
            except (Bad, OSError, tarfile.TarError) as error:
                self.integrity.wrong(
                    "file-missing", where, f"The event at place {index} of the log is missing: {error}."
                )
                return
            leaf = leaf_hash(data)
            self.bound.add(where)
        else:
            leaf = bytes.fromhex(line["leaf"])
        proof = f"proof/{index:012d}.tlog-proof"
        proofs.discard(proof)
        if not self.prove(index, leaf, where, proof):
            return
        if name:
            body = json.loads(data.decode())
            number = (body.get("case") or [None, None])[1]
            if line.get("case_seq") not in (None, number):
                self.integrity.wrong(
                    "index-differs",
                    where,
                    f"data/events.json numbers {where} {line['case_seq']}, and it says {number}.",
                )
        self.entries[index] = Entry(index, line.get("case_seq"), leaf, body, line.get("sealed", ""), where)

    def prove(self, index: int, leaf: bytes, where: str, name: str) -> bool:
        try:
            proof = Proof.parse(self.bag.read(name).decode())
        except (Bad, OSError, UnicodeDecodeError, tarfile.TarError) as error:
            self.integrity.wrong("proof-damaged", name, f"The proof of {where} cannot be read: {error}.")
            return False
        self.bound.add(name)
        try:
            signed = self.signed(proof.note)
        except Bad as error:
            self.integrity.wrong("checkpoint-untrusted", name, f"The checkpoint in {name} cannot be trusted: {error}.")
            return False
        if proof.index != index or not includes(leaf, index, signed.head.size, proof.path, signed.head.root):
            self.integrity.wrong(
                "entry-differs",
                where,
                f"{where} is not what was recorded at place {index} of the log, or its proof is wrong.",
            )
            return False
        return True

    def replay(self) -> None:
        """What each recorded row is, after all its events: old and new values, in the order of the log."""
        for entry in sorted(self.entries.values(), key=lambda one: one.index):
            if entry.body is None or not entry.body.get("object"):
                continue
            key = (entry.body["object"][0], entry.body["object"][1])
            self.bodies.setdefault(key, []).append(entry)
            row = self.rows.setdefault(key, {})
            for column, (_, new) in (entry.body.get("changes") or {}).items():
                row[column] = new

    # --- the order, and the numbers of the case

    def order(self) -> None:
        case, bundle = self.info.get("Case-Id", ""), self.info.get("Bundle-Id", "")
        ordered = self.bodies.get(("disclosures_bundle", bundle), [])
        if not ordered or not ordered[0].body:
            self.completeness.wrong(
                "order-missing",
                "data/events.json",
                "The event that ordered this bundle is not in it: nothing says where it ends.",
            )
            return
        of_case, last = ordered[0].body["case"]
        self.row = self.rows["disclosures_bundle", bundle]
        stated = {"External-Identifier": "ref", "Audience": "audience", "Recipient": "recipient"}
        stated |= {"Legal-Basis": "legal_basis", "Internal-Sender-Description": "purpose"}
        for tag, column in stated.items():
            if self.info.get(tag) != " ".join(str(self.row.get(column)).split()):
                self.integrity.wrong(
                    "bag-info-differs",
                    "bag-info.txt",
                    f"bag-info.txt says {self.info.get(tag)!r} for {tag}, the order {self.row.get(column)!r}.",
                )
        if of_case != case:
            self.completeness.wrong(
                "order-missing", "bag-info.txt", "The event that ordered this bundle is of another case."
            )
            return
        self.numbers(case, last)

    def numbers(self, case: str, last: int) -> None:
        found: Counter = Counter()
        numbering = self.numbering()
        for entry in self.entries.values():
            if numbering and entry.index == numbering.index:
                continue
            number = entry.case_seq
            if entry.body is not None:
                of_case = entry.body.get("case") or [None, None]
                number = of_case[1] if of_case[0] == case else None
            if number is not None:
                found[number] += 1
        missing = [number for number in range(1, last + 1) if number not in found]
        for number in missing[:1000]:
            self.completeness.wrong("event-missing", f"event {number}", f"Event {number} of the case is missing.")
        for number in sorted(n for n, count in found.items() if count > 1 or not 1 <= n <= last):
            self.completeness.wrong(
                "event-surplus",
                f"event {number}",
                f"Event {number} of the case is there twice, or is beyond the order.",
            )
        sealed = sum(entry.body is None and entry.case_seq is not None for entry in self.entries.values())
        if not self.completeness.faults:
            self.completeness.proved.append(
                f"The events of the case are numbered 1 to {last:,} without a hole; the last one is the order for this bundle."
            )
            if sealed:
                self.completeness.not_proved.append(
                    f"That {many(sealed, 'sealed entry is the event', 'sealed entries are the events')} of the case with the "
                    "numbers given: that is the provider's word."
                )
        self.completeness.not_proved.append(
            "That nothing was done, or left undone, without being recorded; that the events of exhibits, which have no "
            "numbers of a case, are all here; and what happened after the order."
        )

    def numbering(self) -> Entry | None:
        """The event that numbered the copies, after the order: the only later one of the case that belongs here."""
        later = self.bodies.get(("disclosures_bundle", self.info.get("Bundle-Id", "")), [])[1:]
        found = [entry for entry in later if (entry.body or {}).get("action") == "disclosures.number_bundle"]
        return found[0] if found else None

    # --- everything else against the entries

    def row_of(self, record: dict[str, Any], table: str, where: str, what: str) -> dict[str, Any] | None:
        """The recorded row that a line of a list claims to be; says so when the line says something else.

        None where its events are sealed, as then are those of all rows of its table.
        """
        row = self.rows.get((table, record["id"]))
        if row is None and (record["table"] != table or any(key[0] == table for key in self.rows)):
            self.integrity.wrong(
                "record-unknown", where, f"{where} lists something of {what} that the log does not have."
            )
        if row is None:
            return None
        for column in sorted({*row, *record["row"]}):
            listed, logged = record["row"].get(column), row.get(column)
            if listed != logged:
                self.integrity.wrong(
                    "record-differs",
                    where,
                    f"{where} says {shown(listed)} for {column} of {what}, the log {shown(logged)}.",
                )
        return row

    def exhibits(self) -> None:
        where = "data/exhibits.json"
        listed = self.json(where)["exhibits"]
        known, unknown, files = 0, 0, {name for name in self.names if name.startswith("data/exhibits/")}
        seen = set()
        for line in listed:
            label, name = line["label"], line.get("path", "")
            seen.add(line["item"]["id"])
            rows = [
                self.row_of(line["exhibit"], "cases_exhibit", where, label),
                self.row_of(line["item"], "evidence_item", where, label),
            ]
            unknown += None in rows
            if rows[0] and (f"E{rows[0]['number']}", rows[0]["item_id"]) != (label, line["item"]["id"]):
                self.integrity.wrong(
                    "record-differs", where, f"{where} lists as {label} what the log has as E{rows[0]['number']}."
                )
            if not name:
                continue
            files.discard(f"data/{name}")
            if rows[1] is not None:
                known += 1
                self.same_file(f"data/{name}", rows[1], label)
        for name in sorted(files):
            self.integrity.wrong("file-unlisted", name, f"{name} belongs to no exhibit of {where}.")
        self.chosen(listed, seen)
        if known:
            self.integrity.proved.append(
                f"The {many(known, 'file of an exhibit', 'files of exhibits')} here are byte for byte what was collected."
            )
        if unknown:
            self.integrity.not_proved.append(
                f"What is said of {many(unknown, 'exhibit')}: the entries that would show it are sealed."
            )

    def same_file(self, name: str, item: dict[str, Any], label: str) -> None:
        measured = self.measured.get(name, {})
        for algorithm in ALGORITHMS:
            if name in self.names and measured and measured[algorithm] != item.get(algorithm):
                self.integrity.wrong(
                    "exhibit-differs",
                    name,
                    f"{name} ({label}) is not the file that was collected ({algorithm.upper()}).",
                )
                return
        if name not in self.names:
            self.integrity.wrong("file-missing", name, f"The file of {label} is missing: {name}.")
        self.bound.add(name)

    def chosen(self, listed: list[dict[str, Any]], seen: set) -> None:
        """The exhibits that were ordered, and those of the case that were not."""
        ordered = {one["item"]: one["number"] for one in self.row.get("exhibits", [])}
        for item, number in ordered.items():
            if item not in seen:
                self.completeness.wrong(
                    "exhibit-missing", f"E{number}", f"Exhibit E{number} was ordered for this bundle and is not listed."
                )
        for line in listed:
            if ordered and line["item"]["id"] not in ordered:
                self.integrity.wrong(
                    "exhibit-surplus",
                    line["label"],
                    f"Exhibit {line['label']} is here and was not ordered for this bundle.",
                )
        left_out = sorted(
            row["number"]
            for (table, _), row in self.rows.items()
            if table == "cases_exhibit" and ordered and row.get("item_id") not in ordered and "number" in row
        )
        if left_out:
            names = ", ".join(f"E{number}" for number in left_out)
            self.completeness.not_proved.append(
                f"What other exhibits of the case show: {names} were left out by choice."
            )
        withheld = [line["label"] for line in listed if not line.get("path")]
        if withheld:
            self.completeness.not_proved.append(
                f"The files of {', '.join(withheld)}: they are withheld from this recipient by rule, and listed by hash."
            )

    def custody(self) -> None:
        where = "data/custody.json"
        count = unknown = 0
        table = "evidence_custodyevent"
        recorded = {key[1] for key in self.rows if key[0] == table}
        items = {line["label"]: line["item"]["id"] for line in self.json("data/exhibits.json")["exhibits"]}
        for chain in self.json(where)["custody"]:
            for record in chain["events"]:
                found = self.row_of(record, table, where, f"the custody of {chain['label']}")
                count, unknown = count + (found is not None), unknown + (found is None)
                if found and (record["id"] not in recorded or found["item_id"] != items.get(chain["label"])):
                    self.integrity.wrong(
                        "record-differs",
                        where,
                        f"{where} lists a step under {chain['label']} twice, or one of another.",
                    )
                recorded.discard(record["id"])
        for left in sorted(recorded):
            self.integrity.wrong(
                "custody-missing", where, f"The custody event {left} is in the log and not in {where}."
            )
        if count:
            self.integrity.proved.append(f"{many(count, 'step')} of the custody are as they were recorded.")
        if unknown:
            self.integrity.not_proved.append(f"{many(unknown, 'step')} of the custody: their entries are sealed.")

    def documents(self) -> None:
        files = {name for name in self.names if name.startswith("data/documents/")}
        proved = 0
        ordered = {one["id"]: one["ref"] for one in self.row.get("documents", [])}
        for line in self.json("data/documents.json")["documents"]:
            name = f"data/{line['path']}"
            files.discard(name)
            row = self.rows.get((line["table"], line["id"]), {})
            if ordered.pop(line["id"], None) != line["ref"]:
                self.integrity.wrong(
                    "document-differs", name, f"{name} is listed as {line['ref']}, which was not ordered so."
                )
            hashes = {row.get("pdf_sha256")} | {one["sha256"] for one in row.get("files") or []}
            if name not in self.names:
                self.integrity.wrong("file-missing", name, f"The document {line['ref']} is missing: {name}.")
            elif self.measured.get(name, {}).get("sha256") not in hashes:
                self.integrity.wrong("document-differs", name, f"{name} is not the document that was issued.")
            else:
                proved += 1
                self.bound.add(name)
        for name in sorted(files):
            self.integrity.wrong("file-unlisted", name, f"{name} belongs to no line of data/documents.json.")
        for ref in sorted(ordered.values()):
            self.completeness.wrong("document-missing", ref, f"The document {ref} was ordered and is not listed.")
        if proved:
            self.integrity.proved.append(f"{many(proved, 'document is', 'documents are')} byte for byte as issued.")

    # --- numbered copies

    def bates(self) -> None:
        """The load file against itself, against the event that gave the numbers, and against the files of the bag."""
        left = {name for name in self.names if name.startswith(f"{BATES}/")} - {LOAD_FILE}
        if self.row.get("bates_prefix"):
            try:
                self.load_file(left)
            except (Bad, OSError, UnicodeDecodeError, csv.Error, tarfile.TarError) as error:
                raise Unreadable(LOAD_FILE, error) from None
        elif LOAD_FILE in self.names:
            left.add(LOAD_FILE)
        for name in sorted(left):
            self.integrity.wrong("file-unlisted", name, f"{name} is the copy of nothing that was numbered.")

    def load_file(self, left: set) -> None:
        """Takes the copies that it names out of `left`."""
        if not self.row.get("numbered"):
            self.completeness.wrong(
                "bates-missing", "data/events.json", "The event that numbered the copies of this bundle is not in it."
            )
            return
        faults = len(self.report.faults)
        copies = [f"{BATES}/{self.bates_number(row['first'])}.pdf" for row in self.row["numbered"]]
        left -= set(copies)
        for name in copies:
            if name not in self.names:
                self.completeness.wrong("copy-missing", name, f"The numbered copy {name} is missing.")
        reader = csv.reader(io.StringIO(self.bag.read(LOAD_FILE).decode(), newline=""), strict=True)
        header, *lines = list(reader) or [[]]
        if header != LOAD_COLUMNS or any(len(line) != len(header) for line in lines):
            self.integrity.wrong("bates-row", LOAD_FILE, f"{LOAD_FILE} does not have the columns of a load file.")
            return
        rows = [dict(zip(header, line)) for line in lines]
        self.contiguous(rows)
        self.as_numbered(rows)
        if len(self.report.faults) == faults:
            self.bound.add(LOAD_FILE)
            first, last = self.bates_number(self.row["bates_first"]), self.bates_number(self.row["bates_last"])
            self.completeness.proved.append(
                f"{first} to {last} are given out without a gap, to {many(len(copies), 'copy', 'copies')} that "
                f"{'is' if len(copies) == 1 else 'are'} here, each of an original with the hash that the load file states."
            )
            self.integrity.not_proved.append("That a numbered copy shows what its original shows: compare them.")

    def bates_number(self, number: int) -> str:
        designation = self.row.get("confidentiality") or ""
        return f"{self.row['bates_prefix']}-{number:07d}" + (f"-{designation}" if designation else "")

    def contiguous(self, rows: list[dict[str, str]]) -> None:
        """Whether the rows take number after number, from the first that was given to the last."""
        expected = self.row["bates_first"]
        for place, row in enumerate(rows, start=2):
            where = f"{LOAD_FILE}, line {place}"
            first, last = self.bates_of(row["BegBates"]), self.bates_of(row["EndBates"])
            if first is None or last is None or last < first:
                self.integrity.wrong(
                    "bates-row",
                    where,
                    f"{where}: {shown(row['BegBates'])} to {shown(row['EndBates'])} is no range of "
                    "numbers of this bundle.",
                )
                continue
            if first > expected:
                gap = f"{self.bates_number(expected)} to {self.bates_number(first - 1)}"
                self.completeness.wrong("bates-gap", where, f"{where}: {gap} are missing before it.")
            elif first < expected:
                self.integrity.wrong(
                    "bates-overlap",
                    where,
                    f"{where}: {self.bates_number(first)} is given out before it, or is none of "
                    "the numbers of this bundle.",
                )
            expected = last + 1
        if expected != self.row["bates_last"] + 1:
            self.completeness.wrong(
                "bates-range",
                LOAD_FILE,
                f"{LOAD_FILE} ends with {self.bates_number(expected - 1)}, and the numbers of this bundle with "
                f"{self.bates_number(self.row['bates_last'])}.",
            )

    def bates_of(self, text: str) -> int | None:
        match = re.fullmatch(r"[A-Z0-9]+-([0-9]{7})(-[A-Z]+)?", text)
        return int(match[1]) if match and text == self.bates_number(int(match[1])) else None

    def as_numbered(self, rows: list[dict[str, str]]) -> None:
        """Whether each row is what the log says of it, and its original in the bag has its hash."""
        people = self.json("data/people.json")["people"]
        numbered = self.row["numbered"]
        if len(rows) != len(numbered):
            self.completeness.wrong(
                "bates-range",
                LOAD_FILE,
                f"{LOAD_FILE} has {many(len(rows), 'row')}, and {many(len(numbered), 'original was', 'originals were')} "
                "numbered.",
            )
        for place, (row, one) in enumerate(zip(rows, numbered), start=2):
            where = f"{LOAD_FILE}, line {place}"
            for column, values in self.stated(one, people).items():
                if row[column] not in values:
                    self.integrity.wrong(
                        "bates-row",
                        where,
                        f"{where}: {shown(row[column])} is given for {column}, the log says {shown(values[0])}.",
                    )
            name = f"data/{one['path']}"
            if self.measured.get(name, {}).get("sha256") != row["SHA256"]:
                self.integrity.wrong(
                    "bates-original", where, f"{where}: {name} is not the original with the SHA-256 that it states."
                )

    def stated(self, one: dict[str, Any], people: dict[str, str]) -> dict[str, list[str]]:
        """What may stand in each column: text that a spreadsheet would run has an apostrophe before it."""
        custodian = one["custodian"]
        values = {
            "BegBates": [self.bates_number(one["first"])],
            "EndBates": [self.bates_number(one["last"])],
            "BegAttach": [""],
            "EndAttach": [""],
            "Custodian": [custodian, people.get(custodian, custodian)],
            "DateCreated": [one["created"]],
            "FileName": [one["name"]],
            "SHA256": [one["sha256"]],
            "Confidentiality": [self.row.get("confidentiality") or ""],
        }
        return {column: [*texts, *(f"'{text}" for text in texts if text)] for column, texts in values.items()}

    def values(self) -> None:
        """Personal data: the log holds SHA-256(0x02, nonce, column, 0x00, value), the bundle value and nonce."""
        where, proved = "data/values.json", 0
        for line in self.json(where)["values"]:
            entry = self.entries.get(line["index"])
            stated = (((entry and entry.body) or {}).get("changes") or {}).get(line["column"], [None, None])[1]
            text = json.dumps(line["value"], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            salted = b"\x02" + bytes.fromhex(line["nonce"]) + line["column"].encode() + b"\x00" + text.encode()
            if not isinstance(stated, dict) or stated.get("commitment") != hashlib.sha256(salted).hexdigest():
                self.integrity.wrong(
                    "value-differs",
                    where,
                    f"The {line['column']} given for entry {line['index']} is not what was recorded.",
                )
            else:
                proved += 1
        if proved:
            self.integrity.proved.append(f"{many(proved, 'piece')} of personal data are what the log committed to.")

    # --- against what comes from elsewhere

    def receipt(self) -> None:
        if not self.outside.receipt:
            return
        try:
            proof = Proof.parse(self.outside.receipt)
            signed = self.signed(proof.note)
            body = json.loads(proof.extra.decode())
            if not includes(leaf_hash(proof.extra), proof.index, signed.head.size, proof.path, signed.head.root):
                raise Bad("it is not what was recorded at its place")
            new = {column: pair[1] for column, pair in body["changes"].items()}
            if body["object"] != ["disclosures_bundle", self.info.get("Bundle-Id")]:
                raise Bad("it is the receipt of another bundle")
        except (Bad, ValueError, KeyError, TypeError) as error:
            self.integrity.wrong("receipt-unusable", "receipt", f"The receipt proves nothing here: {error}.")
            return
        tags = hashlib.sha256(self.bag.read("tagmanifest-sha256.txt")).hexdigest()
        if new.get("tagmanifest_sha256") != tags:
            self.integrity.wrong(
                "receipt-differs",
                "tagmanifest-sha256.txt",
                "This is not the bag that was made: the log has another hash of it.",
            )
        elif not self.integrity.faults:
            self.bound |= self.names
            self.integrity.proved.append(
                "The whole bag, every file of it, is the one that the log recorded when it was made."
            )

    def earlier(self) -> None:
        """Checkpoints that the expert has from an earlier day, or from somebody else."""
        for note in self.outside.checkpoints:
            try:
                old = self.signed(note)
            except Bad as error:
                self.integrity.wrong("checkpoint-untrusted", "--checkpoint", f"The checkpoint you have: {error}.")
                continue
            self.grown(old.head, next((one for text, one in self.opened.items() if text != note), old).head)

    def grown(self, old: Head, new: Head) -> None:
        name = f"proof/consistency/{old.size}"
        path: list = []
        if old.size != new.size:
            if name not in self.names:
                self.integrity.not_proved.append(
                    "That the log continues the checkpoint you have: the bundle holds no proof from it. Ask for one."
                )
                return
            try:
                size, path, _ = continuation(self.bag.read(name).decode())
                if size != old.size:
                    raise Bad("it is of another size")
            except (Bad, OSError, UnicodeDecodeError, tarfile.TarError) as error:
                self.integrity.wrong("proof-damaged", name, f"{name} cannot be used: {error}.")
                return
        if continues(old.size, new.size, path, old.root, new.root):
            self.integrity.proved.append(
                f"The log still begins with the {old.size:,} entries of the checkpoint you have."
            )
        else:
            self.integrity.wrong(
                "history-rewritten",
                "--checkpoint",
                f"The log does not continue the {old.size:,} entries of the checkpoint you have.",
            )

    def times(self) -> None:
        for signed in {one.text: one for one in self.opened.values()}.values():
            for sentence in signed.unable:
                self.time.not_proved.append(sentence[0].upper() + sentence[1:] + ".")
            for name, at in sorted(signed.witnesses.items()):
                self.time.proved.append(
                    f"The witness {name} had seen all {signed.head.size:,} entries, unchanged from what it saw before, by {when(at)}."
                )
            if self.policy.quorum != "none" and signed.quorum_at is None:
                missed = "Fewer witnesses have cosigned the checkpoint than the policy asks for."
                if self.outside.policy:  # it is you who asks for them
                    self.time.wrong("quorum-missed", "proof/checkpoint", missed)
                else:
                    self.time.not_proved.append(missed)
        for name in sorted(
            name for name in self.names if name.startswith("proof/timestamps/") and name.endswith(".tsr")
        ):
            self.stamp(name)
        if not self.time.proved and not self.time.faults:
            self.time.not_proved.append(
                "When anything happened: no witness and no time-stamping authority speaks for it. Times are the provider's own."
            )
        else:
            self.time.not_proved.append(
                "Times of single events: they are the provider's own, and bounded only from above."
            )

    def stamp(self, name: str) -> None:
        token, texts = self.bag.read(name), {one.text for one in self.opened.values()}
        try:
            stamp = stamp_of(token)
            imprints = {hashlib.new(stamp.algorithm, text.encode()).digest(): text for text in texts}
        except (Bad, ValueError) as error:
            self.time.wrong("timestamp-damaged", name, f"{name} cannot be used: {error}.")
            return
        if stamp.imprint not in imprints:
            self.time.wrong(
                "timestamp-differs", name, f"{name} is a time stamp of something other than the checkpoint."
            )
            return
        self.bound.add(name)
        at = f"{stamp.at:%Y-%m-%d %H:%M:%S UTC}"
        command = stamp.command(name, self.outside.authorities or "AUTHORITY.pem")
        if not self.outside.authorities or not shutil.which("openssl"):
            self.time.not_proved.append(
                f"Who signed {name}, which says that the checkpoint existed at {at}: check it with "
                f"`{shlex.join(command)}`, or give --authorities AUTHORITY.pem where openssl is installed."
            )
        elif _openssl(token, stamp, self.outside.authorities):
            self.time.proved.append(f"A time-stamping authority signed that the checkpoint existed at {at} ({name}).")
            self.time.not_proved.append(
                f"Whether the certificate behind {name} was revoked: it was valid by its dates when it signed."
            )
        else:
            self.time.wrong(
                "timestamp-untrusted",
                name,
                f"{name} is not signed by an authority of {self.outside.authorities}, with a certificate for time "
                "stamps that was valid then.",
            )

    def unbound(self) -> None:
        """Files that only the manifests speak for: anybody who makes a bag can make its manifests."""
        lists = {f"data/{name}.json" for name in ("events", "exhibits", "custody", "documents", "values")}
        derived = sorted(name for name in self.names - self.bound - lists if name.startswith("data/"))
        copies = [name for name in derived if name.startswith(f"{BATES}/") and name.endswith(".pdf")]
        if copies:
            derived = [name for name in derived if name not in copies] + [
                f"{many(len(copies), 'copy', 'copies')} in {BATES}"
            ]
        if derived:
            self.integrity.not_proved.append(
                f"{', '.join(derived)}: made from the rest for convenience; only the bag's own manifests speak for them, "
                "unless you give the receipt with --receipt."
            )
        self.integrity.not_proved.append(
            "That what was entered is true. A trail keeps what was said; it cannot know better."
        )


class Unreadable(Exception):
    def __init__(self, name: str, error: Exception) -> None:
        super().__init__(str(error))
        self.name = name


def shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{text[:57]}…" if len(text) > 60 else text


def _openssl(token: bytes, stamp: Stamp, authorities: str) -> bool:
    with tempfile.NamedTemporaryFile(suffix=".tsr") as file:
        file.write(token)
        file.flush()
        return subprocess.run(stamp.command(file.name, authorities), capture_output=True).returncode == 0  # noqa: S603


# === 8. One proof, two checkpoints, the whole log ====================================================================


def check_proof(proof_text: str, body: bytes, policy: Policy) -> Report:
    """One entry. Without a body the proof's own extra data are taken for it."""
    report = Report("Proof of one entry")
    try:
        proof = Proof.parse(proof_text)
        signed = policy.open(proof.note)
        entry = body or proof.extra
        if not includes(leaf_hash(entry), proof.index, signed.head.size, proof.path, signed.head.root):
            report.integrity.wrong(
                "entry-differs", "entry", f"It is not what was recorded at place {proof.index} of the log."
            )
        else:
            report.integrity.proved.append(f"It is entry {proof.index} of the log {signed.head.origin}, byte for byte.")
        for name, at in signed.witnesses.items():
            report.time.proved.append(f"The witness {name} had seen it by {when(at)}.")
    except Bad as error:
        report.integrity.wrong("proof-damaged", "proof", f"The proof cannot be used: {error}.")
    report.completeness.not_proved.append("One entry says nothing about others.")
    return report


def check_consistency(old_note: str, new_note: str, text: str, policy: Policy) -> Report:
    report = Report("Two checkpoints")
    try:
        old, new = policy.open(old_note).head, policy.open(new_note).head
        size, path, _ = continuation(text)
        if size != old.size or not continues(old.size, new.size, path, old.root, new.root):
            report.integrity.wrong(
                "history-rewritten",
                "proof",
                f"The log of {new.size:,} entries does not begin with the {old.size:,} of the earlier checkpoint.",
            )
        else:
            report.integrity.proved.append(
                f"The log of {new.size:,} entries begins with the same {old.size:,} entries."
            )
    except Bad as error:
        report.integrity.wrong("proof-damaged", "proof", f"It cannot be checked: {error}.")
    return report


class Heads:
    """The checkpoints that are to be compared, read one after the other as the tree grows past them."""

    def __init__(self, lines: Iterator[str], given: list[tuple[str, str]], policy: Policy, verdict: Verdict) -> None:
        self.policy, self.verdict, self.lines = policy, verdict, enumerate(lines, start=1)
        opened = (self.open(name, note) for name, note in given)
        self.given = sorted((one for one in opened if one), key=lambda one: one[1].size)
        self.next = self.step()

    def open(self, name: str, note: str) -> tuple[str, Head] | None:
        try:
            return name, self.policy.open(note).head
        except Bad as error:
            self.verdict.wrong("checkpoint-untrusted", name, f"{name} cannot be trusted: {error}.")
            return None

    def step(self) -> tuple[str, Head] | None:
        for number, line in self.lines:
            try:
                found = self.open(f"checkpoint {number}", json.loads(line))
            except (ValueError, TypeError, AttributeError):
                name = f"checkpoint {number}"
                self.verdict.wrong("checkpoint-untrusted", name, f"{name} cannot be read.")
                continue
            if found:
                return found
        return None

    def up_to(self, size: int) -> Iterator[tuple[str, Head]]:
        """Those of at most this size that were not returned yet."""
        while self.given and self.given[0][1].size <= size:
            yield self.given.pop(0)
        while self.next and self.next[1].size <= size:
            yield self.next
            self.next = self.step()

    def rest(self) -> Iterator[tuple[str, Head]]:
        yield from self.given
        while self.next:
            yield self.next
            self.next = self.step()


def check_full(folder: Path, policy: Policy, checkpoints: list[str]) -> Report:
    """An export of the whole log: entries.ndjson, one body a line in the order of the log, and its checkpoints."""
    report = Report("Export of the whole log")
    verdict, tree = report.integrity, Tree()
    numbers: dict[str, tuple[int, int]] = {}  # case: (last number, how many)
    given = [(f"--checkpoint {number}", note) for number, note in enumerate(checkpoints, start=1)]
    good, compared = 0, 0
    with (folder / "entries.ndjson").open("rb") as lines, (folder / "checkpoints.ndjson").open() as stored:
        heads = Heads(stored, given, policy, verdict)
        for line in lines:
            body = line[:-1] if line.endswith(b"\n") else line
            tree.append(leaf_hash(body))
            case, number = _case_of(body)
            if case:
                last, count = numbers.get(case, (0, 0))
                numbers[case] = max(last, number), count + 1
            for name, head in heads.up_to(tree.size):
                compared += 1
                if (head.size, head.root) == (tree.size, tree.root):
                    good = tree.size
                elif not any(fault.kind == "log-differs" for fault in verdict.faults):
                    verdict.wrong(
                        "log-differs",
                        name,
                        f"An entry from place {good:,} to {tree.size - 1:,} was changed, removed, put in or moved, or "
                        f"the checkpoint was: {name} has another root.",
                    )
        for name, head in heads.rest():
            verdict.wrong(
                "tail-cut",
                name,
                f"{name} is of {head.size:,} entries, and the export has {tree.size:,}: its end was cut off.",
            )
    for case, (last, count) in sorted(numbers.items()):
        if last != count:
            report.completeness.wrong(
                "event-missing", f"case {case}", f"Case {case} has {count} events, and the last is number {last}."
            )
    if not verdict.faults:
        verdict.proved.append(f"The first {good:,} entries are those of all {compared:,} checkpoints that were signed.")
        if good < tree.size:
            verdict.not_proved.append(f"The last {tree.size - good:,} entries: no checkpoint covers them.")
    if not report.completeness.faults:
        report.completeness.proved.append(f"The events of {many(len(numbers), 'case')} are numbered without a hole.")
    report.time.not_proved.append("When anything happened: an export of the log says nothing from outside.")
    return report


def _case_of(body: bytes) -> tuple[str, int]:
    try:
        case = json.loads(body).get("case")
        return (str(case[0]), int(case[1])) if case else ("", 0)
    except (ValueError, AttributeError, TypeError, IndexError):
        return "", 0


# === 9. The command ==================================================================================================


@contextmanager
def opened(path: Path) -> Iterator[Bag]:
    if path.is_dir():
        inner = [child for child in path.iterdir() if (child / "bagit.txt").exists()]
        yield Folder(path if (path / "bagit.txt").exists() or len(inner) != 1 else inner[0])
    else:
        with path.open("rb") as file:
            yield Archive(file)


def check_bundle(bag: Bag, outside: Outside | None = None) -> Report:
    return CaseCheck(bag, outside or Outside()).run()


def _text(path: str) -> str:
    return Path(path).read_bytes().decode() if path else ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    modes = parser.add_subparsers(dest="mode", required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--policy", default="", help="whom to trust, from elsewhere (C2SP tlog-policy)")
    shared.add_argument("--json", action="store_true", help="the report for programs")
    shared.add_argument("--checkpoint", action="append", default=[], help="a checkpoint you have from elsewhere")
    case = modes.add_parser("case", parents=[shared], help="a bundle")
    case.add_argument("bundle")
    case.add_argument("--receipt", default="", help="the receipt that was delivered beside the bundle")
    case.add_argument("--authorities", default="", help="certificates of time-stamping authorities, PEM")
    proof = modes.add_parser("proof", parents=[shared], help="one entry")
    proof.add_argument("proof")
    proof.add_argument("body", nargs="?", default="")
    consistency = modes.add_parser("consistency", parents=[shared], help="two checkpoints")
    for name in ("old", "new", "proof"):
        consistency.add_argument(name)
    full = modes.add_parser("full", parents=[shared], help="an export of the whole log")
    full.add_argument("export")
    given = parser.parse_args(arguments)
    try:
        report = _checked(given)
    except (Bad, Unreadable, OSError, ValueError) as error:
        print(f"It could not be checked: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report.as_dict(), ensure_ascii=False, indent=1) if given.json else report.as_text())
    return 0 if report.holds else 1


def _checked(given: argparse.Namespace) -> Report:
    checkpoints = [_text(path) for path in given.checkpoint]
    if given.mode == "case":
        outside = Outside(_text(given.policy), _text(given.receipt), checkpoints, given.authorities)
        with opened(Path(given.bundle)) as bag:
            return check_bundle(bag, outside)
    if given.mode == "full":
        policy = Policy.parse(_text(given.policy or str(Path(given.export) / "policy")))
        return check_full(Path(given.export), policy, checkpoints)
    if not given.policy:
        raise Bad("say whom to trust, with --policy FILE; the bundle's own is proof/policy")
    policy = Policy.parse(_text(given.policy))
    if given.mode == "proof":
        return check_proof(_text(given.proof), Path(given.body).read_bytes() if given.body else b"", policy)
    return check_consistency(_text(given.old), _text(given.new), _text(given.proof), policy)


if __name__ == "__main__":
    sys.exit(main())
