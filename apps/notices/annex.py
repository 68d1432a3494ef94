"""The accounts concerned, one a row, for a party that cannot do what a letter asks without knowing which they are.

A row has what the recipient needs to find the account: its reference, the service, and the days of its first and last
activity as the finding has them; nothing of its holder, and no identifier. The list is frozen as the CSV that is
attached, and paper prints the rows of that file.
"""

import hashlib
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override as in_language

from apps.cases.models import Finding, FindingAccount
from apps.cases.queries import accounts_of_finding
from apps.core import pdf
from apps.core.appendix import Appendix
from apps.core.spreadsheets import inert
from apps.notices.letter import LIST_FILE, AccountList, NoticeFacts
from apps.records.subjects import marker

CHANGED = "The list of accounts is not the one that the letter was drafted with: draft it again"


def of_finding(finding: Finding) -> tuple[AccountList, str]:
    """Those of its accounts that are still in the case, and the CSV that lists them, in the language in use.

    Those that were erased are counted alone. Raises ValidationError where none is left to be named.
    """
    met = list(_met(finding))
    named = [row for row in met if not _is_erased(row)]
    if not named:
        raise ValidationError({"listed_why": "None of the accounts can be named any more: what was known was erased."})
    columns = (_("Account"), _("Service"), _("First activity"), _("Last activity"))
    text = Appendix("", columns, [_row(each) for each in named], LIST_FILE).to_csv().decode()
    return AccountList(len(named), _sha256(text), erased=len(met) - len(named)), text


def printed(facts: NoticeFacts, *, is_draft: bool) -> Appendix | None:
    """What the letter lists at its end, if it does. Raises pdf.PdfError where that is not what its facts say."""
    if facts.listed is None:
        return None
    if not is_whole(facts):
        raise pdf.PdfError(f"{CHANGED}.")
    with in_language(facts.language):
        found = Appendix.of_csv(_("Accounts concerned"), LIST_FILE, facts.accounts_csv)
    return replace(found, is_draft=is_draft)


def is_whole(facts: NoticeFacts) -> bool:
    """Whether the list is the one that the letter speaks of, byte for byte."""
    return facts.listed is None or _sha256(facts.accounts_csv) == facts.listed.sha256


def references(csv: str) -> list[str]:
    """The accounts that a list names, in its order."""
    return [row[0] for row in Appendix.of_csv("", LIST_FILE, csv).rows]


def changes(facts: NoticeFacts, finding: Finding) -> tuple[list[str], list[str]]:
    """References that the list names and that no measure of the finding meets any more; and those that are met now and
    that it does not name."""
    then = set(references(facts.accounts_csv))
    now = {inert(row.account.ref) for row in _met(finding) if not _is_erased(row)}
    return sorted(then - now), sorted(now - then)


def _met(finding: Finding) -> QuerySet[FindingAccount]:
    rows = accounts_of_finding(finding).order_by("account__ref")
    return rows.only("first_day", "last_day", "account__ref", "account__product")


def _is_erased(row: FindingAccount) -> bool:
    return row.account.ref == marker(row.account)


def _row(row: FindingAccount) -> tuple[str, ...]:
    days = (day.isoformat() if day else "" for day in (row.first_day, row.last_day))
    return (row.account.ref, row.account.product, *days)


def _sha256(csv: str) -> str:
    return hashlib.sha256(csv.encode()).hexdigest()
