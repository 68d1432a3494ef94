"""Statements that are planned once, and several of them on their way at a time."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from apps.alerts import actions
from apps.alerts.models import Detector
from apps.audit.principals import System
from apps.core import prepared
from apps.core.models import Counter
from apps.staff import actions as staff
from apps.staff.models import ServiceAccount

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = "INSERT INTO core_counter (kind, year, value) VALUES (%s, 2026, %s)"


@pytest.fixture
def statements() -> Iterator[list[dict[str, str]]]:
    with CaptureQueriesContext(connection) as captured:
        yield captured


def test_a_statement_is_planned_once(statements: CaptureQueriesContext) -> None:
    for number in range(3):
        assert prepared.send("SELECT %s::integer + 1", [number]).fetchone() == (number + 1,)
    assert len(statements) == 3  # those who count statements see them
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1::integer + 1'")
        assert cursor.fetchone() == (1,)


def test_answers_of_a_pipeline_come_in_any_order() -> None:
    with prepared.pipeline():
        assert prepared.is_pipelined()
        answers = [prepared.ask(lambda rows: rows[0][0], "SELECT %s::integer", [number]) for number in range(5)]
        assert [answer() for answer in reversed(answers)] == [4, 3, 2, 1, 0]
        assert answers[0]() == 0  # asked again, it is the same
    assert not prepared.is_pipelined()


def test_who_waits_for_an_answer_keeps_nobody_else_waiting() -> None:
    """Of two requests one holds a lock that the other waits for in the database: it must get its own answers."""

    def ask(statement: str) -> None:
        try:
            with prepared.pipeline():
                prepared.ask(list, statement)()
        finally:
            connections.close_all()

    prepared.send("SELECT pg_advisory_lock(%s)", [4711])
    waiting = threading.Thread(target=ask, args=["SELECT pg_advisory_lock(4711)"], daemon=True)
    waiting.start()
    blocked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"
    until = time.monotonic() + 20
    while prepared.send(blocked).fetchone() == (0,) and time.monotonic() < until:
        time.sleep(0.01)
    asking = threading.Thread(target=ask, args=["SELECT 1"], daemon=True)
    asking.start()
    asking.join(20)
    is_answered = not asking.is_alive()
    prepared.send("SELECT pg_advisory_unlock(%s)", [4711])
    waiting.join(20)
    asking.join(20)
    assert is_answered


def count_twice() -> None:
    with transaction.atomic(), prepared.pipeline():
        prepared.send(COUNT, ["TEST", 1])
        failed = prepared.send(f"{COUNT} RETURNING value", ["TEST", 2])
        prepared.send(COUNT, ["OTHER", 1])
        failed.fetchone()


def test_what_goes_wrong_in_a_pipeline_is_said_and_nothing_of_it_is_kept() -> None:
    with pytest.raises(IntegrityError):
        count_twice()
    assert not Counter.objects.exists()


def test_what_goes_wrong_unasked_is_said_at_the_end() -> None:
    with pytest.raises(DatabaseError), prepared.pipeline():
        prepared.send("SELECT 1 / %s::integer", [0])
    assert prepared.send("SELECT 1").fetchone() == (1,)


def test_the_first_statement_of_a_request_finds_a_lost_connection_out() -> None:
    prepared.send("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    other.close()
    connection.health_check_done = True
    with pytest.raises(OperationalError):  # in the middle of a request it is somebody's loss
        prepared.send("SELECT 1")
    connection.health_check_done = False
    assert prepared.send("SELECT 1").fetchone() == (1,)


def test_an_object_is_as_the_orm_gives_it() -> None:
    person = staff.bootstrap(email="admin@example.com", name="Admin", password="a long password", by=System())
    made = actions.register_detector(
        slug="tide", name="Tide", kind="template", owner="tides", known_false_positives=["reseller"], by=person
    )
    found = prepared.first(Detector, "t.service_account_id = %s", [made.service_account_id])
    assert found is not None
    whole = Detector.objects.get()
    assert {f.attname: getattr(found, f.attname) for f in Detector._meta.concrete_fields} == {
        f.attname: getattr(whole, f.attname) for f in Detector._meta.concrete_fields
    }
    with_account = prepared.first(Detector, "r.slug = %s", ["tide"], related="service_account")
    assert with_account is not None
    with CaptureQueriesContext(connection) as asked:
        assert with_account.service_account.name == made.service_account.name
    assert not asked.captured_queries
    assert prepared.first(ServiceAccount, "t.slug = %s", ["nobody"]) is None
