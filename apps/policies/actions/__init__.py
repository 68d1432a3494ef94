"""What is done to terms, by noun: histories are imported, and what is proposed of them is decided by a person."""

from apps.policies.actions.dates import confirm_effective_date
from apps.policies.actions.histories import import_terms
from apps.policies.actions.successions import confirm_succession, reject_succession
from apps.policies.actions.tags import confirm_tag, reject_tag, tag_clause

__all__ = [
    "confirm_effective_date",
    "confirm_succession",
    "confirm_tag",
    "import_terms",
    "reject_succession",
    "reject_tag",
    "tag_clause",
]
