"""Theories and what they are weighed by, through the pages that counsel uses."""

import pytest
from django.core.exceptions import ValidationError

from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.cases import actions as cases
from apps.counsel import actions, queries
from apps.counsel.models import Theory


def weigh(client, element, **values):
    data = {"strength": "arguable", "note": "The log shows it.", "supporting": "E1"} | values
    return client.post(f"/theories/elements/{element.pk}/", data)


def test_a_theory_brings_its_elements_all_of_them_open(ready, people, sign_in):
    client = sign_in(people.counsel)
    data = {"theory": "dtsa", "jurisdiction": "United States", "note": "Compulife is the closest case."}
    assert client.post(f"/cases/{ready.ref}/theories/adopt/", data).status_code == 302
    theory = Theory.objects.get()
    assert [str(one) for one in theory.elements.all()] == [
        "A secret of value",
        "Reasonable measures",
        "Improper means",
        "Acquired or used",
    ]
    assert all(one.is_open for one in theory.elements.all())
    page = client.get(f"/cases/{ready.ref}/counsel/").content.decode()
    assert "It cannot be pleaded as it stands" in page
    assert "Compulife is the closest case." in client.get(f"/theories/{theory.pk}/").content.decode()


def test_the_matrix_sets_elements_against_exhibits(theory, people, sign_in):
    client, elements = sign_in(people.counsel), list(theory.elements.all())
    assert weigh(client, elements[0], strength="strong").status_code == 302
    assert weigh(client, elements[1], strength="weak", supporting="E2", opposing="E1", against="Van Buren.").status_code
    page = client.get(f"/theories/{theory.pk}/")
    assert [row.cells for row in page.context["matrix"].rows] == [["+", ""], ["−", "+"], ["", ""], ["", ""]]
    assert page.context["standing"].overall.because == ("Information obtained", "Loss")
    assert "Van Buren." in page.content.decode()


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"note": ""}, None, "Say why it is as strong as that."),
        ({"strength": "missing"}, None, "An exhibit carries it"),
        ({"opposing": "E1, E2"}, None, "One exhibit cannot carry an element and speak against it."),
        ({"supporting": "E7"}, "supporting", "E7 is no exhibit of this case."),
    ],
)
def test_what_does_not_fit_together_is_explained_in_the_form(theory, people, sign_in, values, field, message):
    answer = weigh(sign_in(people.counsel), theory.elements.first(), **values)
    assert answer.status_code == 422
    assert message in str(answer.context["form"].errors)
    assert not field or field in answer.context["form"].errors
    assert theory.elements.first().is_open


def test_exhibits_are_those_of_the_case(theory, people, case, add_exhibit):
    other = cases.open_case(title="Another", severity=3, by=people.analyst)
    exhibit = add_exhibit(other)
    with pytest.raises(ValidationError, match="its own case"):
        actions.weigh_element(
            theory.elements.first(), strength="weak", note="It is there.", supporting=[exhibit], by=people.counsel
        )


def test_a_theory_is_adopted_once_for_a_jurisdiction(theory, ready, people):
    with pytest.raises(ValidationError, match="adopted for this jurisdiction already"):
        actions.adopt_theory(ready, theory="cfaa", jurisdiction="United States", by=people.approver)
    actions.adopt_theory(ready, theory="contract", jurisdiction="California", by=people.counsel)
    actions.adopt_theory(ready, theory="contract", jurisdiction="Germany", by=people.counsel)
    for unknown in ("extraction", "nonsense"):  # a kind of clause is no ground of a claim
        with pytest.raises(ValidationError, match="no legal theory"):
            actions.adopt_theory(ready, theory=unknown, jurisdiction="Germany", by=people.counsel)


def test_a_withdrawn_theory_stays_on_record_and_can_be_adopted_anew(theory, ready, people, sign_in):
    client = sign_in(people.counsel)
    assert client.post(f"/theories/{theory.pk}/withdraw/", {"why": "There is no loss."}).status_code == 302
    page = client.get(f"/theories/{theory.pk}/").content.decode()
    assert "There is no loss." in page
    assert "/theories/elements/" not in page
    element = theory.elements.first()
    with pytest.raises(Forbidden):
        actions.weigh_element(element, strength="weak", note="Late.", by=people.counsel)
    assert client.post(f"/theories/{theory.pk}/notes/add/", {"body": "Keep it for the appeal."}).status_code == 302
    anew = actions.adopt_theory(ready, theory="cfaa", jurisdiction="United States", by=people.counsel)
    assert [one.theory for one in queries.standings(people.counsel, ready)] == [anew, theory]


def test_each_look_is_on_record_and_opens_nothing_else(theory, people, sign_in):
    for _ in range(2):
        assert sign_in(people.approver).get(f"/theories/{theory.pk}/").status_code == 200
    event = Event.objects.get(action="counsel.open_theory")
    assert (event.actor, event.object_id) == (people.approver.actor, theory.pk)


def test_a_closed_case_takes_notes_and_nothing_else(theory, people):
    cases.close_case(theory.case, closure="benign", note="It was ordinary use.", by=people.lead)
    actions.add_note(theory, body="Nothing was pleaded.", by=people.counsel)
    with pytest.raises(Forbidden):
        actions.adopt_theory(theory.case, theory="contract", jurisdiction="Germany", by=people.counsel)
