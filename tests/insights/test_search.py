import re

import pytest

from apps.alerts.models import AlertGroup
from tests.alerts.conftest import alert
from tests.cases.conftest import make_accounts

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def search(people, sign_in):
    return lambda words, who="analyst": sign_in(getattr(people, who)).get("/search/", {"q": words})


def test_a_whole_reference_opens_the_thing_itself(search, finding, people):
    for reference, address in (
        (finding.case.ref, f"/cases/{finding.case.ref}/"),
        (finding.case.ref.lower(), f"/cases/{finding.case.ref}/"),
        (finding.ref, f"/findings/{finding.ref}/"),
        (f"  {finding.ref} ", f"/findings/{finding.ref}/"),
        ("EV-2026-0001", "/evidence/EV-2026-0001/"),
    ):
        answer = search(reference)
        assert (answer.status_code, answer["Location"]) == (302, address), reference


def test_a_whole_account_reference_opens_the_account(search):
    make_accounts(3)
    assert search("acct_00001")["Location"].startswith("/accounts/")


def test_words_find_what_has_them_in_its_name(search, finding, receive):
    receive(alert(title="Reasoning volume"))
    page = text(search("reasoning"))
    assert "Ring harvests reasoning traces" in page
    assert AlertGroup.objects.get().title in page


def test_a_beginning_finds_at_most_eight_of_a_room(search):
    make_accounts(12)
    page = text(search("acct_"))
    assert page.count("acct_000") == 8
    assert "the newest" in page


def test_nothing_found_says_what_to_try(search):
    assert "Nothing found" in text(search("zebra"))
    assert "Search everything you may see" in text(search(""))


def test_nobody_finds_what_they_may_not_see(search, finding):
    for words in (finding.case.ref, "reasoning", "EV-2026-0001"):
        answer = search(words, "admin")
        assert answer.status_code == 200
        assert "Nothing found" in text(answer)


@pytest.mark.parametrize("words", ["%", "_", "\\", "'; DROP TABLE cases_case; --", "x" * 5000, "\u202e"])
def test_strange_words_are_only_words(search, case, words):
    assert search(words).status_code == 200


@pytest.mark.parametrize("address", ["/search/?q=a%00b", "/cases/CASE%00/", "/evidence/?q=%00"])
def test_a_null_character_is_a_bad_request(people, sign_in, address):
    assert sign_in(people.analyst).get(address).status_code == 400


def test_the_api_says_so_in_its_own_form(client):
    answer = client.get("/api/v1/alerts?source=a%00b")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["detail"] == "The address holds a null character."


def test_the_number_of_queries_does_not_grow(search, people, sign_in, finding, django_assert_max_num_queries):
    make_accounts(30, "other")
    client = sign_in(people.analyst)
    client.get("/search/?q=a")
    with django_assert_max_num_queries(30):
        client.get("/search/?q=other_")
