"""What STIX says was seen: cyber-observable objects, and the comparisons of a pattern."""

import re
from typing import Any

from apps.alerts.formats.loose import Indicators, at, mapping, text, texts

ADDRESSES = ("ipv4-addr", "ipv6-addr")
VALUES = {  # object type: (property, indicator)
    "domain-name": ("value", "domain"),
    "url": ("value", "url"),
    "email-addr": ("value", "email"),
    "mac-addr": ("value", "mac"),
    "mutex": ("name", "mutex"),
    "x509-certificate": ("serial_number", "certificate_serial"),
}
ACCOUNT = "account"  # an account is no indicator: it becomes part of the subject
ACCOUNT_PATHS = ("user_id", "account_login")
USER_AGENT = "extensions.http-request-ext.request_header.User-Agent"

# A comparison for equality: `type:path = 'value'`, or IN with a list, or an address inside a block. A quote is escaped
# by a backslash. Each part is bounded, so that no pattern takes long to read.
_string = r"'(?:[^'\\]|\\.)*'"
_comparison = re.compile(
    r"(?<![a-z0-9-])(?P<type>[a-z0-9-]{3,250}):"
    r"(?P<path>(?:'[^'\\]{0,250}'|[^\s=:'!<>()\[\]]|\[(?:\d{1,9}|\*)\]){1,250}+)\s{0,9}"
    rf"(?:==?|\bISSUBSET\b|\bIN\b)\s{{0,9}}"
    rf"(?P<value>{_string}|\d+|\((?:\s*(?:{_string}|\d+)\s*(?:,|(?=\))))*\))"
)
_literal = re.compile(rf"{_string}|\d+")
_escaped = re.compile(r"\\(.)")
MAX_PATTERN = 20_000  # characters of a pattern that are looked through


def of_object(present: dict[str, Any], found: Indicators) -> None:
    """Add what a cyber-observable object says."""
    kind = text(present.get("type"))
    if kind in ADDRESSES:
        _add_address(text(present.get("value")), found)
    elif kind in VALUES:
        path, name = VALUES[kind]
        found.add(name, present.get(path))
    elif kind == "autonomous-system":
        number = text(present.get("number"))
        found.add("asn", f"AS{number}" if number else None)
    elif kind == "user-account":
        found.add(ACCOUNT, next(filter(None, (text(present.get(path)) for path in ACCOUNT_PATHS)), None))
    elif kind == "file":
        for name, value in mapping(present.get("hashes")).items():
            found.add(_hash(name), value)
    elif kind == "network-traffic":
        found.add("user_agent", at(present, USER_AGENT))


def refs_of(present: dict[str, Any]) -> list[str]:
    """The objects that a cyber-observable object leans on."""
    return [ref for name in ("src_ref", "resolves_to_refs", "belongs_to_refs") for ref in texts(present.get(name))]


def of_pattern(pattern: str, found: Indicators) -> None:
    """Add what a STIX pattern asks for by equality. A value that it only excludes or resembles names nothing."""
    for comparison in _comparison.finditer(pattern[:MAX_PATTERN]):
        for literal in _literal.finditer(comparison["value"]):
            value = _escaped.sub(r"\1", literal[0].strip("'")) if literal[0][0] == "'" else literal[0]
            _add_compared(comparison["type"], comparison["path"].replace("'", ""), value, found)


def _add_compared(kind: str, path: str, value: str, found: Indicators) -> None:
    last = path.rsplit(".", 1)[-1]
    if kind in ADDRESSES or (kind == "network-traffic" and path == "src_ref.value"):
        _add_address(value, found)
    elif kind == "autonomous-system" and path == "number":
        found.add("asn", f"AS{value}")
    elif kind == "user-account" and path in ACCOUNT_PATHS:
        found.add(ACCOUNT, value)
    elif kind == "file" and path.startswith("hashes."):
        found.add(_hash(last), value)
    elif kind == "email-message" and path in ("from_ref.value", "sender_ref.value"):
        found.add("email", value)
    elif kind == "network-traffic" and path == USER_AGENT:
        found.add("user_agent", value)
    elif VALUES.get(kind, ("",))[0] == path:
        found.add(VALUES[kind][1], value)
    else:
        found.add(f"{kind}.{path}", value)


def _add_address(value: str, found: Indicators) -> None:
    found.add("ip_prefix" if "/" in value else "ip", value)


def _hash(name: str) -> str:
    return "file_" + name.lower().replace("-", "")
