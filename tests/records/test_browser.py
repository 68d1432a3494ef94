"""A hold, an erasure that it stops, its release, and the erasure then: by the people whose work it is, in a browser."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.accounts.models import Account
from apps.cases.models import Case
from apps.records.models import Erasure
from tests.conftest import PASSWORD
from tests.journeys.conftest import browser  # noqa: F401 - fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def window(live_site: str, browser: Browser, world) -> Iterator[Callable[[str], Page]]:  # noqa: F811
    """`window("counsel")`: a browser window in which that person is signed in."""
    complaints: list[str] = []
    windows: dict[str, Page] = {}

    def opened(name: str) -> Page:
        if name not in windows:
            person = getattr(world.people, name)
            page = windows[name] = browser.new_context(base_url=live_site).new_page()
            page.set_default_timeout(10_000)
            page.on("pageerror", lambda error: complaints.append(f"{name}: {error}"))
            page.goto("/")
            page.get_by_label("E-mail").fill(person.email)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("navigation", name="Rooms").wait_for()
        return windows[name]

    yield opened
    assert complaints == []


def test_a_hold_stops_an_erasure_until_two_people_end_it(committed_db, window, world):
    case = world.case("investigation")
    account = Account.objects.filter(in_cases__case=case).first()
    _ = world.people.analyst
    _issue(window("counsel"), case)
    _acknowledge(window("analyst"), case)
    _request(window("counsel"), account)
    approver = window("approver")
    approver.goto("/records/erasures/")
    approver.get_by_role("link", name=re.compile("ER-")).click()
    expect(approver.get_by_text("It cannot be erased now")).to_be_visible()
    expect(approver.get_by_role("link", name="Erase it")).to_have_count(0)
    _release(window("counsel"), approver)
    approver.goto("/records/erasures/")
    approver.get_by_role("link", name=re.compile("ER-")).click()
    approver.get_by_role("link", name="Erase it").click()
    approver.get_by_label("Why").fill("The person objects, and no claim is left.")
    expect(approver.get_by_role("button", name="Erase it for good")).to_be_disabled()
    approver.get_by_label(re.compile("Type ER-")).fill(Erasure.objects.get().ref)
    approver.get_by_role("button", name="Erase it for good").click()
    approver.get_by_role("link", name="Certificate").click()
    expect(approver.get_by_role("heading", name="Certificate of erasure")).to_be_visible()
    account.refresh_from_db()
    assert account.ref == f"erased-{account.pk}"


def _issue(page: Page, case: Case) -> None:
    page.goto("/records/")
    page.get_by_role("link", name="Issue a hold").click()
    page.get_by_label("Matter").fill("Northlight v. Quarry Lane")
    page.get_by_label("Why it has to be kept").fill("Counsel expects a claim since 3 March.")
    page.get_by_label("What it is on").fill(case.ref)
    page.get_by_label("Ada Analyst").check()
    page.get_by_role("button", name="Issue the hold").click()
    expect(page.get_by_text("What it covers at this moment")).to_be_visible()
    page.goto(f"/cases/{case.ref}/")
    expect(page.get_by_role("link", name=re.compile("Legal hold H-"))).to_be_visible()


def _acknowledge(page: Page, case: Case) -> None:
    page.goto("/")
    page.get_by_role("link", name=re.compile("Northlight v. Quarry Lane")).click()
    page.get_by_role("button", name="I have read this and will keep it").click()
    expect(page.get_by_text("Thank you: it is on record.")).to_be_visible()
    page.goto(f"/cases/{case.ref}/")
    expect(page.get_by_text(re.compile("Legal hold H-"))).to_be_visible()


def _request(page: Page, account: Account) -> None:
    page.goto("/records/erasures/request/")
    page.get_by_label("Whose data").select_option("account")
    page.get_by_label("Reference").fill(account.ref)
    page.get_by_label("Ground").select_option("objection")
    page.get_by_label("What was asked").fill("Letter of 3 March.")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("Another person carries it out.")).to_be_visible()


def _release(counsel: Page, approver: Page) -> None:
    counsel.goto("/records/")
    counsel.get_by_role("link", name=re.compile("Northlight v.")).click()
    counsel.get_by_role("link", name="Ask for its release").click()
    counsel.get_by_label("Why").fill("It was settled.")
    counsel.get_by_role("button", name="Ask for the release").click()
    expect(counsel.get_by_text("Another person has to agree.")).to_be_visible()
    expect(counsel.get_by_role("link", name="Release it")).to_have_count(0)
    approver.goto("/")
    approver.get_by_role("link", name=re.compile("Northlight v.")).click()
    approver.get_by_role("link", name="Release it").click()
    approver.get_by_label("Why").fill("I read the settlement.")
    approver.get_by_role("button", name="Release the hold").click()
    expect(approver.get_by_text("is released.")).to_be_visible()
