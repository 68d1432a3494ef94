"""What looks like a key. casemgr names keys and never holds one: whoever reads its database could forge a watermark."""

import re
from collections.abc import Iterator
from typing import Any

from apps.evidence.registry import digests

PRIVATE_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]*(PRIVATE|SECRET) KEY( BLOCK)?-----")
SECRET_NAME = re.compile(r"(^|[_\W])(secrets?|seeds?|salts?|password|passphrase|private|keys?)([_\W]|$)", re.IGNORECASE)
NAME_OF_KEY = re.compile(r"(^|[_\W])key[_\W]?(id|name|ref|size|length|bits)([_\W]|$)", re.IGNORECASE)
HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{32,}(?![0-9A-Za-z])")
BASE64 = re.compile(r"(?<![0-9A-Za-z+/_-])[0-9A-Za-z+/_-]{40,}={0,2}(?![0-9A-Za-z+/=_-])")
ADDRESS = re.compile(r"https?://[^\s?]+")
JWK = re.compile(r'"(d|k)"\s*:\s*"[0-9A-Za-z_-]{16,}"')


def found_in(value: Any) -> str:
    """What in a text, or in an object of texts and numbers, could be the key itself, in words; empty if nothing is."""
    return next(_suspicions(value), "")


def _suspicions(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _suspicions(inner, str(key))
    elif isinstance(value, list):
        if len(value) > 3 and _names_a_secret(name) and all(isinstance(one, int) for one in value):
            yield f"the numbers in “{name}”"
        for inner in value:
            yield from _suspicions(inner, name)
    elif _names_a_secret(name) and value not in (None, "", True, False):
        yield f"the value of “{name}”"
    elif isinstance(value, str):
        yield from _in_text(value)


def _names_a_secret(name: str) -> bool:
    return bool(SECRET_NAME.search(name)) and not NAME_OF_KEY.search(name)


def _in_text(text: str) -> Iterator[str]:
    if PRIVATE_PEM.search(text):
        yield "a private key in PEM"
    if JWK.search(text):
        yield "a private key as JSON (JWK)"
    text = ADDRESS.sub("", text)
    for found in HEX.finditer(text):
        if not _is_digest(text, found.start()):
            yield f"{len(found[0])} hexadecimal digits in a row"
    for found in BASE64.finditer(text):
        if _is_mixed(found[0]) and not HEX.fullmatch(found[0]):
            yield f"{len(found[0])} characters of Base64 in a row"


def _is_digest(text: str, start: int) -> bool:
    """A digest says so: `sha256:…`."""
    return text[:start].lower().endswith(tuple(f"{algorithm}:" for algorithm in digests.ALGORITHMS))


def _is_mixed(text: str) -> bool:
    """Capitals, small letters and digits: long words and paths have not all three."""
    return all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
