"""The frame around every page in a real browser: keyboard, themes, phone, security policy, accessibility."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from tests.journeys.conftest import browser  # noqa: F401 - fixture

pytestmark = pytest.mark.browser

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
ACCOUNT = "/second-factor/"  # a page that everyone who is signed in has
VIEWS = [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)]


@pytest.fixture
def open_page(live_site: str, people, browser: Browser) -> Iterator:  # noqa: F811
    """`open_page(path, theme=, width=, person=)`: the page in Chromium, with the analyst signed in, or that person.
    Complaints fail the test."""
    complaints: list[str] = []

    def opened(
        path: str, *, theme: str = "light", width: int = 1440, script: bool = True, person: str = "analyst"
    ) -> Page:
        client = Client()
        client.force_login(getattr(people, person))
        name = settings.SESSION_COOKIE_NAME
        context: BrowserContext = browser.new_context(
            color_scheme=theme, viewport={"width": width, "height": 900}, java_script_enabled=script
        )
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site}])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(live_site + path)
        page.wait_for_load_state("networkidle")
        return page

    yield opened
    assert complaints == []


@pytest.mark.parametrize(("theme", "width"), VIEWS)
def test_the_frame_is_accessible_and_fits(open_page, theme: str, width: int):
    page = open_page(ACCOUNT, theme=theme, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert complaints_of_axe(page) == []


def complaints_of_axe(page: Page) -> list[tuple[str, list]]:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `npm ci` (a demo leaves it out)")
    rules = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
    found = page.evaluate(f"{AXE.read_text()}; axe.run(document, {{runOnly: {rules}}})")
    return [(v["id"], [node["target"] for node in v["nodes"]]) for v in found["violations"]]


def test_the_whole_frame_by_keyboard(open_page):
    page = open_page(ACCOUNT)
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    assert "command palette" in page.get_by_role("dialog", name="Keys").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("change pass")
    assert page.get_by_role("option").first.inner_text().startswith("Change password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/password/change/**")


def test_the_chosen_theme_is_there_before_the_page_is_drawn(open_page):
    page = open_page(ACCOUNT)
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    answer = page.reload()
    assert 'data-theme="dark"' in answer.text()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert open_page(ACCOUNT).evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_without_scripts_nothing_is_offered_that_would_do_nothing(open_page):
    page = open_page(ACCOUNT, script=False)
    page.locator("details.menu > summary").click()
    offered = page.locator("details.menu button:visible, details.menu a:visible").all_inner_texts()
    assert [text.strip() for text in offered] == ["Your account", "Second factor", "Change password", "Sign out"]
