"""R9: one likelihood scale a document, and its definitions are appended by themselves."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.cases import actions as cases
from apps.disclosures import actions, definitions
from tests.disclosures.conftest import compiled  # noqa: F401 - fixture
from tests.notices.conftest import decide, quick_paper, suspended  # noqa: F401 - fixtures
from tests.rules.conftest import told


@pytest.fixture
def mixing(suspended, people):  # noqa: F811
    """A summary that is past the check of its own sentence, with a word of the other row of ICD 203."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET summary = 'It is highly probable that one operator is behind it.'")
    suspended.case.refresh_from_db()
    return suspended.case


def test_the_action_refuses_words_of_two_scales(mixing, compiled):  # noqa: F811
    with pytest.raises(ValidationError) as refused:
        compiled()
    said = told(refused)
    assert "“highly probable” is from another scale" in said
    assert "Say it in a word of this one. (R9)" in said


def test_the_form_says_why(mixing, people, sign_in):
    sent = {"audience": "regulator", "recipient": "Office", "legal_basis": "Law", "title": "Report"}
    answer = sign_in(people.counsel).post(f"/cases/{mixing.ref}/reports/compile/", sent)
    assert answer.status_code == 422
    assert "(R9)" in told(answer)


def test_no_program_compiles_a_report(mixing, api):
    assert api().post(f"/api/v1/cases/{mixing.ref}/reports", {}).status_code in (404, 405)


@pytest.mark.parametrize("audience", ["regulator", "partner", "public"])
def test_every_word_that_is_used_is_defined(suspended, compiled, people, quick_paper, audience):  # noqa: F811
    cases.describe(suspended.case, summary="An unlikely coincidence.", by=people.analyst)
    html = next(iter(actions.files_of(compiled(audience=audience)).values())).decode()
    likelihoods = html[html.index("<caption>Likelihood words") : html.index("<caption>Strength of evidence")]
    assert "very likely" in likelihoods  # the finding's
    assert "unlikely" in likelihoods  # the summary's
    assert "roughly even chance" not in likelihoods  # nobody's
    strengths = html[html.index("<caption>Strength of evidence") :]
    assert "ENFSI Guideline" in strengths
    assert strengths.index("weak support") < strengths.index("extremely strong support")


def test_comparing_is_no_word_of_a_scale():
    said = {"summary": ["It is more probable under one than under the other."], "findings": []}
    assert definitions.mixed(said) == []
    assert definitions.mixed({"summary": ["It is probable."], "findings": []}) != []
