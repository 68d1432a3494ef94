"""How much a key may send, and what is answered when the house itself cannot take more."""

import errno
import json
import os
import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connections

from apps.alerts import actions, intake, limits
from apps.alerts.models import Allowance, Batch
from apps.core import admission, vault
from tests.alerts.conftest import ALERT, alert, alerts

PROBLEM = "application/problem+json"


@pytest.fixture(autouse=True)
def no_leases():
    """Each test begins with keys that no process has taken anything for."""
    limits._leases.clear()


@pytest.fixture
def clock(monkeypatch):
    """The process's own clock, to be turned on."""
    clock = SimpleNamespace(now=1000.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(limits, "time", clock)
    return clock


def another_process() -> None:
    """What this process knows is forgotten, as if another one asked."""
    limits._leases.clear()


def refused(answer, status: int, code: str) -> int:
    """The seconds after which it may be tried again."""
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)
    assert answer.json()["type"] == f"urn:casemgr:problem:{code}"
    assert int(answer["Retry-After"]) >= 1
    return int(answer["Retry-After"])


def test_a_key_sends_so_many_requests_a_second_over_all_processes(post, detector, people, clock):
    actions.change_detector(detector, requests_per_second=1, by=people.admin)
    assert post(ALERT).status_code == 201
    another_process()
    answer = post(ALERT)
    assert refused(answer, 429, "too_many_requests") == 1
    assert "more than 1 request a second" in answer.json()["detail"]
    assert Batch.objects.count() == 1


def test_a_key_may_send_again_after_a_while(post, detector, people, clock):
    actions.change_detector(detector, requests_per_second=1, by=people.admin)
    assert post(ALERT).status_code == 201
    wait = refused(post(ALERT), 429, "too_many_requests")
    Allowance.objects.update(refilled_at=Allowance.objects.get().refilled_at - timedelta(seconds=wait))
    clock.now += wait
    assert post(ALERT).status_code == 200


def test_a_refused_key_costs_no_query_for_each_request(post, detector, people, clock, django_assert_max_num_queries):
    actions.change_detector(detector, requests_per_second=1, by=people.admin)
    post(ALERT)
    post(ALERT)
    with django_assert_max_num_queries(2):  # whose key, and which detector's
        refused(post(ALERT), 429, "too_many_requests")


def test_a_key_sends_so_many_items_a_day(post, detector, people, clock):
    actions.change_detector(detector, items_per_day=5, by=people.admin)
    assert post(alerts(3)).status_code == 201
    clock.now += 1
    assert post(alerts(3)).status_code == 200
    clock.now += 1
    assert 1 <= refused(post(ALERT), 429, "too_many_items") <= 86_400
    another_process()
    refused(post(ALERT), 429, "too_many_items")
    assert Allowance.objects.get().items == 6
    Allowance.objects.update(day="2026-01-01")
    another_process()
    assert post(ALERT).status_code == 200


def test_each_key_has_its_own_allowance(post, api, register, people, detector, clock):
    actions.change_detector(detector, requests_per_second=1, by=people.admin)
    post(ALERT)
    refused(post(ALERT), 429, "too_many_requests")
    other = register("knotwork")
    body = json.dumps(alert(source="knotwork"))
    answer = api(other.service_account).post("/api/v1/alerts", body, content_type="application/json")
    assert answer.status_code == 201


@pytest.mark.parametrize("announced", [True, False])
def test_a_detector_has_a_body_limit_of_its_own(post, detector, people, announced):
    actions.change_detector(detector, max_body_bytes=2000, by=people.admin)
    assert post(ALERT).status_code == 201
    options = {} if announced else {"CONTENT_LENGTH": "10"}
    body = json.dumps(alerts(30)).encode()
    answer = post(body, **options) if announced else post(body)
    assert answer.status_code == 413
    assert "2,000" in answer.json()["detail"]
    assert Batch.objects.count() == 1


def test_a_process_sheds_what_is_too_much_at_once(committed_db, post, detector, monkeypatch):
    at_work, may_go = threading.Event(), threading.Event()
    monkeypatch.setattr(admission, "_at_work", threading.BoundedSemaphore(1))

    def hold():
        with admission.at_work():
            at_work.set()
            may_go.wait(10)

    busy = threading.Thread(target=hold)
    busy.start()
    assert at_work.wait(10)
    refused(post(ALERT), 503, "busy")
    may_go.set()
    busy.join()
    assert post(ALERT).status_code == 201
    connections.close_all()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_acknowledges_nothing(post, monkeypatch, code, settings):
    def full(*args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(vault.os, "fsync", full)
    body = json.dumps(alerts(100)).encode()
    assert len(body) > intake.INLINE_BYTES
    before = set((settings.VAULT_DIR / "incoming").glob("*"))
    refused(post(body), 503, "unavailable")
    assert Batch.objects.count() == 0
    assert set((settings.VAULT_DIR / "incoming").glob("*")) <= before, "half a file was left"
    monkeypatch.undo()
    assert post(body).status_code == 201


def test_a_database_that_fails_midway_acknowledges_nothing(post, monkeypatch):
    def stopped(*args, **kwargs):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(actions.intake.folding, "fold", stopped)
    refused(post(ALERT), 503, "unavailable")
    monkeypatch.undo()
    assert Batch.objects.count() == 0
    assert post(ALERT).status_code == 201
