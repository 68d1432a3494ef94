"""What every test may ask for: a real database, people by role, a signed-in client, a detector's, a served site.

    def test_claim(people, sign_in):
        page = sign_in(people.analyst).get("/queue/")

A test that asks for `people` or `db` runs in a transaction that is rolled back. One that needs commits (threads, the
sequencer, a browser, the trail's verification) asks for `committed_db` as well and is emptied afterwards.
"""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from pytest_socket import socket_allow_hosts

PASSWORD = "a long enough password"
FILES = pytest.StashKey[Path]()

# Limits by the clock would fail what is right on a busy machine; the timeout of pytest stays.
hypothesis.register_profile("casemgr", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("casemgr")


def pytest_configure(config: pytest.Config) -> None:
    """Settings of the tests: cheap passwords, files in a directory of their own, nobody to ring."""

    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled files halve the start of a process that a test needs
    directory = Path(tempfile.mkdtemp(prefix="casemgr-tests-"))
    config.stash[FILES] = directory
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.VAULT_DIR = directory / "vault"
    settings.TRAIL_KEY_FILE = directory / "trail.key"
    settings.DOCUMENT_KEY_FILE = directory / "documents.pem"
    settings.STATIC_ROOT = directory / "static"
    settings.STATIC_ROOT.mkdir()
    settings.CELERY_BROKER_URL = ""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.ACCOUNT_RATE_LIMITS = False


def pytest_unconfigure(config: pytest.Config) -> None:
    if directory := config.stash.get(FILES, None):
        shutil.rmtree(directory, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several workers what takes long goes first: at the end nobody waits for the last long one."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_runtest_setup() -> None:
    """No test reaches further than this machine."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


WHAT_A_WORLD_SETS = ("EMAIL_HOST", "WEBHOOK_HOSTS", "TRANSPARENCY_URL", "TRANSPARENCY_TOKEN")


@pytest.fixture(autouse=True)
def _what_a_world_sets_ends_with_it() -> Iterator[None]:
    """Rows of a world need settings, such as a mail server; the next test has its own."""
    before = {name: getattr(settings, name) for name in WHAT_A_WORLD_SETS}
    yield
    for name, value in before.items():
        setattr(settings, name, value)


# --- the database ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let the tests' own emptying of tables pass the triggers that refuse it, as only the tables' owner can.

    Only tables with rows are emptied, and what migrations leave in a database stays: truncating all of them and
    telling every app that the database is new takes a second, after each test that commits.

    At the end, sessions that a browser's event loop or a server's thread left behind are ended: the database could not
    be dropped under them.
    """
    lasting = {"django_content_type", "auth_permission", "django_migrations"}

    def empty_as_owner(style: Any, tables: Any, **options: Any) -> list[str]:
        names = [connection.ops.quote_name(table) for table in tables if table not in lasting]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names))
            filled = [name for (name,) in cursor.fetchall()]
        switch = "ALTER TABLE {} {} TRIGGER USER".format
        return [
            *(switch(name, "DISABLE") for name in filled),
            *(f"DELETE FROM {name}" for name in filled),
            "SET CONSTRAINTS ALL IMMEDIATE",  # a table with checks outstanding cannot be altered
            *(switch(name, "ENABLE") for name in filled),
        ]

    with patch.object(connection.ops, "sql_flush", empty_as_owner), patch.object(flush, "emit_post_migrate_signal"):
        yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def committed_db(transactional_db: None, settings: Any, tmp_path: Path) -> None:
    """Commits are real, and every table is emptied after the test. The log has a key of its own, as any new one."""
    settings.TRAIL_KEY_FILE = tmp_path / "keys" / "trail.key"


@pytest.fixture(scope="module")
def made_once(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """`made_once(make)` makes what all tests of a module begin with, in a transaction around them, rolled back at the
    end: as TestCase.setUpTestData of Django. What it returns is for each test to copy, and what a test does is undone
    after it as ever. Not for modules in which a test commits.
    """
    around = transaction.atomic()
    with django_db_blocker.unblock():
        around.__enter__()

    def made(make: Callable[[], Any]) -> Any:
        with django_db_blocker.unblock():
            thing = make()
            connection.check_constraints()  # those that wait for the end, now and not once more in each test
        return thing

    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def environment(committed_db: None, settings: Any, tmp_path: Path) -> dict[str, str]:
    """The environment of a process that works on this test's database, files and keys, and has nobody to ring."""
    secrets = ("SECRET_KEY", "IDENTIFIER_PEPPER", "EVENT_SEAL_KEY", "PRIVATE_DATA_KEY")
    return (
        os.environ
        | {name: getattr(settings, name) for name in secrets}
        | {
            "DJANGO_SETTINGS_MODULE": "casemgr.settings",
            "DATABASE_URL": "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict),
            "VAR_DIR": str(tmp_path),
            "VAULT_DIR": str(settings.VAULT_DIR),
            "TRAIL_KEY_FILE": str(settings.TRAIL_KEY_FILE),
            "DOCUMENT_KEY_FILE": str(settings.DOCUMENT_KEY_FILE),
            "CELERY_BROKER_URL": "",
        }
    )


# --- people and programs ---------------------------------------------------------------------------------------------

ROLES = {
    "analyst": ["analyst"],
    "analyst2": ["analyst"],
    "lead": ["lead"],
    "counsel": ["legal_counsel"],
    "approver": ["legal_approver"],
    "reviewer": ["appeal_reviewer"],
    "auditor": ["auditor"],
}
NAMES = {
    "admin": "Ines Admin",
    "analyst": "Ada Analyst",
    "analyst2": "Ben Analyst",
    "lead": "Lea Lead",
    "counsel": "Cora Counsel",
    "approver": "Abel Approver",
    "reviewer": "Rhea Reviewer",
    "auditor": "Otto Auditor",
}


class People:
    """One person per role, each made on first use, through the same actions as in life."""

    def __getattr__(self, name: str) -> Any:
        from apps.audit.principals import System
        from apps.staff import actions

        if name == "admin":
            person = actions.bootstrap(email=email(name), name=NAMES[name], password=PASSWORD, by=System())
        elif name in ROLES:
            person = actions.invite(
                email=email(name), name=NAMES[name], roles=ROLES[name], password=PASSWORD, by=self.admin
            )
        else:
            raise AttributeError(f"there is no {name} among the people")
        setattr(self, name, person)
        return person

    def all(self) -> list[Any]:
        return [getattr(self, name) for name in NAMES]


def email(name: str) -> str:
    return f"{name}@northlight.example"


@pytest.fixture
def people(db: None) -> People:
    """`people.analyst`, `.analyst2`, `.lead`, `.counsel`, `.approver`, `.reviewer`, `.auditor`, `.admin`.

    The administrator sees no casework: the stranger of a casework test. The analyst sees no trail and no people.
    Their address is `<name>@northlight.example`, their password `tests.conftest.PASSWORD`.
    """
    return People()


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """A browser without a screen in which a person is signed in: `sign_in(people.lead).get(...)`."""

    def signed_in(person: Any, **options: Any) -> Client:
        client = Client(**options)
        client.force_login(person)
        return client

    return signed_in


@pytest.fixture
def api(people: People) -> Callable[..., Client]:
    """A client with the API key of a service account (a new detector's account when none is given)."""
    from apps.staff import actions

    numbers = count(1)

    def with_key(account: Any = None) -> Client:
        slug = f"detector-{next(numbers)}"
        account = account or actions.create_service_account(slug=slug, name=slug, roles=["detector"], by=people.admin)
        _, key = actions.issue_api_key(account, by=people.admin)
        return Client(headers={"authorization": f"Bearer {key}"})

    return with_key


# --- Spark ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def spark_session() -> Iterator[Any]:
    """One for all tests, in this process: Java begins once."""
    from apps.core.spark import SMALL, session

    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # it does not know the newest pandas yet
        made = session(settings.SPARK_MASTER or "local[1]", **SMALL)
    yield made
    made.stop()


# --- the served site -------------------------------------------------------------------------------------------------


@pytest.fixture
def live_site(committed_db: None, live_server: Any) -> str:
    """The address of the site, served over HTTP by a thread on the committed test database."""
    return live_server.url
