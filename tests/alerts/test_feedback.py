"""Verdicts flow back: every decision becomes lines of a feed that nobody misses, and weighs on a record."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from apps.alerts import actions, verdicts
from apps.alerts.models import AlertGroup, Calibration, Verdict, VerdictAlert
from apps.alerts.reliability.precision import Precision, Standing, enough, standing
from apps.alerts.tasks import tell_late
from apps.audit.models import Event
from apps.core import jobs
from apps.core.models import Job
from tests.alerts.conftest import alert, alerts

FEED = "/api/v1/verdicts"


def work() -> None:
    """Do what was asked for, and what that asks for. To the database a test is one moment, in which nothing is due."""
    while Job.objects.filter(state="waiting").update(due_at=timezone.now() - timedelta(days=1)):
        jobs.work_off()


def about(account: str, **changes):
    return alert(source_ref=f"volume/{account}", subject={"type": "account", "accounts": [account]}, **changes)


def group_of(account: str) -> AlertGroup:
    return AlertGroup.objects.filter(key__endswith=account).latest("id")


@pytest.fixture
def decide(receive, people):
    """Receive an alert about an account of its own and decide about its group."""

    def make(account: str, how: str = "benign", of=None) -> AlertGroup:
        receive(about(account), of=of)
        group = group_of(account)
        if how == "in_case":
            actions.escalate(group, reason="Seen by hand", by=people.analyst)
        else:
            actions.dismiss(group, dismissal=how, by=people.analyst)
        work()
        return group

    return make


# --- the feed --------------------------------------------------------------------------------------------------------


def test_a_detector_reads_what_became_of_its_alerts(post, decide, people):
    decide("acct_1")
    decide("acct_2", "in_case")
    answer = post.client.get(FEED).json()
    first, second = answer["items"]
    assert (first["source"], first["source_ref"]) == ("tidegauge", "volume/acct_1")
    assert (first["outcome"], first["reason"], first["counts_as"]) == ("dismissed", "benign", "false")
    assert (second["outcome"], second["reason"], second["counts_as"]) == ("in_case", None, "true")
    assert not answer["has_more"]
    again = post.client.get(FEED, {"cursor": answer["next_cursor"]}).json()
    assert again == {"items": [], "next_cursor": answer["next_cursor"], "has_more": False}


def test_a_detector_reads_nothing_about_others(api, register, decide, sign_in, people):
    other = register("knotwork")
    decide("acct_1")
    decide("acct_2", of=other)
    read = api(other.service_account).get(FEED).json()["items"]
    assert [line["source"] for line in read] == ["knotwork"]
    assert len(sign_in(people.reviewer).get(FEED).json()["items"]) == 2
    assert sign_in(people.admin).get(FEED).status_code == 403


def test_pages_of_one_line_give_all_lines_once(post, receive, people):
    receive(alerts(7))
    for group in AlertGroup.objects.all():
        actions.dismiss(group, dismissal="benign", by=people.analyst)
    work()
    refs, cursor = [], None
    for _ in range(8):
        answer = post.client.get(FEED, {"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        refs += [line["source_ref"] for line in answer["items"]]
        cursor = answer["next_cursor"]
    assert sorted(refs) == [f"volume/acct_{n}" for n in range(7)]
    assert not answer["has_more"]


def test_what_is_taken_back_is_superseded(post, decide, people):
    group = decide("acct_1")
    actions.reopen(group, reason="More came", by=people.analyst)
    actions.escalate(group, reason="Seen by hand", by=people.analyst)
    work()
    dismissed, reopened, taken = post.client.get(FEED).json()["items"]
    assert [dismissed["outcome"], reopened["outcome"], taken["outcome"]] == ["dismissed", "reopened", "in_case"]
    assert (reopened["supersedes"], taken["supersedes"]) == (dismissed["verdict"], reopened["verdict"])
    detector = group.verdicts.first().detector
    assert verdicts.of_detector(detector) == Precision(right=1, wrong=0)


def test_since_leaves_out_what_was_decided_before(post, decide):
    decide("acct_1")
    later = timezone.now() + timedelta(minutes=1)
    assert len(post.client.get(FEED, {"since": (later - timedelta(hours=1)).isoformat()}).json()["items"]) == 1
    assert post.client.get(FEED, {"since": later.isoformat()}).json()["items"] == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"cursor": "????"}, "cursor_invalid"),
        ({"cursor": "LTE"}, "cursor_invalid"),
        ({"limit": "0"}, "limit_invalid"),
        ({"limit": "1001"}, "limit_invalid"),
        ({"limit": "ten"}, "limit_invalid"),
        ({"since": "yesterday"}, "since_invalid"),
        ({"since": "2026-06-05T10:00:00"}, "since_invalid"),
    ],
)
def test_what_cannot_be_read_is_said(post, asked, code):
    answer = post.client.get(FEED, asked)
    assert (answer.status_code, answer.json()["type"]) == (400, f"urn:casemgr:problem:{code}")


def test_alerts_that_come_to_a_case_later_are_told_as_well(post, decide, receive):
    group = decide("acct_1", "in_case")
    receive(about("acct_1", kind="template") | {"source_ref": "template/acct_1"})
    tell_late()
    tell_late()
    work()
    lines = post.client.get(FEED).json()["items"]
    assert [line["source_ref"] for line in lines] == ["volume/acct_1", "template/acct_1"]
    assert {line["group"] for line in lines} == {str(group.pk)}
    assert verdicts.of_detector(group.verdicts.first().detector) == Precision(right=1, wrong=0)


def test_a_decision_that_commits_late_is_not_lost(committed_db, post, receive, people):
    """It began first, and its verdict is older than one that a reader has gone past already."""
    receive(alerts(2))
    slow, quick = AlertGroup.objects.order_by("id")
    analyst, decided, read = people.analyst, threading.Event(), threading.Event()

    def decide_slowly() -> None:
        with transaction.atomic():
            actions.dismiss(slow, dismissal="benign", by=analyst)
            decided.set()
            assert read.wait(10)
        connection.close()

    thread = threading.Thread(target=decide_slowly)
    thread.start()
    assert decided.wait(10)
    actions.dismiss(quick, dismissal="benign", by=analyst)
    work()
    before = post.client.get(FEED).json()
    read.set()
    thread.join()
    work()
    after = post.client.get(FEED, {"cursor": before["next_cursor"]}).json()
    assert [line["group"] for line in before["items"]] == [str(quick.pk)]
    assert [line["group"] for line in after["items"]] == [str(slow.pk)]
    first, second = Verdict.objects.order_by("decided_at")
    assert (first.group_id, second.group_id) == (slow.pk, quick.pk)


def test_lines_are_numbered_without_holes(decide):
    for n in range(3):
        decide(f"acct_{n}")
    assert list(VerdictAlert.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3]


# --- the record ------------------------------------------------------------------------------------------------------


def test_every_calibration_is_kept(register, people, sign_in):
    detector = register(
        "knotwork", calibration_n=100, calibration_false_positives=5, calibrated_on="2026-01-10", version="1"
    )
    actions.change_detector(
        detector, calibration_n=400, calibration_false_positives=2, calibrated_on="2026-04-10", by=people.admin
    )
    actions.change_detector(detector, owner="Somebody else", by=people.admin)
    kept = Calibration.objects.order_by("recorded_at").values_list("n", "false_positives")
    assert list(kept) == [(100, 5), (400, 2)]
    page = sign_in(people.admin).get(detector.get_absolute_url()).content.decode()
    assert "5.00% (" in page
    assert "0.50% (" in page


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_declared_rate_is_a_share(register, rate):
    with pytest.raises(ValidationError, match="between 0 and 1"):
        register("knotwork", declared_rate=rate)


@pytest.mark.parametrize(
    ("right", "wrong", "declared", "found"),
    [
        (0, 9, None, Standing.UNDECLARED),
        (0, 0, 0.2, Standing.UNDECIDED),
        (1, 0, 0.2, Standing.UNDECIDED),  # the upper end is above, as with any single decision
        (1, 4, 0.2, Standing.WORSE),
        (60, 10, 0.2, Standing.NOT_BORNE_OUT),
        (66, 4, 0.2, Standing.BORNE_OUT),
        (40, 7, 0.2, Standing.UNDECIDED),
    ],
)
def test_standing(right, wrong, declared, found):
    assert standing(Precision(right, wrong), declared) == found


def test_a_detector_twice_as_good_as_it_declares_can_show_it():
    for declared in (0.05, 0.1, 0.2, 0.5):
        n = enough(declared)
        assert standing(Precision(n - int(n * declared / 2), int(n * declared / 2)), declared) == Standing.BORNE_OUT


@pytest.fixture
def bad(register, decide, people):
    """Declares one in five; four of its five groups were false. Another group of it waits."""
    detector = register(
        "knotwork",
        declared_rate=0.2,
        calibration_n=100,
        calibration_false_positives=1,
        calibrated_on="2026-01-10",
    )
    for n in range(4):
        decide(f"acct_bad{n}", "detector_fault", of=detector)
        detector.refresh_from_db()
    return detector


def test_a_bad_record_demotes(bad, receive, people, sign_in):
    assert bad.demoted_at is not None
    assert bad.demotion.startswith("3 of 3 decided groups were false: with 95% confidence at least 29.2% are")
    event = Event.objects.get(action="alerts.demote_detector")
    assert (event.actor, event.object_id) == ("system:worker", bad.pk)
    receive(about("acct_next"), of=bad)
    group = group_of("acct_next")
    assert {"text": "Detector is demoted: Knotwork", "points": -24} in group.reasons
    page = sign_in(people.lead).get(bad.get_absolute_url()).content.decode()
    assert "3 of 3 decided groups were false" in page
    assert "4 were" in page.replace("\n", " ").replace('<span class="number">', "").replace("</span>", "")
    assert "Worse than declared: even the lower end" in page


def test_a_demoted_detector_takes_nothing_into_a_case_alone(bad, receive, people, sign_in):
    receive(about("acct_next"), of=bad)
    group = group_of("acct_next")
    client = sign_in(people.analyst)
    address = f"/queue/{group.pk}/case/"
    refused = client.post(address, {"title": "Case"})
    assert refused.status_code == 422
    assert "Knotwork is demoted. Say what else convinces you." in refused.content.decode()
    assert client.post(address, {"title": "Case", "reason": "The prompts are ours"}).status_code == 302
    event = Event.objects.get(action="alerts.escalate", object_id=group.pk)
    assert event.reason == "The prompts are ours"


def test_demotion_ranks_what_waits_anew_and_restoring_too(register, receive, decide, people):
    detector = register("knotwork", declared_rate=0.2, calibration_n=9, calibration_false_positives=0,
                        calibrated_on="2026-01-10")  # fmt: skip
    receive(about("acct_waits", severity=4), of=detector)
    waiting = group_of("acct_waits")
    before = waiting.priority
    for n in range(4):
        decide(f"acct_bad{n}", "benign", of=detector)
    work()
    waiting.refresh_from_db()
    assert waiting.priority == before - 24
    detector.refresh_from_db()
    with pytest.raises(ValidationError, match="what has changed"):
        actions.restore_detector(detector, reason=" ", by=people.lead)
    actions.restore_detector(detector, reason="Threshold raised", by=people.lead)
    work()
    waiting.refresh_from_db()
    detector.refresh_from_db()
    assert waiting.priority == before
    assert (detector.demoted_at, verdicts.that_weigh(detector).decided) == (None, 0)
    decide("acct_one_more", "benign", of=detector)  # a single one since then is no ground
    detector.refresh_from_db()
    assert detector.demoted_at is None


def test_a_lower_declared_rate_is_held_against_the_record_at_once(register, decide, people):
    detector = register("knotwork", declared_rate=0.9)
    for n in range(4):
        decide(f"acct_{n}", of=detector)
    detector.refresh_from_db()
    assert detector.demoted_at is None
    actions.change_detector(detector, declared_rate=0.1, by=people.admin)
    work()
    detector.refresh_from_db()
    assert detector.demoted_at is not None


def test_too_weak_and_drills_say_nothing(register, decide, receive, people):
    detector = register("knotwork", declared_rate=0.1)
    for n in range(4):
        decide(f"acct_{n}", "too_weak", of=detector)
        receive(about(f"drill_{n}", drill="exercise"), of=detector)
        actions.dismiss(group_of(f"drill_{n}"), dismissal="benign", by=people.analyst)
    work()
    assert verdicts.of_detector(detector) == Precision(right=0, wrong=0, undetermined=4)


def test_a_second_detector_in_good_standing_is_a_second_sign(bad, register, receive, people):
    good = register("good", calibration_n=100, calibration_false_positives=1, calibrated_on="2026-01-10")
    receive(about("acct_next"), of=bad)
    receive(about("acct_next"), of=good)
    actions.escalate(group_of("acct_next"), by=people.analyst)


def test_an_uncalibrated_detector_needs_a_reason(register, receive, people, sign_in):
    untried = register("untried")
    receive(about("acct_next"), of=untried)
    group = group_of("acct_next")
    with pytest.raises(ValidationError, match="Untried was never tried on innocent cases"):
        actions.escalate(group, by=people.analyst)
    assert "Untried was never tried" in sign_in(people.analyst).get(group.get_absolute_url()).content.decode()
    actions.escalate(group, reason="Two colleagues saw it", by=people.analyst)
