"""What a terms text says, apart from how it is written: sameness of wording, and records that hold no terms. Pure."""

import hashlib
import re
import unicodedata

_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:<[^>\n]*>|(?:[^()\s]|\([^()\s]*\))*)(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)")
_LINK_DEFINITION = re.compile(r"^ {0,3}\[([^\]\n]+)\]:.*$", re.MULTILINE)
_URL_QUERY = re.compile(r"(https?://[^\s?#<>()\]]+)[?#][^\s<>()\]]*")


def normalise(text: str) -> str:
    """The text without what changes while nothing is said differently: link targets, URL queries, white space.

    Two versions say the same when their normalised texts are equal. What is shown and quoted is always the exact text.
    """
    text = unicodedata.normalize("NFC", text)
    for letter in set(text):
        if unicodedata.category(letter) == "Cf":  # word joiners, soft hyphens and other letters of format
            text = text.replace(letter, "")
    text = _LINK_DEFINITION.sub(r"[\1]:", text)
    text = _LINK.sub(r"\1", _LINK.sub(r"\1", text))  # twice: an image may stand in a link
    text = _URL_QUERY.sub(r"\1", text)
    return " ".join(text.split())


def sha256(text: str) -> str:
    """In hexadecimal; of a normalised text it is equal for versions that say the same."""
    return hashlib.sha256(text.encode()).hexdigest()


# What an archive keeps when a page has moved, is gone, or shows itself to nobody without a browser. The shortest real
# policy seen has 2,500 characters; below the lower limit nothing is terms, up to the higher one what says so is not.
SHORTEST_TERMS, LONGEST_ERROR = 200, 1500
_ERRORS = {
    "a redirect": r"\b(redirect(s|ed|ing)?|(has|have|was|been) (been )?(permanently )?moved|moved permanently"
    r"|click here if)\b",
    "an error page": r"\b(page (was |could )?not( be)? found|404|error \d{3}|does not exist|no longer available"
    r"|access denied|forbidden|something went wrong|temporarily unavailable)\b",
    "a page that wants a browser": r"\b(enable (java ?script|cookies)|verify(ing)? (that )?you are (a )?human"
    r"|just a moment|checking your browser|are you a robot|captcha)\b",
    "a page to sign in": r"\b(sign|log) in to (continue|view|your account)\b",
}  # fmt: skip


def no_terms(said: str) -> str:
    """Why a record, by its normalised text, is not a version of the document; "" when it may be one."""
    if not said:
        return "the record is empty: the page could not be read then"
    if len(said) >= LONGEST_ERROR:
        return ""
    kind = next((kind for kind, cue in _ERRORS.items() if re.search(cue, said, re.IGNORECASE)), "")
    if len(said) < SHORTEST_TERMS:
        return f"the record has {len(said)} characters of text: {kind or 'a redirect or an empty page'}, not the terms"
    return f"the record is {kind}, not the terms" if kind else ""
