"""Which alerts belong together, by key and by the accounts they name."""

import json

import pytest
from django.db import connection

from apps.alerts import actions, grouping, wire
from apps.alerts.models import Alert, AlertGroup
from tests.alerts.conftest import alert, cluster


def decoded(**changes):
    return wire.read(json.dumps(alert(**changes)).encode(), limit=10**6).alert


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, "account:acct_1"),
        ({"subject": {"type": "cluster", "cluster_ref": "c1"}}, "cluster:tidegauge:c1"),
        ({"subject": {"type": "cluster", "cluster_ref": "c1", "campaign_ref": "x"}}, "campaign:tidegauge:x"),
        ({"indicators": [{"type": "template", "value": "tpl-1"}]}, "template:tidegauge:tpl-1"),
        ({"indicators": [{"type": "suspect_model", "value": "m-7b"}]}, "model:m-7b"),
        ({"subject": {"type": "model", "model_ref": "m-7b"}}, "model:m-7b"),
        ({"subject": {"type": "organisation", "organisation_ref": "o"}}, "organisation:tidegauge:o"),
        ({"subject": {"type": "endpoint", "accounts": ["a", "b"]}}, "alert:tidegauge:volume/acct_1"),
    ],
)
def test_the_key_says_what_an_alert_is_grouped_by(changes, key):
    assert grouping.key(decoded(**changes)) == key


def test_more_than_half_of_the_accounts_decides():
    homes = grouping.Homes({}, {})
    homes.settle("cluster:d:one", ["a", "b", "c"], [], grouping.Group("G1", "cluster:d:one", 3, None))

    def find(key: str, accounts: list[str]) -> str | None:
        return homes.find(decoded(), key, accounts, [])[0]

    assert find("cluster:e:two", ["a", "b", "x"]) == "G1"
    assert find("cluster:e:two", ["a", "x"]) is None
    assert find("account:c", ["c"]) == "G1"
    assert find("account:z", ["z"]) is None
    assert find("model:m", ["a", "b", "c"]) is None


def group_of(ref: str) -> AlertGroup:
    return Alert.objects.select_related("group").get(source_ref=ref).group


def test_what_detectors_say_about_one_ring_becomes_one_group(receive, register):
    ring = [f"a{n}" for n in range(8)]
    receive(cluster("k1", ring), of=register("knotwork"))
    receive(cluster("s1", ring[:5], kind="synchrony"), of=register("metronome"))
    receive(alert(source_ref="v", subject={"type": "account", "accounts": ["a7"]}))
    group = AlertGroup.objects.get()
    assert (group.alert_count, group.account_count) == (3, 8)
    assert group.detectors == ["knotwork", "metronome", "tidegauge"]
    assert "3 detectors report signs of 3 kinds: linkage, synchrony, volume" in [r["text"] for r in group.reasons]


def test_one_request_groups_its_own_items_together(receive):
    receive([cluster("k1", ["a", "b", "c"]), alert(source_ref="v", subject={"type": "account", "accounts": ["b"]})])
    assert AlertGroup.objects.get().alert_count == 2


def test_a_thousand_alerts_on_one_template_are_one_group(receive):
    receive(
        [
            alert(
                source_ref=f"t/{n}",
                kind="template",
                subject={"type": "account", "accounts": [f"a{n}"]},
                indicators=[{"type": "template", "value": "tpl-1"}],
            )
            for n in range(1000)
        ]
    )
    group = AlertGroup.objects.get()
    assert (group.alert_count, group.account_count) == (1000, 1000)
    assert group.title == "1,000 accounts use the prompt template tpl-1"


def test_later_alerts_come_to_the_group_in_a_case(receive, people):
    receive(alert(source_ref="1"))
    actions.escalate(group_of("1"), reason="Seen by hand", by=people.analyst)
    receive(alert(source_ref="2", severity=4))
    group = AlertGroup.objects.get()
    assert (group.state, group.alert_count, group.severity) == ("escalated", 2, 4)


def test_after_a_dismissal_new_alerts_open_a_new_group_and_the_old_one_stays_as_it_was(receive, people):
    receive(alert(source_ref="1"))
    dismissed = group_of("1")
    actions.dismiss(dismissed, dismissal="benign", by=people.analyst)
    receive(alert(source_ref="1"))  # the same again is no news
    assert AlertGroup.objects.count() == 1
    receive(alert(source_ref="2"))
    assert group_of("2") != dismissed
    receive(alert(source_ref="1", severity=4))  # it says something new: somebody must look
    assert group_of("1") == group_of("2")
    dismissed.refresh_from_db()
    assert (dismissed.state, dismissed.alert_count) == ("dismissed", 1)


def test_a_claimed_group_keeps_its_holder_while_it_grows(receive, people):
    receive(alert(source_ref="1"))
    actions.claim(group_of("1"), by=people.analyst)
    receive(alert(source_ref="2"))
    group = AlertGroup.objects.get()
    assert (group.state, group.claimed_by, group.alert_count) == ("claimed", people.analyst, 2)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM alerts_alertaccount WHERE account_id = '{account}'", "is missing"),
        ("DELETE FROM alerts_groupaccount WHERE account_id = '{account}'", "is missing"),
        (
            "INSERT INTO alerts_groupaccount SELECT '{stranger}', id FROM alerts_alertgroup WHERE key LIKE 'cluster:%'",
            "follows from no audited row",
        ),
        ("UPDATE alerts_groupkey SET key = 'x' || key", "follows from no audited row"),
    ],
)
def test_an_account_that_is_put_into_a_group_by_hand_is_named_by_the_verification(
    committed_db, receive, statement, words
):
    from apps.accounts.models import Account
    from apps.audit.verify import verify

    receive(alert())
    receive(cluster("k1", ["a", "b"]))
    ids = {"account": Account.objects.get(ref="a").pk, "stranger": Account.objects.get(ref="acct_1").pk}
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**ids))
    found = [finding.sentence for finding in verify().findings]
    assert [sentence for sentence in found if words in sentence], found
