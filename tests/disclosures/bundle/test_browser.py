"""A bundle in the browser: counsel compiles it, the approver reads the verdict and releases it, counsel takes it."""

import os
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.disclosures.bundle import verifier
from tests.conftest import PASSWORD
from tests.disclosures.bundle.conftest import sequence, start_worker, work
from tests.journeys.conftest import browser  # noqa: F401 - a fixture

SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture
def signed_in(live_site: str, browser: Browser):  # noqa: F811
    def opened(person: Any) -> Page:
        context = browser.new_context(base_url=live_site, viewport={"width": 1440, "height": 900})
        window = context.new_page()
        window.set_default_timeout(20_000)
        window.goto("/")
        window.get_by_label("E-mail").fill(person.email)
        window.get_by_label("Password").fill(PASSWORD)
        window.get_by_role("button", name="Sign in").click()
        window.get_by_role("navigation", name="Rooms").wait_for()
        return window

    return opened


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.slow
def test_a_bundle_from_order_to_hand_over(rich, people, signed_in, quick_paper, tmp_path):
    work()
    counsel = signed_in(people.counsel)
    counsel.goto(f"/cases/{rich.ref}/reports/")
    counsel.get_by_role("link", name="Compile a bundle").click()
    counsel.get_by_label("Recipient").fill("Dr Ruth Expert")
    counsel.get_by_label("Legal basis").fill("Order of the court of 3 May")
    counsel.get_by_label("Purpose").fill("Expert opinion for the defendant")
    counsel.get_by_label("E2", exact=False).uncheck()
    shot(counsel, "form")
    counsel.get_by_role("button", name="Compile it").click()
    expect(counsel.get_by_text("Copying and measuring exhibit 1 of 2.")).to_be_visible()
    sequence()
    work()
    expect(counsel.get_by_role("heading", name="Is everything here that should be?")).to_be_visible(timeout=10_000)
    assert counsel.get_by_role("button", name="Release the bundle").count() == 0
    approver = signed_in(people.approver)
    approver.goto(counsel.url)
    expect(approver.get_by_text("numbered 1 to")).to_be_visible()
    shot(approver, "bundle")
    approver.get_by_label("Reason").fill("Order of 3 May")
    approver.get_by_role("button", name="Release the bundle").click()
    expect(approver.get_by_text("can be taken now")).to_be_visible()
    counsel.reload()
    with counsel.expect_download() as taking:
        counsel.get_by_role("link", name="Take the bundle").click()
    assert taking.value.suggested_filename.endswith(".tar")
    taking.value.save_as(tmp_path / "taken.tar")
    sequence()
    with counsel.expect_download() as taking:
        counsel.get_by_role("link", name="Take the receipt").click()
    assert taking.value.suggested_filename.endswith(".receipt")
    receipt = taking.value.path().read_text()
    with verifier.opened(tmp_path / "taken.tar") as bag:
        report = verifier.check_bundle(bag, verifier.Outside(receipt=receipt))
    assert report.faults == []
    assert any("every file of it" in sentence for sentence in report.integrity.proved)
    shot(counsel, "released")


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.slow
def test_a_numbered_bundle_says_what_was_numbered(rich, people, signed_in):
    start_worker().join()  # whoever signs the letter runs a loop of its own, and so does the browser
    counsel = signed_in(people.counsel)
    counsel.goto(f"/cases/{rich.ref}/bundles/compile/")
    counsel.get_by_label("Recipient").fill("Dr Ruth Expert")
    counsel.get_by_label("Legal basis").fill("Order of the court of 3 May")
    counsel.get_by_label("Purpose").fill("Expert opinion for the defendant")
    counsel.get_by_label("Bates prefix").fill("nai")
    counsel.get_by_label("Confidentiality").select_option("CONF")
    counsel.get_by_role("group", name="Documents").get_by_role("checkbox").check()
    counsel.get_by_role("button", name="Compile it").click()
    expect(counsel.get_by_text("A prefix is 2 to 10 capital letters or digits")).to_be_visible()
    shot(counsel, "numbers-refused")
    counsel.get_by_label("Bates prefix").fill("NAI")
    counsel.get_by_role("button", name="Compile it").click()
    expect(counsel.get_by_text("taken once the pages are counted")).to_be_visible()
    sequence()
    work()
    expect(counsel.get_by_text("on copies; the originals are unchanged")).to_be_visible(timeout=20_000)
    expect(counsel.get_by_text("copied, without its signature")).to_be_visible()
    expect(counsel.get_by_text("A page in its place: it is no PDF (application/json).").first).to_be_visible()
    shot(counsel, "numbers")


def shot(page: Page, name: str) -> None:
    """Pictures for whoever works on the pages: SHOTS=folder."""
    if SHOTS:
        for width, scheme in ((1440, "light"), (390, "dark"), (1440, "dark"), (390, "light")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light")
