"""R12: what a single source says is graded 3 at best until an independent origin says the same, and a claim is never
evidence of what it says. The same wire story printed twice is no corroboration."""

# ruff: noqa: F811 - fixtures of another module

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import NoReverseMatch, get_resolver, reverse

from apps.cases import actions
from apps.cases.findings import readiness
from apps.cases.models import Claim, Exhibit
from tests.cases.conftest import worksheet
from tests.cases.test_claims import WIRE, capture, link, say  # noqa: F401 - fixtures
from tests.rules.conftest import as_sent, told

CAP = "possibly true, at best"


def grade(claim: Claim, information: int, *, by: Any) -> None:
    actions.grade_claim(claim, source_grade="A", information=information, grading_basis="Right before.", by=by)


@pytest.mark.parametrize("information", [1, 2])
def test_a_single_source_is_not_graded_better_than_possibly_true(information, say, case, people, sign_in):
    claim, reprint = say("paper"), say("reprint", origin=f"  {WIRE.upper()} ")
    link(reprint, claim, by=people.analyst)
    with pytest.raises(ValidationError) as refused:
        grade(claim, information, by=people.analyst)
    assert CAP in told(refused)
    assert "The same story printed again is no second origin. Record an independent claim" in told(refused)
    assert told(refused).endswith("(R12)")
    answer = sign_in(people.analyst).post(
        f"/claims/{claim.pk}/grade/",
        {"source_grade": "A", "information": information, "grading_basis": "Right before."},
    )
    assert answer.status_code == 422
    assert CAP in told(answer)
    claim.refresh_from_db()
    assert claim.grade == "F6"


def test_an_independent_origin_lifts_the_cap(say, people):
    claim, independent = say("paper"), say("provider")
    link(claim, independent, by=people.analyst)
    grade(claim, 2, by=people.analyst)
    assert claim.grade == "A2"


def test_a_contradiction_of_another_origin_lifts_nothing(say, people):
    claim, other = say("provider"), say("accused")
    link(other, claim, "contradicts", by=people.analyst)
    with pytest.raises(ValidationError, match="R12"):
        grade(claim, 2, by=people.analyst)


def test_what_a_grade_rests_on_is_not_taken_away(say, people, sign_in):
    claim, independent = say("paper"), say("provider")
    made = link(independent, claim, by=people.analyst)
    grade(claim, 2, by=people.analyst)
    for deed in (
        lambda: actions.unlink_claims(made, reason="Wrong", by=people.analyst),
        lambda: actions.withdraw_claim(independent, reason="Wrong", by=people.analyst),
    ):
        with pytest.raises(ValidationError, match=r"C1 is graded A2 because an independent origin.*\(R12\)"):
            deed()
    client = sign_in(people.analyst)
    for address in (f"/claims/links/{made.pk}/withdraw/", f"/claims/{independent.pk}/withdraw/"):
        answer = client.post(address, {"reason": "Wrong"})
        assert answer.status_code == 422
        assert "(R12)" in told(answer)
    grade(claim, 3, by=people.analyst)
    actions.unlink_claims(made, reason="Wrong", by=people.analyst)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases_claim SET information = 1, graded_at = now(), graded_by_id = recorded_by_id WHERE number = 1",
        "UPDATE cases_claimlink SET withdrawn_at = now(), withdrawn_by_id = linked_by_id",
        "UPDATE cases_claim SET withdrawn_at = now(), withdrawn_by_id = recorded_by_id, withdrawn_why = 'x'"
        " WHERE number = 3",
    ],
)
def test_the_database_holds_the_cap(statement, say, people):
    say("paper")
    second, independent = say("reprint"), say("provider")
    link(independent, second, by=people.analyst)
    grade(second, 2, by=people.analyst)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert refused.value.__cause__.diag.constraint_name == "a_single_source_is_possibly_true_at_best"


def test_the_api_has_no_way_to_grade_a_claim():
    names = {name for name in get_resolver("apps.cases.urls").reverse_dict if isinstance(name, str)}
    assert {"grade_claim", "record_claim"} <= names
    paths = [str(one.pattern) for one in get_resolver("apps.cases.urls").url_patterns]
    assert not [path for path in paths if path.startswith("api/") and "claim" in path]
    with pytest.raises(NoReverseMatch):
        reverse("cases:api-claims")


# --- a claim is no evidence of what it says ---------------------------------------------------------------------------


def test_a_capture_carries_no_likelihood_ratio(case, capture, people, sign_in, script):
    shown = {"shows": "What the paper printed.", "element": "harvesting", "dependency_group": "press"}
    strong = {"log10_lr": 2.0, "log10_lr_cap": 3.0}
    with pytest.raises(ValidationError, match=r"not that it is true.*\(R12\)"):
        actions.add_exhibit(case, item=capture, **shown, **strong, by=people.analyst)
    client = sign_in(people.analyst)
    answer = client.post(f"/cases/{case.ref}/evidence/add/", {"item": capture.ref, **shown, **strong})
    assert answer.status_code == 422
    assert "it carries no likelihood ratio" in told(answer)
    answer = script(people.analyst)(f"cases/{case.ref}/exhibits", item=capture.ref, **shown, **strong)
    assert (answer.status_code, "(R12)" in told(answer)) == (422, True)
    actions.add_exhibit(case, item=capture, **shown, by=people.analyst)
    assert "shows only that it was said, not that it is true" in told(client.get(f"/cases/{case.ref}/evidence/"))
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE cases_exhibit SET log10_lr = 1, log10_lr_cap = 2")
    assert refused.value.__cause__.diag.constraint_name == "a_capture_carries_no_strength"


def test_captures_alone_carry_no_finding(ready, terms, capture, propose, people, sign_in, script):
    exhibit = actions.add_exhibit(
        ready,
        item=capture,
        shows="What was printed.",
        element="harvesting",
        dependency_group="press",
        by=people.analyst,
    )
    with pytest.raises(ValidationError, match=r"E3 prove only that something was said.*\(R12\)"):
        propose(exhibits=[exhibit], confidence="likely")
    alone = {"exhibits": [exhibit.number], "confidence": "likely"}
    answer = script(people.analyst)(f"cases/{ready.ref}/findings", **as_sent(ready, terms, **alone))
    assert (answer.status_code, "(R12)" in told(answer)) == (422, True)
    carried = {"exhibits": exhibit.label, "extraction-harvesting-exhibits": exhibit.label}
    likely = {"confidence": "likely", "extraction-harvesting-confidence": "likely"}
    form = worksheet(ready, terms, **carried, **likely)
    page = sign_in(people.analyst).post(f"/cases/{ready.ref}/findings/propose/", form)
    assert (page.status_code, "(R12)" in told(page)) == (422, True)
    assert not ready.findings.exists()


def test_a_case_of_captures_alone_is_told_what_is_missing(case, capture, people, sign_in):
    actions.add_exhibit(
        case, item=capture, shows="What was printed.", element="harvesting", dependency_group="press", by=people.analyst
    )
    case.state = "investigation"
    stops = [line["text"] for line in readiness.missing(case) if line["state"] == "stop"]
    assert "Every exhibit proves only that something was said (R12)" in stops


def test_a_claim_is_no_item_and_cannot_be_put_on_an_exhibit(say, case, people, sign_in):
    claim = say("paper")
    answer = sign_in(people.analyst).post(
        f"/cases/{case.ref}/evidence/add/",
        {"item": str(claim.pk), "shows": "x", "element": "harvesting", "dependency_group": "press"},
    )
    assert answer.status_code == 422
    assert not Exhibit.objects.exists()
