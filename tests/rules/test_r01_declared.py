"""R1: no likelihood ratio and no p without n, controls, assumptions and version."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.cases import actions as cases
from apps.core import vault
from tests.audit.planting import acting
from tests.audit.tampering import sql
from tests.evidence.conftest import DECLARED, ran
from tests.evidence.runs.test_api import detector, post, sent  # noqa: F401 - fixture
from tests.evidence.runs.test_pages import form
from tests.rules.conftest import told

pytestmark = pytest.mark.django_db

HOLES = {
    "version": ({"test_version": ""}, "version of the test is not declared"),
    "another version": ({"test_version": "0.1"}, "made for version 0.1"),
    "n": ({"n": None}, "n, is not declared"),
    "another n": ({"n": 39_000}, "39,000 are declared"),
    "controls": ({"controls": []}, "No control is named"),
    "partial controls": ({"controls": [{"name": "Control 1"}]}, "Control 1"),
    "assumptions": ({"assumptions": {}}, "not_prompted"),
    "no basis": ({"assumptions": DECLARED["assumptions"] | {"not_prompted": {"status": "held"}}}, "not_prompted"),
}


@pytest.mark.parametrize("hole", HOLES)
def test_by_action_a_run_with_a_hole_reports_nothing(people, hole):
    changed, why = HOLES[hole]
    run = ran(people, declared=DECLARED | changed)
    assert why in " ".join(run.withheld)
    figures = (run.p_value, run.log10_lr, run.log10_lr_cap, run.log10_lr_reported)
    assert figures == (None,) * 4
    for kept in (run.result, json.loads(vault.read(run.item.sha256))["result"]):
        assert {kept[name] for name in ("p_value", "log10_p", "log10_lr", "log10_lr_reported")} == {None}
        assert "(R1)" in kept["sentence"]
        assert not [name for name in kept["figures"] if "log10" in name]
    assert not run.is_fit


def test_by_the_api(detector):  # noqa: F811 - the fixture
    answer = post(detector, sent(controls=[]))
    said = answer.json()
    assert (said["p_value"], said["log10_lr"], said["is_fit"]) == (None, None, False)
    assert "No control is named. Test models" in said["withheld"][0]
    assert "(R1)" in said["result"]["sentence"]


def test_by_the_form(people, sign_in):
    page = told(
        sign_in(people.analyst).post("/evidence/runs/new/?test=green-list", form(people, controls=""), follow=True)
    )
    assert "No p-value and no likelihood ratio is reported" in page
    assert "No control is named. Test models" in page
    assert "log10 LR" not in page.partition("Everything tested")[0]


def test_nothing_of_it_becomes_an_exhibit(people, case):
    run = ran(people, declared=DECLARED | {"n": None})
    with pytest.raises(ValidationError) as refused:
        cases.add_exhibit(
            case,
            item=run.item,
            shows="Keyed text.",
            element="training",
            log10_lr=3.0,
            log10_lr_cap=4.0,
            by=people.analyst,
        )
    assert "n, is not declared" in told(refused)
    assert told(refused).endswith("(R1)")


def test_the_database_takes_no_figure_of_it_either(people, case):
    run = ran(people, declared=DECLARED | {"n": None})
    good = ran(people)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), acting():
        sql(
            "INSERT INTO evidence_testrun SELECT (jsonb_populate_record(r, jsonb_build_object("
            "'id', core_uuid7(), 'ref', 'T-2026-9999', 'p_value', 0.01, 'item_id', core_uuid7()))).*"
            " FROM evidence_testrun r WHERE id = %s",
            run.pk,
        )
    assert refused.value.__cause__.diag.constraint_name == "nothing_is_reported_without_its_declarations"
    exhibit = cases.add_exhibit(case, item=good.item, shows="Keyed text.", element="training", by=people.analyst)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), acting():
        sql(
            "INSERT INTO cases_exhibit SELECT (jsonb_populate_record(e, jsonb_build_object("
            "'id', core_uuid7(), 'number', 99, 'item_id', %s::text))).* FROM cases_exhibit e WHERE id = %s",
            str(run.item_id),
            exhibit.pk,
        )
    assert refused.value.__cause__.diag.constraint_name == "an_exhibit_rests_on_a_run_that_is_fit"
