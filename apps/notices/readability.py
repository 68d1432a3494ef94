"""How easily a text reads, by the formula of its language. Pure.

English: Flesch Reading Ease (Flesch 1948), 206.835 - 1.015 words/sentence - 84.6 syllables/word.
German: Amstad's adaptation of it (1978), 180 - words/sentence - 58.5 syllables/word.
Both run from about 0 to 100, higher is easier; syllables are counted as groups of vowels, which is what the formulas
were fitted to survive. The bound is that of "plain" letters of authorities and insurers, not of novels: a letter about
terms has to name them.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Formula:
    """`least` is the ease below which whoever writes is told."""

    constant: float
    a_word_of_a_sentence: float
    a_syllable_of_a_word: float
    least: int


FORMULAS = {
    "en": Formula(206.835, 1.015, 84.6, least=50),
    "de": Formula(180.0, 1.0, 58.5, least=40),
}

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_END = re.compile(r"(?<=[.!?:])\s+(?=[A-ZÄÖÜ“„])")
_VOWELS = {
    "en": re.compile(r"[aeiouy]+"),
    # Neighbouring vowels are one sound only in these pairs.
    "de": re.compile(r"aa|ee|oo|ie|ei|ai|au|eu|äu|[aeiouyäöü]"),
}
_SILENT = re.compile(r"(?:[^laeiouy]e[ds]?|[^td]ed)$")


def sentences(text: str) -> list[str]:
    return [part for part in _END.split(text) if _WORD.search(part)]


def words(text: str) -> list[str]:
    return _WORD.findall(text)


def syllables(word: str, language: str) -> int:
    word = word.lower()
    found = len(_VOWELS[language].findall(word))
    if language == "en" and found > 1 and _SILENT.search(word):
        found -= 1
    return max(found, 1)


def ease(text: str, language: str) -> float:
    """0 or less is very hard, 100 very easy. A text without words is easy."""
    found, formula = words(text), FORMULAS[language]
    if not found:
        return 100.0
    a_sentence = len(found) / len(sentences(text))
    a_word = sum(syllables(word, language) for word in found) / len(found)
    return formula.constant - formula.a_word_of_a_sentence * a_sentence - formula.a_syllable_of_a_word * a_word
