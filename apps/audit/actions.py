"""What is done with the trail itself."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from apps.audit import ledger, private
from apps.audit.action import action
from apps.audit.log.export import export
from apps.audit.models import Event, Verification
from apps.audit.reads import figures
from apps.audit.verify import Report, runs
from apps.core import jobs
from apps.core.ids import uuid7

FINDINGS_RECORDED = 50  # of each verdict; all are counted
PROCESSES = 2
FULL = "full:"  # how the key of the work begins when everything is to be read


@action
def request_verification(*, by, is_full: bool = False) -> str:
    """Ask for a verification in the background; returns the key of the work. Its result becomes an event."""
    key = f"{FULL if is_full else ''}{uuid7()}"
    with ledger.batch(work=key, everything=is_full):
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
def verify_trail(*, by, is_full: bool = False, tell: Callable[[Verification], None] | None = None) -> Report:
    """Verify the trail now, and record what came of it: on from where an interrupted verification stopped, else what
    came since the last one that held, and everything once a week or when asked for."""
    record, report = runs.run(by=by, is_full=is_full, processes=PROCESSES, tell=tell)
    with ledger.batch(number=record.number, everything=record.is_full, **_recorded(report)):
        pass
    return report


@action
def acknowledge_findings(verification: Verification, *, reason: str, by) -> None:
    """Say what came of the findings of a verification: then its warning is taken off the pages."""
    if not reason.strip():
        raise ValidationError("Say what was found out and what is being done.")
    verification.refresh_from_db(from_queryset=Verification.objects.select_for_update())
    if verification.holds is not False:
        raise ValidationError(f"Verification {verification.number} found nothing that has to be acknowledged.")
    if verification.acknowledged_at:
        raise ValidationError(f"Somebody acknowledged verification {verification.number} already.")
    runs.acknowledge(verification, by=by, words=reason.strip())
    with ledger.batch(verification=verification.number):
        pass


def _recorded(report: Report) -> dict[str, Any]:
    return {
        "holds": report.holds,
        "size": report.size,
        "seconds": report.seconds,
        "wrong": sum(verdict.wrong for verdict in report.verdicts),
        "skipped": report.skipped,
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
