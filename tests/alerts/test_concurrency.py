"""Many at once: the same thousand alerts are a thousand alerts, and every answer says so."""

import http.client
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from django.db import connection

from apps.alerts import actions
from apps.alerts.actions import intake
from apps.alerts.models import Alert, AlertAccount, AlertGroup, Batch
from apps.audit.models import Event
from apps.core import admission
from tests.alerts.conftest import alert, alerts

PATIENCE = 300.0  # seconds, for the last of those that come at once, on a machine that is busy with other things


@pytest.fixture(autouse=True)
def _room_for_all(monkeypatch):
    """The served site of the tests is one process; it takes all of them in at once."""
    monkeypatch.setattr(admission, "_at_work", threading.BoundedSemaphore(100))


def poster(site: str, account, by):
    """A function that posts a body over a connection of its own and returns status and JSON."""
    from apps.staff.actions import issue_api_key

    _, key = issue_api_key(account, by=by)

    def post(body: bytes, **headers: str) -> tuple[int, dict]:
        line = http.client.HTTPConnection(urlsplit(site).netloc, timeout=PATIENCE)
        line.request(
            "POST",
            "/api/v1/alerts",
            body,
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} | headers,
        )
        answer = line.getresponse()
        try:
            return answer.status, json.loads(answer.read())
        finally:
            line.close()

    return post


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE)
def test_the_same_thousand_alerts_fifty_times_at_once(live_site, people, detector):
    post = poster(live_site, detector.service_account, people.admin)
    body = json.dumps(alerts(1000)).encode()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: post(body), range(50)))
    assert Counter(status for status, _ in answers) == {201: 1, 200: 49}
    verdicts = Counter(item["verdict"] for _, answer in answers for item in answer["items"])
    assert verdicts == {"created": 1000, "duplicate": 49_000}
    assert Alert.objects.count() == 1000
    assert len({item["id"] for _, answer in answers for item in answer["items"]}) == 1000
    assert (Batch.objects.count(), Event.objects.filter(action="alerts.receive").count()) == (50, 50)


@pytest.mark.slow
def test_detectors_that_name_the_same_accounts_at_once_do_not_block_each_other(live_site, people, register):
    detectors = [register(f"detector-{n}") for n in range(4)]
    posts = [poster(live_site, d.service_account, people.admin) for d in detectors]

    def body(n: int, turn: int) -> bytes:
        items = alerts(60, source=detectors[n].slug, title=f"turn {turn}")
        return json.dumps(items[::-1] if turn % 2 else items).encode()

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda job: posts[job % 4](body(job % 4, job))[0], range(24)))
    assert set(statuses) <= {200, 201}
    assert Alert.objects.count() == 240
    assert AlertGroup.objects.count() == 60
    assert set(AlertGroup.objects.values_list("alert_count", flat=True)) == {4}


def test_one_idempotency_key_used_at_once_gives_one_batch(live_site, people, detector):
    post = poster(live_site, detector.service_account, people.admin)
    body = json.dumps([alert()]).encode()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(body, **{"Idempotency-Key": "once"}), range(8)))
    assert {status for status, _ in answers} == {201}
    assert len({answer["batch"] for _, answer in answers}) == 1
    assert Batch.objects.count() == 1


def test_two_updates_of_an_alert_at_once_both_count(committed_db, receive, detector, monkeypatch):
    receive(alert())
    read = intake._known

    def overtaken(*args):
        """What another request says in between is written before this one goes on."""
        found = read(*args)
        monkeypatch.setattr(intake, "_known", read)
        with ThreadPoolExecutor(1) as other:
            other.submit(lambda: (receive(said("acct_2")), connection.close())).result()
        return found

    def said(account: str) -> dict:
        return alert(action="update", title=account, subject={"type": "account", "accounts": [account]})

    monkeypatch.setattr(intake, "_known", overtaken)
    receive(said("acct_3"))
    row = Alert.objects.get()
    assert (row.title, row.occurrences, len(row.earlier), len(row.account_ids)) == ("acct_3", 3, 2, 3)
    assert set(AlertAccount.objects.values_list("account_id", flat=True)) == set(row.account_ids)


def test_no_two_people_are_handed_the_same_group(committed_db, people, receive):
    receive(alerts(10))
    takers = [people.analyst, people.analyst2, people.lead] * 3
    taken, start = [], threading.Barrier(len(takers))

    def take(person) -> None:
        start.wait()
        try:
            taken.append(actions.take_next(by=person).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(person,)) for person in takers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == len(takers)
