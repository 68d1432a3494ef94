"""The pages about what came in, in a real browser: read, put right, sent again."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.alerts import actions, deliveries, verdicts
from apps.alerts.models import Alert, AlertGroup, Batch, Delivery, Rejection, Replay
from apps.core import jobs
from tests.alerts.conftest import alert, alerts
from tests.alerts.test_webhooks import receiver  # noqa: F401 - fixture
from tests.core.test_shell_browser import AXE
from tests.journeys.conftest import browser  # noqa: F401 - fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def window(live_site: str, browser: Any) -> Iterator[Callable[..., Page]]:  # noqa: F811
    """`window(person, theme=, width=)`: a page in which that person is signed in. Complaints of the browser fail."""
    complaints: list[str] = []

    def opened(person: Any, *, theme: str = "light", width: int = 1440) -> Page:
        client = Client()
        client.force_login(person)
        name = configured.SESSION_COOKIE_NAME
        context = browser.new_context(base_url=live_site, color_scheme=theme, viewport={"width": width, "height": 900})
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site}])
        if AXE.is_file():
            context.add_init_script(path=AXE)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: _listen(message, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    assert complaints == []


def _listen(message: Any, complaints: list[str]) -> None:
    if message.type == "error" and "status of 422" not in message.text:  # what a form says that is shown again
        complaints.append(message.text)


def link(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def told(page: Page, words: str) -> None:
    expect(page.locator(".messages")).to_contain_text(words)


# --- detectors -------------------------------------------------------------------------------------------------------


def test_a_detector_shows_its_precision_and_its_calibrations_over_time(window, people, receive, detector):
    for n, (ago, how) in enumerate([(9, "benign"), (6, "in_case"), (3, "in_case"), (3, "authorised")]):
        account = f"acct_{n}"
        receive(alert(source_ref=account, subject={"type": "account", "accounts": [account]}))
        group = AlertGroup.objects.get(key__endswith=account)
        with time_machine.travel(timezone.now() - timedelta(days=ago)):
            if how == "in_case":
                actions.escalate(group, reason="Seen by hand", by=people.analyst)
            else:
                actions.dismiss(group, dismissal=how, by=people.analyst)
    for version, n, wrong, day in (("1.0", 100, 9, "2026-03-01"), ("1.1", 1000, 12, "2026-05-01")):
        trial: dict[str, Any] = {"calibration_n": n, "calibration_false_positives": wrong, "calibrated_on": day}
        actions.change_detector(detector, version=version, declared_rate=0.9, by=people.admin, **trial)
    page = window(people.admin)
    page.goto("/detectors/")
    expect(page.get_by_role("row", name="Tidegauge")).to_contain_text("declares at least 10.0% true")
    link(page, "Tidegauge")
    record = page.locator("section", has=page.get_by_role("heading", name="How often it turned out to be right"))
    expect(record).to_contain_text("a precision of 50.0%")
    expect(record.get_by_role("img")).to_have_accessible_name(
        "Share of false groups in its record, as it stood day by day, with the exact 95% interval"
    )
    expect(record.get_by_text("declared: 90.0%")).to_be_visible()
    record.get_by_text("The same as a table").click()
    rows = record.locator("tbody tr")
    expect(rows).to_have_count(3)
    assert [row.split("\t")[1] for row in rows.all_inner_texts()] == ["2 of 4 false", "1 of 2 false", "1 of 1 false"]
    trials = page.locator("section", has=page.get_by_role("heading", name="Calibrations"))
    expect(trials.get_by_role("img")).to_be_visible()
    assert [row.split("\t")[0] for row in trials.locator("tbody tr").all_inner_texts()] == ["2026-05-01", "2026-03-01"]
    expect(trials.locator("tbody tr").first).to_contain_text("1.20%")


def test_a_new_detector_says_what_it_still_needs(window, people, detector):
    page = window(people.admin)
    page.goto(f"/detectors/{detector.pk}/")
    needs = page.locator("section", has=page.get_by_role("heading", name="What needs attention"))
    expect(needs.get_by_role("listitem")).to_have_count(3)
    expect(needs).to_contain_text("no key that is live")
    button(page, "Issue a key")
    expect(needs.get_by_role("listitem")).to_have_count(2)
    needs.get_by_role("link", name="Enter a calibration").click()
    page.get_by_label("Innocent cases it was tried on").fill("400")
    page.get_by_label("Of these false alarms").fill("3")
    page.get_by_label("Calibrated on").fill("2026-11-02")
    page.get_by_label("Declared rate of false alarms").fill("0.2")
    button(page, "Save")
    told(page, "is changed")
    expect(needs).to_have_count(0)
    detector.refresh_from_db()
    assert (detector.calibration_n, detector.declared_rate) == (400, 0.2)


# --- batches and rejections ------------------------------------------------------------------------------------------


@pytest.fixture
def batch(post) -> Batch:
    """Five lines, of which three cannot be taken."""
    good, cut, *others = alerts(5)
    lines = [json.dumps(good), json.dumps(cut)[:-25], *(json.dumps(one | {"severity": 9}) for one in others[:2])]
    lines.append(json.dumps(others[2]))
    post("\n".join(lines).encode(), content_type="application/x-ndjson")
    return Batch.objects.get()


def test_from_the_batches_to_an_item_that_is_corrected(window, people, batch):
    page = window(people.analyst)
    page.goto("/batches/")
    page.locator("tbody a[data-open]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Batch of tidegauge")
    figures = dict(zip(*(page.locator(f".figures {part}").all_inner_texts() for part in ("dt", "dd")), strict=True))
    assert figures == {"items": "5", "created": "2", "updated": "0", "duplicates": "0", "rejected": "3"}
    expect(page.get_by_text("JSON lines")).to_be_visible()
    page.get_by_role("row", name="severity").first.get_by_role("link").click()
    expect(page.get_by_role("link", name="item 3 of 5")).to_be_visible()
    link(page, "Correct and send again")
    body = page.get_by_label("The item")
    wrong = json.loads(body.input_value())
    body.fill(json.dumps(wrong | {"severity": 7}))
    button(page, "Send again")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was sent")
    assert Alert.objects.count() == 2
    page.get_by_label("The item").fill(json.dumps(wrong | {"severity": 4}))
    button(page, "Send again")
    told(page, "Sent in again: A new alert")
    link(page, "a new alert")
    expect(page.get_by_role("heading", level=1)).to_have_text(wrong["title"])
    assert Alert.objects.count() == 3
    assert Rejection.objects.filter(became="created").count() == 1


def test_what_is_frequent_is_sent_again_together(window, people, batch):
    page = window(people.analyst)
    page.goto("/rejections/")
    frequent = page.get_by_role("navigation", name="What is wrong most often").get_by_role("link")
    assert [text.split() for text in frequent.all_inner_texts()] == [
        ["Invalid:", "severity", "2"],
        ["Not", "JSON", "1"],
    ]
    frequent.first.click()
    expect(page.locator("tbody tr")).to_have_count(2)
    link(page, "Send these again")
    button(page, "Send 2 again")
    expect(page.get_by_text("At work")).to_be_visible()
    jobs.work_off()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()  # the page asks by itself
    expect(page.get_by_role("heading", name="Rejected again")).to_be_visible()
    assert Replay.objects.get().rejections.filter(became="rejected").count() == 2


def test_what_cannot_be_corrected_says_why(window, people, post):
    post([alert(ext={"padding": "x" * 300_000})])
    page = window(people.analyst)
    page.goto(Rejection.objects.get().get_absolute_url())
    expect(page.get_by_text("too long to be kept here whole")).to_be_visible()
    expect(page.get_by_role("link", name="Correct and send again")).to_have_count(0)
    expect(page.get_by_role("region", name="The item as it came")).to_be_visible()


# --- a table of one's own --------------------------------------------------------------------------------------------


def test_a_table_is_previewed_and_its_good_rows_taken(window, people, detector):
    table = (
        "source_ref,title,kind,severity,detected_at,accounts\r\n"
        "p/1,Seen on a forum,external_report,high,2026-06-05T10:00:00Z,acct_1 acct_2\r\n"
        "p/2,Seen again,external_report,terrible,2026-06-05T10:00:00Z,acct_3\r\n"
    )
    page = window(people.analyst)
    page.goto("/")
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Detectors").click()
    link(page, "Tidegauge")
    link(page, "Upload a table")
    page.get_by_label("CSV file").set_input_files(
        {"name": "forum.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    button(page, "Show what it holds")
    expect(page.get_by_text("1 of 2 rows can be taken")).to_be_visible()
    wrong = page.locator("section", has=page.get_by_role("heading", name="Rows that cannot be taken"))
    expect(wrong.get_by_role("row").nth(1)).to_contain_text("severity")
    expect(wrong.get_by_role("row").nth(1)).to_contain_text("terrible")
    expect(page.get_by_role("region", name="The rows of the file").get_by_text("Seen on a forum")).to_be_visible()
    assert Batch.objects.count() == 0
    button(page, "Take 1 row")
    told(page, "1 of 2 rows were taken")
    found = Batch.objects.get()
    assert page.url.endswith(found.get_absolute_url())
    assert (found.created, found.rejected, found.sent_by) == (1, 1, people.analyst.actor)


# --- messages to detectors -------------------------------------------------------------------------------------------


def test_a_message_that_was_given_up_is_sent_again(window, people, receive, detector, receiver):  # noqa: F811
    actions.set_webhook(detector, url=receiver.url, by=people.admin)
    receive(alert())
    actions.dismiss(AlertGroup.objects.get(), dismissal="benign", by=people.analyst)
    deliveries.ask_for(verdicts.publish())
    receiver.plan = [410, 200]
    deliveries.OUTBOX.deliver_due()
    page = window(people.admin)
    page.goto(f"/detectors/{detector.pk}/")
    page.get_by_role("listitem").filter(has_text="1 message to its webhook was given up").get_by_role("link").click()
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Account far above its peers")
    row.get_by_role("link").click()
    expect(page.get_by_text("nobody is there any more (410)")).to_be_visible()
    button(page, "Send it again")
    told(page, "It will be sent again")
    deliveries.OUTBOX.deliver_due()
    page.reload()
    expect(page.get_by_text("Delivered").first).to_be_visible()
    assert Delivery.objects.get().state == "delivered"
    assert [headers["webhook-id"] for _, headers, _ in receiver.got] == [Delivery.objects.get().message_id] * 2


def test_a_secret_is_renewed_while_the_old_one_still_signs(window, people, detector, receiver):  # noqa: F811
    old = actions.set_webhook(detector, url=receiver.url, by=people.admin)
    page = window(people.admin)
    page.goto(f"/detectors/{detector.pk}/")
    link(page, "New secret")
    page.get_by_label("still signs for a week").check()
    button(page, "Make a new secret")
    shown = page.get_by_role("status").filter(has_text="shown only now")
    expect(shown).to_contain_text("whsec_")
    detector.webhook.refresh_from_db()
    assert detector.webhook.secrets_at(timezone.now()) == [detector.webhook.secret, old]
    page.goto(f"/detectors/{detector.pk}/")
    expect(page.get_by_text("signed with the old secret as well")).to_be_visible()
    expect(page.get_by_text("whsec_")).to_have_count(0)
