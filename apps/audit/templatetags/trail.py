"""The trail on other pages: its alarm, people's names, the way to an object's history."""

import re
from typing import Any
from uuid import UUID

from django import template
from django.template import Context
from django.urls import reverse

from apps.audit import queries
from apps.audit.models import Verification

register = template.Library()

FEW = 6  # lines of a structure that stand on a page without being asked for


@register.simple_tag(takes_context=True)
def trail_alarm(context: Context) -> Verification | None:
    """What a verification found, as long as nobody has answered for it and it concerns the reader."""
    return queries.alarm(context["request"].user)


@register.filter
def shape(value: Any) -> str:
    """What a value takes to be shown: "hash" and "structure" are for whoever asks for them; empty for words."""
    text = value if isinstance(value, str) else ""
    if re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{128}", text):
        return "hash"
    return "structure" if text.startswith(("[\n", "{\n")) and text.count("\n") > FEW else ""


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
