"""The recipient's journey in a real browser, from the link in a PDF to the account that is given back, with scripts and
without; and what axe says of each of its pages."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Page, expect

from apps.appeals.models import Appeal
from apps.core import vault
from apps.notices.models import Notice
from tests import paper as on
from tests.alerts.test_browser import AXE, window  # noqa: F401 - fixture
from tests.architecture.test_accessibility import VIEWS, look
from tests.architecture.world import World
from tests.journeys.conftest import browser  # noqa: F401 - fixture
from tests.notices.conftest import work_off

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = "I ran a benchmark.\n\nThe bill is attached."


@pytest.fixture
def world(committed_db, monkeypatch) -> World:
    on.as_html(monkeypatch)
    return World()


def enter(page: Page, letter: Notice) -> None:
    page.goto(f"/letters/?letter={letter.ref}")
    open_letter(page, letter.ref, letter.appeal_code)


def open_letter(page: Page, ref: str, code: str) -> None:
    page.get_by_label("Code").fill(code.lower())
    page.get_by_role("button", name="Open the letter").click()
    expect(page.get_by_role("heading", name=f"Letter {ref}")).to_be_visible()


@pytest.fixture
def printed(committed_db, settings, live_site) -> tuple[World, Notice]:
    """A letter that was set and signed for real, before the browser has its event loop; it leads to the test's site."""
    settings.PROVIDER = settings.PROVIDER | {"appeals_url": f"{live_site.replace('http:', 'https:')}/letters"}
    world = World()
    return world, world.notice("issued")


@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
def test_from_the_link_in_a_pdf_to_an_account_given_back(printed, live_site, browser, window, tmp_path, scripts):  # noqa: F811
    people, letter = printed[0].people, printed[1]
    paper = vault.read(letter.pdf_sha256)
    recipient = browser.new_context(java_script_enabled=scripts).new_page()
    recipient.set_default_timeout(15_000)
    [link] = [link for link in on.links(paper) if letter.ref in link]
    recipient.goto(link.replace("https:", "http:"))  # the site of the test has no certificate
    assert letter.appeal_code in on.text(paper)
    open_letter(recipient, letter.ref, letter.appeal_code)
    expect(recipient.get_by_text("What we found")).to_be_visible()
    appeal = file_appeal(recipient, tmp_path)

    reviewer = window(people.reviewer)
    take(reviewer, appeal)
    recipient.reload()
    expect(recipient.get_by_text("Which benchmark?")).to_be_visible()
    recipient.get_by_text("Say more, or answer a question").click()
    recipient.get_by_label("Your words").fill("The one of our course.")
    recipient.get_by_role("button", name="Send it").click()

    reviewer.reload()
    expect(reviewer.get_by_text("The one of our course.")).to_be_visible()
    reviewer.get_by_label("Reasons").fill("You are right: it was the benchmark of your course.")
    reviewer.get_by_role("button", name="Reverse the decision").click()
    expect(reviewer.get_by_text("Reversed: the account has left the case.")).to_be_visible()

    recipient.reload()
    expect(recipient.get_by_text("You were right: the decision is reversed")).to_be_visible()
    expect(recipient.get_by_text("it was the benchmark of your course")).to_be_visible()
    recipient.get_by_role("button", name="Close it").click()
    expect(recipient.get_by_role("button", name="Open the letter")).to_be_visible()
    recipient.goto(f"{live_site}/letters/letter/")
    expect(recipient.get_by_role("button", name="Open the letter")).to_be_visible()

    given_back = reinstate(window(people.counsel), window(people.approver), letter)
    said = on.text(vault.read(given_back.pdf_sha256))
    assert letter.ref in said
    assert "it was the benchmark of your course" in " ".join(said.split())


def file_appeal(recipient: Page, folder: Path) -> Appeal:
    bill = folder / "bill.txt"
    bill.write_text("Paid on 3 March")
    recipient.get_by_label("What is wrong, in your own words").fill(WORDS)
    recipient.get_by_label("Files").set_input_files(bill)
    recipient.get_by_role("button", name="Send the appeal").click()
    appeal = Appeal.objects.get()
    expect(recipient.get_by_role("heading", name=f"Your appeal {appeal.ref}")).to_be_visible()
    expect(recipient.get_by_text("bill.txt")).to_be_visible()
    return appeal


def take(reviewer: Page, appeal: Appeal) -> None:
    """Take an appeal and ask its recipient."""
    reviewer.goto("/appeals/")
    reviewer.get_by_role("link", name=appeal.ref).click()
    reviewer.get_by_role("button", name="Review it").click()
    expect(reviewer.get_by_role("heading", name="Your decision")).to_be_visible()
    reviewer.get_by_text("Ask the recipient").click()
    reviewer.get_by_label("Your question").fill("Which benchmark?")
    reviewer.get_by_role("button", name="Ask", exact=True).click()
    expect(reviewer.get_by_text("Which benchmark?")).to_be_visible()


def reinstate(counsel: Page, approver: Page, letter: Notice) -> Notice:
    """Counsel drafts the letter, another person approves it, and counsel issues it."""
    counsel.goto(reverse("notices:notice", args=[letter.pk]))
    counsel.get_by_role("link", name="Draft that letter").click()
    counsel.get_by_label("Lifted from").fill(date.today().isoformat())
    counsel.get_by_label("Reasons").fill("You are right: it was the benchmark of your course.")
    counsel.get_by_role("button", name="Draft it").click()
    counsel.wait_for_url("**/notices/*/")
    drafted = Notice.objects.get(kind="reinstatement")
    page = reverse("notices:notice", args=[drafted.pk])
    approver.goto(page)
    approver.get_by_role("button", name="Approve the letter").click()
    counsel.goto(page)
    counsel.get_by_role("button", name="Issue the notice").click()
    expect(counsel.get_by_text("The file is")).to_be_visible()
    with ThreadPoolExecutor(1) as worker:  # a signature needs an event loop of its own
        worker.submit(lambda: (work_off(), connection.close())).result()
    drafted.refresh_from_db()
    counsel.goto(page)
    expect(counsel.get_by_role("link", name="Take the file")).to_be_visible()
    return drafted


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
