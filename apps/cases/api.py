"""The verbs of a case for programs and scripts: the same actions, permissions and refusals as on the pages.

What is concluded and decided is signed by people: a script signs in as one. A machine's key may read, where its role
may, and never concludes.
"""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from msgspec import Meta, Struct, field
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.cases import actions, queries
from apps.cases.findings import readiness, substance
from apps.cases.models import Case, Exhibit, Finding
from apps.cases.standards.theories import CONDUCT, THEORIES
from apps.core.contract import Problem, problems, schema
from apps.core.problems import problem
from apps.evidence.queries import visible_items
from apps.staff.models import User

TAGS = ["Cases"]
ROWS = 200  # exhibits of one answer


# --- what is sent -----------------------------------------------------------------------------------------------------


class Sent(Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of a verb."""


class NewExhibit(Sent):
    item: Annotated[str, Meta(description="reference of an evidence item")]
    shows: str
    element: str
    family: str = ""
    dependency_group: str = ""
    log10_lr: float | None = None
    log10_lr_cap: float | None = None


class Rating(Sent):
    exhibit: Annotated[int, Meta(description="its number: 3 is E3")]
    rating: Annotated[str, Meta(description="C, I or N/A")]
    explanation: Annotated[str | None, Meta(description="of the register; left out: what is suspected")] = None


class Raised(Sent):
    hypothesis: Annotated[str, Meta(description="of the register of other explanations")]


class Assessed(Sent):
    status: str
    conclusion: str


class Cited(Sent):
    version: UUID
    clause: UUID


class Element(Sent):
    theory: str
    element: str
    confidence: str = ""
    exhibits: list[int] = field(default_factory=list)


class Claimed(Sent):
    level: str
    confidence: str
    basis: str
    party: UUID | None = None


class NewFinding(Sent):
    conduct: str
    conduct_from: date
    conduct_to: date
    confidence: str
    limits: str
    clauses: list[Cited]
    exhibits: Annotated[list[int], Meta(description="numbers of the exhibits that carry it")]
    accounts: Annotated[list[UUID] | None, Meta(description="left out: all that are in the case")] = None
    theories: list[str] = field(default_factory=lambda: [CONDUCT])
    elements: Annotated[
        list[Element] | None, Meta(description="left out: each exhibit shows what it was entered to show")
    ] = None
    levels: list[Claimed] = field(default_factory=list)
    leave_out: str = ""
    despite_authorisation: str = ""


class NewDecision(Sent):
    action: str
    scope: str
    starts_on: date
    reasoning: str
    ends_on: date | None = None
    territory: Annotated[list[str], Meta(description="countries, two letters each; none: worldwide")] = field(
        default_factory=list
    )
    requests_per_day: Annotated[int, Meta(ge=1)] | None = None
    rollback: Annotated[str, Meta(description="how it is undone; left out: as such measures are")] = ""
    private_notes: str = ""
    overrides: Annotated[str | None, Meta(description="reference of the decision whose place it takes")] = None
    acknowledged: Annotated[
        float | None, Meta(description="how many accounts are expected to be hit wrongly, written down (R16)")
    ] = None


class Note(Sent):
    note: str = ""


class Reason(Sent):
    reason: str


class Words(Sent):
    words: str
    reason: str


class Invited(Sent):
    channel: str
    invited_on: date
    respond_by: date


# --- what is answered -------------------------------------------------------------------------------------------------


def _case(case: Case) -> dict[str, Any]:
    return {
        "ref": case.ref,
        "title": case.title,
        "state": case.state,
        "step": readiness.NEXT_STEP[Case.State(case.state)],
        "missing": [{name: line[name] for name in ("state", "text", "detail")} for line in readiness.missing(case)],
    }


def _exhibit(exhibit: Exhibit) -> dict[str, Any]:
    same = ("number", "shows", "element", "family", "dependency_group", "log10_lr", "log10_lr_cap")
    return {name: getattr(exhibit, name) for name in same} | {"item": exhibit.item.ref, "sha256": exhibit.item.sha256}


def _matrix(case: Case, shown: list[Exhibit]) -> dict[str, Any]:
    found = queries.matrix(case, shown)
    return {
        "hypotheses": [None, *(column.hypothesis for column in found.columns)],
        "rows": [
            {
                "exhibit": row.exhibit.number,
                "ratings": [cell.rating for cell in row.cells],
                "diagnosticity": round(row.diagnosis.share, 3),
                "says": row.diagnosis.words,
            }
            for row in found.rows
        ],
        "ranking": [
            {"place": place, "name": s.name, "exhibits_against": s.against, "sources_against": s.sources_against}
            for place, s in found.ranking
        ],
        "exhibits": found.exhibits,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    same = "ref state conduct conduct_from conduct_to confidence limits account_count standards review_note"
    return {name: getattr(finding, name) for name in same.split()} | {
        "clauses": [
            {"version": row.version_id, "clause": row.clause_id, "quote": row.quote, "sha256": row.quote_sha256}
            for row in finding.clauses.all()
        ],
        "exhibits": [row.exhibit.number for row in finding.exhibits.all()],
        "elements": [
            {
                "theory": row.theory,
                "element": row.element,
                "name": row.name,
                "necessary": row.is_necessary,
                "confidence": row.confidence,
                "exhibits": row.exhibits,
                "standard": row.standard,
                "met": row.is_met,
            }
            for row in finding.elements.all()
        ],
        "levels": [
            {"level": row.level, "confidence": row.confidence, "basis": row.basis, "party": row.party_id}
            for row in finding.levels.all()
        ],
        "explanations": [
            {"hypothesis": row.explanation.hypothesis, "status": row.status, "conclusion": row.conclusion}
            for row in finding.explanations.all()
        ],
    }


# --- reading ----------------------------------------------------------------------------------------------------------

_READ = problems(
    _401=(Problem, "Nobody is signed in, or the key is not valid."),
    _404=(Problem, "There is nothing here, or nothing that you may see."),
)
_AFTER = problems(_400=(Problem, "`after` is not the number of an exhibit."))
_DONE = _READ | problems(
    _400=(Problem, "The body is not JSON, or a field is missing, unknown or of another type."),
    _403=(Problem, "This person may not do it, or not now; or a machine tried to."),
    _422=(Problem, "It was refused: what is wrong, what would satisfy it, and the number of the rule."),
)
_ANSWER = {(200, "application/json"): OpenApiResponse({"type": "object"}, description="As it stands.")}


def _reader(name: str, summary: str, tell: Callable[[Case, int], dict[str, Any]], *, pages: bool = False) -> Any:
    """A view that tells something of a case."""

    class Reader(APIView):
        permission_classes = [IsAuthenticated]

        @extend_schema(
            tags=TAGS,
            operation_id=name,
            summary=summary,
            parameters=[OpenApiParameter("after", int, description="number of the last exhibit read")] if pages else [],
            responses=_ANSWER | _READ | (_AFTER if pages else {}),
        )
        def get(self, request: Request, ref: str) -> Response:
            after = request.query_params.get("after", "0") if pages else "0"
            if not (after.isascii() and after.isdecimal()):
                return problem(400, "`after` is the number of an exhibit.", code="after_invalid")
            return Response(tell(_found(queries.visible_cases(cast(User, request.user)), ref=ref), int(after[:9])))

    return Reader


def _found(visible: QuerySet, **by: Any) -> Any:
    found = visible.filter(**by).first()
    if found is None:
        raise Http404("There is nothing here, or nothing that you may see.")
    return found


def _shown(case: Case, after: int) -> list[Exhibit]:
    return list(queries.exhibits(case).filter(number__gt=after)[:ROWS])


read_case = _reader("read_case", "A case, and what its next step needs", lambda case, _: _case(case))
read_evidence = _reader(
    "read_case_evidence",
    "Exhibits of a case",
    lambda case, after: {"exhibits": [_exhibit(exhibit) for exhibit in _shown(case, after)]},
    pages=True,
)
read_matrix = _reader(
    "read_case_matrix",
    "Exhibits against hypotheses, what tells them apart, and which is least contradicted",
    lambda case, after: _matrix(case, _shown(case, after)),
    pages=True,
)


# --- doing ------------------------------------------------------------------------------------------------------------


def _verb(
    name: str,
    summary: str,
    shape: type[Sent],
    find: Callable[[User, dict[str, Any]], Model],
    do: Callable[[Any, Any, User], Any],
    tell: Callable[[Any], dict[str, Any]],
) -> Any:
    """A view that does one thing: what is sent has the shape, `find` finds what it is done to, `do` is the action."""

    class Verb(APIView):
        permission_classes = [IsAuthenticated]

        @extend_schema(
            tags=TAGS,
            operation_id=name,
            summary=summary,
            request={"application/json": schema(shape)},
            responses={(201, "application/json"): OpenApiResponse({"type": "object"}, description="Done.")} | _DONE,
        )
        def post(self, request: Request, **address: Any) -> Response:
            subject = find(cast(User, request.user), address)
            if not isinstance(request.user, User):
                raise PermissionDenied(
                    "What is concluded is signed by people: sign in as one, not with a machine's key."
                )
            try:
                sent = msgspec.json.decode(request.body, type=shape)
            except msgspec.DecodeError as error:
                return problem(400, f"The body does not have the expected shape: {error}.", code="wrong_shape")
            return Response(tell(do(subject, sent, request.user) or subject), status=201)

    return Verb


def _fields(sent: Sent) -> dict[str, Any]:
    return {name: getattr(sent, name) for name in sent.__struct_fields__}


def _of_case(user: User, address: dict[str, Any]) -> Case:
    return _found(queries.visible_cases(user), ref=address["ref"])


def _of_finding(user: User, address: dict[str, Any]) -> Finding:
    return _found(queries.visible_findings(user), ref=address["ref"])


def _of_decision(user: User, address: dict[str, Any]) -> Any:
    return _found(queries.visible_decisions(user), ref=address["ref"])


def _add_exhibit(case: Case, sent: NewExhibit, by: User) -> Exhibit:
    item = _found(visible_items(by), ref=sent.item)
    return actions.add_exhibit(case, **_fields(sent) | {"item": item}, by=by)


def _rate(case: Case, sent: Rating, by: User) -> Any:
    exhibit = _found(case.exhibits.all(), number=sent.exhibit)
    explanation = _found(case.explanations.all(), hypothesis=sent.explanation) if sent.explanation else None
    return actions.rate_exhibit(exhibit, explanation=explanation, rating=sent.rating, by=by)


def _assess(explanation: Any, sent: Assessed, by: User) -> None:
    actions.assess_explanation(explanation, **_fields(sent), by=by)


def _propose(case: Case, sent: NewFinding, by: User) -> Finding:
    exhibits = {exhibit.number: exhibit for exhibit in case.exhibits.filter(number__in=sent.exhibits)}
    if unknown := [number for number in sent.exhibits if number not in exhibits]:
        raise ValidationError({"exhibits": f"E{unknown[0]} is no exhibit of this case."})
    parties = {party.pk: party for party in case.parties.all()}
    return actions.propose_finding(
        case,
        **_fields(sent)
        | {
            "accounts": "all" if sent.accounts is None else sent.accounts,
            "clauses": queries.cited([f"{one.version}:{one.clause}" for one in sent.clauses]),
            "exhibits": list(exhibits.values()),
            "elements": None if sent.elements is None else [_element(one) for one in sent.elements],
            "levels": [
                substance.Claimed(one.level, one.confidence, one.basis, parties.get(cast(UUID, one.party)))
                for one in sent.levels
            ],
        },
        explanations=list(case.explanations.all()),
        by=by,
    )


def _element(sent: Element) -> substance.Shown:
    theory = THEORIES.get(sent.theory)
    element = theory.element(sent.element) if theory else None
    if element is None:
        raise ValidationError({"elements": f"There is no element “{sent.element}” of “{sent.theory}”."})
    return substance.Shown(
        sent.theory,
        element.id,
        element.name,
        element.standard,
        element.necessary,
        sent.confidence,
        tuple(sent.exhibits),
    )


def _review(action: Callable[..., None]) -> Callable[[Any, Any, User], None]:
    return lambda subject, sent, by: action(subject, **_fields(sent), by=by)


def _short(row: Any) -> dict[str, Any]:
    return {"ref": getattr(row, "ref", str(row.pk)), "state": getattr(row, "state", "")}


def _decided(decision: Any) -> dict[str, Any]:
    same = "ref state action scope territory requests_per_day starts_on ends_on rollback account_count held_for"
    wrongful = "expected_wrongful expected_wrongful_basis"
    return {name: getattr(decision, name) for name in f"{same} {wrongful}".split()} | {
        "overrides": decision.overrides.ref if decision.overrides else None
    }


def _decide(finding: Finding, sent: NewDecision, by: User) -> Any:
    overridden = _found(queries.visible_decisions(by), ref=sent.overrides) if sent.overrides else None
    return actions.propose_decision(finding, **_fields(sent) | {"overrides": overridden}, by=by)


def _whole(finding: Finding) -> dict[str, Any]:
    return _finding(queries.findings(finding.case).get(pk=finding.pk))


add_exhibit = _verb("add_exhibit", "Put an item into the file", NewExhibit, _of_case, _add_exhibit, _exhibit)
rate_exhibit = _verb(
    "rate_exhibit",
    "Fill one cell of the matrix",
    Rating,
    _of_case,
    _rate,
    lambda cell: {"exhibit": cell.exhibit.number, "rating": cell.rating},
)
raise_explanation = _verb(
    "raise_explanation",
    "Put another explanation on the table",
    Raised,
    _of_case,
    lambda case, sent, by: actions.raise_explanation(case, **_fields(sent), by=by),
    lambda raised: {"hypothesis": raised.hypothesis, "status": raised.status, "question": raised.register.question},
)
assess_explanation = _verb(
    "assess_explanation",
    "Say what testing an explanation showed",
    Assessed,
    lambda user, address: _found(
        queries.visible_explanations(user), case__ref=address["ref"], hypothesis=address["hypothesis"]
    ),
    _assess,
    lambda assessed: {"hypothesis": assessed.hypothesis, "status": assessed.status},
)
allow_wording = _verb(
    "allow_wording",
    "Let words stand although the check objects",
    Words,
    _of_case,
    lambda case, sent, by: actions.allow_wording(case, **_fields(sent), by=by),
    lambda allowed: {"words": allowed.words, "reason": allowed.reason},
)
invite_party = _verb(
    "invite_party",
    "Record that a party was invited to respond",
    Invited,
    lambda user, address: _found(queries.visible_parties(user), pk=address["pk"]),
    lambda party, sent, by: actions.invite_party(party, **_fields(sent), by=by),
    _short,
)
confirm_finding = _verb(
    "confirm_finding", "Agree as a second person", Note, _of_finding, _review(actions.confirm_finding), _short
)
reject_finding = _verb(
    "reject_finding", "Disagree as a second person", Reason, _of_finding, _review(actions.reject_finding), _short
)
propose_decision = _verb(
    "propose_decision",
    "Propose what is done about a confirmed finding",
    NewDecision,
    _of_finding,
    _decide,
    _decided,
)
approve_decision = _verb(
    "approve_decision", "Approve a decision", Note, _of_decision, _review(actions.approve_decision), _short
)
reject_decision = _verb(
    "reject_decision", "Do not approve a decision", Reason, _of_decision, _review(actions.reject_decision), _short
)
release_decision = _verb(
    "release_decision",
    "Release what was held, as a third person",
    Note,
    _of_decision,
    _review(actions.release_decision),
    _short,
)
refuse_release = _verb(
    "refuse_release", "Do not release what was held", Reason, _of_decision, _review(actions.refuse_release), _short
)


propose_finding = _verb("propose_finding", "Propose a finding", NewFinding, _of_case, _propose, _whole)
list_findings = _reader(
    "list_findings",
    "Findings of a case, newest first",
    lambda case, _: {"findings": [_finding(finding) for finding in queries.findings(case)]},
)
findings: Any = type("Findings", (propose_finding, list_findings), {})  # both at one address
