import pytest

from apps.cases.standards.theories import LAW
from apps.counsel.strength import ORDER, Weighed, overall


@pytest.mark.parametrize(
    ("strengths", "expected"),
    [
        (("strong", "strong"), "strong"),
        (("strong", "arguable"), "arguable"),
        (("weak", "arguable"), "weak"),
        (("weak", "missing"), "missing"),
    ],
)
def test_a_theory_is_as_strong_as_its_weakest_element(strengths, expected):
    assert overall(Weighed(f"E{n}", strength, True) for n, strength in enumerate(strengths)).strength == expected


def test_what_it_can_do_without_does_not_weaken_it():
    found = overall([Weighed("Secret", "strong", True), Weighed("Used", "missing", False)])
    assert (found.strength, found.sentence) == ("strong", "Every element that it needs is strong.")


def test_it_says_in_words_which_elements_hold_it_back():
    needed = [Weighed(name, "missing", True) for name in ("Intent", "Authority", "Loss")]
    assert overall(needed).because == ("Intent", "Authority", "Loss")
    assert "nothing carries “Intent”, “Authority” and “Loss”." in overall(needed).sentence
    weak = overall([Weighed("Loss", "weak", True), Weighed("Intent", "weak", True)])
    assert weak.sentence == "It is weak, because “Loss” and “Intent” are."
    assert overall([Weighed("Loss", "weak", True)]).sentence == "It is weak, because “Loss” is."


def test_every_strength_has_its_sentence():
    assert all(overall([Weighed("Loss", strength, True)]).sentence for strength in ORDER)


@pytest.mark.parametrize("theory", LAW, ids=lambda one: one.id)
def test_the_data_say_of_every_legal_theory_how_it_stands_in_general(theory):
    assert theory.strength
    assert theory.objections
    assert theory.source
    assert any(element.necessary for element in theory.elements)
