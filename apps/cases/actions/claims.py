"""What people say in public: recorded word for word, graded, set beside what others say. Never evidence by itself."""

from datetime import date
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.cases.claims import grading
from apps.cases.models import Case, Claim, ClaimLink, Quantity
from apps.cases.queries.claims import standing_links
from apps.evidence.models import Item, TestRun


@action
def record_claim(
    case: Case,
    *,
    topic: str,
    speaker: str,
    role: str,
    source: str,
    text: str,
    origin: str,
    by,
    said_on: date | None = None,
    capture: Item | None = None,
    why_no_capture: str = "",
) -> Claim:
    """Write down what somebody said, word for word, where, and where the story comes from in the end.

    It is not graded yet, and proves only that it was said. Raises ValidationError for a capture that is none.
    """
    if capture is not None and capture.kind != Item.Kind.CAPTURE:
        raise ValidationError(
            {"capture": f"{capture.ref} is {capture.get_kind_display().lower()}: a claim names the capture of a page."}
        )
    words = {"topic": topic, "speaker": speaker, "source": source, "text": text, "origin": origin}
    for field, value in words.items():
        if not value.strip():
            raise ValidationError({field: "This is needed: write it down."})
    return ledger.create(
        Claim,
        case=case,
        number=1 + (case.claims.aggregate(last=Max("number"))["last"] or 0),
        topic=topic.strip(),
        speaker=speaker.strip(),
        role=role,
        source=source.strip(),
        said_on=said_on,
        text=text,
        text_sha256=sha256(text.encode()).hexdigest(),
        capture=capture,
        why_no_capture="" if capture else why_no_capture.strip(),
        origin=grading.origin_key(origin),
        recorded_by=by,
        recorded_at=timezone.now(),
    )


@action
def grade_claim(claim: Claim, *, source_grade: str, information: int, grading_basis: str, by) -> None:
    """Grade the source and the information, each by itself, and say what the grades rest on.

    Raises ValidationError where a single origin would be graded better than possibly true (R12).
    """
    _refuse_withdrawn(claim)
    if not grading_basis.strip():
        raise ValidationError(
            {"grading_basis": "Say what the grades rest on: what the source got right before, and who else says it."}
        )
    if grading.is_capped(information, grading.corroborators(claim, standing_links(claim.case))):
        raise ValidationError(
            {
                "information": f"What a single origin says is graded 3, possibly true, at best: {claim.label} comes "
                f"from “{claim.origin}”, and no claim of another origin says the same. The same story printed again is "
                "no second origin. Record an independent claim and link it as saying the same, or grade 3 to 6. (R12)"
            }
        )
    ledger.change(
        claim,
        source_grade=source_grade,
        information=information,
        grading=grading_basis.strip(),
        graded_by=by,
        graded_at=timezone.now(),
    )


@action
def link_claims(claim: Claim, *, other: Claim, kind: str, on: str, by) -> ClaimLink:
    """Say that two claims of a case say the same, or contradict each other, and in what."""
    if claim.case_id != other.case_id:
        raise ValidationError({"other": f"{other.label} belongs to another case."})
    if claim.pk == other.pk:
        raise ValidationError({"other": "Choose another claim: none is linked to itself."})
    _refuse_withdrawn(claim, other)
    if not on.strip():
        raise ValidationError({"on": "Say in what they agree, or where they part."})
    pair = {claim.pk, other.pk}
    if any({link.claim_id, link.other_id} == pair for link in standing_links(claim.case)):
        raise ValidationError(
            {"other": f"{claim.label} and {other.label} are linked already: withdraw that link first."}
        )
    return ledger.create(
        ClaimLink,
        case_id=claim.case_id,
        claim=claim,
        other=other,
        kind=kind,
        on=on.strip(),
        linked_by=by,
        linked_at=timezone.now(),
    )


@action
def unlink_claims(link: ClaimLink, *, reason: str, by) -> None:
    """Withdraw a link that was wrong. Refused while a grade rests on it (R12)."""
    if link.withdrawn_at is not None:
        raise ValidationError("This link is withdrawn already.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why it is wrong."})
    remaining = [one for one in standing_links(link.case) if one.pk != link.pk]
    _refuse_orphans([link.claim, link.other], remaining)
    ledger.change(link, withdrawn_at=timezone.now(), withdrawn_by=by)


@action
def withdraw_claim(claim: Claim, *, reason: str, by) -> None:
    """Take back a claim that was recorded wrongly. It stays, marked; what it said is not changed.

    Refused while the grade of another claim rests on it (R12).
    """
    _refuse_withdrawn(claim)
    if not reason.strip():
        raise ValidationError({"reason": "Say what was recorded wrongly."})
    links = standing_links(claim.case)
    others = [
        one.other if one.claim_id == claim.pk else one.claim
        for one in links
        if claim.pk in (one.claim_id, one.other_id)
    ]
    _refuse_orphans(others, [one for one in links if claim.pk not in (one.claim_id, one.other_id)])
    ledger.change(claim, withdrawn_at=timezone.now(), withdrawn_by=by, withdrawn_why=reason.strip())


@action
def record_quantity(
    case: Case,
    *,
    what: str,
    qualifier: str,
    unit: str,
    by,
    value: float | None = None,
    lower: float | None = None,
    upper: float | None = None,
    claim: Claim | None = None,
    run: TestRun | None = None,
) -> Quantity:
    """Write down a number as it was given, with the word in front of it, from a claim or a test run.

    Raises ValidationError when the bounds do not fit the word, or there is not exactly one source.
    """
    if claim is not None:
        if claim.case_id != case.pk:
            raise ValidationError({"claim": f"{claim.label} belongs to another case."})
        _refuse_withdrawn(claim)
    if not what.strip() or not unit.strip():
        raise ValidationError({"what" if not what.strip() else "unit": "This is needed: write it down."})
    return ledger.create(
        Quantity,
        case=case,
        what=what.strip(),
        qualifier=qualifier,
        unit=unit.strip(),
        **_bounded(qualifier, value, lower, upper),
        claim=claim,
        run=run,
        recorded_by=by,
        recorded_at=timezone.now(),
    )


def _bounded(qualifier: str, value: float | None, lower: float | None, upper: float | None) -> dict[str, float | None]:
    """The bounds that the word implies: “over 16 million” has 16 million below it and nothing above."""
    words = Quantity.Qualifier
    if qualifier in (words.OVER, words.AT_LEAST):
        return {"value": value, "lower": value, "upper": None}
    if qualifier in (words.UNDER, words.AT_MOST):
        return {"value": value, "lower": None, "upper": value}
    if qualifier == words.BETWEEN:
        return {"value": None, "lower": lower, "upper": upper}
    if qualifier == words.ORDER:
        return {"value": None, "lower": lower if value is None else value, "upper": None}
    return {"value": value, "lower": lower, "upper": upper}


def _refuse_withdrawn(*claims: Claim) -> None:
    for claim in claims:
        if claim.withdrawn_at is not None:
            raise ValidationError(f"{claim.label} is withdrawn: {claim.withdrawn_why}")


def _refuse_orphans(claims: list[Claim], links: list[ClaimLink]) -> None:
    for claim in claims:
        if claim.withdrawn_at is None and grading.is_capped(claim.information, grading.corroborators(claim, links)):
            raise ValidationError(
                f"{claim.label} is graded {claim.grade} because an independent origin says the same, and would have "
                f"none left. Grade {claim.label} 3 to 6 first. (R12)"
            )
