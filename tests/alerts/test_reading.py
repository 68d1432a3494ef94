"""Reading alerts over HTTP: filters, pages, the feed that loses nothing, and one alert by its reference."""

import threading

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from apps.alerts import intake
from apps.alerts.models import Alert
from tests.alerts.conftest import ALERT, alert, alerts, cluster

WHERE = "/api/v1/alerts"


@pytest.fixture
def read(post):
    """Ask for alerts as the detector; the answer's body."""

    def get(**asked):
        answer = post.client.get(WHERE, asked)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return get


def refs(page) -> list[str]:
    return [row["source_ref"] for row in page["alerts"]]


def walk(read, **asked) -> list[str]:
    """References of all pages, one after the other."""
    found, page = [], read(**asked)
    while True:
        found += refs(page)
        if not page["has_more"]:
            return found
        page = read(**asked, cursor=page["next"])


def test_pages_hold_every_alert_once_newest_first(post, read):
    for n in range(3):
        post(alerts(7, title=f"Round {n}"))
    post(cluster("late", ["a", "b"]))
    for size in (1, 3, 22, 1000):
        found = walk(read, limit=size)
        assert len(found) == len(set(found)) == Alert.objects.count() == 8
        assert found[0] == "cluster/late"
    assert read(limit=8)["next"] is None
    assert read()["alerts"][0]["alert"] == cluster("late", ["a", "b"])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"source": "tidegauge"}, {"volume/acct_0", "volume/acct_1", "cluster/c"}),
        ({"source": "knotwork"}, set()),
        ({"kind": "linkage"}, {"cluster/c"}),
        ({"severity": 3}, {"cluster/c"}),
        ({"open": "false"}, {"volume/acct_1"}),
        ({"open": "true", "kind": "volume"}, {"volume/acct_0"}),
        ({"account": "acct_0"}, {"volume/acct_0", "cluster/c"}),
        ({"account": "nobody"}, set()),
        ({"state": "dismissed"}, set()),
        ({"since": "2026-01-01T00:00:00Z"}, {"volume/acct_0", "volume/acct_1", "cluster/c"}),
        ({"until": "2026-01-01T00:00:00+02:00"}, set()),
    ],
)
def test_filters(post, read, asked, found):
    post([*alerts(2), cluster("c", ["acct_0", "x"], severity=4)])
    post(alerts(2)[1] | {"action": "close"})
    assert set(refs(read(**asked))) == found
    assert set(refs(read(**asked, limit=1000))) == found


def test_the_state_of_the_group_is_a_filter(post, read, people):
    from apps.alerts import actions
    from apps.alerts.models import AlertGroup

    post(alerts(2))
    group = AlertGroup.objects.get(key__endswith="acct_0")
    actions.claim(group, by=people.analyst)
    assert refs(read(state="claimed")) == ["volume/acct_0"]
    assert refs(read(state="open")) == ["volume/acct_1"]


@pytest.mark.parametrize(
    "asked",
    [
        {"severty": 3},
        {"severity": 5},
        {"kind": "premonition"},
        {"limit": 1001},
        {"limit": 0},
        {"open": "maybe"},
        {"cursor": "e30"},
        {"cursor": "bm9uZQ"},
        {"since": "yesterday"},
        {"since": "2026-06-05T10:00:00"},
        {"source_ref": "volume/acct_1"},
        {"updated_since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"},
    ],
)
def test_what_cannot_be_asked_is_a_400_that_names_it(post, asked):
    answer = post.client.get(WHERE, asked)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["type"] == "urn:casemgr:problem:parameters_wrong"
    name = next(iter(asked))
    assert name in answer.json()["detail"]


def test_a_cursor_of_a_list_does_not_go_on_as_a_feed(post, read):
    post(alerts(3))
    cursor = read(limit=1)["next"]
    asked = {"cursor": cursor, "updated_since": "2026-01-01T00:00:00Z"}
    assert post.client.get(WHERE, asked).status_code == 400


def test_a_feed_tells_of_what_is_new_and_of_what_changed(post, read):
    post(alerts(3))
    page = read(updated_since="2026-01-01T00:00:00Z", limit=2)
    assert (len(set(refs(page))), page["has_more"]) == (2, True)
    page = read(cursor=page["next"])
    assert (len(refs(page)), page["has_more"]) == (1, False)
    assert read(cursor=page["next"])["alerts"] == []
    post(alerts(3)[1] | {"severity": 4, "action": "update"})
    post(cluster("c", ["a", "b"]))
    assert refs(read(cursor=page["next"])) == ["volume/acct_1", "cluster/c"]


def test_a_feed_from_a_moment_without_alerts_goes_on_from_there(post, read):
    page = read(updated_since="2026-01-01T00:00:00Z")
    assert (page["alerts"], page["has_more"]) == ([], False)
    post(ALERT)
    assert refs(read(cursor=page["next"])) == ["volume/acct_1"]


def test_a_feed_waits_for_who_began_earlier_and_commits_later(committed_db, post, read, detector, monkeypatch):
    """The slow request is stamped first and committed last: a reader in between must not pass it by."""
    written, may_commit = threading.Event(), threading.Event()
    fold = intake.actions.intake.folding.fold

    def slowly(*given):
        fold(*given)
        if threading.current_thread() is slow:
            written.set()
            may_commit.wait(10)

    def take_slowly():
        import json

        intake.take(detector, [json.dumps(alert(source_ref="slow-one")).encode()], by=detector.service_account)
        connections.close_all()

    monkeypatch.setattr(intake.actions.intake.folding, "fold", slowly)
    slow = threading.Thread(target=take_slowly)
    slow.start()
    assert written.wait(10)
    post(cluster("quick", ["q1", "q2"]))
    page = read(updated_since="2026-01-01T00:00:00Z")
    assert refs(page) == []
    may_commit.set()
    slow.join()
    assert refs(read(cursor=page["next"])) == ["slow-one", "cluster/quick"]


def test_one_alert_by_its_reference(post, read):
    post(alerts(5))
    where = {"source": "tidegauge", "source_ref": "volume/acct_3"}
    assert read(**where)["source_ref"] == "volume/acct_3"
    head = post.client.head(WHERE, where)
    assert (head.status_code, head.content) == (200, b"")
    assert post.client.head(WHERE, where | {"source_ref": "none"}).status_code == 404


def test_a_look_up_and_a_page_cost_a_few_queries_however_many_there_are(post, read):
    post(alerts(3))

    def cost(**asked) -> int:
        with CaptureQueriesContext(connection) as captured:
            read(**asked)
        return len(captured)

    one = {"source": "tidegauge", "source_ref": "volume/acct_1"}
    few = [cost(**one), cost(), cost(source="tidegauge", account="acct_1")]
    post(alerts(40, severity=3))
    assert [cost(**one), cost(), cost(source="tidegauge", account="acct_1")] == few
    assert few[:2] == [2, 2]  # whose key it is, and the alerts with their groups


def test_a_person_reads_what_was_sent_on_its_page_only(post, api, detector, people, sign_in):
    """There the look is counted; past it the API would be a way around."""
    id_ = post([alert()]).json()["items"][0]["id"]
    own, person = api(detector.service_account), sign_in(people.auditor)
    assert own.get(f"/api/v1/alerts/{id_}").json()["alert"]["source_ref"] == alert()["source_ref"]
    assert person.get(f"/api/v1/alerts/{id_}").json()["alert"] is None
    assert [one["alert"] for one in person.get(WHERE).json()["alerts"]] == [None]


def test_who_may_not_read_alerts_is_told(sign_in, people, client, api):
    assert sign_in(people.admin).get(WHERE).status_code == 403
    assert sign_in(people.auditor).get(WHERE).status_code == 200
    assert client.get(WHERE).status_code == 401
    assert api().get(WHERE).json()["alerts"] == []
