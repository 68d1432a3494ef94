"""What is put aside, by a person or by a rule: it is counted, it can be seen, and it comes back."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from apps.alerts import actions, queries
from apps.alerts.models import Alert, AlertGroup, Suppression
from tests.alerts.conftest import alert, cluster
from tests.alerts.test_regrouping import check_house


def days(number: float):
    return timezone.now() + timedelta(days=number)


def figures(people) -> dict[str, int]:
    found = queries.queue_figures(people.analyst)
    return {name: found[name] for name in ("free", "snoozed", "hidden")}


@pytest.fixture
def group(receive):
    receive(alert(title="Noise"))
    return AlertGroup.objects.get()


# --- snooze ----------------------------------------------------------------------------------------------------------


def test_a_snoozed_group_is_out_of_the_queue_and_comes_back_by_itself(sign_in, people, group):
    client = sign_in(people.analyst)
    actions.snooze(group, until=days(3), by=people.analyst, reason="asked the customer")
    assert figures(people) == {"free": 0, "snoozed": 1, "hidden": 0}
    assert b"Snoozed until" in client.get("/queue/?view=snoozed").content
    with pytest.raises(ValidationError, match="Nothing waits"):
        actions.take_next(by=people.analyst)
    with time_machine.travel(days(3.1), tick=False):
        assert figures(people) == {"free": 1, "snoozed": 0, "hidden": 0}
        assert b"Back from its snooze" in sign_in(people.analyst).get("/queue/").content
        assert actions.take_next(by=people.analyst) == group
    group.refresh_from_db()
    assert (group.snoozed_until, group.snooze_count) == (None, 1)


def test_a_snooze_ends_when_severity_rises(sign_in, receive, people, group):
    actions.snooze(group, until=days(3), by=people.analyst)
    receive(alert(source_ref="same"))
    assert figures(people)["snoozed"] == 1
    receive(alert(source_ref="worse", severity=4))
    assert figures(people) == {"free": 1, "snoozed": 0, "hidden": 0}
    assert b"Back early: more severe" in sign_in(people.analyst).get("/queue/").content


def test_a_snooze_can_be_ended_and_its_count_stays(people, group):
    for _ in range(2):
        actions.snooze(group, until=days(1), by=people.analyst)
        actions.wake(group, by=people.analyst)
    assert (group.snooze_count, group.is_snoozed) == (2, False)
    with pytest.raises(PermissionDenied):
        actions.wake(group, by=people.analyst)


def test_a_snooze_has_its_end_in_sight(people, group):
    for until in (days(-1), days(91)):
        with pytest.raises(ValidationError):
            actions.snooze(group, until=until, by=people.analyst)
    actions.claim(group, by=people.analyst)
    with pytest.raises(PermissionDenied):
        actions.snooze(group, until=days(1), by=people.analyst2)
    actions.snooze(group, until=days(1), by=people.analyst)
    assert (group.state, group.claimed_by) == ("open", None)


def test_snooze_in_the_browsers_form(sign_in, people, group):
    client = sign_in(people.analyst)
    address = f"/queue/{group.pk}/snooze/"
    assert client.post(address, {"until": "2020-01-01", "reason": "x"}).status_code == 422
    day = days(5).date().isoformat()
    assert client.post(address, {"until": day, "reason": "x", "back": "view=free"}).status_code == 303
    group.refresh_from_db()
    assert group.snoozed_until.date().isoformat() == day


# --- rules -----------------------------------------------------------------------------------------------------------


def rule(people, **values) -> Suppression:
    values = {"expires_at": days(10), "reason": "Our own load test", "by": people.lead} | values
    return actions.suppress(**values)


def test_hidden_alerts_are_kept_counted_and_come_back(sign_in, receive, people):
    made = rule(people, scope="key", key="account:acct_1")
    batch = receive(alert())
    assert batch.created == 1
    hidden = Alert.objects.get()
    assert (hidden.suppressed_by, hidden.group.state) == (made, "open")
    assert figures(people) == {"free": 0, "snoozed": 0, "hidden": 1}
    client = sign_in(people.analyst)
    page = client.get("/queue/").content.decode()
    assert 'href="/queue/?view=hidden"' in page
    assert "hidden by rules" in page
    assert [g.pk for g in client.get("/queue/?view=hidden").context["page"]] == [hidden.group_id]
    assert queries.hidden_by([made]) == {made.pk: 1}
    check_house()
    with time_machine.travel(days(11), tick=False):
        assert figures(people) == {"free": 1, "snoozed": 0, "hidden": 0}
    assert actions.end_suppression(made, by=people.analyst, reason="test is over") == 1
    assert figures(people) == {"free": 1, "snoozed": 0, "hidden": 0}
    check_house()
    receive(alert(source_ref="later"))
    assert Alert.objects.get(source_ref="later").suppressed_by is None


@pytest.mark.parametrize(
    ("values", "hides"),
    [
        ({"scope": "key", "key": "account:acct_1"}, {"one"}),
        ({"scope": "account", "account_ref": "acct_1"}, {"one"}),
        ({"scope": "identifier", "identifier_type": "ip"}, {"ip"}),
        ({"scope": "detector", "kind": "linkage"}, {"cluster/c", "ip"}),
    ],
)
def test_a_rule_hides_what_it_names_and_no_more(receive, people, detector, values, hides):
    if values["scope"] == "detector":
        values = values | {"detector": detector}
    rule(people, **values)
    ip = {"type": "ip", "value": "192.0.2.1"}
    other = {"accounts": ["acct_2"], "type": "account"}
    receive(
        [
            alert(source_ref="one"),
            cluster("c", ["acct_1", "acct_9"]),
            alert(source_ref="ip", subject=other, indicators=[ip], kind="linkage"),
            alert(source_ref="more", subject=other, indicators=[ip, {"type": "email", "value": "a@example.org"}]),
        ]
    )
    assert set(Alert.objects.exclude(suppressed_by=None).values_list("source_ref", flat=True)) == hides
    check_house()


def test_a_group_that_holds_something_else_stays_in_the_queue(receive, people, group, detector):
    rule(people, scope="detector", detector=detector, kind="linkage")
    receive(alert(source_ref="hidden", kind="linkage"))
    assert Alert.objects.get(source_ref="hidden").suppressed_by is not None
    assert figures(people) == {"free": 1, "snoozed": 0, "hidden": 0}
    receive(alert(source_ref="volume/acct_1", kind="linkage", severity=4, title="Noise"))
    assert Alert.objects.get(source_ref="volume/acct_1").suppressed_by is None, "what is seen does not vanish"
    check_house()


def test_a_rule_is_never_open_ended_and_has_a_reason(people):
    with pytest.raises(ValidationError, match="90 days"):
        rule(people, scope="key", key="k", expires_at=days(91))
    with pytest.raises(ValidationError, match="to come"):
        rule(people, scope="key", key="k", expires_at=days(-1))
    with pytest.raises(ValidationError, match="Say why"):
        rule(people, scope="key", key="k", reason=" ")
    with pytest.raises(ValidationError, match="Name what"):
        rule(people, scope="key", key="k", account_ref="a")
    with pytest.raises(PermissionDenied):
        rule(people, scope="key", key="k", by=people.analyst)


def test_rules_are_made_listed_and_ended_in_the_browser(sign_in, people, group):
    lead = sign_in(people.lead)
    sent = {"scope": "key", "key": group.key, "account_ref": "left over", "reason": "Noise"}
    assert lead.post("/queue/rules/new/", sent | {"expires_at": "2000-01-01"}).status_code == 422
    answer = lead.post("/queue/rules/new/", sent | {"expires_at": days(7).date().isoformat()})
    made = Suppression.objects.get()
    assert answer["Location"] == f"/queue/rules/{made.pk}/"
    assert (made.key, made.account_ref) == (group.key, "")
    analyst = sign_in(people.analyst)
    assert group.key in analyst.get("/queue/rules/").content.decode()
    assert b"It has hidden nothing yet" in analyst.get(answer["Location"]).content
    analyst.post(f"/queue/rules/{made.pk}/end/", {"reason": "over"})
    made.refresh_from_db()
    assert made.ended_by == people.analyst
