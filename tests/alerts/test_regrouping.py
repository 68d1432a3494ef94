"""Whatever people and detectors do, each alert is in one group, and the group says what its alerts say."""

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.alerts import actions, facts, folding, intake
from apps.alerts.models import Alert, AlertAccount, AlertGroup, GroupAccount, GroupKey, Merge
from apps.audit.models import Event, derived_models
from tests.alerts.conftest import alert, cluster

State = AlertGroup.State
TAKING = [State.OPEN, State.CLAIMED, State.ESCALATED]


# --- what holds at any time ------------------------------------------------------------------------------------------


def check_house() -> None:
    """Facts, keys and accounts of all groups follow from the alerts."""
    groups = {str(group.pk): group for group in AlertGroup.objects.all()}
    counted = folding.recount(list(groups))
    assert all(str(alert.group_id) in groups for alert in Alert.objects.all())
    named: dict[Any, set] = {}
    for one in Alert.objects.all():
        assert set(one.account_ids) == set(AlertAccount.objects.filter(alert=one).values_list("account", flat=True))
        named.setdefault(str(one.group_id), set()).update(one.account_ids)
    for pk, group in groups.items():
        if group.state == State.MERGED:
            assert pk not in counted, "a merged group holds nothing"
        if group.state == State.DISMISSED:
            continue  # stays as it was decided upon
        assert group.facts == counted.get(pk, facts.empty())
        assert group.alert_count == group.alerts.count()
        members = set(GroupAccount.objects.filter(group=group).values_list("account", flat=True))
        assert members == named.get(pk, set())
    for model in derived_models():
        columns = ", ".join(field.column for field in model._meta.concrete_fields)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {model._meta.db_table} EXCEPT ({model.SOURCE})")
            assert cursor.fetchall() == [], f"{model.__name__} follows from audited rows"
            if model.IS_WHOLE:
                cursor.execute(f"({model.SOURCE}) EXCEPT SELECT {columns} FROM {model._meta.db_table}")
                assert cursor.fetchall() == [], f"{model.__name__} has all that follows from audited rows"
    leads = dict(GroupKey.objects.values_list("key", "group_id"))
    for one in Alert.objects.all():
        assert groups[str(leads[one.key])].state != State.MERGED, "a merged group's keys lead to where it went"
    for group in AlertGroup.objects.filter(state__in=[State.OPEN, State.CLAIMED]):
        if group.key in leads:
            assert groups[str(leads[group.key])].state in TAKING, "or the next alert would open a second one"


# --- facts counted up equal facts counted anew -----------------------------------------------------------------------

SUBJECTS = st.one_of(
    st.sampled_from("abc").map(lambda name: {"type": "account", "accounts": [name]}),
    st.tuples(st.sampled_from(["c1", "c2"]), st.sets(st.sampled_from("abcdef"), min_size=2, max_size=4)).map(
        lambda said: {"type": "cluster", "cluster_ref": said[0], "accounts": sorted(said[1])}
    ),
    st.just({"type": "model", "model_ref": "m-7b"}),
)
SAID = st.fixed_dictionaries(
    {
        "source_ref": st.integers(0, 9).map("reference/{}".format),
        "title": st.sampled_from(["One", "Two", "Three"]),
        "kind": st.sampled_from(["volume", "external_report", "linkage", "kyc"]),
        "severity": st.integers(0, 4),
        "action": st.sampled_from(["create", "create", "update", "close"]),
        "subject": SUBJECTS,
        "score": st.one_of(
            st.builds(lambda p, n: {"value": 1, "type": "p_value", "p": p, "n_tested": n}, st.floats(0, 1), st.just(3)),
            st.builds(lambda lr: {"value": lr, "type": "log10_lr", "log10_lr": lr}, st.floats(-3, 9)),
            st.just({"value": 5.1, "type": "z"}),
        ),
        "alternatives": st.lists(
            st.builds(
                lambda h, status: {"h": h, "status": status},
                st.sampled_from(["ci-batch", "ci_batch", "reseller"]),
                st.sampled_from(["tested", "not_tested", "excluded", "supported"]),
            ),
            max_size=2,
        ),
        "window": st.integers(1, 9).map(
            lambda day: {"start": "2026-05-01T00:00:00Z", "end": f"2026-05-0{day}T12:00:00.123457Z"}
        ),
    }
)
BATCHES = st.lists(st.lists(SAID, min_size=1, max_size=6), min_size=1, max_size=4)


def say(detector: Any, items: list[dict[str, Any]]) -> None:
    body = json.dumps([alert(source=detector.slug, **item) for item in items]).encode()
    intake.take(detector, [body], by=detector.service_account)


class Undone(Exception):
    """Ends one example: the database is as before."""


def each_alone(test):
    """Run one example in a transaction that is rolled back."""
    try:
        with transaction.atomic():
            test()
            raise Undone
    except Undone:
        pass


FEW = settings(
    max_examples=15,
    deadline=None,
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # to make a failing one smaller takes too long
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FEW
@given(batches=BATCHES)
def test_facts_counted_up_are_those_counted_anew(detector, batches):
    def run() -> None:
        for batch in batches:
            say(detector, batch)
            check_house()

    each_alone(run)


# --- any sequence of what people do ----------------------------------------------------------------------------------

PICK = st.integers(0, 99)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.lists(SAID, min_size=1, max_size=4), PICK),
        st.tuples(st.just("merge"), PICK, PICK),
        st.tuples(st.just("unmerge"), PICK, PICK),
        st.tuples(st.just("split"), PICK, st.sets(st.integers(0, 5), min_size=1, max_size=3)),
        st.tuples(st.sampled_from(["dismiss", "reopen", "snooze"]), PICK, PICK),
    ),
    min_size=3,
    max_size=12,
)


def do(step: tuple, detector: Any, person: Any) -> None:
    verb, one, other = step
    if verb == "say":
        return say(detector, one)
    groups = list(AlertGroup.objects.order_by("pk"))
    if not groups:
        return None
    group = groups[one % len(groups)]
    extra: dict[str, Any] = {}
    if verb == "merge":
        extra = {"into": groups[other % len(groups)]}
    elif verb == "split":
        held = list(group.alerts.order_by("pk").values_list("pk", flat=True))
        extra = {"alerts": [pk for number, pk in enumerate(held) if number in other]}
    elif verb == "dismiss":
        extra = {"dismissal": "benign"}
    elif verb == "snooze":
        extra = {"until": soon()}
    try:
        with transaction.atomic():
            getattr(actions, verb)(group, by=person, **extra)
    except (PermissionDenied, ValidationError):
        pass
    return None


def soon() -> Any:
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now() + timedelta(days=1)


@FEW
@given(steps=STEPS)
def test_any_sequence_keeps_the_house_in_order(detector, people, steps):
    def run() -> None:
        for step in steps:
            before = Alert.objects.count()
            do(step, detector, people.analyst)
            assert Alert.objects.count() >= before
            check_house()

    each_alone(run)


# --- merge -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(receive):
    """A ring of three, and a single account."""
    receive(cluster("ring", ["r1", "r2", "r3"], title="The ring"))
    receive(alert(source_ref="single", subject={"type": "account", "accounts": ["x"]}, severity=4, title="The single"))
    return AlertGroup.objects.get(title="The ring"), AlertGroup.objects.get(title="The single")


def test_a_merged_group_gives_its_alerts_and_can_have_them_back(receive, people, two):
    ring, single = two
    actions.merge(single, into=ring, by=people.analyst, reason="same card")
    assert (single.state, single.merged_into, single.alert_count) == ("merged", ring, 0)
    assert (ring.alert_count, ring.account_count, ring.severity) == (2, 4, 4)
    receive(alert(source_ref="later", subject={"type": "account", "accounts": ["x"]}))
    assert Alert.objects.get(source_ref="later").group == ring
    check_house()
    assert actions.unmerge(single, by=people.analyst) == 1
    assert (single.state, single.merged_into, single.alert_count, single.severity) == ("open", None, 1, 4)
    ring.refresh_from_db()
    assert set(ring.alerts.values_list("source_ref", flat=True)) == {"cluster/ring", "later"}
    receive(alert(source_ref="last", subject={"type": "account", "accounts": ["x"]}))
    assert Alert.objects.get(source_ref="last").group == single
    check_house()


def test_a_chain_of_merges_is_taken_back_in_any_order(receive, people, two):
    ring, single = two
    receive(alert(source_ref="third", subject={"type": "account", "accounts": ["y"]}, title="The third"))
    third = AlertGroup.objects.get(title="The third")
    actions.merge(single, into=ring, by=people.analyst)
    actions.merge(ring, into=third, by=people.analyst)
    actions.unmerge(single, by=people.analyst)
    assert [a.source_ref for a in single.alerts.all()] == ["single"]
    actions.unmerge(ring, by=people.analyst)
    assert [a.source_ref for a in ring.alerts.all()] == ["cluster/ring"]
    check_house()


def test_both_groups_have_the_merge_in_their_history(people, two):
    ring, single = two
    actions.merge(single, into=ring, by=people.analyst, reason="same card")
    for group in two:
        event = Event.objects.filter(object_id=group.pk, action="alerts.merge").get()
        assert event.reason == "same card"
    assert Event.objects.get(object_id=single.pk, action="alerts.merge").tables == [
        "alerts_alert",
        "alerts_alertgroup",
        "alerts_merge",
    ]


def test_what_cannot_be_one_group_is_refused_in_words(receive, people, two):
    ring, single = two
    receive(alert(source_ref="drill", drill="spring", title="The drill"))
    drill = AlertGroup.objects.get(drill="spring")
    with pytest.raises(ValidationError, match="drill and real"):
        actions.merge(drill, into=ring, by=people.analyst)
    with pytest.raises(ValidationError, match="into itself"):
        actions.merge(ring, into=ring, by=people.analyst)
    actions.claim(ring, by=people.analyst2)
    with pytest.raises(ValidationError, match="holds"):
        actions.merge(single, into=ring, by=people.analyst)
    with pytest.raises(PermissionDenied):
        actions.merge(ring, into=single, by=people.analyst)
    actions.dismiss(single, dismissal="benign", by=people.analyst)
    with pytest.raises(ValidationError, match="takes no alerts any more"):
        actions.merge(drill, into=single, by=people.analyst)
    with pytest.raises(PermissionDenied):
        actions.merge(single, into=ring, by=people.analyst)
    assert Merge.objects.count() == 0


def test_a_merge_into_a_dismissed_group_waits_until_that_is_looked_at_again(people, two):
    ring, single = two
    actions.merge(single, into=ring, by=people.analyst)
    actions.dismiss(ring, dismissal="benign", by=people.analyst)
    with pytest.raises(ValidationError, match="look at it again first"):
        actions.unmerge(single, by=people.analyst)


# --- split -----------------------------------------------------------------------------------------------------------


def test_chosen_alerts_leave_with_their_keys_and_come_back_by_a_merge(receive, register, people, two):
    ring, _ = two
    receive(alert(source_ref="v", subject={"type": "account", "accounts": ["r1"]}, title="Volume of one"))
    chosen = Alert.objects.get(source_ref="v")
    assert chosen.group == ring
    part = actions.split(ring, alerts=[chosen.pk], by=people.analyst, reason="another matter")
    assert (part.key, part.alert_count, part.split_from, part.state) == ("account:r1", 1, ring, "open")
    receive(alert(source_ref="w", subject={"type": "account", "accounts": ["r1"]}))
    assert Alert.objects.get(source_ref="w").group == part
    check_house()
    actions.merge(part, into=ring, by=people.analyst)
    ring.refresh_from_db()
    assert (ring.alert_count, part.state) == (3, "merged")
    check_house()


def test_a_part_with_the_same_key_is_numbered(receive, people):
    receive([cluster("k", ["a", "b"]), cluster("k", ["a", "b"], source_ref="second", kind="synchrony")])
    group = AlertGroup.objects.get()
    part = actions.split(group, alerts=[Alert.objects.get(source_ref="second").pk], by=people.analyst)
    assert part.key == "cluster:tidegauge:k (part 2)"
    actions.dismiss(part, dismissal="benign", by=people.analyst)
    receive(cluster("k", ["a", "b"], source_ref="later"))
    assert Alert.objects.get(source_ref="later").group == group
    check_house()


def test_a_split_leaves_something_on_either_side(people, two):
    ring, single = two
    with pytest.raises(ValidationError, match="all its alerts"):
        actions.split(ring, alerts=ring.alerts.values_list("pk", flat=True), by=people.analyst)
    with pytest.raises(ValidationError, match="Choose the alerts"):
        actions.split(ring, alerts=[], by=people.analyst)
    with pytest.raises(ValidationError, match="Choose the alerts"):
        actions.split(ring, alerts=single.alerts.values_list("pk", flat=True), by=people.analyst)


# --- in the browser's forms ------------------------------------------------------------------------------------------


def test_groups_chosen_in_the_queue_become_one(sign_in, people, two):
    ring, single = two
    client = sign_in(people.analyst)
    page = client.get("/queue/merge/", {"group": [ring.pk, single.pk]}).content.decode()
    assert "The ring" in page
    assert "The single" in page
    sent = {"group": [ring.pk, single.pk], "into": ring.pk}
    assert client.post("/queue/merge/", sent).status_code == 422
    answer = client.post("/queue/merge/", sent | {"reason": "one card"})
    assert answer["Location"] == ring.get_absolute_url()
    assert "Merged into" in client.get(single.get_absolute_url()).content.decode()
    assert "It came with “The single”" in client.get(ring.get_absolute_url()).content.decode()
    assert (
        "It came with “The single”"
        in client.get(Alert.objects.get(source_ref="single").get_absolute_url()).content.decode()
    )
    client.post(f"/queue/{single.pk}/unmerge/", {"reason": "mistaken"})
    single.refresh_from_db()
    assert single.state == "open"
    assert "Choose at least two" in client.get("/queue/merge/", {"group": ["rubbish"]}).content.decode()


def test_alerts_are_split_off_by_choice_or_by_filter(sign_in, receive, people, two):
    ring, _ = two
    receive(alert(source_ref="v", subject={"type": "account", "accounts": ["r1"]}))
    client = sign_in(people.analyst)
    address = f"/queue/{ring.pk}/split/"
    assert "No alert is chosen" in client.get(address).content.decode()
    assert "Split off" in client.get(address, {"account": "r1", "kind": "volume"}).content.decode()
    late = client.post(f"{address}?kind=volume", {"number": 5, "reason": "x"})
    assert "Meanwhile these are 1 alerts" in late.content.decode()
    answer = client.post(f"{address}?kind=volume", {"number": 1, "reason": "x"})
    part = AlertGroup.objects.get(split_from=ring)
    assert answer["Location"] == part.get_absolute_url()
    assert "It was split off from" in client.get(part.get_absolute_url()).content.decode()


def test_a_page_says_why_an_alert_is_in_its_group(sign_in, receive, people, two):
    receive(alert(source_ref="v", subject={"type": "account", "accounts": ["r1"]}))
    client = sign_in(people.analyst)

    def page(ref: str) -> str:
        return client.get(Alert.objects.get(source_ref=ref).get_absolute_url()).content.decode()

    assert "It names accounts of this group." in page("v")
    assert "Its detector tidegauge counts it to the cluster ring." in page("cluster/ring")
    receive(alert(source_ref="abc", title="First"))
    receive(alert(source_ref="abc", title="Another"))
    assert (
        "Its detector had used this short reference"
        in client.get(Alert.objects.get(source_ref="abc", variant=1).get_absolute_url()).content.decode()
    )
