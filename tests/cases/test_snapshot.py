"""The snapshot has the shape that reports are compiled from, and holds what was found and nothing else."""

import json

import pytest

from apps.alerts.models import AlertGroup
from apps.cases import actions
from apps.cases.snapshot import snapshot
from apps.disclosures.report import compile
from apps.disclosures.snapshot import check
from tests.alerts.conftest import alert, detector, receive, register  # noqa: F401 - fixtures


@pytest.fixture
def decided(decide, people, confirmed):
    actions.approve_decision(decide(), by=people.approver)
    confirmed.refresh_from_db()
    return confirmed.case


def test_it_has_the_shape_of_reports(decided):
    data = snapshot(decided)
    typed = check(data)
    assert typed.findings[0].likelihood == "very likely"
    assert typed.findings[0].exhibits == ["E1", "E2"]
    assert typed.decisions[0].accounts == len(typed.accounts) == 5
    assert sum(day.exchanges for day in typed.activity) == 35_000
    assert {figure.key: figure.value for figure in typed.figures}["exchanges"] == 35_000
    assert typed.exhibits[0].sha256 == decided.exhibits.first().item.sha256
    assert json.loads(json.dumps(data)) == data
    for audience in ("regulator", "partner", "public"):
        compile(data, audience)


def test_notes_and_what_was_only_proposed_stay_inside(ready, propose, people):
    propose()
    actions.add_note(ready, body="Counsel says wait.", is_privileged=True, by=people.counsel)
    actions.add_note(ready, body="Ordinary remark.", by=people.analyst)
    data = snapshot(ready)
    assert data["findings"] == data["decisions"] == []
    text = json.dumps(data)
    assert "Counsel says" not in text
    assert "Ordinary remark" not in text


def test_the_days_to_read_the_activity_against_are_marked(decided, receive, people):  # noqa: F811
    receive(alert(detected_at="2026-05-04T23:30:00Z"))
    actions.add_group(decided, group=AlertGroup.objects.get(), reason="Seen", by=people.analyst)
    decision = decided.decisions.get()
    assert {mark["label"]: mark["day"] for mark in snapshot(decided)["marks"]} == {
        "first alert": "2026-05-04",
        "case opened": decided.opened_at.date().isoformat(),
        "suspension begins": decision.starts_on.isoformat(),
    }


def test_a_bare_case_has_a_snapshot_too(case):
    check(snapshot(case))


def test_who_was_taken_out_is_in_no_report(decided, people):
    gone = decided.members.first().account
    actions.exclude_accounts(decided, account_ids=[gone.pk], why="A school.", by=people.analyst)
    data = snapshot(decided)
    assert gone.ref not in json.dumps(data)
    assert {f["key"]: f["value"] for f in data["figures"]}["excluded"] == 1
