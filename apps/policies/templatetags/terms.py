"""How pages quote terms."""

from django import template

from apps.policies import queries
from apps.policies.models import Clause

register = template.Library()


@register.filter
def lead_in(clause: Clause) -> str:
    """The words that introduce the list that a clause is an item of; see `queries.lead_in`."""
    return queries.lead_in(clause)
