"""Which user runs the servers, and in which directory they keep their data.

PostgreSQL refuses to run as root. Root therefore hands both servers to an unprivileged user that exists already. When
that user cannot reach the project (a clone in root's home, or one that `mktemp -d` made) nobody's permissions are
changed: the servers and their data live in a directory of that user instead, and `var/place` says where.
"""

import contextlib
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casemgr.supervisor.errors import ServiceError

UNPRIVILEGED = ("postgres", "nobody")
ELSEWHERE = Path("/var/lib")


@dataclass(frozen=True)
class Account:
    """The user the servers run as. `switched` says that it is not the one who started us."""

    name: str
    uid: int
    gid: int
    switched: bool

    @classmethod
    def current(cls) -> "Account":
        uid = os.geteuid()
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:  # containers run as numbers that have no name
            name = str(uid)
        return cls(name, uid, os.getegid(), switched=False)

    @classmethod
    def unprivileged(cls, *, owner_of: Path) -> "Account":
        """Who runs the servers when root asks: the owner of data that exists, else a system user."""
        with contextlib.suppress(FileNotFoundError, KeyError):
            if uid := owner_of.stat().st_uid:
                entry = pwd.getpwuid(uid)
                return cls(entry.pw_name, uid, entry.pw_gid, switched=True)
        for name in UNPRIVILEGED:
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(name, entry.pw_uid, entry.pw_gid, switched=True)
        raise ServiceError(
            f"PostgreSQL does not run as root and there is no user {' or '.join(UNPRIVILEGED)} to run it; "
            "start casemgr as an ordinary user."
        )

    def for_popen(self) -> Mapping[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switched else {}

    def own(self, path: Path) -> None:
        if self.switched:
            os.chown(path, self.uid, self.gid)

    def can_run(self, program: Path) -> bool:
        """Asked of the kernel as that user, since access control lists and mounts decide too, not only modes."""
        return self._test("-x", program)

    def can_enter(self, directory: Path) -> bool:
        return self._test("-x", directory)

    def _test(self, what: str, path: Path) -> bool:
        if not self.switched:
            return True
        return subprocess.run(["test", what, path], cwd="/", check=False, **self.for_popen()).returncode == 0


@dataclass(frozen=True)
class Place:
    """Where the servers' data lies (`base`) and who owns it."""

    base: Path
    account: Account

    @classmethod
    def find(cls, root: Path) -> "Place":
        """The place of `root` (the project's `var`), made when there is none yet."""
        root.mkdir(parents=True, exist_ok=True)
        if os.geteuid():
            return cls(root, Account.current())
        if elsewhere := recorded(root):
            return cls(elsewhere, Account.unprivileged(owner_of=elsewhere))
        account = Account.unprivileged(owner_of=root / "pg" / "data")
        if account.can_enter(root):
            return cls(root, account)
        if (root / "pg" / "data").exists():
            raise ServiceError(
                f"The database in {root / 'pg'} belongs to user {account.name}, who can no longer reach it; "
                "move the project to where that user can, or start over with 'make demo-reset'."
            )
        return cls(_make_elsewhere(root, account), account)

    def directory(self, name: str) -> Path:
        """A directory of the servers' user alone below `base`."""
        path = self.base / name
        try:
            if not path.exists():
                path.mkdir(mode=0o700)
                self.account.own(path)
            elif not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError
        except PermissionError:
            raise ServiceError(
                f"{path} belongs to another user; run the same command as that user or as root."
            ) from None
        return path

    def runnable(self, tree: Path, program: Path, needs: tuple[Path, ...] = ()) -> Path:
        """`program` of `tree`, or a copy of it that the servers' user can reach (made once a version of the package).

        `needs` are the parts of the tree that the program is used with, itself among them.
        """
        if self.account.can_run(tree / program):
            return tree / program
        copy = self.directory("servers") / f"{program.name}-{_fingerprint(tree / program)}"
        if not copy.exists():
            draft = Path(tempfile.mkdtemp(dir=copy.parent, prefix=".copy-"))
            draft.chmod(0o755)  # nothing secret, and the servers' user must be able to enter what root copied
            for part in needs or (program,):
                _copy(tree / part, draft / part)
            draft.rename(copy)
        return copy / program


def recorded(root: Path) -> Path | None:
    """The directory outside the project that an earlier start of `root` took, while it exists."""
    try:
        path = Path((root / "place").read_text().strip())
    except FileNotFoundError:
        return None
    is_ours = path.parent == ELSEWHERE and path.name.startswith("casemgr-")
    return path if is_ours and path.is_dir() else None


def remove_elsewhere(root: Path) -> None:
    """Delete the directory outside the project, if there is one."""
    if elsewhere := recorded(root):
        shutil.rmtree(elsewhere)
        (root / "place").unlink()


def _make_elsewhere(root: Path, account: Account) -> Path:
    path = Path(tempfile.mkdtemp(prefix="casemgr-", dir=ELSEWHERE))  # mode 0700
    account.own(path)
    (root / "place").write_text(f"{path}\n")
    return path


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("include", "*.a", "*.pyc"))
    else:
        shutil.copy2(source, target)


def _fingerprint(program: Path) -> str:
    """Changes when the package is upgraded."""
    facts = program.stat()
    return hashlib.sha256(f"{facts.st_size} {facts.st_mtime_ns}".encode()).hexdigest()[:12]
