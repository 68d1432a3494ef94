"""R11: confidence is at most that of the weakest necessary link. Harvesting that is shown does not show training."""

import pytest
from django.core.exceptions import ValidationError

from apps.cases.findings.substance import Shown, elements, weak_links
from apps.cases.standards.theories import STANDARDS, THEORIES
from tests.cases.conftest import worksheet
from tests.rules.conftest import as_sent, database_refuses, told


def test_a_gap_holds_the_finding_down(ready, terms, propose, people, script, sign_in):
    """The exhibits show that output was collected; the clause is about training on it."""
    both = {"theories": ["competing_model"]}
    with pytest.raises(ValidationError, match=r"“Used for a model”.*\(R11\)") as by_action:
        propose(**both)
    carried = {"competing_model-harvesting-exhibits": "E1, E2", "competing_model-harvesting-confidence": "very_likely"}
    page = sign_in(people.analyst).post(
        f"/cases/{ready.ref}/findings/propose/", worksheet(ready, terms, **both, **carried)
    )
    answer = script(people.analyst)(f"cases/{ready.ref}/findings", **as_sent(ready, terms, **both))
    assert (page.status_code, answer.status_code) == (422, 422)
    for said in (told(by_action), told(page), told(answer)):
        assert "“very likely” is more than its weakest necessary link carries" in said
        assert "is shown by no exhibit" in said
        assert "or lower the confidence. (R11)" in said
    finding = propose(**both, confidence="roughly_even")
    gap = finding.elements.get(element="training")
    assert (gap.is_gap, gap.is_met, gap.is_necessary) == (True, False, True)
    assert "a gap: no exhibit shows this" in told(sign_in(people.lead).get(f"/cases/{ready.ref}/findings/"))


def test_a_weak_element_holds_it_down(refuses_finding):
    theory = THEORIES["extraction"].elements[0]
    weak = Shown("extraction", theory.id, theory.name, theory.standard, True, "likely", (1, 2))
    said = refuses_finding(
        "R11",
        action={"theories": ["extraction"], "elements": [weak]},
        form={"extraction-harvesting-confidence": "likely"},
        api={
            "theories": ["extraction"],
            "elements": [{"theory": "extraction", "element": "harvesting", "confidence": "likely", "exhibits": [1, 2]}],
        },
    )
    assert "“Systematic collection”, which “clause against extraction” needs, is likely" in said


def test_every_theory_has_elements_with_a_known_standard_of_proof():
    for theory in THEORIES.values():
        assert theory.elements, theory.id
        assert {element.standard for element in theory.elements} <= set(STANDARDS)
        assert len({element.id for element in theory.elements}) == len(theory.elements)
    assert [s.is_met("very_likely") for s in STANDARDS.values()] == [True, True, False]


def test_what_is_not_necessary_holds_nothing_down():
    shown = elements(["extraction"], [], "very_likely", None)
    assert [one.is_necessary for one in shown] == [True, False, False]
    assert len(weak_links("very_likely", shown)) == 1
    assert weak_links("roughly_even", shown) == []


def test_the_database_refuses_it_too(propose):
    finding = propose(theories=["extraction"])
    database_refuses(
        "finding_is_no_surer_than_its_links",
        "UPDATE cases_finding SET confidence = 'almost_certain' WHERE id = %s",
        [finding.pk],
    )
