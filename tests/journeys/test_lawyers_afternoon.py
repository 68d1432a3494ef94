"""A lawyer's afternoon, by keyboard alone: a wording, letters to many, their service, and the answer to an appeal."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Page, expect

from apps.appeals import actions as appeals
from apps.appeals.recipients import Recipient
from apps.core import vault
from apps.notices.models import Mailing, Notice, NoticeTemplate
from apps.service import sending
from tests import paper as on
from tests.alerts.test_browser import window  # noqa: F401 - fixture
from tests.architecture.world import World
from tests.journeys.conftest import browser  # noqa: F401 - fixture
from tests.journeys.finding import enter, press, reach, told, write
from tests.notices.conftest import work_off
from tests.service.conftest import MailServer, server  # noqa: F401 - fixture
from tests.story.test_kills import until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

ADDED = "Please keep this letter."
KIND = ["suspension", "en"]


def test_from_a_wording_to_the_answer_of_an_appeal(
    committed_db,
    server: MailServer,  # noqa: F811
    window: Callable[..., Page],  # noqa: F811
    tmp_path: Path,
) -> None:
    world = World()
    people = world.people
    counsel, approver, reviewer = window(people.counsel), window(people.approver), window(people.reviewer)
    change_a_wording(counsel, approver)
    mailing = write_to_many(counsel, world.approved().ref)
    read_the_sample(approver, mailing)
    letter = release(counsel, mailing)
    assert ADDED in on.text(vault.read(letter.pdf_sha256))
    send(counsel, mailing, tmp_path / "addresses.csv", server)
    answer_an_appeal(reviewer, letter)
    issue_the_answer(approver, counsel)


def worked_off(work: Callable[[], Any] = work_off) -> None:
    """A worker does what is due, in a thread of its own: this one's event loop is the browser's."""

    def do() -> None:
        while work():
            pass
        connection.close()

    with ThreadPoolExecutor(1) as worker:
        worker.submit(do).result()


def change_a_wording(counsel: Page, approver: Page) -> None:
    counsel.goto(reverse("notices:wording_in", args=KIND))
    enter(counsel, "link", "New version")
    reach(counsel, counsel.get_by_label("Wording", exact=True))
    counsel.keyboard.press("Control+End")
    counsel.keyboard.type(f"\n\n{ADDED}\n")
    shown = counsel.locator("#tried")
    expect(shown.locator("iframe")).to_have_count(1)  # the letter stands beside what was typed
    enter(counsel, "button", "Propose it")
    told(counsel, "is proposed")
    proposed = NoticeTemplate.objects.get(state="proposed")
    approver.goto(reverse("notices:template", args=[proposed.pk]))
    expect(approver.locator("ins").first).to_contain_text(ADDED)
    press(approver, "a")
    told(approver, "Approved")


def write_to_many(counsel: Page, decision: str) -> Mailing:
    counsel.goto(reverse("notices:start_mailing", args=[decision]))
    enter(counsel, "button", "Draft the letters")
    counsel.wait_for_url("**/mailings/*/")
    worked_off()
    return Mailing.objects.get()


def read_the_sample(approver: Page, mailing: Mailing) -> None:
    approver.goto(mailing.get_absolute_url())
    press(approver, "r")
    for _ in range(mailing.sample.count()):
        approver.wait_for_url("**/letters/*/")
        expect(approver.get_by_text(ADDED)).to_be_visible()
        address = approver.url
        press(approver, "y")
        approver.wait_for_url(lambda url: url != address)  # noqa: B023 - called at once
    press(approver, "a")
    told(approver, "The letters can be released now.")


def release(counsel: Page, mailing: Mailing) -> Notice:
    counsel.goto(mailing.get_absolute_url())
    write(counsel, "Type", str(mailing.count))
    enter(counsel, "button", "Release the letters")
    told(counsel, "Released")
    worked_off()
    letters = Notice.objects.filter(mailing=mailing)
    assert {letter.state for letter in letters} == {"issued"}
    return letters.order_by("ref")[0]


def send(counsel: Page, mailing: Mailing, listed: Path, server: MailServer) -> None:  # noqa: F811
    letters = mailing.notices.select_related("account")
    rows = [f"{letter.account.ref},{letter.account.ref}@example.org" for letter in letters]
    listed.write_text("\n".join(["account,address", *rows]))
    counsel.goto(mailing.get_absolute_url())
    enter(counsel, "link", "Send by e-mail")
    counsel.locator("input[type=file]").set_input_files(listed)  # the one thing that the system's own dialog does
    enter(counsel, "button", "Show what it holds")
    enter(counsel, "button", f"Send {len(rows)}")
    told(counsel, "leave now")
    worked_off()
    until(lambda: worked_off(sending.send_due) or len(server.taken) == len(rows))  # at the pace of the settings
    counsel.goto(mailing.get_absolute_url())
    sent = counsel.locator("#service").get_by_role("link", name=str(len(rows)), exact=True)
    expect(sent).to_be_visible()


def answer_an_appeal(reviewer: Page, letter: Notice) -> None:
    appeal = appeals.file_appeal(letter, words="I ran a benchmark.", by=Recipient(letter))
    reviewer.goto(reverse("appeals:appeal", args=[appeal.ref]))
    press(reviewer, "t")
    write(reviewer, "Reasons", "A benchmark does not ask around the clock.")
    enter(reviewer, "button", "Uphold it")
    expect(reviewer.get_by_text("The answer:")).to_be_visible()


def issue_the_answer(approver: Page, counsel: Page) -> None:
    answer = Notice.objects.get(kind="appeal_decision")
    page = reverse("notices:notice", args=[answer.pk])
    approver.goto(page)
    press(approver, "a")
    told(approver, "Approved")
    counsel.goto(page)
    press(counsel, "i")
    expect(counsel.get_by_text("The file is")).to_be_visible()
    worked_off()
    answer.refresh_from_db()
    assert "A benchmark does not ask around the clock." in " ".join(on.text(vault.read(answer.pdf_sha256)).split())
