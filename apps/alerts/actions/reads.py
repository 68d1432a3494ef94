"""What people read of what came in: as it was sent it names people, which the pages around it do not."""

from apps.alerts import queries
from apps.alerts.models import Alert, Batch, Rejection
from apps.audit import ledger
from apps.audit.reads.look import reading


@reading(asks=lambda alert, by: not queries.is_work_of(alert, by))
def open_payload(alert: Alert, *, by, reason: str = "") -> None:
    """Record that somebody read an alert as its detector sent it."""
    ledger.note(alert, content_sha256=alert.content_sha256)


@reading
def open_rejection(rejection: Rejection, *, by) -> None:
    """Record that somebody read an item that was rejected, as it came."""
    ledger.note(rejection)


@reading(asks=lambda batch, by: True)
def download_body(batch: Batch, *, by, reason: str = "") -> None:
    """Record that somebody took a detector's whole request away."""
    ledger.note(batch, sha256=batch.raw_sha256)
