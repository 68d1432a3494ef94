"""Custody from hand to hand, in a real browser: every step by the person whose step it is, and the sheet at the end."""

import pytest
from playwright.sync_api import Page, expect

from apps.evidence.models import Item
from tests.alerts.test_browser import button, link, told, window  # noqa: F401 - fixture
from tests.journeys.conftest import browser  # noqa: F401 - fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


def test_an_item_from_hand_to_hand(window, people):  # noqa: F811
    analyst, counsel = window(people.analyst), window(people.counsel)
    people.lead  # noqa: B018 - she has to be there to be chosen

    analyst.goto("/evidence/")
    link(analyst, "Collect evidence")
    file = {"name": "gateway.csv", "mimeType": "text/csv", "buffer": b"account,calls\nacct_1,12\n"}
    analyst.get_by_label("File", exact=True).set_input_files(file)
    analyst.get_by_label("Title").fill("Gateway log of March")
    analyst.get_by_label("Where it comes from").fill("Export of the gateway")
    button(analyst, "Collect")
    told(analyst, "is in the vault")
    item, page = Item.objects.get(), analyst.url

    link(analyst, "Hand it over")
    analyst.get_by_label("To", exact=True).select_option(label="Cora Counsel")
    say(analyst, "Why", "Counsel prepares the hearing")
    button(analyst, "Hand it over")
    told(analyst, "waits for the other person")
    expect(analyst.get_by_role("button", name="Accept it")).to_have_count(0)

    counsel.goto("/")
    link(counsel, item.ref)
    button(counsel, "Accept it")
    told(counsel, "You answer for")
    expect(counsel.get_by_text("Cora Counsel answers for it")).to_be_visible()

    link(counsel, "Seal it")
    say(counsel, "Why", "As it was handed over")
    say(counsel, "On whose authority", "Order 12")
    button(counsel, "Seal it")
    told(counsel, "is sealed")
    expect(counsel.get_by_role("heading", name="Take a copy")).to_have_count(0)
    link(counsel, "Ask to unseal it")
    say(counsel, "Why", "The court's expert needs a copy")
    button(counsel, "Ask for it")
    told(counsel, "Another person has to unseal")
    expect(counsel.get_by_role("button", name="Unseal it")).to_have_count(0)

    lead = window(people.lead)
    lead.goto("/")
    link(lead, item.ref)
    say(lead, "Why do you look?", "I am asked to unseal it")
    button(lead, "Show it")
    expect(lead.get_by_text("The court's expert needs a copy").first).to_be_visible()
    button(lead, "Unseal it")
    told(lead, "is unsealed")

    counsel.goto(page)
    say(counsel, "What for", "For the opinion")
    say(counsel, "For whom", "Dr Ruth Expert")
    with counsel.expect_download() as taking:
        button(counsel, "Export")
    assert taking.value.path().read_bytes() == file["buffer"]
    counsel.goto(page)
    sheet = counsel.get_by_role("link", name="Custody sheet").get_attribute("href")
    answer = counsel.request.get(sheet)
    assert (answer.status, answer.body()[:5]) == (200, b"%PDF-")

    counsel.goto(page)
    chain = counsel.locator(".card", has=counsel.get_by_role("heading", name="Chain of custody")).locator("tbody tr")
    steps = ["Collected", "Handed over to Cora Counsel", "Accepted", "Sealed", "Unsealed", "Copied to Dr Ruth Expert"]
    seen = [row.locator("td").nth(1).inner_text() for row in chain.all()]
    assert [step for step in seen if not step.startswith("Viewed")] == steps
    expect(chain.get_by_text("Intact")).to_have_count(len(seen))


def say(page: Page, label: str, words: str) -> None:
    page.get_by_label(label).fill(words)
