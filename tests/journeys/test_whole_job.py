"""By hand, in a real browser, what the demo does: from a claimed group to a notice, a report, a verified trail."""

import re

import pytest
from playwright.sync_api import Page, expect

from apps.cases.findings.wrongful import few
from apps.cases.models import Case, Finding
from apps.cases.queries import wrongful_of
from apps.core import vault
from apps.disclosures.models import Report
from apps.notices.models import Notice
from tests.journeys.finding import by_keyboard
from tests.paper import validate

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def link(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def told(page: Page, words: str) -> None:
    """What the page says after something was done."""
    expect(page.locator(".messages")).to_contain_text(words)


def test_the_whole_job_by_hand(window, story, worker):
    mira, noor = window("mira.thornmere"), window("noor.ashmoor")
    leif, vera = window("leif.barrowin"), window("vera.coldmere")
    ref = by_keyboard(mira, noor, story).case.ref
    _decide(leif, ref)
    _approve(vera, ref)
    _write_and_issue(leif, vera, ref)
    _report(leif, vera, ref)
    _verify(window("iris.quarryholm"))


def _decide(page: Page, ref: str) -> None:
    page.goto(f"/cases/{ref}/findings/")
    link(page, "Propose a decision")
    page.get_by_label("Measure").select_option("suspend")
    page.get_by_label("Scope").fill("All use of the service")
    page.get_by_label("From").fill("2026-12-01")
    page.get_by_label("Reasons").fill("A warning would not end what is spread over many accounts; this can be undone.")
    page.get_by_label("So many accounts").fill(few(wrongful_of(Finding.objects.get()).value))
    button(page, "Propose it")
    told(page, "The decision is proposed")


def _approve(page: Page, ref: str) -> None:
    page.goto(f"/cases/{ref}/decisions/")
    button(page, "Approve the decision")
    told(page, "is approved")


def _write_and_issue(counsel: Page, approver: Page, ref: str) -> None:
    counsel.goto(f"/cases/{ref}/decisions/")
    link(counsel, "Draft a letter for D-")
    account = Case.objects.get().findings.get().accounts.filter(queries__gt=0).first().account
    counsel.get_by_label("Account").fill(account.ref)
    button(counsel, "Draft it")
    counsel.wait_for_url(re.compile(r"/notices/[0-9a-f-]{36}/"))
    expect(counsel.get_by_role("button", name="Approve the letter")).to_have_count(0)
    approver.goto(counsel.url)
    button(approver, "Approve the letter")
    counsel.reload()
    button(counsel, "Issue the notice")
    expect(counsel.get_by_role("link", name="Take the file")).to_be_visible(timeout=60_000)
    with counsel.expect_download() as taken:
        link(counsel, "Take the file")
    notice = Notice.objects.get()
    letter = taken.value.path().read_bytes()
    assert letter == vault.read(notice.pdf_sha256)
    assert validate(letter) == []


def _report(counsel: Page, approver: Page, ref: str) -> None:
    counsel.goto(f"/cases/{ref}/reports/compile/")
    counsel.get_by_label("Audience").select_option("regulator")
    counsel.get_by_label("Title").fill("Incident report")
    counsel.get_by_label("Recipient").fill("Office for Digital Services")
    counsel.get_by_label("Legal basis").fill("Voluntary report")
    button(counsel, "Compile it")
    counsel.wait_for_url(re.compile(r"/disclosures/[0-9a-f-]{36}/"))
    expect(counsel.get_by_role("button", name="Release the report")).to_have_count(0)
    approver.goto(counsel.url)
    button(approver, "Release the report")
    expect(approver.get_by_role("heading", name="Files")).to_be_visible(timeout=60_000)
    assert Report.objects.get().state == Report.State.RELEASED


def _verify(page: Page) -> None:
    page.goto("/trail/verification/")
    button(page, "Verify the trail")
    told(page, "The trail is being verified")
    verdict = page.get_by_text("All of it holds")
    for _ in range(60):
        page.reload()
        if verdict.count():
            break
        page.wait_for_timeout(500)
    expect(verdict).to_be_visible()
