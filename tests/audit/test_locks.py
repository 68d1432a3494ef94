"""Nobody who writes waits for the log: no request takes a lock that another one's events would need."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from apps.alerts import intake
from apps.alerts.actions import register_detector
from apps.audit.log import sequencer
from apps.staff import actions as staff
from tests.alerts.conftest import alerts
from tests.audit.planting import plant

pytestmark = pytest.mark.usefixtures("committed_db")

# What stands in the way of another session's INSERT, and the lock of the sequencer.
IN_THE_WAY = """
    SELECT coalesce(relation::regclass::text, locktype), mode FROM pg_locks WHERE pid = %s AND granted AND (
        relation::regclass::text LIKE 'audit\\_%%' AND mode IN
            ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        OR locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = %s)"""


@pytest.fixture
def observer() -> Iterator:
    database = connection.copy()
    database.ensure_connection()
    database.connection.autocommit = True
    yield database.connection
    database.close()


@contextmanager
def watched(observer) -> Iterator[list]:
    """What lies in the way while each statement of ours has run and its transaction goes on."""
    found: list = []

    def look(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        own = context["connection"].connection
        found.extend(observer.execute(IN_THE_WAY, [own.info.backend_pid, sequencer.LOCK]).fetchall())
        seen.append(sql)
        return answer

    seen: list[str] = []
    with connection.execute_wrapper(look):
        yield found
    assert any("audit_event" in sql for sql in seen), "nothing was written into the trail"


def test_no_writing_takes_a_lock_that_others_need(observer, people):
    _ = people.admin
    with watched(observer) as found:
        plant(0)  # a row of every audited table
    assert found == []


@pytest.mark.parametrize("count", [3, 30])  # in one statement each, and by COPY
def test_no_intake_takes_a_lock_that_others_need(observer, people, count):
    detector = register_detector(slug="tidegauge", name="Tide gauge", kind="volume", owner="desk", by=people.admin)
    body = json.dumps(alerts(count)).encode()
    with watched(observer) as found:
        assert intake.take(detector, [body], by=detector.service_account).count("created") == count
    assert found == []


def test_no_request_takes_a_lock_that_others_need(observer, sign_in, people):
    client, address = sign_in(people.admin), f"/people/{people.analyst.pk}/roles/"
    with watched(observer) as found:
        assert client.post(address, {"roles": ["lead"], "reason": "moves"}).status_code == 302
    assert found == []


def test_what_would_stand_in_the_way_is_seen(observer, people):
    with watched(observer) as found, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE audit_event IN SHARE ROW EXCLUSIVE MODE")
        staff.change_roles(people.analyst, roles=["lead"], by=people.admin)
    assert ("audit_event", "ShareRowExclusiveLock") in found


def test_an_event_that_is_not_committed_keeps_nobody_waiting(people):
    _ = people.analyst, people.lead
    done: list[str] = []

    def meanwhile() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        staff.change_roles(people.lead, roles=["analyst"], by=people.admin)
        connection.close()
        done.append("committed")

    with transaction.atomic():
        staff.change_roles(people.analyst, roles=["lead"], by=people.admin)
        other = threading.Thread(target=meanwhile)
        other.start()
        other.join(timeout=60)
        assert done == ["committed"]
