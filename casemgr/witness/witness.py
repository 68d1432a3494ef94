"""The rules by which a witness cosigns: tlog-witness, "add-checkpoint", check by check and in its order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from apps.audit.log import merkle, notes
from casemgr.witness.state import Memory

MOST_PROOF_LINES = 63
TEXT = "text/plain; charset=utf-8"


class No(Exception):
    """The request is refused, with this status and this text."""

    def __init__(self, status: int, text: str, kind: str = TEXT) -> None:
        super().__init__(text)
        self.status, self.text, self.kind = status, text, kind


@dataclass(frozen=True)
class Request:
    """What add-checkpoint is asked with."""

    old: int
    proof: list[bytes]
    note: str
    head: notes.Head

    @classmethod
    def parse(cls, body: bytes) -> "Request":
        """Raises No with 400."""
        try:
            text = body.decode()
            first, mark, note = text.partition("\n\n")
            old, *lines = first.split("\n")
            if not mark or not re.fullmatch(r"old (0|[1-9][0-9]{0,18})", old):
                raise notes.BadNote("it has to be a line `old <size>`, proof lines, an empty line, and a checkpoint")
            if len(lines) > MOST_PROOF_LINES:
                raise notes.BadNote(f"it has {len(lines)} proof lines, and {MOST_PROOF_LINES} are allowed")
            proof = [notes.unb64(line) for line in lines]
            if any(len(step) != merkle.HASH for step in proof):
                raise notes.BadNote("a proof line is no SHA-256 hash")
            return cls(int(old[4:]), proof, note, notes.Head.parse(notes.split(note)[0]))
        except (UnicodeDecodeError, notes.BadNote) as error:
            raise No(400, f"This is no request for a cosignature: {error}.\n") from error


class Witness:
    """Cosigns the logs it knows, with all its keys."""

    def __init__(self, keys: Sequence[notes.Cosigner], logs: Sequence[notes.Verifier], memory: Memory) -> None:
        self.keys, self.memory = keys, memory
        self.logs = {
            name: notes.Verifiers(tuple(log for log in logs if log.name == name)) for name in {log.name for log in logs}
        }

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature lines. Raises No."""
        request = Request.parse(body)
        head = request.head
        self._verify(request)
        if request.old > head.size:
            raise No(400, f"The old size {request.old} is larger than the checkpoint's, {head.size}.\n")
        with self.memory.alone(head.origin) as turn:
            if turn.head.size != request.old:
                raise No(409, f"{turn.head.size}\n", "text/x.tlog.size")
            _refuse_inconsistency(turn.head, head, request.proof)
            lines = "".join(key.cosign(request.note) for key in self.keys)
            turn.cosigned = self._own_copy(request.note, lines)
        return lines

    def checkpoint(self, origin_hash: str) -> str:
        """The last cosigned checkpoint of a log, for monitors. Raises No."""
        origin = next((name for name in self.logs if sha256(name.encode()).hexdigest() == origin_hash), "")
        if note := self.memory.last(origin):
            return note
        raise No(404, "No checkpoint of such a log has been cosigned here.\n")

    def _verify(self, request: Request) -> None:
        if not (log := self.logs.get(request.head.origin)):
            raise No(404, f"The log {request.head.origin} is not known here.\n")
        try:
            log.open(request.note)
        except notes.BadNote as error:
            raise No(403, f"The checkpoint is not signed by the log: {error}.\n") from error

    def _own_copy(self, note: str, lines: str) -> str:
        """The checkpoint with the signatures that were verified, and with our own."""
        text, signatures = notes.split(note)
        keys = {(key.name, key.id) for log in self.logs.values() for key in log.keys}
        verified = [notes.signature_line(*line) for line in signatures if line[:2] in keys]
        return f"{text}\n{''.join(verified)}{lines}"


def _refuse_inconsistency(old: notes.Head, new: notes.Head, proof: Sequence[bytes]) -> None:
    if new.size == 0 and new.root != merkle.EMPTY_ROOT:
        raise No(422, "The root of an empty tree is the hash of nothing.\n")
    if old.size == 0 and proof:
        raise No(422, "From an empty tree there is no proof.\n")
    if old.size == 0 < new.size:
        return
    if old.size == new.size and old.root != new.root:
        raise No(
            422,
            f"Another tree of {old.size} entries was cosigned here: the log shows different people different trees.\n",
        )
    if old.size and not merkle.continues(old.size, new.size, proof, old.root, new.root):
        raise No(422, f"The proof does not show that the tree of {new.size} entries begins with that of {old.size}.\n")
