"""What Bates numbers look like: `NAI-0000001-CONF`. Plain data in, plain data out."""

import re

PREFIX = re.compile(r"[A-Z0-9]{2,10}")
DIGITS = 7
LAST = 10**DIGITS - 1


def printed(prefix: str, number: int, confidentiality: str = "") -> str:
    return f"{prefix}-{number:0{DIGITS}d}{suffix(confidentiality)}"


def suffix(confidentiality: str) -> str:
    return f"-{confidentiality}" if confidentiality else ""


def span(prefix: str, first: int, last: int, confidentiality: str = "") -> str:
    """The numbers of several pages, for people."""
    ends = [printed(prefix, number, confidentiality) for number in (first, last)]
    return ends[0] if first == last else " to ".join(ends)
