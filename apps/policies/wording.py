"""What a terms text says, apart from how it is written: sameness of wording, redirect stubs, stated dates. Pure."""

import hashlib
import re
import unicodedata
from datetime import date

_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:<[^>\n]*>|(?:[^()\s]|\([^()\s]*\))*)(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)")
_LINK_DEFINITION = re.compile(r"^ {0,3}\[([^\]\n]+)\]:.*$", re.MULTILINE)
_URL_QUERY = re.compile(r"(https?://[^\s?#<>()\]]+)[?#][^\s<>()\]]*")


def normalise(text: str) -> str:
    """The text without what changes while nothing is said differently: link targets, URL queries, white space.

    Two versions say the same when their normalised texts are equal. What is shown and quoted is always the exact text.
    """
    text = unicodedata.normalize("NFC", text)
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")  # word joiners, soft hyphens
    text = _LINK_DEFINITION.sub(r"[\1]:", text)
    text = _LINK.sub(r"\1", _LINK.sub(r"\1", text))  # twice: an image may stand in a link
    text = _URL_QUERY.sub(r"\1", text)
    return " ".join(text.split())


def wording_sha256(text: str) -> str:
    """The SHA-256 of the normalised text, hexadecimal: equal for versions that say the same."""
    return hashlib.sha256(normalise(text).encode()).hexdigest()


# A page that only says that it has moved leaves a few bytes; the shortest real policy seen has 2,500.
STUB_CHARACTERS = 200


def is_stub(text: str) -> bool:
    """Whether the record is only what a redirect or an empty page left, not a version of the document."""
    return len(normalise(text)) < STUB_CHARACTERS


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH = "|".join(_MONTHS)
_EFFECTIVE = re.compile(
    r"(?<![a-z])effective\b\W*(?:(?:date|as|of|on|from)\W+){0,2}"
    rf"(?:(?P<m>{_MONTH})\s+(?P<d>\d{{1,2}}),?\s+(?P<y>\d{{4}})"
    rf"|(?P<d2>\d{{1,2}})\s+(?P<m2>{_MONTH})\s+(?P<y2>\d{{4}})"
    r"|(?P<iso>\d{4}-\d{2}-\d{2}))",
    re.IGNORECASE,
)
_OPENING_CHARACTERS = 3000


def stated_effective_date(text: str) -> date | None:
    """The date that the opening of the text itself gives as effective ("Effective: January 31, 2024"), if it does."""
    match = _EFFECTIVE.search(normalise(text[:_OPENING_CHARACTERS]))
    if not match:
        return None
    try:
        if match["iso"]:
            return date.fromisoformat(match["iso"])
        month = (match["m"] or match["m2"]).capitalize()
        return date(int(match["y"] or match["y2"]), _MONTHS.index(month) + 1, int(match["d"] or match["d2"]))
    except ValueError:
        return None
