"""Looking and being seen to look, in a real browser: asked why once, then shown; who answers for it sees who looked."""

import pytest
from playwright.sync_api import expect

from apps.accounts.models import Account
from apps.audit.models import Event
from tests.alerts.test_browser import AXE, RULES, button, link, window  # noqa: F401 - fixture
from tests.cases.conftest import make_accounts
from tests.journeys.conftest import browser  # noqa: F401 - fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def account(committed_db, people) -> Account:
    make_accounts(30)
    return Account.objects.get(ref="acct_00000")


def test_who_looks_says_why_and_others_see_it(window, people, account):  # noqa: F811
    analyst = window(people.analyst)
    analyst.goto(account.get_absolute_url())
    link(analyst, "Identifiers")
    expect(analyst.get_by_role("heading", name="Why do you look?")).to_be_visible()
    assert not Event.objects.filter(action="accounts.open_identifiers").exists()
    analyst.get_by_label("Why do you look?").fill("Its card is that of another ring")
    button(analyst, "Show it")
    expect(analyst.get_by_role("heading", name="Identifiers")).to_be_visible()
    analyst.reload()
    expect(analyst.get_by_role("heading", name="Identifiers")).to_be_visible()
    assert Event.objects.filter(action="accounts.open_identifiers").count() == 1

    lead = window(people.lead)
    lead.goto(account.get_absolute_url())
    looked = lead.locator(".card", has=lead.get_by_role("heading", name="Who has looked"))
    expect(looked).to_contain_text("Ada Analyst")
    expect(looked).to_contain_text("Its card is that of another ring")

    auditor = window(people.auditor)
    auditor.goto("/trail/")
    link(auditor, "Who read what")
    link(auditor, "Ada Analyst")
    expect(auditor.locator("table")).to_contain_text("looked at the identifiers of acct_00000")
    expect(auditor.locator("table")).not_to_contain_text("signed in")
    invited = Event.objects.get(action="staff.invite", object_id=people.analyst.pk)
    auditor.goto(f"/trail/{invited.event_uuid}/")
    auditor.get_by_text("Values that are kept apart").click()
    auditor.get_by_label("Why do you look?").fill("A complaint about this invitation")
    button(auditor, "Show them")
    expect(auditor.locator("#private")).to_contain_text("analyst@northlight.example")
    assert Event.objects.get(action="audit.open_private").reason == "A complaint about this invitation"
