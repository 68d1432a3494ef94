"""The recipient's journey in a real browser with its scripts switched off, from the letter to its answer; and what axe
says of each of its pages."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.appeals.models import Appeal
from apps.notices.models import Notice
from tests import paper as on
from tests.alerts.test_browser import AXE, window  # noqa: F401 - fixture
from tests.architecture.test_accessibility import VIEWS, look
from tests.architecture.world import World
from tests.journeys.conftest import browser  # noqa: F401 - fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = "I ran a benchmark.\n\nThe bill is attached."


@pytest.fixture
def world(committed_db, monkeypatch) -> World:
    on.as_html(monkeypatch)
    return World()


@pytest.fixture
def plain(live_site: str, browser: Any) -> Page:  # noqa: F811
    """A window without scripts, of somebody who has no account here."""
    page = browser.new_context(base_url=live_site, java_script_enabled=False).new_page()
    page.set_default_timeout(15_000)
    return page


def enter(page: Page, letter: Notice) -> None:
    page.goto(f"/letters/?letter={letter.ref}")
    page.get_by_label("Code").fill(letter.appeal_code.lower())
    page.get_by_role("button", name="Open the letter").click()
    expect(page.get_by_role("heading", name=f"Letter {letter.ref}")).to_be_visible()


def test_from_the_letter_to_a_reversed_decision(world, plain, window, tmp_path):  # noqa: F811
    letter = world.notice("issued")
    enter(plain, letter)
    expect(plain.get_by_text("What we found")).to_be_visible()

    bill = tmp_path / "bill.txt"
    bill.write_text("Paid on 3 March")
    plain.get_by_label("What is wrong, in your own words").fill(WORDS)
    plain.get_by_label("Files").set_input_files(bill)
    plain.get_by_role("button", name="Send the appeal").click()
    appeal = Appeal.objects.get()
    expect(plain.get_by_role("heading", name=f"Your appeal {appeal.ref}")).to_be_visible()
    expect(plain.get_by_text("bill.txt")).to_be_visible()

    reviewer = window(world.people.reviewer)
    reviewer.goto("/appeals/")
    reviewer.get_by_role("link", name=appeal.ref).click()
    reviewer.get_by_role("button", name="Review it").click()
    expect(reviewer.get_by_role("heading", name="Your decision")).to_be_visible()
    reviewer.get_by_text("Ask the recipient").click()
    reviewer.get_by_label("Your question").fill("Which benchmark?")
    reviewer.get_by_role("button", name="Ask", exact=True).click()
    expect(reviewer.get_by_text("Which benchmark?")).to_be_visible()

    plain.reload()
    expect(plain.get_by_text("Which benchmark?")).to_be_visible()
    plain.get_by_text("Say more, or answer a question").click()
    plain.get_by_label("Your words").fill("The one of our course.")
    plain.get_by_role("button", name="Send it").click()

    reviewer.reload()
    expect(reviewer.get_by_text("The one of our course.")).to_be_visible()
    reviewer.get_by_label("Reasons").fill("You are right: it was the benchmark of your course.")
    reviewer.get_by_role("button", name="Reverse the decision").click()
    expect(reviewer.get_by_text("Reversed: the account has left the case.")).to_be_visible()

    plain.reload()
    expect(plain.get_by_text("You were right: the decision is reversed")).to_be_visible()
    expect(plain.get_by_text("it was the benchmark of your course")).to_be_visible()
    plain.get_by_role("button", name="Close it").click()
    expect(plain.get_by_role("button", name="Open the letter")).to_be_visible()
    plain.goto("/letters/letter/")
    expect(plain.get_by_role("button", name="Open the letter")).to_be_visible()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: run `npm ci` (a demo leaves it out)")
def test_every_page_of_it_is_accessible_and_fits(world, live_site, browser):  # noqa: F811
    context = browser.new_context(base_url=live_site)
    context.add_init_script(path=AXE)
    page = context.new_page()
    wrong: dict[str, list] = {}

    def see(name: str) -> None:
        if found := [fault for theme, width in VIEWS for fault in look(page, theme, width)]:
            wrong[name] = found

    page.goto("/letters/")
    see("enter")
    page.get_by_role("textbox", name="Number of the letter").fill("N-2026-999999")
    page.get_by_role("textbox", name="Code").fill("AAAA-AAAA")
    page.get_by_role("button", name="Open the letter").click()
    see("refused")
    for state in ("waiting", "in_review", "upheld", "reversed", "withdrawn"):
        enter(page, world.appeal(state).notice)
        see(state)
    enter(page, world.notice("issued"))
    see("before an appeal")
    assert wrong == {}
