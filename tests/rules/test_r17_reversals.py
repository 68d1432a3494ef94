"""R17: how often decisions on a detector's alerts are reversed, and after how long, is tracked for each detector; it is
demoted by itself when the upper bound of its false share passes what it declares.

There is nothing to submit: the record follows from what people decide, and nobody can write it.
"""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.alerts import actions as alerts
from apps.alerts.models import Verdict
from apps.alerts.reliability import reversals
from apps.audit.action import Forbidden
from apps.cases import actions
from tests.alerts.conftest import detector, receive, register  # noqa: F401 - fixtures
from tests.alerts.test_feedback import about, decide, group_of  # noqa: F401 - decide is a fixture


def test_a_dismissal_that_is_taken_back_is_a_reversal(decide, detector, people):  # noqa: F811
    for name in ("acct_1", "acct_2", "acct_3"):
        group = decide(name)
    assert reversals.of(detector).reversed == 0
    alerts.reopen(group, reason="Somebody saw more.", by=people.analyst)
    assert reversals.of(detector).reversed == 0  # nothing is decided the other way yet
    alerts.escalate(group, reason="Seen by hand", by=people.analyst)
    found = reversals.of(detector)
    assert (found.decided, found.to_true, found.to_false) == (3, 1, 0)
    assert found.rate is not None
    assert found.rate[0] == pytest.approx(1 / 3)
    assert found.middle is not None
    assert found.middle < timedelta(minutes=5)


def test_a_case_that_ends_as_ordinary_use_turns_its_groups_round(decide, receive, detector, people):  # noqa: F811
    decide("acct_1", "in_case")
    receive(about("acct_2"))
    case = actions.open_case_from_group(group_of("acct_2"), title="A ring?", reason="Seen by hand", by=people.lead)
    actions.close_case(case, closure="benign", note="A test of our own.", by=people.lead)
    found = reversals.of(detector)
    assert (found.decided, found.to_true, found.to_false) == (2, 0, 1)
    newest = Verdict.objects.latest("decided_at")
    assert (newest.outcome, newest.dismissal) == ("dismissed", "benign")
    actions.reopen_case(case, reason="It was none.", by=people.lead)
    assert Verdict.objects.latest("decided_at").outcome == "in_case"
    assert reversals.of(detector).reversed == 1  # a group counts once


def test_the_page_says_it(decide, detector, people, sign_in):  # noqa: F811
    group = decide("acct_1")
    alerts.reopen(group, reason="More came.", by=people.analyst)
    alerts.escalate(group, reason="Seen by hand", by=people.analyst)
    page = sign_in(people.lead).get(f"/detectors/{detector.pk}/").content.decode().replace("\u00a0", " ")
    assert "Of 1 decided group 1 was decided the other way later: 100.0%" in page


def test_nobody_writes_the_record(decide, detector, people, sign_in, api):  # noqa: F811
    group = decide("acct_1")
    with pytest.raises(Forbidden):
        alerts.correct_verdict(group, dismissal="", by=people.analyst)
    assert sign_in(people.lead).post(f"/detectors/{detector.pk}/", {"reversals": 0}).status_code == 405
    assert api().post("/api/v1/verdicts", {}).status_code in (403, 405)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM alerts_verdict")


def test_a_detector_that_is_worse_than_it_declares_is_demoted_by_itself(decide, detector, people):  # noqa: F811
    alerts.change_detector(detector, declared_rate=0.1, by=people.admin)
    for n in range(4):
        decide(f"acct_{n}")
    detector.refresh_from_db()
    assert detector.demoted_at is not None
    assert "declares at most 10.0%" in detector.demotion
    with pytest.raises(Forbidden):
        alerts.demote_detector(detector, by=people.lead)  # nor does anybody else
