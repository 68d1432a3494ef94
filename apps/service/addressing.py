"""A list of addresses for the letters of a mailing, as somebody uploads it: what each row says, and what is wrong.

CSV in UTF-8 with a header: `account`, the provider's reference, and `address`. casemgr holds no addresses of accounts,
only keyed hashes of those that records name; where it has some of an account, the address must be one of them.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError

from apps.accounts import identifiers
from apps.accounts.models import Identifier
from apps.notices.models import Mailing
from apps.service.addresses import checked, masked
from apps.service.queries import Standing, mailed_letters

COLUMNS = ("account", "address")


class Refused(NamedTuple):
    line: int
    account: str
    reason: str


@dataclass
class AddressList:
    """What was read: the letters that can be sent, each with its address, and the rows that cannot be taken."""

    addresses: dict[UUID, str] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)  # account and masked address
    refused: list[Refused] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.addresses) + len(self.refused)


class _Row(NamedTuple):
    line: int
    account: str
    address: str


def read(body: bytes, mailing: Mailing) -> AddressList:
    """Raises ValidationError when the file as a whole is no such table."""
    rows = list(_rows(body))
    letters = {letter.account.ref: letter for letter in mailed_letters(mailing).select_related("account")}
    named = Counter(row.account for row in rows)
    known = _on_record([letters[row.account] for row in rows if row.account in letters])
    found = AddressList()
    for row in rows:
        letter = letters.get(row.account)
        try:
            if named[row.account] > 1:
                raise ValidationError("The account is named more than once.")
            address = _address_of(row, letter, known)
        except ValidationError as error:
            found.refused.append(Refused(row.line, row.account, " ".join(error.messages)))
            continue
        assert letter, "it was found"
        found.addresses[letter.pk] = address
        found.shown.append((row.account, masked(address)))
    return found


def _rows(body: bytes) -> Iterator[_Row]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValidationError("The file is not in UTF-8.") from None
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    try:
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise ValidationError(f"The first row names no column “{missing[0]}”.")
        for row in rows:
            yield _Row(rows.line_num, (row["account"] or "").strip(), (row["address"] or "").strip())
    except csv.Error as error:
        raise ValidationError(f"Line {rows.line_num} cannot be read: {error}.") from None


def _address_of(row: _Row, letter: Any, known: dict[UUID, set[str]]) -> str:
    if letter is None:
        raise ValidationError("No issued letter of this mailing goes to this account.")
    if letter.standing not in _OPEN:
        raise ValidationError(f"Its letter is not sent again: {Standing(letter.standing).label.lower()}.")
    address = checked(row.address)
    on_record = known.get(letter.account_id)
    if on_record and identifiers.kept("email", address).value_hmac not in on_record:
        raise ValidationError("It is none of the addresses that are on record of this account.")
    return address


_OPEN = (Standing.WITHOUT, Standing.CAME_BACK, Standing.FAILED)


def _on_record(letters: list[Any]) -> dict[UUID, set[str]]:
    """Hashes of the e-mail addresses that records name of each account, under the present pepper."""
    rows = Identifier.objects.filter(
        account__in=[letter.account_id for letter in letters],
        kind=Identifier.Kind.EMAIL,
        key_id=identifiers.key_id(),
    )
    found: dict[UUID, set[str]] = defaultdict(set)
    for account, digest in rows.values_list("account", "value_hmac"):
        found[account].add(digest)
    return found
