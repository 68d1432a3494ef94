"""R10: attribution levels are stored separately; confidence does not rise from the account to the state."""

from apps.cases import actions
from apps.cases.findings.substance import Claimed
from tests.rules.conftest import database_refuses, told


def level(name: str, confidence: str, party=None) -> Claimed:
    return Claimed(name, confidence, "Shared cards and hours.", party)


def sent(*levels: Claimed) -> list[dict]:
    return [{"level": one.level, "confidence": one.confidence, "basis": one.basis} for one in levels]


def filled(*levels: Claimed) -> dict[str, str]:
    fields = {f"level-{one.level}-confidence": one.confidence for one in levels}
    return fields | {f"level-{one.level}-basis": one.basis for one in levels}


def test_confidence_does_not_rise_along_the_chain(refuses_finding):
    chain = (level("cluster", "likely"), level("operator", "very_likely"))
    said = refuses_finding("R10", action={"levels": chain}, form=filled(*chain), api={"levels": sent(*chain)})
    assert "“One operator” is very likely and rests on “One cluster”, which is only likely" in said
    assert "Lower it, or raise what it rests on." in said


def test_the_accounts_are_the_first_link(refuses_finding):
    chain = (level("cluster", "almost_certain"),)
    said = refuses_finding("R10", action={"levels": chain}, form=filled(*chain), api={"levels": sent(*chain)})
    assert "rests on “These accounts”, which is only very likely" in said


def test_no_level_stands_on_nothing(refuses_finding):
    chain = (level("operator", "likely"),)
    said = refuses_finding("R10", action={"levels": chain}, form=filled(*chain), api={"levels": sent(*chain)})
    assert "“One operator” stands on nothing" in said
    assert "one cluster" in said


def test_each_level_is_kept_with_its_own_confidence(ready, propose, people, sign_in):
    party = actions.add_party(ready, name="Reef Resale", role="operator", basis="Its card paid.", by=people.analyst)
    finding = propose(
        levels=[
            level("cluster", "very_likely"),
            level("operator", "likely", party),
            level("organisation", "roughly_even", party),
        ]
    )
    kept = {row.level: row.confidence for row in finding.levels.all()}
    assert kept == {
        "account": "very_likely",
        "cluster": "very_likely",
        "operator": "likely",
        "organisation": "roughly_even",
    }
    assert "One operator (Reef Resale): likely" in told(sign_in(people.lead).get(f"/cases/{ready.ref}/findings/"))


def test_the_database_refuses_it_too(propose):
    finding = propose(levels=[level("cluster", "likely")])
    database_refuses(
        "confidence_falls_along_the_chain",
        "UPDATE cases_findinglevel SET confidence = 'almost_certain' WHERE level = 'cluster' AND finding_id = %s",
        [finding.pk],
    )
