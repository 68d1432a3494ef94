"""The date on which a text says that it takes effect, with the words that say so. Pure.

It is a proposal: a person confirms or corrects it (`actions.confirm_effective_date`). A date of last change or of
publication ("Updated: …", "Last modified …") is no such statement, and neither is one whose day and month cannot be
told apart ("11-04-2023").
"""

import re
from dataclasses import dataclass
from datetime import date

from apps.policies.wording import normalise

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = (
    rf"(?:(?P<m>{_MONTH})\s+(?P<d>{_DAY}),?\s+(?P<y>\d{{4}})"
    rf"|(?P<d2>{_DAY})\s+(?:of\s+)?(?P<m2>{_MONTH}),?\s+(?P<y2>\d{{4}})"
    r"|(?P<iso>\d{4}-\d{2}-\d{2})(?!\d))"
)
_TAKES_EFFECT = (
    r"(?<![a-z])(?:(?:is|are|becomes?|be|become)\s+)?effective\b\W*(?:(?:date|as|of|on|from|starting|beginning|is)\W+){0,3}"
    r"|\b(?:takes?|come|comes|came|go|goes)\s+(?:into\s+)?(?:effect|force)\W+(?:on|from|as\s+of)?\W*"
    r"|\bin\s+(?:effect|force)\s+(?:from|since|as\s+of)\W+"
)
_STATED = re.compile(rf"(?:{_TAKES_EFFECT}){_DATE}", re.IGNORECASE)
_OPENING_CHARACTERS = 3000


@dataclass(frozen=True, slots=True)
class Stated:
    on: date
    words: str  # "Effective: January 31, 2024", as written but for links and line ends


def stated_effective_date(text: str) -> Stated | None:
    """The first date that the opening of the text gives as effective, if it does."""
    opening = normalise(text[:_OPENING_CHARACTERS]).replace("*", "").replace("__", "")
    for match in _STATED.finditer(opening):
        if on := _date(match):
            return Stated(on, " ".join(match.group().split()))
    return None


def _date(match: re.Match[str]) -> date | None:
    try:
        if match["iso"]:
            return date.fromisoformat(match["iso"])
        day = int(re.sub(r"\D", "", match["d"] or match["d2"]))
        month = _MONTHS.index((match["m"] or match["m2"])[:3].casefold()) + 1
        return date(int(match["y"] or match["y2"]), month, day)
    except ValueError:
        return None
