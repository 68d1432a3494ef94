"""Addresses of pages in other rooms, which a room below may not import."""

from django.urls import NoReverseMatch, reverse


def url_if_any(name: str, *args: object) -> str:
    """The address of a URL name, or "" where this installation has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
