"""The trail on other pages: its alarm, people's names, the way to an object's history."""

from typing import Any
from uuid import UUID

from django import template
from django.template import Context
from django.urls import reverse

from apps.audit import queries
from apps.audit.models import Verification

register = template.Library()


@register.simple_tag(takes_context=True)
def trail_alarm(context: Context) -> Verification | None:
    """What a verification found, as long as nobody has answered for it and it concerns the reader."""
    return queries.alarm(context["request"].user)


@register.simple_tag
def actor_name(actor: str) -> str:
    return queries.name_of(actor)


@register.simple_tag
def history_of(table: str, row: Any) -> str:
    """The address of a row's history; empty for what is no audited row."""
    try:
        key = UUID(str(row))
    except ValueError:
        return ""
    return reverse("audit:history", args=[table, key]) if queries.audited_model(table) else ""
