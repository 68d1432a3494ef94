"""R8: "stole", "proved", "weights" are blocked unless status or kind of evidence allow; counsel may let words stand."""

import pytest
from django.core.exceptions import ValidationError

from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.cases import actions
from apps.cases.findings import wording
from tests.rules.conftest import told

STOLE = {"conduct": "The accounts stole output by automatic means, around the clock."}


def test_words_that_claim_too_much_are_refused_with_what_to_say_instead(refuses_finding):
    said = refuses_finding("R8", action=STOLE, form=STOLE, api=STOLE)
    assert said == "“stole”: say what was done, for example “collected output automatically”. (R8)"


@pytest.mark.parametrize(
    ("text", "ground", "stops"),
    [
        ("They proved it.", wording.Ground(), True),
        ("The weights were copied.", wording.Ground({"training"}), True),  # training is not weights
        ("The weights were compared.", wording.Ground({"training"}, {"logits"}), False),
        ("They trained a model on it.", wording.Ground({"harvesting"}), True),
        ("They trained a model on it.", wording.Ground({"training"}), False),
        ("It was done on behalf of a government.", wording.Ground({"training"}), True),
        ("It was done on behalf of a government.", wording.Ground(levels={"state"}), False),
        ("They proved it.", wording.Ground(words={"proved"}), False),
    ],
)
def test_status_and_kind_of_evidence_allow_words(text, ground, stops):
    assert bool(wording.lint(text, ground)) is stops


def test_counsel_lets_words_stand_with_a_reason_on_record(ready, propose, people, sign_in, script):
    address = f"cases/{ready.ref}/words"
    with pytest.raises(Forbidden):
        actions.allow_wording(ready, words="stole", reason="The court says so.", by=people.analyst)
    assert sign_in(people.analyst).get(f"/cases/{ready.ref}/findings/words/").status_code == 403
    assert script(people.analyst)(address, words="stole", reason="So.").status_code == 403
    for answer in (
        sign_in(people.counsel).post(f"/cases/{ready.ref}/findings/words/", {"words": "tidy", "reason": "Nice."}),
        script(people.counsel)(address, words="tidy", reason="Nice."),
    ):
        assert answer.status_code == 422
        assert "The check has nothing against “tidy”" in told(answer)
    with pytest.raises(ValidationError, match=r"Say what carries these words.*\(R8\)"):
        actions.allow_wording(ready, words="stole", reason=" ", by=people.counsel)
    assert script(people.counsel)(address, words="Stole", reason="Judgment of 3 May 2026.").status_code == 201
    event = Event.objects.get(action="cases.allow_wording")
    assert b"Judgment of 3 May 2026." in bytes(event.body)
    finding = propose(**STOLE)
    page = told(sign_in(people.lead).get(f"/cases/{ready.ref}/findings/"))
    assert finding.conduct in page
    assert "“stole”" in page
    assert "Judgment of 3 May 2026." in page
    with pytest.raises(ValidationError, match="proved"):  # these words, no others
        actions.add_party(ready, name="X", role="operator", basis="It is proved.", by=people.analyst)
