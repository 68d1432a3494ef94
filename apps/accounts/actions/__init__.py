"""What happens to account records and to what accounts were allowed."""

from apps.accounts.actions.authorisations import (
    confirm_authorisation,
    record_authorisation,
    refuse_authorisation,
    revoke_authorisation,
)
from apps.accounts.actions.records import (
    find_sharing,
    import_records,
    open_identifiers,
    open_rejections,
    record_seen,
)

__all__ = [
    "confirm_authorisation",
    "find_sharing",
    "import_records",
    "open_identifiers",
    "open_rejections",
    "record_authorisation",
    "record_seen",
    "refuse_authorisation",
    "revoke_authorisation",
]
