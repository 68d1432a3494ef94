"""What of alerts can be held, what of an account they name, and how long rejected items are kept."""

import re
from collections.abc import Sequence
from typing import Any

from django.db import connection, models

from apps.accounts.models import Account
from apps.alerts.models import Alert, AlertGroup, GroupAccount, Merge, Rejection, Verdict
from apps.audit.ledger import Batch
from apps.records.reach import brings, holdable, part_of
from apps.records.schedule import held_with, rule
from apps.records.subjects import SUBJECTS, Part, marker

holdable(
    "group",
    AlertGroup,
    title="An alert group",
    field="key",
    example="account:acct_00000",
    covers="its alerts with what was sent, its verdicts, and the accounts that they name",
)
part_of(Alert, "group")
brings(Alert, "id", "batch")
part_of(Rejection, "batch")
brings(GroupAccount, "group", "account")
part_of(Merge, "group")
part_of(Verdict, "group")


def _about(account: Account) -> models.QuerySet[Alert]:
    return Alert.objects.filter(about__account=account)


def _without(text: str, account: Account) -> str:
    """The text with the account's reference, where that stands as a word, replaced by one that says nothing."""
    return re.sub(rf"(?<![\w-]){re.escape(account.ref)}(?![\w-])", marker(account), text)


def _rename_keys(account: Account) -> None:
    """Follows from the keys of alerts and groups."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alerts_groupkey SET key = %s WHERE key = %s",
            [f"account:{marker(account)}", f"account:{account.ref}"],
        )


SUBJECTS["account"].parts += [
    Part(
        Alert,
        rows=_about,
        instead=lambda row, account: {
            name: _without(getattr(row, name), account) for name in ("title", "key", "payload")
        },
        says="its reference in alerts",
    ),
    Part(
        AlertGroup,
        rows=lambda account: AlertGroup.objects.filter(alerts__about__account=account).distinct(),
        instead=lambda row, account: {name: _without(getattr(row, name), account) for name in ("title", "key")},
        says="its reference in alert groups",
    ),
]
SUBJECTS["account"].ends.append(_rename_keys)
SUBJECTS["account"].kept.append(
    lambda account: ["Requests of detectors, byte for byte, which may name it: their own retention is in the schedule."]
)


def _empty(batch: Batch, keys: Sequence[Any]) -> None:
    batch.run(Rejection, "UPDATE alerts_rejection SET raw = '' WHERE id = ANY(%s)", [list(keys)])


rule(
    "rejected-items",
    record="Items of detectors that were not taken",
    days=180,
    since="their receipt",
    does="their bytes are emptied; the reason stays, and they can no longer be sent in again",
    rows="alerts_rejection t WHERE length(t.raw) > 0 AND t.received_at < %(before)s"
    " AND (t.replay_id IS NULL OR t.became_id IS NOT NULL)",
    key="t.id",
    held=held_with("alerts_rejection"),
    carry_out=_empty,
)
