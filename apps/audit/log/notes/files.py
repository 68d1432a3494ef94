"""Key files: private keys one a line, readable by their owner alone; beside them, in `.pub`, what others verify with.

The order of the lines is the order of the signatures. `.pub` also keeps the keys that no longer sign, because what they
signed has to stay verifiable.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from apps.audit.log.notes.keys import COSIGNATURE, ED25519, ML_DSA_44, Cosigner, Signer, Signers, Verifiers
from apps.audit.log.notes.text import BadNote


def load_or_make_signer(path: Path, name: str) -> Signers:
    """The keys in the file; one of each type made now, for their owner alone, when there is none.

    Raises BadNote, OSError.
    """
    signer = Signers.parse(_text(path, lambda: generate(name).export()))
    for key in signer.keys:
        if key.name != name:
            raise BadNote(f"{path} is the key of {key.name}, and the trail is called {name}")
    if not public_file(path).exists():
        write_once(public_file(path), str(signer.verifier), 0o644)
    return signer


def load_or_make_cosigners(path: Path, name: str) -> list[Cosigner]:
    """The keys of a witness, as `load_or_make_signer` has those of a log. Raises BadNote, OSError."""
    made = (Cosigner.generate(name, kind).export() for kind in (COSIGNATURE, ML_DSA_44))
    keys = [Cosigner.parse(line) for line in _text(path, lambda: "\n".join(made)).split("\n") if line.strip()]
    for key in keys:
        if key.name != name:
            raise BadNote(f"{path} is the key of {key.name}, and this witness is called {name}")
    if not public_file(path).exists():
        write_once(public_file(path), "\n".join(str(key.verifier) for key in keys), 0o644)
    return keys


def _text(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_once(path, make(), 0o600)
    return path.read_text()


def generate(name: str) -> Signers:
    """New keys for a log: one of each type that logs sign with. Raises BadNote."""
    return Signers(tuple(Signer.generate(name, kind) for kind in (ED25519, ML_DSA_44)))


def load_verifier(path: Path) -> Verifiers | None:
    """What verifies the notes of the keys in the file, or None when no key has been made yet. Raises BadNote."""
    if public_file(path).exists():
        return Verifiers.parse(public_file(path).read_text())
    return Signers.parse(path.read_text()).verifier if path.exists() else None


def public_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.pub")


def replace(path: Path, text: str, mode: int = 0o600) -> None:
    """Put text into a file so that a reader, or a crash, sees the old or the new, never half of it."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # else a power failure may bring the old name back
    finally:
        os.close(directory)


def write_once(path: Path, text: str, mode: int) -> None:
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
