"""The two servers together: one start, one stop, one file that says where they are."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from casemgr.supervisor import place, postgres, processes, valkey
from casemgr.supervisor.errors import ServiceError


class Services:
    """PostgreSQL and Valkey under `root`, for whichever of the two no address is given in the environment.

    `options` go to PostgreSQL: `fast` (no fsync, for tests) and `max_connections`.
    """

    def __init__(
        self, root: Path, *, postgres: bool = True, valkey: bool = True, options: dict[str, Any] | None = None
    ) -> None:
        self.root = Path(root).resolve()
        self.wants_postgres = postgres
        self.wants_valkey = valkey
        self.options = options or {}

    @cached_property
    def place(self) -> place.Place:
        try:
            return place.Place.find(self.root)
        except PermissionError:
            raise ServiceError(
                f"{self.root} cannot be written by this user; give it to yourself, or run the command as its owner."
            ) from None

    @cached_property
    def postgres(self) -> postgres.Postgres:
        return postgres.Postgres(self.place, self.root / "log", **self.options)

    @cached_property
    def valkey(self) -> valkey.Valkey:
        return valkey.Valkey(self.place, self.root / "log")

    def start(self) -> dict[str, str]:
        """Start what is wanted and does not run; returns DATABASE_URL and CELERY_BROKER_URL. Raises ServiceError."""
        environment = {}
        if self.wants_postgres:
            if url := os.environ.get("DATABASE_URL"):
                postgres.check_outside(url)
            else:
                with self._alone():
                    url = self.postgres.start()
            environment["DATABASE_URL"] = url
        if self.wants_valkey:
            if url := os.environ.get("CELERY_BROKER_URL"):
                valkey.check_outside(url)
            else:
                with self._alone():
                    url = self.valkey.start()
            environment["CELERY_BROKER_URL"] = url
        self._remember(environment)
        return environment

    def stop(self) -> list[str]:
        """Stop the servers of this root, and no others; returns the names of those that ran."""
        if not self._ever_started():
            return []
        with self._alone():
            servers: dict[str, valkey.Valkey | postgres.Postgres] = {"Valkey": self.valkey, "PostgreSQL": self.postgres}
            return [name for name, server in servers.items() if server.stop()]

    def are_running(self) -> bool:
        """Whether a server of this root runs already."""
        return self._ever_started() and bool(self.postgres.pid() or self.valkey.pid())

    def status(self) -> dict[str, str]:
        """One line a server for a person."""
        if not self._ever_started():
            return {"PostgreSQL": "never started", "Valkey": "never started"}
        running = {"PostgreSQL": self.postgres.pid(), "Valkey": self.valkey.pid()}
        return {
            name: f"running, process {pid}, data in {self.place.base}" if pid else "stopped"
            for name, pid in running.items()
        }

    def describe(self) -> str:
        """Which servers were taken, for the line that the demo prints."""
        database, broker = os.environ.get("DATABASE_URL"), os.environ.get("CELERY_BROKER_URL")
        return ", ".join(
            (
                "the one of DATABASE_URL" if database else self.postgres.description(),
                "the one of CELERY_BROKER_URL" if broker else self.valkey.description(),
            )
        )

    def erase(self) -> None:
        """Stop and delete the servers' data, wherever they lie. Make a new `Services` to start again."""
        self.stop()
        place.remove_elsewhere(self.root)
        for name in ("pg", "valkey", "servers"):
            if (self.root / name).exists():
                shutil.rmtree(self.root / name)
        (self.root / "services.env").unlink(missing_ok=True)

    def elsewhere(self) -> Path | None:
        """The directory outside `root` that holds the servers' data, if there had to be one."""
        return place.recorded(self.root)

    def _ever_started(self) -> bool:
        return any((self.root / name).exists() for name in ("place", "pg", "valkey"))

    def _remember(self, environment: dict[str, str]) -> None:
        """Only servers of ours are written down: an address from the environment is not ours to keep in a file."""
        own = {name: url for name, url in environment.items() if not os.environ.get(name)}
        if own:
            text = "".join(f"{name}={url}\n" for name, url in own.items())
            processes.write_private(self.root / "services.env", text)

    @contextlib.contextmanager
    def for_me_alone(self) -> Iterator[None]:
        """Keep these servers from another command that would erase them; waits until one that has them is done."""
        with self._locked(".in-use.lock"):
            yield

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Two commands at once must not both start a server."""
        with self._locked(".supervisor.lock"):
            yield

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = open(self.root / name, "w")  # noqa: SIM115
        except PermissionError:
            raise ServiceError(
                f"{self.root} belongs to another user; run the same command as that user or as root."
            ) from None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
