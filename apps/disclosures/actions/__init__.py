"""What is done to let something leave the house: reports of a case, and evidence bundles."""

from apps.disclosures.actions.bundles import (
    assemble_bundle,
    compile_bundle,
    copy_exhibit,
    discard_bundle,
    fail_bundle,
    number_bundle,
    open_bundle,
    release_bundle,
)
from apps.disclosures.actions.reports import (
    compile_report,
    discard_report,
    files_of,
    open_report,
    preview_report,
    release_report,
    render_report,
    return_report,
)

__all__ = [
    "assemble_bundle",
    "compile_bundle",
    "compile_report",
    "copy_exhibit",
    "discard_bundle",
    "discard_report",
    "fail_bundle",
    "files_of",
    "number_bundle",
    "open_bundle",
    "open_report",
    "preview_report",
    "release_bundle",
    "release_report",
    "render_report",
    "return_report",
]
