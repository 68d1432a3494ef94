"""A browser for people: each signs in by the form, in a window of their own. What the browser complains of fails."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, sync_playwright

from fixtures.story import STAGES
from fixtures.story.stage import PASSWORD, Play
from tests.story.conftest import processes, worker  # noqa: F401 - fixtures

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FEATURES_OFF = [
    # What drops down from the address bar is a page of its own, loaded for each window that nobody sees.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # Playwright's own list, whose place this one takes.
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--disable-component-update",
    "--no-first-run",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-features=" + ",".join(FEATURES_OFF),
]


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("No Chromium on the PATH. `make test` installs it; by hand: apt-get install chromium")
    # The browser's event loop lives in this thread; what follows asks the database from it, one step after the other.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        connection.close()  # the one that belongs to the event loop, which nobody else would close
        opened.close()


@pytest.fixture
def story(live_site: str, tmp_path: Path) -> Play:
    """The demo's people and detectors, its terms and records, and the alerts in the queue; nobody has looked yet."""
    play = Play(live_site, "tiny", 2, folder=tmp_path / "demo")
    for stage in STAGES:
        stage.play(play)
        if stage.title == "Alerts":
            return play
    raise AssertionError("the story has no stage in which alerts are posted")


@pytest.fixture
def window(live_site: str, browser: Browser, story: Play) -> Iterator[Callable[[str], Page]]:
    """`window("mira.thornmere")`: the page after that person signed in, with address and password, by the form."""
    complaints: list[str] = []
    windows: dict[str, Page] = {}

    def opened(name: str) -> Page:
        if name not in windows:
            context = browser.new_context(base_url=live_site, viewport={"width": 1440, "height": 900})
            page = windows[name] = context.new_page()
            page.set_default_timeout(10_000)
            page.on("pageerror", lambda error: complaints.append(f"{name}: {error}"))
            page.on("console", lambda message: _listen(message, name, complaints))
            page.goto("/")
            page.get_by_label("E-mail").fill(f"{name}@northlight.example")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("navigation", name="Rooms").wait_for()
        return windows[name]

    yield opened
    assert complaints == []


def _listen(message: Any, name: str, complaints: list[str]) -> None:
    if message.type == "error" and "status of 403" not in message.text:  # what a refused person is told
        complaints.append(f"{name}: {message.text}")
