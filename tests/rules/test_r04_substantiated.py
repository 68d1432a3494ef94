"""R4: "substantiated" requires two independent evidence families, one alternative tested, a reviewer who is not the
author."""

import pytest
from django.core.exceptions import ValidationError

from apps.audit.action import Forbidden
from apps.cases import actions
from apps.cases.models import Exhibit
from tests.rules.conftest import database_refuses, sql, told


def test_one_family_of_evidence_is_not_enough(ready, people, refuses_finding, propose):
    # Two exhibits, but of one kind.
    sql("UPDATE cases_exhibit SET family = 'traffic'")
    said = refuses_finding("R4", action={}, form={}, api={})
    assert "two of them carry a finding, each from a source of its own (here: traffic)" in said
    assert "Add an exhibit of another kind" in said
    assert propose(confidence="roughly_even").state == "proposed"  # this claims nothing


def test_two_families_of_one_source_are_not_enough(case, add_exhibit):
    from apps.cases.findings.substance import independent_families

    one = add_exhibit(case, family="traffic")
    assert independent_families([one, add_exhibit(case, family="timing")]) == set()
    assert independent_families([one, add_exhibit(case, group="canaries", lr=-1.0)]) == set()  # speaks against it
    assert independent_families([one, add_exhibit(case, group="canaries")]) == {"traffic", "canary"}


def test_an_alternative_is_tested(ready, people, refuses_finding):
    explanation = ready.explanations.get()
    actions.assess_explanation(explanation, status="open", conclusion="No contract is on file.", by=people.analyst)
    likely = {"confidence": "likely"}
    form = likely | {"extraction-harvesting-confidence": "likely"}
    said = refuses_finding("R4", action=likely, form=form, api=likely)
    assert "No other explanation was tested" in said


def test_the_author_reviews_nothing(propose, people, sign_in, script):
    finding = propose(by=people.lead)
    with pytest.raises(Forbidden):
        actions.confirm_finding(finding, by=people.lead)
    page = sign_in(people.lead)
    assert "Confirm the finding" not in page.get(f"/cases/{finding.case.ref}/findings/").content.decode()
    assert page.post(f"/findings/{finding.ref}/confirm/").status_code == 403
    answer = script(people.lead)(f"findings/{finding.ref}/confirmation")
    assert (answer.status_code, "may not confirm finding" in told(answer)) == (403, True)
    answer = script(people.counsel)(f"findings/{finding.ref}/confirmation", note="It holds.")
    assert (answer.status_code, answer.json()["state"]) == (201, "confirmed")


def test_a_machine_concludes_nothing(finding, api):
    answer = api().post(f"/api/v1/findings/{finding.ref}/confirmation", {}, content_type="application/json")
    assert answer.status_code == 404  # it sees no case at all


def test_the_database_refuses_it_too(finding, people):
    """Past all of Python: one of the two exhibits is taken away, and the finding is confirmed by SQL."""
    sql("DELETE FROM cases_findingexhibit WHERE exhibit_id = %s", [Exhibit.objects.get(number=2).pk])
    database_refuses(
        "finding_is_substantiated",
        "UPDATE cases_finding SET state = 'confirmed', reviewed_by_id = %s, reviewed_at = now()",
        [people.lead.pk],
    )


def test_what_was_proposed_is_looked_at_again_when_it_is_confirmed(finding, people):
    sql("UPDATE cases_findingexplanation SET status = 'open'")
    with pytest.raises(ValidationError, match=r"No other explanation was tested.*\(R4\)"):
        actions.confirm_finding(finding, by=people.lead)
