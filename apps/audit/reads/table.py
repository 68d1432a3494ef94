"""What counts as a read: every verb by which somebody sees what they might have to answer for.

Evidence, the identifiers of account holders, what detectors sent about them, letters and reports, privileged advice,
and what the trail itself keeps apart. Lists, references, figures and hashes do not count. Which address does which of
these, and why the others do none, stands in tests/architecture/reads.py.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

WINDOW = timedelta(minutes=5)  # one person, one object, one way of looking: one event in this time
REASON_HOLDS = timedelta(hours=8)  # who said why is not asked again on the same day's work


class Kind(StrEnum):
    """How it was read, in the words of a page."""

    OPENED = "opened"
    PREVIEWED = "previewed"
    DOWNLOADED = "downloaded"
    EXPORTED = "exported"
    LOOKED_UP = "looked up"


@dataclass(frozen=True)
class Read:
    """One way of reading."""

    kind: Kind
    what: str
    reason: str = ""  # when one has to be given, after "A reason is asked"; empty: never


READS: dict[str, Read] = {
    "accounts.find_sharing": Read(Kind.LOOKED_UP, "the accounts that share an identifier"),
    "accounts.open_identifiers": Read(
        Kind.OPENED, "the identifiers of an account", "unless the account is in an open case of yours"
    ),
    "accounts.open_rejections": Read(
        Kind.OPENED, "rows of an import as they came", "for identifiers, unless you imported them"
    ),
    "accounts.open_path": Read(Kind.OPENED, "the identifiers by which two accounts are linked"),
    "accounts.open_shared": Read(Kind.OPENED, "the identifiers that the accounts of a ring share"),
    "alerts.download_body": Read(Kind.DOWNLOADED, "a detector's request as it came", "always: it names people"),
    "alerts.open_payload": Read(
        Kind.OPENED, "an alert as it was sent", "unless its group is yours, or in an open case of yours"
    ),
    "alerts.open_rejection": Read(Kind.OPENED, "a rejected item as it came"),
    "appeals.open_appeal": Read(Kind.OPENED, "what the recipient of a letter wrote in an appeal"),
    "appeals.open_letter": Read(Kind.OPENED, "a letter, by its recipient"),
    "audit.export_reads": Read(Kind.EXPORTED, "a list of who read what", "always"),
    "audit.open_private": Read(Kind.OPENED, "values that the trail keeps apart", "always"),
    "cases.look_up_identifier": Read(Kind.LOOKED_UP, "an identifier, to find its accounts"),
    "cases.open_privileged": Read(Kind.OPENED, "the legal advice in a case", "unless you wrote some of it"),
    "counsel.open_theory": Read(Kind.OPENED, "what counsel thinks of a legal theory"),
    "disclosures.open_bundle": Read(Kind.DOWNLOADED, "a bundle of evidence"),
    "disclosures.open_report": Read(Kind.DOWNLOADED, "a file of a report"),
    "disclosures.preview_report": Read(Kind.PREVIEWED, "a report"),
    "evidence.export_item": Read(Kind.EXPORTED, "an item of evidence", "always: it is the purpose of the copy"),
    "evidence.open_canary": Read(Kind.OPENED, "the words of a canary", "always: whoever knows them can clean them out"),
    "evidence.open_item": Read(
        Kind.OPENED, "an item of evidence", "for what is sealed, and for TLP:RED unless you collected it"
    ),
    "evidence.print_sheet": Read(Kind.DOWNLOADED, "a custody sheet"),
    "notices.open_notice": Read(Kind.DOWNLOADED, "a notice"),
    "notices.preview_notice": Read(Kind.PREVIEWED, "a notice"),
    "service.open_return": Read(Kind.OPENED, "a message that came back for a letter"),
}
