"""Native JSON: one alert, or a list of them. The whole document is in memory; the caller bounds its size."""

import re
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw

from apps.alerts.formats.item import Item
from apps.alerts.formats.lines import BOM, LIMIT
from apps.alerts.wire import Refusal

ITEMS = msgspec.json.Decoder(list[Raw])
_space = b" \t\r\n"
# A string (to the end of the body, if nobody closes it), or what opens, closes or parts.
_token = re.compile(rb'"[^"\\]*(?:\\.?[^"\\]*)*(?:"|\Z)|[\[\]{},]', re.DOTALL)


def items(chunks: Iterable[bytes], *, source: str = "", limit: int = LIMIT) -> Iterator[Item]:
    """The alert, or the elements of the list, each as it came; nothing of an empty body."""
    body, broken = joined(chunks)
    for raw in elements(body):
        yield raw if isinstance(raw, Item) else whole(raw, limit)
    if broken:
        yield Item(b"", refusal=broken)


def joined(chunks: Iterable[bytes]) -> tuple[bytes, Refusal | None]:
    """The whole body, or as much as came, and what broke its stream off."""
    found: list[bytes] = []
    broken = None
    try:
        found.extend(bytes(chunk) for chunk in chunks)
    except Refusal as refusal:
        broken = refusal
    return b"".join(found), broken


def whole(raw: bytes, limit: int) -> Item:
    """An item as it came, unless it is too long to be kept."""
    if len(raw) > limit:
        reason = f"The alert has {len(raw):,} bytes; at most {limit:,} are taken."
        return Item(raw[:limit], refusal=Refusal("too_large", reason))
    return Item(raw, raw)


def elements(body: bytes) -> Iterator[bytes | Item]:
    """The elements of a list, or the body itself where it is none. What can be parted from the rest is judged alone."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield Item(body[:LIMIT], refusal=Refusal("not_utf8", "The body is UTF-16; send UTF-8."))
        return
    body = body.removeprefix(BOM).strip(_space)
    if body[:1] != b"[":
        if body:
            yield body
        return
    try:
        found = ITEMS.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        yield from _parted(body)
    else:
        for raw in found:
            yield bytes(raw)


def _parted(body: bytes) -> Iterator[bytes | Item]:
    """The elements of a list that is no JSON as a whole: parted by its brackets alone, to any depth.

    So one bad element, or an end that is missing, costs no other.
    """
    depth, start = 0, 1
    for token in _token.finditer(body):
        mark = token[0]
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
        if depth == 0 or (depth == 1 and mark == b","):
            text = body[start : token.start()].strip(_space)
            yield text or Item(b"", refusal=Refusal("not_json", "An element of the list is missing: nothing is there."))
            start = token.end()
        if depth == 0:
            break
    else:
        reason = f"The list ends before it is closed, after {len(body):,} bytes; this element is cut off."
        yield Item(body[start:][:LIMIT].strip(_space), refusal=Refusal("body_cut", reason))
        return
    if rest := body[start:].strip(_space):
        reason = "Something follows the end of the list; it was not read."
        yield Item(rest[:LIMIT], refusal=Refusal("not_json", reason))
