from typing import Any

from django import template
from django.db import models

from apps.records.holds import holding

register = template.Library()


@register.inclusion_tag("records/_on.html", takes_context=True)
def legal_holds(context: dict[str, Any], row: models.Model) -> dict[str, Any]:
    """A badge for each legal hold in force that covers the row, with a link for who may read it. Nothing where there is
    none: `{% load holds %}{% legal_holds case %}`."""
    return {"holds": holding(row._meta.db_table, row.pk), "request": context["request"]}
