"""What the queue and the list for programs may cost: so many statements, and never a count of everything there is.

Plans are asked for without the ways that are chosen for few rows, so that few are planned as many would be.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from apps.accounts.models import Account
from apps.alerts import actions, portrait, queries
from apps.alerts.api import listing
from apps.alerts.models import Alert, AlertGroup
from apps.core import counting
from apps.core.templatetags.ui import number
from tests.alerts.conftest import alert, alerts, cluster
from tests.alerts.test_reading import refs, walk
from tests.cases.conftest import make_accounts, make_activity

MOST = 15
JOINS = ("Nested Loop", "Hash Join", "Merge Join")
FOR_FEW_ROWS = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
LARGE = {"alerts_alert", "alerts_alertgroup", "alerts_alertaccount", "alerts_groupaccount", "accounts_activity"}
# A scan that starts from one of these reads the rows of one group, detector or account, or one row.
NARROW = ("group_id", "detector_id", "account_id", "alert_id", "id =", "id)", "source_ref")
QUEUE = ["", *(f"?view={view}" for view in ("mine", "held", "late", "snoozed", "hidden", "dismissed", "merged"))]
QUEUE += ["?severity=3", "?kind=volume", "?kind=kyc", "?detector=tidegauge", "?accounts=2", "?drill=only", "?q=far"]
LIST = ["", "?kind=volume", "?kind=kyc", "?severity=3", "?state=dismissed", "?open=false", "?source=tidegauge"]
LIST += ["?account=acct_1", "?updated_since=2026-01-01T00:00:00Z", "?source=tidegauge&source_ref=volume/acct_1"]


@pytest.fixture
def house(receive, people):
    receive([*alerts(6), cluster("c", ["acct_1", "x"], severity=3)])
    actions.dismiss(AlertGroup.objects.get(key__endswith="acct_5"), dismissal="benign", by=people.analyst)


@pytest.fixture
def statements(house):
    """The statements of a request with what they were given, in order."""

    def of(client: Any, address: str) -> list[tuple[str, Any]]:
        client.get(address)  # what is remembered for longer than a request is remembered now
        made: list[tuple[str, Any]] = []

        def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            made.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(keep):
            assert client.get(address).status_code == 200
        return made

    return of


@pytest.mark.parametrize("query", QUEUE)
def test_a_page_of_the_queue_makes_few_statements_and_counts_no_further_than_it_shows(
    query, statements, sign_in, people
):
    made = statements(sign_in(people.analyst), f"/queue/{query}")
    assert len(made) <= MOST
    assert not [sql for sql, params in made if counts_all(sql, params)]


@pytest.mark.parametrize("query", LIST)
def test_a_list_for_programs_makes_few_statements_and_counts_nothing(query, statements, post, sign_in, people):
    for client in (post.client, sign_in(people.analyst)):
        made = statements(client, f"/api/v1/alerts{query}")
        assert len(made) <= MOST
        assert not [sql for sql, _ in made if "COUNT(" in sql.upper()]


@pytest.mark.parametrize("address", ["/detectors/", "/batches/", "/rejections/"])
def test_a_page_of_what_came_in_counts_no_further_than_it_shows(address, statements, sign_in, people):
    made = statements(sign_in(people.analyst), address)
    assert len(made) <= MOST
    assert not [sql for sql, params in made if counts_all(sql, params)]


def test_a_count_of_everything_is_told_from_one_that_ends(house):
    groups = AlertGroup.objects.order_by().values("state")
    everything = str(groups.query).replace('SELECT "alerts_alertgroup"."state" AS "state"', "SELECT count(*)")
    assert counts_all(everything, None)
    assert counts_all("SELECT count(*) FILTER (WHERE state = 'open'), sum(alert_count) FROM alerts_alertgroup", None)
    assert not counts_all("SELECT count(*) FROM (SELECT FROM alerts_alertgroup LIMIT 9) AS few", None)
    of_few = "alerts_groupaccount m JOIN (SELECT account_id FROM alerts_alertaccount LIMIT 9) AS few USING (account_id)"
    assert not counts_all(f"SELECT count(*) FROM {of_few}", None)
    assert counts_all("SELECT count(*) FROM alerts_groupaccount JOIN alerts_alertaccount USING (account_id)", None)


def counts_all(sql: str, params: Any) -> bool:
    """Whether a statement adds up rows of a large table that nothing but their number limits."""
    if not sql.lstrip("( ").upper().startswith(("SELECT", "WITH")):
        return False
    with connection.cursor() as cursor:
        for way in FOR_FEW_ROWS:
            cursor.execute(f"SET LOCAL {way} = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0]
        for way in FOR_FEW_ROWS:
            cursor.execute(f"SET LOCAL {way} = on")
    top = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return any(_is_unbounded(node) for node in _nodes(top) if node["Node Type"] == "Aggregate")


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def _is_unbounded(plan: dict[str, Any]) -> bool:
    if plan["Node Type"] == "Limit":
        return False
    conditions = " ".join(str(node.get("Index Cond", "")) for node in _nodes(plan))
    if plan.get("Relation Name") in LARGE:
        return not any(column in conditions for column in NARROW)
    children = plan.get("Plans", [])
    if plan["Node Type"] in JOINS and any(_is_limited(child) for child in children):
        return False  # which side comes first depends on how few rows there are; many rows are joined from this one
    if plan["Node Type"] == "Nested Loop":
        children = children[:1]  # the other side is looked up for each row of this one
    return any(_is_unbounded(child) for child in children)


def _is_limited(plan: dict[str, Any]) -> bool:
    """Whether a side of a join has about as many rows as a limit says: it ends there, or is joined with what does."""
    if plan["Node Type"] == "Limit":
        return True
    children = plan.get("Plans", [])
    return (len(children) == 1 or plan["Node Type"] in JOINS) and any(_is_limited(child) for child in children)


# --- what ends early says so -----------------------------------------------------------------------------------------


def test_a_count_ends_at_its_most_and_says_that_there_is_more(house):
    found = counting.count(
        {"all": Alert.objects.all(), "none": Alert.objects.none(), "one": Alert.objects.filter(severity=3)}, most=3
    )
    assert found == {"all": 3, "none": 0, "one": 1}
    assert [count.is_more for count in found.values()] == [True, False, False]
    assert "3+" in number(found["all"])
    assert "+" not in number(found["one"])
    assert not counting.count({"all": Alert.objects.all()}, most=7)["all"].is_more


def test_the_queue_says_that_there_are_more_than_it_counted(house, sign_in, people, monkeypatch):
    monkeypatch.setattr(counting, "MOST", 2)
    page = sign_in(people.analyst).get("/queue/").content.decode()
    assert '<span class="number">2+</span> free groups' in page


@pytest.mark.parametrize("way", [{}, {"updated_since": "2026-01-01T00:00:00Z"}])
def test_rare_alerts_are_found_page_by_page_however_far_apart(post, monkeypatch, way):
    monkeypatch.setattr(listing, "LOOKED_AT", 3)
    rare = [alert(source_ref="rare-1", severity=4)]
    post([*rare, *alerts(9), alert(source_ref="rare-2", severity=4)])

    def read(**asked: Any) -> dict[str, Any]:
        return post.client.get("/api/v1/alerts", asked).json()

    first = read(severity=4, **way)
    assert first["has_more"]
    assert len(refs(first)) < 2
    assert sorted(walk(read, severity=4, **way)) == ["rare-1", "rare-2"]
    assert walk(read, kind="kyc", **way) == []
    assert len(walk(read, kind="volume", limit=2, **way)) == 11


def test_a_large_group_is_portrayed_by_some_of_its_accounts_and_says_so(db, receive, people, monkeypatch):
    make_accounts(5)
    make_activity(days=3, queries=10)
    receive(cluster("c", [account.ref for account in Account.objects.order_by("ref")]))
    group = AlertGroup.objects.get()
    whole = " ".join(portrait.portrait(group, people.analyst).sentences)
    monkeypatch.setattr(portrait, "LOOKED_AT", 2)
    some = " ".join(portrait.portrait(group, people.analyst).sentences)
    assert "Together they sent 150 requests" in whole
    assert "Together 2 of them sent 60 requests" in some
    assert "looked at" not in whole
    assert "one of them sends 10 requests on average; all accounts on record send 10." in some


def test_a_batch_shows_what_it_touched_last(house, receive, people):
    first = Alert.objects.get(source_ref="volume/acct_3").batch
    again = receive(alerts(4, severity=3)[2:])

    def shown(batch: Any) -> set[str]:
        touched: QuerySet[Alert] = queries.touched_last(batch, people.analyst)
        return set(touched.values_list("source_ref", flat=True))

    assert shown(again) == {"volume/acct_2", "volume/acct_3"}
    assert shown(first) == {"volume/acct_0", "volume/acct_1", "volume/acct_4", "volume/acct_5", "cluster/c"}
