"""Groups are put together and put aside, in a real browser."""

from playwright.sync_api import expect

from apps.alerts.models import AlertGroup

ANALYST = "mira.thornmere"


def test_two_groups_become_one_and_two_again(window, story):
    first, second = AlertGroup.objects.order_by("-priority", "-id")[:2]
    counted = first.alert_count + second.alert_count
    page = window(ANALYST)
    page.goto("/queue/")
    for group in (first, second):
        page.locator(f"input[name=group][value='{group.pk}']").check()
    page.get_by_role("button", name="Merge the chosen").click()
    page.locator(f"input[name=into][value='{first.pk}']").check()
    page.get_by_label("Why they belong together").fill("The same card paid for both.")
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page).to_have_url(f"{page.url.split('/queue/')[0]}/queue/{first.pk}/")
    first.refresh_from_db()
    assert first.alert_count == counted
    page.goto(f"/queue/{second.pk}/")
    expect(page.locator(".note").get_by_text("Merged into")).to_be_visible()
    page.get_by_role("link", name="Take the merge back").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("Two different cards.")
    dialog.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("the group waits in the queue")).to_be_visible()
    second.refresh_from_db()
    assert (second.state, second.alert_count) == ("open", counted - AlertGroup.objects.get(pk=first.pk).alert_count)


def test_a_group_is_snoozed_with_one_key(window, story):
    group = AlertGroup.objects.order_by("-priority", "-id")[0]
    page = window(ANALYST)
    page.goto("/queue/")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What it waits for").fill("The customer was asked.")
    dialog.get_by_role("button", name="Snooze").click()
    expect(page.get_by_text("Snoozed until").first).to_be_visible()
    expect(page.locator(f"input[name=group][value='{group.pk}']")).to_have_count(0)
    page.goto("/queue/?view=snoozed")
    expect(page.get_by_role("link", name=group.title).first).to_be_visible()
    page.get_by_role("button", name="End the snooze").click()
    group.refresh_from_db()
    assert (group.is_snoozed, group.snooze_count) == (False, 1)
