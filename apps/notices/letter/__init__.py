"""A notice as a letter: the fixed list of what its text may name, and the composition of text and facts.

    composed = compose(built_in("suspension"), facts, "suspension")
    html = to_html(composed, letterhead)
    data = statement_of_reasons(facts)

Pure: plain data in, plain data or HTML out. Every run of a composed letter knows the fact it comes from, so that a page
can show each statement beside its source.
"""

from apps.notices.letter.composition import (
    Block,
    ComposedNotice,
    ComposedSection,
    Letterhead,
    Run,
    built_in,
    compose,
    read,
    to_html,
)
from apps.notices.letter.facts import (
    LIST_FILE,
    AccountList,
    Clause,
    Explanation,
    Fact,
    NoticeFacts,
    Translation,
    long_date,
)
from apps.notices.letter.placeholders import PLACEHOLDERS, REQUIRED, SECTIONS, Placeholder, required
from apps.notices.letter.profiles import PROFILES, Profile, profile_for
from apps.notices.letter.reader import LetterText, Place, TextError
from apps.notices.letter.reasons import decision_on_appeal, elements, statement_of_reasons, statements

__all__ = [
    "LIST_FILE",
    "PLACEHOLDERS",
    "PROFILES",
    "REQUIRED",
    "SECTIONS",
    "AccountList",
    "Block",
    "Clause",
    "ComposedNotice",
    "ComposedSection",
    "Explanation",
    "Fact",
    "LetterText",
    "Letterhead",
    "NoticeFacts",
    "Place",
    "Placeholder",
    "Profile",
    "Run",
    "TextError",
    "Translation",
    "built_in",
    "compose",
    "decision_on_appeal",
    "elements",
    "long_date",
    "profile_for",
    "read",
    "required",
    "statement_of_reasons",
    "statements",
    "to_html",
]
