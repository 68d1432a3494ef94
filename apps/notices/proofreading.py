"""What is wrong with a wording, and what could read better, each with its line. Pure: text in, remarks out.

A problem keeps a wording from being proposed. Advice is shown to whoever writes it, and never acted upon by itself.
"""

import re
from dataclasses import dataclass

from apps.cases.findings.wording import lint_wording
from apps.notices import letter, readability
from apps.notices.letter.placeholders import LISTS
from apps.notices.letter.reader import Paragraph, Slot

LONGEST_SENTENCE = 34  # words

# Words that press or blame where a plain statement does: the words, and what to say instead.
TONE = {
    "en": (
        (r"immediately|at once|forthwith", "name the day"),
        (r"unacceptable|outrageous|egregious|blatant(?:ly)?|flagrant(?:ly)?", "say what was done"),
        (r"you (?:have )?(?:violated|broke|abused|misused)", "say what was seen; it is a finding with its likelihood"),
        (r"failure to comply|you are hereby|hereinafter|pursuant to|aforementioned", "use the everyday word"),
        (r"unfortunately|we regret|sorry for any inconvenience", "leave it out, or say what can be done"),
    ),
    "de": (
        (r"unverzüglich|umgehend|sofort", "name the day"),
        (r"inakzeptabel|dreist|eklatant|unverschämt", "say what was done"),
        (
            r"Sie haben (?:gegen .{1,60} verstoßen|missbraucht|verletzt)",
            "say what was seen; it is a finding with its likelihood",
        ),
        (r"hiermit|vorbezeichnet\w*|obig\w*|seitens|diesbezüglich", "use the everyday word"),
        (r"leider|wir bedauern", "leave it out, or say what can be done"),
    ),
}


@dataclass(frozen=True)
class Remark:
    """`line` counts from 1; 0 is about the text as a whole."""

    line: int
    message: str
    column: int = 0

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        return f"line {self.line}{column}: {self.message}" if self.line else self.message


def written(content: str) -> str:
    """A text as it is kept: with plain line ends, and one at its end."""
    return content.replace("\r\n", "\n").strip() + "\n"


def problems(content: str, kind: str, language: str) -> list[Remark]:
    """All that keeps a text from being used, in the order of its lines."""
    try:
        letter.read(content, kind)
    except letter.TextError as error:
        return [Remark(error.place.line, str(error).partition(": ")[2], error.place.column)]
    return [
        Remark(_line_of(content, problem.start), problem.message)
        for problem in lint_wording(content, {"finding"}, language=language)
    ]


def advice(content: str, kind: str, language: str) -> list[Remark]:
    """What a reader may stumble over: the longest sentences, the tone, and how hard the text is as a whole."""
    said = [paragraph for paragraph in letter.read(content, kind).paragraphs() if not _is_list(paragraph)]
    return [*_ease(said, language), *sorted({*_long(said), *_tone(content, language)}, key=lambda remark: remark.line)]


def ease_of(content: str, kind: str, language: str) -> float:
    """How easily a wording reads, from about 0 (hard) to 100, with an example where a value goes."""
    said = [_with_examples(p) for p in letter.read(content, kind).paragraphs() if not _is_list(p)]
    return readability.ease(" ".join(said), language)


def _ease(said: list[Paragraph], language: str) -> list[Remark]:
    formula = readability.FORMULAS[language]
    ease = readability.ease(" ".join(map(_with_examples, said)), language)
    if ease >= formula.least:
        return []
    return [Remark(0, f"Reading ease {ease:.0f}, and at least {formula.least} is asked: shorter sentences and words.")]


def _long(said: list[Paragraph]) -> list[Remark]:
    return [
        Remark(paragraph.line, f"A sentence of {count} words: “{' '.join(sentence.split()[:6])} …”. Two read better.")
        for paragraph in said
        for sentence in readability.sentences(_with_examples(paragraph))
        if (count := len(readability.words(sentence))) > LONGEST_SENTENCE
    ]


def _tone(content: str, language: str) -> list[Remark]:
    return [
        Remark(_line_of(content, match.start()), f"“{match[0]}”: {instead}.")
        for words, instead in TONE[language]
        for match in re.finditer(rf"\b(?:{words})\b", content, re.IGNORECASE)
    ]


def _line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _is_list(paragraph: Paragraph) -> bool:
    return any(letter.PLACEHOLDERS[slot.name].kind in LISTS for slot in paragraph.slots)


def _with_examples(paragraph: Paragraph) -> str:
    return "".join(
        letter.PLACEHOLDERS[piece.name].example if isinstance(piece, Slot) else piece for piece in paragraph.pieces
    )
