"""Key files: private keys one a line, readable by their owner alone; beside them, in `.pub`, what others verify with.

The order of the lines is the order of the signatures. `.pub` also keeps the keys that no longer sign, because what they
signed has to stay verifiable.
"""

import os
import secrets
from pathlib import Path

from apps.audit.log.notes.keys import ED25519, ML_DSA_44, Signer, Signers, Verifiers
from apps.audit.log.notes.text import BadNote


def load_or_make_signer(path: Path, name: str) -> Signers:
    """The keys in the file; one of each type made now, for their owner alone, when there is none.

    Raises BadNote, OSError.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_once(path, generate(name).export(), 0o600)
    signer = Signers.parse(path.read_text())
    for key in signer.keys:
        if key.name != name:
            raise BadNote(f"{path} is the key of {key.name}, and the trail is called {name}")
    if not public_file(path).exists():
        write_once(public_file(path), str(signer.verifier), 0o644)
    return signer


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
