"""From an alert group to a ring, along the path between two accounts, and cutting a bridge, in a real browser."""

import re

from playwright.sync_api import expect

from apps.accounts.models import Link, RingMember, Tie
from apps.alerts.models import AlertGroup, GroupAccount
from apps.core import jobs

ANALYST = "mira.thornmere"


def test_from_a_group_to_a_ring_along_a_path_to_a_cut(window, story):
    page = window(ANALYST)
    page.goto("/rings/")
    page.get_by_role("link", name="Look for rings").first.click()
    page.get_by_role("button", name="Begin").click()
    jobs.work_off()
    expect(page.get_by_text("Done", exact=True).first).to_be_visible()

    inside = RingMember.objects.filter(until_run=None)
    group = AlertGroup.objects.get(
        pk=GroupAccount.objects.filter(account__in=inside.values("account")).values_list("group", flat=True)[0]
    )
    page.goto(f"/queue/{group.pk}/")
    panel = page.locator("section", has=page.get_by_role("heading", name="Rings of its accounts"))
    panel.get_by_role("link", name=re.compile("^RING-")).first.click()
    expect(page.get_by_text("seem to be operated together")).to_be_visible()
    expect(page.get_by_text("promises nothing")).to_be_visible()

    paths = [link.get_attribute("href") for link in page.get_by_role("link", name=re.compile("^Path from")).all()]
    for path in paths:  # who is in a ring by the rhythm of requests alone has no edge that leads to others
        page.goto(path)
        expect(page.get_by_role("heading", name="In words")).to_be_visible()
        if page.locator("svg.chart").count():
            break
    expect(page.locator("svg.chart").first).to_be_visible()
    link = Link.objects.get(pk=page.get_by_role("link", name="Cut…").first.get_attribute("href").split("/")[-3])
    before = inside.filter(ring=link.ring).count()
    page.get_by_role("link", name="Cut…").first.click()
    expect(page.locator(".consequence")).to_contain_text("would hang together")
    page.get_by_label("Why").fill("The card was stolen from its holder.")
    page.get_by_role("button", name="Cut it").click()
    expect(page.get_by_text("A run around its accounts is begun")).to_be_visible()
    jobs.work_off()
    assert Link.objects.filter(pk=link.pk, until_run=None).count() == 0
    page.goto("/rings/ties/")
    page.get_by_role("link", name="Undo…").click()
    page.get_by_label("Why").fill("It was the holder's own.")
    page.get_by_role("button", name="Take it back").click()
    jobs.work_off()
    assert Tie.objects.get().undone_at
    assert inside.filter(ring=link.ring).count() == before
