"""The editor of a wording in a real browser: a pause in typing is enough, and the letter stands beside or below."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.core.test_shell_browser import open_page  # noqa: F401 - fixture
from tests.journeys.conftest import browser  # noqa: F401 - fixture

pytestmark = pytest.mark.browser
URL = reverse("notices:propose_template", args=["suspension", "en"])


def test_a_pause_in_typing_says_what_is_wrong_and_then_shows_the_letter(open_page):  # noqa: F811
    page = open_page(URL, person="counsel")
    text = page.get_by_label("Wording", exact=True)
    wording = text.input_value()
    text.fill(wording.replace("Dear account holder,", "Dear {name},"))
    expect(page.locator("#tried")).to_contain_text("there is no placeholder {name}")
    expect(page.locator("#tried iframe")).to_have_count(0)
    text.fill(wording.replace("Dear account holder,", "Good day,"))
    expect(page.locator("#tried iframe")).to_have_count(1)
    expect(page.locator("#tried")).not_to_contain_text("there is no placeholder")
    assert text.input_value().count("Good day,") == 1


def test_the_letter_stands_beside_the_text_and_below_it_on_a_phone(open_page):  # noqa: F811
    page = open_page(URL, person="counsel")
    text, shown = page.locator("#editor").bounding_box(), page.locator("#tried").bounding_box()
    assert shown["x"] >= text["x"] + text["width"]
    phone = open_page(URL, width=390, person="counsel")
    text, shown = phone.locator("#editor").bounding_box(), phone.locator("#tried").bounding_box()
    assert shown["y"] >= text["y"] + text["height"]
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
