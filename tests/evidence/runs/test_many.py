"""Many accounts in one run: a row each, adjusted over everything tested."""

import json
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from scipy import stats
from statsmodels.stats.multitest import multipletests

from apps.accounts.models import Account
from apps.core import vault
from apps.evidence import actions
from apps.evidence.models import AccountResult, TestRun
from tests.audit.planting import acting
from tests.audit.tampering import sql
from tests.evidence.conftest import COUNTS, DECLARED, key_named
from tests.evidence.runs.test_plans import registered

pytestmark = pytest.mark.django_db

SHARED = {name: COUNTS[name] for name in ("gamma", "distinct", "key_id", "key_secret", "validation")}


def rows(greens: list[int], scored: int = 1000) -> list[dict[str, Any]]:
    return [{"account": f"acct_{at:05d}", "scored": scored, "green": green} for at, green in enumerate(greens)]


def ran_on(people, greens: list[int], **values: Any) -> TestRun:
    key_named("wm-2026-a", people.lead)
    declared = DECLARED | {"n": len(greens)}
    usual = {
        "test_id": "green-list",
        "inputs": SHARED,
        "rows": rows(greens),
        "declared": declared,
        "by": people.analyst,
    }
    return actions.run_on_accounts(**usual | values)


GREENS = [250, 260, 340, 231, 299, 250, 400, 245]


def test_each_account_has_its_exact_tail_adjusted_over_all(people):
    run = ran_on(people, GREENS)
    expected = stats.binom.sf(np.array(GREENS) - 1, 1000, 0.25)
    found = {one.account.ref: one for one in run.results.select_related("account")}
    adjusted = {name: multipletests(expected, method=how)[1] for name, how in ADJUSTED.items()}
    for at, p in enumerate(expected):
        row = found[f"acct_{at:05d}"]
        assert row.p_value == pytest.approx(p, rel=1e-9)
        for column, values in adjusted.items():
            assert getattr(row, column) == pytest.approx(min(values[at], 1), rel=1e-9)
        assert (row.n, row.k) == (1000, GREENS[at])
    assert run.result["accounts"]["passes"]["holm"] == 3
    assert [one.k for one in run.results.order_by("id")[:2]] == [400, 340]


ADJUSTED = {"p_holm": "holm", "p_bh": "fdr_bh", "p_by": "fdr_by"}


def test_what_was_tested_earlier_under_the_plan_counts(people):
    plan = registered(people, planned_n=8, fixed_inputs={})
    alone = ran_on(people, GREENS, plan=plan).results.get(k=340)
    again = ran_on(people, GREENS, plan=plan).results.get(k=340)
    elsewhere = ran_on(people, GREENS).results.get(k=340)
    assert (elsewhere.p_value, elsewhere.p_holm) == (alone.p_value, alone.p_holm)
    assert again.p_holm == pytest.approx(alone.p_holm * 2, rel=0.2)
    assert again.run.result["accounts"]["earlier"] == 8


def test_a_run_that_is_withheld_counts_among_what_was_tested(people):
    withheld = ran_on(people, GREENS, declared={})
    assert withheld.withheld
    assert set(withheld.results.values_list("p_value", "p_holm", "log10_lr", "outcome")) == {
        (None, None, None, "withheld")
    }
    assert "accounts" not in withheld.result
    later = ran_on(people, GREENS)
    assert later.result["accounts"]["earlier"] == 8
    assert later.results.get(k=400).p_holm == pytest.approx(min(later.results.get(k=400).p_value * 16, 1), rel=1e-6)


def test_accounts_that_nobody_knew_are_recorded(people):
    ran_on(people, GREENS)
    assert Account.objects.filter(ref__startswith="acct_").count() == 8


def test_the_rows_lie_whole_in_the_runs_file(people):
    run = ran_on(people, GREENS)
    kept = json.loads(vault.read(run.item.sha256))
    assert kept["inputs"]["accounts"] == rows(GREENS)
    assert run.account_count == 8


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ([{"account": "a", "scored": 10}], r"accounts\[0\]. lacks .green"),
        ([{"account": "a", "scored": 10, "green": 1, "gamme": 0.2}], "has `gamme`"),
        ([{"account": "a", "scored": -1, "green": 1}], r"accounts\[0\].scored"),
        ([{"account": "a", "scored": 1.5, "green": 1}], r"accounts\[0\].scored"),
        ([{"account": "a", "scored": 10, "green": 1}] * 2, "a has two rows"),
        ([{"account": "", "scored": 10, "green": 1}], "1 to 128"),
        ([], "no rows"),
    ],
)
def test_a_row_that_does_not_fit_is_named(people, changed, why):
    with pytest.raises(ValidationError, match=why):
        ran_on(people, GREENS, rows=changed)
    assert not TestRun.objects.exists()


def test_more_hits_than_scored_is_a_failed_run(people):
    run = ran_on(people, [250, 1001])
    assert run.outcome == "failed"
    assert "`accounts[1]`, acct_00001: `green` is more than `scored`" in run.failure
    assert not run.results.exists()


def test_a_test_of_one_suspect_tests_no_accounts(people):
    with pytest.raises(ValidationError, match="tests no accounts one by one"):
        ran_on(people, GREENS, test_id="gumbel")


def test_results_are_written_once_and_refer_to_what_is_there(people):
    run = ran_on(people, GREENS)
    one = run.results.first()
    for statement, constraint in (
        ("UPDATE evidence_accountresult SET p_value = 1 WHERE id = %s", "evidence_is_written_once"),
        ("DELETE FROM evidence_accountresult WHERE id = %s", "evidence_is_written_once"),
        (COPY.format("run_id", "core_uuid7()"), "a_result_has_its_run"),
        (COPY.format("account_id", "core_uuid7()"), "a_result_has_its_account"),
        (COPY.format("run_id", "run_id"), "one_result_per_run_and_account"),
        (COPY.format("k", "n + 1"), "no_more_hits_than_scored"),
        (COPY.format("p_holm", "1.5"), "adjusting_makes_no_p_smaller"),
    ):
        with pytest.raises(IntegrityError) as refused, transaction.atomic(), acting():
            sql(statement, one.pk)
        assert refused.value.__cause__.diag.constraint_name == constraint


COPY = (
    "INSERT INTO evidence_accountresult"
    " SELECT (jsonb_populate_record(r, jsonb_build_object('id', core_uuid7(), '{0}', {1}))).*"
    " FROM evidence_accountresult r WHERE id = %s"
)


def test_of_four_thousand_accounts_by_chance_some_pass_alone_and_none_when_corrected(people):
    chance = np.random.default_rng(7).binomial(1000, 0.25, 4000)
    run = ran_on(people, chance.tolist())
    passes = run.result["accounts"]["passes"]
    assert passes["holm"] == 0
    assert 120 < passes["raw"] < 280
    assert AccountResult.objects.count() == 4000
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM evidence_accountresult WHERE p_bh < p_value OR p_by < p_bh OR p_holm > 1")
        assert cursor.fetchone() == (0,)


# --- pages -----------------------------------------------------------------------------------------------------------


def test_accounts_by_hand_and_their_pages(people, sign_in):
    key_named("wm-2026-a", people.lead)
    body = "account,scored,green\n" + "".join(f"acct_{at:05d},1000,{green}\n" for at, green in enumerate(GREENS))
    form = {
        "rows": SimpleUploadedFile("rows.csv", body.encode()),
        "in-gamma": "0.25",
        "in-distinct": "on",
        "in-key_id": "wm-2026-a",
        "in-validation.controls": "200",
        "in-alpha": "1e-5",
        "in-least_power": "0.8",
        "in-excess": "0.02",
        "test_version": DECLARED["test_version"],
        "n": 8,
        "controls": "\n".join(f"{one['name']}; {one['result']}; no" for one in DECLARED["controls"]),
    }
    for name, one in DECLARED["assumptions"].items():
        form |= {f"as-{name}": one["status"], f"why-{name}": one.get("basis", "")}
    answer = sign_in(people.analyst).post("/evidence/runs/accounts/?test=green-list", form, follow=True)
    run = TestRun.objects.get()
    assert run.withheld == []
    page = answer.content.decode()
    assert "expected of chance alone" in page
    assert "Holm at 0.01" in page
    reader = sign_in(people.reviewer)
    address = f"/evidence/runs/{run.ref}/accounts/"
    assert "acct_00006" in reader.get(address).content.decode()
    passing = reader.get(address, {"passes": "holm"}).content.decode()
    assert "acct_00006" in passing
    assert "acct_00000" not in passing


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"account,scored\na,1,2\n", "Line 2 has more"),
        (b"account,scored\na,one\n", "not a number"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_file_of_rows_that_cannot_be_read_is_explained(people, sign_in, body, why):
    form = {"rows": SimpleUploadedFile("rows.csv", body)}
    answer = sign_in(people.analyst).post("/evidence/runs/accounts/?test=green-list", form)
    assert answer.status_code == 422
    assert why in answer.content.decode()
