"""Plans: drafted, registered with their hash, and held against the runs that are made under them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.core.workflow import IllegalTransition
from apps.evidence import actions
from apps.evidence.models import TestPlan
from apps.evidence.runs import planned
from tests.audit.planting import acting
from tests.audit.tampering import guards_off, sql
from tests.evidence.conftest import COUNTS, DECLARED, key_named, ran, suspect_named

pytestmark = pytest.mark.django_db

CONTROLS = [one["name"] for one in DECLARED["controls"]]
NEW = {"name": "New", "result": 1, "alarm": False}
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def drafted(people, **values: Any) -> TestPlan:
    usual = {
        "test_id": "green-list",
        "suspect": suspect_named("Lantern 7B", people.analyst),
        "key": key_named("wm-2026-a", people.lead),
        "question": "Did Lantern 7B train on our marked answers?",
        "collection": "40,000 tokens of answers to prompts of the benchmark, by its public endpoint.",
        "fixed_inputs": {"gamma": 0.25},
        "planned_n": 40_000,
        "alpha": 1e-5,
        "effect": 0.02,
        "controls": CONTROLS,
        "by": people.analyst,
    }
    return actions.draft_plan(**usual | values)


def registered(people, **values: Any) -> TestPlan:
    plan = drafted(people, **values)
    actions.register_plan(plan, by=people.analyst)
    return plan


@pytest.fixture
def plan(people) -> TestPlan:
    with time_machine.travel(NOW, tick=False):
        return registered(people, is_primary=True)


def after(plan: TestPlan, **values: Any) -> dict[str, Any]:
    assert plan.registered_at is not None
    return {"plan": plan, "collected_from": plan.registered_at + timedelta(hours=1)} | values


def test_a_registered_plan_is_hashed_and_its_hash_is_in_the_trail(people, plan):
    assert plan.sha256 == planned.digest(planned.content(plan))
    event = Event.objects.get(action="evidence.register_plan")
    assert plan.sha256 in bytes(event.body).decode()
    assert plan.registered_at == NOW


def test_a_run_that_keeps_to_its_plan_confirms(people, plan):
    found = ran(people, **after(plan))
    assert (found.is_exploratory, found.exploratory_because, found.is_primary) == (False, [], True)
    assert found.dependency_group == plan.dependency_group


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"collected_from": None}, "not said when collecting"),
        ({"collected_from": NOW}, "collecting from the suspect began"),
        ({"inputs": COUNTS | {"gamma": 0.26}}, "`gamma` was planned as 0.25"),
        ({"inputs": COUNTS | {"scored": 39_999}, "declared": DECLARED | {"n": 39_999}}, "40,000 were to be scored"),
        ({"inputs": COUNTS | {"deviations": ["Half the prompts"]}}, "Departed from the plan: Half the prompts"),
        ({"declared": DECLARED | {"controls": DECLARED["controls"][1:]}}, "not tested: Control 0"),
        (
            {
                "declared": DECLARED
                | {"controls": [*DECLARED["controls"], {"name": "New", "result": 1, "alarm": False}]}
            },
            "not planned: New",
        ),
        ({"dependency_group": "other"}, "dependency group"),
        ({"suspect": "Shoal-7"}, "planned suspect is Lantern 7B"),
    ],
)
def test_a_run_that_departs_from_its_plan_says_how(people, plan, changed, why):
    found = ran(people, **after(plan) | changed)
    assert found.is_exploratory
    assert not found.is_primary
    assert why in " ".join(found.exploratory_because)


def test_a_plan_is_for_one_run_unless_each_look_counts(people, plan):
    ran(people, **after(plan))
    again = ran(people, **after(plan))
    assert again.exploratory_because == ["The plan is for one run, and there are 1 earlier ones under it."]
    with time_machine.travel(NOW, tick=False):
        sequential = registered(people, stopping="sequential", controls=CONTROLS)
    early = {"inputs": COUNTS | {"scored": 20_000, "green": 5_500}, "declared": DECLARED | {"n": 20_000}}
    looks = [ran(people, **after(sequential) | early), ran(people, **after(sequential))]
    assert [look.is_exploratory for look in looks] == [False, False]


def test_another_test_than_the_planned_one_is_exploratory(people, plan):
    found = ran(
        people,
        **after(plan),
        test_id="gumbel",
        inputs={
            "scored": 40_000,
            "score": 41_000.0,
            "distinct": True,
            "key_id": "wm-2026-a",
            "validation": {"controls": 20},
        },
    )
    assert any("Planned was the test green-list" in why for why in found.exploratory_because)


def test_a_draft_changes_and_a_registered_plan_does_not(people, plan):
    draft = drafted(people)
    actions.change_plan(draft, question="Another question?", by=people.analyst)
    assert draft.question == "Another question?"
    with pytest.raises((Forbidden, IllegalTransition)):
        actions.change_plan(plan, question="Another question?", by=people.analyst)
    for statement in (
        "UPDATE evidence_testplan SET alpha = 0.5 WHERE id = %s",
        "UPDATE evidence_testplan SET registered_at = '2020-01-01' WHERE id = %s",
        "DELETE FROM evidence_testplan WHERE id = %s",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), acting():
            sql(statement, plan.pk)


def test_a_withdrawn_plan_stays_with_its_runs(people, plan):
    before = ran(people, **after(plan))
    with pytest.raises(ValidationError, match="Say why"):
        actions.withdraw_plan(plan, reason=" ", by=people.analyst)
    actions.withdraw_plan(plan, reason="The endpoint is gone.", by=people.analyst)
    assert plan.runs.get() == before
    later = ran(people, **after(plan))
    assert later.exploratory_because == [f"The plan {plan.ref} is withdrawn, not registered."]


@pytest.mark.parametrize(
    ("changed", "names"),
    [({"question": " "}, "question"), ({"collection": " "}, "collection"), ({"controls": []}, "controls")],
)
def test_a_plan_with_holes_is_not_registered(people, changed, names):
    draft = drafted(people, **changed)
    with pytest.raises(ValidationError) as error:
        actions.register_plan(draft, by=people.analyst)
    assert list(error.value.message_dict) == [names]
    assert "(R2)" in str(error.value)


def test_a_plan_names_inputs_that_the_test_takes(people):
    with pytest.raises(ValidationError, match="no `gammma`"):
        drafted(people, fixed_inputs={"gammma": 0.25})
    with pytest.raises(ValidationError, match="no test “oracle”"):
        drafted(people, test_id="oracle")


@pytest.mark.parametrize(("changed", "why"), [({"alpha": 1.0}, "between 0 and 1"), ({"planned_n": 0}, "at least one")])
def test_the_database_refuses_nonsense(people, changed, why):
    with pytest.raises(ValidationError, match=why), transaction.atomic():
        drafted(people, **changed)


# --- pages -----------------------------------------------------------------------------------------------------------


def form(plan: TestPlan, **values: Any) -> dict[str, Any]:
    names = ["test_id", "question", "collection", "planned_n", "stopping", "alpha", "effect", "dependency_group"]
    return (
        {name: getattr(plan, name) for name in names}
        | {
            "suspect": plan.suspect_id,
            "key": plan.key_id,
            "controls": "\n".join(plan.controls),
            "fixed_inputs": '{"gamma": 0.25}',
        }
        | values
    )


def test_a_plan_by_hand(people, sign_in):
    client, model = sign_in(people.analyst), drafted(people)
    answer = client.post("/evidence/plans/new/", form(model), follow=True)
    plan = TestPlan.objects.exclude(pk=model.pk).get()
    assert plan.fixed_inputs == {"gamma": 0.25}
    assert plan.controls == CONTROLS
    assert "A draft binds nobody" in answer.content.decode()
    client.post(f"/evidence/plans/{plan.ref}/change/", form(model, effect=0.05))
    plan.refresh_from_db()
    assert plan.effect == 0.05
    page = client.post(f"/evidence/plans/{plan.ref}/register/", follow=True).content.decode()
    plan.refresh_from_db()
    assert plan.state == "registered"
    assert "Run it" in page
    assert client.get(f"/evidence/plans/{plan.ref}/change/").status_code == 403
    assert plan.ref in client.get("/evidence/plans/").content.decode()
    client.post(f"/evidence/plans/{plan.ref}/withdraw/", {"reason": "The endpoint is gone."})
    plan.refresh_from_db()
    assert plan.state == "withdrawn"


def test_a_plan_that_is_refused_is_explained_on_the_page(people, sign_in):
    draft = drafted(people, controls=[])
    page = sign_in(people.analyst).post(f"/evidence/plans/{draft.ref}/register/", follow=True).content.decode()
    assert "names its controls beforehand" in page


def test_the_page_lists_runs_under_it_and_beside_it(people, sign_in, plan):
    kept, beside = ran(people, **after(plan)), ran(people)
    elsewhere = ran(people, suspect="Shoal-7")
    page = sign_in(people.reviewer).get(f"/evidence/plans/{plan.ref}/").content.decode()
    under, _, outside = page.partition("outside the plan")
    assert kept.ref in under
    assert beside.ref in outside
    assert elsewhere.ref not in page


def test_a_plan_that_was_changed_behind_its_hash_is_called_so(people, sign_in, plan):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with guards_off():
        sql("UPDATE evidence_testplan SET question = 'Another question' WHERE id = %s", plan.pk)
    sql("SET CONSTRAINTS ALL DEFERRED")
    assert "not what was hashed" in sign_in(people.reviewer).get(f"/evidence/plans/{plan.ref}/").content.decode()
