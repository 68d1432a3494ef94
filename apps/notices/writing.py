"""A notice as it reads: its frozen facts put into its wording, as text, on paper and as data."""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime

import msgspec
from django.core.exceptions import ValidationError

from apps.core import paper, pdf, qr
from apps.core.appendix import seconds_for
from apps.notices import annex, assembly, letter
from apps.notices.letter import ComposedNotice, NoticeFacts
from apps.notices.models import Notice, NoticeTemplate

# Letters that accuse nobody, and so give no reasons for a measure.
NO_REASONS = (NoticeTemplate.Kind.VICTIM, NoticeTemplate.Kind.REINSTATEMENT)

# Equal wordings give equal examples, whenever they are looked at.
EXAMPLE_MADE = datetime(2026, 1, 1, tzinfo=UTC)

# Columns of their own, because the trail only commits to them: the frozen facts stand in it in clear.
APART = ("recipient", "accounts_csv", "appeal_code", "verification_code")
QR_CODE = "verification.svg"


def frozen(facts: NoticeFacts) -> dict:
    """The facts as a notice keeps them."""
    return {name: value for name, value in msgspec.to_builtins(asdict(facts)).items() if name not in APART}


def facts_of(notice: Notice) -> NoticeFacts:
    """The facts of a notice, with what is kept beside them."""
    code = notice.appeal_code or assembly.NOT_YET
    apart = {
        "recipient": notice.recipient.splitlines(),
        "accounts_csv": notice.accounts_csv,
        "verification_code": notice.verification_ref or assembly.NOT_YET,
        "appeal_code": code if notice.facts["appeal_until"] else None,
    }
    try:
        return msgspec.convert(notice.facts | apart, NoticeFacts)
    except msgspec.ValidationError as error:
        raise ValidationError(f"The facts of the letter are not whole: {error}.") from error


def final_facts(notice: Notice) -> NoticeFacts:
    """The approved facts with the number and the day that issuing gave."""
    if notice.ref is None or notice.issued_at is None:
        raise ValueError(f"{notice} has no number and no day yet")
    facts = replace(facts_of(notice), reference=notice.ref)
    return assembly.dated(facts, notice.decision, notice.issued_at.date())


def composed(notice: Notice) -> ComposedNotice:
    return compose(notice.template, facts_of(notice))


def compose(template: NoticeTemplate, facts: NoticeFacts) -> ComposedNotice:
    """Raises ValidationError with the place in the wording that the facts cannot fill."""
    try:
        return letter.compose(template.content, facts, template.kind)
    except letter.TextError as error:
        raise ValidationError(f"The letter cannot be written: {error}") from error


def to_pdf(notice: Notice, facts: NoticeFacts) -> bytes:
    """The letter as PDF/A-3a and PDF/UA-1, with its facts attached as data. Same notice, same bytes.

    An issued one leads to where it is verified, and has an empty field for its signature.
    """
    [made] = to_pdfs([(notice, facts)])
    if isinstance(made, pdf.PdfError):
        raise made
    return made


def to_pdfs(letters: Iterable[tuple[Notice, NoticeFacts]]) -> list[bytes | pdf.PdfError]:
    """As `to_pdf`, of many; in the place of one that cannot be made stands why."""
    letters = list(letters)
    longest = max((facts.listed.count for _, facts in letters if facts.listed), default=0)
    papers = [_paper(notice, facts) for notice, facts in letters]
    return paper.to_pdfs(papers, sheet="letter", seconds=seconds_for(longest))


def _paper(notice: Notice, facts: NoticeFacts) -> paper.Paper:
    composition, is_issued = compose(notice.template, facts), notice.issued_at is not None
    listed = annex.printed(facts, is_draft=not is_issued)
    return paper.Paper(
        letter.to_html(
            composition,
            assembly.letterhead(),
            draft=not is_issued,
            qr_code=QR_CODE if is_issued else "",
            appendix=listed,
        ),
        title=composition.subject.plain,
        created=notice.issued_at or notice.drafted_at,
        assets={QR_CODE: qr.drawing(facts.verification_link)} if is_issued else {},
        attachments=[_as_data(notice, facts), *([listed.attachment()] if listed else [])],
        signature_field=is_issued,
    )


def example_pdf(content: str, facts: NoticeFacts, kind: str) -> bytes:
    """A wording on paper, with invented facts and marked as a draft on every page. Raises pdf.PdfError."""
    try:
        composition = letter.compose(content, facts, kind)
    except letter.TextError as error:
        raise pdf.PdfError(str(error)) from error
    return paper.to_pdf(
        letter.to_html(composition, assembly.letterhead(), draft=True),
        sheet="letter",
        title=composition.subject.plain,
        created=EXAMPLE_MADE,
    )


def _as_data(notice: Notice, facts: NoticeFacts) -> pdf.Attachment:
    if notice.kind == NoticeTemplate.Kind.APPEAL_DECISION:
        name, what, data = "decision-on-appeal", "Decision on the appeal", letter.decision_on_appeal(facts)
    elif notice.kind in NO_REASONS:
        name, what, data = "letter", "The letter", letter.statements(facts)
    else:
        name, what, data = "statement-of-reasons", "Statement of reasons", letter.statement_of_reasons(facts)
    elements = letter.elements(compose(notice.template, facts))
    text = json.dumps(data | {"elements": elements}, ensure_ascii=False, indent=1).encode()
    return pdf.Attachment(f"{name}.json", "application/json", text, f"{what} as data")
