"""From an alert group to a confirmed finding without leaving the case and without touching a mouse."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from apps.alerts.models import AlertGroup
from apps.cases.models import Case
from tests.evidence.conftest import OPEN, key_named, suspect_named

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

FOCUSED = "element => element === document.activeElement"


def reach(page: Page, place: Locator) -> None:
    """Press Tab until the place has the focus: it can be reached, and comes in an order that ends."""
    place.wait_for(state="attached")
    for _ in range(300):
        if place.evaluate(FOCUSED):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {place}")


def press(page: Page, key: str) -> None:
    """A key of the page, which waits for it."""
    page.locator(f'[data-key="{key}"]').first.wait_for()
    page.keyboard.press(key)


def write(page: Page, label: str, words: str) -> None:
    """Into a text field over what stands there, or into a list by its first letters."""
    field = page.get_by_label(label, exact=False).first
    reach(page, field)
    if field.evaluate("element => element.tagName") != "SELECT":
        page.keyboard.press("Control+a")
    page.keyboard.type(words)


def enter(page: Page, role: str, name: str) -> None:
    reach(page, page.get_by_role(role, name=name).first)  # type: ignore[arg-type]
    page.keyboard.press("Enter")


def told(page: Page, words: str) -> None:
    expect(page.locator(".messages")).to_contain_text(words)


def stays(page: Page, case: Case) -> None:
    """The case is still the frame: its title, its stages, what is missing."""
    expect(page.get_by_role("heading", level=1)).to_have_text(case.title)
    expect(page.get_by_role("heading", name="What is missing")).to_be_visible()


def test_from_a_group_to_a_confirmed_finding_by_keyboard(window, story):
    suspect_named("Meridian 7B", story.mira)
    key_named("wm-2026-03", story.noor)
    analyst = window("mira.thornmere")
    case = _open(analyst)
    _collect(analyst, case, story)
    _run(analyst, case)
    _weigh(analyst, case)
    _propose(analyst, case)
    finding = case.findings.get()
    assert (finding.state, finding.exhibits.count(), finding.explanations.count()) == ("proposed", 2, 1)
    assert finding.levels.get().confidence == "likely"
    assert all(row.evidence and row.clauses for row in finding.accounts.all())
    assert finding.elements.get(element="use").exhibits == [2]
    assert finding.elements.get(element="same_hand").is_gap

    reviewer = window("noor.ashmoor")
    reviewer.goto(f"/cases/{case.ref}/")
    press(reviewer, "p")
    reviewer.wait_for_url(re.compile("/findings/"))
    press(reviewer, "c")
    told(reviewer, "is confirmed")
    finding.refresh_from_db()
    assert (finding.state, finding.reviewed_by) == ("confirmed", story.noor)


def _open(page: Page) -> Case:
    group = AlertGroup.objects.order_by("-account_count").first()
    page.goto(f"/queue/{group.pk}/")
    press(page, "c")
    press(page, "o")
    page.wait_for_load_state()
    if "/case/" in page.url:
        press(page, "o")
    page.wait_for_url(re.compile(r"/cases/CASE-"))
    press(page, "p")
    enter(page, "button", "Begin")
    told(page, "The investigation has begun")
    return Case.objects.get()


def _collect(page: Page, case: Case, story) -> None:
    enter(page, "link", "Evidence")
    press(page, "u")
    stays(page, case)
    reach(page, page.get_by_label("File"))
    # What the file dialog of the operating system would do.
    page.get_by_label("File").set_input_files(story.campaign / "evidence" / "query-log.csv")
    write(page, "Kind", "Query")
    write(page, "Title", "Requests of three days")
    write(page, "Where it comes from", "Log of the gateway")
    write(page, "What it shows", "The accounts took output in bulk, through the same prompts.")
    write(page, "Which element it carries", "Harvesting")
    write(page, "Depends on", "gateway log")
    page.keyboard.press("Enter")
    told(page, "E1 of the case")


def _run(page: Page, case: Case) -> None:
    press(page, "r")
    stays(page, case)
    enter(page, "link", "Green list")
    stays(page, case)
    write(page, "Suspect", "Meridian")
    for label, words in RUN.items():
        write(page, label, words)
    for status in page.locator("select[name^=as-]").all():
        reach(page, status)
        page.keyboard.type("Nobody")
    reach(page, page.get_by_label("Controls"))
    page.keyboard.type("\n".join(f"Control {n}; {10_000 + n}; no" for n in range(20)))
    write(page, "Why it was not scored blind", OPEN)
    enter(page, "button", "Compute")
    told(page, "Say what it shows")
    stays(page, case)
    write(page, "What it shows", "More of its tokens are on our green list than chance gives.")
    write(page, "Which element it carries", "Training")
    enter(page, "button", "Add it")
    told(page, "The exhibit is in the file")
    assert [exhibit.family for exhibit in case.exhibits.order_by("number")] == ["traffic", "watermark"]


RUN = {"Scored, n": "40000"}


def _weigh(page: Page, case: Case) -> None:
    enter(page, "link", "Explanations")
    write(page, "Explanation", "Benign")
    press_away(page)
    press(page, "r")
    told(page, "Raised")
    write(page, "Result", "Tested: does")
    write(page, "Conclusion", "One customer has one account; these share their prompts and hours.")
    enter(page, "button", "Assess it")
    told(page, "Assessed")
    cell = page.get_by_label("E1, Benign heavy user: CI, batch, labelling")
    reach(page, cell)
    page.keyboard.press("I")
    expect(page.locator("#ranking")).to_contain_text("1 exhibit against it, from 1 source")
    reach(page, page.get_by_label("E1, What is suspected"))
    page.keyboard.press("C")
    expect(page.locator("#says-1")).to_contain_text("speaks against 1 of 2")
    assert case.assessments.count() == 2


def press_away(page: Page) -> None:
    """Leave a field, so that a key is a key again."""
    page.evaluate("document.activeElement.blur()")


def _propose(page: Page, case: Case) -> None:
    enter(page, "link", "Summary")
    press(page, "p")
    stays(page, case)
    write(page, "What the accounts did", "The accounts took output in bulk through prompts that they share.")
    clause = page.get_by_label(re.compile("4.2 carry out Extraction")).first
    reach(page, clause)
    page.keyboard.press("Space")
    write(page, "Leave out accounts", "Nothing speaks about it but that it is in the group.")
    write(page, "What the evidence does not show", "It does not show who operates the accounts.")
    enter(page, "button", "Propose the finding")
    told(page, "is proposed")
    stays(page, case)
