"""R7: failed and negative runs stay. Nobody deletes one: not by action, form, API, ORM or SQL."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import get_resolver

from apps.audit import fence
from apps.audit.action import verbs
from apps.evidence import actions
from apps.evidence.models import AccountResult, BlindTrial, TestPlan, TestRun
from tests.audit.planting import acting
from tests.audit.tampering import sql
from tests.evidence.conftest import COUNTS, ran
from tests.evidence.runs.test_api import URL, detector, post, sent  # noqa: F401 - fixture
from tests.rules.conftest import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def negative(people) -> TestRun:
    return ran(people, inputs=COUNTS | {"green": 9_000})


def test_there_is_no_verb_and_no_form_for_it(people):
    words = ("delete", "remove", "erase", "discard", "purge")
    for verb in verbs():
        if verb.startswith("evidence.") and any(word in verb for word in words):
            assert verb == "evidence.remove_file"  # of an item that two people disposed of
    addresses = [str(p.pattern) for r in get_resolver().url_patterns for p in getattr(r, "url_patterns", [])]
    of_runs = [a for a in addresses if "runs/<" in a or "plans/<" in a or "trials/<" in a]
    assert of_runs
    assert not [a for a in of_runs if any(word in a for word in words)]


def test_by_the_api(negative, detector, sign_in, people):  # noqa: F811 - the fixture
    own = post(detector, sent()).json()["ref"]
    for client, ref in ((detector, own), (sign_in(people.lead), negative.ref)):
        for method in ("delete", "put", "patch"):
            answer = getattr(client, method)(f"{URL}/{ref}", {}, content_type="application/json")
            assert answer.status_code == 405
    assert TestRun.objects.count() == 2


@pytest.mark.parametrize("method", ["delete", "put", "patch"])
def test_by_the_page(negative, sign_in, people, method):
    assert getattr(sign_in(people.lead), method)(f"/evidence/runs/{negative.ref}/").status_code == 405


def test_its_file_is_not_disposed_of(negative, people, sign_in):
    with pytest.raises(ValidationError) as refused:
        actions.propose_disposal(negative.item, reason="It says nothing", by=people.analyst)
    assert "stay, whatever came out" in told(refused)
    assert told(refused).endswith("(R7)")
    answer = sign_in(people.analyst).post(f"/evidence/{negative.item.ref}/dispose/", {"reason": "It says nothing"})
    assert "(R7)" in told(answer)
    with pytest.raises(IntegrityError) as held, transaction.atomic(), acting():
        sql("UPDATE evidence_item SET state = 'disposed' WHERE id = %s", negative.item_id)
    assert held.value.__cause__.diag.constraint_name == "a_run_is_not_disposed_of"


def test_by_the_orm(negative):
    with pytest.raises(Exception, match="ledger"):
        negative.delete()
    with pytest.raises(Exception, match="ledger"):
        TestRun.objects.all().delete()
    with pytest.raises(IntegrityError, match="written once"), acting("evidence.delete_run"), fence.gate():
        negative.delete()


@pytest.mark.parametrize("model", [TestRun, AccountResult, TestPlan, BlindTrial])
def test_by_sql(negative, model):
    table = model._meta.db_table
    if model is not TestRun:
        assert (
            "evidence_is_written_once" in {t.name for t in model._meta.triggers}
            or "a_plan_stays" in {t.name for t in model._meta.triggers}
            or "evidence_stays" in {t.name for t in model._meta.triggers}
        )
        return
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET outcome = 'supports'", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(Exception), transaction.atomic(), acting():  # noqa: B017, PT011 - each by its own guard
            sql(statement)
    assert TestRun.objects.get().outcome == "against"
