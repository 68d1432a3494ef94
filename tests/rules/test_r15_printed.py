"""R15: p below its floor or below 1e-12 is printed as "<"."""

import re

import pytest

from apps.alerts.models import Alert
from apps.evidence import actions as evidence
from apps.evidence import fingerprints
from tests.alerts.conftest import alert, receive, register  # noqa: F401 - fixtures
from tests.evidence.conftest import COUNTS, DECLARED, OPEN, ran, suspect_named
from tests.evidence.runs.test_api import detector, post, sent  # noqa: F401 - fixture
from tests.evidence.runs.test_many import ran_on
from tests.evidence.runs.test_pages import form
from tests.rules.conftest import told

pytestmark = pytest.mark.django_db

# 64,239 of 248,201 green: p = 2.624e-24, a vector of section 1.2
TINY = COUNTS | {"scored": 248_201, "green": 64_239, "gamma": 0.25}
DIGITS = re.compile(r"(2\.6\d*\s*(e-|×\s*10⁻)|10⁻²⁴|e-24)")


def test_by_action(people):
    run = ran(people, inputs=TINY, declared=DECLARED | {"n": 248_201}, submitted={"p_value": 1e-24})
    assert run.p_value == pytest.approx(2.6243116273313888e-24, rel=1e-9, abs=0)  # what is kept is exact
    assert run.result["p_text"] == "< 10⁻¹²"
    assert "with probability below 10⁻¹²" in run.result["sentence"]
    assert run.discrepancies == ["Submitted p_value and the recomputed one differ, though both are printed as < 10⁻¹²."]


def test_by_the_api(detector):  # noqa: F811 - the fixture
    said = post(detector, sent(inputs=TINY, n=248_201)).json()
    assert said["result"]["p_text"] == "< 10⁻¹²"
    assert not DIGITS.search(said["result"]["sentence"])


def test_by_the_form(people, sign_in):
    page = told(
        sign_in(people.analyst).post(
            "/evidence/runs/new/?test=green-list", form(people, inputs=TINY, n=248_201), follow=True
        )
    )
    assert "below 10⁻¹²" in page
    assert "&lt; 10⁻¹²" in page or "< 10⁻¹²" in page
    assert not DIGITS.search(page)


def test_nobody_submits_a_p_below_what_the_test_can_give(people):
    """Three controls give one in four at best, whatever somebody sends."""
    test = fingerprints.TESTS["behaviour-distance"]
    run = evidence.run_test(
        test_id=test.id,
        inputs={"distance": 1.0, "controls": [2.0, 3.0, 4.0]},
        suspect=suspect_named("Lantern 7B", people.analyst),
        declared=DECLARED
        | {
            "n": 3,
            "test_version": test.version,
            "assumptions": {name: {"status": "unverified"} for name in test.assumptions},
        },
        submitted={"p_value": 1e-9},
        not_blind_because=OPEN,
        by=people.analyst,
    )
    assert (run.p_value, run.result["p_floor"], run.result["p_text"]) == (0.25, 0.25, "0.250")
    assert run.discrepancies == ["Submitted p_value 10⁻⁹, recomputed 0.250."]


def test_among_many_accounts(people, sign_in):
    run = ran_on(people, [1_000, 250])
    page = told(sign_in(people.analyst).get(f"/evidence/runs/{run.ref}/accounts/"))
    assert "10⁻¹²" in page
    assert not re.search(r"10⁻[2-9]\d\d", page)


def test_on_an_alert(people, sign_in, register, receive):  # noqa: F811 - fixtures
    score = {"value": 3e-20, "type": "p_value", "p": 3e-20, "p_floor": 1e-30}
    receive(alert(score=score), of=register("tidegauge"))
    page = told(sign_in(people.analyst).get(Alert.objects.get().get_absolute_url()))
    assert "< 10⁻¹²" in page
