"""As many statements as a campaign has accounts: whole files, no puid twice, and memory that stays as it is."""

import tracemalloc
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.accounts.models import Account
from apps.core.models import Job
from apps.notices.models import Notice
from apps.transparency import actions, queries
from apps.transparency.models import Statement
from apps.transparency.statement.schema import problems
from tests.cases.conftest import make_accounts
from tests.transparency.conftest import content, finished, send, states

MOST_MEMORY = 48 * 1024 * 1024  # bytes that Python holds at most while an export is made

# As the letters that went out already, each to one of the accounts that were added.
ALSO = {
    "cases_caseaccount": ("account_id",),
    "cases_findingaccount": ("account_id",),
    "notices_notice": ("account_id", "ref", "verification_ref"),
}


def multiply(notice: Notice, total: int) -> None:
    """Issue the letter to so many accounts in all, without the ledger, which writes letters one by one."""
    make_accounts(total - Account.objects.count(), prefix="more")
    member = notice.case.members.get(account=notice.account_id)
    found = notice.decision.finding.accounts.get(account=notice.account_id)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for row in (member, found, notice):
            table = row._meta.db_table
            own = {"id": "core_uuid7()", "account_id": "a.id", "ref": "'M-' || a.ref"}
            own |= {"verification_ref": "right('00000000000' || split_part(a.ref, '_', 2), 11)"}
            changed = {"id": own["id"]} | {name: own[name] for name in ALSO[table]}
            columns = [field.column for field in row._meta.concrete_fields]
            values = ", ".join(changed.get(name, f"one.{name}") for name in columns)
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"
                f" FROM {table} one, accounts_account a WHERE one.id = %s AND a.ref LIKE 'more%%'",
                [row.pk],
            )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute(f"ANALYZE {table}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("total", [450, pytest.param(24_000, marks=pytest.mark.soak)])
def test_every_decision_is_in_a_whole_file_once(mailed, database, start, people, total):
    letter = Notice.objects.filter(kind="suspension", state="issued").first()
    assert letter
    multiply(letter, total)
    tracemalloc.start()
    export = start()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{total} statements: {peak / 1_048_576:.1f} MiB at most")
    assert peak < MOST_MEMORY
    assert states(export) == {"batched": total}
    files = list(export.batches.order_by("number"))
    assert [file.count for file in files] == [100] * (total // 100) + ([total % 100] if total % 100 else [])
    puids: set[str] = set()
    for file in files:
        made = content(file)
        assert not any(map(problems, made))
        puids |= {one["puid"] for one in made}
    assert len(puids) == total
    assert_none_new(export, start, puids)
    assert_all_sent(export, people, database, puids)


def assert_none_new(export: Any, start: Any, puids: set[str]) -> None:
    with pytest.raises(ValidationError, match="not exported yet"):
        start()
    Job.objects.filter(kind=queries.CARRY_ON).update(state="waiting", finished_at=None, attempts=0)
    finished(export)
    assert set(Statement.objects.values_list("puid", flat=True)) == puids


def assert_all_sent(export: Any, people: Any, database: Any, puids: set[str]) -> None:
    actions.send_export(export, by=people.counsel)
    while send(export, soon=False):
        pass
    assert export.state == "sent"
    assert set(database.taken) == puids
    assert sorted(puid for request in database.requests for puid in request) == sorted(puids)
