"""The review of a letter in a real browser: accessible, framed, and each statement beside its sources."""

import pytest
from django.urls import reverse

from tests.core.test_shell_browser import AXE, VIEWS, open_page  # noqa: F401 - fixture

pytestmark = pytest.mark.browser

RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"


@pytest.mark.parametrize(("theme", "width"), VIEWS)
def test_the_review_is_accessible_and_fits(open_page, draft, theme, width):  # noqa: F811
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `npm ci` (a demo leaves it out)")
    for address in (reverse("notices:notice", args=[draft.pk]), reverse("notices:wording", args=["suspension"])):
        page = open_page(address, theme=theme, width=width)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        found = page.evaluate(f"{AXE.read_text()}; axe.run(document, {{runOnly: {RULES}, iframes: false}})")
        assert [(v["id"], [node["target"] for node in v["nodes"]]) for v in found["violations"]] == []


def test_choosing_a_statement_marks_its_sources_and_back(open_page, draft):  # noqa: F811
    page = open_page(reverse("notices:notice", args=[draft.pk]))
    page.locator("#statement-5-3 a.number").click()
    assert "Exhibit E1" in page.locator("li:target").inner_text()
    page.locator("li:target a.number").click()
    assert "What the log shows." in page.locator("p:target").inner_text()


def test_the_letter_is_shown_in_its_frame(open_page, draft):  # noqa: F811
    """A refusal by the content policy would be a complaint on the console, which fails the test."""
    page = open_page(reverse("notices:notice", args=[draft.pk]))
    frame = page.locator("iframe.paper")
    frame.scroll_into_view_if_needed()
    assert frame.bounding_box()["height"] > 500
    assert frame.get_attribute("title") == "The letter as PDF"
    phone = open_page(reverse("notices:notice", args=[draft.pk]), width=390)
    assert not phone.locator("iframe.paper").is_visible()
    assert phone.get_by_role("link", name="Open the PDF").is_visible()
