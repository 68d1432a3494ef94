"""Takes the README's pictures from a running demo: `.venv/bin/python docs/images/take.py URL PASSWORD`.

Address and password are those that the demo prints when its story ends.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve().parent


def main(url: str, password: str) -> None:
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        analyst, counsel = (sign_in(browser, url, name, password) for name in ("odin.saltmarsh", "leif.barrowin"))
        picture(analyst, "/queue/", "queue")
        analyst.goto("/cases/")
        picture(analyst, analyst.locator("[data-open]").first.get_attribute("href"), "case")
        counsel.goto("/notices/")
        picture(counsel, counsel.locator("[data-open]").last.get_attribute("href"), "notice")
        browser.close()


def sign_in(browser: Browser, url: str, name: str, password: str) -> Page:
    page = browser.new_context(base_url=url, color_scheme="light", viewport={"width": 1440, "height": 900}).new_page()
    page.goto("/")
    page.get_by_label("E-mail").fill(f"{name}@northlight.example")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Rooms").wait_for()
    return page


def picture(page: Page, path: str | None, name: str) -> None:
    page.goto(path or "")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=HERE / f"{name}.png")
    print(HERE / f"{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
