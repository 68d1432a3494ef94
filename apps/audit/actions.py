"""What is done with the trail itself."""

from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from apps.audit import ledger, private
from apps.audit.action import action
from apps.audit.log.export import export
from apps.audit.models import Event
from apps.audit.reads import figures
from apps.audit.verify import Report, verify
from apps.core import jobs
from apps.core.ids import uuid7

FINDINGS_RECORDED = 50  # of each verdict; all are counted


@action
def request_verification(*, by) -> str:
    """Ask for a verification in the background; returns the key of the work. Its result becomes an event."""
    key = str(uuid7())
    with ledger.batch(work=key):
        jobs.after_commit("audit.verify_trail", key, by=by)
    return key


@action
def export_trail(*, folder: Path, reason: str, by) -> int:
    """Write the whole log into a new folder, for somebody who derives it again without us; returns how many entries."""
    count = export(folder)
    with ledger.batch(entries=count):
        pass
    return count


@action
def verify_trail(*, by) -> Report:
    """Verify the whole trail now, and record what came of it."""
    report = verify()
    with ledger.batch(**_recorded(report)):
        pass
    return report


def _recorded(report: Report) -> dict[str, Any]:
    return {
        "holds": report.holds,
        "size": report.size,
        "seconds": report.seconds,
        "wrong": sum(verdict.wrong for verdict in report.verdicts),
        "verdicts": [
            {
                "name": verdict.name,
                "question": verdict.question,
                "holds": verdict.holds,
                "is_proven": verdict.is_proven,
                "remark": verdict.remark,
                "checked": verdict.checked,
                "wrong": verdict.wrong,
                "findings": [finding.sentence for finding in verdict.findings[:FINDINGS_RECORDED]],
            }
            for verdict in report.verdicts
        ],
    }


@action
def open_private(*, event: Event, reason: str, by) -> list[private.Kept]:
    """Show the values that an event only commits to, and record who asked for them and why."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why: the values are kept apart because they name people."})
    kept = private.kept(event)
    with ledger.batch(event=str(event.event_uuid), fields=[value.field for value in kept]):
        pass
    return kept


@action
def export_reads(*, since: date, until: date, reason: str, by) -> None:
    """Record that somebody took a list of who read what in these days, and what for."""
    if not reason.strip():
        raise ValidationError({"reason": "Say what the list is for: it says what colleagues did."})
    with ledger.batch(since=str(since), until=str(until), reads=figures.within(since, until).count()):
        pass
