"""The review of a letter in a real browser: framed, and each statement beside its sources."""

import pytest
from django.urls import reverse

from tests.core.test_shell_browser import open_page  # noqa: F401 - fixture
from tests.journeys.conftest import browser  # noqa: F401 - fixture

pytestmark = pytest.mark.browser


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
