"""What of a text could tell who somebody is: no personal data enters the Transparency Database.

It says the kinds of things found and never the things themselves, so that what it says can be logged and shown.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

EMAIL, ADDRESS, PHONE, URL = "an e-mail address", "an IP address", "a telephone number", "an address of a person's page"
ACCOUNT, NAME = "a reference of an account", "a name"

_AT, _DOT = r"(?:@|\s?[(\[{]\s?at\s?[)\]}]\s?|\s+at\s+(?=\S+\s+dot\s))", r"(?:\.|\s?[(\[{]\s?dot\s?[)\]}]\s?|\s+dot\s+)"
_EMAIL = re.compile(rf"[^\s@]+{_AT}[\w-]+(?:{_DOT}[\w-]+)+", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:(?:\.|\[\.\])\d{1,3}){3}(?![\w])")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f.]{0,15}(?:/\d{1,3})?(?![\w:])", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w.,])(?:"
    r"(?:\+|00)\d(?:[\s().\-/]{0,2}\d){6,14}"  # with the code of a country
    r"|\(?0\d{1,4}\)?[\s\-/.]{1,3}\d(?:[\s\-/.]?\d){4,9}"  # as dialled within one
    r"|\(\d{3}\)\s?\d{3}[\s.\-]\d{4}|\d{3}[.\-]\d{3}[.\-]\d{4}"
    r"|0\d{8,12}"
    r")(?![\w])"
)
_URL = re.compile(r"\b(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>\"”“]+", re.IGNORECASE)
_OWNED = re.compile(
    r"(?:^|/)(?:@|~)|/(?:users?|u|profiles?|people|accounts?|members?|in|author|id)/[^/\s]", re.IGNORECASE
)
_ASKED = frozenset(
    {"user", "username", "user_id", "uid", "account", "account_id", "email", "mail", "name", "phone", "id"}
)

# Forms of companies, and words that stand in many names and say nothing alone.
_FORMS = frozenset(
    "ab ag and as bv co company corp corporation de der e ev gmbh group holding inc international kg limited llc llp"  # noqa: SIM905
    " ltd mbh nv of oy plc pte pty sa sarl sas se sl spa srl the und van von".split()
)


def kinds(text: str, *, names: Collection[str] = (), references: Collection[str] = ()) -> list[str]:
    """The kinds of personal data in a text, each once. `names` are of people and organisations that it may not name,
    `references` of accounts."""
    return list(dict.fromkeys(_found(plain(text), names, references)))


def plain(text: str) -> str:
    """As it is read: without characters that nobody sees, and with those that only look different made alike."""
    shown = unicodedata.normalize("NFKC", text)
    return "".join(one for one in shown if unicodedata.category(one) != "Cf")


def _found(text: str, names: Collection[str], references: Collection[str]) -> Iterator[str]:
    if _EMAIL.search(text):
        yield EMAIL
    if any(map(_is_address, _candidates(text))):
        yield ADDRESS
    if _PHONE.search(text):
        yield PHONE
    if any(_is_of_somebody(match[0]) for match in _URL.finditer(text)):
        yield URL
    if any(stands_in(text, plain(reference)) for reference in references):
        yield ACCOUNT
    if any(_is_named(text, plain(name)) for name in names):
        yield NAME


def _candidates(text: str) -> Iterator[str]:
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            yield match[0].replace("[.]", ".").rstrip(".")


def _is_address(candidate: str) -> bool:
    try:
        ipaddress.ip_interface(candidate)
    except ValueError:
        return False
    return candidate.strip(":") != ""


def _is_of_somebody(url: str) -> bool:
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
    except ValueError:
        return True  # nobody can say what it is
    asked = {name.lower() for name, _ in parse_qsl(parts.query)}
    return "@" in parts.netloc or bool(_OWNED.search(parts.path)) or bool(asked & _ASKED)


def stands_in(text: str, words: str) -> bool:
    """Whether words stand in a text, not as a part of others, in whatever case and spacing. Scripts without capitals
    are mostly written without spaces as well: there they may stand anywhere."""
    if not words.strip():
        return False
    spaced = r"\s+".join(map(re.escape, words.split()))
    whole = rf"(?<!\w){spaced}(?!\w)" if words.isascii() or words.lower() != words.upper() else spaced
    return re.search(whole, text, re.IGNORECASE) is not None


def _is_named(text: str, name: str) -> bool:
    """The whole name, two words of it one after the other, or one alone that is spelled as a name."""
    own = [word for word in re.findall(r"[\w'’-]+", name) if word.strip("'’-").lower() not in _FORMS]
    if stands_in(text, name) or any(stands_in(text, f"{a} {b}") for a, b in pairwise(own)):
        return True
    spelled = {form for word in own if len(word) > 2 for form in (word.capitalize(), word.upper(), word)}
    return bool(spelled & {word for word in re.findall(r"[\w'’-]+", text) if not word[0].islower()})
