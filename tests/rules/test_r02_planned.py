"""R2: a test that was not planned before the data is exploratory, whatever anybody says."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.evidence import actions
from apps.evidence.models import TestRun
from tests.audit.planting import acting
from tests.audit.tampering import sql
from tests.evidence.conftest import ran
from tests.evidence.runs.test_api import detector, post, sent  # noqa: F401 - fixture
from tests.evidence.runs.test_pages import form
from tests.evidence.runs.test_plans import registered
from tests.rules.conftest import told

pytestmark = pytest.mark.django_db
UNPLANNED = "No plan was registered for it. Plan it before the next look at the suspect. (R2)"


def test_by_action_nobody_can_say_that_it_was_planned(people):
    with pytest.raises(TypeError, match="is_exploratory"):
        ran(people, is_exploratory=False)
    assert ran(people).exploratory_because == [UNPLANNED]


def test_by_action_a_plan_after_the_data_does_not_count(people):
    collected = timezone.now() - timedelta(days=1)
    run = ran(people, plan=registered(people), collected_from=collected)
    assert run.is_exploratory
    assert "collecting from the suspect began" in run.exploratory_because[0]


def test_by_the_api(detector):  # noqa: F811 - the fixture
    refused = post(detector, sent(is_exploratory=False))
    assert refused.status_code == 422
    assert "is_exploratory" in told(refused)
    assert post(detector, sent()).json()["exploratory_because"] == [UNPLANNED]


def test_by_the_form(people, sign_in):
    posted = form(people, planned="on", is_exploratory="")
    page = told(sign_in(people.analyst).post("/evidence/runs/new/?test=green-list", posted, follow=True))
    assert UNPLANNED in page
    assert TestRun.objects.get().is_exploratory


def test_a_draft_and_a_withdrawn_plan_do_not_count(people):
    plan = registered(people)
    actions.withdraw_plan(plan, reason="Seen", by=people.analyst)
    run = ran(people, plan=plan, collected_from=timezone.now() + timedelta(minutes=1))
    assert "is withdrawn, not registered" in run.exploratory_because[0]


def test_the_database_takes_no_planned_run_without_an_earlier_plan(people):
    plan = registered(people)
    run = ran(people, plan=plan, collected_from=plan.registered_at - timedelta(days=1))
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), acting():
        sql(
            "INSERT INTO evidence_testrun SELECT (jsonb_populate_record(r, jsonb_build_object('id', core_uuid7(),"
            " 'ref', 'T-2026-9999', 'is_exploratory', false, 'exploratory_because', '[]'::jsonb))).*"
            " FROM evidence_testrun r WHERE id = %s",
            run.pk,
        )
    assert refused.value.__cause__.diag.constraint_name == "a_planned_run_follows_its_plan"
