"""One search for rings, from the tables to a file: reads, decides nothing, writes nothing.

A full search looks at everything. One around what is new looks at the accounts that it touches, and counts for their
values who holds them elsewhere, so that what is rare is judged by everybody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings as django_settings

from apps.accounts import linkage
from apps.accounts.models import LinkageRun, Tie
from apps.accounts.relinking import news, reading, results, surroundings
from apps.accounts.relinking.reading import Input


@dataclass(frozen=True)
class Searched:
    """What was found, as a file, and in what."""

    content: bytes
    settings: dict[str, Any]
    input_sha256: str
    newest: UUID | None
    accounts: int
    identifiers: int


def search(run: LinkageRun) -> Searched:
    """Look for rings as the run wants it. The same records give the same file."""
    newest = news.youngest()  # first: what comes from now on is news for the next run
    before = news.last_run() if run.scope == LinkageRun.Scope.NEW else None
    touched = news.touched(before) if before else None
    source = reading.read(touched)
    settled_before = None
    if before and touched is not None:
        settled_before = before.settings.get("settled_before")
        source = surroundings.added(source, touched, settled_before)
    settings = linkage.Settings(least=max(2, django_settings.RING_LEAST))
    join = _on_spark if django_settings.SPARK_MASTER and touched is None else None
    found = linkage.find(source.evidence, settings, _ties(source), source.rhythm, source.known, join=join)
    return Searched(
        results.pack(found, source, touched),
        settings.as_dict() | {"settled_before": found.settled_before if before is None else settled_before},
        source.sha256,
        newest,
        len(source.evidence.accounts) - len(source.rings),
        source.identifiers,
    )


def _on_spark(search: linkage.Search, progress: Callable[[str], object]) -> None:
    """The first three stages on Apache Spark. Its session ends with them: no cluster is held until the next night."""
    from apps.accounts.linkage import spark
    from apps.core.spark import session

    made = session()
    try:
        spark.join(search, progress, session=made)
    finally:
        made.stop()


def _ties(source: Input) -> linkage.Ties:
    """What people said, as far as it is about what is looked at."""
    cut: list[tuple[int | None, int]] = []
    confirmed: list[tuple[int | None, int]] = []
    for tie in Tie.objects.filter(undone_at=None).order_by("id"):
        value = source.value_of(tie.kind, tie.value_hmac)
        account = source.account_of(tie.account_id) if tie.account_id else None
        if value is None or (tie.account_id and account is None):
            continue
        (cut if tie.verdict == Tie.Verdict.CUT else confirmed).append((account, value))
    return linkage.Ties(cut=cut, confirmed=confirmed)
