"""The pages of query logs, over HTTP."""

import re

import pytest

from apps.evidence.models import Item, QueryLog
from tests.evidence.querylogs.conftest import campaign, work

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def mapped(client, item: Item, **changed) -> QueryLog:
    """Opened and confirmed in the browser, as proposed but for what is changed."""
    answer = client.post(f"/evidence/{item.ref}/query-log/")
    log = QueryLog.objects.latest("opened_at")
    assert answer["Location"] == f"/evidence/query-logs/{log.ref}/columns/"
    data = {"time_form": log.time_form, "burst_factor": 5, "burst_floor": 20, **log.columns, **changed}
    assert client.post(answer["Location"], data)["Location"] == f"/evidence/query-logs/{log.ref}/"
    return log


def test_from_an_item_to_its_profile(people, sign_in, collect):
    client, item = sign_in(people.analyst), collect(chunks=campaign())
    assert "Read it as a query log" in text(client.get(f"/evidence/{item.ref}/"))
    prices, releases = "old 3.00 15.00\nnew 5 25", "new 2026-02-08T00:00Z"
    log = mapped(client, item, prices=prices, currency="USD", releases=releases)
    assert "0 rows read so far" in text(client.get(f"/evidence/query-logs/{log.ref}/"))
    work(log)
    page = text(client.get(f"/evidence/query-logs/{log.ref}/"))
    assert "20 accounts made the requests." in page
    assert "At the prices given the tokens cost" in page
    assert "<svg" in page
    assert "as given" in text(client.get(f"/evidence/query-logs/{log.ref}/figures/release_pivot/"))
    assert log.ref in text(client.get("/evidence/query-logs/"))
    assert log.ref in text(client.get(f"/evidence/{item.ref}/"))


def test_the_mapping_page_shows_five_rows_and_what_is_missing(people, sign_in, collect):
    client = sign_in(people.analyst)
    item = collect(chunks=b"when,who\n" + b"".join(b"2026-01-01 00:00:0%d,acct_%d\n" % (n, n) for n in range(9)))
    client.post(f"/evidence/{item.ref}/query-log/")
    log = QueryLog.objects.get()
    page = text(client.get(log.get_absolute_url()))
    assert "acct_4" in page
    assert "acct_5" not in page
    assert "do not say in which zone" in page
    answer = client.post(
        log.get_absolute_url(), {"time_form": "iso", "timestamp": "when", "burst_factor": 5, "burst_floor": 2}
    )
    assert answer.status_code == 422
    assert "Say which." in text(answer)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("prices", "old three four", "is not a model and two prices"),
        ("prices", "old -1 NaN", "is not a model and two prices"),
        ("releases", "old soon", "is not a model and a time"),
        ("account", "nobody", "Select a valid choice"),
    ],
)
def test_what_cannot_be_read_is_said_beside_the_field(people, sign_in, collect, field, value, words):
    client, item = sign_in(people.analyst), collect(chunks=campaign(20))
    client.post(f"/evidence/{item.ref}/query-log/")
    log = QueryLog.objects.get()
    data = {"time_form": "iso", "burst_factor": 5, "burst_floor": 20, **log.columns, field: value}
    answer = client.post(log.get_absolute_url(), data)
    assert answer.status_code == 422
    assert words in text(answer)


def test_what_is_no_log_is_refused_in_words(people, sign_in, collect):
    client, item = sign_in(people.analyst), collect(chunks="Zeit;Konto".encode("utf-16"), filename="log")
    page = text(client.post(f"/evidence/{item.ref}/query-log/", follow=True))
    assert "UTF-16" in page
    assert not QueryLog.objects.exists()


def test_a_figure_is_computed_again_from_its_page(people, sign_in, collect):
    client = sign_in(people.analyst)
    log = mapped(client, collect(chunks=campaign(40)))
    work(log)
    address = f"/evidence/query-logs/{log.ref}/figures/accounts/"
    assert "count(DISTINCT account)" in text(client.get(address))
    assert "A worker is about to compute it" in text(client.post(f"{address}again/", follow=True))
    work(log)
    assert "The same value" in text(client.get(address))


def test_a_reading_is_given_up_on_its_page(people, sign_in, collect):
    client = sign_in(people.analyst)
    log = mapped(client, collect(chunks=campaign(40)))
    page = client.post(f"/evidence/query-logs/{log.ref}/give-up/", {"reason": "The wrong file"}, follow=True)
    assert "Given up: The wrong file" in text(page)


def test_looking_at_a_profile_is_looking_at_the_item(people, sign_in, collect):
    log = mapped(sign_in(people.analyst), collect(chunks=campaign(40)))
    work(log)
    sign_in(people.counsel).get(f"/evidence/query-logs/{log.ref}/")
    assert log.item.custody.filter(kind="view", actor=people.counsel.actor).exists()


def test_the_profile_over_the_api(people, sign_in, collect):
    client = sign_in(people.analyst)
    log = mapped(client, collect(chunks=campaign(40)))
    work(log)
    answer = client.get(f"/api/v1/query-logs/{log.ref}/profile").json()
    assert answer["rows"] == {"read": 40, "kept": 40, "rejected": 0, "reasons": {}}
    assert {one["name"] for one in answer["figures"]} >= {"accounts", "hour_of_week"}
    assert sign_in(people.admin).get(f"/api/v1/query-logs/{log.ref}/profile").status_code == 404
    assert client.get("/api/v1/query-logs/QL-1999-1/profile").status_code == 404
