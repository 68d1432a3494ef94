"""R3: the suspect is tested blind among at least nineteen controls, or the run says why not."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.evidence import actions
from tests.audit.planting import acting
from tests.audit.tampering import sql
from tests.evidence.conftest import DECLARED, ran
from tests.evidence.runs.test_api import detector, post, sent  # noqa: F401 - fixture
from tests.evidence.runs.test_pages import form
from tests.evidence.runs.test_trials import CONTROLS, scores, sealed
from tests.rules.conftest import told

pytestmark = pytest.mark.django_db


def test_by_action_a_run_that_is_not_blind_says_why(people):
    with pytest.raises(ValidationError) as refused:
        ran(people, not_blind_because=" ")
    assert "Seal the order of a blind trial first, or say why this run is not blind. (R3)" in told(refused)


def test_by_the_api(detector):  # noqa: F811 - the fixture
    answer = post(detector, sent(not_blind_because=""))
    assert answer.status_code == 422
    assert told(answer).endswith("(R3)")


def test_by_the_form(people, sign_in):
    answer = sign_in(people.analyst).post("/evidence/runs/new/?test=green-list", form(people, not_blind_because=""))
    assert answer.status_code == 422
    assert "not_blind_because" in answer.context["form"].errors
    answer = sign_in(people.analyst).post("/evidence/runs/new/?test=green-list", form(people, not_blind_because=" "))
    assert answer.status_code == 422


def test_few_controls_are_said(people, sign_in):
    run = ran(people, declared=DECLARED | {"controls": DECLARED["controls"][:5]})
    page = told(sign_in(people.reviewer).get(f"/evidence/runs/{run.ref}/"))
    assert "It was one of 6, not one of 20 or more. (R3)" in page
    assert "Who scored knew which model is the suspect. (R3)" in page


def test_a_trial_with_few_controls_says_why(people, sign_in):
    few = ["Lantern 7B", *CONTROLS[:5]]
    with pytest.raises(ValidationError) as refused:
        sealed(people, few)
    assert "These are 5 controls" in told(refused)
    assert told(refused).endswith("(R3)")
    trial, _, _ = sealed(people, few, few_because="There are no more models of this size.")
    page = told(sign_in(people.reviewer).get(f"/evidence/trials/{trial.ref}/"))
    assert "There are no more models of this size. (R3)" in page
    posted = {"test_id": "green-list", "suspect": trial.suspect_id, "controls": "\n".join(CONTROLS[:5])}
    answer = sign_in(people.analyst).post("/evidence/trials/new/", posted)
    assert answer.status_code == 422
    assert "These are 5 controls" in told(answer)


def test_who_sealed_the_order_does_not_score(people, sign_in):
    trial, order, _ = sealed(people)
    with pytest.raises(ValidationError, match=r"Another person scores. \(R3\)"):
        actions.measure_order(trial, scores=scores(order), by=people.analyst)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), acting():
        sql(
            "INSERT INTO evidence_blindtrial SELECT (jsonb_populate_record(t, jsonb_build_object('id', core_uuid7(),"
            " 'ref', 'BT-2026-9999', 'order_sha256', repeat('a', 64), 'measured_by', committed_by,"
            " 'measured_at', now(), 'scores', '{}'::jsonb, 'item_id', core_uuid7()))).*"
            " FROM evidence_blindtrial t WHERE id = %s",
            trial.pk,
        )
    assert refused.value.__cause__.diag.constraint_name == "who_sealed_an_order_does_not_score"


def test_the_database_takes_no_silence(people):
    run = ran(people)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), acting():
        sql(
            "INSERT INTO evidence_testrun SELECT (jsonb_populate_record(r, jsonb_build_object("
            "'id', core_uuid7(), 'ref', 'T-2026-9999', 'not_blind_because', ''))).*"
            " FROM evidence_testrun r WHERE id = %s",
            run.pk,
        )
    assert refused.value.__cause__.diag.constraint_name == "a_run_is_blind_or_says_why_not"
