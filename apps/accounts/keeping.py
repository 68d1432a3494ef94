"""What of accounts can be held and erased, and how long rejected rows are kept."""

from collections.abc import Sequence
from typing import Any

from apps.accounts.models import (
    Acceptance,
    Account,
    Activity,
    AuthorisedAccount,
    Identifier,
    ImportRejection,
    Link,
    RingMember,
    Tie,
)
from apps.audit.ledger import Batch
from apps.records.reach import holdable, part_of
from apps.records.schedule import held_with, rule
from apps.records.subjects import ERASED, Part, marker, subject

holdable(
    "account",
    Account,
    title="An account",
    field="ref",
    example="acct_00000",
    covers="its record, its identifiers, what it did and accepted",
)
part_of(Identifier, "account")
part_of(Activity, "account")
part_of(Acceptance, "account")
part_of(AuthorisedAccount, "account")
part_of(RingMember, "account")
part_of(Link, "account")
part_of(Tie, "account")

subject(
    "account",
    Account,
    title="An account",
    field="ref",
    example="acct_00000",
    kept=[lambda account: ["Counts of its requests a day, and when it accepted which terms: they name nobody now."]],
    parts=[
        Part(
            Account,
            rows=lambda account: Account.objects.filter(pk=account.pk),
            instead=lambda row, account: {
                "ref": marker(row),
                "product": "",
                "plan": "",
                "country": "",
                "organisation": "",
                "contract": "",
            },
            says="the reference, and what was known of the holder",
        ),
        Part(
            Identifier,
            rows=lambda account: Identifier.objects.filter(account=account),
            instead=lambda row, account: {"value_hmac": marker(row), "masked": ERASED},
            says="identifiers: keyed hash and masked form",
        ),
        Part(
            Link,
            rows=lambda account: Link.objects.filter(account=account).exclude(value_hmac=""),
            instead=lambda row, account: {"value_hmac": marker(row)},
            says="edges of rings: keyed hash",
        ),
        Part(
            Tie,
            rows=lambda account: Tie.objects.filter(account=account).exclude(value_hmac=""),
            instead=lambda row, account: {"value_hmac": marker(row), "masked": ERASED},
            says="what was said of its edges: keyed hash and masked form",
        ),
    ],
)


def _empty(batch: Batch, keys: Sequence[Any]) -> None:
    batch.run(ImportRejection, "UPDATE accounts_importrejection SET raw = '' WHERE id = ANY(%s)", [list(keys)])


rule(
    "import-rejections",
    record="Rows of imports that were not taken",
    days=180,
    since="the import",
    does="the row as it came is emptied; the reason stays",
    rows="accounts_importrejection t JOIN accounts_import i ON i.id = t.source_id"
    " WHERE t.raw <> '' AND i.imported_at < %(before)s",
    key="t.id",
    held=held_with("accounts_importrejection"),
    carry_out=_empty,
)
