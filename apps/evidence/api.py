"""What programs send and read of fingerprint tests: the catalogue, and runs. Every figure is computed here again."""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, UnreadablePostError
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from msgspec import Meta
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.alerts import limits, signatures
from apps.alerts import queries as detectors
from apps.alerts.models import Detector
from apps.core.admission import IDEMPOTENCY_KEY, at_work, idempotency_key
from apps.core.contract import Problem, problems, schema
from apps.core.paging import page
from apps.core.problems import Refused, problem
from apps.evidence import actions, fingerprints, queries
from apps.evidence.models import TestRun
from apps.evidence.runs import submissions

LARGEST = 64 * 1024 * 1024  # bytes of one run
MOST, LIMIT = 200, 50  # runs a page
CHUNK = 256 * 1024
TAGS = ["Fingerprint tests"]


class Method(msgspec.Struct):
    """A test of the catalogue."""

    id: str
    version: Annotated[str, Meta(description="to be declared as `test_version` with inputs that are made for it")]
    title: str
    family: Annotated[str, Meta(description="tests of one family are no independent evidence of each other")]
    question: str
    null_hypothesis: str
    statistic: str
    inputs: Annotated[dict[str, Any], Meta(description="JSON Schema of `inputs`, with units and limits")]
    assumptions: Annotated[dict[str, str], Meta(description="each has to be declared by its name")]
    columns: Annotated[
        dict[str, str] | None,
        Meta(description="of a row in `accounts`, where the test is one of many accounts at once"),
    ]
    is_watermark: Annotated[bool, Meta(description="a key is used: its custody has to be on record")]
    limits: str
    published: Annotated[list[str], Meta(description="performance in the literature, each with its limit")]
    example: Annotated[dict[str, Any], Meta(description="inputs that can be computed as they are")]


class Catalogue(msgspec.Struct):
    """Every test that casemgr computes, and the digest of the code that does it."""

    tests: list[Method]
    code_sha256: str


class Shown(msgspec.Struct):
    """A run. `outcome` is what it says; p and likelihood ratio are null where they are withheld or it failed."""

    ref: str
    test: str
    test_version: str
    suspect: str | None
    plan: str | None
    outcome: Literal["supports", "neutral", "against", "uninformative", "withheld", "failed"]
    is_exploratory: bool
    exploratory_because: list[str]
    p_value: float | None
    log10_lr: float | None
    log10_lr_cap: float | None
    log10_lr_reported: float | None
    discrepancies: Annotated[list[str], Meta(description="where a figure that was sent differs from ours")]
    withheld: Annotated[list[str], Meta(description="what has to be declared before a figure is reported (R1)")]
    failure: Annotated[str, Meta(description="why nothing was computed; empty unless it failed")]
    warnings: list[str]
    is_fit: Annotated[bool, Meta(description="whether it may be put on an exhibit")]
    unfit_because: Annotated[list[str], Meta(description="why not, and what would make it fit")]
    dependency_group: str
    inputs_sha256: str
    item: Annotated[str, Meta(description="the run as an item of evidence")]
    accounts: Annotated[int | None, Meta(description="how many accounts it tested one by one")]
    result: dict[str, Any] | None
    run_at: str


class Page(msgspec.Struct):
    """Runs, newest first."""

    runs: list[Shown]
    next: Annotated[str | None, Meta(description="to be given as `after`; null on the last page")]


_PROBLEMS = {"_401": (Problem, "No API key, or one that is not valid; or a signature that is missing or wrong.")}
_ONE = {(200, "application/json"): OpenApiResponse(schema(Shown), description="The run.")}


class TestsView(APIView):
    """The catalogue of fingerprint tests."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=TAGS,
        operation_id="list_tests",
        summary="Which tests there are, and what each takes",
        responses={(200, "application/json"): OpenApiResponse(schema(Catalogue), description="All of them.")}
        | problems(**_PROBLEMS, _403=(Problem, "This key or person has nothing to do with tests.")),
    )
    def get(self, request: Request) -> Response:
        if not (request.user.has_perm("evidence.view") or request.user.has_perm("evidence.run_test")):
            raise PermissionDenied("Tests are for detectors and for people who may see evidence.")
        methods = [_method(test) for test in fingerprints.TESTS.values()]
        return Response({"tests": methods, "code_sha256": fingerprints.code_sha256()})


class RunsView(APIView):
    """Runs of fingerprint tests."""

    permission_classes = [IsAuthenticated]
    parser_classes: list = []

    @extend_schema(
        tags=TAGS,
        operation_id="run_test",
        summary="Submit the inputs of a test",
        description=(
            "casemgr computes the test again from its inputs, keeps the run whatever comes out, and says where a "
            "figure that was sent differs. A run cannot be changed or deleted.\n\n"
            "* Inputs that have not the test's shape are refused with 422, naming the field; nothing is kept.\n"
            "* Inputs that the test itself refuses, or on which computing breaks off, are kept as a failed run.\n"
            "* Without `n`, `controls`, `assumptions` and `test_version` the run is kept, and neither p nor likelihood "
            "ratio is reported.\n"
            "* Without a plan that was registered before `collected_from` the run is exploratory.\n\n"
            "The same bytes again, or the same `Idempotency-Key` with it, gets the run that is there already, with 200."
        ),
        parameters=[
            IDEMPOTENCY_KEY,
            OpenApiParameter(
                "Idempotent-Replayed", str, OpenApiParameter.HEADER, response=[200], enum=["true"], description="always"
            ),
            OpenApiParameter(
                "Retry-After", int, OpenApiParameter.HEADER, response=[429, 503], description="in seconds"
            ),
        ],
        request={"application/json": schema(submissions.Submission)},
        responses={
            (201, "application/json"): OpenApiResponse(schema(Shown), description="The run was recorded."),
            (200, "application/json"): OpenApiResponse(schema(Shown), description="It was recorded before."),
        }
        | problems(
            **_PROBLEMS,
            _400=(Problem, "The body is not JSON, or no object."),
            _403=(Problem, "This key or person may not run tests."),
            _413=(Problem, "The body is larger than 64 MiB."),
            _415=(Problem, "A media type other than JSON."),
            _422=(Problem, "A field is wrong; `errors` names it. Or the idempotency key came with another body."),
            _429=(Problem, "The key sends more requests than it may; `Retry-After` says when it may again."),
            _503=(Problem, "Too much is being worked on, or the database does not answer: send it again."),
        ),
    )
    def post(self, request: Request) -> Response:
        if not request.user.has_perm("evidence.run_test"):
            raise PermissionDenied("Test runs are submitted by detectors and by people who may run tests.")
        try:
            with at_work():
                detector = detectors.detector_of(request.user)
                if request.auth:  # a key; people sign in
                    limits.admit(request.auth.pk, detector)
                body, key = _body(request, detector)
                return _taken(request, body, key)
        except (Refused, signatures.Refused) as refused:
            return problem(refused.status, refused.reason, code=refused.code, headers=refused.headers)
        except UnreadablePostError:
            return problem(400, "The body ended before it was complete.", code="body_broken_off")

    @extend_schema(
        tags=TAGS,
        operation_id="list_test_runs",
        summary="List runs, newest first",
        description="A detector sees its own. Failed and negative runs are among them.",
        parameters=[
            OpenApiParameter("after", str, description="`next` of the page before"),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}),
            OpenApiParameter("test", str, description="id of a test"),
            OpenApiParameter("suspect", str, description="name of a suspect model"),
            OpenApiParameter("plan", str, description="reference of a plan"),
        ],
        responses={(200, "application/json"): OpenApiResponse(schema(Page), description="A page, perhaps empty.")}
        | problems(
            **_PROBLEMS,
            _400=(Problem, "A parameter cannot be read."),
            _403=(Problem, "This key or person has nothing to do with tests."),
            _404=(Problem, "The cursor is damaged."),
        ),
    )
    def get(self, request: Request) -> Response:
        runs, asked = _runs(request), request.query_params
        limit = asked.get("limit", str(LIMIT))
        if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= MOST):
            return problem(400, f"`limit` is a number from 1 to {MOST}.", code="limit_invalid")
        columns = {"test": "test_id", "suspect": "suspect__name", "plan": "plan__ref"}
        wanted = {column: asked[name] for name, column in columns.items() if name in asked}
        found = page(runs.filter(**wanted), ("-run_at", "-id"), {"after": asked.get("after", "")}, size=int(limit))
        return Response({"runs": [_shown(run) | {"result": None} for run in found], "next": found.older or None})


class RunView(APIView):
    """One run by its reference."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=TAGS,
        operation_id="get_test_run",
        summary="One run with everything that was computed",
        responses=_ONE | problems(**_PROBLEMS, _404=(Problem, "No such run, or none that you may see.")),
    )
    def get(self, request: Request, ref: str) -> Response:
        found = _runs(request).filter(ref=ref).first()
        if found is None:
            raise Http404("There is no run with this reference, or none that you may see.")
        if request.user.has_perm("evidence.open_item"):
            actions.open_item(found.item, by=request.user)
        return Response(_shown(found))


def _runs(request: Request) -> Any:
    if not (request.user.has_perm("evidence.view") or request.user.has_perm("evidence.run_test")):
        raise PermissionDenied("Test runs are for detectors and for people who may see evidence.")
    return queries.runs_of(request.user)


def _body(request: Request, detector: Detector | None) -> tuple[bytes, str | None]:
    """The bytes, and the idempotency key: that of the signature where the detector signs what it sends."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType(media_type or "nothing", "Send application/json.")
    signed = signatures.demanded(detector, request.headers) if detector else signatures.Unsigned()
    return b"".join(signed.body(_chunks(request._request))), signed.key(
        idempotency_key(request.headers.get("Idempotency-Key"))
    )


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    """As much as may be sent, and one piece more by which it shows that there is more."""
    read = 0
    while read <= LARGEST and (chunk := request.read(CHUNK)):
        read += len(chunk)
        yield chunk


def _taken(request: Request, body: bytes, key: str | None) -> Response:
    if len(body) > LARGEST:
        return problem(413, f"The body is larger than {LARGEST:,} bytes.", code="body_too_large")
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return problem(400, f"The body cannot be read as JSON: {error}", code="not_json")
    if not isinstance(given, dict):
        return problem(400, "The body is one run: an object with `test` and `inputs`.", code="not_a_run")
    return _submitted(request, given, key, hashlib.sha256(body).hexdigest())


def _submitted(request: Request, given: dict[str, Any], key: str | None, digest: str) -> Response:
    key = key or f"sha256:{digest}"
    if (known := submissions.taken(request.user, key)) is not None:
        return _again(known, digest)
    sent = submissions.read(given)
    try:
        run = submissions.submit(sent, key=key, sha256=digest, by=request.user)
    except ValidationError as error:
        if (known := submissions.taken(request.user, key)) is None:
            raise error
        return _again(known, digest)
    return Response(_shown(run), status=201)


def _again(known: TestRun, digest: str) -> Response:
    if known.submission_sha256 != digest:
        return problem(422, "This Idempotency-Key came with another body before.", code="idempotency_key_reused")
    return Response(_shown(known), headers={"Idempotent-Replayed": "true"})


def _shown(run: TestRun) -> dict[str, Any]:
    same = (
        "ref outcome is_exploratory exploratory_because p_value log10_lr log10_lr_cap log10_lr_reported discrepancies"
        " withheld failure warnings is_fit unfit_because dependency_group inputs_sha256 result"
    )
    return {name: getattr(run, name) for name in same.split()} | {
        "test": run.test_id,
        "test_version": run.test_version,
        "suspect": run.suspect and str(run.suspect),
        "plan": run.plan and run.plan.ref,
        "item": run.item.ref,
        "accounts": run.account_count,
        "run_at": run.run_at.isoformat(),
    }


def _method(test: fingerprints.FingerprintTest) -> dict[str, Any]:
    same = "id version title family question null_hypothesis statistic limits"
    return {name: getattr(test, name) for name in same.split()} | {
        "inputs": test.json_schema,
        "assumptions": dict(test.assumptions),
        "columns": dict(test.columns) if test.columns else None,
        "is_watermark": test.watermark,
        "published": list(test.published),
        "example": dict(test.example),
    }
