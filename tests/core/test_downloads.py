"""Links that send one file once: who gets it, from where, and that nothing else is there."""

import pytest
from django.core.cache import cache
from django.test import Client

from apps.core import downloads
from apps.evidence import actions
from apps.evidence.files import downloads as copies
from tests.evidence.conftest import collect, damage  # noqa: F401 - fixtures

ORIGIN = "https://files.casemgr.example"


@pytest.fixture
def item(collect):  # noqa: F811
    return collect()


def path(link: str) -> str:
    return "/" + link.split("/", 3)[3] if link.startswith("http") else link


def test_a_link_works_once(people, item):
    link = copies.link(item, people.counsel, purpose="Expert")
    first, second = Client().get(link), Client().get(link)
    assert (first.status_code, second.status_code) == (200, 410)
    assert "Ask for the copy again" in second.content.decode()
    assert b"".join(first.streaming_content)


def test_a_copy_counts_when_it_leaves_and_not_before(people, item):
    link = copies.link(item, people.counsel, purpose="Expert", recipient="Dr Weber", authority="Order 12")
    assert not item.custody.filter(kind="export").exists()
    answer = Client().get(link)
    b"".join(answer.streaming_content)  # the test's client closes what it read to the end
    event = item.custody.get(kind="export")
    assert (event.actor, event.purpose) == (people.counsel.actor, "Expert")
    assert (event.recipient, event.authority) == ("Dr Weber", "Order 12")
    assert not item.custody.filter(kind="broken").exists()


def test_a_copy_that_breaks_off_is_in_the_chain(people, collect, monkeypatch):  # noqa: F811
    from apps.core import vault

    monkeypatch.setattr(vault, "CHUNK", 10)
    item = collect(chunks=b"0123456789" * 5)
    answer = Client().get(copies.link(item, people.counsel, purpose="Expert"))
    parts = iter(answer.streaming_content)
    next(parts), next(parts)
    answer._iterator.close()  # as the server does when the other side has gone
    assert item.custody.get(kind="broken").purpose == "The copy broke off after 10 of 50 bytes"


def test_a_file_that_was_damaged_meanwhile_does_not_leave(people, collect, damage):  # noqa: F811
    item = collect(chunks=b"damaged between asking and sending")
    link = copies.link(item, people.counsel, purpose="Expert")
    damage(item)
    answer = Client().get(link)
    assert answer.status_code == 409
    assert item.custody.get(kind="export").intact is False


def test_a_link_is_signed_and_runs_out(people, item, monkeypatch):
    link = copies.link(item, people.counsel, purpose="Expert")
    assert Client().get(link[:-1] + ("A" if link[-1] != "A" else "B")).status_code == 410
    monkeypatch.setattr(downloads, "SECONDS", -1)  # two minutes later
    assert Client().get(link).status_code == 410
    assert not item.custody.filter(kind="export").exists()


def test_what_was_taken_from_a_person_does_not_work_by_link(people, item):
    from apps.staff import actions as staff

    left, lowered = (copies.link(item, person, purpose="x") for person in (people.counsel, people.analyst2))
    staff.deactivate(people.counsel, reason="Left", by=people.admin)
    staff.change_roles(people.analyst2, roles=["appeal_reviewer"], by=people.admin)
    assert Client().get(left).status_code == 410
    assert Client().get(lowered).status_code == 403
    assert not item.custody.filter(kind="export").exists()


def test_a_seal_stops_a_link_that_was_made_before(people, item):
    link = copies.link(item, people.counsel, purpose="Expert")
    actions.seal(item, reason="For the court", by=people.analyst)
    assert Client().get(link).status_code == 403


def test_asking_what_is_there_does_not_use_it_up(people, item):
    link = copies.link(item, people.counsel, purpose="Expert")
    assert Client().head(link).status_code == 405
    assert Client().get(link).status_code == 200


def test_nothing_of_what_it_is_about_stands_in_the_address(people, item):
    link = copies.link(item, people.counsel, purpose="Expert")
    assert str(item.pk) not in link
    assert item.ref not in link
    assert "Expert" not in link


@pytest.mark.parametrize("signed_in", [True, False])
def test_downloads_have_a_host_of_their_own(people, item, settings, sign_in, signed_in):
    settings.DOWNLOAD_ORIGIN, settings.ALLOWED_HOSTS = ORIGIN, ["testserver", "files.casemgr.example"]
    link = copies.link(item, people.counsel, purpose="Expert")
    assert link.startswith(f"{ORIGIN}/downloads/")
    client = sign_in(people.analyst) if signed_in else Client()

    assert client.get(path(link)).status_code == 404  # on the site itself
    for page in ("/", "/evidence/", "/sign-in/login/", "/static/css/base.css"):
        assert client.get(page, headers={"host": "files.casemgr.example"}).status_code == 404, page
    assert client.get("/healthz", headers={"host": "files.casemgr.example"}).status_code == 200
    answer = client.get(path(link), headers={"host": "files.casemgr.example"})
    assert answer.status_code == 200
    assert not answer.cookies
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_asking_for_a_copy_leads_to_that_host(people, item, settings, sign_in):
    settings.DOWNLOAD_ORIGIN = ORIGIN
    answer = sign_in(people.counsel).post(f"/evidence/{item.ref}/export/", {"purpose": "Expert"})
    assert (answer.status_code, answer["Location"][: len(ORIGIN)]) == (303, ORIGIN)


def test_a_link_of_a_kind_that_nobody_sends_is_over(people):
    assert Client().get(downloads.link("nobody.sends", 1, person=people.analyst)).status_code == 410


def test_links_are_forgotten(people, item):
    link = copies.link(item, people.counsel, purpose="Expert")
    cache.clear()
    assert Client().get(link).status_code == 410
