"""What accounts may share, made comparable and unreadable: one spelling, a keyed hash, a masked form for people.

Pure. The value itself is never kept; without the pepper nobody can find it by trying all telephone numbers.

From an e-mail address two more are derived, since what a campaign makes in series shows there:

    email_domain   the part behind the @
    email_pattern  how the part before it is built, without what is behind a +: its first word is kept where it has at
                   least 4 letters, all else only by its shape: letters are `@`, digits `#`, each with how many there
                   are in a row, up to 4 and `5+` beyond; other characters are as they are

    kestrel.ops-0042@mail.example   ->  mail.example, kestrel.@3-#4
    jo-ann.k1987@mail.example       ->  mail.example, @2-@3.@1#4

A pattern is weak alone: many people are called maria and append their year. Linkage weighs it by its rarity.
"""

import ipaddress
import re
import socket
import unicodedata
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from django.conf import settings

KINDS = frozenset(
    {"email", "email_domain", "email_pattern", "phone", "payment", "device", "api_key", "ip_prefix", "asn"}
    | {"user_agent", "template", "tool_schema"}
)
MASK_LENGTH = 120
STEM = 4  # letters from which on a word is kept in a pattern
EXACT = 4  # length up to which a pattern says how long a run is


def kind_and_value(kind: str, value: str) -> tuple[str, str]:
    """The kind that casemgr keeps, and the value: what has no kind of its own is "other", told apart by its name."""
    kind = kind.strip().lower()
    return (kind, value) if kind in KINDS else ("other", f"{kind}:{value}")


def normalise(kind: str, value: str) -> str:
    """The one spelling under which equal things are equal. Raises ValueError with what is wrong."""
    value = (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip()
    if not value:
        raise ValueError("the value is empty")
    if len(value) > 2000:
        raise ValueError("the value has more than 2,000 characters")
    rule = _RULES.get(kind)
    plain = rule(value) if rule else value
    if not plain:
        raise ValueError("nothing of the value tells it from others")
    return plain


def _email(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if not (local and at and domain) or value.split() != [value]:
        raise ValueError("this is no e-mail address")
    return f"{local.casefold()}@{_domain(domain)}"


def _domain(value: str) -> str:
    plain = value.casefold().strip().strip("@.")
    return plain if plain == value else _domain(plain)


def _phone(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    if not 5 <= len(digits) <= 15:
        raise ValueError("a telephone number has 5 to 15 digits")
    if value.startswith("00"):
        return f"+{digits[2:]}"
    return f"+{digits}" if value.startswith("+") else digits


def _ip_prefix(value: str) -> str:
    if _is_ipv4(value):
        return f"{value}/32"  # the usual case: the library takes ten times as long
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError as error:
        raise ValueError("this is no address block, such as 198.51.100.0/24") from error


def _is_ipv4(value: str) -> bool:
    """Whether it is an address as everybody writes it: four decimal numbers, none with a zero in front."""
    try:
        return bool(socket.inet_pton(socket.AF_INET, value))
    except (OSError, ValueError):
        return False


def _asn(value: str) -> str:
    number = value.upper().removeprefix("AS").strip()
    if not number.isascii() or not number.isdigit() or int(number) > 2**32 - 1:
        raise ValueError("this is no autonomous system, such as AS64500")
    return f"AS{int(number)}"


def derived(kind: str, value: str) -> list[tuple[str, str]]:
    """What else a value says of its account, as (kind, value): of an e-mail address its domain and its pattern.

    Raises ValueError where the value is none of its kind.
    """
    if kind != "email":
        return []
    local, _, domain = normalise(kind, value).rpartition("@")
    return [(kind, text) for kind, text in (("email_domain", domain), ("email_pattern", _pattern(local))) if text]


_runs = re.compile(r"[^\W\d_]+|\d+|[\W_]")


def _pattern(local: str) -> str:
    """How the local part of an address is built: see above."""
    first, *rest = _runs.findall(local.partition("+")[0] or local)
    stem = first if len(first) >= STEM and first.isalpha() else _shape(first)
    return stem + "".join(map(_shape, rest))


def _shape(run: str) -> str:
    sign = "@" if run.isalpha() else "#" if run.isdecimal() else ""
    return f"{sign}{len(run) if len(run) <= EXACT else f'{EXACT + 1}+'}" if sign else run


_RULES = {
    "email": _email,
    "email_domain": _domain,
    "email_pattern": str.casefold,
    "phone": _phone,
    "ip_prefix": _ip_prefix,
    "asn": _asn,
    "user_agent": lambda value: " ".join(value.split()),
}


def hmac_of(kind: str, value: str) -> tuple[str, str]:
    """(HMAC-SHA-256 of kind and normalised value in hexadecimal, id of the key it was made with)."""
    return _hmac(kind, normalise(kind, value))


def _hmac(kind: str, value: str) -> tuple[str, str]:
    """By its definition (RFC 2104), with what is the same for all done once: half of what the library takes."""
    inner, outer, key = _keyed(settings.IDENTIFIER_PEPPER)
    within, made = inner.copy(), outer.copy()
    within.update(f"{kind}\x00{value}".encode())
    made.update(within.digest())
    return made.hexdigest(), key


@lru_cache(maxsize=8)
def _keyed(pepper: str) -> tuple[Any, Any, str]:
    """SHA-256 begun with the inner and with the outer padded key, and the key's id."""
    key = pepper.encode()
    block = (sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    inner, outer = (sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    return inner, outer, _id_of(pepper)


BLOCK = 64  # bytes, of SHA-256


class Recognised(NamedTuple):
    """A value that somebody saw, as casemgr keeps it."""

    kind: str
    value_hmac: str
    key_id: str
    masked: str


@lru_cache(maxsize=65_536)
def kept(kind: str, value: str) -> Recognised:
    """What is kept of a value that a record says. Raises ValueError with what is wrong."""
    kind, value = kind_and_value(kind, value)
    plain = normalise(kind, value)
    return Recognised(kind, *_hmac(kind, plain), _masked(kind, plain)[:MASK_LENGTH])


def kept_of_email(value: str) -> list[Recognised]:
    """What is kept of all that an e-mail address says besides."""
    return [kept(*more) for more in derived("email", value)]


ALIASES = {"ip": "ip_prefix", "payment_fp": "payment", "payment_fp_hmac": "payment", "device_fp": "device"}


@lru_cache(maxsize=65_536)
def recognise(kind: str, value: str, hashed_under: str | None = None) -> Recognised | None:
    """What a detector says an account used, or None when it is nothing that accounts share.

    A value that the sender hashed already is told apart by the id of the sender's key.
    """
    kind = kind.strip().lower()
    kind = ALIASES.get(kind, kind)
    if kind not in KINDS:
        return None
    try:
        plain = normalise(kind, value)
    except ValueError:
        return None
    digest, made_under = hmac_of(kind, f"{hashed_under}:{plain}") if hashed_under else _hmac(kind, plain)
    return Recognised(kind, digest, made_under, _masked(kind, plain)[:MASK_LENGTH])


def key_id() -> str:
    """Tells hashes of two peppers apart, and nothing about either."""
    return _id_of(settings.IDENTIFIER_PEPPER)


@lru_cache(maxsize=8)
def _id_of(pepper: str) -> str:
    return sha256(b"identifier pepper\x00" + pepper.encode()).hexdigest()[:12]


def mask(kind: str, value: str) -> str:
    """Enough to recognise a value that one knows already, too little to learn it."""
    value = normalise(kind, value)
    return _masked(kind, value)[:MASK_LENGTH]


def mask_any(kind: str, value: str) -> str:
    """The same for whatever a detector sent under whatever name: what cannot be recognised shows its end at most."""
    kind = kind.strip().lower()
    kind = ALIASES.get(kind, kind)
    try:
        return mask(kind if kind in KINDS else "device", value)  # which shows the end of a long value
    except ValueError:
        return "…"


def _masked(kind: str, value: str) -> str:
    if kind in ("ip_prefix", "asn", "template", "email_domain"):
        return value  # shared by many by their nature
    if kind == "email":
        local, _, domain = value.rpartition("@")
        return f"{local[0]}…@{domain}"
    if kind == "email_pattern":  # its word may be a name; its shape is nobody's
        word = re.match(r"[^\W\d_]*", value)[0]  # type: ignore[index] # matches nothing, too
        return f"{word[0]}…{value[len(word) :]}" if len(word) >= STEM else value
    if kind == "user_agent":
        return value if len(value) <= 60 else f"{value[:60]}…"
    if kind == "phone":
        return f"{value[:3]}…{value[-2:]}"
    name, colon, rest = value.partition(":") if kind == "other" else ("", "", value)
    return f"{name}{colon}…{rest[-4:]}" if len(rest) >= 8 else f"{name}{colon}…"
