"""Compiling a report from one frozen snapshot, and releasing it by a second person."""

import mimetypes

import rfc8785
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger, signatures
from apps.audit.action import action
from apps.audit.anchors import waiting
from apps.audit.reads.look import reading
from apps.cases.drills import refuse_drill
from apps.cases.findings.hearing import refuse_unheard
from apps.cases.findings.wording import lint
from apps.cases.models import Case, Finding
from apps.cases.queries import ground_of_report
from apps.cases.snapshot import snapshot
from apps.core import jobs, paper, pdf, vault
from apps.core.appendix import seconds_for
from apps.core.ids import next_reference
from apps.disclosures import definitions, verification
from apps.disclosures import report as paper_report
from apps.disclosures.models import Report
from apps.disclosures.snapshot import SnapshotError
from apps.evidence.models import Tlp

State = Report.State

# The marking that a report for an audience carries unless somebody chooses a stricter one.
TLP_OF = {
    Report.Audience.REGULATOR: Tlp.AMBER_STRICT,
    Report.Audience.PARTNER: Tlp.AMBER,
    Report.Audience.PUBLIC: Tlp.CLEAR,
}


@action
def compile_report(case: Case, *, audience: str, recipient: str, legal_basis: str, title: str, by) -> Report:
    """Freeze the case as it stands, withhold by the audience's rules, and keep both. The title is that of the report.

    Raises ValidationError for what comes from a drill (R18), for a case without a confirmed finding (an allegation is
    not reported), for words that claim more than was found, and for words of two scales (R9).
    """
    refuse_drill(case)
    if not case.findings.filter(state=Finding.State.CONFIRMED).exists():
        raise ValidationError("There is no confirmed finding to report; an allegation is not disclosed.")
    if audience == Report.Audience.PUBLIC:
        refuse_unheard(case)
    frozen = snapshot(case)
    try:
        content, withheld = paper_report.compile(verification.titled(frozen, title), audience)
    except SnapshotError as error:
        raise ValidationError(f"The case cannot be reported yet: {error}") from error
    _check_wording(case, content)
    stored = vault.put(rfc8785.dumps(frozen))
    return ledger.create(
        Report,
        case=case,
        audience=audience,
        title=title,
        recipient=recipient,
        legal_basis=legal_basis,
        tlp=TLP_OF[Report.Audience(audience)],
        snapshot_sha256=stored.sha256,
        content=content,
        withheld=list(withheld),
        compiled_by=by,
        compiled_at=timezone.now(),
    )


def _check_wording(case: Case, content: dict) -> None:
    if mixed := definitions.mixed(content):
        raise ValidationError(mixed)
    ground = ground_of_report(case)
    if problems := lint(content["case"]["title"], ground):
        raise ValidationError({"title": [problem.message for problem in problems]})
    if problems := lint("\n".join(content["summary"]), ground):
        raise ValidationError(
            [f"The summary, change it on the case's page first. {problem.message}" for problem in problems]
        )


@action
def return_report(report: Report, *, reason: str, by) -> None:
    """Say what keeps it from being released."""
    if not reason.strip():
        raise ValidationError({"reason": "Say what has to change."})
    ledger.change(report, returned_why=reason.strip())


@action
def discard_report(report: Report, *, reason: str, by) -> None:
    """A draft that will not be released. It stays on record."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why it will not be released."})
    ledger.change(report, state=State.DISCARDED, returned_why=reason.strip())


@action
def release_report(report: Report, *, by) -> None:
    """Another person's release: the report gets its number, and its files are made right after, once.

    Raises ValidationError naming every number that its query does not give any more (R19).
    """
    refuse_drill(report.case)
    if changes := verification.changes(report):
        raise ValidationError(changes)
    now = timezone.now()
    ledger.change(
        report,
        state=State.RELEASING,
        ref=next_reference("R", now.year),
        released_by=by,
        released_at=now,
        returned_why="",
    )
    jobs.after_commit("disclosures.render", report.pk, by=by)


@action
def render_report(report: Report, *, by) -> None:
    """Make the PDF and its annexes, sign and keep them, and close the report for ever.

    Raises jobs.Later until what led to it is anchored outside as the settings ask, and until it is signed.
    """
    waiting.require(report)
    (name, document), *annexes = files_of(report).items()
    issued = signatures.issue(document, for_archive=True)
    first = _kept(name, issued.pdf) | issued.record
    ledger.change(report, state=State.RELEASED, files=[first, *(_kept(name, data) for name, data in annexes)])


def _kept(name: str, data: bytes) -> dict:
    stored = vault.put(data)
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"name": name, "media_type": media_type, "bytes": stored.size, "sha256": stored.sha256}


@reading
def preview_report(report: Report, *, by) -> None:
    """Record that somebody read the report on screen."""
    ledger.note(report, state=report.state)


@reading
def open_report(report: Report, *, name: str, by) -> None:
    """Record that somebody took one of the released files."""
    ledger.note(report, name=name)


def files_of(report: Report) -> dict[str, bytes]:
    """The report's files by name, the PDF first. Same report, same bytes."""
    made = _built(report)
    attached = [
        pdf.Attachment(name, mimetypes.guess_type(name)[0] or "application/octet-stream", data, f"Annex: {name}")
        for name, data in made.annexes.items()
    ]
    document = paper.to_pdf(
        made.html,
        sheet="report",
        assets=made.assets,
        attachments=attached,
        title=made.title,
        created=report.released_at or report.compiled_at,
        signature_field=report.released_at is not None,
        archive_field=report.released_at is not None,
        seconds=seconds_for(len(report.content["accounts"])),
    )
    return {f"{report.ref or 'draft'}.pdf": document, **made.annexes}


def _built(report: Report) -> paper_report.Report:
    marking = paper_report.Marking(
        reference=report.ref or "Draft",
        tlp=report.tlp.upper(),
        status="Released" if report.released_at else "Draft, not released",
        recipient=report.recipient,
        legal_basis=report.legal_basis,
        prepared_on=report.compiled_at.date(),
        released_on=report.released_at.date() if report.released_at else None,
    )
    return paper_report.build(report.content, report.withheld, report.audience, marking)
