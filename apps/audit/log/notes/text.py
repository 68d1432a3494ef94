"""How a note is written down, and what a checkpoint says."""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

MOST_SIGNATURES = 64  # signed-note wants at least 16 to be read; the limit keeps a hostile note cheap
ROOT_BYTES = 32
SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


class BadNote(ValueError):
    """A note, checkpoint or key is malformed, or is not signed by the key it should be signed by."""


def split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text of a note, and of each signature line the key's name, its id and the signature. Nothing is verified.

    Raises BadNote.
    """
    text, mark, lines = note.rpartition("\n\n")
    if not mark or not lines.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", note):
        raise BadNote("it is not a signed note")
    if lines.count("\n") > MOST_SIGNATURES:
        raise BadNote(f"it has more than {MOST_SIGNATURES} signatures")
    return f"{text}\n", [_signature(line) for line in lines[:-1].split("\n")]


def signatures(note: str) -> list[tuple[str, bytes, bytes]]:
    """Name, key id and signature of each signature line, in their order; nothing is verified. Raises BadNote."""
    return split(note)[1]


def with_signatures(note: str, lines: str) -> str:
    """The note with further signature lines, as a witness returns them; one it has already is not added again.

    Raises BadNote.
    """
    text, known = split(note)
    same, added = split(f"{text}\n{lines}")
    if same != text:
        raise BadNote("there is an empty line among the signature lines")
    return note + "".join(
        signature_line(name, identity, signature)
        for place, (name, identity, signature) in enumerate(added)
        if (name, identity, signature) not in [*known, *added[:place]]
    )


def signature_line(name: str, identity: bytes, signature: bytes) -> str:
    return f"— {name} {b64(identity + signature)}\n"


def _signature(line: str) -> tuple[str, bytes, bytes]:
    match = SIGNATURE_LINE.fullmatch(line)
    data = unb64(match[2]) if match else b""
    if not match or len(data) < 5:
        raise BadNote("one of its signature lines is malformed")
    return match[1], data[:4], data[4:]


@dataclass(frozen=True)
class Head:
    """What a checkpoint says: a log of this name has this many entries under this root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Read the text of a checkpoint; lines after the third are extensions and are left alone. Raises BadNote."""
        match = re.match(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]+={0,2})\n([^\n]+\n)*\Z", text)
        root = unb64(match[3]) if match else b""
        if not match or len(root) != ROOT_BYTES:
            raise BadNote("it is not a checkpoint: name, size and root in a line each")
        return cls(match[1], int(match[2]), root)


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def unb64(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise BadNote("its base64 is damaged") from error
    if b64(data) != text:  # one value has one spelling, so that nobody can vary a note without its key
        raise BadNote("its base64 is damaged")
    return data
