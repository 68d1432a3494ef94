"""What templates of letters and of their recipients' pages need beside the tags of Django."""

import unicodedata
from datetime import date, datetime

from django import template

from apps.notices.letter import long_date

register = template.Library()


@register.filter
def day(value: date | datetime | None) -> str:
    """A day as the language in use writes it."""
    return long_date(value).replace("\u00a0", " ") if value else ""


@register.filter
def isolated(text: str) -> str:
    """A text with letters that are written from right to left, kept apart from the numbers and marks beside it (Unicode
    Bidirectional Algorithm, 2.4.2); any other as it is."""
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"
    return text
