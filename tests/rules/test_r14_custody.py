"""R14: a watermark result carries who held the key, or it is no exhibit."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.cases import actions as cases
from apps.evidence import actions
from apps.evidence.models import TestRun
from tests.audit.planting import acting
from tests.audit.tampering import sql
from tests.evidence.conftest import COUNTS, DECLARED, LONG_AGO, OPEN, key_named, ran, suspect_named
from tests.rules.conftest import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def detector(people, api):
    suspect_named("Lantern 7B", people.analyst)
    return api()


def unheld(people):
    return actions.run_test(
        test_id="green-list",
        suspect=suspect_named("Lantern 7B", people.analyst),
        inputs=COUNTS | {"key_id": "nobodys-key"},
        declared=DECLARED,
        not_blind_because=OPEN,
        by=people.analyst,
    )


def exhibit(case, people, run):
    return cases.add_exhibit(case, item=run.item, shows="Keyed text.", element="training", by=people.analyst)


def test_the_statement_is_frozen_with_the_run(people, case, sign_in):
    key = key_named("wm-2026-a", people.lead)
    actions.record_incident(
        key, happened_at=LONG_AGO, effect="unknown", account="A backup was misplaced.", by=people.lead
    )
    run = ran(people)
    assert [one["holder"] for one in run.custody["holdings"]] == ["Key service"]
    assert run.custody["incidents"][0]["account"] == "A backup was misplaced."
    page = told(sign_in(people.reviewer).get(f"/evidence/runs/{run.ref}/"))
    assert "Key service" in page
    assert "A backup was misplaced." in page
    assert exhibit(case, people, run).item == run.item


def test_by_action_without_it_there_is_no_exhibit(people, case):
    run = unheld(people)
    assert run.custody["holdings"] == []
    with pytest.raises(ValidationError) as refused:
        exhibit(case, people, run)
    assert "Register the key and who held it, then run the test again. (R14)" in told(refused)


def test_by_the_form(people, case, sign_in):
    run = unheld(people)
    posted = {"item": run.item.ref, "shows": "Keyed text.", "element": "training", "dependency_group": "key"}
    answer = sign_in(people.analyst).post(f"/cases/{case.ref}/evidence/add/", posted, follow=True)
    assert not case.exhibits.exists()
    assert "(R14)" in told(answer)
    page = told(sign_in(people.analyst).get(f"/evidence/runs/{run.ref}/"))
    assert "cannot be an exhibit" in page


def test_through_the_api(people, case, detector, script):
    sent = {"test": "green-list", "suspect": "Lantern 7B", "inputs": COUNTS | {"key_id": "nobodys-key"}}
    body = json.dumps(sent | DECLARED | {"not_blind_because": OPEN})
    submitted = detector.post("/api/v1/test-runs", body, content_type="application/json")
    assert submitted.status_code == 201
    said = submitted.json()
    assert "(R14)" in " ".join(said["unfit_because"])
    item = TestRun.objects.get(ref=said["ref"]).item
    answer = script(people.analyst)(
        f"cases/{case.ref}/exhibits", item=item.ref, shows="Keyed text.", element="training", dependency_group="key"
    )
    assert answer.status_code == 422
    assert "Register the key and who held it, then run the test again. (R14)" in told(answer)
    assert not case.exhibits.exists()


def test_the_database_takes_none_either(people, case):
    good, bad = exhibit(case, people, ran(people)), unheld(people)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), acting():
        sql(
            "INSERT INTO cases_exhibit SELECT (jsonb_populate_record(e, jsonb_build_object("
            "'id', core_uuid7(), 'number', 99, 'item_id', %s::text))).* FROM cases_exhibit e WHERE id = %s",
            str(bad.item_id),
            good.pk,
        )
    assert refused.value.__cause__.diag.constraint_name == "an_exhibit_rests_on_a_run_that_is_fit"
