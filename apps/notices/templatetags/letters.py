"""What templates of letters and of their recipients' pages need beside the tags of Django."""

from datetime import date, datetime

from django import template

from apps.notices.letter import long_date

register = template.Library()


@register.filter
def day(value: date | datetime | None) -> str:
    """A day as the language in use writes it."""
    return long_date(value).replace("\u00a0", " ") if value else ""
