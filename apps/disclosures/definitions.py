"""The words of likelihood that a document uses, and what they mean: one scale a document, defined in it (R9).

ICD 203 (Intelligence Community Directive 203, Analytic Standards, 2015) has two rows of words for one scale and forbids
to mix them. Findings use the first row; so does everything that stands beside them.

Pure.
"""

import re
from collections.abc import Iterator

from apps.evidence.fingerprints import scales

ROW, OTHER_ROW = "icd-203-likelihood", "icd-203-probability"


def of(content: dict) -> list[tuple[str, str]]:
    """The words of the scale that stand anywhere in the document, with their ranges, in the order of the scale.

    Raises ValueError for a finding whose likelihood is no word of it.
    """
    steps = scales.scale(ROW).steps
    used = {finding["likelihood"] for finding in content["findings"]}
    if unknown := used - {step.words for step in steps}:
        known = ", ".join(step.words for step in steps)
        raise ValueError(f"no likelihood word: {', '.join(sorted(unknown))}; use {known}")
    used |= set(_words_in(content, ROW))
    return [(s.words, f"{100 * (s.from_ or 0):g}–{100 * (s.to or 1):g} %") for s in steps if s.words in used]


def mixed(content: dict) -> list[str]:
    """Words of the other row, each as a sentence that says what to do (R9)."""
    ours = {step.words for step in scales.scale(ROW).steps}
    return [
        f"“{word}” is from another scale than “{'”, “'.join(sorted(ours))}”: a document keeps to one, so that a reader "
        "never wonders which of two words is the stronger. Say it in a word of this one. (R9)"
        for word in dict.fromkeys(_words_in(content, OTHER_ROW))
    ]


# Where people wrote: what casemgr writes itself compares ("more probable than"), which is no word of a scale.
WRITTEN = ("summary", "findings", "limits", "case", "exhibits", "parties", "decisions")
NOT_WRITTEN = {"sentence", "likelihood", "text_sha256", "sha256"}


def _words_in(content: dict, scale: str) -> list[str]:
    """Longest words first, so that "very likely" is not taken for "likely"."""
    known = sorted((step.words for step in scales.scale(scale).steps), key=len, reverse=True)
    words = "|".join(map(re.escape, known))
    pattern = re.compile(rf"(?<!more )(?<!less )(?<!as )(?<!how )\b(?:{words})\b", re.IGNORECASE)
    return [found.lower() for name in WRITTEN for text in _texts(content.get(name)) for found in pattern.findall(text)]


def _texts(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in NOT_WRITTEN and name != "clauses":  # a quoted clause is not ours to change
                yield from _texts(item)
