"""Every page of casemgr in a real browser, judged by axe: in both themes, on a desk and on a phone.

Each page in one of these views, by turns; in all of them in the soak. Taken from the table of permissions, which names
every address: a new page is looked at by itself.
"""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests import paper as on
from tests.alerts.test_browser import AXE, RULES, window  # noqa: F401 - fixture
from tests.architecture.permissions import ROUTES
from tests.architecture.world import World
from tests.journeys.conftest import browser  # noqa: F401 - fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

VIEWS = [("light", 1440), ("dark", 390), ("dark", 1440), ("light", 390)]
SHARES = [pytest.param(1, id="in-turn"), pytest.param(len(VIEWS), id="all", marks=pytest.mark.soak)]
NO_PAGES = {  # files, and parts of a page
    "alerts:download_body", "alerts:rejection_item", "alerts:preview",
    "evidence:print_sheet", "evidence:descriptor",
    "cases:exhibits_of_item", "cases:of_account", "cases:campaign_picture", "cases:campaign_node", "cases:step",
    "cases:touching_groups",
    "enforcement:of_case", "notices:of_case", "notices:preview", "notices:pdf", "notices:trial",
    "notices:listed_accounts",
    "notices:mailing_progress", "service:deadlines_file", "service:open_return",
    "transparency:progress", "transparency:file",
    "disclosures:preview", "disclosures:file", "disclosures:bundle_file", "disclosures:bundle_receipt",
}  # fmt: skip
ROOMS = (
    "accounts", "alerts", "appeals", "audit", "cases", "counsel", "disclosures", "enforcement", "evidence",
    "insights", "notices", "policies", "records", "service", "staff", "transparency",
)  # fmt: skip


def look(page: Page, theme: str, width: int) -> list[tuple[Any, ...]]:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # no colour is on its way to another
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    violations = page.evaluate("options => axe.run(document, options)", options)["violations"]
    found = [(theme, width, one["id"], [node["target"] for node in one["nodes"]]) for one in violations]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return found + ([(theme, width, "wider than the window", wide)] if wide > width else [])


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: run `npm ci` (a demo leaves it out)")
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("room", ROOMS)
def test_every_page_is_accessible_and_fits(window, monkeypatch, room, share):  # noqa: F811
    on.as_html(monkeypatch)
    world, pages, wrong = World(), {}, {}
    routes = {
        name: route
        for name, route in ROUTES.items()
        if name.startswith(f"{room}:") and "get" in route.methods and name not in NO_PAGES
    }
    # Everything has happened before the first page is opened: no list is empty.
    addresses = {name: (route.right, reverse(name, args=route.args(world))) for name, route in routes.items()}
    shown = [(name, right, address) for name, (right, address) in addresses.items() if "/api/" not in address]
    for place, (name, right, address) in enumerate(shown):
        if right not in pages:
            pages[right] = window(getattr(world.people, right))
        assert pages[right].goto(address).status == 200, name
        turn = place % len(VIEWS)
        views = (VIEWS * 2)[turn : turn + share]
        if found := [fault for theme, width in views for fault in look(pages[right], theme, width)]:
            wrong[name] = found
    assert wrong == {}
