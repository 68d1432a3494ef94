"""An auditor in the browser: a verification with its progress, a finding and its answer, a record as of a time."""

import pytest
from playwright.sync_api import expect

from apps.accounts.models import Account
from apps.audit.log import sequencer
from apps.audit.models import Event
from apps.core import jobs
from apps.staff import actions
from apps.staff.models import User
from tests.audit.tampering import guards_off, sql

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

AUDITOR = "iris.quarryholm"


def test_a_finding_is_read_and_answered(window, story):
    while sequencer.sequence():
        pass
    account = Account.objects.first()
    with guards_off():
        sql("UPDATE accounts_account SET country = 'ZZ' WHERE id = %s", account.pk)
    page = window(AUDITOR)
    page.goto("/trail/verification/")
    page.get_by_role("button", name="Verify everything").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert jobs.work_off() > 0
    page.get_by_role("link", name="Read the verdict").click()  # the page says so by itself
    expect(page.get_by_text("A record says something that no act in casemgr wrote").first).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("The trail does not hold.")
    page.get_by_role("link", name="Read what it found, and say what is being done").click()
    page.get_by_label("What was found out, and what is being done").fill("Corrected by hand in TICKET-7; put back.")
    page.get_by_role("button", name="Acknowledge the findings").click()
    expect(page.locator("#answer")).to_contain_text("TICKET-7")
    page.goto("/")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_person_as_of_before_a_change(window, story):
    admin, person = User.objects.get(email__startswith="emre"), User.objects.get(email__startswith="mira")
    before = Event.objects.filter(object_id=person.pk).latest("id").occurred_at
    actions.change_roles(person, roles=["lead"], by=admin)
    page = window(AUDITOR)
    page.goto(f"/trail/of/staff_user/{person.pk}/")
    expect(page.locator("#history")).to_contain_text("Roles")
    page.get_by_label("Show it as it was at (UTC)").fill(f"{before:%Y-%m-%dT%H:%M:%S}")
    page.get_by_role("button", name="Show it as it was").click()
    expect(page.locator("#as-of")).to_contain_text("analyst")
    expect(page.locator("#as-of")).to_contain_text("From the log alone")
