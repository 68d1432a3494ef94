"""What happens to account records: they are heard of, imported, and their identifiers looked at."""

from collections.abc import Iterable

from apps.accounts.models import Account
from apps.audit import ledger
from apps.audit.action import action


@action
def record_seen(*, refs: Iterable[str], by) -> int:
    """Make a record for each account that somebody named and casemgr did not know; returns how many were new.

    Sorted, so that two batches which name the same accounts wait for each other instead of for ever.
    """
    with ledger.batch() as rows:
        return rows.run(
            Account,
            "INSERT INTO accounts_account (id, ref, product, plan, country, organisation, contract, status, recorded_at)"
            " SELECT core_uuid7(), ref, '', '', '', '', '', 'unknown', now()"
            " FROM unnest(%s::text[]) AS seen (ref) ON CONFLICT (ref) DO NOTHING",
            [sorted(set(refs))],
        )
