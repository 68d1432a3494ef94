"""The demo's and the tests' own servers: they start, they come back, and they leave other people's processes alone."""

import os
import shutil
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from casemgr.supervisor import ServiceError, Services, postgres, processes

REFUSED = "postgres://someone:s3cret@127.0.0.1:1/somewhere"


@pytest.fixture(autouse=True)
def no_outside_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """pytest's directories are for their owner alone, so as root this is also the clone that only root can enter."""
    path = tmp_path_factory.mktemp("services")
    yield path
    Services(path).erase()


@pytest.fixture
def services(root: Path) -> Services:
    return Services(root, options={"fast": True, "max_connections": 20})


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone() if cursor.description else None


def queue(url: str, *words: str) -> bytes:
    """One command to the broker, in its own plain protocol."""
    credentials, address = url.removeprefix("redis://:").removesuffix("/0").split("@")
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(f"AUTH {credentials}\r\n{' '.join(words)}\r\nQUIT\r\n".encode())
        answer = b""
        while more := connection.recv(1000):
            answer += more
    return answer


def test_start_gives_servers_that_answer(services: Services) -> None:
    environment = services.start()
    assert ask(environment["DATABASE_URL"], "SELECT current_database()") == ("casemgr",)
    assert b"+PONG" in queue(environment["CELERY_BROKER_URL"], "PING")


def test_the_application_owns_its_database_but_is_no_superuser(services: Services) -> None:
    url = services.start()["DATABASE_URL"]
    query = "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert ask(url, query) == (False, True)


def test_a_wrong_password_is_refused(services: Services) -> None:
    url = services.start()["DATABASE_URL"]
    password = url.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password"):
        ask(url.replace(password, "guess"), "SELECT 1")


def test_upper_case_knows_more_than_english(services: Services) -> None:
    assert ask(services.start()["DATABASE_URL"], "SELECT upper('äöü œ ж')") == ("ÄÖÜ Œ Ж",)


def test_starting_again_takes_the_same_servers(services: Services, root: Path) -> None:
    first = services.start()
    pids = services.postgres.pid(), services.valkey.pid()
    again = Services(root, options=services.options)
    assert again.start() == first
    assert (again.postgres.pid(), again.valkey.pid()) == pids


def test_addresses_are_written_for_the_owner_alone(services: Services, root: Path) -> None:
    environment = services.start()
    file = root / "services.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert dict(line.split("=", 1) for line in file.read_text().splitlines()) == environment


def test_data_survive_a_stop(services: Services) -> None:
    url = services.start()["DATABASE_URL"]
    ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert services.stop() == ["Valkey", "PostgreSQL"]
    assert services.stop() == []
    assert services.status() == {"PostgreSQL": "stopped", "Valkey": "stopped"}
    assert ask(services.start()["DATABASE_URL"], "SELECT answer FROM kept") == (42,)


def test_data_and_queue_survive_kill_9(services: Services) -> None:
    environment = services.start()
    ask(environment["DATABASE_URL"], "CREATE TABLE committed AS SELECT 7 AS answer")
    queue(environment["CELERY_BROKER_URL"], "RPUSH", "tasks", "one")
    queue(environment["CELERY_BROKER_URL"], "WAITAOF", "1", "0", "5000")
    for pid in (services.postgres.pid(), services.valkey.pid()):
        assert pid
        os.kill(pid, signal.SIGKILL)
        assert processes.wait_until(lambda pid=pid: not processes.command_line(pid), seconds=10)
    environment = services.start()
    assert ask(environment["DATABASE_URL"], "SELECT answer FROM committed") == (7,)
    assert b":1" in queue(environment["CELERY_BROKER_URL"], "LLEN", "tasks")


def test_a_pid_that_now_belongs_to_somebody_else_is_left_alone(services: Services) -> None:
    services.start()
    services.stop()
    (services.postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{services.postgres.data}\n")
    (services.valkey.home / "pid").write_text(f"{os.getpid()}\n")
    assert services.stop() == []
    assert ask(services.start()["DATABASE_URL"], "SELECT 1") == (1,)


def test_a_port_that_was_taken_meanwhile_is_given_up(services: Services) -> None:
    services.start()
    services.stop()
    port = int((services.postgres.home / "port").read_text())
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        url = services.start()["DATABASE_URL"]
    assert f":{port}/" not in url
    assert ask(url, "SELECT 1") == (1,)


def test_data_of_another_major_version_are_not_touched(services: Services) -> None:
    services.start()
    services.stop()
    version = services.postgres.data / "PG_VERSION"
    right = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(ServiceError, match=r"was written by PostgreSQL 14.*make demo-reset"):
            services.start()
        assert services.postgres.pid() is None
    finally:
        version.write_text(right)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its servers to another user")
def test_root_runs_the_servers_as_somebody_else_and_changes_no_permissions(services: Services, root: Path) -> None:
    before = {parent: stat.S_IMODE(parent.stat().st_mode) for parent in root.parents}
    services.start()
    assert services.place.base.parent == Path("/var/lib")
    for pid in (services.postgres.pid(), services.valkey.pid()):
        assert Path(f"/proc/{pid}").stat().st_uid == services.place.account.uid != 0
    assert {parent: stat.S_IMODE(parent.stat().st_mode) for parent in root.parents} == before


def test_erase_leaves_nothing(tmp_path: Path) -> None:
    services = Services(tmp_path, postgres=False)
    services.start()
    base = services.place.base
    services.erase()
    assert not (base / "valkey").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name not in {"log", ".supervisor.lock"}] == []
    assert base == tmp_path or not base.exists()


# --- servers of somebody else ----------------------------------------------------------------------------------------


def test_an_outside_database_is_used_and_not_written_down(services: Services, root: Path, tmp_path: Path) -> None:
    url = services.start()["DATABASE_URL"]
    os.environ["DATABASE_URL"] = url
    try:
        outside = Services(tmp_path, valkey=False)
        assert outside.start() == {"DATABASE_URL": url}
        assert outside.stop() == []
    finally:
        del os.environ["DATABASE_URL"]
    assert not (tmp_path / "services.env").exists()
    assert services.postgres.pid()


def test_an_unreachable_database_is_one_sentence_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", REFUSED)
    with pytest.raises(ServiceError, match="DATABASE_URL names cannot be reached") as caught:
        Services(tmp_path, valkey=False).start()
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_old_database_is_refused(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", services.start()["DATABASE_URL"])
    monkeypatch.setattr(postgres, "OLDEST", 99)
    with pytest.raises(ServiceError, match=r"casemgr needs 99 or newer"):
        Services(tmp_path, valkey=False).start()


def test_an_unreachable_broker_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "amqp://someone:s3cret@127.0.0.1:1//")
    with pytest.raises(ServiceError, match=r"CELERY_BROKER_URL names cannot be reached at 127.0.0.1:1") as caught:
        Services(tmp_path, postgres=False).start()
    assert "s3cret" not in str(caught.value)


def test_no_programs_at_all_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "available_servers", list)
    services = Services(tmp_path, valkey=False)
    try:
        with pytest.raises(ServiceError, match="set DATABASE_URL to a server of yours"):
            services.start()
    finally:
        services.erase()
        shutil.rmtree(tmp_path, ignore_errors=True)
