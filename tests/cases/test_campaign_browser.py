"""The campaign and its sets in a real browser: drawn without a complaint, by keyboard, and a step on many undone."""

import os
from pathlib import Path

import pytest
from django.db import connection, transaction

from apps.audit import ledger
from apps.audit.principals import System
from apps.cases import actions, tasks
from apps.cases.actions import sets
from apps.cases.models import BulkStep
from apps.core.models import Job
from tests.cases.conftest import make_accounts, make_activity
from tests.cases.test_campaign import make_rings
from tests.core.test_shell_browser import VIEWS, complaints_of_axe, open_page  # noqa: F401 - a fixture
from tests.journeys.conftest import browser  # noqa: F401 - fixture

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHOTS", "")  # a directory, to look at what was drawn


@pytest.fixture
def campaign(committed_db, people, monkeypatch):
    """A hundred and twenty accounts in eight rings: a set of three parts."""
    monkeypatch.setattr(sets, "PART", 50)
    make_accounts(100)
    make_accounts(20, prefix="reseller", contract="reseller", payer_verified=True)
    make_activity()
    with transaction.atomic(), ledger.act("tests.arrange", System("tests")), ledger.batch() as written:
        from apps.accounts.models import Activity

        hours = "ARRAY(SELECT (40 * (1 + sin((h + extract(dow FROM day)) / 4.0)))::int FROM generate_series(0, 23) h)"
        written.run(Activity, f"UPDATE accounts_activity SET by_hour = {hours}, queries = queries + random() * 400")
    make_rings(8)
    case = actions.open_case(title="Ring harvests reasoning traces", severity=3, by=people.analyst)
    actions.add_accounts(case, query={"product": "Harbour"}, by=people.analyst)
    work()
    return case


def work() -> None:
    """What the worker would do."""
    while job := Job.objects.filter(kind__startswith="cases.", state="waiting").order_by("pk").first():
        with transaction.atomic():
            {"cases.draw_campaign": tasks.draw_campaign, "cases.carry_on_step": tasks.carry_on_step}[job.kind](job)
            job.delete()


def shot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("theme", "width"), VIEWS if SHOTS else VIEWS[::3])
def test_the_campaign_is_drawn(campaign, open_page, theme: str, width: int):  # noqa: F811
    page = open_page(f"/cases/{campaign.ref}/campaign/", theme=theme, width=width)
    for name in ("activity", "hours", "graph"):
        page.locator(f'[data-picture="{name}"]').scroll_into_view_if_needed()
        page.locator(f'[data-picture="{name}"] .live canvas').first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.locator("[data-opens]").first.press("Enter")  # by keyboard
    page.get_by_role("region", name="Accounts of the ring").wait_for()
    assert complaints_of_axe(page) == []
    page.evaluate("scrollTo(0, 0)")
    shot(page, f"campaign-{width}-{theme}")


def test_the_page_says_it_all_without_scripts(campaign, open_page):  # noqa: F811
    page = open_page(f"/cases/{campaign.ref}/campaign/", script=False)
    assert page.locator("svg.drawing").count() == 3
    page.locator("[data-opens]").first.click()
    assert page.get_by_role("link", name="acct_00000").is_visible()


def test_freeze_dry_run_apply_and_undo(campaign, open_page):  # noqa: F811
    page = open_page(f"/cases/{campaign.ref}/accounts/")
    page.get_by_role("link", name="Freeze a set").click()
    page.get_by_label("Among").select_option("present")
    page.get_by_role("button", name="Freeze them").click()
    page.get_by_role("heading", name="Frozen set S1").wait_for()
    assert page.get_by_role("link", name="Reseller").is_visible()
    page.get_by_label("Suspend (dry run)").check()
    page.get_by_label("Why").fill("Every account takes part in the harvest.")
    page.get_by_label("Type 120 to confirm").fill("120")
    page.get_by_role("button", name="Do it", exact=True).click()
    page.get_by_text("You can leave this page; it goes on.").wait_for()
    shot(page, "step-under-way")
    work()
    page.get_by_text("It would meet 120 accounts").wait_for()
    assert complaints_of_axe(page) == []
    shot(page, "dry-run-1440-light")
    page.get_by_label("Take out of the case").check()
    page.get_by_label("Why").fill("They belong to another campaign.")
    page.get_by_label("Type 120 to confirm").fill("120")
    page.get_by_role("button", name="Do it", exact=True).click()
    page.get_by_text("You can leave this page; it goes on.").wait_for()
    work()
    page.get_by_text("It met 120 accounts").wait_for()
    assert not campaign.members.filter(excluded_at=None).exists()
    page.get_by_role("button", name="Take out of the case").click()
    page.get_by_text("It is being undone.").wait_for()
    work()
    page.get_by_text("120 accounts as before").wait_for()
    assert campaign.members.filter(excluded_at=None).count() == 120
    assert BulkStep.objects.filter(state="undone").count() == 1
    url = page.url.removeprefix(page.url.split("/sets/")[0])
    for theme, width in VIEWS:
        narrow = open_page(url, theme=theme, width=width)
        assert narrow.evaluate("document.documentElement.scrollWidth") == width
        assert complaints_of_axe(narrow) == []
        shot(narrow, f"set-{width}-{theme}")
        narrow.context.close()
    connection.close()
