"""A small population with two rings: 12 accounts around two cards, 10 around a device, and others on their own."""

import io
import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts import actions
from apps.accounts.models import Account, Link, LinkageRun, Ring, RingMember
from apps.core import jobs
from apps.core.models import Job

CARDS, DEVICE, ALONE = 12, 10, 40


def bring(people: Any, kind: str, rows: list[dict[str, Any]]) -> None:
    data = "\n".join(json.dumps(row) for row in rows).encode()
    actions.import_records(kind=kind, filename=f"{kind}.ndjson", stream=io.BytesIO(data), by=people.analyst)


def populate(people: Any, *, backwards: bool = False) -> None:
    """Accounts acct_c00 … share a card (the last six another one, which one of the first has too), acct_d00 … a device,
    acct_s00 … nothing."""
    held: list[tuple[str, str, str]] = []
    for n in range(CARDS):
        held.append((f"acct_c{n:02}", "payment", "card-one" if n < 6 else "card-two"))
    held.append(("acct_c00", "payment", "card-two"))
    held += [(f"acct_d{n:02}", "device", "device-one") for n in range(DEVICE)]
    held += [(f"acct_s{n:02}", "payment", f"card-of-{n}") for n in range(ALONE)]
    refs = sorted({ref for ref, _, _ in held}, reverse=backwards)
    held = held[::-1] if backwards else held
    bring(
        people,
        "accounts",
        [{"ref": ref, "plan": "pro", "opened_at": f"2026-03-{1 + n % 28:02}T00:00:00Z"} for n, ref in enumerate(refs)],
    )
    share(people, *held)


def share(people: Any, *held: tuple[str, str, str]) -> None:
    """Record who holds what: (account, kind, value)."""
    bring(people, "identifiers", [{"account_ref": ref, "kind": kind, "value": value} for ref, kind, value in held])


def linked(people: Any, scope: str = "full") -> LinkageRun:
    """A run from beginning to end."""
    run = actions.start_linkage(scope=scope, by=people.analyst)
    work()
    run.refresh_from_db()
    return run


def work() -> None:
    """Do what waits, in the transaction of the test too, whose clock stands still."""
    while Job.objects.filter(state=Job.State.WAITING).update(due_at=timezone.now() - timedelta(days=1)):
        jobs.work_off()


def rings() -> dict[str, set[str]]:
    """References of the accounts of each ring, by its reference."""
    found: dict[str, set[str]] = {}
    for ring, ref in RingMember.objects.filter(until_run=None).values_list("ring__ref", "account__ref"):
        found.setdefault(ring, set()).add(ref)
    return found


def state() -> Any:
    """All that runs write but for the runs: what has to be the same when nothing is different."""
    return [list(model._base_manager.order_by("id").values_list()) for model in (Ring, RingMember, Link)]


def account(ref: str) -> Account:
    return Account.objects.get(ref=ref)
