"""Logs made of nothing but entries and keys, to be shown to witnesses, signers and judges."""

from apps.audit.log import merkle, notes

ORIGIN = "log.example/trail"


class Log:
    """A log in memory: `branch` makes another one with the same key that differs from some entry on."""

    def __init__(self, size: int, keys: notes.Signers | None = None, branch: tuple[int, str] = (1 << 60, "")) -> None:
        self.keys = keys or notes.files.generate(ORIGIN)
        at, name = branch
        self.leaves = [merkle.leaf_hash(f"{n}{name if n >= at else ''}".encode()) for n in range(size)]

    def range_hash(self, start: int, end: int) -> bytes:
        return merkle.root(self.leaves[start:end])

    def head(self, size: int) -> notes.Head:
        return notes.Head(self.keys.name, size, merkle.root(self.leaves[:size]))

    def checkpoint(self, size: int) -> str:
        return self.keys.sign(str(self.head(size)))

    def proof(self, old: int, new: int) -> list[bytes]:
        return merkle.consistency_proof(old, new, self.range_hash) if 0 < old < new else []

    def request(self, old: int, new: int, *, proof: list[bytes] | None = None, note: str = "") -> bytes:
        """The body of add-checkpoint."""
        steps = self.proof(old, new) if proof is None else proof
        lines = "".join(f"{notes.b64(step)}\n" for step in steps)
        return f"old {old}\n{lines}\n{note or self.checkpoint(new)}".encode()
