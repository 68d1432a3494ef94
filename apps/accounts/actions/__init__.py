"""What happens to account records, to what accounts were allowed, and to rings of them."""

from apps.accounts.actions.authorisations import (
    confirm_authorisation,
    record_authorisation,
    refuse_authorisation,
    revoke_authorisation,
)
from apps.accounts.actions.imports import carry_on_import, import_records, start_import
from apps.accounts.actions.linkage import keep_found, start_linkage, stop_linkage, write_rings
from apps.accounts.actions.records import find_sharing, open_identifiers, open_rejections, record_seen
from apps.accounts.actions.rings import (
    confirm_link,
    cut_link,
    explain_ring,
    open_path,
    open_shared,
    reopen_ring,
    suspect_ring,
    undo_tie,
)

__all__ = [
    "carry_on_import",
    "confirm_authorisation",
    "confirm_link",
    "cut_link",
    "explain_ring",
    "find_sharing",
    "import_records",
    "keep_found",
    "open_identifiers",
    "open_path",
    "open_rejections",
    "open_shared",
    "record_authorisation",
    "record_seen",
    "refuse_authorisation",
    "reopen_ring",
    "revoke_authorisation",
    "start_import",
    "start_linkage",
    "stop_linkage",
    "suspect_ring",
    "undo_tie",
    "write_rings",
]
